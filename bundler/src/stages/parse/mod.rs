//! Stage 2: files → [`App`]. Folder names become patterns, route files become handlers and segment config.
//!
//! From here on nobody looks at a folder name or a route file's text again, except to show it in a diagnostic.

mod cfg;
mod config;
mod folder;
mod handler;
mod opened;
mod route_file;

use std::{collections::BTreeMap, ops::Range};

use wharf::{
    Method,
    pattern::{Pattern, Segment},
};

pub use cfg::Conditions;
pub use config::{ConfigConst, ConfigName};
pub(crate) use config::{edge_runtime, out_of_limits, static_params_missing, static_params_without_get};
pub use handler::{HandlerFn, Signature};
pub use opened::OpenedFile;
pub use route_file::{Item, RouteFile, StaticParamsFn};

use crate::{
    diagnostic::{self, Code, Diagnostic, Label, Source, failure::Failure},
    effects::{input, options::Options},
    stages::discover::{AppFile, Project, SourceTree},
};

/// The app as types.
#[derive(Debug)]
pub struct App {
    /// What the run is to do.
    pub options: Options,
    /// The package.
    pub project: Project,
    /// What `.env` files set.
    pub variables: BTreeMap<String, String>,
    /// What is no reason to stop.
    pub warnings: Vec<Diagnostic>,
    /// The routes, in match order; files of one pattern by path.
    pub routes: Vec<RouteFile>,
    /// The pages, in match order.
    pub pages: Vec<Page>,
    /// The files below `public/`, by path.
    pub public: Vec<AppFile>,
    /// The files that each function has beside its program, by path.
    pub included: Vec<AppFile>,
}

/// A `page.*` file: an object as it is, when it is HTML and nothing else answers its path.
#[derive(Debug, Clone)]
pub struct Page {
    /// The file.
    pub file: AppFile,
    /// The path that it is exported at.
    pub pattern: Pattern,
}

impl RouteFile {
    /// Where the handler of `method` is named.
    #[must_use]
    pub fn handler_span(&self, method: Method) -> Option<Range<usize>> {
        self.handlers.get(&method).map(|handler| handler.span.clone())
    }
}

/// Reads all route files.
///
/// # Errors
///
/// When a file cannot be read, and with a diagnostic for each folder name and each piece of a route file that is wrong.
pub fn run(tree: SourceTree) -> Result<App, Failure> {
    let mut diagnostics = Vec::new();
    let mut routes = Vec::new();
    let mut pages = Vec::new();
    diagnostics.extend(routes_not_declared(&tree.project));
    for file in &tree.routes {
        let pattern = pattern(file, &mut diagnostics);
        let Some(source) = read(file, &mut diagnostics)? else { continue };
        let parsed = route_file::parse(file, pattern.as_ref(), source, &mut diagnostics);
        routes.extend(parsed);
    }
    for file in tree.pages {
        if let Some(pattern) = pattern(&file, &mut diagnostics) {
            pages.push(Page { file, pattern });
        }
    }
    if !diagnostics.is_empty() {
        diagnostic::sort(&mut diagnostics);
        diagnostics.dedup();
        return Err(Failure::Diagnostics(diagnostics));
    }
    routes.sort_by(|left, right| (&left.pattern, &left.path).cmp(&(&right.pattern, &right.path)));
    pages.sort_by(|left, right| (&left.pattern, &left.file).cmp(&(&right.pattern, &right.file)));
    Ok(App {
        options: tree.options,
        project: tree.project,
        variables: tree.variables,
        warnings: tree.warnings,
        routes,
        pages,
        public: tree.public,
        included: tree.included,
    })
}

fn read(file: &AppFile, diagnostics: &mut Vec<Diagnostic>) -> Result<Option<Source>, Failure> {
    let bytes = input::read(&file.absolute)?;
    match String::from_utf8(bytes) {
        Ok(text) => {
            // rustc skips a byte-order mark as well.
            let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
            Ok(Some(Source::file(file.path.as_str(), text)))
        }
        Err(error) => {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
            diagnostics.push(Diagnostic::new(
                Code::NotText,
                format!("`{}` is not UTF-8", file.path),
                Label::path(&file.path, file.file_name(), format!("line {line} holds a byte of another encoding")),
                "save the file as UTF-8",
            ));
            Ok(None)
        }
    }
}

/// The pattern of the folders that a file stands in; `None` when one of them is wrong.
fn pattern(file: &AppFile, diagnostics: &mut Vec<Diagnostic>) -> Option<Pattern> {
    let before = diagnostics.len();
    let mut segments: Vec<(Segment, Folder)> = Vec::new();
    for folder in Folder::all_of(file) {
        match folder::parse(folder.name()) {
            Ok(folder::Folder::Segment(segment)) => segments.push((segment, folder)),
            Ok(folder::Folder::Group) => {}
            Err(refusal) => diagnostics.push(Diagnostic::new(
                refusal.code,
                refusal.message,
                folder.label(folder.span(), ""),
                refusal.help,
            )),
        }
    }
    diagnostics.extend(below_catch_all(&segments));
    diagnostics.extend(confusable_params(&segments));
    let good = diagnostics.len() == before;
    good.then(|| Pattern::new(segments.into_iter().map(|(segment, _)| segment).collect()))
}

/// A folder that a file stands in, known by its path: what is wrong with it is wrong once, however many files are below.
struct Folder {
    /// `app/items/[slug]`
    path: String,
    /// Where its name starts.
    start: usize,
}

impl Folder {
    /// The folders from the app directory to the file, in the order of the path.
    fn all_of(file: &AppFile) -> impl Iterator<Item = Self> {
        let mut path = "app".to_owned();
        file.folders.iter().map(move |name| {
            path.push('/');
            let start = path.len();
            path.push_str(name);
            Self { path: path.clone(), start }
        })
    }

    fn name(&self) -> &str {
        &self.path[self.start..]
    }

    fn span(&self) -> Range<usize> {
        self.start..self.path.len()
    }

    /// A label in its path, at the name of this folder or of one above it.
    fn label(&self, span: Range<usize>, text: &str) -> Label {
        Label::new(&Source::path(&self.path), span, text)
    }
}

fn below_catch_all(segments: &[(Segment, Folder)]) -> Option<Diagnostic> {
    let catches_all = |segment: &Segment| matches!(segment, Segment::CatchAll(_) | Segment::OptionalCatchAll(_));
    let position = segments.iter().position(|(segment, _)| catches_all(segment))?;
    let (_, catch_all) = &segments[position];
    let (_, below) = segments.get(position + 1)?;
    let name = below.name();
    let diagnostic = Diagnostic::new(
        Code::CatchAllNotLast,
        format!("`{name}` stands below the catch-all `{}` and can never be reached", catch_all.name()),
        below.label(below.span(), "nothing is left for it"),
        format!("move `{name}` above the catch-all, or make the catch-all the last folder"),
    );
    Some(diagnostic.also(below.label(catch_all.span(), "takes the rest of the path")))
}

fn confusable_params(segments: &[(Segment, Folder)]) -> Option<Diagnostic> {
    let params: Vec<_> = segments.iter().filter_map(|(segment, folder)| Some((segment.param()?, folder))).collect();
    let bare = |param: &str| param.replace(['-', '_'], "").to_ascii_lowercase();
    params.iter().enumerate().find_map(|(index, (param, folder))| {
        let (earlier, first) = params[..index].iter().find(|(earlier, _)| bare(earlier) == bare(param))?;
        let (code, message) = if earlier == param {
            (Code::RepeatedParam, format!("the param `{param}` occurs twice in one path"))
        } else {
            (Code::SimilarParam, format!("the params `{earlier}` and `{param}` of one path are hard to tell apart"))
        };
        let label = folder.label(folder.span(), "the second one");
        let diagnostic = Diagnostic::new(code, message, label, "rename one of the folders");
        Some(diagnostic.also(folder.label(first.span(), "the first one")))
    })
}

/// Whether the library declares the module that the bundler writes.
fn routes_not_declared(project: &Project) -> Option<Diagnostic> {
    let library = project.library.as_ref()?;
    // A root file with a syntax error is rustc's to explain.
    let file = syn::parse_file(&library.file.text).ok()?;
    let declaration = file.items.iter().find_map(|item| match item {
        syn::Item::Mod(module) if module.ident == "routes" => Some(module),
        _ => None,
    });
    let source = library.file.source();
    let (label, help) = match declaration {
        None => (Label::new(&source, 0..0, "no `pub mod routes;` in this file"), "add the line `pub mod routes;`"),
        Some(module) if module.content.is_some() => {
            let text = "this module has a body of its own";
            (Label::new(&source, range(module.ident.span()), text), "declare it as `pub mod routes;`")
        }
        Some(module) if !matches!(module.vis, syn::Visibility::Public(_)) => {
            let text = "the generated binaries cannot see it";
            (Label::new(&source, range(module.ident.span()), text), "declare it as `pub mod routes;`")
        }
        Some(_) => return None,
    };
    let message = format!("`{}` does not declare the generated module `routes`", library.file.path);
    Some(Diagnostic::new(Code::RoutesNotDeclared, message, label, help))
}

/// The bytes of a span in the file that was parsed.
fn range(span: proc_macro2::Span) -> Range<usize> {
    span.byte_range()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::PathBuf;

    use super::*;

    /// The route file of a text, which has to be good.
    pub(crate) fn route(path: &str, text: &str) -> RouteFile {
        let mut diagnostics = Vec::new();
        let parsed = parse(path, text, &mut diagnostics);
        assert_eq!(diagnostics, []);
        parsed.unwrap()
    }

    fn parse(path: &str, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<RouteFile> {
        let folders = path.split('/').skip(1).map(str::to_owned);
        let mut folders: Vec<_> = folders.collect();
        folders.pop();
        let file = AppFile { path: path.to_owned(), folders, absolute: PathBuf::from(path) };
        let pattern = pattern(&file, diagnostics);
        route_file::parse(&file, pattern.as_ref(), Source::file(path, text), diagnostics)
    }

    fn codes(path: &str, text: &str) -> Vec<Code> {
        let mut diagnostics = Vec::new();
        parse(path, text, &mut diagnostics);
        diagnostics.into_iter().map(|diagnostic| diagnostic.code).collect()
    }

    #[test]
    fn groups_leave_no_trace_in_the_pattern() {
        let route = route("app/(site)/a/(b)/[c]/route.rs", "pub async fn get() {}");
        assert_eq!(route.pattern.to_string(), "/a/[c]");
    }

    #[test]
    fn all_mistakes_of_a_file_are_reported_at_once() {
        let text = "pub const MAX_DURATION: u32 = 0;\nasync fn get() {}\npub fn post() {}";
        assert_eq!(
            codes("app/[[x]]/route.rs", text),
            [Code::OptionalParam, Code::ConfigValue, Code::PrivateHandler, Code::NotAsync]
        );
    }

    #[test]
    fn signatures_say_what_a_handler_takes() {
        let takes = |text: &str| {
            let route = route("app/[a]/route.rs", text);
            route.handlers.values().next().unwrap().takes
        };
        use wharf::contract::report::Takes;
        assert_eq!(takes("pub async fn get() {}"), Takes::Nothing);
        assert_eq!(takes("pub async fn get(wharf::Path(a): wharf::Path<String>) {}"), Takes::Params);
        assert_eq!(takes("pub async fn get(a: Path<String>, q: Query<Q>) {}"), Takes::Request);
        assert_eq!(takes("pub use crate::shared::get;"), Takes::Request);
    }

    #[test]
    fn tests_and_private_names_are_no_handlers() {
        let text = "pub async fn get() {} #[cfg(test)] fn post() {} #[test] fn put() {} const LIMIT: u32 = 1;";
        assert_eq!(route("app/route.rs", text).handlers.len(), 1);
    }
}

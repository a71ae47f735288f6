//! Stage 3: [`App`] → [`Plan`]. All decisions that need no effect: names, keys, and which files stand in each other's way.

mod conflicts;
mod functions;
mod names;

use std::collections::BTreeMap;

use wharf::Method;

pub(crate) use functions::assign;
pub use names::{FunctionName, RouteName};

use crate::{
    architecture::Architecture,
    diagnostic::{self, Code, Diagnostic, Label, failure::Failure},
    effects::options::Options,
    stages::{
        discover::{AppFile, Project},
        parse::{App, Page, RouteFile},
    },
    url_path::UrlPath,
};

/// Everything that is decided before the first effect.
#[derive(Debug)]
pub struct Plan {
    /// What the run is to do.
    pub options: Options,
    /// The package.
    pub project: Project,
    /// What `.env` files set, for the program that evaluates routes.
    pub variables: BTreeMap<String, String>,
    /// The routes, in match order.
    pub routes: Vec<Route>,
    /// The functions, in the order of their first routes.
    pub functions: Vec<Function>,
    /// The files that are exported as they are, by path.
    pub files: Vec<ExportedFile>,
    /// The files that each function has beside its program, by path.
    pub included: Vec<AppFile>,
    /// What the user should know, although it stops nothing.
    pub warnings: Vec<Diagnostic>,
}

/// One route: its file, and what its parts are called.
#[derive(Debug)]
pub struct Route {
    /// The name of its module and of its constructor.
    pub name: RouteName,
    /// The function that answers it.
    pub function: FunctionName,
    /// Its file.
    pub file: RouteFile,
}

/// One function: it answers one route, or those below a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// The name of the function, its binary and its zip.
    pub name: FunctionName,
    /// The folder whose routes share it, as `app/admin`; `None` for the function of a single route.
    pub folder: Option<String>,
}

impl Plan {
    /// The processors that the functions run on.
    #[must_use]
    pub fn architecture(&self) -> Architecture {
        self.options.arch.or(self.project.settings.arch).unwrap_or_default()
    }

    /// The routes that a function answers, in match order.
    pub fn routes_of(&self, function: &FunctionName) -> impl Iterator<Item = &Route> {
        self.routes.iter().filter(move |route| route.function == *function)
    }
}

impl Route {
    /// The methods that it answers, `HEAD` and `OPTIONS` included.
    #[must_use]
    pub fn methods(&self) -> std::collections::BTreeSet<Method> {
        Method::answered(&self.file.handlers.keys().copied().collect())
    }
}

/// A page, or a file of `public/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedFile {
    /// The path that it is exported at.
    pub path: UrlPath,
    /// The file.
    pub file: AppFile,
}

/// Decides.
///
/// # Errors
///
/// With a diagnostic for each pair of files that stand in each other's way, and for each folder that the app wants a
/// function for and that holds no route.
pub fn run(app: App) -> Result<Plan, Failure> {
    let mut diagnostics = conflicts::find(&app);
    let groups = &app.project.settings.function_groups;
    diagnostics.extend(functions::mistakes(groups, &app.routes, &app.project.manifest.source()));
    if !diagnostics.is_empty() {
        diagnostic::sort(&mut diagnostics);
        return Err(Failure::Diagnostics(diagnostics));
    }
    let mut warnings = app.warnings;
    let pages = app.pages.into_iter().filter_map(|page| exported_page(page, &mut warnings));
    let mut files: Vec<_> = pages.chain(app.public.into_iter().map(exported_public_file)).collect();
    files.sort_by(|left, right| left.path.cmp(&right.path));
    let (routes, functions) = assign(groups, app.routes);
    let unknown = functions::unknown(&app.project, &functions);
    if !unknown.is_empty() {
        return Err(Failure::Diagnostics(unknown));
    }
    Ok(Plan {
        options: app.options,
        project: app.project,
        variables: app.variables,
        routes,
        functions,
        files,
        included: app.included,
        warnings,
    })
}

fn exported_page(page: Page, warnings: &mut Vec<Diagnostic>) -> Option<ExportedFile> {
    let name = page.file.file_name().to_owned();
    let Some(path) = UrlPath::of_static(&page.pattern) else {
        let folder = page.file.folders.iter().rev().find(|folder| folder.starts_with('[')).unwrap_or(&name).clone();
        warnings.push(Diagnostic::new(
            Code::DynamicPage,
            format!("`{}` is not exported, as its folder is dynamic", page.file.path),
            Label::path(&page.file.path, &folder, "has no single path"),
            "remove the file, or move it to a folder with a fixed name",
        ));
        return None;
    };
    if name != "page.html" {
        warnings.push(Diagnostic::new(
            Code::PageNotHtml,
            format!("`{}` is not exported, as only `page.html` is", page.file.path),
            Label::path(&page.file.path, &name, "not rendered by Wharf"),
            "remove the file, or put its HTML into `page.html`",
        ));
        return None;
    }
    Some(ExportedFile { path, file: page.file })
}

fn exported_public_file(file: AppFile) -> ExportedFile {
    let parts = file.folders.iter().cloned().chain([file.file_name().to_owned()]);
    ExportedFile { path: UrlPath::new(parts.collect()), file }
}

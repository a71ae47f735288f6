//! Stage 1: folders → [`SourceTree`]. What the package is, and which files of it matter.

mod dotenv;
mod env_files;
mod function_settings;
mod project;
mod published;
mod settings;

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
};

pub(crate) use function_settings::PSEUDO_PARAMETERS;
pub use function_settings::{FunctionSettings, PolicyStatement};
pub use project::{Project, ProjectFile};
pub use settings::{FunctionGroup, GetDefault, Settings};

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::{
    diagnostic::{
        self, Code, Diagnostic, Label, Source,
        failure::Failure,
        visible::{Kind, first_hidden, visible},
    },
    effects::{interrupt, options::Options},
};

/// The package, and the files of it that matter.
#[derive(Debug)]
pub struct SourceTree {
    /// What the run is to do.
    pub options: Options,
    /// What cargo says of the package.
    pub project: Project,
    /// What `.env` files set, for the program that evaluates routes.
    pub variables: BTreeMap<String, String>,
    /// What is no reason to stop.
    pub warnings: Vec<Diagnostic>,
    /// The `route.rs` files below `app/`, sorted by path.
    pub routes: Vec<AppFile>,
    /// The `page.*` files below `app/`, sorted by path.
    pub pages: Vec<AppFile>,
    /// The files below `public/`, sorted by path.
    pub public: Vec<AppFile>,
    /// The files that each function has beside its program, sorted by path.
    pub included: Vec<AppFile>,
}

/// A file of the app.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AppFile {
    /// Relative to the package, with `/`: `app/items/[slug]/route.rs`.
    pub path: String,
    /// The folders between the app directory (or `public/`) and the file.
    pub folders: Vec<String>,
    /// Where it is.
    pub absolute: PathBuf,
}

impl AppFile {
    /// The last part of the path.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// Finds the package and walks its app directory.
///
/// # Errors
///
/// When there is no such package, or a folder cannot be read, and with a diagnostic for each file or folder whose name
/// alone is wrong.
pub fn run(options: Options) -> Result<SourceTree, Failure> {
    let mut diagnostics = Vec::new();
    let project = project::find(&options, &mut diagnostics)?;
    let env_files::Variables { values: variables, mut warnings } =
        env_files::read(&project.root, &options.shell_variables, &mut diagnostics)?;
    let app = project.root.join("app");
    if !app.is_dir() {
        diagnostics.push(no_app_directory(&project));
        return Err(Failure::Diagnostics(diagnostics));
    }
    let mut walk = Walk { diagnostics, ..Walk::default() };
    walk.folder(&app, "app", &[])?;
    published::check_pages(&project, &walk.pages, &mut walk.diagnostics)?;
    let public = published::public(&project, &mut walk.diagnostics)?;
    let included = published::included(&project, &mut walk.diagnostics)?;
    warnings.extend([public.warnings, included.warnings].concat());
    if walk.routes.is_empty() && walk.pages.is_empty() && walk.diagnostics.is_empty() {
        walk.diagnostics.push(Diagnostic::new(
            Code::NoRoutes,
            "the app directory holds no route.rs and no page.html",
            Label::path("app", "app", "nothing to bundle in here"),
            "write a first route, for example `app/hello/route.rs` with `pub async fn get() -> &'static str { \"hello\" }`",
        ));
    }
    if !walk.diagnostics.is_empty() {
        diagnostic::sort(&mut walk.diagnostics);
        return Err(Failure::Diagnostics(walk.diagnostics));
    }
    Ok(SourceTree {
        options,
        project,
        variables,
        warnings,
        routes: walk.routes,
        pages: walk.pages,
        public: public.files,
        included: included.files,
    })
}

/// Where the bundle of an app is, without a look at the app.
///
/// # Errors
///
/// When cargo has to be asked, and sees no package.
pub fn bundle_folder(options: &Options) -> Result<PathBuf, Failure> {
    if let Some(folder) = &options.out_dir {
        return Ok(folder.clone());
    }
    let target = match &options.target_dir {
        Some(folder) => folder.clone(),
        None => project::target_directory(options)?,
    };
    Ok(target.join("bundle"))
}

fn no_app_directory(project: &Project) -> Diagnostic {
    let package = project.manifest.text.find("[package]").unwrap_or(0);
    let source = Source::file("Cargo.toml", project.manifest.text.as_str());
    Diagnostic::new(
        Code::NoAppDirectory,
        format!("the package `{}` has no app directory", project.name),
        Label::new(&source, package..package + "[package]".len().min(source.text.len()), "no `app` folder beside it"),
        "create `app/` beside Cargo.toml; the route at `/hello` is the file `app/hello/route.rs`",
    )
}

#[derive(Default)]
struct Walk {
    routes: Vec<AppFile>,
    pages: Vec<AppFile>,
    diagnostics: Vec<Diagnostic>,
    /// The real paths of the folders from the root to here, by which a loop of links is noticed.
    above: Vec<PathBuf>,
}

impl Walk {
    fn folder(&mut self, folder: &Path, path: &str, folders: &[String]) -> Result<(), Failure> {
        let real = folder.canonicalize().map_err(Failure::io("read", folder))?;
        if self.above.contains(&real) {
            let name = folders.last().map_or(path, String::as_str);
            self.diagnostics.push(link_loop(path, name));
            return Ok(());
        }
        self.above.push(real);
        for name in sorted_names(folder)? {
            interrupt::check()?;
            let Ok(name) = name.into_string().map_err(|name| self.diagnostics.push(not_utf8(path, &name))) else {
                continue;
            };
            let inner = folder.join(&name);
            let inner_path = format!("{path}/{name}");
            if !is_private(&name) {
                self.diagnostics.extend(hidden_character(&inner_path, &name));
                self.diagnostics.extend(not_composed(&inner_path, &name));
            }
            let kind = match fs::metadata(&inner) {
                // Editors keep links to nowhere beside an open file; another file may be gone by now.
                Err(error) if error.kind() == io::ErrorKind::NotFound && !is_routed(&name) => continue,
                Err(_) if is_link(&inner) => {
                    self.diagnostics.push(dangling_link(&inner, &inner_path, &name));
                    continue;
                }
                kind => kind.map_err(Failure::io("read", &inner))?,
            };
            if is_routed(&name) && !kind.is_file() {
                self.diagnostics.push(not_a_file(&inner_path, &name, kind.is_dir()));
            } else if kind.is_dir() {
                if !is_private(&name) {
                    let inner_folders: Vec<_> = folders.iter().cloned().chain([name]).collect();
                    self.folder(&inner, &inner_path, &inner_folders)?;
                }
            } else {
                self.file(AppFile { path: inner_path, folders: folders.to_vec(), absolute: inner });
            }
        }
        self.above.pop();
        Ok(())
    }

    fn file(&mut self, file: AppFile) {
        let name = file.file_name().to_owned();
        if name == "route.rs" {
            self.routes.push(file);
        } else if is_routed(&name) {
            self.pages.push(file);
        } else if is_misnamed(&name) {
            self.diagnostics.push(Diagnostic::new(
                Code::MisnamedRoute,
                format!("`{name}` looks like a route file and is not one"),
                Label::path(&file.path, &name, "only `route.rs` makes a route"),
                "rename it to `route.rs`",
            ));
        }
        // Any other file beside a route is a module of its own, or no concern of ours.
    }
}

fn link_loop(path: &str, name: &str) -> Diagnostic {
    Diagnostic::new(
        Code::LinkLoop,
        format!("`{path}` leads back to a folder that contains it"),
        Label::path(path, name, "this link has no end"),
        "remove the link, or copy the folder that it points to",
    )
}

fn sorted_names(folder: &Path) -> Result<BTreeSet<OsString>, Failure> {
    let entries = fs::read_dir(folder).map_err(Failure::io("read", folder))?;
    let names = entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<_>>();
    names.map_err(Failure::io("read", folder))
}

/// `_lib` is never routed. `%5Flib` is the way to a URL that starts with an underscore.
fn is_private(name: &str) -> bool {
    name.starts_with('_')
}

fn is_routed(name: &str) -> bool {
    name == "route.rs" || name.starts_with("page.")
}

fn is_misnamed(name: &str) -> bool {
    let known = ["route.js", "route.ts", "route.jsx", "route.tsx", "route.mjs"];
    known.contains(&name) || (name.eq_ignore_ascii_case("route.rs") && name != "route.rs")
}

fn is_link(file: &Path) -> bool {
    fs::symlink_metadata(file).is_ok_and(|kind| kind.is_symlink())
}

fn dangling_link(file: &Path, path: &str, name: &str) -> Diagnostic {
    let target = fs::read_link(file).map(|target| target.display().to_string()).unwrap_or_default();
    Diagnostic::new(
        Code::DanglingLink,
        format!("`{path}` is a link to nowhere"),
        Label::path(path, name, format!("points to `{target}`, which cannot be followed to a file")),
        "point the link to a file, or remove it",
    )
}

fn not_a_file(path: &str, name: &str, is_folder: bool) -> Diagnostic {
    let (what, help) = if is_folder {
        let escaped = name.replacen('.', "%2E", 1);
        ("a folder", format!("rename it; a part of a URL that reads `{name}` is the folder `{escaped}`"))
    } else {
        ("no regular file", "replace it by a file, or remove it".to_owned())
    };
    Diagnostic::new(Code::NotAFile, format!("`{path}` is {what}"), Label::path(path, name, "has to be a file"), help)
}

/// A letter and its accent as two characters, as macOS used to write names. Keyboards and browsers send one, so that no
/// request that anybody types would reach it, and a folder with the other spelling looks the same.
/// <https://www.unicode.org/reports/tr15/>
fn not_composed(path: &str, name: &str) -> Option<Diagnostic> {
    let normalizer = ComposingNormalizerBorrowed::new_nfc();
    (!normalizer.is_normalized(name)).then(|| {
        Diagnostic::new(
            Code::NotComposed,
            format!("the name `{name}` is spelled with decomposed characters"),
            Label::path(path, name, "looks like its composed spelling, and is another path"),
            format!("rename it to `{}` in composed characters (NFC)", normalizer.normalize(name)),
        )
    })
}

fn hidden_character(path: &str, name: &str) -> Option<Diagnostic> {
    let (index, character) = first_hidden(name)?;
    let start = path.len() - name.len() + index;
    let escaped: String = character.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
    let is_segment = path.starts_with("app/") && !name.starts_with(['(', '[', '@']) && !is_routed(name);
    let help = if is_segment && !character.is_control() {
        format!("rename it; if the URL really has this character, write it as `{escaped}`")
    } else {
        "rename it".to_owned()
    };
    Some(Diagnostic::new(
        Code::InvisibleCharacter,
        format!("the name `{}` holds a character that nobody sees", visible(name, Kind::Name)),
        Label::new(&Source::path(path), start..start + character.len_utf8(), "this one"),
        help,
    ))
}

fn not_utf8(path: &str, name: &OsStr) -> Diagnostic {
    Diagnostic::new(
        Code::NotUtf8,
        format!("the name {name:?} in `{path}` is not UTF-8"),
        Label::path(path, path.rsplit('/').next().unwrap_or(path), "in this folder"),
        "rename it; other characters than ASCII are fine as UTF-8, or as percent-escapes",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_folders_are_not_walked() {
        assert!(is_private("_lib"));
        assert!(!is_private(".well-known"));
        assert!(!is_private("%5Flib"));
    }

    #[test]
    #[cfg(unix)]
    fn a_pipe_or_a_socket_is_no_route_file() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["route.rs", "page.html"] {
            std::os::unix::net::UnixListener::bind(folder.path().join(name)).unwrap();
        }
        let mut walk = Walk::default();
        assert!(walk.folder(folder.path(), "app", &[]).is_ok());
        let codes: Vec<Code> = walk.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
        assert_eq!(codes, [Code::NotAFile; 2]);
        assert!(walk.routes.is_empty() && walk.pages.is_empty());
    }

    #[test]
    #[cfg(unix)]
    fn a_link_to_itself_is_a_link_to_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("route.rs", folder.path().join("route.rs")).unwrap();
        let mut walk = Walk::default();
        assert!(walk.folder(folder.path(), "app", &[]).is_ok());
        assert_eq!(walk.diagnostics[0].code, Code::DanglingLink);
    }

    #[test]
    fn a_decomposed_name_is_told() {
        assert!(not_composed("app/cafe\u{301}", "cafe\u{301}").is_some());
        for name in ["caf\u{e9}", "items", "日本", "x\u{302}", "[slug]"] {
            assert!(not_composed(name, name).is_none(), "{name}");
        }
    }

    #[test]
    fn near_misses_of_route_rs_are_noticed() {
        assert!(is_misnamed("Route.rs"));
        assert!(is_misnamed("route.ts"));
        assert!(!is_misnamed("route.rs"));
        assert!(!is_misnamed("routes.rs"));
    }
}

//! Stage 4: [`Plan`] → [`Sources`]. The text of everything that is generated; nothing is written yet.

mod package;
mod routes;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

pub(crate) use package::STAMP_WRITER;

use crate::stages::{
    parse::Item,
    plan::{Plan, RouteName},
};

/// The generated sources, and where they go.
#[derive(Debug)]
pub struct Sources {
    /// The plan.
    pub plan: Plan,
    /// The app's `routes.rs`.
    pub routes: GeneratedFile,
    /// What of the route files `routes.rs` names: by line, and by the column behind it, both counted from 1.
    pub calls: BTreeMap<(usize, usize), Call>,
    /// Where the bundler works: what it keeps there makes the next run fast, and is no part of the bundle.
    pub work: PathBuf,
    /// The package as it is compiled, in the work folder.
    pub package: Package,
    /// Where the bundle goes.
    pub out_dir: PathBuf,
    /// The package as it stands in the bundle, from where the app has another relative path.
    pub bundled_package: Package,
}

/// A file, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedFile {
    /// Where it goes.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

impl GeneratedFile {
    /// Whether a text is that of the file, whatever ends its lines: a checkout on Windows, and rustfmt with
    /// `newline_style = "Windows"`, end them in another way, and an editor may put a byte-order mark in front.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n") == self.text
    }
}

/// A line of `routes.rs` that names an item of a route file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The route.
    pub route: RouteName,
    /// What is named.
    pub item: Item,
}

/// A generated Cargo package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Where it goes.
    pub root: PathBuf,
    /// The texts of its files, by path below the root, with `/`.
    pub files: BTreeMap<String, String>,
}

/// Generates.
#[must_use]
pub fn run(plan: Plan) -> Sources {
    let target = &plan.project.target_directory;
    // No package has a dot in its name, so that none meets what else stands there.
    let work = target.join("wharf").join(format!("{}.app", plan.project.name));
    let out_dir = plan.options.out_dir.clone().unwrap_or_else(|| target.join("bundle"));
    let (text, calls) = routes::generate(&plan);
    let routes = GeneratedFile { path: routes_path(&plan), text };
    let package = package::generate(&plan, &work.join("package"));
    let bundled_package = bundled_package(&plan, &out_dir);
    Sources { routes, calls, work, package, out_dir, bundled_package, plan }
}

/// The package in the bundle, of what rustc compiled of the plan.
#[must_use]
pub fn bundled_package(plan: &Plan, out_dir: &Path) -> Package {
    package::generate(plan, &out_dir.join("package"))
}

/// Beside the library's root file.
fn routes_path(plan: &Plan) -> PathBuf {
    let root = plan
        .project
        .library
        .as_ref()
        .map_or_else(|| plan.project.root.join("src/lib.rs"), |library| library.file.absolute.clone());
    root.with_file_name("routes.rs")
}

/// `to` as seen from the folder `from`, with `/`.
fn relative(to: &Path, from: &Path) -> String {
    let path = pathdiff::diff_paths(to, from).unwrap_or_else(|| to.to_owned());
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_lines_make_no_file_stale() {
        let file = GeneratedFile { path: PathBuf::new(), text: "a\n\nb\n".to_owned() };
        for same in ["a\n\nb\n", "a\r\n\r\nb\r\n", "\u{feff}a\n\nb\n", "\u{feff}a\r\n\nb\r\n"] {
            assert!(file.is(same), "{same:?}");
        }
        for other in ["", "a\nb\n", "a\n\nb", "a\r\rb\r", "a\n\nb\n\u{feff}"] {
            assert!(!file.is(other), "{other:?}");
        }
    }
}

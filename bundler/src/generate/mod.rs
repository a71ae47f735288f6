//! Stage 4: [`Plan`] → [`Sources`]. The text of everything that is generated; nothing is written yet.

mod package;
mod routes;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

pub(crate) use package::STAMP_WRITER;

use crate::plan::Plan;

/// The generated sources, and where they go.
#[derive(Debug)]
pub struct Sources {
    /// The plan.
    pub plan: Plan,
    /// The app's `routes.rs`.
    pub routes: GeneratedFile,
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
    let routes = GeneratedFile { path: routes_path(&plan), text: routes::text(&plan) };
    let package = package::generate(&plan, &work.join("package"));
    let bundled_package = package::generate(&plan, &out_dir.join("package"));
    Sources { routes, work, package, out_dir, bundled_package, plan }
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

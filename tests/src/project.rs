//! A user's project to bundle: a copy of an example or fixture, or one made from a few texts.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path, PathBuf},
};

use toml_edit::{DocumentMut, Item, TableLike};
use walkdir::WalkDir;

use crate::{BundleCommand, lock::Lock, paths};

/// A project that this test alone uses and may change.
///
/// It lives in a numbered folder of its name below the [shared target folder](paths::shared_target), the first that no
/// running test holds, and stays there after the test for a look. A folder is reused: a file is only written when its
/// text differs from what is there, so that cargo, which goes by the time of a file, recompiles what changed and
/// nothing else. What an earlier test left is removed.
///
/// ```no_run
/// use wharf_tests::Project;
///
/// let project = Project::from_files("hello", &[
///     ("app/hello/route.rs", "pub async fn get() -> &'static str { \"hello\" }\n"),
/// ]);
/// let output = project.bundle().run().succeeded();
/// assert!(output.stdout.contains("/hello"));
/// ```
#[derive(Debug)]
pub struct Project {
    root: PathBuf,
    _lock: Lock,
}

/// The folders that a bundle or a compile writes; never part of a project.
const OUTPUT: [&str; 2] = ["target", ".git"];

impl Project {
    /// A copy of `examples/<name>`.
    #[must_use]
    pub fn example(name: &str) -> Self {
        Self::copy_of(name, &paths::example(name))
    }

    /// A copy of `tests/conformance`.
    #[must_use]
    pub fn conformance() -> Self {
        Self::copy_of("conformance", &paths::conformance())
    }

    /// A copy of `tests/fixtures/<name>`, without its `case.toml`. Where the fixture has no manifest, the minimal package
    /// is put around it.
    #[must_use]
    pub fn fixture(name: &str) -> Self {
        let mut tree = read_package(&paths::fixture(name));
        tree.remove(Path::new("case.toml"));
        let has_manifest = tree.contains_key(Path::new("Cargo.toml"));
        for (path, bytes) in minimal_package() {
            if !has_manifest || path == Path::new("Cargo.lock") {
                tree.entry(path).or_insert(bytes);
            }
        }
        Self::with_tree(&name.replace('/', "-"), &tree)
    }

    /// A minimal package named `app` with these files, each a path and a text; the path of a package file replaces it.
    #[must_use]
    pub fn from_files(name: &str, files: &[(&str, &str)]) -> Self {
        let mut tree = minimal_package();
        tree.extend(files.iter().map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec())));
        Self::with_tree(name, &tree)
    }

    fn copy_of(name: &str, source: &Path) -> Self {
        Self::with_tree(name, &read_package(source))
    }

    fn with_tree(name: &str, tree: &BTreeMap<PathBuf, Vec<u8>>) -> Self {
        let (root, lock) = first_free_folder(name);
        replace_tree(&root, tree);
        Self { root, _lock: lock }
    }

    /// Its folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path of a file or folder in it.
    #[must_use]
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Its package manifest.
    #[must_use]
    pub fn manifest(&self) -> PathBuf {
        self.path("Cargo.toml")
    }

    /// The output folder that [`Project::bundle`] asks for.
    #[must_use]
    pub fn output(&self) -> PathBuf {
        self.path("target/bundle")
    }

    /// Writes a file, with the folders above it.
    ///
    /// # Panics
    ///
    /// When the disk refuses.
    #[track_caller]
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        write(&self.path(path), text.as_ref());
    }

    /// Reads a text file.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[track_caller]
    #[must_use]
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("failed to read {path}: {error}"))
    }

    /// Replaces the one occurrence of a text in a file.
    ///
    /// # Panics
    ///
    /// When it does not occur exactly once.
    #[track_caller]
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert_eq!(text.matches(from).count(), 1, "`{from}` should occur once in {path}:\n{text}");
        self.write(path, text.replace(from, to));
    }

    /// Removes a file.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[track_caller]
    pub fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap_or_else(|error| panic!("failed to remove {path}: {error}"));
    }

    /// A `cargo bundle` of it.
    pub fn bundle(&self) -> BundleCommand {
        BundleCommand::new(&self.root, &self.output())
    }
}

fn minimal_package() -> BTreeMap<PathBuf, Vec<u8>> {
    let adapter = paths::workspace_root().join("adapter");
    let manifest = format!(
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n\
         [dependencies]\nwharf = {{ path = {} }}\n\n[workspace]\n",
        toml_edit::Value::from(adapter.display().to_string()),
    );
    let lock = fs::read(paths::workspace_root().join("Cargo.lock")).expect("the workspace has a lock file");
    BTreeMap::from([
        (PathBuf::from("Cargo.toml"), manifest.into_bytes()),
        // The versions that the workspace is tested with; cargo drops the rest.
        (PathBuf::from("Cargo.lock"), lock),
        (PathBuf::from("src/lib.rs"), b"//! An app.\n\npub mod routes;\n".to_vec()),
    ])
}

fn first_free_folder(name: &str) -> (PathBuf, Lock) {
    let folder = paths::shared_target().join("projects");
    (0..)
        .map(|number| folder.join(format!("{name}-{number}")))
        .find_map(|root| Lock::if_free(&root.with_extension("lock")).map(|lock| (root, lock)))
        .expect("the numbers do not end")
}

/// The files of a package, with its manifests made to work elsewhere.
fn read_package(source: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut tree = read_tree(source);
    for (path, bytes) in &mut tree {
        if path.file_name().is_some_and(|name| name == "Cargo.toml") {
            let folder = source.join(path.parent().unwrap_or(Path::new("")));
            let text = String::from_utf8(bytes.clone()).expect("a manifest is UTF-8");
            *bytes = with_absolute_paths(&text, &folder, source).into_bytes();
        }
    }
    tree
}

fn read_tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    files(root)
        .map(|path| {
            let bytes = fs::read(root.join(&path)).unwrap_or_else(|error| panic!("failed to read {path:?}: {error}"));
            (path, bytes)
        })
        .collect()
}

/// The relative paths of a project's files, without what compiles and bundles write.
fn files(root: &Path) -> impl Iterator<Item = PathBuf> {
    WalkDir::new(root)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() != 1 || !OUTPUT.iter().any(|name| entry.file_name() == *name))
        .map(|entry| entry.unwrap_or_else(|error| panic!("failed to list a project: {error}")))
        .filter(|entry| !entry.file_type().is_dir())
        .map(move |entry| entry.path().strip_prefix(root).expect("the walk stays below its root").to_owned())
}

fn replace_tree(root: &Path, tree: &BTreeMap<PathBuf, Vec<u8>>) {
    fs::create_dir_all(root).unwrap_or_else(|error| panic!("failed to make {}: {error}", root.display()));
    for name in OUTPUT {
        if root.join(name).exists() {
            fs::remove_dir_all(root.join(name)).unwrap_or_else(|error| panic!("failed to remove {name}: {error}"));
        }
    }
    let kept: BTreeSet<&PathBuf> = tree.keys().collect();
    for path in files(root).filter(|path| !kept.contains(path)) {
        fs::remove_file(root.join(&path)).unwrap_or_else(|error| panic!("failed to remove {path:?}: {error}"));
    }
    for (path, bytes) in tree {
        let path = root.join(path);
        if fs::read(&path).ok().as_ref() != Some(bytes) {
            write(&path, bytes);
        }
    }
    remove_empty_folders(root);
}

fn remove_empty_folders(root: &Path) {
    for entry in WalkDir::new(root).min_depth(1).contents_first(true).into_iter().flatten() {
        if entry.file_type().is_dir() {
            // A folder that is not empty stays, which is the point.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

fn write(path: &Path, bytes: &[u8]) {
    let folder = path.parent().expect("a file has a folder");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, bytes))
        .unwrap_or_else(|error| panic!("failed to write {}: {error}", path.display()));
}

/// The manifest with every `path` that leaves the project made absolute.
fn with_absolute_paths(manifest: &str, folder: &Path, project: &Path) -> String {
    let mut document: DocumentMut = manifest.parse().expect("the manifest is TOML");
    make_paths_absolute(document.as_table_mut(), folder, project);
    document.to_string()
}

fn make_paths_absolute(table: &mut dyn TableLike, folder: &Path, project: &Path) {
    for (key, item) in table.iter_mut() {
        if let Some(path) = item.as_str().filter(|_| key.get() == "path") {
            let absolute = normalized(&folder.join(path));
            if !absolute.starts_with(project) {
                *item = Item::Value(absolute.display().to_string().into());
            }
        } else if let Some(inner) = item.as_table_like_mut() {
            make_paths_absolute(inner, folder, project);
        }
    }
}

/// The path without `.` and `..`, as text: what it names need not exist.
fn normalized(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut normalized, component| {
        match component {
            Component::ParentDir => {
                normalized.pop();
            }
            Component::CurDir => {}
            other => normalized.push(other),
        }
        normalized
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_that_leave_the_project_are_rewritten() {
        let manifest = "[lib]\npath = \"src/lib.rs\" # kept\n\n[dependencies]\nwharf = { path = \"../../adapter\" }\n\n\
                        [patch.crates-io]\nhttp.path = \"./vendor/http\"\n";
        let rewritten = with_absolute_paths(manifest, Path::new("/w/examples/a"), Path::new("/w/examples/a"));
        assert_eq!(rewritten, manifest.replace("../../adapter", "/w/adapter"));
    }

    #[test]
    fn a_replaced_tree_keeps_the_time_of_what_did_not_change() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("p");
        let tree = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec())).collect()
        };
        replace_tree(&root, &tree(&[("a", "1"), ("b", "1"), ("c/d", "1")]));
        let time = |path: &str| fs::metadata(root.join(path)).unwrap().modified().unwrap();
        let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        for path in ["a", "b"] {
            fs::File::options().write(true).open(root.join(path)).unwrap().set_modified(old).unwrap();
        }
        write(&root.join("target/bundle/manifest.json"), b"{}");
        replace_tree(&root, &tree(&[("a", "1"), ("b", "2")]));
        assert_eq!(time("a"), old);
        assert!(time("b") > old);
        assert!(!root.join("c").exists());
        assert!(!root.join("target").exists());
    }
}

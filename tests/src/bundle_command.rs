//! Running the real `cargo bundle`.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use crate::{Output, ProcessGroup, environment, lock::Lock, paths};

/// One run of `cargo bundle` over a project.
///
/// Runs in the [shared target folder](paths::shared_target) take turns: two projects may have binaries of one name, and
/// cargo puts both at one path. A `--check` writes nothing there, and waits for nobody.
#[derive(Debug, Clone)]
#[must_use]
pub struct BundleCommand {
    project: PathBuf,
    output: PathBuf,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    limit: Duration,
}

impl BundleCommand {
    /// How long a run may take unless [`BundleCommand::limit`] says otherwise.
    pub const LIMIT: Duration = Duration::from_secs(600);

    /// A run over the package in the folder `project`, into the folder `output`.
    pub fn new(project: &Path, output: &Path) -> Self {
        Self {
            project: project.to_owned(),
            output: output.to_owned(),
            arguments: Vec::new(),
            variables: Vec::new(),
            limit: Self::LIMIT,
        }
    }

    /// Another output folder.
    pub fn output(mut self, folder: &Path) -> Self {
        folder.clone_into(&mut self.output);
        self
    }

    /// `--check`
    pub fn check(self) -> Self {
        self.arg("--check")
    }

    /// `--message-format json`
    pub fn json(self) -> Self {
        self.arg("--message-format").arg("json")
    }

    /// Any other argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// A variable of its environment.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Several variables of its environment.
    pub fn envs<K: AsRef<OsStr>, V: AsRef<OsStr>>(self, variables: impl IntoIterator<Item = (K, V)>) -> Self {
        variables.into_iter().fold(self, |command, (name, value)| command.env(name, value))
    }

    /// Another time limit.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it to its end, whatever the exit code.
    ///
    /// # Panics
    ///
    /// When it takes longer than the limit.
    #[track_caller]
    #[must_use]
    pub fn run(self) -> Output {
        let writes = !self.arguments.iter().any(|argument| argument == "--check");
        let _turn = writes.then(Self::turn);
        ProcessGroup::run(&mut self.command(), self.limit)
    }

    /// Waits for the right to write in the shared target folder: for tests that start [`BundleCommand::command`]
    /// themselves.
    ///
    /// # Panics
    ///
    /// When the folder cannot be written.
    #[must_use]
    pub fn turn() -> Lock {
        Lock::wait(&paths::shared_target().join("bundle.lock"))
    }

    /// The command as it would be run.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(paths::cargo_bundle());
        environment::scrub(&mut command);
        command
            .current_dir(&self.project)
            .env("CARGO_TARGET_DIR", paths::shared_target())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .args(["bundle", "--manifest-path"])
            .arg(self.project.join("Cargo.toml"))
            .arg("--out-dir")
            .arg(&self.output)
            .args(&self.arguments);
        command
    }
}

/// The SHA-256 of every file below a folder, in hex, by its path in the folder; empty when there is no such folder.
///
/// # Panics
///
/// When a file cannot be read.
#[must_use]
pub fn tree(folder: &Path) -> BTreeMap<String, String> {
    if !folder.exists() {
        return BTreeMap::new();
    }
    WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.unwrap_or_else(|error| panic!("failed to list {}: {error}", folder.display())))
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(folder).expect("the walk stays below its root");
            (path.display().to_string(), sha256(entry.path()))
        })
        .collect()
}

/// The paths that are in only one of two [trees](tree), or differ.
#[must_use]
pub fn difference(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let mut paths: Vec<String> = before
        .keys()
        .chain(after.keys().filter(|path| !before.contains_key(*path)))
        .filter(|path| before.get(*path) != after.get(*path))
        .cloned()
        .collect();
    paths.sort();
    paths
}

/// The SHA-256 of a file, in hex.
///
/// # Panics
///
/// When it cannot be read.
#[must_use]
pub fn sha256(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("failed to read {}: {error}", path.display()));
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

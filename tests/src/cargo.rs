//! Compiling a binary with cargo and learning from cargo where it is.

use std::{
    env,
    ffi::OsString,
    io::Cursor,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use cargo_metadata::Message;

use crate::{ProcessGroup, environment, paths};

/// How long a compile may take on a small machine with nothing compiled yet.
pub const COMPILE_LIMIT: Duration = Duration::from_secs(900);

/// The cargo that runs the tests, or the one on the `PATH`.
#[must_use]
pub fn program() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// One `cargo build`.
#[derive(Debug)]
pub struct Build {
    command: Command,
}

impl Build {
    /// A build in the workspace's own target folder and environment, fresh when `cargo test` has just compiled it.
    #[must_use]
    pub fn of_checkout(manifest: &Path) -> Self {
        Self::new(manifest)
    }

    /// A build of a user's project, in the [shared target folder](paths::shared_target).
    #[must_use]
    pub fn of_project(manifest: &Path) -> Self {
        let mut build = Self::new(manifest);
        environment::scrub(&mut build.command);
        build.command.env("CARGO_TARGET_DIR", paths::shared_target());
        build
    }

    fn new(manifest: &Path) -> Self {
        let mut command = Command::new(program());
        command.args(["build", "--message-format", "json", "--manifest-path"]).arg(manifest);
        Self { command }
    }

    /// `--package`
    #[must_use]
    pub fn package(self, name: &str) -> Self {
        self.args(&["--package", name])
    }

    /// `--bin`
    #[must_use]
    pub fn bin(self, name: &str) -> Self {
        self.args(&["--bin", name])
    }

    /// `--bins`
    #[must_use]
    pub fn bins(self) -> Self {
        self.args(&["--bins"])
    }

    /// `--example`
    #[must_use]
    pub fn example(self, name: &str) -> Self {
        self.args(&["--example", name])
    }

    fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    /// Compiles, and lists the executables.
    ///
    /// # Panics
    ///
    /// When cargo fails or takes longer than [`COMPILE_LIMIT`].
    #[must_use]
    pub fn executables(mut self) -> Vec<PathBuf> {
        let output = ProcessGroup::run(&mut self.command, COMPILE_LIMIT).succeeded();
        Message::parse_stream(Cursor::new(output.stdout))
            .filter_map(|message| match message {
                Ok(Message::CompilerArtifact(artifact)) => artifact.executable,
                _ => None,
            })
            .map(Into::into)
            .collect()
    }

    /// Compiles the one executable that was asked for.
    ///
    /// # Panics
    ///
    /// As [`Build::executables`] does, or when there is not exactly one.
    #[must_use]
    pub fn executable(self) -> PathBuf {
        let mut executables = self.executables();
        assert_eq!(executables.len(), 1, "one executable was asked for: {executables:?}");
        executables.remove(0)
    }
}

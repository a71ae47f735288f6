//! Compiling a binary with cargo and learning from cargo where it is.

use std::{
    env,
    ffi::OsString,
    io::Cursor,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use cargo_metadata::{Message, MetadataCommand};

use crate::{ProcessGroup, environment, paths};

/// How long a compile may take on a small machine with nothing compiled yet.
pub const COMPILE_LIMIT: Duration = Duration::from_secs(900);

/// The cargo that runs the tests, or the one on the `PATH`.
#[must_use]
pub fn program() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The folder of a dependency of this workspace, in the version of the lock file.
///
/// # Panics
///
/// When no dependency has this name.
#[must_use]
pub fn dependency(name: &str) -> PathBuf {
    let metadata = MetadataCommand::new()
        .cargo_path(program())
        .manifest_path(paths::workspace_root().join("Cargo.toml"))
        .other_options(["--locked", "--filter-platform", &host()].map(str::to_owned))
        .exec()
        .unwrap_or_else(|error| panic!("failed to ask cargo for the dependencies: {error}"));
    let found = metadata.packages.iter().find(|package| package.name.as_str() == name);
    let manifest = &found.unwrap_or_else(|| panic!("nothing depends on {name}")).manifest_path;
    manifest.parent().expect("a manifest is in a folder").as_std_path().to_owned()
}

/// The system that the tests run on. Without it cargo asks for what other systems need, which was never downloaded.
fn host() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = ProcessGroup::run(Command::new(rustc).args(["--print", "host-tuple"]), Duration::from_secs(60));
    output.succeeded().stdout.trim().to_owned()
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
        let mut build = Self::new(manifest);
        // What cargo sets for the test itself. The build script of `ring` asks to be run again when it changes.
        let of_a_package = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(of_a_package)) {
            build.command.env_remove(name);
        }
        build
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

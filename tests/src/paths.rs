//! Where things are: the workspace, the folders that tests share, and the binary under test.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use cargo_metadata::MetadataCommand;

use crate::cargo;

/// The root of the workspace.
///
/// ```
/// assert!(wharf_tests::paths::workspace_root().join("adapter/Cargo.toml").is_file());
/// ```
#[must_use]
pub fn workspace_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are a member of the workspace")
}

/// The workspace's target folder, wherever `CARGO_TARGET_DIR` or a cargo config file put it.
#[must_use]
pub fn workspace_target() -> &'static Path {
    static TARGET: OnceLock<PathBuf> = OnceLock::new();
    TARGET.get_or_init(|| {
        let metadata = MetadataCommand::new()
            .manifest_path(workspace_root().join("Cargo.toml"))
            .no_deps()
            .exec()
            .unwrap_or_else(|error| panic!("failed to ask cargo for the target folder: {error}"));
        metadata.target_directory.into_std_path_buf()
    })
}

/// The target folder of every project that a test compiles, so that dependencies are compiled once.
#[must_use]
pub fn shared_target() -> PathBuf {
    workspace_target().join("wharf-tests")
}

/// The folder of the tools that tests install.
#[must_use]
pub fn tools() -> PathBuf {
    workspace_target().join("tools")
}

/// The `cargo-bundle` of this checkout, compiled on first use.
///
/// Cargo hands `CARGO_BIN_EXE_…` only to the tests of the binary's own package.
#[must_use]
pub fn cargo_bundle() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let manifest = workspace_root().join("Cargo.toml");
        cargo::Build::of_checkout(&manifest).package("wharf-bundler").bin("cargo-bundle").executable()
    })
}

/// The folder of an example.
#[must_use]
pub fn example(name: &str) -> PathBuf {
    workspace_root().join("examples").join(name)
}

/// The folder of the app that is compared with Next.js.
#[must_use]
pub fn conformance() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance")
}

/// The folder of a fixture: `"bad/two-handlers"`.
#[must_use]
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

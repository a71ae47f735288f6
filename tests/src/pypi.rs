//! Programs from PyPI, in pinned versions, installed on first use.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use sha2::{Digest, Sha256};

use crate::{ProcessGroup, environment, lock::Lock, paths};

const INSTALL_LIMIT: Duration = Duration::from_secs(300);

/// Installs a list of requirements, one `name==version` a line, and returns the folder: modules stand in it, programs
/// in its `bin`.
///
/// The list is complete: what it does not name is not installed. The install is made aside and renamed, under a lock,
/// so that tests may ask for it at once and an interrupted one leaves nothing behind. A list that changes gets a new
/// folder.
///
/// # Panics
///
/// When it cannot be installed: it needs `python3` with `venv`, and PyPI.
#[must_use]
pub fn install(name: &str, requirements: &str) -> PathBuf {
    let hash: String = Sha256::digest(requirements).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let installed = paths::tools().join(format!("{name}-{hash}"));
    let _turn = Lock::wait(&installed.with_extension("lock"));
    if !installed.exists() {
        install_to(&installed, requirements);
    }
    installed
}

fn install_to(installed: &Path, requirements: &str) {
    let tools = installed.parent().expect("the tools are in a folder");
    let staged = tempfile::Builder::new()
        .prefix("install-")
        .tempdir_in(tools)
        .unwrap_or_else(|error| panic!("failed to make a folder in {}: {error}", tools.display()));
    let (venv, list, target) =
        (staged.path().join("venv"), staged.path().join("requirements.txt"), staged.path().join("target"));
    fs::write(&list, requirements).unwrap_or_else(|error| panic!("failed to write {}: {error}", list.display()));
    let _ = ProcessGroup::run(Command::new("python3").args(["-m", "venv"]).arg(&venv), INSTALL_LIMIT).succeeded();
    // Not into the venv itself, which names its own path and would not survive the rename.
    let _ = ProcessGroup::run(
        Command::new(venv.join("bin/python"))
            .args(["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--quiet"])
            .args(["--no-deps", "--only-binary", ":all:", "--requirement"])
            .arg(&list)
            .arg("--target")
            .arg(&target),
        INSTALL_LIMIT,
    )
    .succeeded();
    fs::rename(&target, installed)
        .unwrap_or_else(|error| panic!("failed to move {} to {}: {error}", target.display(), installed.display()));
}

/// `python3` with the modules of an installed list.
#[must_use]
pub fn python(installed: &Path) -> Command {
    let mut command = Command::new("python3");
    environment::scrub(&mut command);
    command.env("PYTHONPATH", installed).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

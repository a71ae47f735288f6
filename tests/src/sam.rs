//! The tools that judge a SAM template, none of which asks AWS for anything.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::Duration,
};

use serde_json::Value;

use crate::{Output, ProcessGroup, pypi};

/// Far more than any of them takes, on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(300);

fn installed() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| pypi::install("sam", include_str!("../tools/sam.txt")))
}

/// Runs `sam` in a folder.
///
/// It gets a home and a region of its own, and no credentials.
#[must_use]
pub fn sam(folder: &Path, arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().expect("the temporary folder takes a folder");
    let mut command = pypi::python(installed());
    command
        .current_dir(folder)
        .env("HOME", home.path())
        .env("SAM_CLI_TELEMETRY", "0")
        .env("AWS_DEFAULT_REGION", "eu-central-1")
        .args(["-m", "samcli"])
        .args(arguments);
    run(&mut command)
}

/// Lints a template, SAM or not; every warning fails it.
#[must_use]
pub fn cfn_lint(template: &Path) -> Output {
    let mut command = pypi::python(installed());
    command.arg(installed().join("bin/cfn-lint"));
    run(command.args(["--regions", "eu-central-1", "--template"]).arg(template))
}

/// What AWS makes of a SAM template.
///
/// # Panics
///
/// When the translator refuses the template.
#[track_caller]
#[must_use]
pub fn translated(template: &Path) -> Value {
    let mut command = pypi::python(installed());
    command.env("AWS_DEFAULT_REGION", "eu-central-1").arg(tool("translate.py")).arg(template);
    let output = run(&mut command).succeeded();
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{output}"))
}

/// Checks an OpenAPI document.
#[must_use]
pub fn openapi_spec_validator(document: &Path) -> Output {
    run(pypi::python(installed()).args(["-m", "openapi_spec_validator"]).arg(document))
}

fn tool(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tools").join(name)
}

fn run(command: &mut Command) -> Output {
    ProcessGroup::run(command, LIMIT)
}

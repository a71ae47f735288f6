//! checkov, which looks for what is unsafe in a template. It asks nobody for anything.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Duration,
};

use serde_json::Value;

use crate::{ProcessGroup, pypi};

/// Far more than it takes, on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(300);

fn installed() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| pypi::install("checkov", include_str!("../tools/checkov.txt")))
}

/// What it finds in a folder or in some files of a `framework`, each check once, with the first resource; what a resource skips
/// with a reason is not found.
///
/// # Panics
///
/// When it fails, cannot read a file, or finds nothing that it could judge.
#[track_caller]
#[must_use]
pub fn findings(framework: &str, paths: &[PathBuf]) -> Vec<String> {
    let mut command = pypi::python(installed());
    command.args([
        "-m",
        "checkov.main",
        "--framework",
        framework,
        "--output",
        "json",
        "--skip-download",
        "--soft-fail",
    ]);
    for path in paths {
        command.arg(if path.is_dir() { "--directory" } else { "--file" }).arg(path);
    }
    let output = ProcessGroup::run(&mut command, LIMIT).succeeded();
    let report: Value = serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{output}"));
    let summary = &report["summary"];
    assert!(summary["parsing_errors"] == 0 && summary["passed"].as_u64().is_some_and(|passed| passed > 20), "{output}");
    let failed = report["results"]["failed_checks"].as_array().into_iter().flatten();
    let first: BTreeMap<String, String> = failed
        .map(|check| {
            let found = format!("{} {}: {}", check["check_id"], check["resource"], check["check_name"]);
            (check["check_id"].to_string(), found)
        })
        .rev()
        .collect();
    first.into_values().collect()
}

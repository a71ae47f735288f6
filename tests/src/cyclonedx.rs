//! The schema of CycloneDX.

use std::{path::Path, sync::OnceLock, time::Duration};

use crate::{Output, ProcessGroup, pypi};

const LIMIT: Duration = Duration::from_secs(60);

/// Checks a bill of materials against the published schema.
#[must_use]
pub fn check(bill: &Path) -> Output {
    static FOLDER: OnceLock<std::path::PathBuf> = OnceLock::new();
    let installed = FOLDER.get_or_init(|| pypi::install("cyclonedx", include_str!("../tools/cyclonedx.txt")));
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/bill_of_materials.py");
    ProcessGroup::run(pypi::python(installed).arg(program).arg(bill), LIMIT)
}

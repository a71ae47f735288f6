//! Stage 10: [`Bundle`] → [`Finished`]. The staging folder is completed and swapped in, and what
//! belongs beside the bundle is written.

pub mod baseline;

use std::path::PathBuf;

use crate::{
    diagnostic::{Diagnostic, failure::Failure},
    effects::interrupt,
    stages::{
        deploy::{Bundle, limits::Limit},
        manifest::{Manifest, zip_path},
    },
};

/// A finished run.
#[derive(Debug)]
pub struct Finished {
    /// What the bundle is.
    pub manifest: Manifest,
    /// Where it is.
    pub out_dir: PathBuf,
    /// Whether any byte of it is new.
    pub changed: bool,
    /// What AWS limits, and how much of it is used.
    pub limits: Vec<Limit>,
    /// What the user should know, although it stopped nothing.
    pub warnings: Vec<Diagnostic>,
}

/// Writes the bundle and swaps it in.
///
/// # Errors
///
/// When something cannot be written, or when interrupted; the previous bundle is then as it was, unless it was the file
/// of `--update-baseline` that could not be written.
pub fn run(bundle: Bundle) -> Result<Finished, Failure> {
    let Bundle { packed, manifest, files, limits, warnings } = bundle;
    let binaries = packed.evaluation.binaries;
    let staging = binaries.staging;
    for (name, function) in &packed.functions {
        interrupt::check()?;
        staging.copy(&function.zip, &zip_path(name.as_str()))?;
    }
    if let (Some(packed), Some(described)) = (&packed.stamp_writer, &manifest.stamp_writer) {
        staging.copy(&packed.zip, &described.zip)?;
    }
    for (path, text) in &files {
        staging.write(path, text.as_bytes())?;
    }
    let changed = staging.swap()?;
    baseline::update(binaries.sources.plan.options.baseline.as_ref(), &manifest)?;
    let warnings = binaries.sources.plan.warnings.into_iter().chain(warnings).collect();
    Ok(Finished { manifest, out_dir: binaries.sources.out_dir, changed, limits, warnings })
}

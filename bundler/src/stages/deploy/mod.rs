//! Stage 9: [`Described`] → [`Bundle`]. The files that deploy a bundle, as text, from the manifest alone.
//!
//! The templates stand in the folder `deploy/` of this repository.

pub mod cdn;
pub mod limits;
pub mod sam;
pub mod sbom;
mod terraform;

use std::collections::BTreeMap;

use limits::Limit;

use crate::{
    diagnostic::{self, Diagnostic, failure::Failure},
    stages::{manifest::Described, package::Packed},
};

/// All artifacts.
#[derive(Debug)]
pub struct Bundle {
    /// The zips and objects, and the staging folder that they go to.
    pub packed: Packed,
    /// The manifest.
    pub manifest: crate::stages::manifest::Manifest,
    /// All other files of the bundle, by path.
    pub files: BTreeMap<String, String>,
    /// What AWS limits, and how much of it is used.
    pub limits: Vec<Limit>,
    /// What the user should know, although it stopped nothing.
    pub warnings: Vec<Diagnostic>,
}

/// Adds the files that are text.
///
/// # Errors
///
/// With a diagnostic for all that cannot be deployed.
pub fn run(described: Described) -> Result<Bundle, Failure> {
    let Described { packed, manifest } = described;
    let cdn = cdn::files(&manifest);
    let limits = limits::of(&manifest, cdn.as_ref().ok());
    let (mut warnings, mut errors): (Vec<_>, Vec<_>) =
        limits::diagnostics(&limits).into_iter().partition(|diagnostic| diagnostic.code.is_warning());
    let cdn = match cdn {
        Ok(cdn) if errors.is_empty() => cdn,
        cdn => {
            errors.extend(cdn.err().into_iter().flatten());
            diagnostic::sort(&mut errors);
            return Err(Failure::Diagnostics(errors));
        }
    };
    warnings.extend(cdn.warnings.iter().cloned());
    diagnostic::sort(&mut warnings);
    let binaries = &packed.evaluation.binaries;
    let package = binaries.sources.bundled_package.files.iter();
    let mut files: BTreeMap<_, _> = package.map(|(path, text)| (format!("package/{path}"), text.clone())).collect();
    files.insert("package/Cargo.lock".to_owned(), binaries.lock_file.clone());
    files.insert("manifest.json".to_owned(), manifest.text());
    files.insert(sbom::FILE.to_owned(), sbom::text(&manifest, &binaries.crates));
    files.extend(terraform::files());
    files.extend(sam::files(&manifest, &cdn));
    files.extend(cdn.files);
    Ok(Bundle { packed, manifest, files, limits, warnings })
}

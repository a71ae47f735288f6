//! The CDN: the function that decides who answers a request, and the data that it looks up.

mod key_values;
mod viewer_request;

use std::collections::BTreeMap;

use crate::{diagnostic::Diagnostic, manifest::Manifest};

/// What the CDN needs.
#[derive(Debug)]
pub struct Cdn {
    /// The files, by path in the bundle.
    pub files: BTreeMap<String, String>,
    /// What works without the CDN only.
    pub warnings: Vec<Diagnostic>,
}

/// Writes the files.
///
/// # Errors
///
/// With a diagnostic for all that a CDN has no room for and nobody else could answer.
pub fn files(manifest: &Manifest) -> Result<Cdn, Vec<Diagnostic>> {
    let (viewer_request, (key_values, warnings)) = match (viewer_request::text(manifest), key_values::text(manifest)) {
        (Ok(function), Ok(data)) => (function, data),
        (function, data) => return Err(data.err().into_iter().flatten().chain(function.err()).collect()),
    };
    let files = [("viewer-request.js", viewer_request), ("key-values.json", key_values)];
    let files = files.map(|(name, text)| (format!("cdn/{name}"), text)).into();
    Ok(Cdn { files, warnings })
}

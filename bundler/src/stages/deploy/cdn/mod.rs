//! The CDN: the function that decides who answers a request, and the data that it looks up.

mod key_values;
mod viewer_request;

use std::collections::BTreeMap;

use crate::{
    diagnostic::Diagnostic,
    stages::{manifest::Manifest, package::Hash},
};

/// The path of the key-value data in the bundle.
pub(crate) const KEY_VALUES: &str = "cdn/key-values.json";

/// The path of the function in the bundle.
pub(super) const VIEWER_REQUEST: &str = "cdn/viewer-request.js";

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
    let files = [(VIEWER_REQUEST, viewer_request), (KEY_VALUES, key_values)];
    let files = files.map(|(path, text)| (path.to_owned(), text)).into();
    Ok(Cdn { files, warnings })
}

/// The key of the key-value data in the bucket, behind the folder of the objects. As it names its contents, an upload that
/// was forgotten is an error, and not the import of older data.
#[must_use]
pub fn key_values_key(text: &str) -> String {
    format!("cdn/key-values-{}.json", version(text))
}

/// Twelve digits that tell the key-value data from any other.
#[must_use]
pub fn version(text: &str) -> String {
    Hash::of(text.as_bytes()).first_hex(6)
}

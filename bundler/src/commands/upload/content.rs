//! What a bundle has for the bucket, compared with its manifest: nothing that is half broken is uploaded.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use object_store::{Attribute, Attributes};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    diagnostic::{Code, Diagnostic, Label, failure::Failure},
    effects::{interrupt, shell::Shell},
    stages::{
        deploy::cdn,
        manifest::{FORMAT_VERSION, ObjectEntry},
        package::{Hash, object_key},
    },
};

/// What is to be in the bucket.
#[derive(Debug)]
pub(super) struct Content {
    /// By their keys behind the prefix of the deployment.
    pub(super) objects: BTreeMap<String, File>,
    /// The key-value data, from which CloudFront is told of the objects.
    pub(super) key_values: File,
}

/// A file of the bundle, as an object of S3.
#[derive(Debug, Clone)]
pub(super) struct File {
    /// Behind the prefix of the deployment.
    pub(super) key: String,
    /// Where its body is.
    pub(super) file: PathBuf,
    /// Bytes.
    pub(super) size: u64,
    /// The first path that it answers; none for the key-value data.
    pub(super) path: Option<String>,
    /// Its headers.
    pub(super) attributes: Attributes,
}

/// What an upload reads of `manifest.json`: the rest of it may be older or newer, as when an old bundle goes up again.
#[derive(Debug, Deserialize)]
struct Objects {
    objects: Vec<ObjectEntry>,
}

/// Reads a bundle.
pub(super) fn run(folder: &Path, shell: &Shell) -> Result<Content, Failure> {
    let manifest = manifest(folder).map_err(|diagnostic| Failure::Unfit(vec![*diagnostic]))?;
    let progress = shell.progress("Checking");
    let mut diagnostics = Vec::new();
    let mut entries: BTreeMap<&str, &ObjectEntry> = BTreeMap::new();
    for entry in &manifest.objects {
        entries.entry(&entry.key).or_insert(entry);
    }
    let mut objects = BTreeMap::new();
    for (key, entry) in entries {
        interrupt::check()?;
        progress.advance(key);
        match object(folder, entry)? {
            Ok(file) => drop(objects.insert(key.to_owned(), file)),
            Err(problem) => diagnostics.push(problem),
        }
    }
    let key_values = match key_values(folder, &manifest)? {
        Ok(file) if diagnostics.is_empty() => file,
        key_values => {
            diagnostics.extend(key_values.err());
            return Err(Failure::Unfit(diagnostics));
        }
    };
    Ok(Content { objects, key_values })
}

fn manifest(folder: &Path) -> Result<Objects, Box<Diagnostic>> {
    let path = folder.join("manifest.json");
    let shown = path.display().to_string();
    let problem = |code, message: String, label: String, help: &str| {
        Box::new(Diagnostic::new(code, message, Label::path(&shown, "manifest.json", label), help))
    };
    let no_bundle = |label: String| {
        let message = format!("`{}` is no bundle", folder.display());
        problem(Code::NotABundle, message, label, "run `cargo bundle`, or name its folder with `--bundle`")
    };
    let text = fs::read_to_string(&path).map_err(|error| no_bundle(error.to_string()))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| no_bundle(error.to_string()))?;
    let version = &value["format_version"];
    if version.is_null() {
        return Err(no_bundle("has no `format_version`".to_owned()));
    }
    if *version != FORMAT_VERSION {
        let message = format!("this `cargo bundle` does not know format {version} of a bundle");
        let label = format!("`format_version` is {version}, and {FORMAT_VERSION} is known");
        return Err(problem(
            Code::UnknownFormat,
            message,
            label,
            "upload with the `cargo bundle` that made the bundle",
        ));
    }
    serde_json::from_value(value).map_err(|error| no_bundle(error.to_string()))
}

/// An object, or what is wrong with it.
fn object(folder: &Path, entry: &ObjectEntry) -> Result<Result<File, Diagnostic>, Failure> {
    if !is_object_key(&entry.key) || entry.file != entry.key {
        return Ok(Err(damaged(&entry.file, format!("is no name for the object of `{}`", entry.path))));
    }
    let mut attributes = Attributes::new();
    for (name, value) in &entry.headers {
        let Some(attribute) = attribute(name) else { return Ok(Err(not_storable(entry, name))) };
        attributes.insert(attribute, value.clone().into());
    }
    let file = folder.join(&entry.file);
    let body = match fs::read(&file) {
        Ok(body) => body,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Err(damaged(&entry.file, "is missing".to_owned())));
        }
        Err(error) => return Err(Failure::io("read", &file)(error)),
    };
    let size = body.len() as u64;
    if size != entry.size {
        return Ok(Err(damaged(&entry.file, format!("has {size} bytes, and had {} when it was bundled", entry.size))));
    }
    if Hash::of(&body).hex() != entry.sha256 || object_key(&entry.headers, &body) != entry.key {
        return Ok(Err(damaged(&entry.file, "has other bytes or headers than when it was bundled".to_owned())));
    }
    Ok(Ok(File { key: entry.key.clone(), file, size, path: Some(entry.path.clone()), attributes }))
}

/// Whether an object of a bundle may have this key: `objects/` and a SHA-256.
pub(super) fn is_object_key(key: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    key.strip_prefix("objects/").is_some_and(|hash| hash.len() == 64 && hash.bytes().all(is_digit))
}

/// What S3 calls a header.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>
fn attribute(name: &str) -> Option<Attribute> {
    Some(match name {
        "cache-control" => Attribute::CacheControl,
        "content-disposition" => Attribute::ContentDisposition,
        "content-encoding" => Attribute::ContentEncoding,
        "content-language" => Attribute::ContentLanguage,
        "content-type" => Attribute::ContentType,
        _ => Attribute::Metadata(name.strip_prefix("x-amz-meta-")?.to_owned().into()),
    })
}

/// The key-value data, which may name no object but those of the bundle.
fn key_values(folder: &Path, manifest: &Objects) -> Result<Result<File, Diagnostic>, Failure> {
    let file = folder.join(cdn::KEY_VALUES);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Err(damaged(cdn::KEY_VALUES, "is missing".to_owned())));
        }
        Err(error) => return Err(Failure::io("read", &file)(error)),
    };
    let Some(named) = named_objects(&text) else {
        return Ok(Err(damaged(cdn::KEY_VALUES, "is no key-value data".to_owned())));
    };
    let known: BTreeSet<&str> = manifest.objects.iter().map(|object| object.key.as_str()).collect();
    if let Some(key) = named.iter().find(|key| !known.contains(key.as_str())) {
        return Ok(Err(damaged(cdn::KEY_VALUES, format!("names `{key}`, which the manifest does not"))));
    }
    let attributes = Attributes::from_iter([(Attribute::ContentType, "application/json")]);
    let size = text.len() as u64;
    Ok(Ok(File { key: cdn::key_values_key(&text), file, size, path: None, attributes }))
}

/// The keys that the entries of the key-value data name; `None` when it is none.
fn named_objects(text: &str) -> Option<Vec<String>> {
    let value: Value = serde_json::from_str(text).ok()?;
    let mut keys = Vec::new();
    for entry in value["data"].as_array()? {
        let value: Value = serde_json::from_str(entry["value"].as_str()?).ok()?;
        keys.extend(value["k"].as_str().map(str::to_owned));
    }
    Some(keys)
}

fn damaged(path: &str, label: String) -> Diagnostic {
    let name = path.rsplit('/').next().unwrap_or(path);
    let message = format!("`{path}` of the bundle is not what `manifest.json` says");
    Diagnostic::new(Code::DamagedBundle, message, Label::path(path, name, label), "run `cargo bundle` again")
}

fn not_storable(entry: &ObjectEntry, header: &str) -> Diagnostic {
    let name = entry.file.rsplit('/').next().unwrap_or(&entry.file);
    Diagnostic::new(
        Code::HeaderNotStorable,
        format!("S3 cannot send the header `{header}` with `{}`", entry.path),
        Label::path(&entry.file, name, format!("has the header `{header}`")),
        "run `cargo bundle` again: it leaves such an answer to its function",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_hash_in_the_folder_of_the_objects_is_a_key() {
        assert!(is_object_key(&format!("objects/{}", "0a".repeat(32))));
        for other in ["objects/", "objects/../manifest.json", "cdn/key-values.json", &"0a".repeat(32)] {
            assert!(!is_object_key(other), "{other}");
        }
        assert!(!is_object_key(&format!("objects/{}", "0A".repeat(32))));
        assert!(!is_object_key(&format!("objects/{}/", "0a".repeat(32))));
    }

    #[test]
    fn a_header_that_s3_does_not_know_is_no_attribute() {
        assert_eq!(attribute("content-type"), Some(Attribute::ContentType));
        assert_eq!(attribute("x-amz-meta-made-by"), Some(Attribute::Metadata("made-by".into())));
        assert_eq!(attribute("expires"), None);
        assert_eq!(attribute("x-amz-acl"), None);
    }

    #[test]
    fn the_data_names_objects_or_only_tags() {
        let text = r#"{"data":[{"key":"/a","value":"{\"k\":\"objects/1\"}"},{"key":"/b","value":"{\"t\":[\"x\"]}"}]}"#;
        assert_eq!(named_objects(text), Some(vec!["objects/1".to_owned()]));
        assert_eq!(named_objects("{}"), None);
        assert_eq!(named_objects(r#"{"data":[{"key":"/a","value":"no JSON"}]}"#), None);
    }
}

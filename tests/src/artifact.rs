//! What `cargo bundle` wrote: the manifest, the zips and the objects.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use serde_json::Value;
use tempfile::TempDir;
use zip::ZipArchive;

/// An output folder.
#[derive(Debug, Clone)]
pub struct Bundle {
    folder: PathBuf,
    manifest: Value,
}

impl Bundle {
    /// Reads the manifest in an output folder.
    ///
    /// # Panics
    ///
    /// When there is none, or it is not JSON.
    #[track_caller]
    #[must_use]
    pub fn open(folder: &Path) -> Self {
        let path = folder.join("manifest.json");
        let text = fs::read(&path).unwrap_or_else(|error| panic!("failed to read {}: {error}", path.display()));
        let manifest = serde_json::from_slice(&text).unwrap_or_else(|error| panic!("manifest.json: {error}"));
        Self { folder: folder.to_owned(), manifest }
    }

    /// The output folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The whole manifest.
    #[must_use]
    pub fn manifest(&self) -> &Value {
        &self.manifest
    }

    /// The names of the functions, sorted.
    #[must_use]
    pub fn functions(&self) -> Vec<&str> {
        let functions = self.manifest["functions"].as_object().expect("`functions` is an object");
        functions.keys().map(String::as_str).collect()
    }

    /// The routes' entries.
    #[must_use]
    pub fn routes(&self) -> &[Value] {
        self.manifest["routes"].as_array().expect("`routes` is a list")
    }

    /// The objects' entries.
    #[must_use]
    pub fn objects(&self) -> &[Value] {
        self.manifest["objects"].as_array().expect("`objects` is a list")
    }

    /// The entry of the route with this pattern, as the app directory spells it: `/items/[slug]`.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[track_caller]
    #[must_use]
    pub fn route(&self, pattern: &str) -> &Value {
        let route = self.routes().iter().find(|route| route["pattern"] == pattern);
        route.unwrap_or_else(|| panic!("no route {pattern} in {:#}", self.manifest["routes"]))
    }

    /// The name of the function of a route.
    #[track_caller]
    #[must_use]
    pub fn function_of(&self, pattern: &str) -> &str {
        self.route(pattern)["function"].as_str().expect("a route names its function")
    }

    /// The object for a URL path, if the path was exported.
    #[must_use]
    pub fn object(&self, path: &str) -> Option<&Value> {
        self.objects().iter().find(|object| object["path"] == path)
    }

    /// The generated package that `cargo lambda watch` runs.
    #[must_use]
    pub fn package(&self) -> PathBuf {
        self.folder.join("package/Cargo.toml")
    }

    /// The path of a function's zip.
    ///
    /// # Panics
    ///
    /// When the manifest has no such function.
    #[track_caller]
    #[must_use]
    pub fn zip(&self, function: &str) -> PathBuf {
        let zip = &self.manifest["functions"][function]["zip"];
        self.folder.join(zip.as_str().unwrap_or_else(|| panic!("no function {function} with a zip: {zip}")))
    }

    /// Unpacks a function's zip, as Lambda does.
    #[track_caller]
    #[must_use]
    pub fn unpack(&self, function: &str) -> Unpacked {
        Unpacked::from_zip(&self.zip(function))
    }
}

/// The files of a function's zip, in a folder that is removed on drop.
#[derive(Debug)]
pub struct Unpacked {
    folder: TempDir,
}

impl Unpacked {
    /// Unpacks a zip with the modes that it records.
    ///
    /// # Panics
    ///
    /// When it is not a zip.
    #[track_caller]
    #[must_use]
    pub fn from_zip(path: &Path) -> Self {
        let folder = tempfile::tempdir().expect("the temporary folder takes a folder");
        archive(path)
            .extract(folder.path())
            .unwrap_or_else(|error| panic!("failed to unpack {}: {error}", path.display()));
        Self { folder }
    }

    /// The folder: Lambda's `/var/task`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The program that Lambda starts.
    #[must_use]
    pub fn bootstrap(&self) -> PathBuf {
        self.folder.path().join("bootstrap")
    }
}

/// An entry of a zip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its path in the zip.
    pub name: String,
    /// Its Unix permissions: `0o755`.
    pub mode: Option<u32>,
    /// Its unpacked size.
    pub size: u64,
    /// Its modification time: `"1980-01-01 00:00:00"`.
    pub modified: Option<String>,
}

/// The entries of a zip, in its order.
///
/// # Panics
///
/// When the file is not a zip.
#[track_caller]
#[must_use]
pub fn entries(path: &Path) -> Vec<Entry> {
    let mut archive = archive(path);
    (0..archive.len())
        .map(|index| {
            let file = archive.by_index(index).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let name = file.name().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            Entry {
                name: name.into_owned(),
                mode: file.unix_mode().map(|mode| mode & 0o7777),
                size: file.size(),
                modified: file.last_modified().map(|time| time.to_string()),
            }
        })
        .collect()
}

#[track_caller]
fn archive(path: &Path) -> ZipArchive<File> {
    let file = File::open(path).unwrap_or_else(|error| panic!("failed to open {}: {error}", path.display()));
    ZipArchive::new(file).unwrap_or_else(|error| panic!("{} is not a zip: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::{io::Write, os::unix::fs::PermissionsExt};

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    #[test]
    fn unpacking_keeps_the_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.zip");
        let mut writer = ZipWriter::new(File::create(&path).unwrap());
        writer.start_file("bootstrap", SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
        writer.write_all(b"#!/bin/sh\n").unwrap();
        writer.finish().unwrap();

        let [entry] = &*entries(&path) else { panic!("one entry was written") };
        assert_eq!((&*entry.name, entry.mode, entry.size), ("bootstrap", Some(0o755), 10));
        let unpacked = Unpacked::from_zip(&path);
        let mode = fs::metadata(unpacked.bootstrap()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
    }
}

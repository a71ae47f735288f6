//! The software bill of materials of a bundle: which crates are in its functions, as
//! [CycloneDX](https://cyclonedx.org/docs/1.6/json/) of version 1.6.
//!
//! All functions of a bundle are thin programs over one library, so they have one graph of crates, and the bundle one
//! file. What of a crate the linker dropped from a function nobody can tell; it is listed all the same. The file has
//! neither a serial number nor a time, as the same crates give the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, Package, PackageId, TargetKind};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::stages::manifest::Manifest;

/// Where it stands in a bundle.
pub const FILE: &str = "sbom.cdx.json";

/// A crate that is compiled into the functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crate {
    /// Its [package URL](https://github.com/package-url/purl-spec).
    pub purl: String,
    name: String,
    version: String,
    license: Option<String>,
    /// The SHA-256 of the archive that it came in.
    checksum: Option<String>,
    /// The package URLs of the crates that it uses itself.
    depends_on: BTreeSet<String>,
}

/// The crates below the packages that the generated package depends on: without those that only run while others are
/// compiled, as macros and build scripts do. The app's own library is the first.
#[must_use]
pub fn crates(metadata: &Metadata, lock_file: &str) -> Vec<Crate> {
    let Some(resolve) = &metadata.resolve else { return Vec::new() };
    let packages: BTreeMap<&PackageId, &Package> =
        metadata.packages.iter().map(|package| (&package.id, package)).collect();
    let used: BTreeMap<&PackageId, Vec<&PackageId>> = resolve
        .nodes
        .iter()
        .map(|node| {
            let used = node.deps.iter().filter(|used| {
                let is_normal = used.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal);
                is_normal && packages.get(&used.pkg).is_some_and(|package| !is_macro(package))
            });
            (&node.id, used.map(|used| &used.pkg).collect())
        })
        .collect();
    let checksums = checksums(lock_file);
    let mut found = BTreeSet::new();
    let mut crates = Vec::new();
    let mut next: Vec<&PackageId> = resolve.root.iter().flat_map(|root| used.get(root)).flatten().copied().collect();
    while let Some(id) = next.pop() {
        let (Some(package), true) = (packages.get(id), found.insert(id)) else { continue };
        let below = used.get(id).into_iter().flatten().copied();
        next.extend(below.clone());
        crates.push(Crate {
            purl: purl(package),
            name: package.name.to_string(),
            version: package.version.to_string(),
            // An older way of writing it.
            license: package.license.as_ref().map(|license| license.replace('/', " OR ")),
            checksum: checksums.get(&(package.name.to_string(), package.version.to_string())).cloned(),
            depends_on: below.filter_map(|id| packages.get(id)).map(|package| purl(package)).collect(),
        });
    }
    crates.sort_by(|left, right| left.purl.cmp(&right.purl));
    crates.dedup_by(|left, right| left.purl == right.purl);
    crates
}

fn is_macro(package: &Package) -> bool {
    package.targets.iter().any(|target| target.kind.contains(&TargetKind::ProcMacro))
}

/// By name and version.
fn checksums(lock_file: &str) -> BTreeMap<(String, String), String> {
    let Ok(lock) = lock_file.parse::<toml_edit::DocumentMut>() else { return BTreeMap::new() };
    let Some(packages) = lock.get("package").and_then(toml_edit::Item::as_array_of_tables) else {
        return BTreeMap::new();
    };
    let text = |package: &toml_edit::Table, key: &str| Some(package.get(key)?.as_str()?.to_owned());
    let checksum = |package| Some(((text(package, "name")?, text(package, "version")?), text(package, "checksum")?));
    packages.iter().filter_map(checksum).collect()
}

/// What a package URL writes as it is.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b':');

/// No path of this machine, and nothing of a URL that may be a secret.
fn purl(package: &Package) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, PLAIN).to_string();
    let plain = format!("pkg:cargo/{}@{}", encoded(&package.name), encoded(&package.version.to_string()));
    match &package.source {
        Some(source) if !source.is_crates_io() => {
            let (kind, url) = source.repr.split_once('+').unwrap_or(("registry", &source.repr));
            let (place, commit) = url.split_once('#').unwrap_or((url, ""));
            let place = without_secrets(place);
            match (kind, commit) {
                ("git", commit) if !commit.is_empty() => {
                    format!("{plain}?vcs_url={}", encoded(&format!("git+{place}@{commit}")))
                }
                _ => format!("{plain}?repository_url={}", encoded(&place)),
            }
        }
        _ => plain,
    }
}

/// A URL without its user, its password and its query.
fn without_secrets(url: &str) -> String {
    let url = url.split('?').next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

/// The text of the file. `library` is the name of the app's package.
#[must_use]
pub fn text(manifest: &Manifest, crates: &[Crate]) -> String {
    let app = crates.iter().find(|found| found.name == manifest.app.name && found.version == manifest.app.version);
    let functions = manifest.functions.iter().map(|(name, function)| {
        json!({
            "type": "application",
            "bom-ref": function.zip,
            "name": name,
            "hashes": [{ "alg": "SHA-256", "content": function.sha256 }],
        })
    });
    let of_functions = manifest
        .functions
        .values()
        .map(|function| Uses { of: &function.zip, depends_on: app.iter().map(|app| app.purl.as_str()).collect() });
    let of_crates = crates
        .iter()
        .map(|found| Uses { of: &found.purl, depends_on: found.depends_on.iter().map(String::as_str).collect() });
    let bom = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": { "components": [
                { "type": "application", "name": manifest.generator.name, "version": manifest.generator.version },
            ] },
            "component": {
                "type": "application",
                "bom-ref": "app",
                "name": manifest.app.name,
                "version": manifest.app.version,
                "components": functions.collect::<Vec<_>>(),
            },
        },
        "components": crates.iter().map(component).collect::<Vec<_>>(),
        "dependencies": of_functions.chain(of_crates).collect::<Vec<_>>(),
    });
    // The keys are all text.
    serde_json::to_string_pretty(&bom).map(|text| text + "\n").unwrap_or_default()
}

#[derive(Serialize)]
struct Uses<'c> {
    #[serde(rename = "ref")]
    of: &'c str,
    #[serde(rename = "dependsOn")]
    depends_on: Vec<&'c str>,
}

fn component(found: &Crate) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": found.purl,
        "name": found.name,
        "version": found.version,
        "scope": "required",
        "purl": found.purl,
    });
    if let Some(license) = &found.license {
        component["licenses"] = json!([{ "expression": license }]);
    }
    if let Some(checksum) = &found.checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    component
}

#[cfg(test)]
mod tests {
    use cargo_metadata::MetadataCommand;

    use super::*;

    #[test]
    fn a_url_is_told_without_what_may_be_a_secret() {
        for (url, told) in [
            ("https://user:KEY@git.example/a/b?token=KEY", "https://git.example/a/b"),
            ("ssh://git@git.example", "ssh://git.example"),
            ("https://git.example/a@b", "https://git.example/a@b"),
        ] {
            assert_eq!(without_secrets(url), told);
        }
    }

    /// The graph of this crate itself, as cargo tells it.
    #[test]
    fn what_only_runs_while_compiling_is_not_in_a_function() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let metadata = MetadataCommand::new().manifest_path(root).exec().unwrap();
        let lock_file = std::fs::read_to_string(metadata.workspace_root.join("Cargo.lock")).unwrap();
        let crates = crates(&metadata, &lock_file);
        let find = |name: &str| crates.iter().find(|found| found.name == name);
        let serde = find("serde").unwrap();
        assert_eq!(serde.purl, format!("pkg:cargo/serde@{}", serde.version));
        assert_eq!(serde.license.as_deref(), Some("MIT OR Apache-2.0"));
        assert_eq!(serde.checksum.as_ref().map(String::len), Some(64));
        assert!(serde.depends_on.iter().all(|purl| !purl.contains("serde_derive")));
        // A macro, what it uses, a build script's crate, and what only tests use.
        for absent in ["serde_derive", "clap_derive", "insta", "cc"] {
            assert_eq!(find(absent), None, "{absent}");
        }
        for found in &crates {
            assert!(!found.purl.contains(env!("CARGO_MANIFEST_DIR")) && !found.purl.contains("file:"), "{found:?}");
            for used in &found.depends_on {
                assert!(crates.iter().any(|other| other.purl == *used), "{used} of {} is listed", found.purl);
            }
        }
    }
}

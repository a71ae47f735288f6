//! `--baseline FILE`: the classes that were agreed on, so that a static route never becomes dynamic unnoticed.

use std::{collections::BTreeMap, fs, io};

use serde::{Deserialize, Serialize};

use crate::{
    diagnostic::failure::Failure,
    effects::{options::Baseline, output},
    stages::{
        evaluate::Class,
        manifest::{Described, Manifest},
    },
};

/// The committed file: the class of each method of each route.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Classes(BTreeMap<String, Class>);

/// Compares the classes with those of the committed file, unless it is to be written anew.
///
/// A route that is new or gone is no change of class.
///
/// # Errors
///
/// With each method that changed its class, and when the file cannot be read.
pub fn check(described: Described) -> Result<Described, Failure> {
    let options = &described.packed.evaluation.binaries.sources.plan.options;
    let Some(Baseline { path, update: false }) = &options.baseline else { return Ok(described) };
    let now = classes(&described.manifest);
    let committed = fs::read(path).map_err(Failure::io("read", path))?;
    let committed: Classes = serde_json::from_slice(&committed)
        .map_err(|error| Failure::io("read", path)(io::Error::new(io::ErrorKind::InvalidData, error)))?;
    let changes = changes(&committed, &now, &described.manifest);
    if changes.is_empty() { Ok(described) } else { Err(Failure::Baseline { path: path.clone(), changes }) }
}

/// Writes the file anew, where that was asked for. The bundle is in place by then: one that is refused changes nothing.
///
/// # Errors
///
/// When the file cannot be written.
pub fn update(baseline: Option<&Baseline>, manifest: &Manifest) -> Result<(), Failure> {
    let Some(Baseline { path, update: true }) = baseline else { return Ok(()) };
    output::write_if_changed(path, text(&classes(manifest)).as_bytes()).map(drop)
}

fn classes(manifest: &Manifest) -> Classes {
    let of_route = |route: &crate::stages::manifest::RouteEntry| {
        let pattern = route.pattern.clone();
        let entries = route.methods.iter().map(move |(method, entry)| (format!("{method} {pattern}"), entry.class));
        entries.collect::<Vec<_>>()
    };
    Classes(manifest.routes.iter().flat_map(of_route).collect())
}

/// The keys are text, so that there always is a JSON form.
fn text(classes: &Classes) -> String {
    serde_json::to_string_pretty(classes).map(|text| text + "\n").unwrap_or_default()
}

fn changes(committed: &Classes, now: &Classes, manifest: &Manifest) -> Vec<String> {
    let changed = now.0.iter().filter_map(|(key, class)| {
        let before = committed.0.get(key).filter(|before| *before != class)?;
        let (method, pattern) = key.split_once(' ')?;
        let route = manifest.routes.iter().find(|route| route.pattern == pattern)?;
        Some(format!("`{key}` was {before} and is {class}: {}", route.methods.get(method)?.reason))
    });
    changed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::manifest::tests::manifest;

    #[test]
    fn a_changed_class_is_told_with_its_reason() {
        let manifest = manifest();
        let now = classes(&manifest);
        assert_eq!(changes(&now, &now, &manifest), Vec::<String>::new());
        let committed = Classes([("GET /items/[slug]".to_owned(), Class::Dynamic)].into());
        assert_eq!(
            changes(&committed, &now, &manifest),
            ["`GET /items/[slug]` was dynamic and is static: listed (app/items/[slug]/route.rs:9)"]
        );
    }

    #[test]
    fn a_new_route_is_no_change() {
        let manifest = manifest();
        assert!(changes(&Classes(BTreeMap::new()), &classes(&manifest), &manifest).is_empty());
    }

    #[test]
    fn the_file_is_a_map_for_people() {
        assert_eq!(text(&classes(&manifest())), "{\n  \"GET /items/[slug]\": \"static\"\n}\n");
    }
}

//! What is to be done, from what is wanted and what is there. Nothing is touched.

use std::collections::BTreeMap;

use super::content::{Content, File, is_object_key};
use crate::diagnostic::{Code, Diagnostic, Label, failure::Failure};

/// What is in the bucket: sizes by keys behind the prefix of the deployment.
pub(super) type Listing = BTreeMap<String, u64>;

/// What is to be done.
#[derive(Debug)]
pub(super) struct Plan {
    /// Objects to put.
    pub(super) objects: Vec<File>,
    /// The key-value data, unless it is there.
    pub(super) key_values: Vec<File>,
    /// How many are there already.
    pub(super) unchanged: usize,
    /// Objects that the bundle does not have.
    pub(super) stale: Listing,
}

/// Plans. Nothing but what looks like an object of a bundle is ever stale.
///
/// # Errors
///
/// When stale objects are to be removed although the bundle is not there: then what is deployed is another bundle, which
/// they may belong to.
pub(super) fn run(content: Content, listing: &Listing, prune: bool) -> Result<Plan, Failure> {
    let stale = listing.iter().filter(|(key, _)| is_object_key(key) && !content.objects.contains_key(*key));
    let stale = stale.map(|(key, size)| (key.clone(), *size)).collect();
    let all = content.objects.len() + 1;
    // Half an object cannot be there; one of another size was put by somebody else, and is put right.
    let is_missing = |file: &File| listing.get(&file.key) != Some(&file.size);
    let plan = Plan {
        objects: content.objects.into_values().filter(is_missing).collect(),
        key_values: Some(content.key_values).into_iter().filter(is_missing).collect(),
        unchanged: 0,
        stale,
    };
    let missing = plan.objects.len() + plan.key_values.len();
    if prune && missing > 0 && !plan.stale.is_empty() {
        return Err(Failure::Unfit(vec![not_deployed(&plan, missing)]));
    }
    Ok(Plan { unchanged: all - missing, ..plan })
}

fn not_deployed(plan: &Plan, missing: usize) -> Diagnostic {
    let first = plan.objects.iter().chain(&plan.key_values).next().map_or("", |file| file.key.as_str());
    let stale = plan.stale.len();
    let label = match missing {
        1 => "is not in the bucket".to_owned(),
        _ => format!("is not in the bucket, and {} more of the bundle", missing - 1),
    };
    Diagnostic::new(
        Code::PruneBeforeDeploy,
        format!(
            "this bundle is not deployed yet, and {stale} stale object{} may be",
            if stale == 1 { "" } else { "s" }
        ),
        Label::path(first, first, label),
        "upload without `--prune`, deploy, and upload with `--prune` then",
    )
}

#[cfg(test)]
mod tests {
    use object_store::Attributes;

    use super::*;

    fn key(digit: &str) -> String {
        format!("objects/{}", digit.repeat(64))
    }

    fn file(key: &str) -> File {
        File { key: key.to_owned(), file: key.into(), size: 3, path: None, attributes: Attributes::new() }
    }

    fn content(digits: &[&str]) -> Content {
        let objects = digits.iter().map(|digit| (key(digit), file(&key(digit)))).collect();
        Content { objects, key_values: file("cdn/key-values-0.json") }
    }

    fn listing(keys: &[&str]) -> Listing {
        keys.iter().map(|key| ((*key).to_owned(), 3)).collect()
    }

    #[test]
    fn only_what_is_missing_is_put() {
        let mut there = listing(&[&key("a"), &key("b")]);
        there.insert(key("b"), 2);
        let plan = run(content(&["a", "b", "c"]), &there, false).unwrap();
        let put: Vec<_> = plan.objects.iter().map(|file| file.key.clone()).collect();
        assert_eq!((put, plan.key_values.len(), plan.unchanged), (vec![key("b"), key("c")], 1, 1));
    }

    #[test]
    fn only_what_looks_like_ours_is_stale() {
        let there =
            listing(&[&key("a"), &key("f"), "objects/logo.png", "objects/x/y", "cdn/key-values-1.json", "index.html"]);
        let plan = run(content(&["a"]), &there, false).unwrap();
        assert_eq!(plan.stale.into_keys().collect::<Vec<_>>(), [key("f")]);
    }

    #[test]
    fn nothing_is_removed_for_a_bundle_that_is_not_there() {
        let there = listing(&[&key("f"), "cdn/key-values-0.json"]);
        assert!(matches!(run(content(&["a"]), &there, true), Err(Failure::Unfit(_))));
        assert!(run(content(&["a"]), &there, false).is_ok());
        assert!(run(content(&["a"]), &Listing::new(), true).is_ok());
        let there = listing(&[&key("a"), &key("f"), "cdn/key-values-0.json"]);
        assert!(run(content(&["a"]), &there, true).is_ok());
    }
}

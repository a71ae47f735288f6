//! What a run did, or would do.

use std::fmt::Write;

use serde::Serialize;

use super::{content::File, plan::Plan};
use crate::{effects::options::UploadOptions, views::table::shown_size};

/// What a run did, or with `--dry-run` would do.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The bucket.
    pub bucket: String,
    /// What stands before each key.
    pub prefix: String,
    /// Whether nothing was done.
    pub dry_run: bool,
    /// What was put.
    pub put: Vec<Item>,
    /// How many objects were there already, and the key-value data.
    pub unchanged: usize,
    /// What the bundle does not have.
    pub stale: Vec<Item>,
    /// Whether the stale objects were removed, or would be.
    pub pruned: bool,
    /// The distribution that forgets what it keeps.
    pub distribution: Option<String>,
    /// The id of the invalidation, when it was asked for.
    pub invalidation: Option<String>,
}

/// An object of S3.
#[derive(Debug, Clone, Serialize)]
pub struct Item {
    /// The whole key.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// The first path that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl Report {
    /// Of what is planned.
    pub(super) fn new(options: &UploadOptions, plan: &Plan) -> Self {
        let target = &options.target;
        let put = plan.objects.iter().chain(&plan.key_values);
        let stale = plan.stale.iter().map(|(key, size)| Item { key: target.key(key), size: *size, path: None });
        Self {
            bucket: target.bucket.clone(),
            prefix: target.prefix.clone(),
            dry_run: options.dry_run,
            put: put.map(|file| item(target.key(&file.key), file)).collect(),
            unchanged: plan.unchanged,
            stale: stale.collect(),
            pruned: options.prune,
            distribution: options.distribution.clone(),
            invalidation: None,
        }
    }
}

/// A file under its whole key.
pub(super) fn item(key: String, file: &File) -> Item {
    Item { key, size: file.size, path: file.path.clone() }
}

/// For people: with `--dry-run` a line for each object, and always a sum.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    let mut lines = |verb: &str, items: &[Item]| {
        for Item { key, size, path } in items {
            // Infallible: writing to a string.
            let _ = writeln!(text, "{verb:<7} {:>8}  {key}  {}", shown_size(*size), path.as_deref().unwrap_or(""));
        }
    };
    if report.dry_run {
        lines("put", &report.put);
        lines(if report.pruned { "remove" } else { "stale" }, &report.stale);
    }
    let text: String = text.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    let (to_be, removed) = if report.dry_run { ("to be ", "to be removed") } else { ("", "removed") };
    let stale = if report.pruned { removed } else { "stale" };
    let place = format!("s3://{}/{}", report.bucket, report.prefix);
    let sum = format!(
        "{place}: {} {to_be}put, {} unchanged, {} {stale}\n",
        amount(&report.put),
        report.unchanged,
        amount(&report.stale),
    );
    let invalidation = match (&report.distribution, &report.invalidation) {
        (Some(distribution), Some(id)) => format!("CloudFront {distribution}: invalidation {id}\n"),
        (Some(distribution), None) => format!("CloudFront {distribution}: to be invalidated\n"),
        (None, _) => String::new(),
    };
    text + &sum + &invalidation
}

/// `3 (14 KB)`
fn amount(items: &[Item]) -> String {
    match items {
        [] => "0".to_owned(),
        items => format!("{} ({})", items.len(), shown_size(items.iter().map(|item| item.size).sum())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(dry_run: bool, pruned: bool) -> Report {
        let item =
            |key: &str, path: Option<&str>| Item { key: key.to_owned(), size: 2048, path: path.map(str::to_owned) };
        Report {
            bucket: "shop".to_owned(),
            prefix: "live/".to_owned(),
            dry_run,
            put: vec![item("live/objects/aa", Some("/style.css")), item("live/cdn/key-values-0.json", None)],
            unchanged: 7,
            stale: vec![item("live/objects/bb", None)],
            pruned,
            distribution: pruned.then(|| "E1".to_owned()),
            invalidation: (!dry_run && pruned).then(|| "I123".to_owned()),
        }
    }

    #[test]
    fn a_dry_run_names_every_object() {
        assert_eq!(
            text(&report(true, true)),
            "put         2 KB  live/objects/aa  /style.css\n\
             put         2 KB  live/cdn/key-values-0.json\n\
             remove      2 KB  live/objects/bb\n\
             s3://shop/live/: 2 (4 KB) to be put, 7 unchanged, 1 (2 KB) to be removed\n\
             CloudFront E1: to be invalidated\n"
        );
    }

    #[test]
    fn a_run_is_summed_up() {
        assert_eq!(text(&report(false, false)), "s3://shop/live/: 2 (4 KB) put, 7 unchanged, 1 (2 KB) stale\n");
        assert_eq!(
            text(&report(false, true)),
            "s3://shop/live/: 2 (4 KB) put, 7 unchanged, 1 (2 KB) removed\nCloudFront E1: invalidation I123\n"
        );
    }
}

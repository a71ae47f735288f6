//! `upload.sh`: what fills the bucket of the objects, since a template cannot.

use std::{collections::BTreeMap, fmt::Write};

use super::cdn::key_values_key;
use crate::{deploy::cdn::Cdn, manifest::Manifest};

/// Objects that one call of the AWS CLI uploads: as many as leave its command line far below what systems take.
const MOST_AT_ONCE: usize = 500;

const HEAD: &str = r#"#!/bin/sh
# Written by `cargo bundle`: uploads what CloudFront reads, before `sam deploy` names it. It needs the AWS CLI.
# A key never gets other contents, so what is there already is left alone, and nothing is deleted.
set -eu
to=s3://${1:?usage: sh upload.sh BUCKET [FOLDER]}/${2:+$2/}
cd "$(dirname "$0")"
"#;

/// The script: one call for all objects of the same headers.
pub(super) fn text(manifest: &Manifest, cdn: &Cdn) -> String {
    let mut keys: BTreeMap<&BTreeMap<String, String>, Vec<&str>> = BTreeMap::new();
    for object in &manifest.objects {
        keys.entry(&object.headers).or_default().push(object.key.trim_start_matches("objects/"));
    }
    let mut text = HEAD.to_owned();
    for (headers, mut keys) in keys {
        keys.sort_unstable();
        keys.dedup();
        for keys in keys.chunks(MOST_AT_ONCE) {
            text.push_str("aws s3 sync objects \"${to}objects\" --only-show-errors --size-only --exclude '*'");
            for (name, value) in headers {
                // Infallible: writing to a string. The options are called as the headers are.
                let _ = write!(text, " \\\n  --{name} {}", quoted(value));
            }
            for key in keys {
                let _ = write!(text, " \\\n  --include {key}");
            }
            text.push('\n');
        }
    }
    let _ = writeln!(
        text,
        "aws s3 cp cdn/key-values.json \"${{to}}{}\" --only-show-errors --content-type application/json",
        key_values_key(cdn),
    );
    text
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_is_one_word() {
        assert_eq!(quoted("inline; filename=\"it's $1\""), r#"'inline; filename="it'\''s $1"'"#);
    }
}

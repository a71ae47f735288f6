//! The fuzz targets over the committed corpus, and over the events of the other tests. CONTRIBUTING.md says how the
//! corpus grows.

use std::{fs, path::Path};

#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "it is a crate of its own for `cargo fuzz`")]
mod fuzzed;

/// Runs a target on every file of a folder, and says how many there were.
fn replay(folder: &str, target: fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("a folder that was opened can be read").path());
    let files = paths.filter(|path| path.is_file()).inspect(|path| {
        target(&fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
    });
    files.count()
}

#[test]
fn every_event_of_the_corpus_means_what_it_says() {
    assert!(replay("fuzz/corpus/event", fuzzed::event) > 100);
    assert!(replay("tests/events", fuzzed::event) >= 10);
}

#[test]
fn every_reply_of_the_corpus_loses_nothing() {
    assert!(replay("fuzz/corpus/reply", fuzzed::reply) > 100);
}

//! The fuzz targets over the committed corpus, and over the events of the other tests. CONTRIBUTING.md says how the
//! corpus grows.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use zip::ZipArchive;

#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "it is a crate of its own for `cargo fuzz`")]
mod fuzzed;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Runs a target on every file of an archive, and says how many there were.
fn replay(archive: &str, target: fn(&[u8])) -> usize {
    let file = File::open(path(archive)).unwrap_or_else(|error| panic!("{archive}: {error}"));
    let mut archive = ZipArchive::new(file).expect("it is committed as a zip");
    for index in 0..archive.len() {
        let mut input = Vec::new();
        archive.by_index(index).and_then(|mut entry| Ok(entry.read_to_end(&mut input)?)).expect("it is a whole zip");
        target(&input);
    }
    archive.len()
}

/// Runs a target on every file of a folder, and says how many there were.
fn replay_folder(folder: &str, target: fn(&[u8])) -> usize {
    let entries = fs::read_dir(path(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let paths = entries.map(|entry| entry.expect("a folder that was opened can be read").path());
    let files = paths.filter(|path| path.is_file()).inspect(|path| {
        target(&fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
    });
    files.count()
}

#[test]
fn every_event_of_the_corpus_means_what_it_says() {
    assert!(replay("fuzz/corpus/event.zip", fuzzed::event) > 100);
    assert!(replay_folder("tests/events", fuzzed::event) >= 10);
}

#[test]
fn every_reply_of_the_corpus_loses_nothing() {
    assert!(replay("fuzz/corpus/reply.zip", fuzzed::reply) > 100);
}

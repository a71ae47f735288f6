//! Reads files of the user, who may have put anything in their places.

use std::{
    fs::{File, Metadata},
    io::{self, ErrorKind, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rustix::fs::OFlags;

use crate::{diagnostic::failure::Failure, effects::interrupt};

/// How much is read before Ctrl-C is looked for.
const CHUNK: u64 = 4 << 20;

/// Reads all of a regular file. What is none is not waited for, as a pipe would have to be.
///
/// # Errors
///
/// As the file system says, when it is no regular file, when it changes meanwhile, or when interrupted.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failure = |error| Failure::io("read", path)(error);
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let mut file = File::options().read(true).custom_flags(flags).open(path).map_err(failure)?;
    let before = file.metadata().map_err(failure)?;
    if !before.is_file() {
        return Err(failure(io::Error::new(ErrorKind::InvalidInput, "it is no regular file")));
    }
    let mut bytes = Vec::new();
    loop {
        interrupt::check()?;
        if file.by_ref().take(CHUNK).read_to_end(&mut bytes).map_err(failure)? == 0 {
            break;
        }
    }
    let after = file.metadata().map_err(failure)?;
    if is_unchanged(&before, &after) && bytes.len() as u64 == after.len() {
        return Ok(bytes);
    }
    Err(failure(io::Error::new(ErrorKind::ResourceBusy, "it changed while it was read")))
}

fn is_unchanged(before: &Metadata, after: &Metadata) -> bool {
    before.len() == after.len() && before.modified().ok() == after.modified().ok()
}

#[cfg(test)]
mod tests {
    use rustix::fs::{CWD, Mode, mkfifoat};

    use super::*;

    #[test]
    fn what_is_no_regular_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        mkfifoat(CWD, &pipe, Mode::RWXU).unwrap();
        for path in [&pipe, folder.path(), Path::new("/dev/zero")] {
            let failure = read(path).unwrap_err();
            assert!(failure.to_string().contains("no regular file"), "{failure}");
        }
    }

    #[test]
    fn a_file_is_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        let bytes = vec![7; usize::try_from(CHUNK).unwrap() * 2 + 1];
        std::fs::write(&path, &bytes).unwrap();
        assert!(read(&path).unwrap() == bytes);
    }
}

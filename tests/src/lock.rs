//! Locks between test processes.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::Path,
};

/// An exclusive lock on a file, given back on drop or when the process dies.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock.
    ///
    /// # Panics
    ///
    /// When the file cannot be made.
    #[must_use]
    pub fn wait(path: &Path) -> Self {
        let file = open(path);
        file.lock().unwrap_or_else(|error| panic!("failed to lock {}: {error}", path.display()));
        Self { _file: file }
    }

    /// Takes the lock if nobody holds it.
    ///
    /// # Panics
    ///
    /// When the file cannot be made.
    #[must_use]
    pub fn if_free(path: &Path) -> Option<Self> {
        let file = open(path);
        match file.try_lock() {
            Ok(()) => Some(Self { _file: file }),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(error)) => panic!("failed to lock {}: {error}", path.display()),
        }
    }
}

fn open(path: &Path) -> File {
    let opened = || -> io::Result<File> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        File::options().create(true).truncate(false).write(true).open(path)
    };
    opened().unwrap_or_else(|error| panic!("failed to open {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/lock");
        let held = Lock::wait(&path);
        assert!(Lock::if_free(&path).is_none());
        drop(held);
        assert!(Lock::if_free(&path).is_some());
    }
}

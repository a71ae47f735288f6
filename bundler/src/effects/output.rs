//! The only place that writes.
//!
//! A bundle is staged beside its final place and swapped in at the end, in one step of the file system. Whatever ends a
//! run before that, the previous bundle stays whole; whatever ended the last run is cleaned up by the next.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs::{self, File, TryLockError},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::{diagnostic::failure::Failure, effects::interrupt, stages::deploy::sbom};

/// What a bundle consists of. Anything else in its folder is the user's, and moves along.
const GENERATED: [&str; 8] =
    ["manifest.json", "functions", "objects", "package", "template.yaml", "terraform", "cdn", sbom::FILE];

/// Where `cargo lambda watch` compiles the bundled package: no artifact, and dear to lose.
const COMPILED_LOCALLY: &str = "package/target";

/// Writes a file and the folders above it, unless it has these bytes already: an old time stamp spares cargo work.
///
/// # Errors
///
/// As the file system says.
pub fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<bool, Failure> {
    if fs::read(path).is_ok_and(|known| known == bytes) {
        return Ok(false);
    }
    write(path, bytes)?;
    Ok(true)
}

/// Writes a file and the folders above it. Nobody ever sees half of it.
///
/// # Errors
///
/// As the file system says.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(Failure::io("create", folder))?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let staged = path.with_file_name(name);
    let written = fs::write(&staged, bytes).and_then(|()| fs::rename(&staged, path));
    written.map_err(|error| {
        // What cannot be removed either does no harm: the next run overwrites it.
        let _ = fs::remove_file(&staged);
        Failure::io("write", path)(error)
    })
}

/// Removes a file, which need not be there.
///
/// # Errors
///
/// As the file system says.
pub fn remove_file(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Keeps the files of a folder whose names are in `kept`, and removes the others.
///
/// # Errors
///
/// As the file system says.
pub fn keep_only(folder: &Path, kept: &BTreeSet<String>) -> Result<(), Failure> {
    if !folder.is_dir() {
        return Ok(());
    }
    for name in names(folder)? {
        if !name.to_str().is_some_and(|name| kept.contains(name)) {
            remove_file(&folder.join(name))?;
        }
    }
    Ok(())
}

/// The right to write below a target directory, for as long as it lives: two runs at once would mix their binaries.
#[derive(Debug)]
pub struct Lock {
    /// Closing the file gives the right back, even when the process is killed.
    _file: File,
}

impl Lock {
    /// Waits for the right; `waiting` is called when another run has it.
    ///
    /// # Errors
    ///
    /// As the file system says, or when interrupted.
    pub fn acquire(path: &Path, waiting: impl FnOnce()) -> Result<Self, Failure> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(Failure::io("create", folder))?;
        let file = File::options().create(true).append(true).open(path).map_err(Failure::io("open", path))?;
        let mut waiting = Some(waiting);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) => {
                    waiting.take().into_iter().for_each(|tell| tell());
                    interrupt::check()?;
                    thread::sleep(Duration::from_millis(50));
                }
                Err(TryLockError::Error(error)) => return Err(Failure::io("lock", path)(error)),
            }
        }
    }
}

/// A bundle in the making; it disappears when it is dropped before it was swapped in.
#[derive(Debug)]
pub struct Staging {
    out_dir: PathBuf,
    folder: PathBuf,
}

impl Staging {
    /// Starts a bundle that will stand at `out_dir`.
    ///
    /// It does so before the minutes of compiling, so that a place that cannot be written is refused at once.
    ///
    /// # Errors
    ///
    /// As the file system says, and when `out_dir` holds something that is no bundle.
    pub fn open(out_dir: &Path) -> Result<Self, Failure> {
        let parent = out_dir.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(parent).map_err(Failure::io("create", parent))?;
        refuse_foreign(out_dir)?;
        let mut name = std::ffi::OsString::from(".");
        name.push(out_dir.file_name().unwrap_or_default());
        name.push(".staging");
        let folder = parent.join(name);
        recover(&folder, out_dir)?;
        fs::create_dir(&folder).map_err(Failure::io("create", &folder))?;
        Ok(Self { out_dir: out_dir.to_owned(), folder })
    }

    /// Writes a file of the bundle.
    ///
    /// # Errors
    ///
    /// As the file system says.
    pub fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Failure> {
        write(&self.folder.join(path), bytes)
    }

    /// Copies a file into the bundle.
    ///
    /// # Errors
    ///
    /// As the file system says.
    pub fn copy(&self, from: &Path, path: &str) -> Result<(), Failure> {
        let to = self.folder.join(path);
        let folder = to.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(Failure::io("create", folder))?;
        fs::copy(from, &to).map(drop).map_err(Failure::io("write", &to))
    }

    /// Puts the bundle in its place. `false` when the very same one stands there already; then it is not touched.
    ///
    /// # Errors
    ///
    /// As the file system says; the previous bundle is then as it was.
    pub fn swap(self) -> Result<bool, Failure> {
        interrupt::check()?;
        if !self.out_dir.is_dir() {
            fs::rename(&self.folder, &self.out_dir).map_err(Failure::io("create", &self.out_dir))?;
            return Ok(true);
        }
        if is_same_bundle(&self.folder, &self.out_dir).map_err(Failure::io("compare", &self.out_dir))? {
            return Ok(false);
        }
        carry_over(&self.out_dir, &self.folder)?;
        exchange(&self.folder, &self.out_dir).map_err(Failure::io("replace", &self.out_dir))?;
        Ok(true)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What cannot be removed now is recovered and removed by the next run.
        let _ = recover(&self.folder, &self.out_dir);
    }
}

/// Whatever stands at `out_dir` and is no bundle is not ours to replace.
fn refuse_foreign(out_dir: &Path) -> Result<(), Failure> {
    let refuse = |kind, text: &str| Err(Failure::io("replace", out_dir)(io::Error::new(kind, text)));
    match fs::metadata(out_dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::io("read", out_dir)(error)),
        Ok(kind) if !kind.is_dir() => refuse(ErrorKind::NotADirectory, "it is a file"),
        Ok(_) if out_dir.join("manifest.json").is_file() || names(out_dir)?.is_empty() => Ok(()),
        Ok(_) => refuse(ErrorKind::AlreadyExists, "it is not empty, and holds no bundle"),
    }
}

/// Removes what an ended run left, after bringing back what it had taken along of the user's.
fn recover(leftover: &Path, out_dir: &Path) -> Result<(), Failure> {
    if !leftover.is_dir() {
        return Ok(());
    }
    if out_dir.is_dir() {
        carry_over(leftover, out_dir)?;
    }
    fs::remove_dir_all(leftover).map_err(Failure::io("remove", leftover))
}

/// Moves what is not generated from one bundle to another, where that has nothing of the name.
fn carry_over(from: &Path, to: &Path) -> Result<(), Failure> {
    let users =
        names(from)?.into_iter().filter(|name| !GENERATED.iter().any(|generated| name == OsStr::new(generated)));
    for path in users.map(PathBuf::from).chain([PathBuf::from(COMPILED_LOCALLY)]) {
        let (old, new) = (from.join(&path), to.join(&path));
        if old.exists() && !new.exists() && new.parent().is_some_and(Path::is_dir) {
            fs::rename(&old, &new).map_err(Failure::io("move", &old))?;
        }
    }
    Ok(())
}

/// Swaps two folders in one step, or in three where the file system cannot.
fn exchange(staged: &Path, current: &Path) -> io::Result<()> {
    match renameat_with(CWD, staged, CWD, current, RenameFlags::EXCHANGE) {
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            let aside = staged.with_extension("previous");
            fs::rename(current, &aside)?;
            if let Err(error) = fs::rename(staged, current) {
                fs::rename(&aside, current)?;
                return Err(error);
            }
            fs::rename(&aside, staged)
        }
        other => Ok(other?),
    }
}

fn is_same_bundle(staged: &Path, current: &Path) -> io::Result<bool> {
    let names: BTreeSet<_> = fs::read_dir(staged)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>()?;
    for generated in GENERATED {
        if current.join(generated).exists() != names.contains(OsStr::new(generated)) {
            return Ok(false);
        }
    }
    names.iter().try_fold(true, |same, name| {
        Ok(same && is_same(&staged.join(name), &current.join(name), &current.join(COMPILED_LOCALLY))?)
    })
}

fn is_same(left: &Path, right: &Path, ignored: &Path) -> io::Result<bool> {
    if !left.is_dir() {
        return Ok(right.is_file()
            && fs::metadata(left)?.len() == fs::metadata(right)?.len()
            && fs::read(left)? == fs::read(right)?);
    }
    if !right.is_dir() {
        return Ok(false);
    }
    let list = |folder: &Path| -> io::Result<BTreeSet<_>> {
        let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
        Ok(entries.into_iter().filter(|name| folder.join(name) != ignored).collect())
    };
    let names = list(left)?;
    if names != list(right)? {
        return Ok(false);
    }
    names.iter().try_fold(true, |same, name| Ok(same && is_same(&left.join(name), &right.join(name), ignored)?))
}

fn names(folder: &Path) -> Result<Vec<std::ffi::OsString>, Failure> {
    let entries = fs::read_dir(folder).map_err(Failure::io("read", folder))?;
    let names = entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<Vec<_>>>();
    names.map_err(Failure::io("read", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(out_dir: &Path, text: &str) -> Staging {
        let staging = Staging::open(out_dir).unwrap();
        staging.write("manifest.json", text.as_bytes()).unwrap();
        staging.write("functions/a.zip", b"zip").unwrap();
        staging
    }

    fn manifest(out_dir: &Path) -> String {
        fs::read_to_string(out_dir.join("manifest.json")).unwrap()
    }

    #[test]
    fn a_dropped_staging_leaves_the_previous_bundle_whole() {
        let folder = tempfile::tempdir().unwrap();
        let out_dir = folder.path().join("bundle");
        assert!(stage(&out_dir, "1").swap().unwrap());
        drop(stage(&out_dir, "2"));
        assert_eq!(manifest(&out_dir), "1");
        assert_eq!(names(folder.path()).unwrap(), ["bundle"]);
    }

    #[test]
    fn the_same_bundle_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let out_dir = folder.path().join("bundle");
        assert!(stage(&out_dir, "1").swap().unwrap());
        fs::create_dir_all(out_dir.join("package/target")).unwrap();
        fs::write(out_dir.join("samconfig.toml"), "mine").unwrap();
        let before = fs::metadata(out_dir.join("manifest.json")).unwrap().modified().unwrap();
        let staging = stage(&out_dir, "1");
        fs::create_dir(staging.folder.join("package")).unwrap();
        assert!(!staging.swap().unwrap());
        assert_eq!(fs::metadata(out_dir.join("manifest.json")).unwrap().modified().unwrap(), before);
    }

    #[test]
    fn the_users_files_move_along() {
        let folder = tempfile::tempdir().unwrap();
        let out_dir = folder.path().join("bundle");
        assert!(stage(&out_dir, "1").swap().unwrap());
        fs::write(out_dir.join("samconfig.toml"), "mine").unwrap();
        assert!(stage(&out_dir, "2").swap().unwrap());
        assert_eq!(manifest(&out_dir), "2");
        assert_eq!(fs::read_to_string(out_dir.join("samconfig.toml")).unwrap(), "mine");
        assert_eq!(names(folder.path()).unwrap(), ["bundle"]);
    }

    #[test]
    fn what_a_killed_run_took_along_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let out_dir = folder.path().join("bundle");
        assert!(stage(&out_dir, "1").swap().unwrap());
        let killed = folder.path().join(".bundle.staging");
        fs::create_dir(&killed).unwrap();
        fs::write(killed.join("samconfig.toml"), "mine").unwrap();
        drop(stage(&out_dir, "2"));
        assert_eq!(fs::read_to_string(out_dir.join("samconfig.toml")).unwrap(), "mine");
        assert!(!killed.exists());
    }

    #[test]
    fn a_folder_that_holds_no_bundle_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.txt"), "precious").unwrap();
        let failure = Staging::open(folder.path()).unwrap_err();
        assert!(failure.to_string().contains("holds no bundle"), "{failure}");
        assert!(folder.path().join("thesis.txt").exists());
    }
}

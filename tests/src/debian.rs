//! Packages of Debian, unpacked into a folder: nothing of the machine changes, and nobody has to be root.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use sha2::{Digest, Sha256};

use crate::{ProcessGroup, lock::Lock, paths};

const DOWNLOAD_LIMIT: Duration = Duration::from_secs(300);
const UNPACK_LIMIT: Duration = Duration::from_secs(60);

/// Which packages are wanted, by the names that `apt-get` has for them: `libc6`, `libc6:arm64`.
#[derive(Debug, Clone, Copy)]
pub struct Packages {
    /// The other architecture that packages are of.
    pub foreign: &'static str,
    /// With all that they depend on.
    pub programs: &'static [&'static str],
    /// Without, as they only hold files for a program of the others.
    pub files: &'static [&'static str],
}

/// Whether this machine has what unpacks packages of Debian.
fn is_here() -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    ["apt-get", "dpkg-deb"].iter().all(|program| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// Downloads and unpacks packages in the versions that the machine's sources have now, and returns the folder that
/// stands for `/`.
///
/// `apt-get` gets folders for its state and a list of installed packages of its own, which is empty: so it resolves and
/// downloads everything, down to glibc, and neither the lists of the machine nor what is installed there matter. As in
/// [`pypi`](crate::pypi), the install is made aside and renamed, under a lock, and a list that changes gets a new folder.
///
/// # Errors
///
/// When they are not to be had, with the reason: it takes `apt-get`, `dpkg-deb` and the archive of Debian 12, with its
/// security updates.
///
/// # Panics
///
/// When what was downloaded cannot be unpacked.
pub fn install(name: &str, packages: &Packages) -> Result<PathBuf, String> {
    if !is_here() {
        return Err("this machine has no apt-get and dpkg-deb".to_owned());
    }
    let hash: String =
        Sha256::digest(format!("{packages:?}")).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let installed = paths::tools().join(format!("{name}-{hash}"));
    let _turn = Lock::wait(&installed.with_extension("lock"));
    if !installed.exists() {
        let staged = tempfile::Builder::new()
            .prefix("install-")
            .tempdir_in(paths::tools())
            .unwrap_or_else(|error| panic!("failed to make a folder in {}: {error}", paths::tools().display()));
        let root = unpack(&download(staged.path(), packages)?, staged.path());
        fs::rename(&root, &installed)
            .unwrap_or_else(|error| panic!("failed to move {} to {}: {error}", root.display(), installed.display()));
    }
    Ok(installed)
}

/// The folder of the downloaded files.
fn download(staged: &Path, packages: &Packages) -> Result<PathBuf, String> {
    let archives = staged.join("cache/archives");
    for folder in [staged.join("state/lists/partial"), archives.join("partial")] {
        fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("failed to make {}: {error}", folder.display()));
    }
    let apt_get = |arguments: &[&str], names: &[&str]| {
        let mut command = Command::new("apt-get");
        command
            .env("APT_CONFIG", staged.join("apt.conf"))
            .current_dir(&archives)
            .arg("-qq")
            .args(arguments)
            .args(names);
        let output = ProcessGroup::run(&mut command, DOWNLOAD_LIMIT);
        let said = || output.stderr.lines().next().unwrap_or_default().to_owned();
        (output.code == Some(0)).then_some(()).ok_or_else(|| format!("`apt-get {}`: {}", arguments[0], said()))
    };
    let configuration = format!(
        "Dir::State {state:?};\nDir::State::status \"{state}/status\";\nDir::Cache {cache:?};\n\
         APT::Architectures {{ {own:?}; {foreign:?}; }};\n",
        state = staged.join("state").display().to_string(),
        cache = staged.join("cache").display().to_string(),
        own = own_architecture(),
        foreign = packages.foreign,
    );
    for (path, text) in [("apt.conf", &*configuration), ("state/status", "")] {
        fs::write(staged.join(path), text).unwrap_or_else(|error| panic!("failed to write {path}: {error}"));
    }
    apt_get(&["update"], &[])?;
    apt_get(&["install", "--download-only", "--yes", "--no-install-recommends"], packages.programs)?;
    apt_get(&["download"], packages.files)?;
    Ok(archives)
}

fn own_architecture() -> String {
    let mut dpkg = Command::new("dpkg");
    ProcessGroup::run(dpkg.arg("--print-architecture"), UNPACK_LIMIT).succeeded().stdout.trim().to_owned()
}

fn unpack(archives: &Path, staged: &Path) -> PathBuf {
    let root = staged.join("root");
    let entries =
        fs::read_dir(archives).unwrap_or_else(|error| panic!("failed to list {}: {error}", archives.display()));
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    for file in files.filter(|path| path.extension().is_some_and(|extension| extension == "deb")) {
        let _ = ProcessGroup::run(Command::new("dpkg-deb").arg("-x").arg(file).arg(&root), UNPACK_LIMIT).succeeded();
    }
    root
}

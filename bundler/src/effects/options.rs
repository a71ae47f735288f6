//! What a run is to do: the command line with all paths absolute and all defaults settled.
//!
//! The only place that reads the environment.

use std::{
    collections::BTreeMap,
    env,
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
};

use crate::{architecture::Architecture, diagnostic::failure::Failure};

/// What a run is to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// The package's, or its workspace's, `Cargo.toml`; `None` for the one that cargo finds from `directory`.
    pub manifest_path: Option<PathBuf>,
    /// The package, where the workspace has several.
    pub package: Option<String>,
    /// Where the bundle goes; `None` for `bundle` in the target directory.
    pub out_dir: Option<PathBuf>,
    /// Where cargo writes; `None` for what cargo says.
    pub target_dir: Option<PathBuf>,
    /// The features of the user's package.
    pub features: Features,
    /// The classes to compare with.
    pub baseline: Option<Baseline>,
    /// The architecture of the functions; `None` for what the app's settings say.
    pub arch: Option<Architecture>,
    /// Whether cargo-zigbuild compiles the functions, even where cargo alone could.
    pub zigbuild: bool,
    /// Whether the functions are optimized across crates: smaller, and minutes slower to build.
    pub lto: bool,
    /// `--offline`, `--locked` and `--frozen`, handed on to cargo.
    pub cargo_flags: Vec<&'static str>,
    /// The cargo to call.
    pub cargo: OsString,
    /// Where the user is.
    pub directory: PathBuf,
    /// This program, which cargo calls as a wrapper of rustc.
    pub this_program: PathBuf,
    /// What the user's shell sets, which wins over `.env` files.
    pub shell_variables: BTreeMap<OsString, OsString>,
}

/// The file of the classes that were agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it is written anew.
    pub update: bool,
}

/// What an upload is to do.
#[derive(Debug, Clone)]
pub struct UploadOptions {
    /// Where the user is, and where cargo writes.
    pub run: Options,
    /// The bundle; `None` for that of the app.
    pub bundle: Option<PathBuf>,
    /// Where it goes.
    pub target: Target,
    /// The distribution that is to forget what it keeps.
    pub distribution: Option<String>,
    /// Whether stale objects are removed.
    pub prune: bool,
    /// Whether nothing is done.
    pub dry_run: bool,
    /// What the environment tells the tools of AWS, by name.
    pub variables: BTreeMap<String, String>,
}

/// A place in S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The bucket.
    pub bucket: String,
    /// What stands before each key: empty, or folders with a slash at the end.
    pub prefix: String,
}

impl Target {
    /// The whole key.
    #[must_use]
    pub fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

/// The variables that tell the tools of AWS who and where they are; one that is empty tells nothing.
#[must_use]
pub fn aws_variables() -> BTreeMap<String, String> {
    env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, value)| name.starts_with("AWS_") && !value.is_empty())
        .collect()
}

/// The features of the user's package to compile with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Features {
    /// `--features`
    pub named: Vec<String>,
    /// `--no-default-features`
    pub no_default: bool,
    /// `--all-features`
    pub all: bool,
}

impl Options {
    /// The options of a plain run from `directory`.
    ///
    /// # Errors
    ///
    /// When the process does not know where it is.
    pub fn from_environment() -> Result<Self, Failure> {
        let directory = env::current_dir().map_err(Failure::io("find", "the current directory"))?;
        let this_program = env::current_exe().map_err(Failure::io("find", "cargo-bundle"))?;
        Ok(Self {
            manifest_path: None,
            package: None,
            out_dir: None,
            target_dir: None,
            features: Features::default(),
            baseline: None,
            arch: None,
            zigbuild: false,
            lto: false,
            cargo_flags: Vec::new(),
            cargo: env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
            directory,
            this_program,
            shell_variables: env::vars_os().collect(),
        })
    }

    /// `path` as an absolute path, without looking at the disk.
    ///
    /// # Errors
    ///
    /// When `path` is empty.
    pub fn absolute(&self, path: &Path) -> Result<PathBuf, Failure> {
        let empty = || io::Error::new(io::ErrorKind::InvalidInput, "the path is empty");
        if path.as_os_str().is_empty() {
            return Err(Failure::io("use", path)(empty()));
        }
        Ok(normalized(&self.directory.join(path)))
    }
}

/// `path` without `.` and `..`, without looking at the disk.
#[must_use]
pub fn normalized(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                result.pop();
            }
            other => result.push(other),
        }
    }
    result
}

/// Whether the user has not switched colors off. <https://no-color.org>
#[must_use]
pub fn wants_color() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Whether a program of this name can be started without a path.
#[must_use]
pub fn is_on_path(program: &str) -> bool {
    which::which(program).is_ok()
}

/// What the user's settings of cargo say, in variables or in the configuration files that hold in a folder.
/// <https://doc.rust-lang.org/cargo/reference/config.html>
#[derive(Debug, Clone, Default)]
pub struct CargoSettings {
    /// `build.rustc-wrapper`: a wrapper of rustc, such as sccache.
    pub rustc_wrapper: Option<PathBuf>,
    /// `build.rustc-workspace-wrapper`: one for the packages that are no dependencies from elsewhere.
    pub rustc_workspace_wrapper: Option<PathBuf>,
    /// `build.target`: what cargo compiles for when it is not told.
    pub targets: Vec<String>,
    /// `[env]`: what the processes that cargo starts get, in the order of names; the shell wins unless it is forced.
    pub variables: BTreeMap<String, CargoVariable>,
}

/// A variable of `[env]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CargoVariable {
    /// Its value.
    pub value: String,
    /// Whether it wins over the shell.
    pub force: bool,
}

impl CargoSettings {
    /// Those that hold in `folder`.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn of(folder: &Path) -> Result<Self, Failure> {
        let config = cargo_config2::Config::load_with_cwd(folder).map_err(settings_failure(folder))?;
        let is_set = |path: &PathBuf| !path.as_os_str().is_empty();
        let variable = |value: &cargo_config2::EnvConfigValue| CargoVariable {
            value: value.value.to_string_lossy().into_owned(),
            force: value.force,
        };
        Ok(Self {
            rustc_wrapper: config.build.rustc_wrapper.clone().filter(is_set),
            rustc_workspace_wrapper: config.build.rustc_workspace_wrapper.clone().filter(is_set),
            targets: config.build.target.iter().flatten().map(|target| target.triple().to_owned()).collect(),
            variables: config.env.iter().map(|(name, value)| (name.clone(), variable(value))).collect(),
        })
    }
}

impl CargoSettings {
    /// The variables of `[env]` that a process gets beside those of the shell, as `cargo run` has it.
    pub fn variables_beside(&self, shell: &BTreeMap<OsString, OsString>) -> impl Iterator<Item = (&String, &String)> {
        let counts = |name: &String, variable: &CargoVariable| variable.force || !shell.contains_key(OsStr::new(name));
        let variables = self.variables.iter().filter(move |(name, variable)| counts(name, variable));
        variables.map(|(name, variable)| (name, &variable.value))
    }
}

fn settings_failure(folder: &Path) -> impl FnOnce(cargo_config2::Error) -> Failure {
    move |error| Failure::io("read the settings of cargo in", folder)(io::Error::other(error))
}

/// Whether the user's settings of cargo, in variables or in the configuration files that hold in `folder`, name a linker
/// for a target. <https://doc.rust-lang.org/cargo/reference/config.html>
///
/// # Errors
///
/// When a file cannot be read.
pub fn has_linker(folder: &Path, target: &str) -> Result<bool, Failure> {
    let read = || {
        let config = cargo_config2::Config::load_with_cwd(folder)?;
        let of_flags = config.rustflags(target)?.is_some_and(|flags| flags.flags.iter().any(|flag| sets_linker(flag)));
        Ok(of_flags || config.linker(target)?.is_some())
    };
    read().map_err(settings_failure(folder))
}

/// `-Clinker=cc`, or the second part of `-C linker=cc`.
fn sets_linker(flag: &str) -> bool {
    flag.strip_prefix("-C").unwrap_or(flag).trim_start().starts_with("linker=")
}

/// What the wrapper of rustc is told by the run that started cargo; `None` when this process is no such wrapper.
#[must_use]
pub fn wrapper_order() -> Option<WrapperOrder> {
    Some(WrapperOrder {
        root: env::var_os(WRAPPER_ROOT)?.into(),
        target: env::var_os(WRAPPER_TARGET)?.into(),
        chained: env::var_os(WRAPPER_CHAINED),
        chained_in_workspace: env::var_os(WRAPPER_CHAINED_IN_WORKSPACE),
        package: env::var("CARGO_PKG_NAME").ok(),
        version: env::var("CARGO_PKG_VERSION").unwrap_or_default(),
        manifest_dir: env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from),
        cargo_home: env::var_os("CARGO_HOME")
            .map(PathBuf::from)
            .or_else(|| env::home_dir().map(|home| home.join(".cargo"))),
        is_binary: env::var_os("CARGO_BIN_NAME").is_some(),
    })
}

/// The folder that paths in the binaries are relative to: set for the wrapper of rustc.
pub const WRAPPER_ROOT: &str = "WHARF_RUSTC_ROOT";
/// The folder in the target directory that is ours: set for the wrapper of rustc.
pub const WRAPPER_TARGET: &str = "WHARF_RUSTC_TARGET";
/// The user's own wrapper of rustc: set for ours.
pub const WRAPPER_CHAINED: &str = "WHARF_RUSTC_CHAINED";

/// The user's own wrapper of rustc for packages that are no dependencies from elsewhere: set for ours.
pub const WRAPPER_CHAINED_IN_WORKSPACE: &str = "WHARF_RUSTC_CHAINED_IN_WORKSPACE";

/// See [`wrapper_order`].
#[derive(Debug)]
pub struct WrapperOrder {
    /// The folder that paths in the binaries are relative to.
    pub root: PathBuf,
    /// Where generated sources and cargo's output are, wherever the target directory may be.
    pub target: PathBuf,
    /// The user's own wrapper.
    pub chained: Option<OsString>,
    /// The user's own wrapper for packages that are no dependencies from elsewhere.
    pub chained_in_workspace: Option<OsString>,
    /// The package that is compiled; `None` when cargo only asks rustc about itself.
    pub package: Option<String>,
    /// Its version.
    pub version: String,
    /// Its folder.
    pub manifest_dir: Option<PathBuf>,
    /// Where cargo keeps the sources of registry packages.
    pub cargo_home: Option<PathBuf>,
    /// Whether it is a binary that is compiled.
    pub is_binary: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_of_cargo_are_those_of_its_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".cargo")).unwrap();
        let text = "[build]\nrustc-wrapper = \"tools/wrap\"\nrustc-workspace-wrapper = \"ws\"\ntarget = \"aarch64-unknown-linux-gnu\"\n\
                    [env]\nA = \"1\"\nB = { value = \"2\", force = true }\n";
        std::fs::write(folder.path().join(".cargo/config.toml"), text).unwrap();
        let settings = CargoSettings::of(folder.path()).unwrap();
        assert_eq!(settings.rustc_wrapper, Some(folder.path().join("tools/wrap")));
        assert_eq!(settings.rustc_workspace_wrapper, Some("ws".into()));
        assert_eq!(settings.targets, ["aarch64-unknown-linux-gnu"]);
        let shell = ["A", "B"].map(|name| (name.into(), "shell".into())).into();
        assert_eq!(settings.variables_beside(&shell).collect::<Vec<_>>(), [(&"B".to_owned(), &"2".to_owned())]);
        assert_eq!(settings.variables_beside(&BTreeMap::new()).count(), 2);
    }

    #[test]
    fn normalized_paths_have_no_dots() {
        assert_eq!(normalized(Path::new("/a/./b/../c")), Path::new("/a/c"));
    }
}

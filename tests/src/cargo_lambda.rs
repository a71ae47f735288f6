//! The real [cargo-lambda](https://www.cargo-lambda.info), pinned, and its `watch`.

use std::{
    ffi::OsStr,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use crate::{HttpClient, HttpRequest, ProcessGroup, cargo::Build, environment, paths, pypi};

/// The version that the tests run.
pub const VERSION: &str = "1.9.2";

const START_LIMIT: Duration = Duration::from_secs(60);
const REQUEST_LIMIT: Duration = Duration::from_secs(60);

/// The folder that holds the `cargo-lambda` binary, installed from PyPI on first use; without its dependency on zig,
/// which only `cargo lambda build` needs.
///
/// # Panics
///
/// When it cannot be installed: it needs `python3` with `venv`, and PyPI.
#[must_use]
pub fn bin_folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let installed = pypi::install("cargo-lambda", &format!("cargo-lambda=={VERSION}\n")).join("bin");
        let version = version(&installed);
        assert!(version.contains(VERSION), "{} is not {VERSION} but {version}", installed.display());
        installed
    })
}

/// The path of the binary.
#[must_use]
pub fn binary() -> PathBuf {
    bin_folder().join("cargo-lambda")
}

/// What the binary says that it is.
#[must_use]
pub fn version(folder: &Path) -> String {
    let mut command = Command::new(folder.join("cargo-lambda"));
    environment::scrub(&mut command);
    let output = ProcessGroup::run(command.args(["lambda", "--version"]), Duration::from_secs(30)).succeeded();
    output.stdout.trim().to_owned()
}

/// A running `cargo lambda watch`, killed on drop with the functions that it has started.
#[derive(Debug)]
pub struct Watch {
    program: ProcessGroup,
    base: String,
}

impl Watch {
    /// Compiles the package's binaries, starts `watch` in the folder `cwd`, and waits until it answers.
    ///
    /// `watch` compiles a function on its first request; here that has been done before, so a request takes no longer
    /// than a function needs to start. Its own CORS answers are off: they would hide those of the functions.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[track_caller]
    #[must_use]
    pub fn start<K: AsRef<OsStr>, V: AsRef<OsStr>>(
        manifest: &Path,
        cwd: &Path,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let binaries = Build::of_project(manifest).bins().executables();
        assert!(!binaries.is_empty(), "{} has no binaries", manifest.display());
        let port = free_port();
        let mut command = Command::new(binary());
        environment::scrub(&mut command);
        command
            .current_dir(cwd)
            .env("PATH", environment::path_with(bin_folder()))
            .env("CARGO_TARGET_DIR", paths::shared_target())
            .envs(variables)
            .args(["lambda", "watch", "--disable-cors", "--invoke-address", "127.0.0.1", "--invoke-port"])
            .arg(port.to_string())
            .arg("--manifest-path")
            .arg(manifest);
        let watch = Self { program: ProcessGroup::start(&mut command), base: format!("http://127.0.0.1:{port}") };
        watch.wait_until_it_answers();
        watch
    }

    fn wait_until_it_answers(&self) {
        let client = self.client().limit(Duration::from_secs(5));
        let started = Instant::now();
        while client.try_send(&HttpRequest::get("/.wharf-tests-are-you-there")).is_err() {
            let over = started.elapsed() > START_LIMIT || self.program.has_exited();
            assert!(!over, "cargo lambda watch does not answer\n{}", self.log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Its address: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A client of it.
    ///
    /// `watch` starts a function with `cargo run` on its first request, so that takes a moment; but a request to a
    /// function that has died is never answered.
    #[must_use]
    pub fn client(&self) -> HttpClient {
        HttpClient::new(&self.base).limit(REQUEST_LIMIT)
    }

    /// What it and the functions have printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.program.log()
    }
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("the loopback has a free port")
        .port()
}

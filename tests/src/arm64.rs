//! An arm64 machine on one of x86_64: Debian's compilers for it, and QEMU to run what they make.
//!
//! Debian has a rustc with a standard library for both, `rustc-web`, which cargo takes in the place of its own. Programs
//! of these packages look for their libraries in `/usr/lib`, so each is started by a script that says where they are.

use std::{
    env,
    ffi::OsString,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::{
    Function,
    debian::{self, Packages},
    environment, paths,
};

const PACKAGES: Packages = Packages {
    foreign: "arm64",
    programs: &["rustc-web", "gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross", "qemu-user"],
    files: &["libstd-rust-web-dev:arm64"],
};

/// Each script, and the program that it starts below `/usr/bin`, with its first arguments.
const SCRIPTS: [(&str, &str); 4] = [
    ("rustc", "rustc"),
    ("aarch64-linux-gnu-gcc", "aarch64-linux-gnu-gcc --sysroot=\"$root\""),
    ("aarch64-linux-gnu-ar", "aarch64-linux-gnu-ar"),
    ("qemu-aarch64", "qemu-aarch64 -U LD_LIBRARY_PATH -L \"$root/usr/aarch64-linux-gnu\""),
];

/// The variable that leaves out what needs this machine: it takes minutes.
pub const LEFT_OUT: &str = "WHARF_WITHOUT_ARM64";

/// The machine.
#[derive(Debug)]
pub struct Arm64 {
    programs: PathBuf,
}

impl Arm64 {
    /// Installs it on first use; `None` where its packages are not to be had, or the variable [`LEFT_OUT`] is set. Either is
    /// said.
    ///
    /// # Panics
    ///
    /// When what was downloaded cannot be used.
    #[must_use]
    #[expect(clippy::print_stdout, reason = "what was not checked has to be seen")]
    pub fn installed() -> Option<&'static Self> {
        static MACHINE: OnceLock<Result<Arm64, String>> = OnceLock::new();
        if env::var_os(LEFT_OUT).is_some() {
            println!("not checked: {LEFT_OUT} is set");
            return None;
        }
        let machine = MACHINE.get_or_init(|| {
            let root = debian::install("arm64", &PACKAGES)?;
            let programs = root.join("bin-of-tests");
            for (name, program) in SCRIPTS {
                let text = format!(
                    "#!/bin/sh\nroot=$(dirname \"$(dirname \"$0\")\")\n\
                     LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu exec \"$root/usr/bin/\"{program} \"$@\"\n"
                );
                write_script(&programs.join(name), &text);
            }
            Ok(Self { programs })
        });
        machine
            .as_ref()
            .inspect_err(|why| println!("not checked: the packages of Debian 12 are not to be had: {why}"))
            .ok()
    }

    /// The environment in which `cargo bundle` compiles for it.
    #[must_use]
    pub fn variables(&self) -> [(&'static str, OsString); 3] {
        [
            ("PATH", environment::path_with(&self.programs)),
            ("RUSTC", self.programs.join("rustc").into()),
            // Apart from what the other rustc compiles.
            ("CARGO_TARGET_DIR", paths::workspace_target().join("wharf-tests-arm64").into()),
        ]
    }

    /// Starts a function, as [`Function::start`] does.
    #[track_caller]
    #[must_use]
    pub fn start(&self, bootstrap: &Path, variables: impl IntoIterator<Item = (&'static str, String)>) -> Function {
        let mut qemu = Command::new(self.programs.join("qemu-aarch64"));
        qemu.arg(bootstrap);
        Function::start_by(qemu, bootstrap, variables)
    }
}

fn write_script(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|there| there == text) {
        return;
    }
    let write = || {
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
        let staged = path.with_extension("new");
        fs::write(&staged, text)?;
        fs::set_permissions(&staged, fs::Permissions::from_mode(0o755))?;
        fs::rename(&staged, path)
    };
    write().unwrap_or_else(|error: std::io::Error| panic!("failed to write {}: {error}", path.display()));
}

//! What compiles the functions for their architecture: the stage `compile` asks before it calls cargo.

use std::process::Command;

use crate::{
    architecture::Architecture,
    diagnostic::{Code, Diagnostic, Label, failure::Failure},
    effects::options,
    stages::plan::Plan,
};

/// The glibc of `provided.al2023` ([Amazon Linux 2023](https://docs.aws.amazon.com/linux/al2023/ug/core-glibc.html)).
pub const RUNTIME_GLIBC: &str = "2.34";

/// What compiles the functions for an architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toolchain {
    /// Cargo as it is: what it compiles for this machine runs on Lambda too.
    Host,
    /// Cargo, and the linker that the user's settings of cargo name for the target.
    Configured,
    /// [cargo-zigbuild](https://github.com/rust-cross/cargo-zigbuild), which links against the glibc of the runtime.
    Zigbuild,
    /// Cargo, and GNU's compiler for the target as Debian and others name it.
    Gnu,
}

impl Toolchain {
    /// The one for the functions of an app.
    ///
    /// # Errors
    ///
    /// When the settings of cargo cannot be read, and with a diagnostic when nothing on this machine links for the
    /// architecture.
    pub fn choose(plan: &Plan) -> Result<Self, Failure> {
        let architecture = plan.architecture();
        if plan.options.zigbuild {
            return Ok(Self::Zigbuild);
        }
        if architecture.is_of_this_machine() {
            return Ok(Self::Host);
        }
        let is_configured = options::has_linker(&plan.project.root, architecture.target())?;
        let found = Self::found(architecture, is_configured, options::is_on_path);
        found.ok_or_else(|| refusal(linker_missing(plan), architecture))
    }

    fn found(architecture: Architecture, is_configured: bool, is_on_path: impl Fn(&str) -> bool) -> Option<Self> {
        if is_configured {
            Some(Self::Configured)
        } else if is_on_path("cargo-zigbuild") {
            Some(Self::Zigbuild)
        } else {
            is_on_path(gnu_linker(architecture)).then_some(Self::Gnu)
        }
    }

    /// The command of cargo that compiles, before any argument.
    #[must_use]
    pub const fn subcommand(self) -> &'static str {
        match self {
            Self::Host | Self::Configured | Self::Gnu => "build",
            Self::Zigbuild => "zigbuild",
        }
    }

    /// Tells cargo what to compile for, where it is not this machine.
    pub fn adapt(self, cargo: &mut Command, architecture: Architecture) {
        let target = architecture.target();
        match self {
            Self::Host => return,
            Self::Configured => cargo.args(["--target", target]),
            Self::Zigbuild => cargo.args(["--target", &format!("{target}.{RUNTIME_GLIBC}")]),
            Self::Gnu => {
                let variable = format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace('-', "_"));
                cargo.args(["--target", target]).env(variable, gnu_linker(architecture))
            }
        };
    }
}

const fn gnu_linker(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 => "x86_64-linux-gnu-gcc",
        Architecture::Arm64 => "aarch64-linux-gnu-gcc",
    }
}

const fn debian_architecture(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 => "amd64",
        Architecture::Arm64 => "arm64",
    }
}

/// Where it is said which architecture it is to be; an option of the command line stands in no file.
fn label(plan: &Plan) -> Label {
    let keys: &[&str] = if plan.options.arch.is_some() { &[] } else { &["package", "metadata", "wharf", "arch"] };
    plan.project.label_at(keys, format!("its functions are for {}", plan.architecture()))
}

fn refusal(diagnostic: Diagnostic, architecture: Architecture) -> Failure {
    let message = format!("this machine cannot compile functions for {architecture}");
    Failure::Target { message, diagnostics: vec![diagnostic] }
}

fn linker_missing(plan: &Plan) -> Diagnostic {
    let architecture = plan.architecture();
    let (target, linker) = (architecture.target(), gnu_linker(architecture));
    Diagnostic::new(
        Code::LinkerMissing,
        format!("there is no linker for `{target}`"),
        label(plan),
        format!(
            "install cargo-zigbuild (`pip install cargo-zigbuild`), or `{linker}` (in Debian, the package \
             gcc-{}), or name another as `target.{target}.linker` in .cargo/config.toml",
            linker.trim_end_matches("-gcc").replace('_', "-"),
        ),
    )
}

/// rustc has compiled nothing for the target yet, as it has no standard library for it.
pub(crate) fn std_missing(plan: &Plan) -> Failure {
    let architecture = plan.architecture();
    let (target, debian) = (architecture.target(), debian_architecture(architecture));
    let diagnostic = Diagnostic::new(
        Code::StdMissing,
        format!("rustc has no standard library for `{target}`"),
        label(plan),
        format!(
            "run `rustup target add {target}`; beside a rustc of Debian, install libstd-rust-dev:{debian}, and beside \
             rustc-web libstd-rust-web-dev:{debian}"
        ),
    );
    refusal(diagnostic, architecture)
}

/// A flag of the user's for which functions might end at an instruction that the processor does not know.
pub(crate) fn processor_flag(plan: &Plan, flag: &str) -> Failure {
    let source = plan.project.manifest.source();
    let start = source.text.find("[package]").unwrap_or(0);
    let end = (start + "[package]".len()).min(source.text.len());
    let diagnostic = Diagnostic::new(
        Code::ProcessorFlag,
        format!("`{flag}` has rustc use instructions that a processor of Lambda may not have"),
        Label::new(&source, start..end, "its functions run on any processor of Lambda's"),
        "remove it from `rustflags` in the config files of cargo, or from RUSTFLAGS, CARGO_ENCODED_RUSTFLAGS, \
         CARGO_BUILD_RUSTFLAGS and CARGO_TARGET_…_RUSTFLAGS; `target-cpu=x86-64-v3` is fine for x86_64, and \
         `target-cpu=neoverse-n1` for arm64",
    );
    Failure::Target { message: "Lambda could not run what would be compiled".to_owned(), diagnostics: vec![diagnostic] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(is_configured: bool, on_path: &[&str]) -> Option<Toolchain> {
        Toolchain::found(Architecture::Arm64, is_configured, |program| on_path.contains(&program))
    }

    #[test]
    fn what_the_user_has_set_wins_over_what_is_installed() {
        let all = ["cargo-zigbuild", "aarch64-linux-gnu-gcc"];
        assert_eq!(found(true, &all), Some(Toolchain::Configured));
        assert_eq!(found(false, &all), Some(Toolchain::Zigbuild));
        assert_eq!(found(false, &all[1..]), Some(Toolchain::Gnu));
        assert_eq!(found(false, &["x86_64-linux-gnu-gcc"]), None);
    }

    fn adapted(toolchain: Toolchain) -> (Vec<String>, Vec<(String, String)>) {
        let mut cargo = Command::new("cargo");
        toolchain.adapt(&mut cargo, Architecture::Arm64);
        let text = |text: &std::ffi::OsStr| text.to_string_lossy().into_owned();
        let variables = cargo.get_envs().filter_map(|(name, value)| Some((text(name), text(value?))));
        (cargo.get_args().map(text).collect(), variables.collect())
    }

    #[test]
    fn the_host_is_named_by_no_argument() {
        assert_eq!(adapted(Toolchain::Host), (Vec::new(), Vec::new()));
    }

    #[test]
    fn zig_is_told_the_glibc_of_the_runtime() {
        assert_eq!(adapted(Toolchain::Zigbuild).0, ["--target", "aarch64-unknown-linux-gnu.2.34"]);
    }

    #[test]
    fn only_the_linker_that_nobody_has_set_is_set() {
        let linker = ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER".to_owned(), "aarch64-linux-gnu-gcc".to_owned());
        assert_eq!(adapted(Toolchain::Gnu).1, [linker]);
        assert_eq!(adapted(Toolchain::Configured).1, []);
    }
}

//! The environment that a spawned cargo gets: that of a user's shell, not that of `cargo test`.

use std::{
    env,
    ffi::{OsStr, OsString},
    process::Command,
};

/// What describes the machine rather than the outer cargo's run.
const KEPT: [&str; 3] = ["CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"];

/// How the machine reaches its registry.
const KEPT_PREFIXES: [&str; 5] = ["CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRIES_", "CARGO_REGISTRY_", "CARGO_SOURCE_"];

/// Removes the variables that an outer cargo sets for the tests it runs, and those that change what a compiler does.
pub fn scrub(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if belongs_to_the_outer_cargo(&name) {
            command.env_remove(name);
        }
    }
}

fn belongs_to_the_outer_cargo(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    let of_cargo = name == "CARGO" || name.starts_with("CARGO_") || name.starts_with("RUST");
    of_cargo && !KEPT.contains(&name) && !KEPT_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// `PATH` with `folder` in front.
#[must_use]
pub fn path_with(folder: &std::path::Path) -> OsString {
    let rest = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_owned()).chain(env::split_paths(&rest));
    env::join_paths(folders).expect("the folder came from a PATH-safe target folder")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_outer_cargos_variables_go() {
        for gone in ["CARGO", "CARGO_PKG_NAME", "CARGO_TARGET_DIR", "RUSTFLAGS", "RUST_LOG", "RUST_BACKTRACE"] {
            assert!(belongs_to_the_outer_cargo(OsStr::new(gone)), "{gone}");
        }
        for kept in ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "CARGO_NET_OFFLINE"] {
            assert!(!belongs_to_the_outer_cargo(OsStr::new(kept)), "{kept}");
        }
    }

    #[test]
    fn path_with_puts_the_folder_first() {
        let path = path_with(std::path::Path::new("/tools/bin"));
        assert_eq!(env::split_paths(&path).next().unwrap(), std::path::Path::new("/tools/bin"));
    }
}

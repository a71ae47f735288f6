//! This program as cargo's wrapper of rustc: the same sources give the same binaries in another folder.
//!
//! And an edit in one route leaves the binaries of the others as they were.
//!
//! Two things of a checkout's place would else end up in a binary. Paths stand in panic messages; they are remapped to
//! paths relative to the app. And cargo hashes the absolute path of a package outside of the generated workspace, which
//! the user's always is, into `-C metadata`, from which type ids and the order of symbols follow; it is replaced by a
//! hash of the relative path. The target directory, which may be anywhere, counts as the one below the app. Cargo's own
//! names of files are left alone.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    process::{Command, ExitCode},
};

use sha2::{Digest, Sha256};

use crate::{architecture::Architecture, effects::options::WrapperOrder};

/// Runs rustc with the arguments that cargo gave, adapted.
///
/// `arguments` are those of the process behind its own name: the path of rustc, then rustc's.
#[must_use]
#[expect(clippy::print_stderr, reason = "cargo shows what a wrapper of rustc writes there, as it shows rustc's words")]
pub fn run(order: &WrapperOrder, arguments: &[OsString]) -> ExitCode {
    let Some((rustc, arguments)) = arguments.split_first() else {
        return ExitCode::FAILURE;
    };
    if let Some(flag) = order.package.as_ref().and_then(|_| processor_flag(arguments)) {
        eprintln!("{REFUSED_FLAG}{flag}");
        return ExitCode::FAILURE;
    }
    let mut programs = wrappers(order);
    programs.push(rustc);
    let mut command = Command::new(programs[0]);
    command.args(&programs[1..]).args(adapted(order, arguments));
    match command.status() {
        Ok(status) => status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            eprintln!("failed to start `{}`: {error}", command.get_program().display());
            ExitCode::FAILURE
        }
    }
}

/// What the wrapper writes in front of a flag for which it does not call rustc.
pub(crate) const REFUSED_FLAG: &str = "wharf refuses the flag: ";

/// Processors that run whatever Lambda may run a function on: those of x86_64 have AVX2
/// (<https://aws.amazon.com/blogs/compute/creating-faster-aws-lambda-functions-with-avx2/>), those of arm64 are Graviton2 or
/// newer.
const PROCESSORS: [&str; 6] = ["generic", "x86-64", "x86-64-v2", "x86-64-v3", "haswell", "neoverse-n1"];

/// Instructions that no page of Lambda's promises.
const FEATURES: [&str; 6] = ["+avx512", "+avx10", "+amx", "+sve", "+sme", "+apx"];

/// The first flag by which rustc would use instructions that a processor of Lambda's may not have.
fn processor_flag(arguments: &[OsString]) -> Option<String> {
    let text = |argument: &OsString| argument.to_str().map(|text| text.trim_start_matches("-C").trim().to_owned());
    arguments.iter().filter_map(text).find(|flag| {
        let features = flag.strip_prefix("target-feature=").unwrap_or_default();
        let is_unknown = |name: &str| !PROCESSORS.contains(&name);
        flag.strip_prefix("target-cpu=").is_some_and(is_unknown)
            || features.split(',').any(|feature| FEATURES.iter().any(|refused| feature.starts_with(refused)))
    })
}

/// The user's wrappers, each of which is called with the next one, as cargo calls them.
/// <https://doc.rust-lang.org/cargo/reference/config.html#buildrustc-workspace-wrapper>
fn wrappers(order: &WrapperOrder) -> Vec<&OsString> {
    let home = order.cargo_home.as_ref();
    let is_of_the_user = order
        .manifest_dir
        .as_ref()
        .is_some_and(|folder| !folder.starts_with(&order.target) && !home.is_some_and(|home| folder.starts_with(home)));
    let in_workspace = order.chained_in_workspace.as_ref().filter(|_| is_of_the_user);
    order.chained.iter().chain(in_workspace).collect()
}

fn adapted(order: &WrapperOrder, arguments: &[OsString]) -> Vec<OsString> {
    let (Some(package), Some(manifest_dir)) = (&order.package, &order.manifest_dir) else {
        return arguments.to_vec();
    };
    let in_cargo_home = order.cargo_home.as_ref().is_some_and(|home| manifest_dir.starts_with(home));
    let is_generated = manifest_dir.starts_with(&order.target);
    let metadata = (!in_cargo_home).then(|| metadata(order, package, manifest_dir));
    let mut adapted: Vec<OsString> = arguments
        .iter()
        .map(|argument| match &metadata {
            Some(metadata) if is_metadata(argument) => metadata.clone(),
            _ => argument.clone(),
        })
        .collect();
    // The last one that fits wins, so the widest comes first.
    if !in_cargo_home
        && !is_generated
        && let Some((ancestor, up)) = common_ancestor(&order.root, manifest_dir)
    {
        adapted.push(remap(ancestor, &up));
    }
    if let Some(home) = &order.cargo_home {
        adapted.push(remap(home, "cargo"));
    }
    adapted.push(remap(&order.root, "."));
    adapted.push(remap(&order.target, TARGET));
    if order.is_binary && is_linked_by_lld(arguments) {
        adapted.push(SYSTEM_LINKER.into());
    }
    adapted
}

/// The nearest folder that holds both the app and a package beside it, and the way there from the app.
fn common_ancestor<'a>(root: &'a Path, manifest_dir: &Path) -> Option<(&'a Path, String)> {
    let (depth, ancestor) = root.ancestors().enumerate().find(|(_, ancestor)| manifest_dir.starts_with(ancestor))?;
    (depth > 0).then(|| (ancestor, vec![".."; depth].join("/")))
}

/// rustc's default for this target is lld, which keeps the exception tables of functions that it drops. An edit in one
/// route would change the tables, and so the zips, of all others. GNU ld drops them, and with them 7% of each binary.
const SYSTEM_LINKER: &str = "-Clinker-features=-lld";

/// What the target directory is called in binaries, relative to the app.
const TARGET: &str = "./target/wharf";

fn is_linked_by_lld(arguments: &[OsString]) -> bool {
    let mut arguments = arguments.iter();
    match arguments.find(|argument| *argument == "--target").and_then(|_| arguments.next()) {
        Some(target) => target == Architecture::X86_64.target(),
        None => cfg!(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu")),
    }
}

fn is_metadata(argument: &OsStr) -> bool {
    argument.as_encoded_bytes().starts_with(b"metadata=")
}

/// Two packages of one name and version differ by their places.
fn metadata(order: &WrapperOrder, package: &str, manifest_dir: &Path) -> OsString {
    let place = match manifest_dir.strip_prefix(&order.target) {
        Ok(generated) => Path::new(TARGET).join(generated),
        Err(_) => pathdiff::diff_paths(manifest_dir, &order.root).unwrap_or_default(),
    };
    let mut hash = Sha256::new();
    for part in [package.as_bytes(), order.version.as_bytes(), place.as_os_str().as_encoded_bytes()] {
        hash.update(part);
        hash.update([0]);
    }
    let digits: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("metadata={digits}").into()
}

fn remap(from: &Path, to: &str) -> OsString {
    let mut argument = OsString::from("--remap-path-prefix=");
    argument.push(from);
    argument.push("=");
    argument.push(to);
    argument
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(root: &str, manifest_dir: &str) -> WrapperOrder {
        WrapperOrder {
            root: root.into(),
            target: "/t/wharf".into(),
            chained: None,
            chained_in_workspace: None,
            package: Some("shop".to_owned()),
            version: "0.1.0".to_owned(),
            manifest_dir: Some(manifest_dir.into()),
            cargo_home: Some("/home/u/.cargo".into()),
            is_binary: false,
        }
    }

    fn arguments() -> Vec<OsString> {
        ["--crate-name", "shop", "-C", "metadata=1234", "-C", "extra-filename=-1234"].map(OsString::from).into()
    }

    #[test]
    fn instructions_that_lambda_may_not_have_are_refused() {
        let refused = |flags: &[&str]| processor_flag(&flags.iter().map(OsString::from).collect::<Vec<_>>());
        for flags in [
            &["-C", "target-cpu=native"][..],
            &["-Ctarget-cpu=x86-64-v4"],
            &["-C", "target-cpu=neoverse-v1"],
            &["-C", "target-feature=+avx2,+avx512f"],
            &["-Ctarget-feature=+sve2"],
        ] {
            assert!(refused(flags).is_some(), "{flags:?}");
        }
        for flags in [
            &["-C", "target-cpu=x86-64-v3"][..],
            &["-Ctarget-cpu=neoverse-n1"],
            &["-C", "target-feature=+avx2,-avx512f,+crt-static"],
            &["--crate-name", "native"],
        ] {
            assert_eq!(refused(flags), None, "{flags:?}");
        }
    }

    #[test]
    fn the_place_of_a_checkout_leaves_no_trace() {
        let one = adapted(&order("/a/shop", "/a/shop"), &arguments());
        let other = adapted(&order("/b/c/shop", "/b/c/shop"), &arguments());
        assert_eq!(one[..6], other[..6]);
        assert_ne!(one[3], "metadata=1234");
        assert_eq!(one[5], "extra-filename=-1234");
    }

    #[test]
    fn the_place_of_the_target_directory_leaves_no_trace() {
        let beside = order("/a/shop", "/t/wharf/shop/package");
        let below = WrapperOrder { target: "/a/shop/t".into(), ..order("/a/shop", "/a/shop/t/shop/package") };
        assert_eq!(adapted(&beside, &arguments())[3], adapted(&below, &arguments())[3]);
        assert!(adapted(&beside, &arguments()).contains(&"--remap-path-prefix=/t/wharf=./target/wharf".into()));
    }

    #[test]
    fn packages_at_two_places_stay_apart() {
        let one = adapted(&order("/a/shop", "/a/shop"), &arguments());
        let other = adapted(&order("/a/shop", "/a/lib"), &arguments());
        assert_ne!(one[3], other[3]);
        assert!(other.contains(&"--remap-path-prefix=/a=..".into()));
    }

    #[test]
    #[cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))]
    fn only_binaries_are_linked_in_another_way() {
        let flag = OsString::from(SYSTEM_LINKER);
        let library = order("/a/shop", "/a/shop");
        assert!(!adapted(&library, &arguments()).contains(&flag));
        assert!(adapted(&WrapperOrder { is_binary: true, ..library }, &arguments()).contains(&flag));
    }

    #[test]
    fn the_linker_is_that_of_the_target() {
        let flag = OsString::from(SYSTEM_LINKER);
        let order = WrapperOrder { is_binary: true, ..order("/a/shop", "/a/shop") };
        for (target, is_changed) in [("x86_64-unknown-linux-gnu", true), ("aarch64-unknown-linux-gnu", false)] {
            let arguments = [arguments(), ["--target", target].map(OsString::from).into()].concat();
            assert_eq!(adapted(&order, &arguments).contains(&flag), is_changed, "{target}");
        }
    }

    #[test]
    fn the_users_wrappers_are_called_as_cargo_calls_them() {
        let set = |order| WrapperOrder {
            chained: Some("sccache".into()),
            chained_in_workspace: Some("clippy".into()),
            ..order
        };
        assert_eq!(wrappers(&set(order("/a/shop", "/a/lib"))), ["sccache", "clippy"]);
        assert_eq!(wrappers(&set(order("/a/shop", "/home/u/.cargo/registry/src/x/serde-1.0.0"))), ["sccache"]);
        assert_eq!(wrappers(&set(order("/a/shop", "/t/wharf/shop/package"))), ["sccache"]);
        assert_eq!(wrappers(&order("/a/shop", "/a/shop")), [""; 0]);
    }

    #[test]
    fn registry_packages_keep_what_cargo_gave_them() {
        let adapted = adapted(&order("/a/shop", "/home/u/.cargo/registry/src/x/serde-1.0.0"), &arguments());
        assert_eq!(adapted[3], "metadata=1234");
        let remaps = ["/home/u/.cargo=cargo", "/a/shop=.", "/t/wharf=./target/wharf"];
        assert_eq!(adapted[6..], remaps.map(|remap| OsString::from(format!("--remap-path-prefix={remap}"))));
    }
}

//! `--arch`: what is said when this machine cannot compile for the other architecture, or when Lambda could not run what
//! it compiled.
//!
//! Compiling and running for arm64 itself is in `arm64.rs`.
#![cfg(target_arch = "x86_64")]

use std::{env, fs, os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

use wharf_tests::{
    Output, Project,
    bundle_command::{difference, tree},
};

/// For what compiles nothing but a few packages without an architecture.
const SHORT: Duration = Duration::from_secs(120);

const HELLO: &str = "pub async fn get() -> &'static str {\n    \"hello\"\n}\n";

fn hello(name: &str) -> Project {
    Project::from_files(name, &[("app/hello/route.rs", HELLO)])
}

/// Compares what a run printed with a snapshot.
#[track_caller]
fn assert_snapshot(name: &str, project: &Project, output: &Output) {
    let Output { code, stdout, stderr, .. } = output;
    let code = code.unwrap_or_else(|| panic!("a signal ended it\n{output}"));
    let text = format!("exit code {code}\n--- stdout\n{stdout}--- stderr\n{stderr}");
    let text = text.replace(&project.root().display().to_string(), "<project>");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/architecture");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

fn script(project: &Project, path: &str, text: &str) -> PathBuf {
    project.write(path, format!("#!/bin/sh\n{text}\n"));
    let path = project.path(path);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the script is ours");
    path
}

/// A program of this machine.
fn program(name: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file());
    found.unwrap_or_else(|| panic!("this machine has no {name}"))
}

/// A `PATH` with cargo, rustc and a shell on it, but no linker and nothing that links.
fn bare_path(project: &Project) -> PathBuf {
    for name in ["cargo", "rustc"] {
        script(project, &format!("bare/{name}"), &format!("exec {} \"$@\"", program(name).display()));
    }
    project.path("bare")
}

#[test]
fn the_architecture_of_this_machine_is_the_default() {
    let project = hello("same-architecture");
    let bundle = |folder: &str, arguments: &[&str]| {
        let command = project.bundle().output(&project.path(folder)).arg("--offline");
        let _ = arguments.iter().fold(command, |command, argument| command.arg(argument)).run().succeeded();
        tree(&project.path(folder))
    };
    let plain = bundle("target/plain", &[]);
    assert_eq!(difference(&plain, &bundle("target/named", &["--arch", "x86_64"])), Vec::<String>::new());
    project.edit("Cargo.toml", "[dependencies]", "[package.metadata.wharf]\narch = \"x86_64\"\n\n[dependencies]");
    assert_eq!(difference(&plain, &bundle("target/set", &[])), Vec::<String>::new());
}

#[test]
fn without_a_linker_it_is_said_what_to_install() {
    let project = hello("no-linker");
    let bare = bare_path(&project);
    let bundle = || project.bundle().arg("--offline").env("PATH", &bare).limit(SHORT);
    let output = bundle().arg("--arch").arg("arm64").run();
    assert_eq!(output.code, Some(5), "{output}");
    assert_snapshot("no-linker", &project, &output);

    project.edit("Cargo.toml", "[dependencies]", "[package.metadata.wharf]\narch = \"arm64\"\n\n[dependencies]");
    assert_snapshot("no-linker-by-setting", &project, &bundle().run());
    assert!(!project.output().exists());
}

#[test]
fn without_a_standard_library_it_is_said_what_to_install() {
    let project = hello("no-std");
    // What rustc does on a machine without it, on any machine.
    let without =
        "case \"$*\" in *'--target aarch64-unknown-linux-gnu'*) set -- \"$@\" --sysroot=/nowhere;; esac\nexec \"$@\"";
    let rustc = script(&project, "rustc.sh", without);
    let bundle = project.bundle().arg("--offline").arg("--arch").arg("arm64").env("RUSTC_WRAPPER", rustc);
    let output = bundle.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "cc").run();
    assert_eq!(output.code, Some(5), "{output}");
    assert_snapshot("no-std", &project, &output);
}

/// What cargo-zigbuild is asked for, where it is the only thing that links for arm64.
#[test]
fn zig_is_asked_to_link_against_the_glibc_of_the_runtime() {
    let project = hello("zigbuild");
    let bare = bare_path(&project);
    let zigbuild = "printf '%s\\n' \"$*\" >asked; echo 'error: this one only listens' >&2; exit 1";
    script(&project, "bare/cargo-zigbuild", zigbuild);
    let asked = |arguments: [&str; 2]| {
        let command =
            arguments.iter().fold(project.bundle().arg("--offline"), |command, argument| command.arg(argument));
        let output = command.env("PATH", &bare).limit(SHORT).run();
        assert_eq!(output.code, Some(5), "{output}");
        assert!(output.stderr.contains("this one only listens"), "{output}");
        project.read("asked")
    };
    let cross = asked(["--arch", "arm64"]);
    assert!(cross.starts_with("zigbuild --release ") && cross.contains(" --bins"), "{cross}");
    assert!(cross.contains(" --target aarch64-unknown-linux-gnu.2.34 "), "{cross}");
    let own = asked(["--zigbuild", "--locked"]);
    assert!(own.contains(" --target x86_64-unknown-linux-gnu.2.34 "), "{own}");
}

/// A wrapper of rustc that does something to each function once it is linked, in place of a linker that does: another
/// linker would have cargo compile everything again.
fn wrapper(project: &Project, then: &str) -> PathBuf {
    let text = format!(
        r#""$@" || exit 1
case "$CARGO_BIN_NAME" in ""|evaluate) exit 0;; esac
for argument; do
    case "$previous $argument" in
        '--out-dir '*) folder=$argument;;
        '-C extra-filename='*) suffix=${{argument#extra-filename=}};;
    esac
    previous=$argument
done
out=$folder/$(printf %s "$CARGO_BIN_NAME" | tr - _)$suffix
{then}"#
    );
    script(project, "rustc.sh", &text)
}

#[test]
fn what_lambda_could_not_run_is_not_packed() {
    let project = Project::from_files("unfit", &[("app/hello/route.rs", HELLO), ("app/two/route.rs", HELLO)]);
    let cases = [
        ("truncated", "head -c 1000 \"$out\" >\"$out.new\" && cat \"$out.new\" >\"$out\" && rm \"$out.new\""),
        ("not-elf", "printf '#!/bin/sh\\n' >\"$out\""),
        ("machine", "printf '\\267\\0' | dd of=\"$out\" bs=1 seek=18 conv=notrunc status=none"),
        ("interpreter", "sed -i s:/lib64/ld-linux-x86-64.so.2:/store/ld-linux-x86-64.so.2: \"$out\""),
        ("library", "sed -i s:libgcc_s.so.1:libpq___.so.5: \"$out\""),
    ];
    for (name, then) in cases {
        // Cargo takes no notice of a wrapper, so something has to change for it to link again.
        for route in ["app/hello/route.rs", "app/two/route.rs"] {
            project.write(route, HELLO.replace("hello", name));
        }
        let output = project.bundle().arg("--offline").env("RUSTC_WRAPPER", wrapper(&project, then)).run();
        assert_eq!(output.code, Some(5), "{output}");
        assert_snapshot(name, &project, &output);
        assert!(!project.output().exists());
    }
}

#[test]
fn the_processor_of_this_machine_is_not_that_of_lambda() {
    let project = hello("processor");
    let bundle = project.bundle().arg("--offline").env("RUSTFLAGS", "-C target-cpu=native");
    let output = bundle.run();
    assert_eq!(output.code, Some(5), "{output}");
    assert_snapshot("processor", &project, &output);
}

/// `arc4random` came with glibc 2.36, and the machine needs that one at least to link it.
#[test]
fn a_function_that_needs_a_newer_glibc_is_refused() {
    let route = "unsafe extern \"C\" {\n    safe fn arc4random() -> u32;\n}\n\n\
                 pub async fn post() -> String {\n    arc4random().to_string()\n}\n";
    let project = Project::from_files("glibc", &[("app/hello/route.rs", HELLO), ("app/random/route.rs", route)]);
    let output = project.bundle().arg("--offline").run();
    assert_eq!(output.code, Some(5), "{output}");
    assert_snapshot("glibc", &project, &output);
}

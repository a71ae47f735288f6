//! Runs that end badly: the exit code, the words, and that the previous bundle is whole.
//!
//! Mistakes that are found before anything is compiled are in `diagnostics.rs`.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use wharf_tests::{
    BundleCommand, Output, ProcessGroup, Project,
    artifact::Bundle,
    bundle_command::{difference, tree},
    environment, paths,
};

/// For what compiles nothing.
const SHORT: Duration = Duration::from_secs(60);
/// How long an interrupted run may take to end.
const AT_ONCE: Duration = Duration::from_secs(20);

const HELLO: &str = "pub async fn get() -> &'static str {\n    \"hello\"\n}\n";

/// Says that it runs, and goes on when it is no longer asked to be slow.
const SLOW_BUILD: &str = r#"
fn main() {
    println!("cargo::rerun-if-changed=slow-build");
    if std::path::Path::new("slow-build").exists() {
        std::fs::write("compiling", "").expect("the project can be written");
        std::thread::sleep(std::time::Duration::from_secs(300));
    }
}
"#;

/// As [`SLOW_BUILD`], while it is evaluated.
const SLOW_HANDLER: &str = r#"
pub async fn get() -> &'static str {
    if std::path::Path::new("slow-handler").exists() {
        std::fs::write("evaluating", "").expect("the project can be written");
        std::thread::sleep(std::time::Duration::from_secs(300));
    }
    "done"
}
"#;

/// A project with two functions, bundled.
fn bundled(name: &str) -> Project {
    let files = [("app/hello/route.rs", HELLO), ("app/slow/route.rs", SLOW_HANDLER), ("build.rs", SLOW_BUILD)];
    let project = Project::from_files(name, &files);
    let _ = project.bundle().arg("--offline").run().succeeded();
    assert!(!tree(&project.output()).is_empty());
    project
}

/// `cargo bundle` from the folder `folder`, with nothing but these arguments.
fn cargo_bundle(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(paths::cargo_bundle());
    environment::scrub(&mut command);
    command.current_dir(folder).env("CARGO_TARGET_DIR", folder.join("target")).arg("bundle").args(arguments);
    ProcessGroup::run(&mut command, SHORT)
}

/// Compares what a run printed, `folder` and the number of a thread taken out, with a snapshot.
fn assert_snapshot(name: &str, folder: &Path, output: &Output) {
    let Output { code, stdout, stderr, .. } = output;
    let code = code.unwrap_or_else(|| panic!("a signal ended it\n{output}"));
    let text = format!("exit code {code}\n--- stdout\n{stdout}--- stderr\n{stderr}");
    let text = text.replace(&folder.display().to_string(), "<project>");
    let lines: String = text.lines().map(|line| without_thread_number(line) + "\n").collect();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/failures");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, lines));
}

/// `thread 'main' (1234) panicked`, without the number.
fn without_thread_number(line: &str) -> String {
    match (line.starts_with("thread '"), line.split_once(" ("), line.split_once(") panicked")) {
        (true, Some((before, _)), Some((_, after))) => format!("{before} panicked{after}"),
        _ => line.to_owned(),
    }
}

/// What must hold after any run that failed.
struct Before {
    bundle: BTreeMap<String, String>,
}

impl Before {
    fn of(project: &Project) -> Self {
        Self { bundle: tree(&project.output()) }
    }

    #[track_caller]
    fn assert_unchanged(&self, project: &Project) {
        assert_eq!(difference(&self.bundle, &tree(&project.output())), Vec::<String>::new());
        assert_nothing_beside_the_bundle(project);
    }
}

#[track_caller]
fn assert_nothing_beside_the_bundle(project: &Project) {
    let folder = project.path("target");
    let entries = fs::read_dir(&folder).expect("the bundle has a folder");
    let names: Vec<_> = entries.map(|entry| entry.expect("the folder can be listed").file_name()).collect();
    assert_eq!(names, ["bundle"], "something is left beside the bundle");
}

#[test]
fn a_folder_without_a_package_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = cargo_bundle(folder.path(), &[]);
    assert_eq!(output.code, Some(4), "{output}");
    assert_snapshot("not-a-package", folder.path(), &output);
    assert!(tree(folder.path()).is_empty(), "it wrote something");
}

#[test]
fn a_manifest_that_cargo_refuses_is_refused() {
    let project = Project::from_files("bad-manifest", &[("Cargo.toml", "[package]\nname = \"app\"\nversion = 1\n")]);
    let output = project.bundle().limit(SHORT).run();
    assert_eq!(output.code, Some(4), "{output}");
    assert!(output.stderr.contains("version = 1"), "cargo's own words are missing\n{output}");
}

#[test]
fn a_package_that_the_workspace_does_not_have_is_refused() {
    let project = Project::fixture("workspace/several-apps");
    let check = |name: &str| project.bundle().check().arg("--offline").arg("--package").arg(name).limit(SHORT).run();
    let output = check("stationery");
    assert_eq!(output.code, Some(4), "{output}");
    assert_snapshot("unknown-package", project.root(), &output);
    assert_eq!(check("blog").code, Some(3));
}

#[test]
fn a_wrong_command_line_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["--chek"][..], &["--message-format", "xml"], &["explain"], &["deploy"]] {
        let output = cargo_bundle(folder.path(), arguments);
        assert_eq!((output.code, &*output.stdout), (Some(2), ""), "{arguments:?}: {output}");
        assert!(output.stderr.starts_with("error: ") && output.stderr.contains("try '--help'"), "{output}");
    }
    assert_snapshot("usage", folder.path(), &cargo_bundle(folder.path(), &["--chek"]));
}

#[test]
fn a_code_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let known = cargo_bundle(folder.path(), &["explain", "route::duplicate"]);
    assert_eq!((known.code, &*known.stderr), (Some(0), ""), "{known}");
    assert_snapshot("explain", folder.path(), &known);
    let unknown = cargo_bundle(folder.path(), &["explain", "route::dupliacte"]);
    assert_eq!((unknown.code, &*unknown.stdout), (Some(2), ""), "{unknown}");
    assert_snapshot("explain-unknown", folder.path(), &unknown);
}

#[test]
fn a_stale_route_list_is_told_line_by_line() {
    let project = bundled("stale");
    let check = || project.bundle().check().arg("--offline").limit(SHORT).run();
    assert_eq!(check().succeeded().stderr, "");
    project.write("app/items/[id]/route.rs", HELLO);
    project.remove("app/hello/route.rs");
    let before = tree(project.root());
    let output = check();
    assert_eq!(output.code, Some(3), "{output}");
    assert_snapshot("stale", project.root(), &output);
    assert_eq!(difference(&before, &tree(project.root())), Vec::<String>::new());
}

#[test]
fn what_rustc_refuses_names_the_route_file() {
    let project = bundled("refused");
    let before = Before::of(&project);
    project.write("app/hello/route.rs", "pub async fn get() -> &'static str {\n    42\n}\n");
    project.write("app/items/route.rs", "pub async fn post() {\n    nowhere();\n}\n");
    let output = project.bundle().arg("--offline").run();
    assert_eq!(output.code, Some(5), "{output}");
    assert_snapshot("refused-by-rustc", project.root(), &output);
    before.assert_unchanged(&project);
}

#[test]
fn every_failed_evaluation_is_told() {
    let project = Project::fixture("evaluate/all-at-once");
    let output = project.bundle().arg("--offline").run();
    assert_eq!(output.code, Some(6), "{output}");
    assert_snapshot("evaluate", project.root(), &output);
    assert!(!project.output().exists());
}

#[test]
fn what_only_rustc_can_tell_is_said_of_the_route_file() {
    let project = Project::fixture("compile/refused");
    let output = project.bundle().arg("--offline").run();
    assert_eq!(output.code, Some(5), "{output}");
    assert!(!output.stderr.contains("routes.rs"), "{output}");
    assert_snapshot("refused", project.root(), &output);
    assert!(!project.output().exists());
}

/// A handler under a condition and its alternative, a route that is there under one, and a constant.
const CONDITIONAL: &str = r#"
#[cfg(feature = "admin")]
pub const REVALIDATE: u32 = 60;

#[cfg(not(feature = "admin"))]
pub const REVALIDATE: bool = false;

#[cfg(feature = "admin")]
pub async fn get(_: wharf::Request) -> &'static str {
    "admin"
}

#[cfg(not(feature = "admin"))]
pub async fn get() -> &'static str {
    "public"
}

#[cfg(any())]
pub async fn put() {}

#[cfg(debug_assertions)]
pub async fn patch() {}

#[cfg_attr(all(), cfg(all()))]
pub async fn post() {}
"#;

#[test]
fn a_handler_is_there_when_its_conditions_hold() {
    let only_admin = "#![cfg(feature = \"admin\")]\n\npub async fn get() -> &'static str {\n    \"only\"\n}\n";
    let files = [("app/a/route.rs", CONDITIONAL), ("app/only/route.rs", only_admin)];
    let project = Project::from_files("conditions", &files);
    project.edit("Cargo.toml", "[workspace]\n", "[features]\nadmin = []\n\n[workspace]\n");
    let methods = |bundle: &Bundle| {
        let route = bundle.route("/a");
        let methods = route["methods"].as_object().expect("it has methods").keys().cloned().collect::<Vec<_>>();
        (methods.join(" "), route["methods"]["GET"]["class"].clone())
    };
    let output = project.bundle().arg("--offline").run().succeeded();
    assert_eq!(output.stderr, "", "warnings in generated code");
    let bundle = Bundle::open(&project.output());
    assert_eq!(methods(&bundle), ("GET HEAD OPTIONS POST".to_owned(), "static".into()));
    assert_eq!(bundle.functions(), ["a"]);
    let _ = project.bundle().arg("--offline").arg("--features").arg("admin").run().succeeded();
    let bundle = Bundle::open(&project.output());
    assert_eq!(methods(&bundle), ("GET HEAD OPTIONS POST".to_owned(), "dynamic".into()));
    assert_eq!(bundle.functions(), ["a", "only"]);
    let _ = project.bundle().arg("--offline").arg("--features").arg("admin").check().run().succeeded();
}

/// Renewed by its function, whose replies have 6 MB at most, and from an HTTP API, whose headers have 10 KB at most.
const LARGE: &str = r#"
use wharf::{Response, config::HOUR};

pub const REVALIDATE: u32 = HOUR;
pub const MAX_DURATION: u32 = 60;

pub async fn get() -> Response {
    Response::text("x".repeat(7 << 20)).header("link", "x".repeat(10 << 10))
}
"#;

#[test]
fn what_is_above_a_limit_of_aws_is_refused_before_the_bundle_is_replaced() {
    let project = bundled("limits");
    let before = Before::of(&project);
    project.write("app/large/route.rs", LARGE);
    let output = project.bundle().arg("--offline").run();
    assert_eq!(output.code, Some(1), "{output}");
    assert_snapshot("limits", project.root(), &output);
    before.assert_unchanged(&project);

    project.edit("app/large/route.rs", "7 << 20", "7");
    project.edit("app/large/route.rs", "10 << 10", "10");
    let output = project.bundle().arg("--offline").arg("--limits").run().succeeded();
    assert!(output.stdout.starts_with("Limit "), "{output}");
    assert!(output.stderr.starts_with("warning[limit::timeout]: "), "{output}");
    let output = project.bundle().arg("--offline").json().run().succeeded();
    let lines: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    let bundle = lines.iter().find(|line| line["reason"] == "bundle").expect("there is one");
    let integrations = &bundle["limits"][1];
    assert_eq!(
        *integrations,
        json!({
            "name": "integrations of the HTTP API", "used": 3, "allowed": 300, "unit": "count", "kind": "fixed",
            "target": "every", "place": "app",
            "source": "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html",
        })
    );
}

#[test]
fn a_handler_that_ends_the_process_is_told() {
    let project = bundled("exits");
    let before = Before::of(&project);
    let exits = "pub async fn get() -> &'static str {\n    eprintln!(\"good bye\");\n    std::process::exit(3)\n}\n";
    project.write("app/hello/route.rs", exits);
    let output = project.bundle().arg("--offline").run();
    assert_eq!(output.code, Some(6), "{output}");
    assert_snapshot("evaluate-exits", project.root(), &output);
    before.assert_unchanged(&project);

    // A status that says that all is well, from the list; others run at the same time.
    project.write("app/hello/route.rs", HELLO);
    let waits = "pub async fn get() -> String {\n    std::thread::sleep(std::time::Duration::from_millis(300));\n    \
                 String::new()\n}\n";
    for name in ["first", "second", "third"] {
        project.write(&format!("app/{name}/route.rs"), waits);
    }
    let lists = "pub async fn generate_static_params() -> Vec<String> {\n    std::process::exit(0)\n}\n\npub async fn get() \
                 {}\n";
    project.write("app/items/[id]/route.rs", lists);
    let output = project.bundle().arg("--offline").run();
    assert_eq!(output.code, Some(6), "{output}");
    assert_snapshot("evaluate-exits-in-a-list", project.root(), &output);

    // A stack that overflows.
    project.remove("app/items/[id]/route.rs");
    let recurses = "fn deeper(depth: u64) -> u64 {\n    std::hint::black_box(depth) + deeper(std::hint::black_box(depth + \
                    1))\n}\n\npub async fn get() -> String {\n    deeper(0).to_string()\n}\n";
    project.write("app/second/route.rs", format!("#![allow(unconditional_recursion)]\n\n{recurses}"));
    let output = project.bundle().arg("--offline").run();
    assert_eq!(output.code, Some(6), "{output}");
    let told = "error[evaluate::failed]: `GET /second` ended the process while it was evaluated: signal: 6 (SIGABRT)";
    assert!(output.stderr.contains(told) && output.stderr.contains("overflowed its stack"), "{output}");
    assert!(output.stderr.contains("app/second/route.rs:"), "{output}");
    before.assert_unchanged(&project);
}

#[test]
fn a_place_that_cannot_be_written_is_refused_before_anything_is_compiled() {
    let project = Project::from_files("unwritable", &[("app/hello/route.rs", HELLO)]);
    for (name, place) in [
        ("below-a-file", project.path("Cargo.toml/bundle")),
        ("in-proc", "/proc/bundle".into()),
        ("a-file", project.path("Cargo.toml")),
    ] {
        let output = project.bundle().output(&place).arg("--offline").limit(SHORT).run();
        assert_eq!(output.code, Some(7), "{output}");
        assert_snapshot(name, project.root(), &output);
    }
    assert!(project.read("Cargo.toml").starts_with("[package]"));
}

#[test]
fn a_folder_that_holds_something_else_is_left_alone() {
    let project = Project::from_files("foreign", &[("app/hello/route.rs", HELLO)]);
    project.write("target/bundle/thesis.txt", "precious\n");
    let before = Before::of(&project);
    let output = project.bundle().arg("--offline").limit(SHORT).run();
    assert_eq!(output.code, Some(7), "{output}");
    assert_snapshot("foreign", project.root(), &output);
    before.assert_unchanged(&project);
}

/// Runs the command below a shell script that ends with `"$@"`.
fn below(script: &str, arguments: &[&OsStr], command: &Command) -> Output {
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).args(arguments).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.current_dir(command.get_current_dir().expect("the command has a folder"));
    ProcessGroup::run(&mut shell, BundleCommand::LIMIT)
}

/// Nothing is to be compiled, and the new bundle differs from the old one.
fn change_the_bundle_and_no_code(project: &Project) {
    project.write("public/new.txt", "new\n");
}

#[test]
fn a_file_that_grows_too_large_leaves_nothing_half_written() {
    // Without a build script: cargo runs one again whenever a file that it looks at is missing.
    let project = Project::from_files("file-too-large", &[("app/hello/route.rs", HELLO)]);
    // Held all the time: after the run of another project, cargo would compile, and write large files itself.
    let _turn = BundleCommand::turn();
    let command = project.bundle().arg("--offline").command();
    let _ = below("exec \"$@\"", &[], &command).succeeded();
    let before = Before::of(&project);
    change_the_bundle_and_no_code(&project);
    // 100 blocks of 512 bytes: enough for everything but a zip.
    let script = "trap '' XFSZ; ulimit -f 100; exec \"$@\"";
    let output = below(script, &[], &command);
    assert_eq!(output.code, Some(7), "{output}");
    assert_snapshot("file-too-large", project.root(), &output);
    before.assert_unchanged(&project);
}

#[test]
#[expect(clippy::print_stdout, reason = "a machine without namespaces shows that this was not tried")]
fn a_full_disk_leaves_nothing_half_written() {
    if ProcessGroup::run(Command::new("sh").args(["-c", "unshare -rm true"]), SHORT).code != Some(0) {
        println!("this machine allows no mount namespaces; the limit on a file's size is tried in its place");
        return;
    }
    let project = bundled("full-disk");
    let before = tree(&project.output());
    let size = tree_size(&project.output());
    change_the_bundle_and_no_code(&project);
    fs::create_dir(project.path("disk")).unwrap();
    let output_folder = project.path("disk/bundle");
    let command = project.bundle().output(&output_folder).arg("--offline").command();
    // There is room for one bundle and less than a zip more. What is on the disk afterwards is listed before it is gone.
    let script = r#"
        size=$1 previous=$2; shift 2
        mount -t tmpfs -o "size=$size" tmpfs disk || exit 99
        cp -r "$previous" disk/bundle || exit 98
        "$@"; code=$?
        cd disk && find . -mindepth 1 -maxdepth 1 -exec echo left: {} ';' && cd bundle && find . -type f -exec sha256sum {} +
        exit "$code"
    "#;
    let script = format!("exec unshare -rm sh -c '{}' sh \"$@\"", script.replace('\'', r"'\''"));
    let size = (size * 4 / 3).to_string();
    let _turn = BundleCommand::turn();
    let mut output = below(&script, &[size.as_ref(), project.output().as_os_str()], &command);
    assert_eq!(output.code, Some(7), "{output}");
    let (left, files): (Vec<&str>, Vec<&str>) = output.stdout.lines().partition(|line| line.starts_with("left: "));
    assert_eq!(left, ["left: ./bundle"], "{output}");
    let files = files.iter().filter_map(|line| line.split_once("  ./"));
    let after: BTreeMap<_, _> = files.map(|(hash, path)| (path.to_owned(), hash.to_owned())).collect();
    assert_eq!(difference(&before, &after), Vec::<String>::new());
    output.stdout.clear();
    assert_snapshot("full-disk", project.root(), &output);
}

fn tree_size(folder: &Path) -> u64 {
    let size = |path: &String| fs::metadata(folder.join(path)).expect("it was just listed").len();
    tree(folder).keys().map(size).sum()
}

/// Starts a run that is slow at `stage`, and waits until it is there. The lock is to be held as long as the run.
fn slow_run(project: &Project, stage: Stage) -> ProcessGroup {
    let (asked, running) = stage.files();
    project.write(asked, "");
    let run = ProcessGroup::start(&mut project.bundle().arg("--offline").command());
    let started = Instant::now();
    while !project.path(running).exists() {
        assert!(!run.has_exited(), "it ended before it was slow\n{}", run.log());
        assert!(started.elapsed() < BundleCommand::LIMIT, "it never came to be slow\n{}", run.log());
        thread::sleep(Duration::from_millis(20));
    }
    assert!(project.path("target/.bundle.staging").exists(), "nothing to clean up");
    project.remove(asked);
    project.remove(running);
    run
}

#[derive(Clone, Copy)]
enum Stage {
    Compile,
    Evaluate,
}

impl Stage {
    fn files(self) -> (&'static str, &'static str) {
        match self {
            Self::Compile => ("slow-build", "compiling"),
            Self::Evaluate => ("slow-handler", "evaluating"),
        }
    }
}

#[test]
fn an_interrupted_run_leaves_the_previous_bundle() {
    let project = bundled("interrupted");
    let before = Before::of(&project);
    for stage in [Stage::Evaluate, Stage::Compile] {
        change_the_bundle_and_no_code(&project);
        let _turn = BundleCommand::turn();
        let run = slow_run(&project, stage);
        run.interrupt();
        let interrupted = Instant::now();
        let output = run.finish(BundleCommand::LIMIT);
        assert!(interrupted.elapsed() < AT_ONCE, "it took its time\n{output}");
        assert_eq!((output.code, &*output.stdout), (Some(130), ""), "{output}");
        assert_snapshot("interrupted", project.root(), &output);
        before.assert_unchanged(&project);
    }
}

#[test]
fn a_killed_run_is_cleaned_up_by_the_next() {
    let project = bundled("killed");
    let before = Before::of(&project);
    for stage in [Stage::Evaluate, Stage::Compile] {
        let turn = BundleCommand::turn();
        drop(slow_run(&project, stage));
        assert!(project.path("target/.bundle.staging").exists(), "a killed run cannot have cleaned up");
        assert_eq!(difference(&before.bundle, &tree(&project.output())), Vec::<String>::new());
        drop(turn);
        let _ = project.bundle().arg("--offline").run().succeeded();
        before.assert_unchanged(&project);
    }
}

/// When a run is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So many milliseconds after it has announced this stage.
    After(&'static str, u64),
    /// As soon as this is in the staging folder.
    Staged(&'static str),
}

/// The stages whose work takes time are hit at their start and in their midst. What the last one writes comes in this
/// order.
const MOMENTS: [Moment; 20] = [
    Moment::After("discover", 0),
    Moment::After("parse", 0),
    Moment::After("plan", 0),
    Moment::After("generate", 0),
    Moment::After("compile", 0),
    Moment::After("compile", 5),
    Moment::After("compile", 50),
    Moment::After("evaluate", 0),
    Moment::After("evaluate", 5),
    Moment::After("evaluate", 50),
    Moment::After("package", 0),
    Moment::After("package", 5),
    Moment::After("package", 50),
    Moment::After("manifest", 0),
    Moment::After("deploy", 0),
    Moment::After("finish", 0),
    Moment::Staged("functions"),
    Moment::Staged("objects"),
    Moment::Staged("manifest.json"),
    Moment::After("finish", 50),
];

impl Moment {
    fn has_come(self, project: &Project, run: &ProcessGroup) -> bool {
        match self {
            Self::After(stage, _) => run.log().contains(&format!(r#""stage":"{stage}""#)),
            Self::Staged(path) => project.path("target/.bundle.staging").join(path).exists(),
        }
    }

    fn delay(self) -> Duration {
        match self {
            Self::After(_, milliseconds) => Duration::from_millis(milliseconds),
            Self::Staged(_) => Duration::ZERO,
        }
    }
}

/// Only the bundler itself is killed: cargo, or the app that is evaluated, may go on while the next run begins. Every run
/// has another bundle to make, of which the zip, the object and the manifest differ.
#[test]
fn a_run_that_is_killed_at_any_stage_leaves_a_whole_bundle() {
    let reads =
        "pub async fn get() -> String {\n    std::fs::read_to_string(\"public/0.txt\").unwrap_or_default()\n}\n";
    let project = Project::from_files("killed-anywhere", &[("app/hello/route.rs", reads)]);
    // Enough to write that the last stage can be killed in the midst of it.
    (0..200).for_each(|number| project.write(&format!("public/{number}.txt"), format!("{number}\n")));
    let _turn = BundleCommand::turn();
    let command = || project.bundle().json().arg("--offline").command();
    let complete = || {
        let _ = ProcessGroup::run(&mut command(), BundleCommand::LIMIT).succeeded();
        assert_nothing_beside_the_bundle(&project);
        tree(&project.output())
    };
    let mut before = complete();
    for (number, moment) in MOMENTS.into_iter().enumerate() {
        project.write("public/0.txt", format!("made by run {number}\n"));
        let run = ProcessGroup::start(&mut command());
        let started = Instant::now();
        while !moment.has_come(&project, &run) && !run.has_exited() {
            assert!(started.elapsed() < BundleCommand::LIMIT, "{moment:?} never came\n{}", run.log());
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(moment.delay());
        run.kill_alone();
        let after = tree(&project.output());
        let next = complete();
        drop(run);
        assert_ne!(difference(&before, &next), Vec::<String>::new(), "{moment:?}: the runs make the same bundle");
        assert!(after == before || after == next, "{moment:?}: {:?}", difference(&before, &after));
        before = next;
    }
}

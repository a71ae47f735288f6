//! Every mistake that is found before anything is compiled, as its user reads it.
//!
//! A fixture is a folder `fixtures/<topic>/<case>` with the files that matter and a `case.toml` that says in one sentence
//! what it is about. Each is checked with the real `cargo bundle --check --offline`, which goes as far as the generated
//! text, compiles nothing and writes nothing; what it prints is a snapshot. A good tree ends with exit code 3 and the
//! `routes.rs` that is missing.

use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink},
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock, PoisonError},
    thread,
    time::Duration,
};

use serde_json::Value;
use toml_edit::DocumentMut;
use walkdir::WalkDir;
use wharf_bundler::diagnostic::Code;
use wharf_tests::{
    Function, HttpRequest, Output, Project,
    artifact::Bundle,
    bundle_command::{difference, tree},
    events, paths,
};

/// Far more than a check takes, on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(60);

const HELLO: &str = "pub async fn get() -> &'static str {\n    \"hello\"\n}\n";

/// A fixture, and what became of it.
#[derive(Debug)]
struct Case {
    /// `<topic>/<case>`
    name: String,
    about: String,
    printed: String,
}

/// All fixtures that no compile is needed for, checked once for all tests of this file.
fn cases() -> &'static [Case] {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    CASES.get_or_init(|| {
        let names = fixtures();
        // Compiled before the clocks start.
        let _ = paths::cargo_bundle();
        let queue = Mutex::new(names.iter());
        let cases = Mutex::new(Vec::new());
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
                scope.spawn(|| {
                    while let Some(name) = next() {
                        let case = check_fixture(name);
                        cases.lock().unwrap_or_else(PoisonError::into_inner).push(case);
                    }
                });
            }
        });
        let mut cases = cases.into_inner().unwrap_or_else(PoisonError::into_inner);
        cases.sort_by(|left, right| left.name.cmp(&right.name));
        cases
    })
}

/// The names of the fixtures, sorted.
fn fixtures() -> Vec<String> {
    let root = paths::fixture("");
    let found = WalkDir::new(&root).min_depth(3).max_depth(3).sort_by_file_name().into_iter().flatten();
    let folders = found.filter(|entry| entry.file_name() == "case.toml").map(|entry| entry.path().with_file_name(""));
    let names = folders.map(|folder| folder.strip_prefix(&root).expect("it is below the root").display().to_string());
    let names: Vec<String> = names.map(|name| name.trim_end_matches('/').to_owned()).collect();
    names.into_iter().filter(|name| !name.starts_with("evaluate/") && !name.starts_with("compile/")).collect()
}

fn check_fixture(name: &str) -> Case {
    let case: DocumentMut = fs::read_to_string(paths::fixture(name).join("case.toml"))
        .expect("a fixture has a case.toml")
        .parse()
        .expect("a case.toml is TOML");
    let about = case["about"].as_str().unwrap_or_else(|| panic!("{name} does not say what it is about")).to_owned();
    let project = Project::fixture(name);
    let printed = printed(&project, &check(&project));
    Case { name: name.to_owned(), about, printed }
}

fn check(project: &Project) -> Output {
    project.bundle().check().arg("--offline").limit(LIMIT).run()
}

/// What a person sees; only the folders, which are others on each machine, are taken out.
fn printed(project: &Project, output: &Output) -> String {
    assert_eq!(output.stdout, "", "a check has no result to print\n{output}");
    let code = output.code.unwrap_or_else(|| panic!("a signal ended it\n{output}"));
    format!("exit code {code}\n\n{}", without_root(project, &output.stderr))
}

fn without_root(project: &Project, text: &str) -> String {
    let text = text.replace(&project.root().display().to_string(), "<project>");
    text.replace(&paths::workspace_root().display().to_string(), "<workspace>")
}

/// Compares with the snapshot `snapshots/<name>.snap`.
fn assert_snapshot(name: &str, about: &str, text: &str) {
    let (topic, case) = name.split_once('/').expect("a name has a topic");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(format!("snapshots/{topic}"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_description(about);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(case, text));
}

/// Runs `assertion` for each case, and fails at the end with all that failed.
fn for_each_case(assertion: impl Fn(&Case)) {
    let failed: Vec<String> = cases()
        .iter()
        .filter_map(|case| {
            let panic = panic::catch_unwind(AssertUnwindSafe(|| assertion(case))).err()?;
            Some(format!("{}: {}", case.name, panic_text(&*panic)))
        })
        .collect();
    assert!(failed.is_empty(), "{} cases failed:\n{}", failed.len(), failed.join("\n"));
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked")
}

#[test]
fn every_fixture_prints_what_its_snapshot_says() {
    for_each_case(|case| assert_snapshot(&case.name, &case.about, &case.printed));
}

#[test]
fn good_trees_are_not_refused() {
    let good: Vec<&Case> = cases().iter().filter(|case| case.name.starts_with("valid/")).collect();
    assert!(good.len() >= 10, "{good:?}");
    for case in good {
        assert!(case.printed.starts_with("exit code 3\n"), "{}: {}", case.name, case.printed);
        assert!(!case.printed.contains("error["), "{}: {}", case.name, case.printed);
    }
}

#[test]
fn wrong_trees_are_refused_with_the_code_of_their_topic() {
    let topics: BTreeSet<String> = Code::ALL.map(|code| topic(code.as_str()).to_owned()).into();
    for_each_case(|case| {
        let topic = topic(&case.name).split('/').next().expect("a name has a topic");
        if !topics.contains(topic) {
            return;
        }
        let diagnostics = diagnostics(&case.printed);
        assert!(diagnostics.iter().all(|each| each.code.starts_with(topic)), "{}", case.printed);
        let refused = case.printed.starts_with("exit code 1\n");
        let warned = case.printed.starts_with("exit code 3\n") && diagnostics.iter().all(|each| each.is_warning);
        assert!(!diagnostics.is_empty() && (refused || warned), "{}", case.printed);
    });
}

fn topic(code: &str) -> &str {
    code.split("::").next().unwrap_or(code)
}

/// A diagnostic, taken apart.
struct Printed<'a> {
    code: &'a str,
    is_warning: bool,
    text: &'a str,
}

fn diagnostics(printed: &str) -> Vec<Printed<'_>> {
    let blocks = printed.split("\n\n").map(|block| block.trim_start_matches('\n'));
    blocks
        .filter_map(|text| {
            let (is_warning, rest) = match text.strip_prefix("error[") {
                Some(rest) => (false, rest),
                None => (true, text.strip_prefix("warning[")?),
            };
            let (code, _) = rest.split_once("]: ").unwrap_or_else(|| panic!("no message: {text}"));
            Some(Printed { code, is_warning, text })
        })
        .collect()
}

#[test]
fn every_diagnostic_says_what_where_and_what_to_do() {
    for_each_case(|case| {
        for Printed { code, text, .. } in diagnostics(&case.printed) {
            assert!(code.parse::<Code>().is_ok(), "`{code}` is no code");
            let lines: Vec<&str> = text.lines().collect();
            let place = lines.iter().find_map(|line| line.trim_start().strip_prefix("--> "));
            assert!(place.is_some_and(|place| !place.is_empty()), "no file:\n{text}");
            let is_marked = |line: &&str| line.trim_start().starts_with('|') && line.contains('^');
            assert!(lines.iter().any(is_marked), "no caret:\n{text}");
            assert!(lines.iter().any(|line| line.contains("help: ")), "no help:\n{text}");
            assert!(!text.contains("<project>"), "an absolute path:\n{text}");
        }
    });
}

#[test]
fn the_count_of_mistakes_is_right() {
    for_each_case(|case| {
        let mistakes = diagnostics(&case.printed).iter().filter(|diagnostic| !diagnostic.is_warning).count();
        let plural = if mistakes == 1 { "" } else { "s" };
        let last = case.printed.trim_end().lines().last().unwrap_or_default();
        assert!(mistakes == 0 || last == format!("error: the app has {mistakes} mistake{plural}"), "{}", case.printed);
    });
}

#[test]
fn every_code_stands_in_a_snapshot() {
    // An app that is above every limit of AWS takes long to compile; the bundler's own tests make them up.
    let limits = paths::workspace_root().join("bundler/src/stages/deploy/limits/snapshots");
    let snapshots: Vec<String> = snapshots().into_values().chain(snapshots_in(&limits).into_values()).collect();
    let shown = |code: &Code| {
        let (error, warning) = (format!("error[{code}]: "), format!("warning[{code}]: "));
        snapshots.iter().any(|text| text.contains(if code.is_warning() { &warning } else { &error }))
    };
    let missing: Vec<Code> = Code::ALL.into_iter().filter(|code| !shown(code)).collect();
    assert!(missing.is_empty(), "no fixture for {missing:?}");
}

#[test]
fn no_snapshot_is_left_of_a_removed_fixture() {
    let fixtures: BTreeSet<PathBuf> = fixtures().into_iter().map(PathBuf::from).collect();
    let topics: BTreeSet<&Path> = fixtures.iter().filter_map(|name| name.parent()).collect();
    let left = snapshots().into_keys().map(|path| path.with_extension(""));
    let left: Vec<PathBuf> = left
        .filter(|name| name.parent().is_some_and(|topic| topics.contains(topic)) && !fixtures.contains(name))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// The texts of all snapshots of these tests.
fn snapshots() -> BTreeMap<PathBuf, String> {
    snapshots_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots"))
}

/// The texts of all snapshots, by their paths in the folder.
fn snapshots_in(root: &Path) -> BTreeMap<PathBuf, String> {
    let files = WalkDir::new(root).into_iter().flatten().filter(|entry| {
        entry.file_type().is_file() && entry.path().extension().is_some_and(|extension| extension == "snap")
    });
    files
        .map(|entry| {
            let name = entry.path().strip_prefix(root).expect("it is below the root").to_owned();
            (name, fs::read_to_string(entry.path()).expect("a snapshot is text"))
        })
        .collect()
}

#[test]
fn good_trees_compile() {
    let project = Project::fixture("valid/handlers-from-elsewhere");
    for other in [
        "byte-order-mark",
        "dots-and-digits",
        "escapes",
        "every-config",
        "groups-and-private-folders",
        "names-of-rust",
        "names-that-read-alike",
        "precedence",
        "reserved-names",
        "upper-case",
    ] {
        let fixture = paths::fixture(&format!("valid/{other}"));
        for path in tree(&fixture).keys().filter(|path| path.starts_with("app/")) {
            project.write(path, fs::read(fixture.join(path)).expect("the fixture can be read"));
        }
    }
    // Longer than the HTTP API waits is worth a warning, which is not what is looked for here.
    project.edit("app/all/[slug]/route.rs", "MAX_DURATION: u32 = 900", "MAX_DURATION: u32 = 30");
    let output = project.bundle().arg("--offline").run().succeeded();
    assert_eq!(output.stderr, "", "warnings in generated code");
    let bundle = Bundle::open(&project.output());
    for pattern in ["/_under", "/%5Bid%5D", "/two words", "/日本", "/type", "/a-b", "/a_b", "/all/[slug]", "/2024"] {
        assert_eq!(bundle.route(pattern)["pattern"], pattern);
    }
    for name in ["build", "deps", "examples", "incremental", "serve", "evaluate", "gen", "rustfmt", "con"] {
        let path = format!("/{name}");
        let files = bundle.unpack(bundle.function_of(&path));
        let function = Function::start(&files.bootstrap(), [("RUST_LOG", "info")]);
        let pattern = path.parse().expect("it is a pattern");
        let reply = function.invoke(&events::http_api(&HttpRequest::get(&path), &pattern)).http();
        assert_eq!((reply.status, reply.text().as_str()), (200, name));
    }
}

#[test]
fn an_app_needs_no_function() {
    let project = Project::fixture("valid/page-only");
    let output = project.bundle().arg("--offline").run().succeeded();
    assert_eq!(output.stderr, "", "warnings in generated code");
    let bundle = Bundle::open(&project.output());
    assert_eq!(bundle.objects().len(), 3, "{:#}", bundle.manifest());
}

#[test]
fn a_cdn_has_room_for_so_much() {
    let long_param = "pub async fn get(_: wharf::Path<String>) -> &'static str {\n    \"hello\"\n}\n\n\
                      pub fn generate_static_params() -> Vec<String> {\n    vec![\"x\".repeat(600)]\n}\n";
    let project = Project::from_files("cdn-room", &[("app/items/[slug]/route.rs", long_param)]);
    let folder = "日本".repeat(20);
    let file = format!("public/{folder}/{folder}/a.txt");
    project.write(&file, "a\n");
    let streaming = format!("app{}/route.rs", format!("/{}", "é".repeat(120)).repeat(10));
    project.write(&streaming, format!("pub const STREAMING: bool = true;\n\n{HELLO}"));
    let bundle = || project.bundle().arg("--offline").run();
    let printed = |output: Output| without_root(&project, &output.stderr);

    let about = "A public file and a route that streams whose paths the CDN has no room for.";
    assert_snapshot("made/cdn-refused", about, &printed(bundle().failed()));
    project.write("classes.json", "{}\n");
    let baseline = project.bundle().arg("--offline").arg("--baseline").arg("classes.json").arg("--update-baseline");
    let _ = baseline.run().failed();
    assert_eq!(project.read("classes.json"), "{}\n", "a bundle that is refused leaves the baseline as it was");
    project.remove(&file);
    project.remove(&streaming);
    let about = "A static answer whose path the CDN has no room for.";
    assert_snapshot("made/cdn-left", about, &printed(bundle().succeeded()));
}

#[test]
fn a_name_that_is_not_utf_8_is_refused() {
    let project = Project::from_files("not-utf8", &[("app/items/route.rs", HELLO)]);
    for folder in ["app/items", "public"] {
        let path = project.path(folder).join(OsStr::from_bytes(b"caf\xe9"));
        fs::create_dir_all(path).expect("the file system takes any bytes");
    }
    let about = "Folders below app and public whose names are Latin-1.";
    assert_snapshot("made/not-utf8", about, &printed(&project, &check(&project)));
}

#[test]
fn a_name_with_a_character_that_nobody_sees_is_refused() {
    let names = ["app/items\u{202e}x", "app/(a\u{1b}[31m)", "app/a\u{200b}", "app/[i\u{ad}d]", "app/two\nlines"];
    let project = Project::from_files("hidden", &[("app/items/route.rs", HELLO), ("public/a\u{feff}.txt", "a\n")]);
    for name in names {
        project.write(&format!("{name}/route.rs"), HELLO);
    }
    // These join, or are written as escapes.
    project.write("app/👩\u{200d}💻/route.rs", HELLO);
    project.write("app/a%E2%80%AEb/route.rs", HELLO);
    let output = check(&project);
    assert!(!output.stderr.contains(['\u{1b}', '\u{202e}', '\u{200b}']), "{output}");
    let about = "Names with characters of control, of direction and without a width.";
    assert_snapshot("made/hidden-characters", about, &printed(&project, &output));
    for name in names {
        fs::remove_dir_all(project.path(name)).expect("it was made");
    }
    project.remove("public/a\u{feff}.txt");
    let output = check(&project);
    assert_eq!(output.code, Some(3), "{output}");
    assert!(output.stderr.contains("/// `/a\\u{202e}b`") && output.stderr.contains("\"/a\\u{202e}b\""), "{output}");
    assert!(output.stderr.contains("/// `/👩\u{200d}💻`"), "{output}");
}

#[test]
fn a_link_to_a_folder_above_it_is_refused() {
    let project = Project::from_files("link-loop", &[("app/items/route.rs", HELLO), ("public/a/b.txt", "b\n")]);
    symlink("..", project.path("app/items/again")).expect("the file system has links");
    symlink("../../public", project.path("public/a/all")).expect("the file system has links");
    let about = "Links in app and public that lead to a folder above them.";
    assert_snapshot("made/link-loop", about, &printed(&project, &check(&project)));
}

#[test]
fn links_that_end_are_followed() {
    let project = Project::from_files("links", &[("elsewhere/route.rs", HELLO)]);
    for folder in ["app/a", "app/b"] {
        fs::create_dir_all(project.path(folder)).expect("the folder can be made");
    }
    symlink("../../elsewhere", project.path("app/a/elsewhere")).expect("the file system has links");
    symlink("../../elsewhere/route.rs", project.path("app/b/route.rs")).expect("the file system has links");
    let about = "A link to a folder of routes, and one to a route file.";
    assert_snapshot("made/links", about, &printed(&project, &check(&project)));
}

#[test]
fn what_was_not_put_into_public_on_purpose_is_not_published() {
    let manifest = Project::from_files("public", &[]).read("Cargo.toml");
    let settings = "[package.metadata.wharf]\npublic-include = [\".nojekyll\", \"docs/a.bak\"]\n\n[dependencies]";
    let manifest = manifest.replace("[dependencies]", settings);
    let project = Project::from_files(
        "public",
        &[
            ("Cargo.toml", &manifest),
            ("app/items/route.rs", HELLO),
            ("assets/logo.svg", "<svg/>\n"),
            ("assets/.env", "A=1\n"),
            ("public/.well-known/security.txt", "Contact: mailto:a@b.example\n"),
            ("public/.nojekyll", ""),
            ("public/docs/a.bak", "a\n"),
            ("public/b.bak", "b\n"),
            ("public/.env", "KEY=canary\n"),
            ("public/.git/config", "[remote]\n"),
            ("public/style.css~", "a {}\n"),
        ],
    );
    symlink("../assets", project.path("public/assets")).expect("the file system has links");
    symlink("docs/a.bak", project.path("public/a.txt")).expect("the file system has links");
    let about = "Hidden files and leftovers in public, some of which are allowed by name.";
    assert_snapshot("made/public-leftovers", about, &printed(&project, &check(&project)));
}

#[test]
fn links_and_files_that_everyone_would_read_by_mistake_are_refused() {
    let files =
        [("app/items/route.rs", HELLO), (".env", "KEY=canary\n"), ("data/.key", "canary\n"), ("public/a.txt", "a\n")];
    let project = Project::from_files("public-links", &files);
    let link = |target: &str, path: &str| symlink(target, project.path(path)).expect("the file system has links");
    link("../.env", "public/env.txt");
    link("env.txt", "public/chain.txt");
    link("../data/.key", "public/key");
    link("/etc/passwd", "public/passwd");
    link("/etc", "public/etc");
    link("../..", "public/everything");
    link("..", "public/package");
    link("../src/lib.rs", "public/lib.txt");
    link("nowhere", "public/nowhere");
    link("round", "public/round");
    link("../../.env", "app/items/page.html");
    let status = std::process::Command::new("mkfifo").arg(project.path("public/pipe")).status();
    assert!(status.is_ok_and(|status| status.success()), "mkfifo is a part of every system");
    let film = fs::File::create(project.path("public/film.mov")).expect("the file can be made");
    film.set_len((5 << 30) + 1).expect("the file system has holes");
    let about =
        "Links out of the package and to what is not for everyone, a pipe, and a file that is too large, in public.";
    let printed = printed(&project, &check(&project));
    assert!(!printed.contains("canary"), "{printed}");
    assert_snapshot("made/public-links", about, &printed);
}

#[test]
fn a_link_to_nowhere_matters_only_where_a_file_would() {
    let project = Project::from_files("dangling", &[("app/items/route.rs", HELLO)]);
    // Editors keep their locks in such links.
    symlink("somebody@somewhere.1234", project.path("app/items/.#route.rs")).expect("the file system has links");
    assert_eq!(check(&project).code, Some(3));
    fs::create_dir_all(project.path("app/lost")).expect("the folder can be made");
    symlink("../nowhere.rs", project.path("app/lost/route.rs")).expect("the file system has links");
    symlink("page.html", project.path("app/lost/page.html")).expect("the file system has links");
    let about = "A route file that is a link to nowhere, and a page that is a link to itself.";
    assert_snapshot("made/dangling-link", about, &printed(&project, &check(&project)));
}

#[test]
fn tools_get_one_json_object_a_line() {
    let project = Project::fixture("several/two-files");
    let output = project.bundle().check().json().arg("--offline").limit(LIMIT).run();
    assert_eq!((output.code, &*output.stderr), (Some(1), ""), "{output}");
    let lines = output.stdout.lines();
    let messages: Vec<Value> = lines.map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    assert_eq!(messages.last().map(|last| last["exit_code"].clone()), Some(1.into()));
    let text: String = messages.iter().map(|message| format!("{message:#}\n")).collect();
    let about = "The diagnostics of two files for tools.";
    assert_snapshot("made/json", about, &without_root(&project, &text));
}

#[test]
fn a_decomposed_folder_is_refused() {
    let project = Project::from_files("decomposed", &[("app/items/route.rs", HELLO)]);
    for folder in ["app/cafe\u{301}", "app/caf\u{e9}"] {
        project.write(&format!("{folder}/route.rs"), HELLO);
    }
    let about = "A folder in decomposed characters beside its composed twin.";
    assert_snapshot("made/not-composed", about, &printed(&project, &check(&project)));
}

#[test]
fn a_checkout_of_windows_is_not_stale() {
    let guide = Project::example("guide");
    let text = guide.read("src/routes.rs");
    for changed in [text.replace('\n', "\r\n"), format!("\u{feff}{text}")] {
        guide.write("src/routes.rs", &changed);
        assert_eq!(check(&guide).code, Some(0));
        assert_eq!(guide.read("src/routes.rs"), changed);
    }
}

#[test]
fn a_check_writes_nothing() {
    let project = Project::fixture("valid/precedence");
    // Cargo completes the lock file, which belongs to it and not to the bundle.
    let _ = check(&project);
    let before = tree(project.root());
    let _ = check(&project);
    assert_eq!(difference(&before, &tree(project.root())), Vec::<String>::new());
}

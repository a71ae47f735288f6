//! What is secret on the machine that bundles an app, and the files that a function has: one app, bundled once.
//!
//! A text stands wherever a secret may: in variables, in files beside the app, in URLs. Nothing that a run prints or writes
//! may hold it.

use std::{
    fs,
    io::Read,
    os::unix::fs::{PermissionsExt, symlink},
    sync::OnceLock,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use walkdir::WalkDir;
use wharf_tests::{BundleCommand, Function, HttpRequest, Output, Project, artifact::Bundle, events};

const CANARY: &str = "c4n4ry";

const POST: &str = "pub const REVALIDATE: u32 = 1;\n\npub async fn get() -> wharf::Result<String> {\n    \
                    Ok(std::fs::read_to_string(\"content/post.md\")?)\n}\n";
const NOTE: &str = "pub const REVALIDATE: u32 = 1;\n\npub async fn get() -> wharf::Result<String> {\n    \
                    Ok(std::fs::read_to_string(\"notes/note.md\")?)\n}\n";
const SECRET: &str = "use wharf::{Result, fetch, Cache};\n\npub async fn get() -> Result<String> {\n    \
                      let host = std::env::var(\"UPSTREAM_URL\").unwrap_or_default();\n    \
                      let url = format!(\"{host}/items?key={}\", std::env::var(\"API_KEY\").unwrap_or_default());\n    \
                      fetch(url).cache(Cache::NoStore).await?.text().await\n}\n";
/// As [`SECRET`], but tried at build time.
const FAILING: &str = "use wharf::{Result, fetch};\n\npub async fn get() -> Result<String> {\n    \
                       let host = std::env::var(\"UPSTREAM_URL\")?;\n    \
                       println!(\"asking {host}?key={}\", std::env::var(\"API_KEY\")?);\n    \
                       fetch(format!(\"{host}/items?key={}\", std::env::var(\"API_KEY\")?)).await?.text().await\n}\n";
const BROKEN: &str = "pub async fn get() -> u32 {\n    \"\"\n}\n";

const SETTING: &str = "[workspace]\n\n[package.metadata.wharf]\ninclude = [\"content/**\"]\n";

const CARGO_SETTINGS: &str = "[build]\nrustc-wrapper = \"tools/wrap\"\nrustc-workspace-wrapper = \"tools/wrap-own\"\n\n\
                              [env]\nTOKEN = \"c4n4ry\"\n\n\
                              [registries.own]\nindex = \"sparse+https://u:c4n4ry@127.0.0.1:9/\"\n";

struct App {
    project: Project,
    bundle: Bundle,
    bundled: Output,
}

fn app() -> &'static App {
    static APP: OnceLock<App> = OnceLock::new();
    APP.get_or_init(|| {
        let project = Project::from_files(
            "canary",
            &[
                ("app/post/route.rs", POST),
                ("app/note/route.rs", NOTE),
                ("app/secret/route.rs", SECRET),
                ("content/post.md", "# Post\n"),
                ("content/.draft.md", CANARY),
                ("notes/note.md", "# Note\n"),
                ("public/a.txt", "a\n"),
                ("public/.env", CANARY),
                ("public/a.txt~", CANARY),
                ("assets/a.svg", "<svg/>\n"),
                ("assets/.netrc", CANARY),
                (".env", "# c4n4ry\nAPI_KEY=\"c4n4ry\"\nUPSTREAM_URL=http://u:c4n4ry@127.0.0.1:9\nline c4n4ry\n"),
                (".env.local", "QUOTE=\"c4n4ry\nLOST='x$c4n4ry'\n"),
                (".cargo/config.toml", CARGO_SETTINGS),
            ],
        );
        project.edit("Cargo.toml", "[workspace]\n", SETTING);
        let wharf = project.read("Cargo.toml").replace("wharf = { ", "wharf = { features = [\"fetch\"], ");
        project.write("Cargo.toml", wharf);
        project.write(".git/config", format!("[remote \"origin\"]\nurl = https://u:{CANARY}@git.example/app\n"));
        symlink("../assets", project.path("public/assets")).expect("the file system has links");
        // Compiled by this run, whatever an earlier one has left.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_nanos();
        project.write("src/lib.rs", format!("//! An app, bundled at {now}.\n\npub mod routes;\n"));
        for name in ["wrap", "wrap-own"] {
            let log = project.path(&format!("{name}.log"));
            project.write(
                &format!("tools/{name}"),
                format!("#!/bin/sh\necho \"$@\" >> '{}'\nexec \"$@\"\n", log.display()),
            );
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(project.path(&format!("tools/{name}")), mode).expect("it is there");
        }
        let bundled = run(project.bundle()).succeeded();
        App { bundle: Bundle::open(&project.output()), bundled, project }
    })
}

/// A run in a shell that has secrets too.
fn run(command: BundleCommand) -> Output {
    let variables = ["WHARF_T_SECRET", "AWS_SECRET_ACCESS_KEY", "CARGO_REGISTRY_TOKEN", "GITHUB_TOKEN"];
    command.envs(variables.map(|name| (name, CANARY))).arg("--offline").run()
}

#[track_caller]
fn assert_silent(output: &Output) {
    assert!(!output.stdout.contains(CANARY) && !output.stderr.contains(CANARY), "{output}");
}

/// The files of the bundle that hold the text, and those in its zips.
fn holders(bundle: &Bundle) -> Vec<String> {
    let has_it = |bytes: &[u8]| bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
    let mut holders = Vec::new();
    let files = WalkDir::new(bundle.folder()).into_iter().map(|entry| entry.expect("the bundle can be listed"));
    for entry in files.filter(|entry| entry.file_type().is_file()) {
        let bytes = fs::read(entry.path()).expect("a file of the bundle can be read");
        let name = entry.path().display().to_string();
        if has_it(&bytes) {
            holders.push(name.clone());
        }
        if name.ends_with(".zip") {
            let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("it is a zip");
            for index in 0..archive.len() {
                let mut bytes = Vec::new();
                let mut file = archive.by_index(index).expect("it has so many files");
                file.read_to_end(&mut bytes).expect("a file of a zip can be read");
                if has_it(&bytes) {
                    holders.push(format!("{name} {index}"));
                }
            }
        }
    }
    holders
}

#[test]
fn no_secret_of_the_machine_is_in_an_artifact() {
    assert_eq!(holders(&app().bundle), Vec::<String>::new());
    let reason = &app().bundle.route("/secret")["methods"]["GET"]["reason"];
    assert!(reason.to_string().contains("http://127.0.0.1:9/items?"), "the URL is there, without its keys: {reason}");
}

#[test]
fn no_run_prints_a_secret() {
    let App { project, bundled, .. } = app();
    assert_silent(bundled);
    assert!(bundled.stdout.contains("/secret") && bundled.stderr.contains("file::left-out"), "{bundled}");
    for arguments in [&["--limits"][..], &["--explain-route", "/secret"], &["--message-format", "json"], &["--check"]] {
        let command = arguments.iter().fold(project.bundle(), |command, argument| command.arg(argument));
        assert_silent(&run(command).succeeded());
    }
    project.write("app/secret/route.rs", FAILING);
    let failed = run(project.bundle());
    assert_eq!(failed.code, Some(6), "{failed}");
    assert!(failed.stderr.contains("asking http://127.0.0.1:9?"), "{failed}");
    assert_silent(&failed);
    project.write("app/secret/route.rs", BROKEN);
    let refused = run(project.bundle());
    assert_eq!(refused.code, Some(5), "{refused}");
    assert_silent(&refused);
    project.write("app/secret/route.rs", SECRET);
}

#[test]
fn a_function_logs_no_secret() {
    let files = app().bundle.unpack(app().bundle.function_of("/secret"));
    let secrets = [("UPSTREAM_URL", format!("http://u:{CANARY}@127.0.0.1:9")), ("API_KEY", CANARY.to_owned())];
    let function = Function::start(&files.bootstrap(), secrets);
    let reply = function.invoke(&events::function_url(&HttpRequest::get("/secret"))).http();
    assert_eq!(reply.status, 500);
    assert!(function.log().contains("127.0.0.1:9/items"), "{}", function.log());
    assert!(!function.log().contains(CANARY), "{}", function.log());
}

#[test]
fn a_function_finds_the_files_that_are_packed() {
    let App { bundle, bundled, .. } = app();
    assert_eq!(bundle.manifest()["app"]["included"], serde_json::json!(["content/post.md"]));
    let files = bundle.unpack(bundle.function_of("/post"));
    fs::write(files.folder().join("content/post.md"), "# Renewed\n").expect("the file is there");
    let function = Function::start(&files.bootstrap(), [("X", "")]);
    let ask = || function.invoke(&events::function_url(&HttpRequest::get("/post"))).http();
    // An answer that was made at build time may come first, and is then renewed.
    let mut renewed = (0..100).map(|_| {
        thread::sleep(Duration::from_millis(100));
        ask().text()
    });
    assert!(renewed.any(|text| text == "# Renewed\n"), "{}", function.log());
    let warning = bundled.stderr.split("\n\n").find(|text| text.contains("file::not-packed"));
    let warning = warning.unwrap_or_else(|| panic!("nothing is said of the file that is not packed\n{bundled}"));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/made");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("file-not-packed", warning));
    assert!(!bundled.stderr.contains("`GET /post`"), "{bundled}");
}

#[test]
fn the_wrappers_of_the_users_settings_are_called() {
    let app = app();
    let calls = |name: &str| app.project.read(&format!("{name}.log"));
    let compiles =
        |log: &str, package: &str| log.lines().any(|line| line.contains(&format!("--crate-name {package} ")));
    let (all, own) = (calls("wrap"), calls("wrap-own"));
    assert!(compiles(&all, "app") && compiles(&own, "app"), "{all}\n{own}");
    assert!(all.lines().any(|line| line.contains("tools/wrap-own")), "one calls the other\n{all}");
    assert!(!compiles(&own, "serde"), "{own}");
}

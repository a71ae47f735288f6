//! `cargo bundle upload`, the real program against a real server of S3 and CloudFront on this machine.
//!
//! What it uploads is made from a manifest, as `cargo bundle` makes it, and nothing is compiled for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use wharf_bundler::stages::{
    deploy::{cdn, sam},
    manifest::Manifest,
    package::{Hash, object_key},
};
use wharf_tests::{
    HttpReply, HttpRequest, Output, ProcessGroup, environment, paths,
    s3::{self, Bucket, Gate},
};

/// Far more than a run takes, on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(180);

/// A bundle in a folder.
struct Bundle {
    folder: TempDir,
    manifest: Manifest,
    key_values: String,
}

/// A page: its path and its text.
type Page<'a> = (&'a str, &'a str);

/// What one deployment has, and the next.
const BEFORE: [Page<'_>; 4] = [("/", "home"), ("/about", "about us"), ("/news", "old news"), ("/style.css", "p {}")];
const AFTER: [Page<'_>; 4] = [("/", "home"), ("/about", "about us"), ("/news", "new news"), ("/jobs", "we hire")];

impl Bundle {
    fn of(pages: &[Page<'_>]) -> Self {
        let pages = pages.iter().map(|(path, text)| {
            let content_type = if path.ends_with(".css") { "text/css" } else { "text/html; charset=utf-8" };
            (*path, *text, json!({ "cache-control": "public, max-age=0", "content-type": content_type }))
        });
        Self::with_headers(&pages.collect::<Vec<_>>())
    }

    fn with_headers(pages: &[(&str, &str, Value)]) -> Self {
        let object = |(path, text, headers): &(&str, &str, Value)| {
            let body = text.as_bytes();
            let key = object_key(&serde_json::from_value(headers.clone()).expect("headers are texts"), body);
            json!({
                "path": path, "key": key, "file": key, "size": body.len(), "sha256": Hash::of(body).hex(),
                "status": 200, "headers": headers, "revalidate": false, "source": format!("public{path}"),
            })
        };
        let manifest: Manifest = serde_json::from_value(json!({
            "format_version": 1,
            "generator": { "name": "wharf-bundler", "version": "0.1.0" },
            "app": { "name": "shop", "version": "0.1.0", "wharf": "0.1.0" },
            "functions": {},
            "api": {},
            "routes": [],
            "objects": pages.iter().map(object).collect::<Vec<_>>(),
        }))
        .expect("it is a manifest");
        let cdn = cdn::files(&manifest).expect("the CDN has room for it");
        let key_values = cdn.files["cdn/key-values.json"].clone();
        let bundle = Self { folder: tempfile::tempdir().expect("there is a temporary folder"), manifest, key_values };
        bundle.write("manifest.json", &bundle.manifest.text());
        for (path, text) in sam::files(&bundle.manifest, &cdn).into_iter().chain(cdn.files) {
            bundle.write(&path, &text);
        }
        for (object, (_, text, _)) in bundle.manifest.objects.iter().zip(pages) {
            bundle.write(&object.file, text);
        }
        bundle
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("the folder takes a folder");
        fs::write(path, text).expect("the folder takes a file");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The key of the object at a path.
    fn key(&self, path: &str) -> &str {
        &self.manifest.objects.iter().find(|object| object.path == path).expect("the bundle has it").key
    }

    /// All that is to be in the bucket.
    fn keys(&self, prefix: &str) -> BTreeSet<String> {
        let keys = self.manifest.objects.iter().map(|object| object.key.clone());
        keys.chain([cdn::key_values_key(&self.key_values)]).map(|key| format!("{prefix}{key}")).collect()
    }

    /// What functions, the stack and CloudFront need of this bundle is there, with its bytes and its headers.
    #[track_caller]
    fn assert_served(&self, bucket: &Bucket, prefix: &str) {
        for object in &self.manifest.objects {
            let reply = bucket.get(&format!("{prefix}{}", object.key));
            assert_eq!(String::from_utf8_lossy(&reply.body), self.read(&object.file), "{}", object.path);
            for (name, value) in &object.headers {
                assert_eq!(reply.header(name), Some(value.as_str()), "{}: {name}", object.path);
            }
        }
        let data = bucket.get(&format!("{prefix}{}", cdn::key_values_key(&self.key_values)));
        assert_eq!((data.text(), data.header("content-type")), (self.key_values.clone(), Some("application/json")));
        for entry in data.json()["data"].as_array().expect("it is a list") {
            let value: Value = serde_json::from_str(entry["value"].as_str().expect("a text")).expect("JSON");
            let key = value["k"].as_str().expect("a page has an object");
            let reply = bucket.get(&format!("{prefix}{key}"));
            let path = entry["key"].as_str().expect("a text");
            assert_eq!(String::from_utf8_lossy(&reply.body), self.read(key), "{path}");
        }
    }
}

/// An upload, as a user would start it.
struct Upload {
    command: Command,
}

impl Upload {
    fn of(bundle: &Bundle, bucket: &str) -> Self {
        let mut upload = Self::from(Path::new("/"), bucket);
        upload.command.arg("--bundle").arg(bundle.folder.path());
        upload
    }

    /// From a folder, without an option that says where the bundle is.
    fn from(folder: &Path, bucket: &str) -> Self {
        let mut command = Command::new(paths::cargo_bundle());
        environment::scrub(&mut command);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("AWS_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(folder)
            .env("NO_PROXY", "127.0.0.1")
            .env("AWS_ENDPOINT_URL", s3::endpoint())
            .env("AWS_ACCESS_KEY_ID", "AKIATEST")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .args(["bundle", "upload", "--bucket", bucket]);
        Self { command }
    }

    fn through(mut self, gate: &Gate) -> Self {
        self.command.env("AWS_ENDPOINT_URL", gate.endpoint());
        self
    }

    fn args(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    fn without(mut self, names: &[&str]) -> Self {
        for name in names {
            self.command.env_remove(name);
        }
        self
    }

    #[track_caller]
    fn run(mut self) -> Output {
        ProcessGroup::run(&mut self.command, LIMIT)
    }

    /// What it printed, when it succeeded.
    #[track_caller]
    fn done(self) -> String {
        let output = self.run().succeeded();
        assert_eq!(output.stderr, "", "{output}");
        output.stdout
    }
}

/// Compares what a run printed with a snapshot; the names that differ from run to run are taken out.
#[track_caller]
fn assert_snapshot(name: &str, bundle: &Bundle, bucket: &str, output: &Output) {
    let Output { code, stdout, stderr, .. } = output;
    let code = code.unwrap_or_else(|| panic!("a signal ended it\n{output}"));
    let text = format!("exit code {code}\n--- stdout\n{stdout}--- stderr\n{stderr}");
    let text = text.replace(&bundle.folder.path().display().to_string(), "<bundle>").replace(bucket, "<bucket>");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/upload");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// The paths of all requests of a method, in order.
fn paths_of(gate: &Gate, method: &str) -> Vec<String> {
    let seen = gate.seen().into_iter().filter(|request| request.method == method);
    seen.map(|request| request.path().to_owned()).collect()
}

fn only_watching() -> Gate {
    Gate::start(|_, _| None)
}

fn error(status: u16, code: &str, message: &str) -> HttpReply {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
    HttpReply { status, headers: vec![("content-type".to_owned(), "application/xml".to_owned())], body: body.into() }
}

#[test]
fn every_header_of_the_manifest_is_what_s3_sends() {
    let headers = json!({
        "cache-control": "public, max-age=60",
        "content-disposition": "inline; filename=\"it's $1\"",
        "content-encoding": "br",
        "content-language": "de",
        "content-type": "text/plain; charset=utf-8",
        "x-amz-meta-made-by": "hand",
    });
    let other = json!({ "content-type": "text/html" });
    let bundle = Bundle::with_headers(&[("/a.txt", "a", headers), ("/b", "", other.clone()), ("/c", "", other)]);
    let bucket = Bucket::new();
    let printed = Upload::of(&bundle, bucket.name()).args(&["--prefix", "shop/live"]).done();
    assert!(printed.ends_with(" put, 0 unchanged, 0 stale\n"), "{printed}");
    bundle.assert_served(&bucket, "shop/live/");
    // Two paths share an object.
    assert_eq!(bucket.keys().into_iter().collect::<BTreeSet<_>>(), bundle.keys("shop/live/"));
    assert_eq!(bundle.keys("").len(), 3);
}

#[test]
fn the_template_imports_what_was_uploaded() {
    let bundle = Bundle::of(&BEFORE);
    let bucket = Bucket::new();
    let _ = Upload::of(&bundle, bucket.name()).done();
    let template = bundle.read("template.yaml");
    let data = bucket.keys().into_iter().find(|key| key.starts_with("cdn/")).expect("the data is there");
    assert!(template.contains(&format!("${{ObjectsBucket}}/{data}")), "{template}");
}

#[test]
fn only_what_changed_is_put_and_a_second_run_puts_nothing() {
    let (before, after) = (Bundle::of(&BEFORE), Bundle::of(&AFTER));
    let (bucket, gate) = (Bucket::new(), only_watching());
    let upload = |bundle: &Bundle| Upload::of(bundle, bucket.name()).through(&gate).done();
    let _ = upload(&before);
    assert_eq!(gate.count("PUT"), 5);
    let _ = upload(&after);
    let put: BTreeSet<String> = paths_of(&gate, "PUT").into_iter().skip(5).collect();
    let name = bucket.name();
    let data = cdn::key_values_key(&after.key_values);
    let wanted = [after.key("/news"), after.key("/jobs"), &data].map(|key| format!("/{name}/{key}"));
    assert_eq!(put, BTreeSet::from(wanted));
    let (state, printed) = (bucket.state(), upload(&after));
    assert_eq!(printed, format!("s3://{name}/: 0 put, 5 unchanged, 2 (1 KB) stale\n"));
    assert_eq!((gate.count("PUT"), gate.count("POST"), gate.count("DELETE")), (8, 0, 0));
    assert_eq!(bucket.state(), state);
}

#[test]
fn an_object_of_another_size_is_put_right() {
    let bundle = Bundle::of(&BEFORE);
    let bucket = Bucket::new();
    bucket.put(bundle.key("/about"), "");
    let _ = Upload::of(&bundle, bucket.name()).done();
    bundle.assert_served(&bucket, "");
}

#[test]
fn an_interrupted_run_is_resumed() {
    let pages: Vec<(String, String)> = (0..30).map(|page| (format!("/{page}"), format!("page {page}"))).collect();
    let pages: Vec<Page<'_>> = pages.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let bundle = Bundle::of(&pages);
    let bucket = Bucket::new();
    // The first twelve arrive, and then the line is dead.
    let puts = AtomicUsize::new(0);
    let gate = Gate::start(move |request, _| {
        if request.method == "PUT" && puts.fetch_add(1, Ordering::SeqCst) >= 12 {
            thread::sleep(LIMIT);
        }
        None
    });
    let running = ProcessGroup::start(&mut Upload::of(&bundle, bucket.name()).through(&gate).command);
    let started = Instant::now();
    while gate.count("PUT") <= 12 || bucket.keys().len() < 12 {
        assert!(started.elapsed() < LIMIT && !running.has_exited(), "it does not get there\n{}", running.log());
        thread::sleep(Duration::from_millis(20));
    }
    running.interrupt();
    let output = running.finish(LIMIT);
    assert_eq!((output.code, &*output.stderr), (Some(130), "error: interrupted\n"), "{output}");
    let there = bucket.keys();
    assert_eq!(there.len(), 12);
    assert!(there.iter().all(|key| key.starts_with("objects/")), "the data goes last");

    let gate = only_watching();
    let _ = Upload::of(&bundle, bucket.name()).through(&gate).done();
    let put = paths_of(&gate, "PUT");
    assert_eq!(put.len(), 31 - 12);
    assert!(put.last().is_some_and(|path| path.contains("/cdn/key-values-")), "the data goes last: {put:?}");
    bundle.assert_served(&bucket, "");
}

#[test]
fn pruning_takes_stale_objects_of_the_prefix_and_nothing_else() {
    let (before, after) = (Bundle::of(&BEFORE), Bundle::of(&AFTER));
    let bucket = Bucket::new();
    let upload = |bundle: &Bundle, arguments: &[&str]| Upload::of(bundle, bucket.name()).args(arguments).done();
    for prefix in ["live", "liver", "live/objects"] {
        let _ = upload(&before, &["--prefix", prefix]);
    }
    let _ = upload(&before, &[]);
    let foreign = ["live/objects/logo.png", "live/index.html", "objects/notes.txt", "liveobjects/x"];
    for key in foreign {
        bucket.put(key, "not ours");
    }
    let _ = upload(&after, &["--prefix", "live"]);
    let mut kept: BTreeSet<String> = bucket.keys().into_iter().collect();
    let printed = upload(&after, &["--prefix", "live", "--prune"]);
    assert_eq!(printed, format!("s3://{}/live/: 0 put, 5 unchanged, 2 (1 KB) removed\n", bucket.name()));
    for path in ["/news", "/style.css"] {
        assert!(kept.remove(&format!("live/{}", before.key(path))));
    }
    assert_eq!(bucket.keys().into_iter().collect::<BTreeSet<_>>(), kept);
    after.assert_served(&bucket, "live/");
    for prefix in ["liver/", "live/objects/", ""] {
        before.assert_served(&bucket, prefix);
    }
}

#[test]
fn a_dry_run_changes_nothing() {
    let (before, after) = (Bundle::of(&BEFORE), Bundle::of(&AFTER));
    let (bucket, gate) = (Bucket::new(), only_watching());
    let _ = Upload::of(&before, bucket.name()).done();
    let state = bucket.state();
    let dry = |arguments: &[&str]| {
        let upload = Upload::of(&after, bucket.name()).through(&gate).args(&["--dry-run", "--distribution", "E1"]);
        upload.args(arguments).run()
    };
    assert_snapshot("dry-run", &after, bucket.name(), &dry(&[]));
    assert_snapshot("dry-run-json", &after, bucket.name(), &dry(&["--message-format", "json"]));
    assert_eq!(gate.seen().iter().filter(|request| request.method != "GET").count(), 0);
    assert_eq!(bucket.state(), state);
    let _ = Upload::of(&after, bucket.name()).done();
    assert_snapshot("dry-run-of-pruning", &after, bucket.name(), &dry(&["--prune"]));
    before.assert_served(&bucket, "");
}

/// A server that is busy twice, for each request that there is.
#[test]
fn a_server_that_fails_twice_is_asked_again() {
    let (before, after) = (Bundle::of(&BEFORE), Bundle::of(&AFTER));
    let bucket = Bucket::new();
    let gate = Gate::start(|_, before| match before {
        0 => Some(error(503, "SlowDown", "Please reduce your request rate.")),
        1 => Some(error(500, "InternalError", "We encountered an internal error. Please try again.")),
        _ => None,
    });
    let distribution = distribution();
    let _ = Upload::of(&before, bucket.name()).done();
    let _ = Upload::of(&after, bucket.name()).through(&gate).done();
    assert_eq!(gate.count("PUT"), 3 * 3);
    let upload = Upload::of(&after, bucket.name()).through(&gate);
    let printed = upload.args(&["--prune", "--distribution", &distribution]).done();
    assert!(
        printed.contains("2 (1 KB) removed") && printed.contains(&format!("CloudFront {distribution}: invalidation ")),
        "{printed}"
    );
    after.assert_served(&bucket, "");
    assert_eq!(invalidations(&distribution), 1);
}

/// A distribution of its own in the server of the tests.
fn distribution() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let origin = "<Items><Origin><Id>api</Id><DomainName>example.com</DomainName></Origin></Items>";
    let body = format!(
        "<DistributionConfig xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">\
         <CallerReference>test-{}</CallerReference><Origins><Quantity>1</Quantity>{origin}</Origins>\
         <DefaultCacheBehavior><TargetOriginId>api</TargetOriginId>\
         <ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy></DefaultCacheBehavior>\
         <Comment></Comment><Enabled>true</Enabled></DistributionConfig>",
        COUNT.fetch_add(1, Ordering::Relaxed),
    );
    let reply = s3::ask("cloudfront", HttpRequest::post("/2020-05-31/distribution", "text/xml", body)).text();
    let id = reply.split_once("<Id>").and_then(|(_, rest)| rest.split_once("</Id>")).expect("it has an id").0;
    id.to_owned()
}

fn invalidations(distribution: &str) -> usize {
    let path = format!("/2020-05-31/distribution/{distribution}/invalidation");
    s3::ask("cloudfront", HttpRequest::get(&path)).text().matches("<InvalidationSummary>").count()
}

#[test]
fn cloudfront_forgets_what_it_keeps() {
    let bundle = Bundle::of(&BEFORE);
    let (bucket, gate, distribution) = (Bucket::new(), only_watching(), distribution());
    let upload = || Upload::of(&bundle, bucket.name()).through(&gate).args(&["--distribution", &distribution]);
    let printed = upload().done();
    assert_eq!(invalidations(&distribution), 1);
    let seen = gate.seen();
    let request = seen.last().expect("there was one");
    assert_eq!(request.to_string(), format!("POST /2020-05-31/distribution/{distribution}/invalidation"));
    let authorization = request.header_value("authorization").expect("it is signed");
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIATEST/"), "{authorization}");
    assert!(authorization.contains("/us-east-1/cloudfront/aws4_request, SignedHeaders="), "{authorization}");
    let body = String::from_utf8_lossy(&request.body);
    assert!(body.contains("<Paths><Quantity>1</Quantity><Items><Path>/*</Path></Items></Paths>"), "{body}");
    let id = printed.split_once(&format!("CloudFront {distribution}: invalidation ")).expect("it is told").1.trim();
    assert!(!id.is_empty());
    // Each run asks for one of its own, whatever was put.
    let _ = upload().done();
    assert_eq!(invalidations(&distribution), 2);
}

#[test]
fn tools_are_told_of_every_object() {
    let (before, after) = (Bundle::of(&BEFORE), Bundle::of(&AFTER));
    let bucket = Bucket::new();
    let lines = |bundle: &Bundle, arguments: &[&str]| -> Vec<Value> {
        let upload = Upload::of(bundle, bucket.name()).args(&["--message-format", "json"]).args(arguments);
        upload.done().lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    };
    let objects = |lines: &[Value], action: &str| -> BTreeSet<String> {
        let of = lines.iter().filter(|line| line["reason"] == "object" && line["action"] == action);
        of.map(|line| line["key"].as_str().expect("an object has a key").to_owned()).collect()
    };
    let first = lines(&before, &[]);
    assert_eq!(objects(&first, "put"), before.keys(""));
    let stages: Vec<&str> = first.iter().filter_map(|line| line["stage"].as_str()).collect();
    assert_eq!(stages, ["read", "list", "plan", "put"]);
    let _ = lines(&after, &[]);
    let last = lines(&after, &["--prune"]);
    let removed = ["/news", "/style.css"].map(|path| before.key(path).to_owned());
    assert_eq!((objects(&last, "put"), objects(&last, "removed")), (BTreeSet::new(), removed.into()));
    let report = &last[last.len() - 2];
    assert_eq!(
        (&report["reason"], &report["pruned"], &report["unchanged"]),
        (&json!("upload"), &json!(true), &json!(5))
    );
    assert_eq!(last.last().expect("there are lines")["exit_code"], 0);
}

#[test]
fn the_bundle_of_the_app_is_found_as_cargo_finds_it() {
    let bundle = Bundle::of(&BEFORE);
    let app = tempfile::tempdir().unwrap();
    fs::create_dir(app.path().join("src")).unwrap();
    fs::write(app.path().join("src/lib.rs"), "").unwrap();
    fs::write(app.path().join("Cargo.toml"), "[package]\nname = \"shop\"\nedition = \"2024\"\n[workspace]\n").unwrap();
    let place = |folder: &str| {
        let folder = app.path().join(folder);
        fs::create_dir_all(folder.parent().expect("it is in the app")).unwrap();
        fs::rename(bundle.folder.path(), &folder).unwrap();
        folder
    };
    let run = |from: &Path, arguments: &[&str]| {
        let bucket = Bucket::new();
        let printed = Upload::from(from, bucket.name()).args(arguments).done();
        assert!(printed.contains(" 5 ("), "{printed}");
    };
    let folder = place("target/bundle");
    run(app.path(), &[]);
    run(Path::new("/"), &["--manifest-path", &app.path().join("Cargo.toml").display().to_string()]);
    run(app.path(), &["--out-dir", "target/bundle"]);
    run(app.path(), &["--target-dir", "target"]);
    fs::rename(folder, bundle.folder.path()).unwrap();
}

/// Old functions and the old key-value data are served until the switch, in whatever direction it goes.
#[test]
fn a_deployment_and_the_way_back_leave_nothing_unserved() {
    let (a, b) = (Bundle::of(&BEFORE), Bundle::of(&AFTER));
    let (bucket, gate) = (Bucket::new(), only_watching());
    let upload = |bundle: &Bundle, arguments: &[&str]| {
        let before = gate.seen().len();
        let _ = Upload::of(bundle, bucket.name()).through(&gate).args(&["--prefix", "shop"]).args(arguments).done();
        gate.seen()[before..]
            .iter()
            .filter(|request| request.method != "GET")
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let _ = upload(&a, &[]);
    a.assert_served(&bucket, "shop/");

    // B goes up while A is deployed, and each of its requests adds something.
    let requests = upload(&b, &[]);
    assert!(requests.iter().all(|request| request.starts_with("PUT ")), "{requests:?}");
    assert!(requests.iter().all(|request| a.keys("shop/").iter().all(|key| !request.ends_with(key))), "{requests:?}");
    a.assert_served(&bucket, "shop/");
    b.assert_served(&bucket, "shop/");

    // B is deployed, and back to A before anything was pruned: all is there.
    assert_eq!(upload(&a, &[]), Vec::<String>::new());
    a.assert_served(&bucket, "shop/");

    // B is deployed again and pruned. The data of A stays: the stack of A, if it is rolled back to, had imported it.
    let requests = upload(&b, &["--prune"]);
    assert_eq!(requests.len(), 1, "{requests:?}");
    b.assert_served(&bucket, "shop/");
    assert!(!bucket.keys().contains(&format!("shop/{}", a.key("/news"))));
    assert!(bucket.keys().contains(&format!("shop/{}", cdn::key_values_key(&a.key_values))));

    // Back to A: what was pruned goes up while B is deployed, and only that.
    let requests = upload(&a, &[]);
    let wanted = ["/news", "/style.css"].map(|path| format!("PUT /{}/shop/{}", bucket.name(), a.key(path)));
    assert_eq!(requests.iter().collect::<BTreeSet<_>>(), wanted.iter().collect::<BTreeSet<_>>());
    a.assert_served(&bucket, "shop/");
    b.assert_served(&bucket, "shop/");

    // A is deployed, and pruned.
    let _ = upload(&a, &["--prune"]);
    a.assert_served(&bucket, "shop/");
    assert!(!bucket.keys().contains(&format!("shop/{}", b.key("/jobs"))));
}

/// Runs that are refused, and that nothing was changed by them.
#[test]
fn a_bundle_that_is_not_whole_is_not_uploaded() {
    type Breaks = fn(&Bundle);
    let cases: [(&str, Breaks); 7] = [
        ("not-a-bundle", |bundle| fs::remove_file(bundle.path("manifest.json")).unwrap()),
        ("not-a-manifest", |bundle| bundle.write("manifest.json", "{\"format_version\": 1}")),
        ("unknown-format", |bundle| {
            let text = bundle.read("manifest.json").replace("\"format_version\": 1", "\"format_version\": 2");
            bundle.write("manifest.json", &text);
        }),
        ("damaged", |bundle| {
            bundle.write(bundle.key("/"), "home?");
            bundle.write(bundle.key("/about"), "about me");
            fs::remove_file(bundle.path(bundle.key("/news"))).unwrap();
        }),
        ("other-header", |bundle| {
            let text = bundle.read("manifest.json").replacen("\"cache-control\"", "\"expires\"", 1);
            bundle.write("manifest.json", &text);
        }),
        ("other-path", |bundle| {
            let text = bundle.read("manifest.json").replace(bundle.key("/news"), "../../etc/passwd");
            bundle.write("manifest.json", &text);
        }),
        ("other-key-values", |bundle| {
            let text = bundle.key_values.replace(bundle.key("/news"), &format!("objects/{}", "0".repeat(64)));
            bundle.write("cdn/key-values.json", &text);
        }),
    ];
    let (bucket, gate) = (Bucket::new(), only_watching());
    for (name, breaks) in cases {
        let bundle = Bundle::of(&BEFORE);
        breaks(&bundle);
        let output = Upload::of(&bundle, bucket.name()).through(&gate).args(&["--prune"]).run();
        assert_eq!((output.code, gate.seen().len()), (Some(1), 0), "{name}: {output}");
        assert_snapshot(name, &bundle, bucket.name(), &output);
    }
}

#[test]
fn pruning_waits_for_the_deployment() {
    let (before, after) = (Bundle::of(&BEFORE), Bundle::of(&AFTER));
    let bucket = Bucket::new();
    // Nothing is stale in an empty bucket.
    let _ = Upload::of(&before, bucket.name()).args(&["--prune"]).done();
    let state = bucket.state();
    let output = Upload::of(&after, bucket.name()).args(&["--prune"]).run();
    assert_eq!(output.code, Some(1), "{output}");
    assert_snapshot("prune-before-deploy", &after, bucket.name(), &output);
    assert_eq!(bucket.state(), state);
}

#[test]
fn what_aws_refuses_is_told_with_what_to_do() {
    let bundle = Bundle::of(&BEFORE);
    let bucket = Bucket::new();
    let name = bucket.name();
    let gate = |method: &'static str, status: u16, code: &'static str, message: &'static str| {
        Gate::start(move |request, _| (request.method == method).then(|| error(status, code, message)))
    };
    let denies_listing = gate("GET", 403, "AccessDenied", "Access Denied");
    let denies_putting = gate("PUT", 403, "AccessDenied", "Access Denied");
    let denies_deleting = gate("POST", 403, "AccessDenied", "Access Denied");
    let denies_invalidating = gate("POST", 403, "AccessDenied", "User may not perform cloudfront:CreateInvalidation");
    let expired = gate("GET", 400, "ExpiredToken", "The provided token has expired.");
    let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    let no_metadata = [("AWS_EC2_METADATA_DISABLED", "true")];
    let upload = || Upload::of(&bundle, name);
    let snapshot = |case: &str, upload: Upload| {
        let output = upload.run();
        assert_eq!(output.code, Some(9), "{case}: {output}");
        assert_snapshot(case, &bundle, name, &output);
    };
    let [(variable, value)] = no_metadata;
    snapshot("no-credentials", upload().without(&keys).env(variable, value).env("AWS_PROFILE", "shop"));
    snapshot("half-the-credentials", upload().without(&keys[1..]));
    snapshot("expired-credentials", upload().through(&expired));
    snapshot("denied-listing", upload().through(&denies_listing));
    snapshot("denied-putting", upload().through(&denies_putting).args(&["--prefix", "shop"]));
    snapshot("no-bucket", Upload::of(&bundle, "no-such-bucket"));
    let _ = upload().done();
    bucket.put(&format!("objects/{}", "0".repeat(64)), "old");
    snapshot("denied-deleting", upload().through(&denies_deleting).args(&["--prune"]));
    snapshot("denied-invalidating", upload().through(&denies_invalidating).args(&["--distribution", "E1A2B3"]));
    snapshot("no-distribution", upload().args(&["--distribution", "E1A2B3"]));
}

/// The metadata of EC2 is asked where nothing names credentials, and given up on soon.
#[test]
fn a_machine_without_credentials_is_told_soon() {
    let (bundle, bucket) = (Bundle::of(&BEFORE), Bucket::new());
    let silent = Gate::start(|_, _| {
        thread::sleep(LIMIT);
        None
    });
    let upload = Upload::of(&bundle, bucket.name()).without(&["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
    let output = upload.env("AWS_METADATA_ENDPOINT", silent.endpoint()).run();
    assert_eq!(output.code, Some(9), "{output}");
    assert!(output.stderr.contains("[upload::credentials]"), "{output}");
    assert!(output.duration < Duration::from_secs(60), "{output}");
    assert_eq!(paths_of(&silent, "PUT").first().map(String::as_str), Some("/latest/api/token"));
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let bundle = Bundle::of(&BEFORE);
    // Nobody listens once the gate is gone.
    let gone = only_watching().endpoint().to_owned();
    let output = Upload::of(&bundle, "some-bucket").env("AWS_ENDPOINT_URL", &gone).run();
    assert_eq!(output.code, Some(9), "{output}");
    assert_snapshot("unreachable", &bundle, "some-bucket", &output);
}

#[test]
fn names_that_are_none_are_refused_at_once() {
    let bundle = Bundle::of(&BEFORE);
    let refused: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("bucket-address", &["--bucket", "s3://shop"][..]),
        ("prefix-above", &["--bucket", "shop", "--prefix", "../live"]),
        ("distribution-arn", &["--bucket", "shop", "--distribution", "arn:aws:cloudfront::1:distribution/E1"]),
    ]);
    for (name, arguments) in refused {
        let mut command = Command::new(paths::cargo_bundle());
        environment::scrub(&mut command);
        let output = ProcessGroup::run(command.args(["bundle", "upload"]).args(arguments), LIMIT);
        assert_eq!(output.code, Some(2), "{output}");
        assert_snapshot(name, &bundle, "<no bucket>", &output);
    }
}

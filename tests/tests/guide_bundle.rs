//! `cargo bundle` over the guide: what it prints, what it writes, and what it does when it runs again.

use std::{collections::BTreeMap, fs, path::Path, sync::OnceLock};

use serde_json::Value;
use wharf_tests::{
    BundleCommand, Guide, Project, Upstream,
    artifact::{Bundle, Unpacked, entries},
    bundle_command::{difference, sha256, tree},
    cyclonedx,
    sam::sam,
};

/// Every route of the guide, with the class of its GET (of its POST where it has none).
const ROUTES: [(&str, &str, &str); 33] = [
    ("/2024", "GET", "static"),
    ("/account", "GET", "dynamic"),
    ("/api", "GET", "static"),
    ("/api/bestsellers", "GET", "static"),
    ("/api/books", "GET", "static"),
    ("/api/cart", "GET", "dynamic"),
    ("/api/contact", "POST", "dynamic"),
    ("/api/export.csv", "GET", "dynamic"),
    ("/api/locale", "GET", "dynamic"),
    ("/api/notes", "POST", "dynamic"),
    ("/api/opening-hours", "GET", "static"),
    ("/api/orders", "POST", "dynamic"),
    ("/api/pick", "GET", "static"),
    ("/api/posts", "GET", "static"),
    ("/api/prices", "GET", "static"),
    ("/api/product", "GET", "dynamic"),
    ("/api/recommend", "GET", "dynamic"),
    ("/api/revalidate", "POST", "dynamic"),
    ("/api/search", "GET", "dynamic"),
    ("/api/stock/[slug]", "GET", "dynamic"),
    ("/authors/[name]", "GET", "static"),
    ("/blog", "GET", "static"),
    ("/catalogue", "GET", "static"),
    ("/cover.png", "GET", "static"),
    ("/docs/[...path]", "GET", "dynamic"),
    ("/items/[slug]", "GET", "static"),
    ("/reports/[decade]", "GET", "static"),
    ("/robots.txt", "GET", "static"),
    ("/rss.xml", "GET", "static"),
    ("/shelves/[floor]/[number]", "GET", "dynamic"),
    ("/shop/[[...filters]]", "GET", "dynamic"),
    ("/sitemap.xml", "GET", "static"),
    ("/type", "GET", "static"),
];

/// The bundle that the tests only look at.
fn guide() -> &'static Guide {
    static GUIDE: OnceLock<Guide> = OnceLock::new();
    GUIDE.get_or_init(|| Guide::bundled(&Upstream::start()))
}

fn text<'a>(value: &'a Value, what: &str) -> &'a str {
    value.as_str().unwrap_or_else(|| panic!("{what} is no text: {value}"))
}

#[test]
fn the_table_names_every_route() {
    let stdout = &guide().output.stdout;
    for (pattern, _, _) in ROUTES {
        assert!(stdout.split_whitespace().any(|word| word == pattern), "{pattern} is missing:\n{stdout}");
    }
}

#[test]
fn every_route_is_a_zip_with_an_executable_bootstrap() {
    let bundle = &guide().bundle;
    assert_eq!(bundle.functions().len(), ROUTES.len());
    for function in bundle.functions() {
        let zip = bundle.zip(function);
        let entries = entries(&zip);
        let bootstrap = entries.iter().find(|entry| entry.name == "bootstrap");
        assert_eq!(bootstrap.and_then(|entry| entry.mode), Some(0o755), "{function}: {entries:?}");
        assert!(bootstrap.is_some_and(|entry| entry.size > 0), "{function}: {entries:?}");
        let manifest = &bundle.manifest()["functions"][function];
        assert_eq!(manifest["sha256"], sha256(&zip), "{function}");
        assert_eq!(manifest["size"], fs::metadata(&zip).expect("the zip is there").len(), "{function}");
    }
}

/// The routes of the guide that call `fetch`, and the one that tells the CDN.
const FETCHING: [&str; 5] = ["/api/bestsellers", "/api/posts", "/api/product", "/api/revalidate", "/api/stock/[slug]"];

#[test]
fn only_the_function_that_revalidates_may_tell_the_cdn() {
    let bundle = &guide().bundle;
    let may = |function: &&str| bundle.manifest()["functions"][function]["revalidates"] == true;
    let functions: Vec<_> = bundle.functions().into_iter().filter(may).collect();
    assert_eq!(functions, [bundle.function_of("/api/revalidate")]);
}

/// What only the code of the app says, and what only signs for the CDN's store.
const OF_THE_APP: &[u8] = b"x-revalidate-secret";
const OF_THE_WRITER: &[u8] = b"AWS4-ECDSA-P256-SHA256";

#[test]
fn the_stamp_writer_holds_no_code_of_the_app_and_no_function_holds_its() {
    let bundle = &guide().bundle;
    let writer = &bundle.manifest()["stamp_writer"];
    let zip = bundle.folder().join(text(&writer["zip"], "the zip of the stamp writer"));
    assert_eq!(writer["sha256"], sha256(&zip));
    let names: Vec<String> = entries(&zip).into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, ["bootstrap"]);
    let program = |zip: &Path| fs::read(Unpacked::from_zip(zip).bootstrap()).expect("there is a bootstrap");
    let holds = |program: &[u8], text: &[u8]| program.windows(text.len()).any(|part| part == text);
    let of_writer = program(&zip);
    assert!(holds(&of_writer, OF_THE_WRITER) && !holds(&of_writer, OF_THE_APP));
    let of_function = program(&bundle.zip(bundle.function_of("/api/revalidate")));
    assert!(holds(&of_function, OF_THE_APP) && !holds(&of_function, OF_THE_WRITER));
    assert!(!bundle.functions().contains(&"_stamp_writer"), "it answers no route");
}

#[test]
fn only_functions_that_fetch_carry_the_client() {
    let bundle = &guide().bundle;
    let size =
        |pattern: &str| bundle.manifest()["functions"][bundle.function_of(pattern)]["size"].as_u64().unwrap_or(0);
    let sizes = |fetches: bool| {
        let patterns = ROUTES.iter().map(|(pattern, _, _)| *pattern);
        patterns.filter(move |pattern| FETCHING.contains(pattern) == fetches).map(size)
    };
    let (without, with) = (sizes(false).max().unwrap_or(0), sizes(true).min().unwrap_or(0));
    // The client with TLS is about 890 kB of a zip.
    assert!(without + 500_000 < with, "without fetch up to {without} bytes, with it {with} and more");
}

#[test]
fn the_manifest_says_what_becomes_of_every_method() {
    let bundle = &guide().bundle;
    let patterns: Vec<&str> = bundle.routes().iter().map(|route| text(&route["pattern"], "pattern")).collect();
    assert_eq!(patterns.len(), ROUTES.len(), "{patterns:?}");
    for (pattern, method, class) in ROUTES {
        let route = bundle.route(pattern);
        assert!(bundle.functions().contains(&text(&route["function"], "function")), "{route:#}");
        let source = text(&route["source"], "source");
        assert!(guide().project.path(source).is_file(), "{pattern}: {source} is no file of the project");
        assert_eq!(route["methods"][method]["class"], class, "{route:#}");
        for (name, method) in route["methods"].as_object().expect("`methods` is an object") {
            assert!(["static", "dynamic", "derived"].contains(&text(&method["class"], "class")), "{name} of {route:#}");
            assert!(!method["reason"].is_null(), "{name} of {pattern} has no reason: {method}");
        }
    }
}

#[test]
fn the_bill_of_materials_names_the_crates_of_the_functions_and_is_valid_cyclonedx() {
    let bundle = &guide().bundle;
    let path = bundle.folder().join(text(&bundle.manifest()["sbom"], "sbom"));
    let output = cyclonedx::check(&path);
    assert_eq!(output.code, Some(0), "{output}");

    let bill = fs::read_to_string(&path).expect("it is there");
    let root = guide().project.root().to_string_lossy().into_owned();
    assert!(!bill.contains(&root) && !bill.contains("file://"), "it holds no path of this machine");
    let bill: Value = serde_json::from_str(&bill).expect("it is JSON");
    let find = |name: &str| {
        let components = bill["components"].as_array().into_iter().flatten();
        components.filter(|component| component["name"] == name).collect::<Vec<_>>()
    };
    for name in ["wharf", "axum", "lambda_runtime", "rustls", "guide"] {
        assert_eq!(find(name).len(), 1, "{name}");
    }
    for name in ["serde_derive", "syn", "guide-bundle", "wharf-bundler"] {
        assert!(find(name).is_empty(), "{name} is in no function");
    }
    let functions = bill["metadata"]["component"]["components"].as_array().map_or(0, Vec::len);
    assert_eq!(functions, ROUTES.len());
}

#[test]
fn the_template_is_one_that_sam_takes() {
    let output = sam(guide().bundle.folder(), &["validate", "--lint", "-t", "template.yaml"]);
    assert_eq!(output.code, Some(0), "{output}");
}

#[test]
fn a_static_get_stands_beside_dynamic_methods() {
    let methods = &guide().bundle.route("/items/[slug]")["methods"];
    assert_eq!(methods["GET"]["class"], "static");
    for method in ["PUT", "PATCH", "DELETE"] {
        assert_eq!(methods[method]["class"], "dynamic", "{methods:#}");
    }
}

#[test]
fn the_reason_of_a_dynamic_route_points_into_its_file() {
    let route = guide().bundle.route("/api/locale");
    let reason = route["methods"]["GET"]["reason"].to_string();
    assert!(reason.contains("headers()") && reason.contains("app/api/locale/route.rs"), "{reason}");
}

#[test]
fn every_object_is_there_as_the_manifest_describes_it() {
    let bundle = &guide().bundle;
    assert!(bundle.objects().len() >= 4, "{:#}", bundle.manifest()["objects"]);
    for object in bundle.objects() {
        let file = bundle.folder().join(text(&object["file"], "file"));
        assert_eq!(object["sha256"], sha256(&file), "{object:#}");
        assert_eq!(object["size"], fs::metadata(&file).expect("the object is there").len(), "{object:#}");
        assert_eq!(object["status"], 200, "{object:#}");
        assert_eq!(object["key"], object["file"], "{object:#}");
        assert!(object.get("headers").is_some() && object.get("revalidate").is_some(), "{object:#}");
    }
}

#[test]
fn pages_public_files_and_answers_are_exported() {
    let bundle = &guide().bundle;
    let body = |path: &str| {
        let object = bundle.object(path).unwrap_or_else(|| panic!("no object for {path}"));
        fs::read(bundle.folder().join(text(&object["file"], "file"))).expect("the object is there")
    };
    let source = |path: &str| fs::read(guide().project.path(path)).expect("the guide has the file");
    assert_eq!(body("/"), source("app/page.html"));
    assert_eq!(body("/style.css"), source("public/style.css"));
    assert_eq!(body("/cover.png"), source("app/cover.png/cover.png"));
    assert!(body("/robots.txt").starts_with(b"User-agent: *\n"));
    for path in ["/items/solaris", "/items/piranesi", "/reports/1960", "/authors/Umberto%20Eco"] {
        assert!(serde_json::from_slice::<Value>(&body(path)).is_ok(), "{path}");
    }
    assert!(bundle.object("/items/james").is_none(), "only listed params are evaluated");
    assert!(bundle.object("/blog").is_none(), "S3 cannot hold a redirect");
}

#[test]
fn the_time_to_live_of_a_fetch_lowers_that_of_its_route() {
    let bundle = &guide().bundle;
    let revalidate = |path: &str| bundle.object(path).map(|object| object["revalidate"].clone());
    assert_eq!(revalidate("/api/posts"), Some(60.into()));
    assert_eq!(revalidate("/api/bestsellers"), Some(5_400.into()));
    assert_eq!(revalidate("/api/books"), Some(false.into()));
}

#[test]
fn no_artifact_names_a_path_of_this_machine() {
    let bundle = &guide().bundle;
    let root = guide().project.root().display().to_string();
    for path in tree(bundle.folder()).keys().filter(|path| !path.ends_with(".zip")) {
        let bytes = fs::read(bundle.folder().join(path)).expect("the artifact is there");
        assert!(!String::from_utf8_lossy(&bytes).contains(&root), "{path} names {root}");
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the benchmarks judge how long a run takes; here it is only told")]
fn a_second_run_changes_no_byte_and_an_edit_changes_one_zip() {
    let project = Project::example("guide");
    // Its answer tells the number of requests, so no two evaluations agree.
    project.remove("app/api/bestsellers/route.rs");
    let upstream = Upstream::start();
    let bundle = || project.bundle().envs(upstream.variables()).run().succeeded();

    let first = bundle();
    let before = tree(&project.output());
    let second = bundle();
    println!("the first run took {:?}, the second {:?}", first.duration, second.duration);
    assert_eq!(difference(&before, &tree(&project.output())), Vec::<String>::new());

    let before = zips(&Bundle::open(&project.output()));
    project.edit("app/docs/[...path]/route.rs", "Within sixty days.", "Within ninety days.");
    let _ = bundle();
    let after = Bundle::open(&project.output());
    assert_eq!(difference(&before, &zips(&after)), [after.function_of("/docs/[...path]")]);
}

#[test]
fn a_clean_build_in_another_folder_gives_the_same_bytes() {
    let upstream = Upstream::start();
    let [one, other] = [(); 2].map(|()| Project::example("guide"));
    for project in [&one, &other] {
        // Its answer tells the number of requests, so no two evaluations agree.
        project.remove("app/api/bestsellers/route.rs");
    }
    let _ = one.bundle().envs(upstream.variables()).run().succeeded();
    let target = other.path("target/a folder of its own");
    if target.exists() {
        fs::remove_dir_all(&target).expect("an earlier run's target folder can be removed");
    }
    let clean =
        other.bundle().envs(upstream.variables()).arg("--target-dir").arg(&target).limit(2 * BundleCommand::LIMIT);
    let _ = clean.run().succeeded();
    assert_eq!(difference(&tree(&one.output()), &tree(&other.output())), Vec::<String>::new());
}

/// The SHA-256 of every function's zip.
fn zips(bundle: &Bundle) -> BTreeMap<String, String> {
    bundle.functions().into_iter().map(|name| (name.to_owned(), sha256(&bundle.zip(name)))).collect()
}

#[test]
fn without_its_upstream_a_route_is_evaluated_on_request() {
    let folder = guide().project.path("target/no-upstream");
    let _ = guide().project.bundle().output(&folder).run().succeeded();
    let bundle = Bundle::open(&folder);
    for pattern in ["/api/posts", "/api/bestsellers"] {
        assert_eq!(bundle.route(pattern)["methods"]["GET"]["class"], "dynamic", "{:#}", bundle.route(pattern));
        assert!(bundle.object(pattern).is_none());
    }
    assert!(bundle.object("/robots.txt").is_some());
}

#[test]
fn check_refuses_a_stale_route_list_and_writes_nothing() {
    let project = Project::example("guide");
    let _ = project.bundle().check().run().succeeded();
    project.write("app/new/route.rs", "pub async fn get() -> &'static str {\n    \"new\"\n}\n");
    let before = tree(project.root());
    let output = project.bundle().check().run().failed();
    assert!(output.stderr.contains("routes.rs"), "{output}");
    assert_eq!(difference(&before, &tree(project.root())), Vec::<String>::new());
}

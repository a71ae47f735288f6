//! Folders whose routes share a function, bundled and run: each route answers as it does in a function of its own.

use std::sync::OnceLock;

use serde_json::json;
use wharf_tests::{
    Function, Guide, HttpReply, HttpRequest, Project, Upstream, Watch,
    artifact::{Bundle, Unpacked, entries},
    bundle_command::sha256,
    events,
    expectations::{self, Delivery},
};

/// The routes of `app/admin` share a function, but for those of the team; `/other` has its own.
const FILES: [(&str, &str); 6] = [
    (
        "app/admin/route.rs",
        "pub const MEMORY: u32 = 512;\n\npub async fn get() -> &'static str {\n    \"the admin's page\"\n}\n",
    ),
    (
        "app/admin/items/[slug]/route.rs",
        "use wharf::{Json, Path};\n\npub const DYNAMIC_PARAMS: bool = false;\n\n\
         pub fn generate_static_params() -> [&'static str; 2] {\n    [\"anchor\", \"rope\"]\n}\n\n\
         pub async fn get(Path(slug): Path<String>) -> Json<String> {\n    Json(slug)\n}\n",
    ),
    (
        "app/admin/orders/[id]/route.rs",
        "use wharf::Path;\n\npub const MAX_DURATION: u32 = 60;\n\n\
         pub async fn get(Path(id): Path<u32>) -> String {\n    format!(\"order {id}\")\n}\n\n\
         pub async fn post(body: String) -> String {\n    body\n}\n",
    ),
    (
        "app/admin/files/[...path]/route.rs",
        "use wharf::Path;\n\npub async fn get(Path(path): Path<Vec<String>>) -> String {\n    path.join(\" and \")\n}\n",
    ),
    (
        "app/admin/(team)/members/route.rs",
        "pub async fn get(_: wharf::Request) -> &'static str {\n    \"members\"\n}\n",
    ),
    ("app/other/route.rs", "pub async fn get(_: wharf::Request) -> &'static str {\n    \"other\"\n}\n"),
];

const SETTING: &str =
    "[workspace]\n\n[package.metadata.wharf]\nfunction-groups = [\"app/admin\", \"app/admin/(team)\"]\n";

/// The app, the table that was printed of it, and the bundle.
struct App {
    project: Project,
    table: String,
    bundle: Bundle,
}

impl App {
    fn bundled(name: &str) -> Self {
        let project = Project::from_files(name, &FILES);
        project.edit("Cargo.toml", "[workspace]\n", SETTING);
        let output = project.bundle().arg("--offline").run().succeeded();
        let bundle = Bundle::open(&project.output());
        Self { project, table: output.stdout, bundle }
    }
}

fn app() -> &'static App {
    static APP: OnceLock<App> = OnceLock::new();
    APP.get_or_init(|| App::bundled("function-groups"))
}

/// The function of a folder, running.
struct Running {
    function: Function,
    // Held for its drop: the folder that the function runs in.
    _files: Unpacked,
}

fn start(bundle: &Bundle, function: &str, variables: &[(&str, String)]) -> Running {
    let files = bundle.unpack(function);
    let variables = variables.iter().map(|(name, value)| (*name, value.clone()));
    Running { function: Function::start(&files.bootstrap(), variables), _files: files }
}

/// What the API hands to the function of `app/admin`.
fn asked(running: &Running, method: &str, path: &str) -> HttpReply {
    let request = HttpRequest { method: method.to_owned(), ..HttpRequest::get(path) };
    running.function.invoke(&events::http_api(&request, &"/admin/[...proxy]".parse().expect("it is a pattern"))).http()
}

#[test]
fn one_function_answers_all_routes_of_its_folder() {
    let running = start(&app().bundle, "admin", &[]);
    let get = |path: &str| asked(&running, "GET", path);
    for (path, state, body) in [
        ("/admin", Some("HIT"), "the admin's page"),
        ("/admin/items/rope", Some("HIT"), "\"rope\""),
        ("/admin/orders/7", None, "order 7"),
        ("/admin/files/a/b%20c", None, "a and b c"),
    ] {
        let reply = get(path);
        assert_eq!((reply.status, reply.header("x-wharf-cache"), reply.text().as_str()), (200, state, body), "{path}");
    }
    let gone = get("/admin/items/other");
    assert_eq!((gone.status, gone.text().as_str()), (404, ""), "DYNAMIC_PARAMS is false");
    assert_eq!(get("/admin/orders/seven").status, 400);
    for (path, allow) in [("/admin", "GET, HEAD, OPTIONS"), ("/admin/orders/7", "GET, HEAD, OPTIONS, POST")] {
        for (method, status) in [("OPTIONS", 204), ("DELETE", 405)] {
            let reply = asked(&running, method, path);
            assert_eq!((reply.status, reply.header("allow")), (status, Some(allow)), "{method} {path}");
        }
    }
    let unknown = get("/admin/unknown");
    let told = (unknown.status, unknown.header("content-type"), unknown.text());
    assert_eq!(told, (404, Some("application/json"), r#"{"message":"Not Found"}"#.to_owned()));
    // The team's route is another function's.
    assert_eq!(get("/admin/members").status, 404);
    let log = running.function.log();
    assert!(log.contains("/admin/orders/[id]") && !log.contains("panicked"), "{log}");
}

#[test]
fn the_manifest_says_whose_routes_are_whose() {
    let manifest = app().bundle.manifest();
    assert_eq!(app().bundle.functions(), ["admin", "admin-team", "other"]);
    let admin = &manifest["functions"]["admin"];
    let routes = ["/admin", "/admin/files/[...path]", "/admin/items/[slug]", "/admin/orders/[id]"];
    assert_eq!(admin["routes"], json!(routes));
    assert!(routes.iter().all(|route| app().bundle.function_of(route) == "admin"));
    assert_eq!((&admin["memory"], &admin["timeout"]), (&json!(512), &json!(60)), "the largest of the routes");
    assert_eq!(admin["description"], "app/admin, 4 routes");
    assert_eq!(manifest["functions"]["other"]["description"], "app/other/route.rs");
    let api = json!({"/admin": "admin", "/admin/{proxy+}": "admin", "/admin/members": "admin-team", "/other": "other"});
    assert_eq!(manifest["api"], api);
    assert_eq!(app().bundle.object("/admin").expect("it is exported")["function"], "admin");
    let files: Vec<String> = entries(&app().bundle.zip("admin")).into_iter().map(|entry| entry.name).collect();
    assert_eq!(files, ["bootstrap", "frozen.bin"]);
}

#[test]
fn the_table_has_each_zip_once() {
    let table = &app().table;
    assert_eq!(table.matches("→ admin\n").count() + table.matches("→ admin ").count(), 4, "{table}");
    assert_eq!(table.matches("→  admin: ").count(), 1, "{table}");
    assert!(table.contains(" for app/admin, 4 routes\n"), "{table}");
}

#[test]
fn an_edit_changes_the_zip_of_its_group_and_no_other() {
    let app = App::bundled("function-groups-edited");
    let zips = |bundle: &Bundle| -> Vec<(String, String)> {
        bundle.functions().iter().map(|name| ((*name).to_owned(), sha256(&bundle.zip(name)))).collect()
    };
    let before = zips(&app.bundle);
    app.project.edit("app/admin/orders/[id]/route.rs", "order {id}", "the order {id}");
    let _ = app.project.bundle().arg("--offline").run().succeeded();
    let after = zips(&Bundle::open(&app.project.output()));
    let changed: Vec<&str> =
        before.iter().zip(&after).filter(|(one, other)| one != other).map(|((name, _), _)| name.as_str()).collect();
    assert_eq!(changed, ["admin"]);
}

#[test]
fn watch_serves_every_route() {
    let watch = Watch::start(&app().bundle.package(), app().project.root(), [("RUST_LOG", "info")]);
    let client = watch.client();
    for (path, body) in [
        ("/admin", "the admin's page"),
        ("/admin/items/rope", "\"rope\""),
        ("/admin/orders/7", "order 7"),
        ("/admin/files/a/b", "a and b"),
        ("/admin/members", "members"),
        ("/other", "other"),
    ] {
        let reply = client.try_send(&HttpRequest::get(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!((reply.status, reply.text().as_str()), (200, body), "{path}\n{}", watch.log());
    }
}

/// The whole guide in two functions: what each of its cases expects of a route does not depend on where it is.
#[test]
fn every_case_of_the_guide_holds_in_a_group() {
    let upstream = Upstream::start();
    let project = Project::example("guide");
    let setting = "[package.metadata.wharf]\nfunction-groups = [\"app\", \"app/api\"]\n\n[dependencies]\n";
    project.edit("Cargo.toml", "[dependencies]\n", setting);
    let _ = project.bundle().envs(upstream.variables()).run().succeeded();
    let bundle = Bundle::open(&project.output());
    assert_eq!(bundle.functions(), ["api", "app"]);
    let functions = ["api", "app"].map(|name| (name, start(&bundle, name, &Guide::variables(&upstream))));
    let mut problems = Vec::new();
    for case in expectations::guide() {
        let name = bundle.function_of(case.route);
        let (_, running) = functions.iter().find(|(function, _)| *function == name).expect("there are two");
        if case.holds(Delivery::HttpApi) {
            let pattern = case.route.parse().expect("a case names a pattern");
            let reply = running.function.invoke(&events::http_api(&case.request, &pattern)).http();
            problems.extend(case.problems(&reply, Delivery::HttpApi));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    for (name, running) in &functions {
        assert!(!running.function.log().contains("panicked"), "{name}: {}", running.function.log());
    }
}

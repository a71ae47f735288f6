//! What of an app is static where a GET has to ask for it, and what of the machine that made a bundle stands in it.

use std::fs;

use walkdir::WalkDir;
use wharf_tests::{
    Project,
    artifact::{Bundle, Unpacked},
};

const SECRET: &str = "sk_1f8a7c_of_the_env_file";

/// Says that the variable was there, and that rustc did not see it; prints it, and keeps it to itself.
const KEPT: &str = r#"
pub const REVALIDATE: bool = false;

pub async fn get() -> String {
    let key = std::env::var("WHARF_TEST_KEY").unwrap_or_default();
    println!("the key is {key}");
    let greeting = std::env::var("WHARF_TEST_GREETING").unwrap_or_default();
    format!("{greeting}, {} bytes, compiled: {}", key.len(), option_env!("WHARF_TEST_KEY").is_some())
}
"#;

const SILENT: &str = "pub async fn get() -> &'static str {\n    \"silent\"\n}\n";
const VARIES: &str = "pub const REVALIDATE: bool = false;\n\npub async fn get() -> wharf::Response {\n    \
                      wharf::Response::text(\"x\").header(\"vary\", \"accept, Cookie\")\n}\n";
const FORCED: &str = "pub const DYNAMIC: wharf::config::Dynamic = wharf::config::Dynamic::ForceStatic;\n\n\
                      pub async fn get(request: wharf::Request) -> String {\n    request.path().to_owned()\n}\n";
const LISTED: &str = "pub fn generate_static_params() -> [&'static str; 1] {\n    [\"rope\"]\n}\n\n\
                      pub async fn get(wharf::Path(slug): wharf::Path<String>) -> String {\n    slug\n}\n";

fn bundled() -> (Project, Bundle) {
    let env = format!("WHARF_TEST_KEY={SECRET}\nWHARF_TEST_GREETING=hello\n");
    let project = Project::from_files(
        "opting-in",
        &[
            (".env", &env),
            ("app/kept/route.rs", KEPT),
            ("app/silent/route.rs", SILENT),
            ("app/robots.txt/route.rs", SILENT),
            ("app/forced/route.rs", FORCED),
            ("app/varies/route.rs", VARIES),
            ("app/items/[slug]/route.rs", LISTED),
            (
                "app/head/route.rs",
                &format!("pub const REVALIDATE: bool = false;\n\n{SILENT}\npub async fn head() {{}}\n"),
            ),
        ],
    );
    project.edit("Cargo.toml", "[workspace]\n", "[workspace]\n\n[package.metadata.wharf]\nget = \"dynamic\"\n");
    let _ = project.bundle().arg("--offline").run().succeeded();
    let bundle = Bundle::open(&project.output());
    (project, bundle)
}

#[test]
fn an_app_may_want_a_get_to_opt_in_and_its_variables_stay_out_of_the_bundle() {
    let (project, bundle) = bundled();
    for (pattern, class, code) in [
        ("/kept", "static", "no-request"),
        ("/silent", "dynamic", "not-opted-in"),
        ("/robots.txt", "static", "no-request"),
        ("/forced", "static", "force-static"),
        ("/varies", "dynamic", "varies"),
        ("/items/[slug]", "static", "static-params"),
        ("/head", "static", "no-request"),
    ] {
        let get = &bundle.route(pattern)["methods"]["GET"];
        assert_eq!((&get["class"], &get["reason"]["code"]), (&class.into(), &code.into()), "{pattern}: {get:#}");
    }
    assert!(bundle.object("/head").is_none(), "S3 would answer HEAD as it answers GET");
    let object = bundle.object("/kept").expect("it is exported");
    let file = bundle.folder().join(object["file"].as_str().expect("an object has a file"));
    let body = fs::read_to_string(file).expect("the object is there");
    assert_eq!(body, format!("hello, {} bytes, compiled: false", SECRET.len()));

    let unpacked: Vec<Unpacked> = bundle.functions().into_iter().map(|name| bundle.unpack(name)).collect();
    let folders = unpacked.iter().map(Unpacked::folder).chain([bundle.folder()]);
    for entry in folders.flat_map(WalkDir::new).map(|entry| entry.expect("the bundle can be listed")) {
        if entry.file_type().is_file() {
            let bytes = fs::read(entry.path()).expect("the artifact can be read");
            let holds = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
            assert!(!holds, "{} holds the value of a variable", entry.path().display());
        }
    }
    assert!(project.read(".env").contains(SECRET));
}

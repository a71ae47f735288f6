//! What a further route costs to build, in CPU seconds, beside what it costs when every binary instantiates the Lambda
//! runtime for itself.
//!
//! `cargo bench --package wharf-tests --bench route_cost` prints both, and their ratio. An app of 10 and one of 50 routes
//! is compiled and then compiled again with nothing missing but what belongs to the single routes; a further route costs
//! the difference through 40. The rival is the usual shape, a binary a function that calls `lambda_http::run`, measured
//! the same way with one and with three binaries.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{fmt::Write, fs, process::Command, time::Duration};

use wharf_tests::{ProcessGroup, Project, cargo, environment, paths, process_group::cpu_seconds_of_children};

const LIMIT: Duration = Duration::from_secs(1_800);

fn main() {
    let few = wharf_routes(10);
    let many = wharf_routes(50);
    let wharf = (many - few) / 40.0;
    println!("wharf: {few:.2} CPU s for 10 routes, {many:.2} for 50: {wharf:.3} for one more");
    let one = generic_binaries(1);
    let three = generic_binaries(3);
    let rival = (three - one) / 2.0;
    println!("lambda_http::run in each binary: {one:.2} CPU s for 1, {three:.2} for 3: {rival:.3} for one more");
    println!("ratio: {:.0}", rival / wharf);
}

/// The CPU seconds of a bundle of this many routes, when the app's library and everything below it is compiled.
fn wharf_routes(count: usize) -> f64 {
    let texts: Vec<(String, String)> = (0..count)
        .map(|number| {
            let text = format!(
                "use wharf::{{Json, Path}};\n\npub async fn get(Path(id): Path<u32>) -> Json<Vec<u32>> {{\n    \
                 Json(vec![id, {number}])\n}}\n"
            );
            (format!("app/r{number}/[id]/route.rs"), text)
        })
        .collect();
    let files: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let project = Project::from_files(&format!("bench-{count}"), &files);
    let _ = project.bundle().limit(LIMIT).run().succeeded();
    let wharf = paths::shared_target().join("wharf");
    let mut clean = Command::new(cargo::program());
    environment::scrub(&mut clean);
    clean
        .args(["clean", "--release", "--package", "app-bundle", "--manifest-path"])
        .arg(wharf.join("app/package/Cargo.toml"))
        .arg("--target-dir")
        .arg(build_folder(&wharf));
    let _ = ProcessGroup::run(&mut clean, LIMIT).succeeded();
    let before = cpu_seconds_of_children();
    let _ = project.bundle().limit(LIMIT).run().succeeded();
    cpu_seconds_of_children() - before
}

/// The bundler's build folder, whatever its number.
fn build_folder(wharf: &std::path::Path) -> std::path::PathBuf {
    let entries = fs::read_dir(wharf).expect("a bundle was made").flatten();
    let is_build = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with("build-");
    entries.filter(is_build).map(|entry| entry.path()).max().expect("the bundler has compiled")
}

/// The CPU seconds of this many binaries that each instantiate the runtime, when everything below them is compiled.
fn generic_binaries(count: usize) -> f64 {
    let mut manifest = "[package]\nname = \"rival\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
                        lambda_http = { version = \"1.3.2\", default-features = false, features = [\"apigw_http\"] }\n\
                        tokio = { version = \"1.48.0\", features = [\"macros\", \"rt\"] }\n\n[workspace]\n\n\
                        [profile.release]\nopt-level = \"s\"\nstrip = true\n"
        .to_owned();
    let main = "use lambda_http::{Body, Error, Request, Response, run, service_fn};\n\n\
                async fn answer(request: Request) -> Result<Response<Body>, Error> {\n    \
                Ok(Response::new(Body::from(request.uri().path().to_owned())))\n}\n\n\
                #[tokio::main(flavor = \"current_thread\")]\nasync fn main() -> Result<(), Error> {\n    \
                run(service_fn(answer)).await\n}\n";
    let mut files = Vec::new();
    for number in 0..count {
        write!(manifest, "\n[[bin]]\nname = \"f{number}\"\npath = \"f{number}.rs\"\n").expect("a string takes all");
        files.push((format!("f{number}.rs"), main.to_owned()));
    }
    files.push(("Cargo.toml".to_owned(), manifest));
    files.push(("src/lib.rs".to_owned(), "//! Nothing.\n".to_owned()));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let project = Project::from_files(&format!("rival-{count}"), &files);
    let cargo = |arguments: &[&str]| {
        let mut command = Command::new(cargo::program());
        environment::scrub(&mut command);
        command.env("CARGO_TARGET_DIR", paths::shared_target()).args(arguments).arg("--manifest-path");
        let _ = ProcessGroup::run(command.arg(project.manifest()), LIMIT).succeeded();
    };
    cargo(&["build", "--release"]);
    cargo(&["clean", "--release", "--package", "rival"]);
    let before = cpu_seconds_of_children();
    cargo(&["build", "--release"]);
    cpu_seconds_of_children() - before
}

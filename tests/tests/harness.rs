//! The harness itself, on what needs neither the bundler nor an example.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use wharf_tests::{
    Function, HttpClient, HttpRequest, Invocation, Project, RuntimeApi,
    bundle_command::{difference, tree},
    cargo_lambda, events,
    runtime_api::NoAnswer,
};

const LIMIT: Duration = Duration::from_secs(10);
const API: &str = "/2018-06-01/runtime";

/// Runs `function` as the other side of the Runtime API for one event, in a thread.
fn answer_once(api: &RuntimeApi, function: impl FnOnce(&HttpClient, &str, &Value) + Send + 'static) {
    let client = HttpClient::new(&format!("http://{}", api.address()));
    thread::spawn(move || {
        let next = client.send(&HttpRequest::get(&format!("{API}/invocation/next")));
        let id = next.header("lambda-runtime-aws-request-id").expect("an event has an id").to_owned();
        function(&client, &id, &next.json());
    });
}

fn invoke(api: &RuntimeApi, event: &Value) -> Result<Invocation, NoAnswer> {
    api.invoke(event, LIMIT, || true)
}

#[test]
fn an_answer_reaches_the_invoker() {
    let api = RuntimeApi::start();
    answer_once(&api, |client, id, event| {
        let body = json!({"statusCode": 200, "body": event["rawPath"]}).to_string();
        let target = format!("{API}/invocation/{id}/response");
        let reply = client.send(&HttpRequest::post(&target, "application/json", body));
        assert_eq!(reply.status, 202);
    });
    let invocation = invoke(&api, &events::function_url(&HttpRequest::get("/a%20b"))).unwrap();
    let reply = invocation.http();
    assert_eq!((reply.status, reply.text().as_str()), (200, "/a%20b"));
    assert_eq!(api.polls(), 1);
}

#[test]
fn an_event_comes_with_the_headers_of_lambda() {
    let api = RuntimeApi::start();
    let client = HttpClient::new(&format!("http://{}", api.address()));
    let function = thread::spawn(move || client.send(&HttpRequest::get(&format!("{API}/invocation/next"))));
    let outcome = api.invoke(&json!({}), Duration::from_millis(500), || true);
    assert_eq!(outcome, Err(NoAnswer::TimedOut(Duration::from_millis(500))));
    let next = function.join().unwrap();
    let deadline: u64 = next.header("lambda-runtime-deadline-ms").unwrap().parse().unwrap();
    assert!(deadline > 1_700_000_000_000);
    assert!(next.header("lambda-runtime-invoked-function-arn").unwrap().starts_with("arn:aws:lambda:"));
    assert!(next.header("lambda-runtime-trace-id").unwrap().starts_with("Root="));
}

#[test]
fn a_reported_error_reaches_the_invoker() {
    let api = RuntimeApi::start();
    let error = json!({"errorType": "Oops", "errorMessage": "it broke"});
    let posted = error.to_string();
    answer_once(&api, move |client, id, _| {
        let target = format!("{API}/invocation/{id}/error");
        assert_eq!(client.send(&HttpRequest::post(&target, "application/json", posted)).status, 202);
    });
    assert_eq!(invoke(&api, &json!({})), Ok(Invocation::Error(error)));
}

#[test]
fn a_streamed_answer_is_kept_byte_by_byte() {
    let api = RuntimeApi::start();
    let bytes = b"{\"statusCode\":200}\0\0\0\0\0\0\0\0body".to_vec();
    let sent = bytes.clone();
    answer_once(&api, move |client, id, _| {
        let target = format!("{API}/invocation/{id}/response");
        let post = HttpRequest::post(&target, "application/vnd.awslambda.http-integration-response", sent)
            .header("lambda-runtime-function-response-mode", "streaming");
        assert_eq!(client.send(&post).status, 202);
    });
    let Ok(Invocation::Streamed(streamed)) = invoke(&api, &json!({})) else { panic!("it was streamed") };
    assert_eq!(streamed.bytes(), bytes);
    assert!(streamed.headers.iter().any(|(name, _)| name == "lambda-runtime-function-response-mode"));
}

#[test]
fn an_answer_above_the_quota_is_refused() {
    let api = RuntimeApi::start();
    answer_once(&api, |client, id, _| {
        let body = json!({"statusCode": 200, "body": "x".repeat(6 * 1024 * 1024 + 200)}).to_string();
        let target = format!("{API}/invocation/{id}/response");
        assert_eq!(client.send(&HttpRequest::post(&target, "application/json", body)).status, 413);
    });
    let Ok(Invocation::Error(error)) = invoke(&api, &json!({})) else { panic!("it was refused") };
    assert_eq!(error["errorType"], "Function.ResponseSizeTooLarge");
}

#[test]
fn a_failure_to_start_ends_the_wait() {
    let api = RuntimeApi::start();
    let error = json!({"errorType": "Init", "errorMessage": "no"});
    let client = HttpClient::new(&format!("http://{}", api.address()));
    let post = HttpRequest::post(&format!("{API}/init/error"), "application/json", error.to_string());
    assert_eq!(client.send(&post).status, 202);
    assert_eq!(invoke(&api, &json!({})), Err(NoAnswer::InitFailed(error)));
}

#[test]
fn a_program_that_ends_is_no_function() {
    let folder = tempfile::tempdir().unwrap();
    let bootstrap = folder.path().join("bootstrap");
    fs::write(&bootstrap, "#!/bin/sh\necho \"$LAMBDA_TASK_ROOT $GREETING ${HOME-unset}\"\nexit 1\n").unwrap();
    fs::set_permissions(&bootstrap, fs::Permissions::from_mode(0o755)).unwrap();
    let function = Function::start(&bootstrap, [("GREETING", "hello")]);
    let started = Instant::now();
    assert_eq!(function.try_invoke(&json!({})), Err(NoAnswer::Exited));
    assert!(started.elapsed() < LIMIT);
    assert!(function.log().contains(&format!("{} hello unset", folder.path().display())), "{}", function.log());
}

#[test]
fn a_project_is_a_package_of_the_real_adapter() {
    let project = Project::from_files("harness", &[("app/a/route.rs", "pub async fn get() {}\n")]);
    assert!(project.read("Cargo.toml").contains("adapter"));
    assert_eq!(project.read("app/a/route.rs"), "pub async fn get() {}\n");
    project.edit("app/a/route.rs", "get", "post");
    assert_eq!(project.read("app/a/route.rs"), "pub async fn post() {}\n");
}

#[test]
fn two_projects_of_one_name_do_not_share_a_folder() {
    let one = Project::from_files("harness-twice", &[]);
    let other = Project::from_files("harness-twice", &[]);
    assert_ne!(one.root(), other.root());
    let root = one.root().to_owned();
    one.write("left/behind", "");
    drop(one);
    let again = Project::from_files("harness-twice", &[]);
    assert_eq!(again.root(), root);
    assert!(!again.path("left").exists());
}

#[test]
fn a_copied_example_finds_the_adapter_and_leaves_its_original_alone() {
    let original = wharf_tests::paths::example("guide");
    let before = tree(&original.join("app"));
    let project = Project::example("guide");
    assert_eq!(tree(&project.path("app")), before);
    assert!(!project.read("Cargo.toml").contains("../"), "{}", project.read("Cargo.toml"));
    project.write("app/new/route.rs", "pub async fn get() {}\n");
    assert_eq!(tree(&original.join("app")), before);
}

#[test]
fn trees_differ_where_a_byte_does() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("a")).unwrap();
    fs::write(folder.path().join("a/b"), "1").unwrap();
    fs::write(folder.path().join("c"), "1").unwrap();
    let before = tree(folder.path());
    let one = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b".to_owned();
    assert_eq!(before, BTreeMap::from([("a/b".to_owned(), one.clone()), ("c".to_owned(), one)]));
    fs::write(folder.path().join("c"), "2").unwrap();
    fs::write(folder.path().join("d"), "2").unwrap();
    assert_eq!(difference(&before, &tree(folder.path())), ["c", "d"]);
    assert!(tree(&folder.path().join("none")).is_empty());
}

#[test]
fn cargo_lambda_is_installed_in_its_pinned_version() {
    let version = cargo_lambda::version(cargo_lambda::bin_folder());
    assert!(version.contains(cargo_lambda::VERSION), "{version}");
}

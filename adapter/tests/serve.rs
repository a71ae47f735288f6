//! The program of a function, against a Lambda Runtime API that lives in this test.
#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

mod runtime_api;

use std::{
    io::{BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use wharf::{
    Error, Path, Result,
    entry::{Route, serve},
    http::Request,
    testing::{Client, Source},
};

use runtime_api::read_request;

const LIMIT: Duration = Duration::from_secs(20);

fn route() -> Route {
    Route::new("/x/[how]").get(async |Path(how): Path<String>| -> Result<String> {
        match how.as_str() {
            "panic" => panic!("the roof is on fire"),
            "error" => Err(Error::msg("the shelf is empty")),
            "ok" => {
                tracing::info!(shelf = 7, "from the handler");
                Ok(how)
            }
            _ => Ok(how),
        }
    })
}

/// The function itself, when the tests below start this program again.
#[test]
fn child() {
    if std::env::var_os("WHARF_TEST_CHILD").is_some() {
        let code = serve(&[route]);
        std::process::exit(i32::from(code != std::process::ExitCode::SUCCESS));
    }
}

fn function() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child", "--exact", "--nocapture"]).env("WHARF_TEST_CHILD", "1").stderr(Stdio::piped());
    for name in ["AWS_LAMBDA_RUNTIME_API", "RUST_LOG", "LAMBDA_TASK_ROOT", "WHARF_LOG_FORMAT"] {
        command.env_remove(name);
    }
    command
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Hands out the events one after the other, and sends on where each reply was posted and what it was.
fn runtime_api(events: Vec<String>) -> (String, mpsc::Receiver<(String, Value)>) {
    let answers =
        events.into_iter().map(|event| next(&["lambda-runtime-deadline-ms: 9999999999999"], &event)).collect();
    answering(answers, "202 Accepted")
}

/// An answer to the question for the next event.
fn next(headers: &[&str], event: &str) -> String {
    let headers = [&["lambda-runtime-aws-request-id: id-1", "lambda-runtime-trace-id: Root=1-2-3"], headers].concat();
    let length = event.len();
    format!("HTTP/1.1 200 OK\r\n{}\r\ncontent-length: {length}\r\n\r\n{event}", headers.join("\r\n"))
}

/// Answers `/next` with these in turn, an empty one closes the connection, and each reply with this status.
fn answering(events: Vec<String>, to_replies: &'static str) -> (String, mpsc::Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut events = events.into_iter();
        for stream in listener.incoming() {
            // The runtime keeps one connection; a closed one means that it is gone.
            let _ = converse(stream.unwrap(), &mut events, to_replies, &sender);
        }
    });
    (address, receiver)
}

fn converse(
    stream: TcpStream,
    events: &mut impl Iterator<Item = String>,
    to_replies: &str,
    sender: &mpsc::Sender<(String, Value)>,
) -> std::io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    loop {
        let (path, body) = read_request(&mut reader)?;
        if path.ends_with("/next") {
            let Some(event) = events.next() else {
                thread::sleep(LIMIT);
                return Ok(());
            };
            if event.is_empty() {
                return Ok(());
            }
            writer.write_all(event.as_bytes())?;
        } else {
            write!(writer, "HTTP/1.1 {to_replies}\r\ncontent-length: 0\r\n\r\n")?;
            // `response` and `error` of an invocation, and `error` of the start.
            let kind = path.rsplit('/').next().unwrap_or_default().to_owned();
            let _ = sender.send((kind, serde_json::from_slice(&body).unwrap_or_default()));
        }
    }
}

fn event(path: &str) -> String {
    json!({
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {},
        "requestContext": {"http": {"method": "GET"}, "domainName": "localhost", "stage": "$default"},
    })
    .to_string()
}

#[test]
fn a_function_answers_logs_and_lives_on() {
    let events = ["/x/ok", "/x/panic", "/x/error", "/x/after"].map(event).to_vec();
    let events = [vec![r#"{"source": "aws.events"}"#.to_owned()], events].concat();
    let (address, replies) = runtime_api(events);
    let child = function()
        .env("AWS_LAMBDA_RUNTIME_API", address)
        .env("AWS_LAMBDA_FUNCTION_NAME", "x")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("WHARF_LOG_FORMAT", "json")
        .spawn()
        .unwrap();
    let mut child = Running(child);
    let next = || replies.recv_timeout(LIMIT).unwrap();

    let (kind, refused) = next();
    assert_eq!((kind.as_str(), &refused["errorType"]), ("error", &json!("Wharf.NotHttp")));
    for (status, body) in [(200, "ok"), (500, ""), (500, ""), (200, "after")] {
        let (kind, reply) = next();
        assert_eq!((kind.as_str(), &reply["statusCode"], &reply["body"]), ("response", &json!(status), &json!(body)));
    }

    child.0.kill().unwrap();
    let mut log = String::new();
    child.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let requests: Vec<_> = lines.iter().filter(|line| line["message"] == "request").collect();
    let seen: Vec<_> = requests.iter().map(|line| (line["path"].as_str().unwrap(), &line["status"])).collect();
    assert_eq!(seen.len(), 4, "{log}");
    assert_eq!(seen[1], ("/x/panic", &json!(500)));
    let cause = requests[1]["cause"].as_str().unwrap();
    assert!(
        cause.starts_with("panicked at ") && cause.contains("tests/serve.rs:") && cause.contains("the roof is on fire"),
        "{cause}"
    );
    assert_eq!(requests[2]["cause"], "the shelf is empty");
    for (field, value) in [
        ("request_id", json!("id-1")),
        ("route", json!("/x/[how]")),
        ("method", json!("GET")),
        ("cold_start", json!(true)),
    ] {
        assert_eq!(requests[0][field], value, "{log}");
    }
    let own: Vec<_> = lines.iter().filter(|line| line["message"] == "from the handler").collect();
    assert_eq!(own.len(), 1, "{log}");
    assert_eq!((&own[0]["request_id"], &own[0]["shelf"]), (&json!("id-1"), &json!(7)));
    assert_eq!(requests[0]["trace_id"], "Root=1-2-3");
    assert!(requests[0]["duration_ms"].is_number() && requests[1]["cold_start"] == false);
}

#[tokio::test]
async fn every_source_is_answered_as_in_process() {
    let requests = ["/x/ok", "/x/caf%C3%A9?a=1&a=2", "/x/error", "/x/a/", "/elsewhere", "/x/%00"];
    let requests = requests.map(|target| Request::get(target).header("x-tag", "one").body("").unwrap());
    let events: Vec<_> = Source::ALL.iter().flat_map(|source| requests.iter().map(|it| source.event(it))).collect();
    let (address, replies) = runtime_api(events.iter().map(Value::to_string).collect());
    let child = function()
        .env("AWS_LAMBDA_RUNTIME_API", address)
        .env("AWS_LAMBDA_FUNCTION_NAME", "x")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _child = Running(child);
    let client = Client::new(route);
    for event in events {
        let (kind, reply) = replies.recv_timeout(LIMIT).unwrap();
        assert_eq!((kind.as_str(), reply), ("response", client.event(&event.to_string()).await.unwrap()), "{event}");
    }
}

fn start(address: String) -> Command {
    let mut command = function();
    command
        .env("AWS_LAMBDA_RUNTIME_API", address)
        .env("AWS_LAMBDA_FUNCTION_NAME", "x")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("WHARF_LOG_FORMAT", "json");
    command
}

/// "Container error. Non-recoverable state. Runtime should exit promptly", says
/// [AWS](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) of 500.
#[test]
fn what_is_no_event_ends_the_function_with_one_line() {
    let bare = |status: &str| format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
    let ok = event("/x/ok");
    for (name, answer) in [
        ("500", bare("500 Internal Server Error")),
        ("403", bare("403 Forbidden")),
        ("closed", String::new()),
        ("no HTTP", "what?\r\n\r\n".to_owned()),
        ("no request id", format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{ok}", ok.len())),
        ("no deadline", next(&[], &ok)),
        ("no number", next(&["lambda-runtime-deadline-ms: soon"], &ok)),
    ] {
        // After a request that was answered, since the first event is no special one.
        let first = next(&["lambda-runtime-deadline-ms: 9999999999999"], &ok);
        let (address, replies) = answering(vec![first, answer], "202 Accepted");
        let mut child = Running(start(address).spawn().unwrap());
        assert_eq!(replies.recv_timeout(LIMIT).unwrap().0, "response", "{name}");
        assert_eq!(child.0.wait().unwrap().code(), Some(1), "{name}");
        let mut log = String::new();
        child.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let errors: Vec<_> = lines.iter().filter(|line| line["level"] == "ERROR").collect();
        assert_eq!(errors.len(), 1, "{name}: {log}");
        assert!(!log.contains("panicked") && !log.contains("missing lambda-runtime"), "{name}: {log}");
    }
}

#[test]
fn a_reply_that_lambda_refuses_is_logged_and_the_function_lives_on() {
    for status in ["413 Payload Too Large", "500 Internal Server Error", "403 Forbidden"] {
        let events =
            ["/x/ok", "/x/after"].map(|path| next(&["lambda-runtime-deadline-ms: 9999999999999"], &event(path)));
        let (address, replies) = answering(events.to_vec(), status);
        let mut child = Running(start(address).spawn().unwrap());
        for body in ["ok", "after"] {
            assert_eq!(replies.recv_timeout(LIMIT).unwrap().1["body"], body, "{status}");
        }
        child.0.kill().unwrap();
        let mut log = String::new();
        child.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        assert!(log.contains("non-200") && log.contains(&status[..3]), "{log}");
    }
}

#[test]
fn without_lambda_it_says_what_to_do() {
    let output = function().env_remove("AWS_LAMBDA_FUNCTION_NAME").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("cargo lambda watch") && text.contains("AWS_LAMBDA_RUNTIME_API"), "{text}");
    assert!(!text.contains("panicked"), "{text}");
}

/// Starts a function with these variables, and returns its log and what it told Lambda.
fn refused(variables: &[(&str, &str)]) -> (String, String, Value) {
    let (address, told) = runtime_api(vec![]);
    let output = function()
        .env("AWS_LAMBDA_RUNTIME_API", address)
        .env("AWS_LAMBDA_FUNCTION_NAME", "x")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("WHARF_LOG_FORMAT", "json")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let (kind, error) = told.recv_timeout(LIMIT).unwrap();
    (String::from_utf8(output.stderr).unwrap(), kind, error)
}

#[test]
fn a_guard_that_cannot_be_read_stops_the_start_in_one_line() {
    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    for (variables, says) in [
        (vec![("WHARF_REQUIRE_ORIGIN", "1")], "WHARF_REQUIRE_ORIGIN needs WHARF_ORIGIN_SECRET, which is not set"),
        (
            vec![("WHARF_REQUIRE_ORIGIN", "yes"), ("WHARF_ORIGIN_SECRET", SECRET)],
            "WHARF_REQUIRE_ORIGIN=`yes` is none of",
        ),
        (vec![("WHARF_REQUIRE_ORIGIN", "1"), ("WHARF_ORIGIN_SECRET", "")], "WHARF_ORIGIN_SECRET is no secret"),
        (vec![("WHARF_ORIGIN_SECRET", "too-short-to-tell")], "WHARF_ORIGIN_SECRET is no secret"),
        (vec![("WHARF_ORIGIN_SECRET", SECRET), ("WHARF_ORIGIN_SECRET_ROTATION", " ")], "_ROTATION is no secret"),
        (vec![("WHARF_BODY_LIMIT", "1 MB")], "WHARF_BODY_LIMIT=`1 MB` is no number"),
    ] {
        let (log, kind, error) = refused(&variables);
        assert_eq!((kind.as_str(), &error["errorType"]), ("error", &json!("Wharf.Settings")), "{log}");
        assert!(error["errorMessage"].as_str().unwrap().contains(says), "{error}");
        let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        assert_eq!(lines.len(), 1, "{log}");
        assert_eq!(lines[0]["level"], "ERROR");
        let message = lines[0]["message"].as_str().unwrap();
        assert!(message.starts_with("the function refuses to start: ") && message.contains(says), "{log}");
        let said = format!("{log}{error}");
        assert!(!said.contains("panicked") && !said.contains(SECRET) && !said.contains("too-short"), "{said}");
    }
}

#[test]
fn frozen_answers_that_cannot_be_read_stop_the_start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("frozen.bin"), "no JSON").unwrap();
    let output = function()
        .env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")
        .env("AWS_LAMBDA_FUNCTION_NAME", "x")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("LAMBDA_TASK_ROOT", folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("frozen answers"));
}

//! 100,000 invocations of one process, over the Runtime API: good ones, failing ones, and events that no front end would
//! send. The process lives, every invocation is answered once, and memory does not grow.

use std::{
    fmt::Write,
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};
use wharf::{
    config::Revalidate,
    contract::report::{FROZEN_FILE, Frozen, FrozenFunction, FrozenRoute},
    pattern::{ParamValue, Params},
};
use wharf_tests::{Function, Invocation};

const INVOCATIONS: usize = 100_000;

/// The memory in use is looked at after so many.
const STEP: usize = 1_000;

/// What the process may have more at the end than at the beginning: 24 bytes a call would be too much.
const GROWTH: u64 = 2 * 1024 * 1024;

/// So many callers wait at once, so that the function never does.
const CALLERS: usize = 8;

/// For all calls; a busy machine may take minutes.
const LIMIT: Duration = Duration::from_secs(600);

/// For one call, which may wait behind those of the other callers.
const CALL_LIMIT: Duration = Duration::from_secs(60);

/// An event, and what has to come of it.
struct Case {
    name: &'static str,
    event: Bytes,
    expected: Expected,
    /// It comes in one of so many rounds.
    every: usize,
}

enum Expected {
    /// A reply with this status, and this body if it is told.
    Status(u16, Option<&'static str>),
    /// The frozen answer.
    Replayed,
    /// An invocation error: it is no HTTP request.
    Error,
}

fn event(method: &str, path: &str) -> Value {
    json!({
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "id.lambda-url.eu-central-1.on.aws"},
        "requestContext": {
            "http": {"method": method, "path": path, "sourceIp": "203.0.113.7"},
            "domainName": "id.lambda-url.eu-central-1.on.aws",
            "stage": "$default",
        },
        "isBase64Encoded": false,
    })
}

fn changed(change: impl FnOnce(&mut Value)) -> Bytes {
    let mut event = event("POST", "/text");
    change(&mut event);
    event.to_string().into()
}

fn answered() -> Vec<Case> {
    let get = |name: &'static str, status, body| Case {
        name,
        event: event("GET", &format!("/{name}")).to_string().into(),
        expected: Expected::Status(status, body),
        every: 1,
    };
    vec![
        get("text", 200, Some("né")),
        get("binary", 200, None),
        get("latin", 200, Some("")),
        Case { every: 50, ..get("large", 200, None) },
        Case { every: 500, ..get("too-large", 500, Some("")) },
        get("error", 500, Some("")),
        get("panic", 500, Some("")),
        get("panic-any", 500, Some("")),
        get("panic-task", 500, Some("")),
        get("detached", 200, Some("went on")),
        get("stream-error", 500, Some("")),
        get("stream-panic", 500, Some("")),
        get("nowhere", 404, Some("")),
        Case { expected: Expected::Replayed, ..get("frozen", 200, None) },
    ]
}

fn hostile_requests() -> Vec<Case> {
    let case = |name, event, status| Case { name, event, expected: Expected::Status(status, None), every: 1 };
    let five_megabytes = STANDARD.encode(vec![0xFF; 4_000_000]);
    vec![
        case(
            "bad base64",
            changed(|event| (event["body"], event["isBase64Encoded"]) = ("no!".into(), true.into())),
            400,
        ),
        case("host with a space", changed(|event| event["headers"]["host"] = "a b".into()), 200),
        case("domain with a space", changed(|event| event["requestContext"]["domainName"] = "a b".into()), 200),
        case("port 99999", changed(|event| event["requestContext"]["domainName"] = "x:99999".into()), 200),
        case("odd scheme", changed(|event| event["headers"]["x-forwarded-proto"] = "https,http".into()), 200),
        case("header with a line end", changed(|event| event["headers"]["x"] = "a\nb".into()), 400),
        case("name with a space", changed(|event| event["headers"]["a b"] = "x".into()), 400),
        case("query with a space", changed(|event| event["rawQueryString"] = "a b\"<>#".into()), 200),
        case("path with dots", changed(|event| event["rawPath"] = "/../text".into()), 400),
        case("path with a bad escape", changed(|event| event["rawPath"] = "/%zz".into()), 400),
        case("strange method", changed(|event| event["requestContext"]["http"]["method"] = "PROPFIND".into()), 400),
        Case {
            every: 500,
            ..case(
                "5 MB body",
                changed(|event| (event["body"], event["isBase64Encoded"]) = (five_megabytes.into(), true.into())),
                200,
            )
        },
    ]
}

fn no_requests() -> Vec<Case> {
    let case = |name, event: Bytes| Case { name, event, expected: Expected::Error, every: 1 };
    let nested = |open: &str, close: &str| Bytes::from(open.repeat(100_000) + "1" + &close.repeat(100_000));
    let whole = event("GET", "/text").to_string();
    let nested_context = whole.replace("\"$default\"", &format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)));
    vec![
        case("empty object", Bytes::from_static(b"{}")),
        case("array", Bytes::from_static(b"[]")),
        case("array of objects", Bytes::from_static(b"[{}, {\"requestContext\": {}}]")),
        case("null", Bytes::from_static(b"null")),
        case("huge number", Bytes::from_static(b"1e999999")),
        case("long number", Bytes::from("9".repeat(10_000))),
        case("nothing", Bytes::new()),
        case("no JSON", Bytes::from_static(b"hello")),
        case("truncated", Bytes::from(whole[..whole.len() / 2].to_owned())),
        case("bytes that are not UTF-8", Bytes::from_static(b"{\"version\": \"\xFF\xFE\"}")),
        case(
            "lone surrogate",
            Bytes::from_static(b"{\"requestContext\": {\"http\": {\"method\": \"\\ud800\"}}, \"version\": \"2.0\"}"),
        ),
        case("headers of numbers", changed(|event| event["headers"]["a"] = 1.into())),
        case("path of numbers", changed(|event| event["rawPath"] = 1.into())),
        case("context that is a list", changed(|event| event["requestContext"] = json!([1, 2]))),
        case("other source", Bytes::from_static(b"{\"Records\": [{\"eventSource\": \"aws:sqs\"}]}")),
        Case { every: 50, ..case("100,000 brackets", nested("[", "]")) },
        Case { every: 50, ..case("100,000 braces", nested("{\"a\":", "}")) },
        Case { every: 50, ..case("100,000 brackets in a field", Bytes::from(nested_context)) },
    ]
}

/// The answer that was made at build time.
fn frozen() -> FrozenFunction {
    let mut params = Params::default();
    params.push("how", ParamValue::One("frozen".to_owned()));
    let frozen = Frozen {
        status: 200,
        headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
        body: b"frozen".to_vec(),
        revalidate: Revalidate::Never,
        tags: Vec::new(),
    };
    let route = FrozenRoute { answers: vec![(params, frozen)], ..FrozenRoute::default() };
    FrozenFunction([("/[how]".to_owned(), route)].into())
}

fn start(folder: &Path) -> Function {
    let bootstrap = folder.join("bootstrap");
    fs::copy(env!("CARGO_BIN_EXE_soak"), &bootstrap).expect("the program can be copied");
    let frozen = frozen().to_file().expect("a frozen answer can be written");
    fs::write(folder.join(FROZEN_FILE), frozen).expect("the folder can be written to");
    // What goes wrong on purpose is logged as ever; the harness would keep every line.
    Function::start(&bootstrap, [("RUST_LOG", "off")]).limit(CALL_LIMIT)
}

impl Case {
    fn problem(&self, invocation: &Invocation) -> Option<String> {
        let is_right = match (&self.expected, invocation) {
            (Expected::Error, Invocation::Error(error)) => error["errorType"].is_string(),
            (Expected::Status(status, body), Invocation::Reply(reply)) => {
                reply["statusCode"] == *status && body.is_none_or(|body| reply["body"] == body)
            }
            (Expected::Replayed, Invocation::Reply(reply)) => {
                reply["body"] == "frozen" && reply["headers"]["x-wharf-cache"] == "HIT"
            }
            _ => false,
        };
        (!is_right).then(|| {
            let mut text = format!("{}: ", self.name);
            let _ = write!(text, "{invocation:?}");
            text.chars().take(400).collect()
        })
    }
}

/// Makes these calls, and returns what went wrong.
fn call(function: &Function, cases: &[&Case], from: usize, to: usize) -> Vec<String> {
    let next = AtomicUsize::new(from);
    let caller = || {
        let mut problems = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= to || problems.len() > 10 {
                return problems;
            }
            let (round, case) = (index / cases.len(), cases[index % cases.len()]);
            // In the rounds of others, the first case stands in for a heavy one.
            let case = if round % case.every == 0 { case } else { cases[0] };
            match function.try_invoke_bytes(case.event.clone()) {
                Ok(invocation) => problems.extend(case.problem(&invocation)),
                Err(error) => {
                    problems.push(format!("{}: {error:?}\n{}", case.name, function.log()));
                    return problems;
                }
            }
        }
    };
    thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(caller)).collect();
        callers.into_iter().flat_map(|caller| caller.join().expect("a caller does not panic")).collect()
    })
}

#[test]
fn a_process_answers_everything_once_and_does_not_grow() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let function = start(folder.path());
    let cases = [answered(), hostile_requests(), no_requests()];
    let cases: Vec<_> = cases.iter().flatten().collect();
    let started = Instant::now();

    let mut resident = Vec::new();
    for from in (0..INVOCATIONS).step_by(STEP) {
        let problems = call(&function, &cases, from, from + STEP);
        assert!(problems.is_empty(), "{}", problems.join("\n"));
        resident.push(function.resident_bytes());
        assert!(started.elapsed() < LIMIT, "{from} invocations took {:?}", started.elapsed());
    }

    assert_eq!(function.api().strays(), 0, "an invocation was answered twice");
    // A large body is held for a while: what stays is the least of some looks.
    let least = |looks: &[u64]| looks.iter().min().copied().expect("there were looks");
    let (early, late) = (least(&resident[5..15]), least(&resident[resident.len() - 10..]));
    assert!(late <= early + GROWTH, "{early} bytes at first and {late} at last: {resident:?}");
    // One start, and one question for each event: the process never began anew.
    assert!(function.api().polls() <= INVOCATIONS as u64 + 1);
}

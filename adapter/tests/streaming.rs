//! A streaming function as its own program, against a Lambda Runtime API that lives in this test and reads the replies
//! chunk by chunk.
#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

use std::{
    collections::HashMap,
    convert::Infallible,
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant, SystemTime},
};

use futures_util::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use wharf::{
    Cookie, Error, Path, Response, Result, cookies,
    entry::{Route, serve},
    headers,
    http::Request,
    redirect,
    testing::Source,
};

const LIMIT: Duration = Duration::from_secs(20);
/// The time of an invocation that is to run out of it.
const SHORT: Duration = Duration::from_secs(2);
const SEPARATOR: [u8; 8] = [0; 8];

async fn get(Path(how): Path<String>) -> Result<Response> {
    Ok(match how.as_str() {
        "waits" => Response::stream(stream::unfold(0, async |made| match made {
            0 => Some((Ok::<_, Infallible>("first\n"), 1)),
            1 => {
                wait_for_the_signal().await;
                Some((Ok("second\n"), 2))
            }
            _ => None,
        }))
        .content_type("text/plain"),
        "cookies" => {
            cookies().set(("queued", "1"));
            Response::stream(scoped()).cookie(Cookie::new("returned", "2")).header("link", "<a>").header("link", "<b>")
        }
        "fails" => Response::stream(stream::iter([Ok("one"), Err("the secret shelf"), Ok("two")])),
        "panics" => Response::stream(stream::iter(0..2).map(|index| {
            assert!(index == 0, "the secret roof");
            Ok::<_, Infallible>("one")
        })),
        "hangs" => Response::stream(stream::iter(["one"].map(Ok::<_, Infallible>)).chain(stream::pending())),
        "forever" => Response::stream(stream::repeat("one").map(Ok::<_, Infallible>)),
        "empty" => Response::stream(stream::empty::<std::result::Result<&str, Infallible>>()),
        "pieces" => Response::stream(stream::iter(["one", "", "two"].map(Ok::<_, Infallible>))),
        "nothing" => Response::stream(stream::iter([Ok::<_, Infallible>("never sent")])).status(204),
        "whole" => Response::text("whole"),
        "elsewhere" => redirect("/s/whole"),
        _ => return Err(Error::msg("no such way")),
    })
}

/// The scope of the request is still there while its body is made.
fn scoped() -> impl Stream<Item = std::result::Result<String, Infallible>> + Send {
    stream::once(async {
        tokio::task::yield_now().await;
        cookies().set(("late", "3"));
        let tag = headers().get("x-tag").map(|tag| tag.to_str().unwrap().to_owned());
        Ok(format!("{} {}", cookies().get("queued").unwrap().value(), tag.unwrap_or_default()))
    })
}

async fn wait_for_the_signal() {
    let signal = PathBuf::from(env::var_os("WHARF_TEST_SIGNAL").unwrap());
    while !signal.exists() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn streaming() -> Route {
    Route::new("/s/[how]").get(get).streaming(true)
}

fn buffered() -> Route {
    Route::new("/s/[how]").get(get)
}

/// The function itself, when the tests below start this program again.
#[test]
fn child() {
    if let Some(kind) = env::var_os("WHARF_TEST_CHILD") {
        let code = serve(&[if kind == "streaming" { streaming } else { buffered }]);
        std::process::exit(i32::from(code != std::process::ExitCode::SUCCESS));
    }
}

/// What the function posted, as it came over the wire.
#[derive(Debug)]
enum Came {
    Head(HashMap<String, String>),
    Chunk(Vec<u8>),
    /// The end of a body in chunks, with its trailers.
    End(HashMap<String, String>),
    /// A body that came whole.
    Whole(Value),
}

struct Function {
    child: Child,
    events: mpsc::Sender<String>,
    came: mpsc::Receiver<Came>,
    signal: tempfile::TempDir,
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A reply in pieces.
#[derive(Debug, PartialEq)]
struct Streamed {
    prelude: Value,
    body: Vec<String>,
    trailers: HashMap<String, String>,
}

impl Function {
    fn start(kind: &str, variables: &[(&str, &str)]) -> Self {
        let signal = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["child", "--exact", "--nocapture"]).env("WHARF_TEST_CHILD", kind).stderr(Stdio::piped());
        for name in ["RUST_LOG", "LAMBDA_TASK_ROOT", "AWS_SAM_LOCAL"] {
            command.env_remove(name);
        }
        command
            .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr().unwrap().to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "s")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("WHARF_LOG_FORMAT", "json")
            .env("WHARF_TEST_SIGNAL", signal.path().join("go"))
            .envs(variables.iter().copied());
        let (events, queue) = mpsc::channel();
        let (sender, came) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (queue, sender) = (Arc::clone(&queue), sender.clone());
                // A closed connection means that the function is gone.
                thread::spawn(move || converse(stream.unwrap(), &queue, &sender));
            }
        });
        Self { child: command.spawn().unwrap(), events, came, signal }
    }

    fn send(&self, event: &Value) {
        self.events.send(event.to_string()).unwrap();
    }

    fn next(&self) -> Came {
        self.came.recv_timeout(LIMIT).unwrap()
    }

    fn head(&self) -> HashMap<String, String> {
        match self.next() {
            Came::Head(head) => head,
            other => panic!("{other:?} instead of the headers of a reply in pieces"),
        }
    }

    fn chunk(&self) -> Vec<u8> {
        match self.next() {
            Came::Chunk(chunk) => chunk,
            other => panic!("{other:?} instead of a chunk"),
        }
    }

    /// The prelude and the separator, which are a chunk each.
    fn prelude(&self) -> Value {
        self.head();
        let prelude = serde_json::from_slice(&self.chunk()).unwrap();
        assert_eq!(self.chunk(), SEPARATOR);
        prelude
    }

    fn streamed(&self, event: &Value) -> Streamed {
        self.send(event);
        let prelude = self.prelude();
        let mut body = Vec::new();
        loop {
            match self.next() {
                Came::Chunk(chunk) => body.push(String::from_utf8(chunk).unwrap()),
                Came::End(trailers) => return Streamed { prelude, body, trailers },
                other => panic!("{other:?} instead of a chunk or the end"),
            }
        }
    }

    fn whole(&self, event: &Value) -> Value {
        self.send(event);
        match self.next() {
            Came::Whole(reply) => reply,
            other => panic!("{other:?} instead of a whole reply"),
        }
    }

    /// Ends it.
    fn log(mut self) -> Vec<Value> {
        // The last line may still be on its way when the reply has come.
        self.streamed_or_whole(&event(Source::FunctionUrl, "GET", "/last"));
        self.child.kill().unwrap();
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn streamed_or_whole(&self, event: &Value) {
        self.send(event);
        while !matches!(self.next(), Came::End(_) | Came::Whole(_)) {}
    }
}

fn converse(stream: TcpStream, events: &Mutex<mpsc::Receiver<String>>, sender: &mpsc::Sender<Came>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let first = line(&mut reader)?;
        let head = fields(&mut reader)?;
        if first.contains("/next ") {
            let event = events.lock().ok()?.recv().ok()?;
            let soon = (SystemTime::now() + SHORT).duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis();
            let is_short = ["/s/hangs", "/s/forever"].iter().any(|path| event.contains(path));
            let deadline = if is_short { soon } else { 9_999_999_999_999 };
            write!(
                writer,
                "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: id-1\r\nlambda-runtime-deadline-ms: {deadline}\r\n\
                 lambda-runtime-invocation-id: invocation-1\r\ncontent-length: {}\r\n\r\n{event}",
                event.len()
            )
            .ok()?;
            continue;
        }
        if head.get("transfer-encoding").is_some_and(|encoding| encoding == "chunked") {
            sender.send(Came::Head(head)).ok()?;
            loop {
                let length = usize::from_str_radix(&line(&mut reader)?, 16).ok()?;
                if length == 0 {
                    break;
                }
                let mut chunk = vec![0; length + 2];
                reader.read_exact(&mut chunk).ok()?;
                chunk.truncate(length);
                sender.send(Came::Chunk(chunk)).ok()?;
            }
            let trailers = fields(&mut reader)?;
            write!(writer, "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").ok()?;
            sender.send(Came::End(trailers)).ok()?;
        } else {
            let mut body = vec![0; head["content-length"].parse().ok()?];
            reader.read_exact(&mut body).ok()?;
            write!(writer, "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").ok()?;
            sender.send(Came::Whole(serde_json::from_slice(&body).ok()?)).ok()?;
        }
    }
}

fn line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    (reader.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
}

/// Header lines up to the empty one; repeated ones are joined.
fn fields(reader: &mut impl BufRead) -> Option<HashMap<String, String>> {
    let mut fields = HashMap::<String, String>::new();
    loop {
        let line = line(reader)?;
        if line.is_empty() {
            return Some(fields);
        }
        let (name, value) = line.split_once(':')?;
        let (name, value) = (name.to_ascii_lowercase(), value.trim());
        fields.entry(name).and_modify(|line| *line = format!("{line}, {value}")).or_insert_with(|| value.to_owned());
    }
}

fn event(source: Source, method: &str, path: &str) -> Value {
    source.event(&Request::builder().method(method).uri(path).header("x-tag", "red").body("").unwrap())
}

fn get_event(path: &str) -> Value {
    event(Source::FunctionUrl, "GET", path)
}

fn requests(log: &[Value]) -> Vec<&Value> {
    log.iter().filter(|line| line["message"] == "request" && line["path"] != "/last").collect()
}

#[test]
#[expect(clippy::print_stdout, reason = "what it measured is of interest, and a failure shows it")]
fn the_first_byte_arrives_before_the_second_is_made() {
    let function = Function::start("streaming", &[]);
    // The program has started.
    let _ = function.streamed(&get_event("/s/whole"));
    for source in [Source::FunctionUrl, Source::Local] {
        let sent = Instant::now();
        function.send(&event(source, "GET", "/s/waits"));
        let prelude = function.prelude();
        assert_eq!(
            (&prelude["statusCode"], &prelude["headers"]),
            (&json!(200), &json!({"cache-control": "private, no-store", "content-type": "text/plain"}))
        );
        assert_eq!(function.chunk(), b"first\n");
        let first = sent.elapsed();
        // The second is made only now.
        let signal = function.signal.path().join("go");
        fs::write(&signal, "").unwrap();
        assert_eq!(function.chunk(), b"second\n");
        assert!(matches!(function.next(), Came::End(trailers) if trailers.is_empty()));
        println!("{source:?}: the first byte after {first:?}, the last after {:?}", sent.elapsed());
        fs::remove_file(signal).unwrap();
    }
    let log = function.log();
    let line = requests(&log).into_iter().rfind(|line| line["path"] == "/s/waits").unwrap();
    assert_eq!((&line["status"], &line["level"]), (&json!(200), &json!("INFO")), "{log:?}");
}

#[test]
fn the_reply_is_announced_as_lambda_wants_it() {
    let function = Function::start("streaming", &[]);
    function.send(&get_event("/s/whole"));
    let head = function.head();
    for (name, value) in [
        ("transfer-encoding", "chunked"),
        ("lambda-runtime-function-response-mode", "streaming"),
        ("content-type", "application/vnd.awslambda.http-integration-response"),
        ("trailer", "lambda-runtime-function-error-type, lambda-runtime-function-error-body"),
        ("lambda-runtime-invocation-id", "invocation-1"),
    ] {
        assert_eq!(head[name], value);
    }
}

#[test]
fn cookies_stand_in_the_prelude_and_repeated_headers_are_folded() {
    let function = Function::start("streaming", &[]);
    let reply = function.streamed(&get_event("/s/cookies"));
    assert_eq!(
        reply.prelude,
        json!({
            "statusCode": 200,
            "headers": {
                "cache-control": "private, no-store", "content-type": "application/octet-stream", "link": "<a>, <b>",
            },
            "cookies": ["returned=2; Path=/", "queued=1; Path=/"],
        })
    );
    assert_eq!(reply.body, ["1 red"]);
    let log = function.log();
    let warning = log.iter().find(|line| line["cookies"] == "late").unwrap();
    assert_eq!((&warning["level"], &warning["request_id"]), (&json!("WARN"), &json!("id-1")));
}

#[test]
fn replies_without_a_body_are_complete() {
    let function = Function::start("streaming", &[]);
    let octets = json!({"content-type": "application/octet-stream"});
    for (method, path, status, mut headers) in [
        ("GET", "/s/empty", 200, octets),
        ("HEAD", "/s/waits", 200, json!({"content-type": "text/plain"})),
        ("HEAD", "/s/whole", 200, json!({"content-type": "text/plain; charset=utf-8", "content-length": "5"})),
        ("GET", "/s/nothing", 204, json!({})),
        ("GET", "/s/elsewhere", 307, json!({"location": "/s/whole"})),
        ("GET", "/s/unknown", 500, json!({})),
        ("GET", "/s/whole/", 308, json!({"location": "/s/whole"})),
        ("GET", "/elsewhere", 404, json!({})),
        ("OPTIONS", "/s/whole", 204, json!({"allow": "GET, HEAD, OPTIONS"})),
        ("POST", "/s/whole", 405, json!({"allow": "GET, HEAD, OPTIONS"})),
    ] {
        let reply = function.streamed(&event(Source::FunctionUrl, method, path));
        headers["cache-control"] = json!("private, no-store");
        let prelude = json!({"statusCode": status, "headers": headers, "cookies": []});
        assert_eq!(reply, Streamed { prelude, body: Vec::new(), trailers: HashMap::new() }, "{method} {path}");
    }
    let log = function.log();
    let lines = requests(&log);
    assert_eq!(lines.len(), 10, "{log:?}");
    assert!(lines.iter().all(|line| line["duration_ms"].is_number()));
    assert_eq!((&lines[5]["level"], &lines[5]["cause"]), (&json!("ERROR"), &json!("no such way")));
}

#[test]
fn pieces_and_whole_bodies_are_sent_as_they_are() {
    let function = Function::start("streaming", &[]);
    assert_eq!(function.streamed(&get_event("/s/pieces")).body, ["one", "two"]);
    assert_eq!(function.streamed(&get_event("/s/whole")).body, ["whole"]);
}

#[test]
fn a_failure_in_mid_stream_is_told_to_lambda_and_to_the_log_but_not_to_the_client() {
    let function = Function::start("streaming", &[]);
    for path in ["/s/fails", "/s/panics"] {
        let reply = function.streamed(&get_event(path));
        assert_eq!((&reply.prelude["statusCode"], reply.body), (&json!(200), vec!["one".to_owned()]));
        assert_eq!(reply.trailers["lambda-runtime-function-error-type"], "Wharf.BrokenOff");
        assert!(!reply.trailers["lambda-runtime-function-error-body"].is_empty() && reply.trailers.len() == 2);
    }
    assert_eq!(function.streamed(&get_event("/s/whole")).body, ["whole"], "the function lives on");
    let log = function.log();
    let lines = requests(&log);
    for (line, cause) in lines.iter().zip(["in mid-stream: the secret shelf", "the secret roof"]) {
        assert_eq!((&line["level"], &line["request_id"]), (&json!("ERROR"), &json!("id-1")));
        assert!(line["cause"].as_str().unwrap().ends_with(cause), "{line}");
    }
    let cause = lines[1]["cause"].as_str().unwrap();
    assert!(cause.starts_with("panicked at ") && cause.contains("streaming.rs:"), "{cause}");
}

#[test]
fn a_body_that_does_not_end_is_broken_off_before_lambda_does() {
    let function = Function::start("streaming", &[]);
    for path in ["/s/hangs", "/s/forever"] {
        let reply = function.streamed(&get_event(path));
        assert_eq!((&reply.prelude["statusCode"], reply.body[0].as_str()), (&json!(200), "one"), "{path}");
        assert_eq!(reply.trailers["lambda-runtime-function-error-type"], "Wharf.BrokenOff", "{path}");
    }
    let log = function.log();
    for line in requests(&log) {
        assert!(line["cause"].as_str().unwrap().contains("given up"), "{line}");
    }
}

fn warnings(log: &[Value]) -> Vec<&str> {
    let warnings = log.iter().filter(|line| line["level"] == "WARN");
    warnings.map(|line| line["message"].as_str().unwrap()).collect()
}

#[test]
fn other_sources_get_the_stream_whole_with_one_warning() {
    let function = Function::start("streaming", &[]);
    for source in [Source::HttpApi, Source::Rest, Source::AlbSingle, Source::AlbMulti, Source::VpcLattice] {
        let reply = function.whole(&event(source, "GET", "/s/pieces"));
        assert_eq!((&reply["statusCode"], &reply["body"]), (&json!(200), &json!("onetwo")), "{source:?}");
    }
    let reply = function.whole(&event(Source::HttpApi, "GET", "/s/fails"));
    assert_eq!((&reply["statusCode"], &reply["body"]), (&json!(500), &json!("")));
    let log = function.log();
    assert!(matches!(*warnings(&log), [text] if text.contains("only a Function URL")), "{log:?}");
}

#[test]
fn a_buffered_route_is_collected_with_one_warning() {
    let function = Function::start("buffered", &[]);
    for _ in 0..2 {
        let reply = function.whole(&get_event("/s/pieces"));
        assert_eq!(
            (&reply["body"], &reply["headers"]),
            (
                &json!("onetwo"),
                &json!({"cache-control": "private, no-store", "content-type": "application/octet-stream"})
            )
        );
    }
    assert_eq!(function.whole(&get_event("/s/cookies"))["cookies"][2], "late=3; Path=/");
    let log = function.log();
    assert!(matches!(*warnings(&log), [text] if text.contains("pub const STREAMING: bool = true")), "{log:?}");
}

#[test]
fn sam_local_gets_it_whole() {
    let function = Function::start("streaming", &[("AWS_SAM_LOCAL", "true")]);
    assert_eq!(function.whole(&event(Source::Local, "GET", "/s/pieces"))["body"], "onetwo");
}

#[test]
fn an_event_that_is_no_request_is_refused_as_ever() {
    let function = Function::start("streaming", &[]);
    assert_eq!(function.whole(&json!({"source": "aws.events"}))["errorType"], "Wharf.NotHttp");
}

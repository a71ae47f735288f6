//! What bounds the memory of a function, one bound after the other: each drives a function of its own, in a process that
//! may have 256 MiB, over a Runtime API that lives here, and looks at the most memory that the process ever had.
//!
//! This file has no test harness: with `WHARF_TEST_CHILD` it is the function, and otherwise it starts itself. It prints a
//! table.
#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]
#![expect(clippy::print_stdout, reason = "a table of what was measured")]

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    if std::env::var_os("WHARF_TEST_CHILD").is_some() { function::run() } else { measure::run() }
}

#[cfg(target_os = "linux")]
mod runtime_api;

#[cfg(target_os = "linux")]
mod function {
    use std::{convert::Infallible, process::ExitCode};

    use futures_util::{StreamExt, stream};
    use serde_json::Value;
    use wharf::{
        Form, Json, Path, Request, Response, Result,
        axum::extract::Multipart,
        cookies,
        entry::{Route, serve},
        fetch,
    };

    /// A GET of a path of the upstream.
    async fn fetched(Path((cache, path)): Path<(String, String)>) -> Result<String> {
        let fetch = fetch(format!("{}/{path}", std::env::var("UPSTREAM")?));
        Ok(if cache == "cached" { fetch.revalidate(600) } else { fetch }.await?.text().await?.len().to_string())
    }

    async fn posted(Path(how): Path<String>, mut request: Request) -> Result<String> {
        Ok(match how.as_str() {
            "form" => request.form_data().await?.iter().len(),
            _ => request.json::<Value>().await?.as_array().map_or(0, Vec::len),
        }
        .to_string())
    }

    async fn parts(mut multipart: Multipart) -> Result<String> {
        let mut names = Vec::new();
        while let Some(part) = multipart.next_field().await? {
            names.push(part.name().unwrap_or_default().len());
        }
        Ok(names.len().to_string())
    }

    pub(crate) fn run() -> ExitCode {
        serve(&[
            || Route::new("/kept/[slug]").get(async || "").static_params(async || Vec::<String>::new()),
            || Route::new("/fetched/[cache]/[path]").get(fetched),
            || Route::new("/posted/[how]").post(posted),
            || {
                Route::new("/axum/form")
                    .post(async |Form(fields): Form<Vec<(String, String)>>| fields.len().to_string())
            },
            || Route::new("/axum/json").post(async |Json(value): Json<Value>| value.is_array().to_string()),
            || Route::new("/axum/parts").post(parts),
            || Route::new("/cookies").get(async || cookies().iter().count().to_string()),
            || Route::new("/path/[...path]").get(async |Path(path): Path<Vec<String>>| path.len().to_string()),
            // 512 MiB in pieces of 64 KiB.
            || {
                let pieces = || stream::iter(0..8192).map(|_| Ok::<_, Infallible>(vec![b'x'; 65_536]));
                Route::new("/stream").get(async move || Response::stream(pieces()))
            },
        ])
    }
}

#[cfg(target_os = "linux")]
mod measure {
    use std::{
        fs,
        io::{BufReader, Write},
        net::{TcpListener, TcpStream},
        path::Path,
        process::{Child, Command, ExitCode, Stdio},
        sync::{
            Arc,
            atomic::{AtomicU64, AtomicUsize, Ordering},
            mpsc,
        },
        thread,
        time::Duration,
    };

    use base64::{Engine, engine::general_purpose::STANDARD};
    use serde_json::{Value, json};
    use wharf::{
        config::Revalidate,
        contract::report::{FROZEN_FILE, Frozen, FrozenFunction, FrozenRoute},
        pattern::{ParamValue, Params},
    };

    use crate::runtime_api::read_request;

    /// What a process may have, in KiB.
    const LIMIT: u64 = 256 * 1024;

    /// How much more than an idle function a bound may let one grow to, in MiB. A request of 6 MB is there several times
    /// while it is read: as it comes, as an event, as a body.
    const GROWTH: u64 = 80;

    struct Case {
        name: &'static str,
        requests: usize,
        event: Box<dyn Fn(usize) -> Value + Send + Sync>,
        status: u64,
    }

    fn case(name: &'static str, status: u64, event: impl Fn(usize) -> Value + Send + Sync + 'static) -> Case {
        Case { name, requests: 1, event: Box::new(event), status }
    }

    fn get(path: &str) -> Value {
        json!({
            "version": "2.0", "rawPath": path, "rawQueryString": "", "headers": {"host": "x"}, "isBase64Encoded": false,
            "requestContext": {"http": {"method": "GET"}, "domainName": "x.lambda-url.us-east-1.on.aws"},
        })
    }

    fn post(path: &str, content_type: &str, body: &str) -> Value {
        let mut event = get(path);
        event["requestContext"]["http"]["method"] = "POST".into();
        event["headers"]["content-type"] = content_type.into();
        event["body"] = STANDARD.encode(body).into();
        event["isBase64Encoded"] = true.into();
        event
    }

    /// A path of 16 KB that is no other's. Empty answers fill the memory by their keys then, in fewer requests than those
    /// with short keys, of which a unit test counts what each costs.
    fn long(path: &str, number: usize) -> String {
        format!("{path}{number}-{}", "x".repeat(16_000))
    }

    /// As long as a body may be, made of this again and again.
    fn full(text: &str) -> String {
        text.repeat(4_400_000 / text.len())
    }

    fn cases() -> Vec<Case> {
        const FORM: &str = "application/x-www-form-urlencoded";
        let part = "--X\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n\r\n";
        let with = |name: &'static str, value: String| {
            move |_| {
                let mut event = get("/cookies");
                event["headers"][name] = value.clone().into();
                event
            }
        };
        let distinct = |count: usize| (0..count).map(|number| format!("{number};")).collect::<String>();
        vec![
            case("an idle function", 200, |_| get("/cookies")),
            Case {
                requests: 3000,
                ..case("3,000 unlisted slugs of 16 KB", 200, |number| get(&long("/kept/", number)))
            },
            Case {
                requests: 2000,
                ..case("2,000 URLs of 16 KB, fetched and kept", 200, |number| get(&long("/fetched/cached/", number)))
            },
            Case {
                requests: 200,
                ..case("200 URLs of 16 KB, whose fetch fails", 500, |number| {
                    get(&long("/fetched/cached/reset", number))
                })
            },
            case("300 MiB from 300 kB of gzip", 500, |_| get("/fetched/fresh/gzip")),
            case("a fetched body without an end", 500, |_| get("/fetched/fresh/endless")),
            case("form_data() of 2.2 M fields", 413, |_| post("/posted/form", FORM, &full("a&"))),
            case("form_data() of 90,000 parts", 413, move |_| {
                post("/posted/form", "multipart/form-data; boundary=X", &(full(part) + "--X--\r\n"))
            }),
            case("Form of 2.2 M fields", 413, |_| post("/axum/form", FORM, &full("a&"))),
            case("Multipart of 90,000 parts, read one by one", 200, move |_| {
                post("/axum/parts", "multipart/form-data; boundary=X", &(full(part) + "--X--\r\n"))
            }),
            case("json() of 550,000 objects", 413, |_| {
                post("/posted/json", "text/plain", &format!("[{}0]", full(r#"{"":0},"#)))
            }),
            case("Json of 550,000 objects", 413, |_| {
                post("/axum/json", "application/json", &format!("[{}0]", full(r#"{"":0},"#)))
            }),
            case("20,000 cookies", 200, with("cookie", distinct(20_000))),
            case("700,000 cookies", 431, with("cookie", distinct(700_000))),
            case("300,000 headers", 431, |_| {
                let mut event = get("/cookies");
                event["headers"] = (0..300_000).map(|number| (format!("x{number}"), Value::from(""))).collect();
                event
            }),
            case("a path of 2.2 M parts", 414, |_| get(&full("/a"))),
            case("a stream of 512 MiB, sent whole", 500, |_| get("/stream")),
            Case {
                requests: 94,
                ..case("94 MiB of frozen answers", 200, |number| get(&format!("/kept/frozen-{number}")))
            },
        ]
    }

    pub(crate) fn run() -> ExitCode {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FROZEN_FILE), frozen().to_file().unwrap()).unwrap();
        let upstream = upstream();
        let mut idle = None;
        let mut failures = Vec::new();
        for case in cases() {
            let (name, expected) = (case.name, case.status);
            let (peak, status) = measured(case, folder.path(), &upstream);
            println!("{name:<45} {status:>4} {peak:>6} MiB");
            let most = *idle.get_or_insert(peak) + GROWTH;
            if status != expected || peak > most {
                failures.push(format!("{name}: {status} with {peak} MiB, of {most}"));
            }
        }
        assert!(failures.is_empty(), "{failures:#?}");
        ExitCode::SUCCESS
    }

    fn frozen() -> FrozenFunction {
        let answer = |number: usize| {
            let mut params = Params::default();
            params.push("slug", ParamValue::One(format!("frozen-{number}")));
            let body = vec![u8::try_from(number).unwrap(); 1024 * 1024];
            (params, Frozen { status: 200, headers: Vec::new(), body, revalidate: Revalidate::Never, tags: Vec::new() })
        };
        let answers = (0..94).map(answer).collect();
        FrozenFunction([("/kept/[slug]".to_owned(), FrozenRoute { answers, ..FrozenRoute::default() })].into())
    }

    struct Running(Child);

    impl Drop for Running {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    /// The most memory that the function ever had, in MiB, and the status of its last reply; 0 where it is gone.
    fn measured(case: Case, folder: &Path, upstream: &str) -> (u64, u64) {
        let api = TcpListener::bind("127.0.0.1:0").unwrap();
        let limited = format!("ulimit -v {LIMIT} && exec \"$0\"");
        let child = Command::new("sh")
            .args(["-c", &limited])
            .arg(std::env::current_exe().unwrap())
            .env("WHARF_TEST_CHILD", "1")
            .env("UPSTREAM", upstream)
            .env("AWS_LAMBDA_RUNTIME_API", api.local_addr().unwrap().to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "memory")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("LAMBDA_TASK_ROOT", folder)
            .env("MALLOC_ARENA_MAX", "2")
            .env("RUST_LOG", "off")
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let running = Running(child);
        let answered = serve_events(api, case);
        let status = fs::read_to_string(format!("/proc/{}/status", running.0.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak: u64 = peak.map_or(0, |peak| peak.trim().trim_end_matches(" kB").parse().unwrap());
        (peak / 1024, answered.unwrap_or_default())
    }

    /// Hands out the events, to whichever connection asks for them; the status of the last reply, once the function asks
    /// for one more, and so has let go of the last event.
    fn serve_events(api: TcpListener, case: Case) -> Option<u64> {
        let (sender, done) = mpsc::channel();
        let served = Arc::new((case, AtomicUsize::new(0), AtomicU64::new(0)));
        thread::spawn(move || {
            for stream in api.incoming() {
                let (served, sender) = (Arc::clone(&served), sender.clone());
                thread::spawn(move || converse(stream.unwrap(), &served, &sender));
            }
        });
        done.recv_timeout(Duration::from_secs(60)).ok()
    }

    type Served = (Case, AtomicUsize, AtomicU64);

    fn converse(stream: TcpStream, (case, next, status): &Served, done: &mpsc::Sender<u64>) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let (mut writer, mut reader) = (stream.try_clone()?, BufReader::new(stream));
        loop {
            let (target, body) = read_request(&mut reader)?;
            if !target.contains("/next") {
                let reply: Value = serde_json::from_slice(&body).unwrap_or_default();
                status.store(reply["statusCode"].as_u64().unwrap_or_default(), Ordering::SeqCst);
                writer.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")?;
                continue;
            }
            let number = next.fetch_add(1, Ordering::SeqCst);
            if number >= case.requests {
                let _ = done.send(status.load(Ordering::SeqCst));
                continue;
            }
            let event = (case.event)(number).to_string();
            let head = "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: id\r\nlambda-runtime-trace-id: x";
            let deadline = "lambda-runtime-deadline-ms: 9999999999999";
            writer.write_all(
                format!("{head}\r\n{deadline}\r\ncontent-length: {}\r\n\r\n{event}", event.len()).as_bytes(),
            )?;
        }
    }

    /// Answers by path: a bomb, a body without an end, a connection that is closed, or one byte.
    fn upstream() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        for _ in 0..300 {
            bomb.write_all(&[0; 1024 * 1024]).unwrap();
        }
        let bomb = bomb.finish().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let bomb = bomb.clone();
                thread::spawn(move || answer(stream.unwrap(), &bomb));
            }
        });
        format!("http://{address}")
    }

    fn answer(stream: TcpStream, bomb: &[u8]) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let (mut writer, mut reader) = (stream.try_clone()?, BufReader::new(stream));
        loop {
            let (target, _) = read_request(&mut reader)?;
            if target.contains("/gzip") {
                write!(writer, "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", bomb.len())?;
                writer.write_all(bomb)?;
            } else if target.contains("/reset") {
                return Ok(());
            } else if target.contains("/endless") {
                writer.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
                loop {
                    writer.write_all(&[b'x'; 65_536])?;
                }
            } else {
                writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx")?;
            }
        }
    }
}

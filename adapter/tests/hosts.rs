//! What holds while a handler is evaluated holds in the function: a table of handlers, each run by both programs. This file
//! has no test harness: started with the paths of an assignment and a report it is the one program, with the name of a
//! handler it is the other, and otherwise it starts both and compares them.
#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

mod runtime_api;

use std::{
    cell::Cell,
    collections::BTreeMap,
    hint::black_box,
    io::{BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path as FilePath,
    process::{Child, Command, ExitCode, Stdio},
    sync::{Mutex, mpsc},
    thread,
    time::{Duration, Instant, SystemTime},
};

use serde_json::{Value, json};
use tokio::{
    runtime::{Handle, Runtime},
    task::{block_in_place, spawn_blocking, spawn_local},
    time::sleep,
};
use wharf::{
    contract::report::{AssignedRoute, Assignment, Evaluated, Outcome, ReportLine, Takes},
    entry::{Route, evaluate, serve},
};

use runtime_api::read_request;

const LIMIT: Duration = Duration::from_secs(20);
const MOMENT: Duration = Duration::from_millis(1);
const FOR_EVER: Duration = Duration::from_secs(3600);

/// What comes of a handler, in either program.
#[derive(Debug, Clone, PartialEq)]
enum Seen {
    Answers(String),
    /// A 500; the text is in the log, or in the report.
    Panics,
    /// It waited to the end of its time, and the program lives on.
    IsGivenUp,
    /// It kept its thread to the end of its time.
    Blocks,
}

type Case = (&'static str, fn() -> Route, Seen);

fn answers(body: &str) -> Seen {
    Seen::Answers(body.to_owned())
}

fn deep(left: u32) -> u32 {
    let page = black_box([0_u8; 4096]);
    if left == 0 { u32::from(page[0]) } else { deep(left - 1) + u32::from(page[1]) }
}

thread_local! {
    static NOTED: Cell<u32> = const { Cell::new(0) };
}

static LOCK: Mutex<()> = Mutex::new(());

fn cases() -> Vec<Case> {
    vec![
        (
            "flavor",
            || {
                Route::new("/x").get(async || {
                    let handle = Handle::current();
                    format!("{:?}, {}", handle.runtime_flavor(), handle.metrics().num_workers())
                })
            },
            answers("MultiThread, 1"),
        ),
        ("block-in-place", || Route::new("/x").get(async || block_in_place(|| "done")), answers("done")),
        (
            "block-on-in-place",
            || {
                Route::new("/x").get(async || {
                    block_in_place(|| {
                        Handle::current().block_on(async {
                            sleep(MOMENT).await;
                            "done"
                        })
                    })
                })
            },
            answers("done"),
        ),
        (
            "runtime-in-place",
            || Route::new("/x").get(async || block_in_place(|| Runtime::new().unwrap().block_on(async { "done" }))),
            answers("done"),
        ),
        (
            "block-on-by-handle",
            || Route::new("/x").get(async || Handle::current().block_on(async { "done" })),
            Seen::Panics,
        ),
        (
            "runtime-inside",
            || Route::new("/x").get(async || Runtime::new().unwrap().block_on(async { "done" })),
            Seen::Panics,
        ),
        (
            "spawn-local",
            || {
                Route::new("/x").get(async || {
                    // Here is the panic: there is no set of local tasks.
                    drop(spawn_local(async {}));
                    "done"
                })
            },
            Seen::Panics,
        ),
        (
            "block-on-ready",
            || Route::new("/x").get(async || futures_executor::block_on(async { "done" })),
            answers("done"),
        ),
        (
            "block-on-timer",
            || {
                Route::new("/x").get(async || {
                    futures_executor::block_on(sleep(MOMENT));
                    "done"
                })
            },
            Seen::Blocks,
        ),
        (
            "block-on-task",
            || {
                Route::new("/x").get(async || {
                    let task = tokio::spawn(async { "done" });
                    futures_executor::block_on(task).unwrap()
                })
            },
            Seen::Blocks,
        ),
        ("spawn", || Route::new("/x").get(async || tokio::spawn(async { "done" }).await.unwrap()), answers("done")),
        ("spawn-blocking", || Route::new("/x").get(async || spawn_blocking(|| "done").await.unwrap()), answers("done")),
        (
            "timer",
            || {
                Route::new("/x").get(async || {
                    sleep(MOMENT).await;
                    "done"
                })
            },
            answers("done"),
        ),
        (
            "short-block",
            || {
                Route::new("/x").get(async || {
                    thread::sleep(MOMENT);
                    "done"
                })
            },
            answers("done"),
        ),
        ("blocks", || Route::new("/x").get(async || thread::sleep(FOR_EVER)), Seen::Blocks),
        (
            "deadlocks",
            || {
                Route::new("/x").get(async || {
                    let _first = LOCK.lock().unwrap();
                    // A thread that waits for itself panics on some systems, so another one waits.
                    thread::scope(|scope| {
                        scope.spawn(|| drop(LOCK.lock()));
                    });
                })
            },
            Seen::Blocks,
        ),
        (
            "spawned-blocks",
            || {
                Route::new("/x").get(async || {
                    tokio::spawn(async { thread::sleep(FOR_EVER) }).await.unwrap();
                })
            },
            Seen::Blocks,
        ),
        (
            "spawned-panics",
            || {
                Route::new("/x").get(async || {
                    let failed = tokio::spawn(async { panic!("in a task") }).await.is_err();
                    failed.to_string()
                })
            },
            answers("true"),
        ),
        (
            "left-behind",
            || {
                Route::new("/x").get(async || {
                    tokio::spawn(sleep(FOR_EVER));
                    tokio::spawn(async { panic!("in a task that nobody waits for") });
                    tokio::task::yield_now().await;
                    "done"
                })
            },
            answers("done"),
        ),
        ("pending", || Route::new("/x").get(async || std::future::pending::<()>().await), Seen::IsGivenUp),
        (
            "waits-for-a-task",
            || {
                Route::new("/x").get(async || {
                    tokio::spawn(sleep(FOR_EVER)).await.unwrap();
                })
            },
            Seen::IsGivenUp,
        ),
        (
            "thread-local",
            || {
                Route::new("/x").get(async || {
                    NOTED.set(7);
                    sleep(MOMENT).await;
                    NOTED.get().to_string()
                })
            },
            answers("7"),
        ),
        // More than the 2 MiB of a thread of Rust's own.
        ("deep", || Route::new("/x").get(async || deep(500).to_string()), answers("0")),
        (
            "variables",
            || Route::new("/x").get(async || std::env::var("WHARF_TEST_VALUE").unwrap()),
            answers("from outside"),
        ),
        (
            "current-folder",
            || {
                Route::new("/x")
                    .get(async || std::env::current_dir().unwrap().join("tests/hosts.rs").is_file().to_string())
            },
            answers("true"),
        ),
    ]
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|path| FilePath::new(path).is_file()) {
        let routes: Vec<_> = cases().into_iter().map(|(name, route, _)| (name, route)).collect();
        return evaluate(&routes);
    }
    if let Ok(name) = std::env::var("WHARF_TEST_CASE") {
        let (_, route, _) = cases().into_iter().find(|(case, ..)| *case == name).unwrap();
        return serve(&[route]);
    }
    let evaluated = evaluated();
    thread::scope(|scope| {
        for (name, _, expected) in cases() {
            let evaluated = &evaluated[name];
            scope.spawn(move || {
                assert_eq!(evaluated, &expected, "{name}, evaluated");
                assert_eq!(in_a_function(name, &expected), expected, "{name}, in a function");
            });
        }
    });
    ExitCode::SUCCESS
}

fn program() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env("WHARF_TEST_VALUE", "from outside");
    for name in ["AWS_LAMBDA_RUNTIME_API", "RUST_LOG", "LAMBDA_TASK_ROOT"] {
        command.env_remove(name);
    }
    command
}

fn evaluated() -> BTreeMap<String, Seen> {
    let folder = tempfile::tempdir().unwrap();
    let (assignment, report) = (folder.path().join("assignment.json"), folder.path().join("report.jsonl"));
    let routes = cases().into_iter().map(|(name, ..)| AssignedRoute {
        route: name.to_owned(),
        get: Some(Takes::Nothing),
        get_if_compiled: BTreeMap::new(),
        needs_opt_in: false,
    });
    let content = Assignment { routes: routes.collect(), time_limit_seconds: 1, tries: 1, one_at_a_time: false };
    std::fs::write(&assignment, serde_json::to_vec(&content).unwrap()).unwrap();
    let started = Instant::now();
    assert!(program().args([&assignment, &report]).stderr(Stdio::null()).status().unwrap().success());
    assert!(started.elapsed() < LIMIT, "no handler holds the program up");
    let report = std::fs::read_to_string(&report).unwrap();
    let lines: Vec<ReportLine> = report.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.last(), Some(&ReportLine::Done));
    let ends = lines.into_iter().filter_map(|line| match line {
        ReportLine::Run { route, evaluated: Evaluated { outcome, .. } } => Some((route, seen(outcome))),
        _ => None,
    });
    ends.collect()
}

fn seen(outcome: Outcome) -> Seen {
    match outcome {
        Outcome::Frozen(frozen) => Seen::Answers(String::from_utf8(frozen.body).unwrap()),
        Outcome::Failed(text) if text.contains("blocks its thread") => Seen::Blocks,
        Outcome::Failed(text) if text.contains("took longer") => Seen::IsGivenUp,
        Outcome::Failed(text) if text.starts_with("panicked at ") => Seen::Panics,
        other => panic!("{other:?}"),
    }
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Invokes the handler twice, as the second tells whether the program lives on.
fn in_a_function(name: &str, expected: &Seen) -> Seen {
    // Long, unless it is to be reached.
    let time = if matches!(expected, Seen::Blocks | Seen::IsGivenUp) { Duration::from_secs(3) } else { LIMIT };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, posts) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let sender = sender.clone();
            thread::spawn(move || converse(stream.unwrap(), time, &sender));
        }
    });
    let child = program()
        .env("WHARF_TEST_CASE", name)
        .env("AWS_LAMBDA_RUNTIME_API", address)
        .env("AWS_LAMBDA_FUNCTION_NAME", "x")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("WHARF_LOG_FORMAT", "json")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut child = Running(child);
    let next = || posts.recv_timeout(LIMIT).unwrap_or_else(|error| panic!("{name}: {error}"));
    let (kind, reply) = next();
    if *expected == Seen::Blocks {
        assert_eq!(child.0.wait().unwrap().code(), Some(1), "{name}: Lambda makes a new environment");
    } else {
        let again = next();
        assert_eq!(again, (kind.clone(), reply.clone()), "{name}: the program lives on");
        child.0.kill().unwrap();
    }
    let mut log = String::new();
    child.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let line = lines.iter().find(|line| line["request_id"] == "id-1").unwrap_or_else(|| panic!("{name}: {log}"));
    assert_eq!(line["route"], "/x", "{name}: {log}");
    let text = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
    match (kind.as_str(), reply["statusCode"].as_u64()) {
        ("response", Some(200)) => Seen::Answers(reply["body"].as_str().unwrap().to_owned()),
        ("response", Some(500)) if text("cause").starts_with("panicked at ") => {
            assert_eq!(reply["body"], "", "{name}");
            Seen::Panics
        }
        ("response", Some(504)) if text("cause").contains("given up") => {
            assert_eq!(reply["body"], "", "{name}");
            Seen::IsGivenUp
        }
        ("error", None) if text("message").contains("its thread is blocked") => {
            assert_eq!(reply["errorType"], "Wharf.Blocked");
            Seen::Blocks
        }
        other => panic!("{name}: {other:?}: {log}"),
    }
}

fn converse(stream: TcpStream, time: Duration, sender: &mpsc::Sender<(String, Value)>) -> std::io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    loop {
        let (path, body) = read_request(&mut reader)?;
        if path.ends_with("/next") {
            let event = json!({
                "version": "2.0",
                "rawPath": "/x",
                "rawQueryString": "",
                "headers": {},
                "requestContext": {"http": {"method": "GET"}, "domainName": "localhost", "stage": "$default"},
            });
            let event = event.to_string();
            let deadline = (SystemTime::now() + time).duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
            write!(
                writer,
                "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: id-1\r\nlambda-runtime-deadline-ms: {deadline}\r\n\
                 content-length: {}\r\n\r\n{event}",
                event.len()
            )?;
        } else {
            let kind = path.rsplit('/').next().unwrap_or_default().to_owned();
            let _ = sender.send((kind, serde_json::from_slice(&body).unwrap_or_default()));
            write!(writer, "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")?;
        }
    }
}

//! The [Lambda Runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) on this machine, and a
//! function that runs against it.

use std::{
    collections::HashMap,
    env,
    ffi::OsStr,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{self, State},
    http::{HeaderMap, Response, StatusCode, header::CONTENT_TYPE},
    routing::{get, post},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    runtime,
    sync::{Mutex as AsyncMutex, mpsc as async_mpsc, oneshot},
};

use crate::{HttpReply, ProcessGroup};

/// What a buffered answer may weigh
/// ([Lambda quotas](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html): 6 MB).
const LARGEST_ANSWER: usize = 6 * 1024 * 1024 + 100;

/// What came of one invocation.
#[derive(Debug, Clone, PartialEq)]
pub enum Invocation {
    /// The function answered.
    Reply(Value),
    /// The function answered in streaming mode.
    Streamed(Streamed),
    /// The function reported a failure, or Lambda refused its answer.
    Error(Value),
}

impl Invocation {
    /// The answer as the viewer of an HTTP API or Function URL gets it.
    ///
    /// # Panics
    ///
    /// When it is not an answer to a payload 2.0 event, or a streamed one that broke off.
    #[track_caller]
    #[must_use]
    pub fn http(&self) -> HttpReply {
        let reply = match self {
            Self::Reply(answer) => HttpReply::from_payload_2(answer),
            Self::Streamed(streamed) => streamed.http(),
            Self::Error(_) => panic!("the function did not answer: {self:?}"),
        };
        reply.unwrap_or_else(|error| panic!("{error}"))
    }
}

/// An answer in streaming mode, as it came over the wire.
#[derive(Debug, Clone, PartialEq)]
pub struct Streamed {
    /// The headers of the function's POST.
    pub headers: Vec<(String, String)>,
    /// What came at once, and how long after the first of it: the prelude in JSON, eight zeros and the pieces of the
    /// body.
    pub pieces: Vec<(Duration, Vec<u8>)>,
    /// Its trailers.
    pub trailers: Vec<(String, String)>,
}

impl Streamed {
    /// All bytes of it.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.pieces.iter().flat_map(|(_, piece)| piece.clone()).collect()
    }

    /// The answer as the viewer of a Function URL gets it.
    fn http(&self) -> Result<HttpReply, String> {
        let [(_, prelude), (_, separator), body @ ..] = &*self.pieces else {
            return Err(format!("too short: {self:?}"));
        };
        if *separator != [0; 8] || !self.trailers.is_empty() {
            return Err(format!("no whole answer: {self:?}"));
        }
        let prelude = serde_json::from_slice(prelude).map_err(|error| format!("the prelude: {error}"))?;
        let body = body.iter().flat_map(|(_, piece)| piece.clone()).collect();
        Ok(HttpReply { body, ..HttpReply::from_payload_2(&prelude)? })
    }
}

/// Why an invocation brought nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum NoAnswer {
    /// The function had not answered when the time was up.
    TimedOut(Duration),
    /// The function failed to start and said so.
    InitFailed(Value),
    /// The function's process ended.
    Exited,
}

/// A server of the Runtime API for one function.
///
/// It is stopped on drop.
#[derive(Debug)]
pub struct RuntimeApi {
    address: SocketAddr,
    desk: Arc<Desk>,
    events: async_mpsc::UnboundedSender<Event>,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Event {
    id: String,
    deadline: SystemTime,
    bytes: Bytes,
}

/// What the server and the invoker share.
#[derive(Debug)]
struct Desk {
    events: AsyncMutex<async_mpsc::UnboundedReceiver<Event>>,
    waiting: Mutex<HashMap<String, mpsc::Sender<Invocation>>>,
    init_error: Mutex<Option<Value>>,
    polls: AtomicU64,
    strays: AtomicU64,
}

impl RuntimeApi {
    /// Starts the server on a free port of the loopback interface.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn start() -> Self {
        let (events, receiver) = async_mpsc::unbounded_channel();
        let desk = Arc::new(Desk {
            events: AsyncMutex::new(receiver),
            waiting: Mutex::default(),
            init_error: Mutex::default(),
            polls: AtomicU64::new(0),
            strays: AtomicU64::new(0),
        });
        let (stop, stopped) = oneshot::channel();
        let (started, address) = mpsc::channel();
        let router = router(desk.clone());
        let server = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime needs no more");
            runtime.block_on(async {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("the loopback has a free port");
                // The starter waits for it.
                let _ = started.send(listener.local_addr().expect("a bound listener has an address"));
                tokio::select! {
                    result = async { axum::serve(listener, router).await } => result.expect("the server runs until it is stopped"),
                    _ = stopped => {}
                }
            });
        });
        let address = address.recv().expect("the server has started");
        Self { address, desk, events, stop: Some(stop), server: Some(server) }
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API`: `127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// How often a function has asked for an event.
    #[must_use]
    pub fn polls(&self) -> u64 {
        self.desk.polls.load(Ordering::Relaxed)
    }

    /// How often something was posted for an invocation that nobody waited for, as when it was answered before.
    #[must_use]
    pub fn strays(&self) -> u64 {
        self.desk.strays.load(Ordering::Relaxed)
    }

    /// Hands an event to the function and waits for what comes of it.
    ///
    /// `alive` is asked now and then whether it is worth to wait on.
    ///
    /// # Errors
    ///
    /// When nothing comes of it.
    pub fn invoke(&self, event: &Value, limit: Duration, alive: impl Fn() -> bool) -> Result<Invocation, NoAnswer> {
        self.invoke_bytes(event.to_string().into(), limit, alive)
    }

    /// Hands over bytes that may be no JSON; otherwise like [`RuntimeApi::invoke`].
    ///
    /// # Errors
    ///
    /// When nothing comes of it.
    pub fn invoke_bytes(
        &self,
        event: Bytes,
        limit: Duration,
        alive: impl Fn() -> bool,
    ) -> Result<Invocation, NoAnswer> {
        const STEP: Duration = Duration::from_millis(20);
        let (answer, answered) = mpsc::channel();
        let id = new_id();
        lock(&self.desk.waiting).insert(id.clone(), answer);
        let event = Event { id: id.clone(), deadline: SystemTime::now() + limit, bytes: event };
        // The receiver lives in `self`.
        let _ = self.events.send(event);
        let started = Instant::now();
        let result = loop {
            // Asked before the wait, so that the last answer of a program that then ends still counts.
            let was_alive = alive();
            if let Ok(invocation) = answered.recv_timeout(STEP) {
                break Ok(invocation);
            }
            if let Some(error) = self.init_error() {
                break Err(NoAnswer::InitFailed(error));
            }
            if !was_alive {
                break Err(NoAnswer::Exited);
            }
            if started.elapsed() > limit {
                break Err(NoAnswer::TimedOut(limit));
            }
        };
        lock(&self.desk.waiting).remove(&id);
        result
    }

    /// What the function posted as its failure to start.
    #[must_use]
    pub fn init_error(&self) -> Option<Value> {
        lock(&self.desk.init_error).clone()
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It is gone when the server has failed.
            let _ = stop.send(());
        }
        if let Some(server) = self.server.take() {
            // Its panic has been printed, and a drop must not add one.
            let _ = server.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A request id in the form of a UUID, unique in this process.
fn new_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("8476a536-e9f4-11e8-9739-{number:012x}")
}

fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .with_state(desk)
}

type Answer = Response<Body>;

async fn next(State(desk): State<Arc<Desk>>) -> Answer {
    desk.polls.fetch_add(1, Ordering::Relaxed);
    let Some(event) = desk.events.lock().await.recv().await else {
        return status(StatusCode::GONE, &json!({"errorMessage": "the invoker is gone", "errorType": "Gone"}));
    };
    let deadline = event.deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    Response::builder()
        .header(CONTENT_TYPE, "application/json")
        .header("lambda-runtime-aws-request-id", event.id)
        .header("lambda-runtime-deadline-ms", deadline.to_string())
        .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:123456789012:function:wharf-test")
        .header("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1")
        .body(Body::from(event.bytes))
        .expect("the headers are made of ASCII")
}

async fn response(
    State(desk): State<Arc<Desk>>,
    extract::Path(id): extract::Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let streamed = match read(pairs(&headers), body).await {
        Ok(streamed) => streamed,
        Err(error) => {
            return refuse(&desk, &id, StatusCode::BAD_REQUEST, "Runtime.TruncatedResponse", &error.to_string());
        }
    };
    if headers.get("lambda-runtime-function-response-mode").is_some_and(|mode| mode == "streaming") {
        return answered(&desk, &id, Invocation::Streamed(streamed));
    }
    let bytes = streamed.bytes();
    if bytes.len() > LARGEST_ANSWER {
        let text = format!("Response payload size exceeded maximum allowed payload size ({LARGEST_ANSWER} bytes).");
        return refuse(&desk, &id, StatusCode::PAYLOAD_TOO_LARGE, "Function.ResponseSizeTooLarge", &text);
    }
    match serde_json::from_slice(&bytes) {
        Ok(answer) => answered(&desk, &id, Invocation::Reply(answer)),
        Err(error) => refuse(&desk, &id, StatusCode::BAD_REQUEST, "Runtime.MalformedResponse", &error.to_string()),
    }
}

/// Each frame is a piece: chunks may be split on the way, but are never merged.
async fn read(headers: Vec<(String, String)>, mut body: Body) -> Result<Streamed, axum::Error> {
    let mut streamed = Streamed { headers, pieces: Vec::new(), trailers: Vec::new() };
    let mut started = None;
    while let Some(frame) = body.frame().await {
        let at = started.get_or_insert_with(Instant::now).elapsed();
        match frame?.into_data() {
            Ok(piece) => streamed.pieces.push((at, piece.to_vec())),
            Err(frame) => streamed.trailers.extend(frame.trailers_ref().map(pairs).into_iter().flatten()),
        }
    }
    Ok(streamed)
}

async fn error(State(desk): State<Arc<Desk>>, extract::Path(id): extract::Path<String>, body: Bytes) -> Answer {
    answered(&desk, &id, Invocation::Error(json_or_text(&body)))
}

async fn init_error(State(desk): State<Arc<Desk>>, body: Bytes) -> Answer {
    *lock(&desk.init_error) = Some(json_or_text(&body));
    accepted()
}

fn answered(desk: &Desk, id: &str, invocation: Invocation) -> Answer {
    let Some(invoker) = lock(&desk.waiting).remove(id) else {
        desk.strays.fetch_add(1, Ordering::Relaxed);
        let text = format!("no invocation {id} waits for an answer");
        return status(StatusCode::BAD_REQUEST, &json!({"errorMessage": text, "errorType": "InvalidRequestID"}));
    };
    // The invoker has just given up when it is gone.
    let _ = invoker.send(invocation);
    accepted()
}

/// Tells the function and the invoker that the answer is not one.
fn refuse(desk: &Desk, id: &str, code: StatusCode, kind: &str, text: &str) -> Answer {
    let error = json!({"errorMessage": text, "errorType": kind});
    answered(desk, id, Invocation::Error(error.clone()));
    status(code, &error)
}

fn accepted() -> Answer {
    status(StatusCode::ACCEPTED, &json!({"status": "OK"}))
}

fn status(code: StatusCode, body: &Value) -> Answer {
    let mut answer = Response::new(Body::from(body.to_string()));
    *answer.status_mut() = code;
    answer
}

fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

fn json_or_text(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}

/// A function that runs: the program of an unpacked zip, with the environment that Lambda gives it.
///
/// It is killed on drop.
#[derive(Debug)]
pub struct Function {
    // Dropped first, so that it does not see its Runtime API go.
    program: ProcessGroup,
    api: RuntimeApi,
    limit: Duration,
}

impl Function {
    /// How long an invocation may take unless [`Function::limit`] says otherwise.
    pub const LIMIT: Duration = Duration::from_secs(10);

    /// Starts the program `bootstrap` in its folder, with `variables` as the function's own environment.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[track_caller]
    #[must_use]
    pub fn start<K: AsRef<OsStr>, V: AsRef<OsStr>>(
        bootstrap: &Path,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self::start_by(Command::new(bootstrap), bootstrap, variables)
    }

    /// As [`Function::start`], for a `bootstrap` that another program runs: `command` names both.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[track_caller]
    #[must_use]
    pub fn start_by<K: AsRef<OsStr>, V: AsRef<OsStr>>(
        mut command: Command,
        bootstrap: &Path,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let api = RuntimeApi::start();
        let root = bootstrap.parent().expect("a program is in a folder");
        command
            .current_dir(root)
            .env_clear()
            .envs(["PATH", "LD_LIBRARY_PATH"].into_iter().filter_map(|name| Some((name, env::var_os(name)?))))
            .envs([
                ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
                ("AWS_LAMBDA_FUNCTION_NAME", "wharf-test"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/wharf-test"),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef"),
                ("AWS_REGION", "eu-central-1"),
                ("LANG", "en_US.UTF-8"),
                ("TZ", ":UTC"),
                ("_HANDLER", "bootstrap"),
            ])
            .env("AWS_LAMBDA_RUNTIME_API", api.address())
            .env("LAMBDA_TASK_ROOT", root)
            .envs(variables);
        Self { program: ProcessGroup::start(&mut command), api, limit: Self::LIMIT }
    }

    /// Another time limit for each invocation.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Invokes it.
    ///
    /// # Panics
    ///
    /// When nothing comes of it; the function's log is in the message.
    #[track_caller]
    #[must_use]
    pub fn invoke(&self, event: &Value) -> Invocation {
        self.try_invoke(event).unwrap_or_else(|error| panic!("{error:?}, for {event}\n{}", self.log()))
    }

    /// Invokes it.
    ///
    /// # Errors
    ///
    /// When nothing comes of it.
    pub fn try_invoke(&self, event: &Value) -> Result<Invocation, NoAnswer> {
        self.api.invoke(event, self.limit, || !self.program.has_exited())
    }

    /// Invokes it with bytes that may be no JSON.
    ///
    /// # Errors
    ///
    /// When nothing comes of it.
    pub fn try_invoke_bytes(&self, event: Bytes) -> Result<Invocation, NoAnswer> {
        self.api.invoke_bytes(event, self.limit, || !self.program.has_exited())
    }

    /// How much memory the program has in use ([proc(5)](https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html)).
    ///
    /// # Panics
    ///
    /// When it has ended.
    #[track_caller]
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        self.program.resident_bytes()
    }

    /// Its Runtime API.
    #[must_use]
    pub fn api(&self) -> &RuntimeApi {
        &self.api
    }

    /// What it has printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.program.log()
    }
}

//! S3 and CloudFront on this machine: [moto](https://docs.getmoto.org), which keeps what it is told in memory.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::Response,
};
use tokio::{net::TcpListener, runtime, task::spawn_blocking};

use crate::{HttpClient, HttpReply, HttpRequest, ProcessGroup, pypi};

/// What it takes to import all of it, on a machine that is busy with other tests.
const START_LIMIT: Duration = Duration::from_secs(120);

/// A bucket of its own in a server that all tests of this process share.
#[derive(Debug)]
pub struct Bucket {
    name: String,
}

/// The address of the server.
#[must_use]
pub fn endpoint() -> &'static str {
    static SERVER: OnceLock<(ProcessGroup, String)> = OnceLock::new();
    let (_, base) = SERVER.get_or_init(|| {
        let installed: PathBuf = pypi::install("s3", include_str!("../tools/s3.txt"));
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/s3.py");
        let mut server = ProcessGroup::start(pypi::python(&installed).arg(program));
        let line = server.first_line(START_LIMIT);
        let base = line.strip_prefix("listening on ").unwrap_or_else(|| panic!("`{line}` names no address"));
        let base = base.to_owned();
        (server, base)
    });
    base
}

/// Asks a service of the server, `s3` or `cloudfront`, which it knows by whom the signature is for; it does not look at
/// the signature itself.
///
/// # Panics
///
/// When it does not answer with success.
#[track_caller]
pub fn ask(service: &str, request: HttpRequest) -> HttpReply {
    let scope = format!("AKIATEST/20260101/us-east-1/{service}/aws4_request");
    let signature = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none");
    let request = request.header("authorization", &signature);
    let reply = HttpClient::new(endpoint()).limit(START_LIMIT).send(&request);
    assert!((200..300).contains(&reply.status), "{request}: {} {}", reply.status, reply.text());
    reply
}

impl Bucket {
    /// An empty bucket.
    #[must_use]
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(1);
        // All names are as long, since messages underline them.
        let name = format!("objects-{:02}", COUNT.fetch_add(1, Ordering::Relaxed));
        ask("s3", HttpRequest::new("PUT", &format!("/{name}")));
        Self { name }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The keys of all that is in it, sorted.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        let list = ask("s3", HttpRequest::get(&format!("/{}?list-type=2", self.name))).text();
        let keys = list.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>"));
        let mut keys: Vec<String> = keys.map(|(key, _)| key.to_owned()).collect();
        keys.sort();
        keys
    }

    /// What a GET answers, and so what CloudFront would get.
    #[track_caller]
    #[must_use]
    pub fn get(&self, key: &str) -> HttpReply {
        ask("s3", HttpRequest::get(&format!("/{}/{key}", self.name)))
    }

    /// Puts something there that no upload has put.
    #[track_caller]
    pub fn put(&self, key: &str, body: &str) {
        ask("s3", HttpRequest::new("PUT", &format!("/{}/{key}", self.name)).body(body));
    }

    /// When each object was put, and its contents: what must not change when nothing is done.
    #[must_use]
    pub fn state(&self) -> BTreeMap<String, (Option<String>, Vec<u8>)> {
        let state = self.keys().into_iter().map(|key| {
            let reply = self.get(&key);
            let modified = reply.header("last-modified").map(str::to_owned);
            (key, (modified, reply.body))
        });
        state.collect()
    }
}

impl Default for Bucket {
    fn default() -> Self {
        Self::new()
    }
}

/// What a [`Gate`] does with a request, which is the n-th one (from 0) with its method and path.
pub type Rule = dyn Fn(&HttpRequest, usize) -> Option<HttpReply> + Send + Sync;

/// A server in front of S3 that writes down all requests, and answers some itself.
#[derive(Debug)]
pub struct Gate {
    base: String,
    seen: Arc<Mutex<Vec<HttpRequest>>>,
    runtime: Option<runtime::Runtime>,
}

impl Gate {
    /// A gate that asks `rule` for an answer, and S3 where there is none.
    ///
    /// # Panics
    ///
    /// When it finds no free port.
    #[must_use]
    pub fn start(rule: impl Fn(&HttpRequest, usize) -> Option<HttpReply> + Send + Sync + 'static) -> Self {
        let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("the machine has a thread for it");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("there is a free port");
        let base = format!("http://{}", listener.local_addr().expect("it is bound"));
        let (seen, rule): (Arc<Mutex<Vec<HttpRequest>>>, Arc<Rule>) = (Arc::default(), Arc::new(rule));
        let all = Arc::clone(&seen);
        let router = Router::new().fallback(move |request: Request| {
            let (seen, rule) = (Arc::clone(&all), Arc::clone(&rule));
            async move {
                let request = read(request).await;
                spawn_blocking(move || response(&answer(&request, &seen, &*rule))).await.expect("a rule does not panic")
            }
        });
        runtime.spawn(async { axum::serve(listener, router).await });
        Self { base, seen, runtime: Some(runtime) }
    }

    /// Its address.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.base
    }

    /// All requests so far.
    #[must_use]
    pub fn seen(&self) -> Vec<HttpRequest> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many requests of this method so far.
    #[must_use]
    pub fn count(&self, method: &str) -> usize {
        self.seen().iter().filter(|request| request.method == method).count()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        // A rule may be waiting for a time that is over now.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn read(request: Request) -> HttpRequest {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body fits into memory").to_vec();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let headers = parts.headers.iter().filter(|(name, _)| !["host", "content-length"].contains(&name.as_str()));
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers
        .fold(HttpRequest::new(parts.method.as_str(), target), |request, (name, value)| {
            request.header(name.as_str(), &text(value))
        })
        .body(body)
}

fn answer(request: &HttpRequest, seen: &Mutex<Vec<HttpRequest>>, rule: &Rule) -> HttpReply {
    let before = {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push(request.clone());
        seen.iter().filter(|other| other.method == request.method && other.path() == request.path()).count() - 1
    };
    rule(request, before).unwrap_or_else(|| HttpClient::new(endpoint()).limit(START_LIMIT).send(request))
}

fn response(reply: &HttpReply) -> Response<Body> {
    let headers = reply.headers.iter().filter(|(name, _)| !["content-length", "connection"].contains(&name.as_str()));
    let response = headers.fold(Response::builder().status(reply.status), |response, (name, value)| {
        response.header(name.as_str(), value.as_str())
    });
    response.body(Body::from(reply.body.clone())).expect("it came from a response")
}

//! The server that the handlers of `tests/conformance` fetch from: it tells how often each path was asked for.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::{self, JoinHandle},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, Response, StatusCode, Uri},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime, sync::oneshot};

type Hits = Arc<Mutex<HashMap<String, u64>>>;

/// `zipped ` fifty times, as gzip writes it.
const ZIPPED: &str = "H4sIAAAAAAAAA6vKLChITVGoGqVoQQEASGyup14BAAA=";

/// The server, stopped on drop.
#[derive(Debug)]
pub struct CountingUpstream {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

impl CountingUpstream {
    /// Starts it on a free port of the loopback interface.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn start() -> Self {
        let (stop, stopped) = oneshot::channel();
        let (started, address) = mpsc::channel();
        let server = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime needs no more");
            runtime.block_on(async {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("the loopback has a free port");
                // The starter waits for it.
                let _ = started.send(listener.local_addr().expect("a bound listener has an address"));
                let router = Router::new().fallback(answer).with_state(Hits::default());
                tokio::select! {
                    result = async { axum::serve(listener, router).await } => result.expect("the server runs until it is stopped"),
                    _ = stopped => {}
                }
            });
        });
        let address = address.recv().expect("the server has started");
        Self { address, stop: Some(stop), server: Some(server) }
    }

    /// Its address: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The environment of an app that fetches from it.
    #[must_use]
    pub fn variables(&self) -> [(&'static str, String); 1] {
        [("UPSTREAM", self.base())]
    }
}

impl Drop for CountingUpstream {
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

async fn answer(State(hits): State<Hits>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let hits = {
        let mut hits = hits.lock().unwrap_or_else(PoisonError::into_inner);
        let count = hits.entry(uri.path().to_owned()).or_default();
        *count += 1;
        *count
    };
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match uri.path().split_once('/').and_then(|(_, path)| path.split_once('/')) {
        Some(("data", key)) => {
            let mut data = json!({
                "key": key,
                "hits": hits,
                "method": method.as_str(),
                "apiKey": header("api-key"),
                "contentType": header("content-type"),
            });
            match serde_json::from_slice(&body) {
                Ok(Value::Object(fields)) => data["bodyKeys"] = fields.keys().map(String::as_str).collect(),
                _ if !body.is_empty() => data["body"] = String::from_utf8_lossy(&body).into(),
                _ => {}
            }
            reply(StatusCode::OK, &data)
        }
        Some(("product", id)) => reply(StatusCode::OK, &json!({"id": id, "hits": hits})),
        Some(("flaky", _)) if hits == 2 || hits == 3 => reply(StatusCode::INTERNAL_SERVER_ERROR, &json!({"ok": false})),
        Some(("flaky", _)) => reply(StatusCode::OK, &json!({"ok": true, "hits": hits})),
        _ if uri.path() == "/gzipped" => Response::builder()
            .header("content-type", "text/plain")
            .header("content-encoding", "gzip")
            // A date of its own, so that the reply is the same whenever it is handed on.
            .header("date", "Wed, 21 Oct 2015 07:28:00 GMT")
            .body(STANDARD.decode(ZIPPED).expect("it is base64").into())
            .expect("the headers are made of ASCII"),
        _ => reply(StatusCode::NOT_FOUND, &json!({"none": true})),
    }
}

fn reply(status: StatusCode, body: &Value) -> Response<Body> {
    let mut reply = Response::new(Body::from(body.to_string()));
    *reply.status_mut() = status;
    reply.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    reply
}

//! Calls a route in process, the way Lambda would: for the tests of an app.
//!
//! ```
//! use wharf::{entry::Route, testing::Client, Json, Path};
//!
//! async fn get(Path(name): Path<String>) -> Json<String> {
//!     Json(format!("hello {name}"))
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! // In an app: `Client::new(routes::entry::hello_name)`.
//! let client = Client::new(|| Route::new("/hello/[name]").get(get));
//! let reply = client.get("/hello/an%20other").await;
//! assert_eq!(reply.status(), 200);
//! assert_eq!(reply.json::<String>(), "hello an other");
//! assert_eq!(client.call("DELETE", "/hello/x").await.header("allow"), Some("GET, HEAD, OPTIONS"));
//! # });
//! ```
//!
//! A function runs its handlers on tokio's multi-threaded runtime with one worker, and so does the bundler; a test runs them
//! on its own. With `#[tokio::test(flavor = "multi_thread", worker_threads = 1)]` that is the same; the flavor that a test
//! has by default knows no `block_in_place`. No client has a deadline, so a handler that never ends is not given up.
//!
//! [`Client::through`] sends the same requests as events of another [`Source`].

mod source;

use std::{collections::BTreeMap, slice};

use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::StreamExt;
use http::Request;
use http_body_util::BodyExt;
use lambda_runtime::Context;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    app::{App, frozen_file::FrozenFile, route::Route},
    contract::report::{FrozenFunction, FrozenRoute},
    event::{self, Gate},
    handler::{
        hosts::Hosts,
        viewer::{Origin, Secrets},
    },
    host::{
        invoke::invoke,
        lambda::streaming::{self, BrokenOff, Pieces},
    },
};

use source::Sent;
pub use source::Source;

/// Calls one route, or a function of several. Requests become events as the local emulator makes them, or those of another [`Source`].
pub struct Client {
    app: App,
    source: Source,
    invocation: Context,
}

impl Client {
    /// A client of this route; everything is live, as in development.
    pub fn new(route: impl FnOnce() -> Route) -> Self {
        Self::of(vec![route()], &FrozenFunction::default())
    }

    /// A client of a function of several routes; everything is live.
    ///
    /// ```
    /// use wharf::{entry::Route, testing::Client};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// // In an app: `Client::of_all(&[routes::entry::items, routes::entry::items_slug])`.
    /// let client = Client::of_all(&[
    ///     || Route::new("/items/[slug]").get(async || "one of them"),
    ///     || Route::new("/items/new").get(async || "the form"),
    /// ]);
    /// assert_eq!(client.get("/items/new").await.text(), "the form");
    /// assert_eq!(client.get("/items/rope").await.text(), "one of them");
    /// assert_eq!(client.get("/items").await.status(), 404);
    /// # });
    /// ```
    #[must_use]
    pub fn of_all(routes: &[fn() -> Route]) -> Self {
        Self::all_with_frozen(routes, &FrozenFunction::default())
    }

    /// A client of the deployed function of several routes: with the answers that were frozen at build time.
    #[must_use]
    pub fn all_with_frozen(routes: &[fn() -> Route], frozen: &FrozenFunction) -> Self {
        Self::of(routes.iter().map(|route| route()).collect(), frozen)
    }

    fn of(routes: Vec<Route>, frozen: &FrozenFunction) -> Self {
        let frozen = match FrozenFile::of(frozen) {
            Ok(frozen) => frozen,
            Err(error) => panic!("the frozen answers are none that can be written: {error}"),
        };
        Self { app: App::new(routes, Gate::default(), frozen), source: Source::Local, invocation: Context::default() }
    }

    /// A client of the deployed function: with the answers that were frozen at build time.
    pub fn with_frozen(route: impl FnOnce() -> Route, frozen: &FrozenRoute) -> Self {
        let route = route();
        let frozen = FrozenFunction([(route.pattern.to_string(), frozen.clone())].into());
        Self::of(vec![route], &frozen)
    }

    /// The function behind a CDN that proves itself with this secret; others are refused when it is required.
    #[must_use]
    pub fn behind_cdn(self, secret: impl Into<String>, required: bool) -> Self {
        let secrets = Secrets::new(secret);
        let origin = if required { Origin::CdnOnly(secrets) } else { Origin::Cdn(secrets) };
        Self { app: self.app.with_gate(|gate| Gate { origin, ..gate }), ..self }
    }

    /// A second secret with which that CDN may prove itself (`WHARF_ORIGIN_SECRET_ROTATION`).
    #[must_use]
    pub fn with_rotation_secret(self, secret: impl Into<String>) -> Self {
        let secret = secret.into();
        let change = |gate: Gate| Gate {
            origin: gate.origin.map_secrets(|secrets| secrets.with_rotation(Some(secret))),
            ..gate
        };
        Self { app: self.app.with_gate(change), ..self }
    }

    /// The function with this `WHARF_BASE_PATH`.
    #[must_use]
    pub fn below(self, base_path: &str) -> Self {
        let base_path = base_path.to_owned();
        Self { app: self.app.with_gate(|gate| Gate { base_path, ..gate }), ..self }
    }

    /// The function with this `WHARF_HOSTS`.
    ///
    /// # Panics
    ///
    /// When it is no list of hosts, with which the function would not start.
    #[must_use]
    pub fn at_hosts(self, hosts: &str) -> Self {
        let Some(hosts) = Hosts::parse(hosts) else { panic!("`{hosts}` is no list of hosts") };
        Self { app: self.app.with_gate(|gate| Gate { hosts, ..gate }), ..self }
    }

    /// The function with this `WHARF_BODY_LIMIT`.
    #[must_use]
    pub fn with_body_limit(self, body_limit: usize) -> Self {
        Self { app: self.app.with_gate(|gate| Gate { body_limit, ..gate }), ..self }
    }

    /// The function as this invocation calls it, which says when its time is over. Without one it never is.
    ///
    /// ```
    /// use wharf::{Request, entry::Route, lambda_runtime::Context, testing::Client};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut invocation = Context::default();
    /// invocation.deadline = 1;
    /// let route = || Route::new("/").get(async |request: Request| format!("{:?}", request.time_left()));
    /// assert_eq!(Client::new(route).invoked_with(invocation).get("/").await.text(), "Some(0ns)");
    /// # });
    /// ```
    #[must_use]
    pub fn invoked_with(self, invocation: Context) -> Self {
        Self { invocation, ..self }
    }

    /// The function behind this source of events.
    ///
    /// ```
    /// use wharf::{entry::Route, testing::{Client, Source}};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let client = Client::new(|| Route::new("/hello").get(async || "hello")).through(Source::AlbSingle);
    /// let reply = client.get("/hello").await;
    /// assert_eq!(reply.text(), "hello");
    /// assert_eq!(reply.raw()["statusDescription"], "200 OK");
    /// # });
    /// ```
    #[must_use]
    pub fn through(self, source: Source) -> Self {
        Self { source, ..self }
    }

    /// Sends a GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.call("GET", path).await
    }

    /// Sends a request with this method, and nothing but a path and perhaps a query. The path goes out as it is, valid
    /// or not.
    pub async fn call(&self, method: &str, path: &str) -> Reply {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let sent = Sent {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
        };
        self.reply(&sent.event(self.source)).await
    }

    /// Sends a request.
    ///
    /// # Panics
    ///
    /// When a header's value is not UTF-8, since an event cannot carry it, or when the body fails.
    pub async fn send(&self, request: Request<impl Into<Body>>) -> Reply {
        self.reply(&self.event_of(request).await).await
    }

    async fn event_of(&self, request: Request<impl Into<Body>>) -> Value {
        let (parts, body) = request.into_parts();
        let body = match body.into().collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => panic!("the body of the request failed: {error}"),
        };
        self.source.event(&Request::from_parts(parts, body))
    }

    /// Sends a request to a route with `STREAMING`, and returns the reply while its body is made. The other methods of the
    /// client collect it.
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use wharf::{Response, entry::Route, http::Request, testing::Client};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let lines = || futures_util::stream::iter(["one", "two"].map(Ok::<_, Infallible>));
    /// let client = Client::new(|| Route::new("/lines").get(async move || Response::stream(lines())).streaming(true));
    /// let mut reply = client.stream(Request::get("/lines").body("").unwrap()).await;
    /// assert_eq!(reply.head().status(), 200);
    /// assert_eq!(reply.next().await.unwrap(), "one");
    /// assert_eq!(reply.next().await.unwrap(), "two");
    /// assert!(reply.next().await.is_none() && !reply.broke_off());
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// As [`Client::send`], and when the reply would be sent whole: the route has no `STREAMING`, or the [`Source`] is
    /// neither [`Source::Local`] nor [`Source::FunctionUrl`].
    pub async fn stream(&self, request: Request<impl Into<Body>>) -> StreamedReply {
        let event = self.event_of(request).await;
        let read =
            event::read(&event.to_string()).map(|(shape, incoming)| (event::takes_pieces(shape, &incoming), incoming));
        let incoming = match read {
            Ok((true, incoming)) if self.app.streams() => incoming,
            Ok(_) => panic!("the reply to this request is sent whole"),
            Err(error) => panic!("a request became an event that is none: {error}"),
        };
        match streaming::begin(&self.app, incoming, self.invocation.clone()).await {
            Ok((prelude, pieces)) => {
                let prelude: Value = serde_json::from_slice(&prelude).unwrap_or_default();
                StreamedReply { head: Reply::from(prelude), pieces, broke_off: false }
            }
            Err(error) => panic!("the prelude cannot be written: {error}"),
        }
    }

    /// Sends an event as Lambda would, and returns the reply as Lambda gets it.
    ///
    /// # Errors
    ///
    /// The text with which the invocation fails, when the event is no HTTP request.
    pub async fn event(&self, event: &str) -> Result<Value, String> {
        let reply = invoke(&self.app, event::read(event), self.invocation.clone()).await;
        let reply = reply.map_err(|diagnostic| diagnostic.error_message)?;
        serde_json::from_str(reply.get()).map_err(|error| error.to_string())
    }

    async fn reply(&self, event: &Value) -> Reply {
        match self.event(&event.to_string()).await {
            Ok(reply) => Reply::from(reply),
            Err(error) => panic!("a request became an event that is none: {error}"),
        }
    }
}

/// A reply whose body is still being made.
pub struct StreamedReply {
    head: Reply,
    pieces: Option<Pieces>,
    broke_off: bool,
}

impl StreamedReply {
    /// The status, the headers and the cookies.
    #[must_use]
    pub fn head(&self) -> &Reply {
        &self.head
    }

    /// The next piece of the body; `None` at its end.
    pub async fn next(&mut self) -> Option<Bytes> {
        match self.pieces.as_mut()?.next().await? {
            Ok(piece) => Some(piece),
            Err(BrokenOff) => {
                (self.pieces, self.broke_off) = (None, true);
                None
            }
        }
    }

    /// Whether the body ended with an error or a panic.
    #[must_use]
    pub fn broke_off(&self) -> bool {
        self.broke_off
    }
}

/// The reply to a request, as a client would see it, whatever the source.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    raw: Value,
    headers: BTreeMap<String, String>,
    cookies: Vec<String>,
}

impl From<Value> for Reply {
    /// Reads the reply to an event of any source: what [`Client::event`] returns.
    fn from(raw: Value) -> Self {
        let mut lines: Vec<(&str, &str)> = Vec::new();
        for (name, values) in ["headers", "multiValueHeaders"].iter().filter_map(|key| raw[*key].as_object()).flatten()
        {
            let values = values.as_array().map_or(slice::from_ref(values), Vec::as_slice);
            lines.extend(values.iter().filter_map(Value::as_str).map(|value| (name.as_str(), value)));
        }
        // Each spelling of `set-cookie` is the number of a cookie; the map has lost their order.
        lines.sort_by_key(|(name, _)| number(name));
        let mut headers = BTreeMap::<String, String>::new();
        let mut cookies: Vec<String> =
            raw["cookies"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        for (name, value) in lines {
            let name = name.to_ascii_lowercase();
            if name == "set-cookie" {
                cookies.push(value.to_owned());
            } else if let Some(line) = headers.get_mut(&name) {
                line.push_str(", ");
                line.push_str(value);
            } else {
                headers.insert(name, value.to_owned());
            }
        }
        Self { raw, headers, cookies }
    }
}

/// The number that a spelling stands for: its letters are binary digits, the first one the lowest.
fn number(name: &str) -> u32 {
    let letters = name.bytes().filter(u8::is_ascii_alphabetic).take(32).enumerate();
    letters.filter(|(_, letter)| letter.is_ascii_uppercase()).map(|(index, _)| 1 << index).sum()
}

impl Reply {
    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.raw["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or_default()
    }

    /// The value of this header, its name in lower case; repeated ones are joined by a comma and a space.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The names of the headers that came, in lower case and sorted; `set-cookie` is never among them.
    pub fn header_names(&self) -> impl Iterator<Item = &str> {
        self.headers.keys().map(String::as_str)
    }

    /// The `Set-Cookie` headers, in order.
    #[must_use]
    pub fn cookies(&self) -> Vec<&str> {
        self.cookies.iter().map(String::as_str).collect()
    }

    /// The body; empty when there is none.
    ///
    /// # Panics
    ///
    /// When it is no base64 although the reply says so.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let body = self.raw["body"].as_str().unwrap_or_default();
        if self.raw["isBase64Encoded"] != true {
            return body.as_bytes().to_vec();
        }
        match STANDARD.decode(body) {
            Ok(bytes) => bytes,
            Err(error) => panic!("the body of the reply is no base64: {error}"),
        }
    }

    /// The body as text.
    ///
    /// # Panics
    ///
    /// When it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> String {
        match String::from_utf8(self.bytes()) {
            Ok(text) => text,
            Err(error) => panic!("the body of the reply is no text: {error}"),
        }
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// When it is not such JSON.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_slice(&self.bytes()) {
            Ok(value) => value,
            Err(error) => panic!("the body of the reply is not that JSON: {error}"),
        }
    }

    /// The reply as Lambda gets it.
    #[must_use]
    pub fn raw(&self) -> &Value {
        &self.raw
    }
}

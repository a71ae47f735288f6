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

use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::{
    app::App,
    entry::{Route, invoke},
    frozen::Store,
    report::FrozenRoute,
    viewer::Origin,
};

/// Calls one route. Requests become events of payload 2.0, as the local emulators make them.
pub struct Client {
    app: App,
}

impl Client {
    /// A client of this route; everything is live, as in development.
    pub fn new(route: impl FnOnce() -> Route) -> Self {
        Self { app: App::new(route(), Origin::default(), None) }
    }

    /// A client of the deployed function: with the answers that were frozen at build time.
    pub fn with_frozen(route: impl FnOnce() -> Route, frozen: &FrozenRoute) -> Self {
        Self { app: App::new(route(), Origin::default(), Some(Store::new(frozen))) }
    }

    /// The function behind a CDN that proves itself with this secret; others are refused when it is required.
    #[must_use]
    pub fn behind_cdn(self, secret: impl Into<String>, required: bool) -> Self {
        Self { app: self.app.with_origin(Origin { secret: Some(secret.into()), required }) }
    }

    /// Sends a GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.call("GET", path).await
    }

    /// Sends a request with this method, and nothing but a path and perhaps a query. The path goes out as it is, valid
    /// or not.
    pub async fn call(&self, method: &str, path: &str) -> Reply {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        self.reply(&event(method, path, query, Map::new(), &Bytes::new()).to_string()).await
    }

    /// Sends a request.
    ///
    /// # Panics
    ///
    /// When a header's value is not UTF-8, since an event cannot carry it, or when the body fails.
    pub async fn send(&self, request: Request<impl Into<Body>>) -> Reply {
        let (parts, body) = request.into_parts();
        let body = match body.into().collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => panic!("the body of the request failed: {error}"),
        };
        let mut headers = Map::new();
        for name in parts.headers.keys() {
            let values: Vec<_> =
                parts.headers.get_all(name).iter().map(|value| header_text(value.as_bytes())).collect();
            let separator = if name == "cookie" { "; " } else { "," };
            headers.insert(name.to_string(), values.join(separator).into());
        }
        let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
        self.reply(&event(parts.method.as_str(), path, query, headers, &body).to_string()).await
    }

    /// Sends an event as Lambda would, and returns the reply as Lambda gets it.
    ///
    /// # Errors
    ///
    /// The text with which the invocation fails, when the event is no HTTP request.
    pub async fn event(&self, event: &str) -> Result<Value, String> {
        let reply = invoke(&self.app, event, lambda_runtime::Context::default()).await;
        let reply = reply.map_err(|diagnostic| diagnostic.error_message)?;
        serde_json::from_str(reply.get()).map_err(|error| error.to_string())
    }

    async fn reply(&self, event: &str) -> Reply {
        match self.event(event).await {
            Ok(reply) => Reply(reply),
            Err(error) => panic!("a request became an event that is none: {error}"),
        }
    }
}

fn header_text(value: &[u8]) -> &str {
    match str::from_utf8(value) {
        Ok(text) => text,
        Err(_) => panic!("an event cannot carry a header that is not UTF-8"),
    }
}

fn event(method: &str, path: &str, query: &str, mut headers: Map<String, Value>, body: &Bytes) -> Value {
    headers.entry("host").or_insert_with(|| "localhost:9000".into());
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "domainName": "localhost",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": ""},
            "requestId": "test",
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": 0,
        },
        "body": if body.is_empty() { Value::Null } else { STANDARD.encode(body).into() },
        "isBase64Encoded": !body.is_empty(),
    })
}

/// The reply to a request, as a client would see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply(Value);

impl Reply {
    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or_default()
    }

    /// The value of this header, its name in lower case; repeated ones are joined by a comma and a space.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0["headers"].get(name)?.as_str()
    }

    /// The `Set-Cookie` headers, in order.
    #[must_use]
    pub fn cookies(&self) -> Vec<&str> {
        self.0["cookies"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// The body; empty when there is none.
    ///
    /// # Panics
    ///
    /// When it is no base64 although the reply says so.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let body = self.0["body"].as_str().unwrap_or_default();
        if self.0["isBase64Encoded"] != true {
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
        &self.0
    }
}

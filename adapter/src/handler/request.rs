//! The request that a handler answers.

use std::{
    borrow::Cow,
    fmt,
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{body::Body, extract::FromRequest};
use bytes::Bytes;
use http::{HeaderMap, Method, request::Parts};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use url::Url;

use crate::{
    contract::pattern::Params,
    handler::{
        bounds::Bounds,
        cookies::Cookies,
        error::{Error, Result},
        form::FormData,
        query::QueryPairs,
        scope::{Run, Scope},
        viewer::Viewer,
    },
};

/// The request that is being answered.
///
/// It is an axum extractor, so it can stand behind others; it takes the body, so it comes last. It converts to and from
/// [`http::Request`]. A GET handler that takes it is dynamic: it is not evaluated at build time.
///
/// ```
/// use wharf::{Request, Response, Result};
///
/// pub async fn post(mut request: Request) -> Result {
///     let page = request.query().first("page").unwrap_or("1").to_owned();
///     let order: Vec<String> = request.json().await?;
///     Ok(Response::json(&(page, order))?.status(201))
/// }
/// ```
pub struct Request {
    parts: Parts,
    body: Option<Body>,
}

/// The path as the client sent it, when that is known.
#[derive(Debug, Clone)]
pub(crate) struct SentPath(pub(crate) Arc<str>);

static NO_PARAMS: Params = Params::EMPTY;

impl Request {
    /// The method: `GET`, or `HEAD` when a `HEAD` is answered by the GET handler.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.parts.method
    }

    /// The path, percent-encoded.
    #[must_use]
    pub fn path(&self) -> &str {
        self.parts.extensions.get::<SentPath>().map_or_else(|| self.parts.uri.path(), |sent| &sent.0)
    }

    /// The query without its `?`, as it was sent; empty when there is none.
    #[must_use]
    pub fn raw_query(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }

    /// The decoded pairs of the query.
    #[must_use]
    pub fn query(&self) -> QueryPairs {
        QueryPairs::parse(self.raw_query())
    }

    /// The whole URL, as the viewer sees it.
    ///
    /// The host is the domain of the API; behind a CDN that proves itself with the secret origin header, the host that
    /// it forwards. It is never one that a client can choose (Next.js does not take the `Host` header either). Where the
    /// variable `WHARF_HOSTS` names the hosts of the app, it is one of them. A load balancer and VPC Lattice vouch for no
    /// host: without that variable it is `localhost` there, and the log says so.
    ///
    /// A stage or a base path that the viewer sees stands in front of the path, as in Next.js; [`Request::path`] does
    /// not have it.
    #[must_use]
    pub fn url(&self) -> Url {
        Viewer::of(&self.parts).url(self.path(), self.parts.uri.query())
    }

    /// What the viewer sees in front of every path of the app: a base path or a stage, as `/shop`, and otherwise nothing.
    ///
    /// [`Request::url`] begins with it, [`Request::path`] does not have it, and a redirect goes where it says, as in Next.js:
    /// put it in front of a path of the app, or join the path to [`Request::url`].
    ///
    /// ```
    /// use wharf::{Request, Response, redirect};
    ///
    /// pub async fn post(request: Request) -> Response {
    ///     redirect(format!("{}/login", request.base_path()))
    /// }
    /// ```
    #[must_use]
    pub fn base_path(&self) -> &str {
        self.parts.extensions.get::<Viewer>().map_or("", |viewer| &viewer.base_path)
    }

    /// The address of the client, as the front end saw it.
    #[must_use]
    pub fn client_ip(&self) -> Option<IpAddr> {
        Viewer::of(&self.parts).client_ip
    }

    /// The headers. On payload 2.0 repeated ones come joined by a comma.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// The first value of this header. Events carry text, so it is what the front end made of the client's bytes.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        str::from_utf8(self.parts.headers.get(name)?.as_bytes()).ok()
    }

    /// The cookies; what is set on them is sent with the reply.
    #[must_use]
    pub fn cookies(&self) -> Cookies {
        Scope::current().map_or_else(|| Cookies::from_headers(&self.parts.headers), |scope| scope.cookies.clone())
    }

    /// The params of the path, decoded.
    #[must_use]
    pub fn params(&self) -> &Params {
        self.parts.extensions.get().unwrap_or(&NO_PARAMS)
    }

    /// The invocation that carries this request: its id, its deadline, its trace. `None` for a request that was made by
    /// hand. An axum handler takes it as `Extension<Context>`.
    #[must_use]
    pub fn invocation(&self) -> Option<&lambda_runtime::Context> {
        self.parts.extensions.get()
    }

    /// What the front end says about the request: its stage, what an authorizer found out. `None` where it says nothing
    /// that `lambda_http` knows. An axum handler takes it as `Extension<RequestContext>`.
    #[must_use]
    pub fn request_context(&self) -> Option<&lambda_http::request::RequestContext> {
        self.parts.extensions.get()
    }

    /// How long it takes until Lambda ends the invocation. `None` where nothing does, as in a test.
    ///
    /// No source tells that a client has gone away, so there is no counterpart to the `signal` of a Web request.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        let invocation = self.invocation().filter(|invocation| invocation.deadline != 0)?;
        Some(invocation.deadline().duration_since(SystemTime::now()).unwrap_or_default())
    }

    /// What the front end adds: `lambda_http`'s request context, `lambda_runtime`'s invocation context.
    ///
    /// ```
    /// use wharf::{Request, lambda_runtime::Context};
    ///
    /// pub async fn get(request: Request) -> String {
    ///     request.extensions().get::<Context>().map(|context| context.request_id.clone()).unwrap_or_default()
    /// }
    /// ```
    #[must_use]
    pub fn extensions(&self) -> &http::Extensions {
        &self.parts.extensions
    }

    /// Reads the body as JSON, whatever the content type says. A byte-order mark is skipped.
    ///
    /// # Errors
    ///
    /// When the body is not such JSON or is empty; the error is a 400, where Next.js answers 500. Bytes that are not UTF-8
    /// are U+FFFD, as in the Web API. What JavaScript reads and Rust cannot hold is refused: lone surrogates, numbers as
    /// `1e400`, and more than 127 arrays and objects in one another. Of a key that is repeated the last value counts in a map
    /// or a [`serde_json::Value`](https://docs.rs/serde_json), and a struct refuses it. With more than 100,000 arrays and objects (`WHARF_JSON_LIMIT`) it is a
    /// 413, before any of them is made.
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        let bytes = self.bytes().await?;
        self.bounds().check_json(&bytes).map_err(|too_many| Error::from(too_many).with_status(413))?;
        let text = decoded(&bytes);
        serde_json::from_str(&text)
            .map_err(|error| Error::msg(format!("the body is not the expected JSON: {error}")).with_status(400))
    }

    /// Reads the body as UTF-8 text; what is not becomes U+FFFD. A byte-order mark is skipped.
    ///
    /// # Errors
    ///
    /// When the body has been read.
    pub async fn text(&mut self) -> Result<String> {
        let bytes = self.bytes().await?;
        Ok(decoded(&bytes).into_owned())
    }

    /// Reads the body. A GET and a HEAD have none.
    ///
    /// # Errors
    ///
    /// When the body has been read.
    pub async fn bytes(&mut self) -> Result<Bytes> {
        let body = self.body.take().ok_or_else(|| Error::msg("the body of the request has been read already"))?;
        Ok(body.collect().await?.to_bytes())
    }

    /// Reads the body as a form, urlencoded or multipart, as its content type says.
    ///
    /// # Errors
    ///
    /// When the content type is that of no form (415), it has no boundary or the body is malformed (400), or the body has been
    /// read. With more than 1,000 fields (`WHARF_FIELD_LIMIT`) it is a 413.
    pub async fn form_data(&mut self) -> Result<FormData> {
        let body = self.bytes().await?;
        FormData::read(&self.parts.headers, body, self.bounds()).await
    }

    fn bounds(&self) -> Bounds {
        self.parts.extensions.get().copied().unwrap_or_default()
    }
}

/// UTF-8 as the Web API reads it: without a byte-order mark, and with U+FFFD for what is none.
pub(crate) fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes))
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Request")
            .field("method", &self.parts.method)
            .field("uri", &self.parts.uri)
            .field("headers", &self.parts.headers)
            .finish_non_exhaustive()
    }
}

impl From<http::Request<Body>> for Request {
    fn from(request: http::Request<Body>) -> Self {
        let (parts, body) = request.into_parts();
        Self { parts, body: Some(body) }
    }
}

impl From<Request> for http::Request<Body> {
    /// A body that has been read is empty.
    fn from(request: Request) -> Self {
        Self::from_parts(request.parts, request.body.unwrap_or_default())
    }
}

impl<S: Send + Sync> FromRequest<S> for Request {
    type Rejection = std::convert::Infallible;

    async fn from_request(request: http::Request<Body>, _: &S) -> std::result::Result<Self, Self::Rejection> {
        if let Some(scope) = Scope::current().filter(|scope| scope.run == Run::Keep) {
            scope.touch("Request", std::panic::Location::caller());
        }
        Ok(request.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(content_type: &str, body: &'static [u8]) -> Request {
        http::Request::post("/a%20b?x=1&x=2")
            .header("content-type", content_type)
            .body(Body::from(body))
            .unwrap()
            .into()
    }

    #[tokio::test]
    async fn json_needs_no_content_type_and_skips_a_byte_order_mark() {
        assert_eq!(request("text/plain", b"\xEF\xBB\xBF[1,2]").json::<Vec<u8>>().await.unwrap(), [1, 2]);
        let error = request("application/json", b"").json::<u8>().await.unwrap_err();
        assert!(error.to_string().contains("the body is not the expected JSON"), "{error}");
    }

    #[tokio::test]
    async fn json_is_read_as_the_web_reads_it_where_rust_can_hold_it() {
        use serde_json::{Value, json};
        for (body, value) in [
            (&b"\"\xFFa\""[..], json!("\u{FFFD}a")),
            (b"\"\xED\xA0\x80\"", json!("\u{FFFD}\u{FFFD}\u{FFFD}")),
            (b"{\"a\": 1, \"a\": 2}", json!({"a": 2})),
            (b"\"\\u0000\"", json!("\0")),
            (b"1e-400", json!(0.0)),
            (b" 7 ", json!(7)),
        ] {
            assert_eq!(request("", body).json::<Value>().await.unwrap(), value);
        }
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200)).leak();
        for body in ["\"\\ud800\"", "1e400", "-1e400", "[1] x", "[1,]", "NaN", "", "\"\t\"", "01", deep] {
            let error = request("", body.as_bytes()).json::<Value>().await.unwrap_err();
            assert_eq!(axum::response::IntoResponse::into_response(error).status(), 400, "{body}");
        }
    }

    #[tokio::test]
    async fn text_is_never_an_error() {
        assert_eq!(request("", b"a\xFFb").text().await.unwrap(), "a\u{FFFD}b");
    }

    #[tokio::test]
    async fn a_second_read_is_an_error() {
        let mut request = request("", b"x");
        assert_eq!(request.text().await.unwrap(), "x");
        assert!(request.bytes().await.unwrap_err().to_string().contains("read already"));
    }

    #[tokio::test]
    async fn both_kinds_of_form_are_read() {
        let form = request("application/x-www-form-urlencoded", b"a=1&a=x+y&b=").form_data().await.unwrap();
        assert_eq!(form.text("a"), Some("1"));
        assert_eq!(form.all("a").count(), 2);
        let body = b"--X\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\nhi\r\n--X\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.bin\"\r\nContent-Type: image/png\r\n\r\n\x00\xFF\r\n--X--\r\n";
        let form = request("multipart/form-data; boundary=X", body).form_data().await.unwrap();
        assert_eq!(form.text("t"), Some("hi"));
        let file = form.file("f").unwrap();
        assert_eq!(
            (file.name.as_str(), file.content_type.as_deref(), &*file.bytes),
            ("a.bin", Some("image/png"), &b"\x00\xFF"[..])
        );
    }

    #[tokio::test]
    async fn other_bodies_are_no_forms() {
        for content_type in ["", "application/json", "multipart/form-data"] {
            assert!(request(content_type, b"a=1").form_data().await.is_err(), "{content_type}");
        }
    }

    #[test]
    fn a_request_made_by_hand_has_a_url() {
        let request = request("", b"");
        assert_eq!(request.url().as_str(), "http://localhost/a%20b?x=1&x=2");
        assert_eq!(request.query().all("x").collect::<Vec<_>>(), ["1", "2"]);
        assert!(request.params().is_empty() && request.client_ip().is_none());
    }
}

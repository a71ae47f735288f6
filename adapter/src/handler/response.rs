//! What a handler answers.

use std::fmt;

use axum::{BoxError, body::Body, response::IntoResponse};
use bytes::Bytes;
use cookie::Cookie;
use futures_util::{Stream, TryStreamExt};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, SET_COOKIE},
};
use serde::Serialize;

use crate::{
    app::answer::STATUSES,
    handler::{cookies, error::Result, mark::Cause, redirect::to},
};

/// An answer: a status, headers and a body.
///
/// ```
/// use wharf::Response;
///
/// pub async fn get() -> Response {
///     Response::text("created").status(201).header("x-shelf", "7")
/// }
/// ```
///
/// It converts to and from [`http::Response`], and is an axum [`IntoResponse`]. A status or a header that is not valid
/// is remembered and makes the answer a 500 with an empty body; the reason stands in the log.
pub struct Response {
    inner: http::Response<Body>,
    failure: Option<String>,
}

impl Response {
    /// Status 200 and this body, with no content type.
    pub fn new(body: impl Into<Body>) -> Self {
        http::Response::new(body.into()).into()
    }

    /// The value as compact JSON, with `content-type: application/json`.
    ///
    /// # Errors
    ///
    /// When the value cannot be written as JSON: a map whose keys are no text, or its own `Serialize` fails.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        Ok(Self::new(serde_json::to_vec(value)?).content_type("application/json"))
    }

    /// Text, as `text/plain; charset=utf-8`.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(text.into()).content_type("text/plain; charset=utf-8")
    }

    /// A page, as `text/html; charset=utf-8`.
    pub fn html(html: impl Into<String>) -> Self {
        Self::new(html.into()).content_type("text/html; charset=utf-8")
    }

    /// Bytes, as `application/octet-stream` unless [`Response::content_type`] says otherwise.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self::new(bytes.into()).content_type("application/octet-stream")
    }

    /// Status 200, no content type and no body.
    #[must_use]
    pub fn empty() -> Self {
        Self::new(Body::empty())
    }

    /// 307 to this place. A whole URL is normalized (`https://example.com` gets its slash); a path stays as it is.
    ///
    /// [`Response::status`] makes it a 301, 302, 303 or 308.
    ///
    /// ```
    /// use wharf::Response;
    ///
    /// let response = Response::redirect("https://example.com").status(303);
    /// assert_eq!(response.headers()["location"], "https://example.com/");
    /// ```
    pub fn redirect(url: impl AsRef<str>) -> Self {
        let url = url.as_ref();
        match url::Url::parse(url) {
            Ok(absolute) => to(StatusCode::TEMPORARY_REDIRECT, absolute.as_str()),
            Err(_) => to(StatusCode::TEMPORARY_REDIRECT, url),
        }
    }

    /// A body that is made piece by piece.
    ///
    /// In a route with `pub const STREAMING: bool = true` the pieces are sent when they are made, through a Function
    /// URL or the local emulator. An error or a panic in mid-stream then ends the body; its cause stands in the log.
    ///
    /// Otherwise the reply is sent whole, so the body is collected first. A piece that is an error makes the answer a
    /// 500 with an empty body.
    pub fn stream<S, B, E>(stream: S) -> Self
    where
        S: Stream<Item = std::result::Result<B, E>> + Send + 'static,
        B: Into<Bytes> + 'static,
        E: Into<BoxError> + 'static,
    {
        Self::new(Body::from_stream(stream.map_err(Into::<BoxError>::into)))
    }

    /// Sets the status: a number from 200 to 599, or a [`StatusCode`].
    #[must_use]
    pub fn status<S>(mut self, status: S) -> Self
    where
        S: TryInto<StatusCode>,
        S::Error: fmt::Display,
    {
        match status.try_into() {
            Ok(status) if STATUSES.contains(&status.as_u16()) => *self.inner.status_mut() = status,
            Ok(status) => {
                self.fail(format!("{} is no status of an answer: it must be from 200 to 599", status.as_u16()));
            }
            Err(error) => self.fail(format!("the status of an answer must be from 200 to 599: {error}")),
        }
        self
    }

    /// Adds a header; one of the same name stays. Payload 2.0 has one line a name, so they are joined by a comma and a
    /// space. Lambda takes text: bytes that are not UTF-8 are sent as the Latin-1 characters that they stand for.
    #[must_use]
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        N::Error: fmt::Display,
        V: TryInto<HeaderValue>,
        V::Error: fmt::Display,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => {
                self.inner.headers_mut().append(name, value);
            }
            (Err(error), _) => self.fail(format!("a header of the answer has an invalid name: {error}")),
            (Ok(name), Err(error)) => self.fail(format!("the header `{name}` of the answer is invalid: {error}")),
        }
        self
    }

    /// Sets the content type, in place of the one that was there.
    #[must_use]
    pub fn content_type<V>(mut self, value: V) -> Self
    where
        V: TryInto<HeaderValue>,
        V::Error: fmt::Display,
    {
        self.inner.headers_mut().remove(CONTENT_TYPE);
        self.header(CONTENT_TYPE, value)
    }

    /// Adds a `Set-Cookie` header. The value is percent-encoded, and without a path it gets `Path=/`.
    ///
    /// ```
    /// use wharf::{Cookie, Response};
    ///
    /// let response = Response::empty().cookie(Cookie::new("seen", "yes, twice"));
    /// assert_eq!(response.headers()["set-cookie"], "seen=yes%2C%20twice; Path=/");
    /// ```
    #[must_use]
    pub fn cookie<'c>(mut self, cookie: impl Into<Cookie<'c>>) -> Self {
        self.inner.headers_mut().append(SET_COOKIE, cookies::to_header(&cookie.into()));
        self
    }

    /// The status.
    #[must_use]
    pub fn status_code(&self) -> StatusCode {
        self.inner.status()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    /// The headers, to change.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        self.inner.headers_mut()
    }

    /// An answer that becomes a 500, with this cause in the log.
    pub(crate) fn failed(mut self, cause: &str) -> Self {
        self.fail(cause.to_owned());
        self
    }

    /// The first failure is the one that explains the others.
    fn fail(&mut self, text: String) {
        self.failure.get_or_insert(text);
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Response");
        debug.field("status", &self.inner.status()).field("headers", self.inner.headers());
        if let Some(failure) = &self.failure {
            debug.field("failure", failure);
        }
        debug.finish_non_exhaustive()
    }
}

impl From<http::Response<Body>> for Response {
    fn from(inner: http::Response<Body>) -> Self {
        Self { inner, failure: None }
    }
}

impl From<Response> for http::Response<Body> {
    fn from(response: Response) -> Self {
        match response.failure {
            None => response.inner,
            Some(failure) => Cause::new(failure).into_reply(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

impl IntoResponse for Response {
    fn into_response(self) -> axum::response::Response {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(response: Response) -> String {
        let response = response.into_response();
        assert_eq!(response.status(), 500);
        response.extensions().get::<Cause>().unwrap().text().to_owned()
    }

    #[test]
    fn a_bad_status_or_header_becomes_a_500() {
        assert!(cause(Response::empty().status(199)).contains("199"));
        assert!(cause(Response::empty().status(7u16)).contains("from 200 to 599"));
        assert!(cause(Response::empty().header("a b", "x")).contains("invalid name"));
        assert!(cause(Response::empty().header("x-a", "a\nb")).contains("`x-a`"));
        assert!(cause(Response::empty().header("x-a", "a\nb").status(204)).contains("`x-a`"));
    }

    #[test]
    fn every_status_from_200_to_599_is_one() {
        for status in 200..=599u16 {
            assert_eq!(Response::empty().status(status).into_response().status().as_u16(), status);
        }
    }

    #[test]
    fn headers_are_appended_and_the_content_type_is_replaced() {
        let response = Response::text("x").header("link", "<a>").header("link", "<b>").content_type("text/css");
        let links: Vec<_> = response.headers().get_all("link").iter().collect();
        assert_eq!(links, ["<a>", "<b>"]);
        assert_eq!(response.headers().get_all("content-type").iter().collect::<Vec<_>>(), ["text/css"]);
    }

    #[test]
    fn a_redirect_to_a_path_stays_a_path() {
        assert_eq!(Response::redirect("/a?b=c").headers()["location"], "/a?b=c");
        assert_eq!(Response::redirect("https://example.com/a b").headers()["location"], "https://example.com/a%20b");
    }
}

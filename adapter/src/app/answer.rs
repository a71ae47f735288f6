//! An answer that is complete: what a reply is written from, what is kept, and what is frozen.

use std::ops::RangeInclusive;

use axum::body::Body;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{self, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE},
};

use crate::{
    app::{
        cache_control,
        collected::{self, Room},
    },
    contract::report::Frozen,
    handler::{error::chain, mark::Cause, scope::Lifetime},
    kept,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether it answers a HEAD.
    pub(crate) is_head: bool,
}

/// Headers that belong to one connection and are not handed on
/// ([RFC 9110, 7.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1)). `Trailer` announces fields that a whole
/// body has no place for.
const HOP_BY_HOP: [HeaderName; 7] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// The statuses of an answer: those below are no final ones, and those above mean nothing
/// ([RFC 9110, 15](https://www.rfc-editor.org/rfc/rfc9110#section-15)).
pub(crate) const STATUSES: RangeInclusive<u16> = 200..=599;

impl Answer {
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new(), is_head: false }
    }

    /// That the adapter itself failed. Nothing settles what caches are told of it, so it says that they must not keep it.
    pub(crate) fn of_our_failure() -> Self {
        let mut answer = Self::empty(StatusCode::INTERNAL_SERVER_ERROR);
        cache_control::settle(&mut answer.headers);
        answer
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Collects the body and tidies the headers. The text is why the answer is an error.
    pub(crate) async fn collect(response: http::Response<Body>, is_head: bool, room: Room) -> (Self, Option<String>) {
        let has_body = !http_body::Body::is_end_stream(response.body());
        let (mut answer, cause, body) = match Self::open(response, is_head) {
            Ok(opened) => opened,
            Err(cause) => return Self::failed(cause),
        };
        if !answer.has_no_body() {
            answer.body = match collected::collect(body, &answer.headers, room).await {
                Ok(body) => body,
                Err(cause) => return Self::failed(cause),
            };
        }
        answer.tidy(has_body);
        (answer, cause)
    }

    /// Tidies the headers of an answer whose body is sent on piece by piece, which is the third part; `None` when the
    /// answer has no body.
    pub(crate) fn begin(response: http::Response<Body>, is_head: bool) -> (Self, Option<String>, Option<Body>) {
        match Self::open(response, is_head) {
            Ok((mut answer, cause, body)) => {
                answer.tidy(true);
                let body = (!answer.has_no_body()).then_some(body);
                (answer, cause, body)
            }
            Err(cause) => {
                let (answer, cause) = Self::failed(cause);
                (answer, cause, None)
            }
        }
    }

    /// An answer without its body yet, why it is an error, and the body.
    fn open(response: http::Response<Body>, is_head: bool) -> Result<(Self, Option<String>, Body), String> {
        let (parts, body) = response.into_parts();
        let cause = parts.extensions.get::<Cause>().map(|cause| cause.text().to_owned());
        if !STATUSES.contains(&parts.status.as_u16()) {
            return Err(format!("{} is no status of an answer: it must be from 200 to 599", parts.status.as_u16()));
        }
        Ok((Self { status: parts.status, headers: parts.headers, body: Bytes::new(), is_head }, cause, body))
    }

    fn failed(cause: String) -> (Self, Option<String>) {
        (Self::empty(StatusCode::INTERNAL_SERVER_ERROR), Some(cause))
    }

    /// Whether a body is there at all is not known of a stream: it counts as one, so that an answer has the same
    /// headers whether it is collected or not.
    fn tidy(&mut self, may_have_body: bool) {
        for name in HOP_BY_HOP {
            self.headers.remove(name);
        }
        self.headers.values_mut().for_each(trim);
        // The front end counts the bytes itself; only for a HEAD the handler knows better.
        if !self.is_head || self.headers.get(CONTENT_LENGTH).is_some_and(|length| length == "0") {
            self.headers.remove(CONTENT_LENGTH);
        }
        if self.status_has_no_body() {
            self.body.clear();
            self.headers.remove(CONTENT_LENGTH);
            self.headers.remove(CONTENT_TYPE);
        }
        let has_body = may_have_body || !self.body.is_empty() || self.headers.contains_key(CONTENT_LENGTH);
        if has_body && !self.status_has_no_body() && !self.headers.contains_key(CONTENT_TYPE) {
            // API Gateway would invent one.
            self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        }
        if self.is_head {
            self.body.clear();
        }
    }

    fn status_has_no_body(&self) -> bool {
        matches!(self.status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)
    }

    /// Whether the reply has no body at all, not even an empty one.
    pub(crate) fn has_no_body(&self) -> bool {
        self.is_head || self.status_has_no_body()
    }

    /// The same for a HEAD: the headers of the GET, and its length.
    pub(crate) fn into_head(mut self) -> Self {
        if !self.body.is_empty() {
            self.headers.insert(CONTENT_LENGTH, HeaderValue::from(self.body.len()));
        }
        self.is_head = true;
        self.body.clear();
        self
    }

    /// The same, which holds no bytes but its own: a body may be a slice of something larger, or have room to grow.
    pub(crate) fn detached(&self) -> Self {
        Self { headers: kept::detached(&self.headers), body: kept::detached_bytes(&self.body), ..self.clone() }
    }

    /// What is kept of it at build time.
    pub(crate) fn freeze(&self, lifetime: Lifetime) -> Frozen {
        let latin1 = |value: &HeaderValue| value.as_bytes().iter().map(|byte| char::from(*byte)).collect();
        Frozen {
            status: self.status.as_u16(),
            headers: self.headers.iter().map(|(name, value)| (name.as_str().to_owned(), latin1(value))).collect(),
            body: self.body.to_vec(),
            revalidate: lifetime.revalidate,
            tags: lifetime.tags.into_iter().collect(),
        }
    }

    /// The inverse of [`Answer::freeze`], without the body; `None` when it was not written by it.
    pub(crate) fn thaw(status: u16, lines: &[(String, String)]) -> Option<Self> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let bytes: Option<Vec<u8>> = value.chars().map(|char| u8::try_from(u32::from(char)).ok()).collect();
            headers.append(HeaderName::try_from(name).ok()?, HeaderValue::try_from(bytes?).ok()?);
        }
        let status = StatusCode::from_u16(status).ok()?;
        Some(Self { status, headers, body: Bytes::new(), is_head: false })
    }
}

/// Whether the body is made piece by piece: nobody knows how long it will be.
pub(crate) fn is_stream(response: &http::Response<Body>) -> bool {
    http_body::Body::size_hint(response.body()).exact().is_none()
}

/// Why an answer whose body failed is an error.
pub(crate) fn broken(error: &axum::Error) -> String {
    format!("the body of the answer failed in mid-stream: {}", chain(error))
}

/// The `Allow` header of a 405 or an OPTIONS.
pub(crate) fn allow(methods: &str) -> HeaderValue {
    HeaderValue::try_from(methods).unwrap_or_else(|_| HeaderValue::from_static(""))
}

pub(crate) use header::ALLOW;

/// Spaces around a value are no part of it ([RFC 9110, 5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)); an
/// object or an event would keep them.
fn trim(value: &mut HeaderValue) {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let bytes = value.as_bytes();
    if !bytes.first().is_some_and(is_space) && !bytes.last().is_some_and(is_space) {
        return;
    }
    let start = bytes.iter().position(|byte| !is_space(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    if let Ok(trimmed) = HeaderValue::from_bytes(&bytes[start..end]) {
        *value = trimmed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn collected(response: http::response::Builder, body: &'static str, is_head: bool) -> Answer {
        Answer::collect(response.body(Body::from(body)).unwrap(), is_head, Room::Reply).await.0
    }

    #[tokio::test]
    async fn a_204_has_neither_body_nor_type_nor_length() {
        let response =
            http::Response::builder().status(204).header(CONTENT_TYPE, "text/plain").header(CONTENT_LENGTH, 1);
        let answer = collected(response, "x", false).await;
        assert!(answer.body.is_empty() && answer.headers.is_empty() && answer.has_no_body());
    }

    #[tokio::test]
    async fn a_body_without_a_type_gets_one_and_an_empty_one_does_not() {
        assert_eq!(
            collected(http::Response::builder(), "x", false).await.headers[CONTENT_TYPE],
            "application/octet-stream"
        );
        assert!(collected(http::Response::builder(), "", false).await.headers.is_empty());
    }

    #[tokio::test]
    async fn what_belongs_to_a_connection_is_not_handed_on() {
        let response = http::Response::builder().header(TRANSFER_ENCODING, "chunked").header(CONTENT_LENGTH, 7);
        assert!(collected(response, "", false).await.headers.is_empty());
    }

    #[tokio::test]
    async fn spaces_around_a_value_are_no_part_of_it() {
        for (sent, told) in [(" a b\t", "a b"), ("\t", ""), ("", ""), ("é ", "é")] {
            let response = http::Response::builder().header("x-a", HeaderValue::from_bytes(sent.as_bytes()).unwrap());
            assert_eq!(collected(response, "", false).await.headers["x-a"].as_bytes(), told.as_bytes(), "{sent:?}");
        }
    }

    #[tokio::test]
    async fn an_informational_status_is_an_error() {
        let (answer, cause) =
            Answer::collect(http::Response::builder().status(103).body(Body::empty()).unwrap(), false, Room::Reply)
                .await;
        assert_eq!((answer.status.as_u16(), cause.is_some()), (500, true));
    }

    #[test]
    fn freezing_loses_nothing() {
        let mut answer = Answer::empty(StatusCode::CREATED);
        answer.headers.append("x-a", HeaderValue::from_bytes(b"\xFF\xC3\xA9 1").unwrap());
        answer.headers.append("x-a", HeaderValue::from_static("2"));
        answer.body = Bytes::from_static(b"\0\xFF");
        let frozen = answer.freeze(Lifetime::default());
        assert_eq!(frozen.body, answer.body);
        answer.body.clear();
        assert_eq!(Answer::thaw(frozen.status, &frozen.headers), Some(answer));
    }
}

//! What axum's extractors answer when they cannot extract: a text that names types and fields of the code. It goes to the
//! log, and its status to the client.
//!
//! axum turns a rejection into a response before anybody else sees it, and nothing in that response says what it was. So it
//! is known by its status, its type and how its text begins. A test compares this list with what axum makes.

use axum::{
    body::Body,
    extract::{
        multipart::{MultipartError, MultipartRejection},
        rejection::{
            BytesRejection, ExtensionRejection, FormRejection, JsonRejection, PathRejection, QueryRejection,
            StringRejection,
        },
    },
};
use http::{
    StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use http_body::Body as _;
use http_body_util::BodyExt;

use crate::handler::mark::Cause;

/// Status, and the beginning of the text.
const TEXTS: &[(u16, &str)] = &[
    // `Bytes`, `String`, and all that read a whole body.
    (400, "Failed to buffer the request body: "),
    (413, "Failed to buffer the request body: "),
    (400, "Request body didn't contain valid UTF-8: "),
    // `Json`
    (400, "Failed to parse the request body as JSON: "),
    (415, "Expected request with `Content-Type: application/json`"),
    (422, "Failed to deserialize the JSON body into the target type: "),
    // `Form` and `RawForm`, and those of axum-extra
    (400, "Failed to deserialize form: "),
    (400, "Failed to deserialize form body: "),
    (415, "Form requests must have `Content-Type: application/x-www-form-urlencoded`"),
    (422, "Failed to deserialize form body: "),
    // `Query`
    (400, "Failed to deserialize query string: "),
    // axum's own `Path`
    (400, "Invalid UTF-8 in `"),
    (400, "Invalid URL: "),
    (500, "No paths parameters found for matched route"),
    (500, "Unsupported type `"),
    (500, "Wrong number of path arguments for `Path`. "),
    // `Extension`, `MatchedPath`, `NestedPath`
    (500, "Missing request extension: "),
    (500, "No matched path found"),
    (500, "The matched route is not nested"),
    // `Multipart`
    (400, "Content-Type is not multipart/form-data"),
    (400, "Invalid `boundary` for `multipart/form-data` request"),
    (400, "failed to decode Content-Type"),
    (400, "failed to decode field's raw header "),
    (400, "failed to read field complete headers"),
    (400, "failed to read headers"),
    (400, "field None received with incomplete data"),
    (400, "field Some(\""),
    (400, "incomplete multipart stream"),
    (400, "multipart boundary not found in Content-Type"),
    (400, "unknown field received: "),
    (413, "failed to read stream"),
    (413, "field Some(\""),
    (413, "stream size exceeded limit: "),
    (500, "failed to lock multipart state"),
    (500, "failed to read stream"),
    // Answers that axum cannot write: its `Json` and `Form`, and headers of a tuple
    (500, "failed to parse header value"),
    (500, "float key must be finite"),
    (500, "invalid HTTP header name"),
    (500, "key must be a string"),
    (500, "top-level serializer supports only maps and structs"),
    (500, "unsupported key"),
    (500, "unsupported pair"),
    (500, "unsupported value"),
    // `TypedHeader` of axum-extra
    (400, "Header of type `"),
];

/// How much of the text is logged: it may repeat what a client sent.
const LOGGED: usize = 1000;

/// The response, without its text when a rejection wrote it.
pub(crate) async fn emptied(response: http::Response<Body>) -> http::Response<Body> {
    let is_error = response.status().is_client_error() || response.status().is_server_error();
    let is_text = response.headers().get(CONTENT_TYPE).is_some_and(|value| value == "text/plain; charset=utf-8");
    // A rejection is there at once; of anything else nothing is waited for.
    if !is_error || !is_text || response.body().size_hint().exact().is_none() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let bytes = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return Cause::new(error.to_string()).into_reply(StatusCode::INTERNAL_SERVER_ERROR),
    };
    let Some(text) = str::from_utf8(&bytes).ok().filter(|text| is_of_a_rejection(parts.status, text)) else {
        return http::Response::from_parts(parts, Body::from(bytes));
    };
    let end = text.char_indices().nth(LOGGED).map_or(text.len(), |(end, _)| end);
    parts.extensions.insert(Cause::new(&text[..end]));
    parts.headers.remove(CONTENT_TYPE);
    parts.headers.remove(CONTENT_LENGTH);
    http::Response::from_parts(parts, Body::empty())
}

fn is_of_a_rejection(status: StatusCode, text: &str) -> bool {
    TEXTS.iter().any(|(known, beginning)| *known == status.as_u16() && text.starts_with(beginning))
}

/// The status of a rejection that a handler hands on as an error, with `?`: what a client sent wrong is no 500.
pub(crate) fn status(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<StatusCode> {
    let statuses = [
        error.downcast_ref().map(BytesRejection::status),
        error.downcast_ref().map(ExtensionRejection::status),
        error.downcast_ref().map(FormRejection::status),
        error.downcast_ref().map(JsonRejection::status),
        error.downcast_ref().map(MultipartError::status),
        error.downcast_ref().map(MultipartRejection::status),
        error.downcast_ref().map(PathRejection::status),
        error.downcast_ref().map(QueryRejection::status),
        error.downcast_ref().map(StringRejection::status),
        error.downcast_ref::<crate::handler::params::PathRejection>().map(|_| StatusCode::BAD_REQUEST),
    ];
    statuses.into_iter().flatten().next()
}

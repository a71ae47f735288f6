//! What a reply carries from the handler to the adapter, as extensions: it never reaches the client.

use std::sync::Arc;

use axum::{body::Body, response::Response};
use http::StatusCode;

/// Why the reply is an error: for the log.
#[derive(Debug, Clone)]
pub(crate) struct Cause(Arc<str>);

impl Cause {
    pub(crate) fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// An empty reply with this status.
    pub(crate) fn into_reply(self, status: StatusCode) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status;
        response.extensions_mut().insert(self);
        response
    }
}

/// The reply is that of `not_found()`: cookies that the handler set are not sent with it, as in Next.js.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NotFound;

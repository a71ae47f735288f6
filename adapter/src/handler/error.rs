//! What a handler returns when it cannot answer.

use std::{error::Error as StdError, fmt};

use axum::response::IntoResponse;
use http::StatusCode;

use crate::handler::{mark::Cause, rejection, response::Response};

/// What handlers return: [`Ok`] is an answer, [`Err`] an [`Error`].
///
/// ```
/// use wharf::{Json, Result};
///
/// pub async fn get() -> Result<Json<u32>> {
///     Ok(Json("42".parse()?))
/// }
/// ```
pub type Result<T = Response> = std::result::Result<T, Error>;

/// An error that every other error converts into, and that can carry an answer through `?`.
///
/// An error becomes a 500 with an empty body; its text and the texts of its sources go to the log, with the request
/// id, and never to the client. What says that the client sent something wrong keeps its status: 400 from
/// [`Request::json`](crate::Request::json), that of a rejection of axum's. A [`Response`] that was converted into an `Error` is sent as it is, so that
/// [`redirect`](crate::redirect) and [`not_found`](crate::not_found) can leave a handler early:
///
/// ```
/// use wharf::{Json, Path, Result, not_found};
///
/// fn title(slug: &str) -> Option<&'static str> {
///     (slug == "sea").then_some("The sea")
/// }
///
/// pub async fn get(Path(slug): Path<String>) -> Result<Json<&'static str>> {
///     Ok(Json(title(&slug).ok_or_else(not_found)?))
/// }
/// ```
pub struct Error(Box<Kind>);

enum Kind {
    Reply(Response),
    Failure { source: Box<dyn StdError + Send + Sync>, status: StatusCode },
}

impl Error {
    /// An error of which only this text is known.
    ///
    /// ```
    /// assert_eq!(wharf::Error::msg("the shelf is empty").to_string(), "the shelf is empty");
    /// ```
    pub fn msg(text: impl Into<String>) -> Self {
        Self::failure(text.into().into())
    }

    /// Answers with this status, and still with an empty body, where it would have been another.
    ///
    /// ```
    /// use wharf::{Request, Response, Result};
    ///
    /// pub async fn post(mut request: Request) -> Result {
    ///     let order: Vec<u32> = request.json().await.map_err(|error| error.with_status(422))?;
    ///     Response::json(&order.len())
    /// }
    /// ```
    ///
    /// A number that is no status, or below 400, leaves it at 500.
    #[must_use]
    pub fn with_status(mut self, code: u16) -> Self {
        if let Kind::Failure { status, .. } = &mut *self.0 {
            *status = StatusCode::from_u16(code)
                .ok()
                .filter(|code| code.is_client_error() || code.is_server_error())
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        }
        self
    }

    fn failure(source: Box<dyn StdError + Send + Sync>) -> Self {
        let status = rejection::status(source.as_ref()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self(Box::new(Kind::Failure { source, status }))
    }

    /// The text of the error and of all its sources.
    pub(crate) fn chain(&self) -> String {
        match &*self.0 {
            Kind::Reply(_) => self.to_string(),
            Kind::Failure { source, .. } => chain(source.as_ref()),
        }
    }
}

/// The text of an error and of all its sources, each once: many a text holds that of its source already.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        source = error.source();
    }
    text
}

impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self::failure(Box::new(error))
    }
}

impl From<Response> for Error {
    fn from(response: Response) -> Self {
        Self(Box::new(Kind::Reply(response)))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Reply(response) => write!(formatter, "an answer with status {}", response.status_code().as_u16()),
            Kind::Failure { source, .. } => write!(formatter, "{source}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.chain())
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> axum::response::Response {
        let cause = self.chain();
        match *self.0 {
            Kind::Reply(response) => response.into_response(),
            Kind::Failure { status, .. } => Cause::new(cause).into_reply(status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);

    impl fmt::Display for Outer {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("no such page")
        }
    }

    impl StdError for Outer {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn the_sources_are_in_the_text() {
        let error = Error::from(Outer("x".parse::<u8>().unwrap_err()));
        assert_eq!(error.chain(), "no such page: invalid digit found in string");
    }

    #[test]
    fn only_an_error_status_replaces_500() {
        for (code, status) in [(400, 400), (503, 503), (200, 500), (7, 500)] {
            assert_eq!(Error::msg("x").with_status(code).into_response().status().as_u16(), status);
        }
    }
}

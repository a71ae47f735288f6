//! JSON as an extractor and as an answer.

use std::ops::{Deref, DerefMut};

use axum::{
    extract::{FromRequest, OptionalFromRequest, Request, rejection::JsonRejection},
    response::IntoResponse,
};
use http::StatusCode;
use serde::{Serialize, de::DeserializeOwned};

use crate::handler::{mark::Cause, response::Response};

/// A body that is JSON: what a handler takes, or what it answers.
///
/// It reads as axum's type of this name does, content type included: what does not fit is an empty 400, 415 or 422. A
/// value that cannot be written as JSON is an empty 500 with its cause in the log, where axum sends the text of the error to
/// the client.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use wharf::Json;
///
/// #[derive(Serialize, Deserialize)]
/// pub struct Item {
///     slug: String,
/// }
///
/// pub async fn post(Json(item): Json<Item>) -> Json<Item> {
///     Json(item)
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct Json<T>(pub T);

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: DeserializeOwned> Json<T> {
    /// Reads the bytes of a body.
    ///
    /// # Errors
    ///
    /// When they are no such JSON.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, JsonRejection> {
        axum::Json::from_bytes(bytes).map(|axum::Json(value)| Self(value))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = JsonRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, JsonRejection> {
        let axum::Json(value) = <axum::Json<T> as FromRequest<S>>::from_request(request, state).await?;
        Ok(Self(value))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Json<T> {
    type Rejection = JsonRejection;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, JsonRejection> {
        let value = <axum::Json<T> as OptionalFromRequest<S>>::from_request(request, state).await?;
        Ok(value.map(|axum::Json(value)| Self(value)))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> axum::response::Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => Response::new(bytes).content_type("application/json").into_response(),
            Err(error) => Cause::new(format!("the value cannot be written as JSON: {error}"))
                .into_reply(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

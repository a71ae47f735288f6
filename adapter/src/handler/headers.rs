//! `headers()`: the headers of the request that is being answered.

use std::{ops::Deref, panic::Location, sync::Arc};

use http::HeaderMap;

use crate::handler::scope::{self, Scope};

/// The headers of the request that is being answered, to read.
///
/// Returned by [`headers`]; a [`HeaderMap`] through `Deref`.
#[derive(Debug, Clone)]
pub struct Headers(Arc<Scope>);

impl Deref for Headers {
    type Target = HeaderMap;

    fn deref(&self) -> &HeaderMap {
        &self.0.headers
    }
}

/// The headers of the request that is being answered, from anywhere below the handler.
///
/// What a client claims of its way here without proof, as `x-forwarded-host`, is not among them, and `x-forwarded-for` is the
/// address of [`Request::client_ip`](crate::Request::client_ip).
///
/// Calling it makes the route's GET dynamic: it is not evaluated at build time. They cannot be changed; what is sent
/// back stands in the [`Response`](crate::Response) ([Next.js](https://nextjs.org/docs/app/api-reference/functions/headers)).
///
/// ```
/// fn language() -> String {
///     let headers = wharf::headers();
///     headers.get("accept-language").and_then(|value| value.to_str().ok()).unwrap_or("en").to_owned()
/// }
///
/// pub async fn get() -> String {
///     language()
/// }
/// ```
///
/// # Panics
///
/// Outside a request, for example in a spawned task. The adapter turns a handler's panic into a 500.
#[must_use]
#[track_caller]
pub fn headers() -> Headers {
    let scope = scope::expect_current("headers()");
    scope.touch("headers()", Location::caller());
    Headers(scope)
}

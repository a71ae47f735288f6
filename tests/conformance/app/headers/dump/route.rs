//! The headers that the request has, by `Request`.

use wharf::{Json, Request};

use crate::seen::Headers;

pub async fn get(request: Request) -> Json<Headers> {
    Json(Headers::of(request.headers()))
}

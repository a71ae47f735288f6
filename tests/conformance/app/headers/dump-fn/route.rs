//! The headers that the request has, by `headers()`.

use wharf::{Json, headers};

use crate::seen::Headers;

pub async fn get() -> Json<Headers> {
    Json(Headers::of(&headers()))
}

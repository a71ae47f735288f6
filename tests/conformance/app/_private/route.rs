//! In a private folder: has no URL.

use wharf::{Json, Request};

use crate::seen::Params;

pub async fn get(request: Request) -> Json<Params> {
    Json(Params::of("_private", &request))
}

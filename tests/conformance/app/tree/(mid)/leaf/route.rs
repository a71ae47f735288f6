//! The params as JSON, with the name of the route.

use wharf::{Json, Request};

use crate::seen::Params;

pub async fn get(request: Request) -> Json<Params> {
    Json(Params::of("tree/(mid)/leaf", &request))
}

//! What a handler returns, as far as it compiles.

use std::future::ready;

use wharf::{Request, Response};

pub async fn get(request: Request) -> Response {
    match request.query().first("k") {
        Some("promise") => ready(Response::text("p")).await,
        _ => Response::empty().status(400),
    }
}

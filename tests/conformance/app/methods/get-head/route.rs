//! A HEAD beside a GET of the request.

use wharf::{Request, Response};

pub async fn get(_request: Request) -> Response {
    Response::text("from get").header("x-from", "get")
}

pub async fn head() -> Response {
    Response::empty().header("x-from", "head")
}

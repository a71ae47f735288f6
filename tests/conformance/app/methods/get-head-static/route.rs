//! A HEAD beside a GET of nothing.

use wharf::Response;

pub async fn get() -> Response {
    Response::text("from get").header("x-from", "get")
}

pub async fn head() -> Response {
    Response::empty().header("x-from", "head")
}

//! `not_found()`.

use wharf::{Request, Response, not_found};

pub async fn get(_request: Request) -> Response {
    not_found()
}

pub async fn post(_request: Request) -> Response {
    not_found()
}

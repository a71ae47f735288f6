//! CORS: other sites may show our prices. An `options` handler of its own answers their preflight requests.

use std::collections::BTreeMap;

use wharf::{Response, Result};

use crate::catalog::BOOKS;

pub async fn get() -> Result<Response> {
    let prices: BTreeMap<_, _> = BOOKS.iter().map(|book| (book.slug, book.price_cents)).collect();
    Ok(open_to_all(Response::json(&prices)?))
}

pub async fn options() -> Response {
    open_to_all(Response::empty().status(204)).header("access-control-max-age", "86400")
}

fn open_to_all(response: Response) -> Response {
    response
        .header("access-control-allow-origin", "*")
        .header("access-control-allow-methods", "GET, OPTIONS")
        .header("access-control-allow-headers", "content-type, authorization")
}

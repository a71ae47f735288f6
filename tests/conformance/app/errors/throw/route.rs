//! What leaves a handler as an error.

use wharf::{Error, Request, Response, Result, not_found};

pub async fn get(request: Request) -> Result {
    fail(&request)
}

pub async fn post(request: Request) -> Result {
    fail(&request)
}

fn fail(request: &Request) -> Result {
    Err(match request.query().first("k").unwrap_or_default() {
        "error" => Error::msg("secret message"),
        "response" => Response::text("teapot").status(418).into(),
        "string" => Error::msg("just a string"),
        "null" => Error::msg(""),
        "status" => Error::msg("e").with_status(403),
        "digest" => not_found().into(),
        "type" => panic!("null has no foo"),
        "abort" => std::io::Error::from(std::io::ErrorKind::ConnectionAborted).into(),
        _ => return Ok(Response::empty().status(400)),
    })
}

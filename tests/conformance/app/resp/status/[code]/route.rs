//! Any status, with and without a body.

use wharf::{Path, Request, Response, Result};

pub async fn get(Path(code): Path<String>, request: Request) -> Result {
    answer(&code, &request)
}

pub async fn post(Path(code): Path<String>, request: Request) -> Result {
    answer(&code, &request)
}

fn answer(code: &str, request: &Request) -> Result {
    let status: u16 = code.parse()?;
    let response = request.query().first("b").map_or_else(Response::empty, Response::text);
    Ok(response.status(status))
}

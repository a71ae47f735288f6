//! What Next.js ran on its edge runtime. Wharf has none.

use serde::Serialize;
use wharf::{Json, Request, Response, Result};

#[derive(Serialize)]
pub struct Asked {
    pathname: String,
    q: Option<String>,
}

pub async fn get(request: Request) -> Json<Asked> {
    let q = request.query().first("q").map(str::to_owned);
    Json(Asked { pathname: request.url().path().to_owned(), q })
}

pub async fn post(mut request: Request) -> Result {
    Ok(Response::text(request.text().await?.to_uppercase()))
}

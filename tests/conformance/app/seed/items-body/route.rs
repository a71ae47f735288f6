//! JSON in, JSON out.

use serde::Serialize;
use wharf::{Json, Request, Result};

#[derive(Serialize)]
pub struct Echo {
    res: serde_json::Value,
}

pub async fn post(mut request: Request) -> Result<Json<Echo>> {
    Ok(Json(Echo { res: request.json().await? }))
}

//! A GET that takes nothing beside a POST.

use serde::Serialize;
use wharf::{Json, Request, Result, fetch};

use crate::upstream::{self, Keyed};

#[derive(Serialize)]
pub struct Echo {
    res: serde_json::Value,
}

pub async fn get() -> Result<Json<Keyed>> {
    Ok(Json(Keyed { data: fetch(upstream::url("/data/items")).await?.json().await? }))
}

pub async fn post(mut request: Request) -> Result<Json<Echo>> {
    Ok(Json(Echo { res: request.json().await? }))
}

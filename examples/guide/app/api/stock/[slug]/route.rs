//! Dynamic Route Handlers, by an uncached `fetch`: what is in stock is asked for on every request.

use serde::{Deserialize, Serialize};
use wharf::{Cache, Json, Path, Result, fetch, not_found};

use crate::{catalog, upstream};

#[derive(Deserialize, Serialize)]
pub struct Stock {
    key: String,
    hits: u32,
}

pub async fn get(Path(slug): Path<String>) -> Result<Json<Stock>> {
    let book = catalog::find(&slug).ok_or_else(not_found)?;
    let reply = fetch(upstream::url(&format!("/data/{}", book.slug))?).cache(Cache::NoStore).await?;
    Ok(Json(reply.json().await?))
}

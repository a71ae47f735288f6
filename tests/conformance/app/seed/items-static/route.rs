//! What an upstream says, asked with headers.

use wharf::{Json, Result, fetch};

use crate::upstream::{self, Keyed};

pub async fn get() -> Result<Json<Keyed>> {
    let reply =
        fetch(upstream::url("/data/items-static")).header("content-type", "application/json").header("api-key", "k123");
    Ok(Json(Keyed { data: reply.await?.json().await? }))
}

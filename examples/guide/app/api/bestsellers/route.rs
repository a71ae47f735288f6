//! Revalidating Static Data, by the segment config, with a `fetch` that may be kept and carries a tag.

use serde::{Deserialize, Serialize};
use wharf::{
    Cache, Json, Result,
    config::{HOUR, MINUTE},
    fetch,
};

use crate::upstream;

pub const REVALIDATE: u32 = HOUR + 30 * MINUTE;

#[derive(Deserialize, Serialize)]
pub struct Bestsellers {
    key: String,
    hits: u32,
}

pub async fn get() -> Result<Json<Bestsellers>> {
    let reply = fetch(upstream::url("/data/bestsellers")?).cache(Cache::ForceCache).tags(["bestsellers"]).await?;
    Ok(Json(reply.json().await?))
}

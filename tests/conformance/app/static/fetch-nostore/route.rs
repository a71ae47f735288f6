//! A `fetch` that is not kept.

use wharf::{Cache, Result, fetch};

use crate::upstream::{self, Data};

pub async fn get() -> Result<String> {
    let data: Data = fetch(upstream::url("/data/fetch-nostore")).cache(Cache::NoStore).await?.json().await?;
    Ok(format!("hits={}", data.hits))
}

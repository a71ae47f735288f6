//! The segment keeps nothing unless the `fetch` does.

use wharf::{Result, config::FetchCache, fetch};

use crate::upstream::{self, Data};

pub const FETCH_CACHE: FetchCache = FetchCache::DefaultNoStore;

pub async fn get() -> Result<String> {
    let data: Data = fetch(upstream::url("/data/fc-default-no-store")).await?.json().await?;
    Ok(format!("hits={}", data.hits))
}

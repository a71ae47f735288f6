//! The segment keeps what the `fetch` does not.

use wharf::{
    Cache, Result,
    config::{Dynamic, FetchCache},
    fetch,
};

use crate::upstream::{self, Data};

pub const DYNAMIC: Dynamic = Dynamic::ForceDynamic;
pub const FETCH_CACHE: FetchCache = FetchCache::ForceCache;

pub async fn get() -> Result<String> {
    let data: Data = fetch(upstream::url("/data/fc-force-cache")).cache(Cache::NoStore).await?.json().await?;
    Ok(format!("hits={}", data.hits))
}

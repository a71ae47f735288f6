//! The segment refuses a `fetch` that is kept.

use wharf::{Cache, Request, Result, config::FetchCache, fetch};

use crate::upstream::{self, Data};

pub const FETCH_CACHE: FetchCache = FetchCache::OnlyNoStore;

pub async fn get(_request: Request) -> Result<String> {
    let text = match fetch(upstream::url("/data/fc-only-no-store")).cache(Cache::ForceCache).await {
        Ok(reply) => format!("hits={}", reply.json::<Data>().await?.hits),
        Err(error) => format!("error: {error}"),
    };
    Ok(text)
}

//! A `fetch` that is kept, of a dynamic handler.

use wharf::{Cache, Request, Result, fetch};

use crate::upstream::{self, Data};

pub async fn get(_request: Request) -> Result<String> {
    let data: Data = fetch(upstream::url("/data/fetch-force-cache")).cache(Cache::ForceCache).await?.json().await?;
    Ok(format!("hits={}", data.hits))
}

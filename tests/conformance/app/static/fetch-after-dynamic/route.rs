//! A plain `fetch` after a look at the request.

use wharf::{Request, Result, fetch};

use crate::upstream::{self, Data};

pub async fn get(_request: Request) -> Result<String> {
    let data: Data = fetch(upstream::url("/data/fetch-after-dynamic")).await?.json().await?;
    Ok(format!("hits={}", data.hits))
}

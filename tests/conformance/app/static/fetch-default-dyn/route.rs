//! A plain `fetch` of a dynamic handler.

use wharf::{Result, config::Dynamic, fetch};

use crate::upstream::{self, Data};

pub const DYNAMIC: Dynamic = Dynamic::ForceDynamic;

pub async fn get() -> Result<String> {
    let data: Data = fetch(upstream::url("/data/fetch-default-dyn")).await?.json().await?;
    Ok(format!("hits={}", data.hits))
}

//! Two seconds, of an upstream that fails twice.

use serde::Deserialize;
use wharf::{Error, Result, fetch};

use crate::upstream;

pub const REVALIDATE: u32 = 2;

#[derive(Deserialize)]
struct Flaky {
    hits: u32,
}

pub async fn get() -> Result<String> {
    let reply = fetch(upstream::url("/flaky/isr")).await?;
    if !reply.ok() {
        return Err(Error::msg("upstream 500"));
    }
    Ok(format!("hits={}", reply.json::<Flaky>().await?.hits))
}

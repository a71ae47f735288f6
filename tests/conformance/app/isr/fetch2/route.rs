//! Two seconds, by the `fetch`.

use wharf::{Result, fetch};

use crate::{
    counter::Counter,
    upstream::{self, Data},
};

static N: Counter = Counter::new();

pub async fn get() -> Result<String> {
    let data: Data = fetch(upstream::url("/data/isr-fetch2")).revalidate(2).await?.json().await?;
    Ok(format!("hits={} n={}", data.hits, N.next()))
}

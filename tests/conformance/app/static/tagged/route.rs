//! A `fetch` with a tag and a time.

use wharf::{Result, fetch};

use crate::{
    counter::Counter,
    upstream::{self, Data},
};

static N: Counter = Counter::new();

pub async fn get() -> Result<String> {
    let data: Data = fetch(upstream::url("/data/tagged")).tags(["t1"]).revalidate(3600).await?.json().await?;
    Ok(format!("hits={} n={}", data.hits, N.next()))
}

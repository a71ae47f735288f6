//! The time stands in the segment config.

use wharf::{Json, Result, fetch};

use crate::upstream::{self, Data};

pub const REVALIDATE: u32 = 60;

pub async fn get() -> Result<Json<Data>> {
    Ok(Json(fetch(upstream::url("/data/items-reval-segment")).await?.json().await?))
}

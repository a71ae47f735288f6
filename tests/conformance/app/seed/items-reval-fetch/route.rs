//! The time stands at the `fetch`.

use wharf::{Json, Result, fetch};

use crate::upstream::{self, Data};

pub async fn get() -> Result<Json<Data>> {
    Ok(Json(fetch(upstream::url("/data/items-reval-fetch")).revalidate(60).await?.json().await?))
}

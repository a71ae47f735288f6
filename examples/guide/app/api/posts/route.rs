//! Revalidating Static Data, by the `fetch`: the answer is evaluated again when it is a minute old.

use serde::{Deserialize, Serialize};
use wharf::{Json, Result, fetch};

use crate::upstream;

#[derive(Deserialize, Serialize)]
pub struct Post {
    id: u32,
    title: String,
}

pub async fn get() -> Result<Json<Vec<Post>>> {
    let posts = fetch(upstream::url("/posts")?).revalidate(60).await?.json().await?;
    Ok(Json(posts))
}

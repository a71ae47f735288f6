//! A POST that posts to the upstream.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use wharf::{Json, Result, fetch};

use crate::upstream;

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Posted {
    #[serde(flatten)]
    data: upstream::Data,
    body_keys: Vec<String>,
}

pub async fn post() -> Result<Json<Posted>> {
    let time = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let reply = fetch(upstream::url("/data/items-post"))
        .method("POST")
        .header("content-type", "application/json")
        .header("api-key", "k123")
        .body(format!("{{\"time\":{time}}}"));
    Ok(Json(reply.await?.json().await?))
}

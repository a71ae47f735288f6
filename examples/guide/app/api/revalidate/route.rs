//! Revalidating on demand: whoever keeps the catalog, and knows the secret, says what has changed.

use std::env;

use serde::Deserialize;
use wharf::{Json, Response, Result, headers, revalidate_path, revalidate_tag, unauthorized};

/// What has changed: a page, or all that was fetched with a tag.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    Path(String),
    Tag(String),
}

pub async fn post(Json(change): Json<Change>) -> Result {
    if !knows_the_secret() {
        return Ok(unauthorized());
    }
    match change {
        Change::Path(path) => revalidate_path(&path).await?,
        Change::Tag(tag) => revalidate_tag(&tag).await?,
    }
    Ok(Response::empty().status(204))
}

/// Nobody does where none is set.
fn knows_the_secret() -> bool {
    let Ok(secret) = env::var("REVALIDATE_SECRET") else { return false };
    headers().get("x-revalidate-secret").is_some_and(|said| said == secret.as_str())
}

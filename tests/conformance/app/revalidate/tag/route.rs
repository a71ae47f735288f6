//! Has the answers of a tag renewed.

use std::collections::BTreeMap;

use wharf::{Json, Request, Result, revalidate_tag};

pub async fn post(request: Request) -> Result<Json<BTreeMap<&'static str, String>>> {
    let tag = request.query().first("t").unwrap_or_default().to_owned();
    revalidate_tag(&tag).await?;
    Ok(Json(BTreeMap::from([("revalidated", tag)])))
}

//! Has the answers of a path renewed.

use std::collections::BTreeMap;

use wharf::{Json, Request, Result, revalidate_path};

pub async fn post(request: Request) -> Result<Json<BTreeMap<&'static str, String>>> {
    let path = request.query().first("p").unwrap_or_default().to_owned();
    revalidate_path(&path).await?;
    Ok(Json(BTreeMap::from([("revalidated", path)])))
}

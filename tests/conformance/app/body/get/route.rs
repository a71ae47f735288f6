//! The body of a GET.

use serde::Serialize;
use wharf::{Json, Request, Result};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    body_null: bool,
    text: String,
}

pub async fn get(mut request: Request) -> Result<Json<Body>> {
    let text = request.text().await?;
    Ok(Json(Body { body_null: text.is_empty(), text }))
}

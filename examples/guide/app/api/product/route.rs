//! Dynamic Route Handlers: a GET that takes the `Request` runs for each one. `/api/product?id=7`

use serde::{Deserialize, Serialize};
use wharf::{Json, Request, Response, Result, fetch};

use crate::upstream;

#[derive(Deserialize, Serialize)]
pub struct Product {
    id: u32,
    hits: u32,
}

pub async fn get(request: Request) -> Result<Json<Product>> {
    let id: u32 = request
        .query()
        .first("id")
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| Response::text("The query lacks a numeric id.").status(400))?;
    let product = fetch(upstream::url(&format!("/products/{id}"))?).await?.json().await?;
    Ok(Json(product))
}

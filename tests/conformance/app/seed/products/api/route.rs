//! A product by the `id` of the query.

use serde::{Deserialize, Serialize};
use wharf::{Json, Request, Result, fetch};

use crate::upstream;

#[derive(Deserialize, Serialize)]
pub struct Product {
    id: String,
    hits: u32,
}

#[derive(Serialize)]
pub struct Found {
    product: Product,
}

pub async fn get(request: Request) -> Result<Json<Found>> {
    let query = request.query();
    let id = query.first("id").unwrap_or("null");
    let product = fetch(upstream::url(&format!("/product/{id}"))).await?.json().await?;
    Ok(Json(Found { product }))
}

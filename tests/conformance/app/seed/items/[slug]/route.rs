//! The param as JSON.

use serde::Serialize;
use wharf::{Json, Path};

#[derive(Serialize)]
pub struct Item {
    slug: String,
}

pub async fn get(Path(slug): Path<String>) -> Json<Item> {
    Json(Item { slug })
}

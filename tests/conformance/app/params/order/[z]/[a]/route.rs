//! Params stand in the order of the path.

use serde::Serialize;
use wharf::{Json, Request};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    keys: Vec<String>,
    has: bool,
    url: String,
    next_path: String,
}

pub async fn get(request: Request) -> Json<Order> {
    let keys = request.params().iter().map(|(name, _)| name.to_owned()).collect();
    let has = request.params().get("z").is_some();
    Json(Order { keys, has, url: request.url().path().to_owned(), next_path: request.path().to_owned() })
}

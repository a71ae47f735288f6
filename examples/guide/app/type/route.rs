//! Convention: a folder may have any name. `type` is a keyword in Rust, and no module could be called so.

use wharf::Json;

use crate::catalog;

pub async fn get() -> Json<Vec<&'static str>> {
    Json(catalog::distinct(|book| book.genre))
}

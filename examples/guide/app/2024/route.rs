//! Convention: a folder may have any name, a number too.

use wharf::Json;

use crate::catalog::{self, Book};

pub async fn get() -> Json<Vec<&'static Book>> {
    Json(catalog::select(|book| book.year == 2024))
}

//! Dynamic Route Segments, all known beforehand: `DYNAMIC_PARAMS = false` answers any other author with 404.

use wharf::{Json, Path};

use crate::catalog::{self, Book};

pub const DYNAMIC_PARAMS: bool = false;
pub const REVALIDATE: bool = false;

pub fn generate_static_params() -> Vec<&'static str> {
    catalog::distinct(|book| book.author)
}

pub async fn get(Path(name): Path<String>) -> Json<Vec<&'static Book>> {
    Json(catalog::select(|book| book.author == name))
}

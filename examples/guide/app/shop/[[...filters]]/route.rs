//! Dynamic Route Segments, optional catch-all: `/shop`, `/shop/genre/fantasy`, `/shop/genre/fantasy/year/2020`.

use wharf::{Json, Path, Result, not_found};

use crate::catalog::{self, Book};

pub async fn get(Path(filters): Path<Option<Vec<String>>>) -> Result<Json<Vec<&'static Book>>> {
    let filters = filters.unwrap_or_default();
    let (pairs, []) = filters.as_chunks::<2>() else {
        return Err(not_found().into());
    };
    Ok(Json(catalog::select(|book| pairs.iter().all(|[name, value]| accepts(book, name, value)))))
}

fn accepts(book: &Book, name: &str, value: &str) -> bool {
    match name {
        "genre" => book.genre == value,
        "author" => book.author == value,
        "year" => book.year.to_string() == value,
        _ => false,
    }
}

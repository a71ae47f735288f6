//! Dynamic Route Segments, several and typed: `/shelves/1/x` answers 400, since `x` is no number.

use serde::Deserialize;
use wharf::{Json, Path, Result, not_found};

use crate::catalog::{BOOKS, Book};

const BOOKS_A_SHELF: usize = 2;

#[derive(Deserialize)]
pub struct Shelf {
    floor: u8,
    number: usize,
}

pub async fn get(Path(shelf): Path<Shelf>) -> Result<Json<&'static [Book]>> {
    let books = match shelf {
        Shelf { floor: 1, number } => BOOKS.chunks(BOOKS_A_SHELF).nth(number),
        _ => None,
    };
    Ok(Json(books.ok_or_else(not_found)?))
}

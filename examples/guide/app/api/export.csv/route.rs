//! Supported HTTP Methods: HEAD comes from GET, unless a `head` handler answers more cheaply. `/api/export.csv?genre=…`

use serde::Deserialize;
use wharf::{Query, Response};

use crate::catalog::{self, Book};

#[derive(Deserialize)]
pub struct Selection {
    genre: Option<String>,
}

pub async fn get(Query(selection): Query<Selection>) -> Response {
    let mut csv = String::from("slug,title,price_cents\r\n");
    for book in selection.books() {
        csv += &format!("{},\"{}\",{}\r\n", book.slug, book.title.replace('"', "\"\""), book.price_cents);
    }
    Response::new(csv).content_type("text/csv; charset=utf-8").header("content-disposition", "attachment")
}

/// How many rows there would be, without making them.
pub async fn head(Query(selection): Query<Selection>) -> Response {
    Response::empty().content_type("text/csv; charset=utf-8").header("x-rows", selection.books().len().to_string())
}

impl Selection {
    fn books(&self) -> Vec<&'static Book> {
        catalog::select(|book| self.genre.as_ref().is_none_or(|genre| genre == book.genre))
    }
}

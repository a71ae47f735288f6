//! Dynamic Route Segments: two books are evaluated when the app is bundled, the others when they are first asked for.
//!
//! The static GET and the dynamic PUT, PATCH and DELETE stand in one file.

use serde::{Deserialize, Serialize};
use wharf::{Json, Path, Response, Result, not_found};

use crate::catalog::{self, Book};

/// What the shop says of a book. The example has no database: it answers with what it would store.
#[derive(Deserialize, Serialize)]
pub struct Offer {
    title: String,
    price_cents: u32,
}

#[derive(Deserialize)]
pub struct Change {
    title: Option<String>,
    price_cents: Option<u32>,
}

pub async fn generate_static_params() -> [&'static str; 2] {
    ["solaris", "piranesi"]
}

pub async fn get(Path(slug): Path<String>) -> Result<Json<&'static Book>> {
    let book = catalog::find(&slug).ok_or_else(not_found)?;
    Ok(Json(book))
}

pub async fn put(Path(slug): Path<String>, Json(offer): Json<Offer>) -> Result<Json<Offer>> {
    catalog::find(&slug).ok_or_else(not_found)?;
    Ok(Json(offer))
}

pub async fn patch(Path(slug): Path<String>, Json(change): Json<Change>) -> Result<Json<Offer>> {
    let book = catalog::find(&slug).ok_or_else(not_found)?;
    Ok(Json(Offer {
        title: change.title.unwrap_or_else(|| book.title.to_owned()),
        price_cents: change.price_cents.unwrap_or(book.price_cents),
    }))
}

pub async fn delete(Path(slug): Path<String>) -> Result {
    catalog::find(&slug).ok_or_else(not_found)?;
    Ok(Response::empty().status(204))
}

//! Static Route Handlers: a GET that takes nothing from the request is evaluated once, when the app is bundled.

use wharf::Json;

use crate::catalog::{BOOKS, Book};

pub async fn get() -> Json<&'static [Book]> {
    Json(BOOKS)
}

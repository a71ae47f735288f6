//! Revalidating Static Data, by the segment config: the staff's pick, looked up again when it is a minute old.

use std::env;

use wharf::{Json, config::MINUTE};

use crate::catalog::{self, BOOKS, Book};

pub const REVALIDATE: u32 = MINUTE;

/// The book that the environment variable `STAFF_PICK` names by its slug; the newest one without it.
pub async fn get() -> Json<&'static Book> {
    let picked = env::var("STAFF_PICK").ok().and_then(|slug| catalog::find(&slug));
    Json(picked.unwrap_or(&BOOKS[BOOKS.len() - 1]))
}

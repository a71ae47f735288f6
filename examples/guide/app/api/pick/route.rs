//! Revalidating Static Data, by the segment config: the pick of the minute, evaluated again when it is a minute old.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use wharf::{Json, Result};

use crate::catalog::{BOOKS, Book};

pub const REVALIDATE: u32 = 60;

#[derive(Serialize)]
pub struct Pick {
    picked_at: u64,
    book: &'static Book,
}

pub async fn get() -> Result<Json<Pick>> {
    let picked_at = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let book = &BOOKS[(picked_at / 60) as usize % BOOKS.len()];
    Ok(Json(Pick { picked_at, book }))
}

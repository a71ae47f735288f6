//! Segment Config Options: all of them, in one route.

use serde::Serialize;
use wharf::{
    Json, Path,
    config::{DAY, Dynamic, FetchCache, Runtime},
};

use crate::catalog;

pub const DYNAMIC: Dynamic = Dynamic::Auto;
pub const DYNAMIC_PARAMS: bool = false;
pub const REVALIDATE: u32 = 7 * DAY;
pub const FETCH_CACHE: FetchCache = FetchCache::DefaultCache;
pub const RUNTIME: Runtime = Runtime::Lambda;
pub const PREFERRED_REGION: &str = "eu-central-1";
pub const MAX_DURATION: u32 = 30;
pub const MEMORY: u32 = 512;

#[derive(Serialize)]
pub struct Report {
    decade: u16,
    books: usize,
}

pub async fn generate_static_params() -> Vec<u16> {
    catalog::distinct(|book| book.year / 10 * 10)
}

pub async fn get(Path(decade): Path<u16>) -> Json<Report> {
    let books = catalog::select(|book| book.year / 10 * 10 == decade).len();
    Json(Report { decade, books })
}

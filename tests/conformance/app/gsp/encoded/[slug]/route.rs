//! Params that a URL has to encode, each with its own counter.

use serde::Serialize;
use wharf::{Json, Path};

use crate::counter::Counters;

static N: Counters = Counters::new();

#[derive(Serialize)]
pub struct Seen {
    slug: String,
    n: u32,
}

pub async fn generate_static_params() -> [&'static str; 4] {
    ["a b", "é", "x%2Fy", "p+q"]
}

pub async fn get(Path(slug): Path<String>) -> Json<Seen> {
    let n = N.next(&slug);
    Json(Seen { slug, n })
}

//! Params of a catch-all, each with its own counter.

use serde::Serialize;
use wharf::{Json, Path};

use crate::counter::Counters;

static N: Counters = Counters::new();

#[derive(Serialize)]
pub struct Seen {
    all: Vec<String>,
    n: u32,
}

pub async fn generate_static_params() -> [Vec<&'static str>; 2] {
    [vec!["a", "b"], vec!["c"]]
}

pub async fn get(Path(all): Path<Vec<String>>) -> Json<Seen> {
    let n = N.next(&all.join("/"));
    Json(Seen { all, n })
}

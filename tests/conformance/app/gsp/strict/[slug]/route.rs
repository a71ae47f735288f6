//! Two params, and no others. As params are evaluated at the same time, each has its own counter.

use wharf::Path;

use crate::counter::Counters;

pub const DYNAMIC_PARAMS: bool = false;

static N: Counters = Counters::new();

pub async fn generate_static_params() -> [&'static str; 2] {
    ["a", "b"]
}

pub async fn get(Path(slug): Path<String>) -> String {
    format!("{slug} n={}", N.next(&slug))
}

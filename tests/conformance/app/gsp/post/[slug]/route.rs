//! A static GET beside a POST.

use wharf::Path;

use crate::counter::Counter;

static N: Counter = Counter::new();

pub async fn generate_static_params() -> [&'static str; 1] {
    ["a"]
}

pub async fn get(Path(slug): Path<String>) -> String {
    format!("{slug} n={}", N.next())
}

pub async fn post(Path(slug): Path<String>) -> String {
    format!("posted {slug}")
}

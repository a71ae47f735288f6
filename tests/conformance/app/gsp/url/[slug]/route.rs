//! `ForceStatic` with params: there is a path, and no query.

use serde::Serialize;
use wharf::{Json, Path, Request, config::Dynamic};

use crate::counter::Counter;

pub const DYNAMIC: Dynamic = Dynamic::ForceStatic;

static N: Counter = Counter::new();

#[derive(Serialize)]
pub struct Seen {
    slug: String,
    url: String,
    pathname: String,
    q: Option<String>,
    n: u32,
}

pub async fn generate_static_params() -> [&'static str; 1] {
    ["a"]
}

pub async fn get(Path(slug): Path<String>, request: Request) -> Json<Seen> {
    let url = request.url();
    let q = request.query().first("q").map(str::to_owned);
    Json(Seen { slug, pathname: url.path().to_owned(), url: url.into(), q, n: N.next() })
}

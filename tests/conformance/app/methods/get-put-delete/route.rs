//! Three methods; GET counts.

use wharf::Response;

use crate::counter::Counter;

static N: Counter = Counter::new();

pub async fn get() -> String {
    format!("get n={}", N.next())
}

pub async fn put() -> &'static str {
    "put"
}

pub async fn delete() -> Response {
    Response::empty().status(204)
}

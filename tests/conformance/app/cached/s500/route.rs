//! 500.

use wharf::{Response, config::Dynamic};

use crate::counter::Counter;

pub const DYNAMIC: Dynamic = Dynamic::ForceStatic;

static N: Counter = Counter::new();

pub async fn get() -> Response {
    Response::text(format!("oops n={}", N.next())).status(500).header("x-e", "1")
}

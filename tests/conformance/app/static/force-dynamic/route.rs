//! Takes nothing, and is run for each request.

use wharf::config::Dynamic;

use crate::counter::Counter;

pub const DYNAMIC: Dynamic = Dynamic::ForceDynamic;

static N: Counter = Counter::new();

pub async fn get() -> String {
    format!("n={}", N.next())
}

//! Is kept for ever.

use crate::counter::Counter;

pub const REVALIDATE: bool = false;

static N: Counter = Counter::new();

pub async fn get() -> String {
    format!("n={}", N.next())
}

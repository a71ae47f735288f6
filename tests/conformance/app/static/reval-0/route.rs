//! Is not kept.

use crate::counter::Counter;

pub const REVALIDATE: u32 = 0;

static N: Counter = Counter::new();

pub async fn get() -> String {
    format!("n={}", N.next())
}

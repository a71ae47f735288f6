//! What Next.js ran on its edge runtime, and so for each request.

use crate::counter::Counter;

static N: Counter = Counter::new();

pub async fn get() -> String {
    format!("edge n={}", N.next())
}

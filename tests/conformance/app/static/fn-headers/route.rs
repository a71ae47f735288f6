//! Calls `headers()`.

use wharf::headers;

use crate::counter::Counter;

static N: Counter = Counter::new();

pub async fn get() -> String {
    let headers = headers();
    let value = headers.get("x-in").and_then(|value| value.to_str().ok()).unwrap_or("none");
    format!("h={value} n={}", N.next())
}

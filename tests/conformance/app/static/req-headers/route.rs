//! Looks at a header.

use wharf::Request;

use crate::counter::Counter;

static N: Counter = Counter::new();

pub async fn get(request: Request) -> String {
    let _ = request.header("x");
    format!("n={}", N.next())
}

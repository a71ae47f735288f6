//! Looks at the path only.

use wharf::Request;

use crate::counter::Counter;

static N: Counter = Counter::new();

pub async fn get(request: Request) -> String {
    format!("{} n={}", request.url().path(), N.next())
}

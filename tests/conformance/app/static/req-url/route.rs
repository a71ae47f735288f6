//! Looks at the URL.

use wharf::Request;

use crate::counter::Counter;

static N: Counter = Counter::new();

pub async fn get(request: Request) -> String {
    drop(request.url());
    format!("n={}", N.next())
}

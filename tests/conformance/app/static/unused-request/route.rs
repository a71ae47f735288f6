//! Takes the request and does not look at it.

use wharf::Request;

use crate::counter::Counter;

static N: Counter = Counter::new();

pub async fn get(_request: Request) -> String {
    format!("n={}", N.next())
}

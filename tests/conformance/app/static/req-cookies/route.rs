//! Looks at a cookie.

use wharf::Request;

use crate::counter::Counter;

static N: Counter = Counter::new();

pub async fn get(request: Request) -> String {
    let cookie = request.cookies().get("x");
    format!("c={} n={}", cookie.as_ref().map_or("none", |cookie| cookie.value()), N.next())
}

//! Cookies that are set from the side.

use wharf::{Cookie, cookies};

pub async fn get() -> &'static str {
    cookies().set(("a", "1"));
    cookies().set(("b", "two words & é %;,=\""));
    cookies().set(Cookie::build(("c", "3")).path("/x"));
    "set"
}

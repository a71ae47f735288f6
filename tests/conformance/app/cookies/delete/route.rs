//! Deleted cookies, one of which never was.

use wharf::{Cookie, cookie::time::OffsetDateTime, cookies};

pub async fn get() -> &'static str {
    let cookies = cookies();
    cookies.delete("a");
    cookies.set(Cookie::build(("b", "")).path("/p").domain("example.com").expires(OffsetDateTime::UNIX_EPOCH));
    cookies.delete("never");
    "deleted"
}

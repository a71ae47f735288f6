//! Cookies of the response.

use wharf::{Cookie, Request, Response, cookie::time::Duration, cookies};

pub async fn get(_request: Request) -> Response {
    let cookies = cookies();
    cookies.set(("a", "1"));
    cookies.set(Cookie::build(("b", "x y")).http_only(true).max_age(Duration::minutes(1)));
    cookies.set(("a", "2"));
    cookies.delete("gone");
    cookies.set(("q", "a=b;c"));
    let now = cookies.get("a").map_or_else(String::new, |cookie| cookie.value().to_owned());
    Response::text("rc").header("x-get", now)
}

//! Cookies as header lines.

use wharf::{Request, Response};

pub async fn get(_request: Request) -> Response {
    Response::text("mc")
        .header("set-cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/")
        .header("set-cookie", "b=2, still b; HttpOnly")
        .header("set-cookie", "a=3")
        .header("x-multi", "1")
        .header("x-multi", "2")
}

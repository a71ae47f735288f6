//! A header of the request in a header of the response.

use wharf::{Request, Response, headers};

pub async fn get(_request: Request) -> Response {
    let headers = headers();
    let referer = headers.get("referer").and_then(|value| value.to_str().ok()).unwrap_or("null");
    Response::text("Hello, Next.js!").header("referer", referer)
}

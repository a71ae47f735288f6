//! Only a GET, of the request.

use wharf::{Request, Response};

pub async fn get(request: Request) -> Response {
    Response::text(format!("get dynamic {}", request.method())).header("x-h", "1")
}

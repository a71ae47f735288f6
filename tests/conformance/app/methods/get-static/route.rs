//! Only a GET, of nothing.

use wharf::Response;

pub async fn get() -> Response {
    Response::text("get static").header("x-h", "1")
}

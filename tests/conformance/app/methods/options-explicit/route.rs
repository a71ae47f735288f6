//! An OPTIONS of its own.

use wharf::Response;

pub async fn get() -> &'static str {
    "x"
}

pub async fn options() -> Response {
    Response::text("my options").header("allow", "GET").header("access-control-allow-origin", "*")
}

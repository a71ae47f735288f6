//! 300,000 bytes.

use wharf::{Response, config::Dynamic};

pub const DYNAMIC: Dynamic = Dynamic::ForceStatic;

pub async fn get() -> Response {
    Response::text("0123456789".repeat(30_000))
}

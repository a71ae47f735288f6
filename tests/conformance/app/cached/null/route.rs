//! No body.

use wharf::{Response, config::Dynamic};

pub const DYNAMIC: Dynamic = Dynamic::ForceStatic;

pub async fn get() -> Response {
    Response::empty()
}

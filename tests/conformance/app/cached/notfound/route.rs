//! `not_found()`.

use wharf::{Response, config::Dynamic, not_found};

pub const DYNAMIC: Dynamic = Dynamic::ForceStatic;

pub async fn get() -> Response {
    not_found()
}

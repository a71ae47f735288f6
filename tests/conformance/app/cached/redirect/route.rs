//! A redirect.

use wharf::{Response, config::Dynamic, redirect};

pub const DYNAMIC: Dynamic = Dynamic::ForceStatic;

pub async fn get() -> Response {
    redirect("/static/counter")
}

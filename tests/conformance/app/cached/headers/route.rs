//! Headers of many kinds.

use wharf::{Response, config::Dynamic};

pub const DYNAMIC: Dynamic = Dynamic::ForceStatic;

pub async fn get() -> Response {
    Response::text("h")
        .header("x-multi", "1")
        .header("x-multi", "2")
        .header("x-case", "AbC")
        .header("vary", "Accept")
        .header("link", "</x>; rel=preload")
        .header("etag", "\"mine\"")
        .header("last-modified", "Wed, 21 Oct 2015 07:28:00 GMT")
        .header("cache-control", "max-age=5")
}

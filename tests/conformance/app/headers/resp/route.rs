//! Headers that a server likes to set itself.

use wharf::{Request, Response};

pub async fn get(_request: Request) -> Response {
    Response::text("r")
        .header("x-case", "AbC")
        .header("x-multi", "1")
        .header("x-multi", "2")
        .header("vary", "Accept")
        .header("cache-control", "max-age=5")
        .header("etag", "W/\"mine\"")
        .header("server", "me")
        .header("x-powered-by", "me")
        .header("date", "Wed, 21 Oct 2015 07:28:00 GMT")
        .header("x-empty", "")
        .header("x-latin", b"caf\xE9".as_slice())
}

//! Headers of the connection, one a request.

use wharf::{Request, Response};

pub async fn get(request: Request) -> Response {
    let response = Response::text("hop!");
    match request.query().first("k") {
        Some("conn") => response.header("connection", "close").header("keep-alive", "timeout=99"),
        Some("te") => response.header("transfer-encoding", "chunked"),
        Some("cl") => response.header("content-length", "4"),
        Some("clbad") => response.header("content-length", "2"),
        Some("ce") => response.header("content-encoding", "identity"),
        Some("up") => response.header("upgrade", "x"),
        _ => response,
    }
}

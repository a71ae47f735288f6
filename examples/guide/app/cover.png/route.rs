//! Non-UI Responses: bytes, with the content type that the handler names.

use wharf::Response;

pub async fn get() -> Response {
    Response::bytes(include_bytes!("cover.png").as_slice()).content_type("image/png")
}

//! A stream that takes 400 ms, and nothing of the request.

use wharf::Response;

use crate::paragraphs;

pub async fn get() -> Response {
    Response::stream(paragraphs::one_by_one())
}

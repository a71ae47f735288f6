//! The same stream, for each request.

use wharf::{Response, config::Dynamic};

use crate::paragraphs;

pub const DYNAMIC: Dynamic = Dynamic::ForceDynamic;

pub async fn get() -> Response {
    Response::stream(paragraphs::one_by_one())
}

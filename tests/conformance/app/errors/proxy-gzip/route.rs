//! The reply of the upstream, handed on.

use wharf::{FetchReply, Request, Result, fetch};

use crate::upstream;

pub async fn get(_request: Request) -> Result<FetchReply> {
    fetch(upstream::url("/gzipped")).await
}

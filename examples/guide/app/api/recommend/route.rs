//! Streaming: one recommendation at a time, as the bookseller thinks of them.

use std::{convert::Infallible, time::Duration};

use async_stream::stream;
use tokio::time::sleep;
use wharf::Response;

use crate::catalog::BOOKS;

/// A line is sent when it is made. Without this, the stream would be collected first.
pub const STREAMING: bool = true;

pub async fn get() -> Response {
    let lines = stream! {
        for book in BOOKS {
            yield Ok::<_, Infallible>(format!("{} by {}\n", book.title, book.author));
            sleep(Duration::from_millis(50)).await;
        }
    };
    Response::stream(lines).content_type("text/plain; charset=utf-8")
}

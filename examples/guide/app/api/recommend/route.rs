//! Streaming: one recommendation at a time, as the bookseller thinks of them.

use std::{convert::Infallible, time::Duration};

use async_stream::stream;
use tokio::time::sleep;
use wharf::{Response, config::Dynamic};

use crate::catalog::BOOKS;

/// Evaluated when the app is bundled, the stream would be drained into one body.
pub const DYNAMIC: Dynamic = Dynamic::ForceDynamic;

pub async fn get() -> Response {
    let lines = stream! {
        for book in BOOKS {
            yield Ok::<_, Infallible>(format!("{} by {}\n", book.title, book.author));
            sleep(Duration::from_millis(50)).await;
        }
    };
    Response::stream(lines).content_type("text/plain; charset=utf-8")
}

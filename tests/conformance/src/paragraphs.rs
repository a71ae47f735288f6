//! A body that takes its time.

use std::{convert::Infallible, time::Duration};

use async_stream::stream;
use futures_core::Stream;
use tokio::time::sleep;

/// Three paragraphs, 200 ms apart.
pub fn one_by_one() -> impl Stream<Item = Result<&'static str, Infallible>> {
    stream! {
        yield Ok("<p>One</p>");
        for next in ["<p>Two</p>", "<p>Three</p>"] {
            sleep(Duration::from_millis(200)).await;
            yield Ok(next);
        }
    }
}

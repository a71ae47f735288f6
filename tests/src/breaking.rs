//! A body that breaks off.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame};

/// A body of one piece, `a piece`, and then a failure or a panic.
#[derive(Debug, Default)]
pub struct Breaking {
    polls: usize,
    panics: bool,
}

impl Breaking {
    /// A body that fails.
    #[must_use]
    pub fn with_error() -> Self {
        Self::default()
    }

    /// A body that panics.
    #[must_use]
    pub fn with_panic() -> Self {
        Self { panics: true, ..Self::default() }
    }
}

impl Body for Breaking {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.polls += 1;
        Poll::Ready(match self.polls {
            1 => Some(Ok(Frame::data(Bytes::from_static(b"a piece")))),
            2 if self.panics => panic!("the stream panics"),
            2 => Some(Err(io::Error::other("the stream fails"))),
            _ => None,
        })
    }
}

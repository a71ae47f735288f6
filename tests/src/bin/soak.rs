//! A function that does everything that goes well or wrong, for `tests/soak.rs`.

use std::{
    pin::Pin,
    process::ExitCode,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use wharf::{Error, Path, Request, Response, Result, entry::Route};

fn main() -> ExitCode {
    wharf::entry::serve(|| Route::new("/[how]").get(get).post(post))
}

/// A body of a piece, and then a failure or a panic.
struct Breaking {
    pieces: usize,
    panics: bool,
}

impl Body for Breaking {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, std::io::Error>>> {
        self.pieces += 1;
        match self.pieces {
            1 => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"a piece"))))),
            _ if self.panics => panic!("the stream panics"),
            _ => Poll::Ready(Some(Err(std::io::Error::other("the stream fails")))),
        }
    }
}

async fn get(Path(how): Path<String>) -> Result {
    let broken = |panics| Response::new(axum::body::Body::new(Breaking { pieces: 0, panics }));
    match how.as_str() {
        "text" => Ok(Response::text("né")),
        "binary" => Ok(Response::bytes((0..=255).collect::<Vec<u8>>())),
        "large" => Ok(Response::bytes(vec![0xFF; 500_000])),
        "too-large" => Ok(Response::bytes(vec![0xFF; 6_000_000])),
        "error" => Err(Error::msg("the shelf is empty")),
        "panic" => panic!("the roof is on fire"),
        "panic-any" => std::panic::panic_any(7_u32),
        "panic-task" => {
            tokio::spawn(async { panic!("a task is on fire") }).await?;
            Ok(Response::empty())
        }
        "detached" => {
            // Nobody waits for it.
            drop(tokio::spawn(async { panic!("a detached task is on fire") }));
            Ok(Response::text("went on"))
        }
        "stream-error" => Ok(broken(false)),
        "stream-panic" => Ok(broken(true)),
        "frozen" => Err(Error::msg("the frozen answer is replayed instead")),
        _ => Ok(wharf::not_found()),
    }
}

async fn post(mut request: Request) -> Result {
    Ok(Response::text(request.bytes().await?.len().to_string()))
}

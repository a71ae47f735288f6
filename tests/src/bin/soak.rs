//! A function that does everything that goes well or wrong, for `tests/soak.rs`.

use std::process::ExitCode;

use wharf::{Error, Path, Request, Response, Result, entry::Route, http::HeaderValue};
use wharf_tests::breaking::Breaking;

fn main() -> ExitCode {
    wharf::entry::serve(&[|| Route::new("/[how]").get(get).post(post)])
}

async fn get(Path(how): Path<String>) -> Result {
    let broken = |body| Response::new(axum::body::Body::new(body));
    match how.as_str() {
        "text" => Ok(Response::text("né")),
        "binary" => Ok(Response::bytes((0..=255).collect::<Vec<u8>>())),
        "latin" => Ok(Response::text("").header("x-name", HeaderValue::from_bytes(b"caf\xE9")?)),
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
        "stream-error" => Ok(broken(Breaking::with_error())),
        "stream-panic" => Ok(broken(Breaking::with_panic())),
        "frozen" => Err(Error::msg("the frozen answer is replayed instead")),
        _ => Ok(wharf::not_found()),
    }
}

async fn post(mut request: Request) -> Result {
    Ok(Response::text(request.bytes().await?.len().to_string()))
}

//! A function made with `lambda_http` alone, for `tests/side_by_side.rs`.

use std::env;

use wharf::lambda_http::{
    Body, Error, Request, Response, http::HeaderValue, run, run_with_streaming_response, service_fn,
};
use wharf_tests::breaking::Breaking;

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if env::var_os("STREAMS").is_some() {
        runtime.block_on(run_with_streaming_response(service_fn(stream)))
    } else {
        runtime.block_on(run(service_fn(latin)))
    }
}

async fn latin(_: Request) -> Result<Response<Body>, Error> {
    Ok(Response::builder().header("x-name", HeaderValue::from_bytes(b"caf\xE9")?).body(Body::Empty)?)
}

async fn stream(_: Request) -> Result<Response<Breaking>, Error> {
    Ok(Response::new(Breaking::with_error()))
}

//! The warehouse: the service that the shop fetches from. `cargo run --example upstream` starts a small one.

use std::env;

use wharf::{Response, Result};

/// The address of `path` at the warehouse, which the environment variable `UPSTREAM` names.
///
/// Without it the answer is a 503. No bundle keeps a 503, so the app can be bundled where the warehouse is out of
/// reach: the route is then evaluated on request.
pub fn url(path: &str) -> Result<String> {
    match env::var("UPSTREAM") {
        Ok(address) if !address.is_empty() => Ok(format!("{}{path}", address.trim_end_matches('/'))),
        _ => {
            Err(Response::text("The warehouse cannot be asked: UPSTREAM does not name its address.").status(503).into())
        }
    }
}

//! File-system route handlers for AWS Lambda.
//!
//! A folder of the app directory is a URL segment, and a `route.rs` in it holds the handlers. `cargo bundle` makes one
//! Lambda function of each, or of each folder that the app names; this crate is what they are written with, and what runs them.
//!
//! `app/items/[slug]/route.rs`, complete:
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use wharf::{Json, Path, Request, Response, Result, config::MINUTE, cookies, not_found};
//!
//! /// What the GET answers is made at build time and renewed after ten minutes.
//! pub const REVALIDATE: u32 = 10 * MINUTE;
//!
//! #[derive(Serialize, Deserialize)]
//! pub struct Item {
//!     slug: String,
//!     price: u32,
//! }
//!
//! /// The paths to make at build time; others are made when they are asked for.
//! pub async fn generate_static_params() -> Vec<&'static str> {
//!     vec!["anchor", "rope"]
//! }
//!
//! pub async fn get(Path(slug): Path<String>) -> Result<Json<Item>> {
//!     let price = match slug.as_str() {
//!         "anchor" => 250,
//!         "rope" => 12,
//!         _ => return Err(not_found().into()),
//!     };
//!     Ok(Json(Item { slug, price }))
//! }
//!
//! pub async fn post(mut request: Request) -> Result {
//!     let item: Item = request.json().await?;
//!     cookies().set(("last-item", item.slug.clone()));
//!     Ok(Response::json(&item)?.status(201))
//! }
//! ```
//!
//! Handlers are [axum] handlers: every axum extractor and every type that is an axum response works. What the Web API
//! has and axum lacks is in [`Request`] and [`Response`]; [`testing`] calls a route in process.
//!
//! # The log
//!
//! `tracing` events and records of the crate `log` go to stderr: in Lambda as JSON, one object a line with `timestamp`,
//! `level`, `target`, `message` and the event's own fields; elsewhere as text. What a handler logs carries the
//! `request_id` of the invocation. Each request adds one line with the message `request`:
//!
//! | field | meaning |
//! | --- | --- |
//! | `request_id` | the id of the invocation |
//! | `trace_id` | the X-Ray trace, when there is one |
//! | `route` | the pattern of the route; absent when a function of several routes has none for the path |
//! | `method`, `path` | what was asked for, before it was checked |
//! | `status` | what was answered; an error when it is 500 or more |
//! | `duration_ms` | how long the adapter and the handler took |
//! | `cold_start` | whether it was the first request of this environment |
//! | `cause` | why it was refused or failed; no client sees it |
//!
//! A handler is given up before Lambda ends it, so that the line is written: `status` is 504 then. One that blocks its
//! thread has a line of its own, with `request_id` and `route`, and the program ends.
//!
//! # Features
//!
//! - `runtime` (default): what runs inside a function. Without it only the types that the bundler shares remain.
//! - `fetch`: the HTTP client with the data cache.
//! - `revalidate`: [`revalidate_path`] and [`revalidate_tag`] also tell the CDN.
//!
//! # The environment
//!
//! | variable | meaning |
//! | --- | --- |
//! | `WHARF_BASE_PATH` | what clients see in front of every path, as `/shop`, where the event does not tell it |
//! | `WHARF_BODY_LIMIT` | the largest body of a request in bytes; a larger one is answered with 413 |
//! | `WHARF_FIELD_LIMIT` | the most fields of a form; one with more is answered with 413 |
//! | `WHARF_JSON_LIMIT` | the most arrays and objects of a JSON body; one with more is answered with 413 |
//! | `WHARF_HOSTS` | the hosts of the app, as `shop.example, *.shop.example`: URLs have no other, and the first of them where a request came for none |
//! | `WHARF_LOG_FORMAT` | `json` or `text`; without it JSON in Lambda, and text under an emulator |
//! | `RUST_LOG` | what is logged, as `info,my_app=debug`; without it `AWS_LAMBDA_LOG_LEVEL`, then `info` |
//! | `WHARF_ORIGIN_SECRET` | the value of the header `x-wharf-origin-secret` that the CDN sends: 32 to 256 visible ASCII characters |
//! | `WHARF_ORIGIN_SECRET_ROTATION` | a second value of that header which counts as well, while the secret is changed |
//! | `WHARF_REQUIRE_ORIGIN` | `1` or `true`: a request without that header is answered with 403; `0` or `false` |
//! | `WHARF_STAMP_QUEUE` | the URL of the queue to which what is revalidated is sent (feature `revalidate`) |
//!
//! A variable of `WHARF_` that is set and cannot be read stops the function before it answers anything: the log and
//! Lambda are told which one it is, and what it has to be. So no guard is open because its setting is misspelled.

pub mod contract;

#[cfg(feature = "runtime")]
mod app;
#[cfg(feature = "runtime")]
mod event;
#[cfg(feature = "fetch")]
mod fetch;
#[cfg(feature = "runtime")]
mod handler;
#[cfg(feature = "runtime")]
mod host;
#[cfg(feature = "runtime")]
mod kept;
#[cfg(feature = "runtime")]
mod revalidate;

/// What generated code calls.
#[cfg(feature = "runtime")]
#[doc(hidden)]
pub mod entry {
    pub use crate::{
        app::route::Route,
        host::{
            evaluate::evaluate,
            lambda::{serve, write_stamps},
        },
    };
}

pub use contract::{config, method::Method, pattern};
#[cfg(feature = "fetch")]
pub use fetch::{Cache, Fetch, FetchReply, fetch};

#[cfg(feature = "runtime")]
pub use {
    axum,
    axum::{Form, extract::Query},
    cookie::{self, Cookie},
    handler::cookies::{Cookies, cookies},
    handler::error::{Error, Result},
    handler::form::{FormData, FormFile, FormValue},
    handler::headers::{Headers, headers},
    handler::json::Json,
    handler::params::{Path, PathRejection},
    handler::query::QueryPairs,
    handler::redirect::{forbidden, not_found, permanent_redirect, redirect, unauthorized},
    handler::request::Request,
    handler::response::Response,
    handler::scope::is_evaluating,
    handler::static_params::IntoStaticParams,
    host::testing,
    http, lambda_http, lambda_runtime,
    revalidate::{revalidate_path, revalidate_tag},
};

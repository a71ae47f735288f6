//! VPC Lattice, both versions of its events
//! ([AWS](https://docs.aws.amazon.com/vpc-lattice/latest/ug/lambda-functions.html)).

use lambda_http::request::RequestContext;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Incoming,
    lines::{self, Lines},
    reply::{self, Reply},
};
use crate::{
    app::answer::Answer,
    handler::{path::Encoding, viewer::Front},
};

/// Version 1 spells the names otherwise, has no context, and one value for each header and parameter.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    method: String,
    #[serde(default, alias = "raw_path")]
    path: Option<String>,
    #[serde(default)]
    headers: Option<Lines>,
    #[serde(default, alias = "query_string_parameters")]
    query_string_parameters: Option<Lines>,
    #[serde(borrow, default)]
    request_context: Option<&'a RawValue>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default, alias = "is_base64_encoded")]
    is_base64_encoded: Option<bool>,
}

/// It tells no domain of its own, and hands on the `Host` that a client sends.
pub(super) fn read(event: &str) -> Result<Incoming, serde_json::Error> {
    let event: Event<'_> = serde_json::from_str(event)?;
    let headers = event.headers.unwrap_or_default().into_vec();
    let (path, query) = target(event.path.as_deref(), event.query_string_parameters);
    Ok(Incoming {
        method: event.method,
        encoding: Some(Encoding::Percent),
        path,
        prefix: String::new(),
        hides_base_path: false,
        query,
        front: Front::Lattice,
        domain: None,
        source_ip: lines::source_ip(&headers),
        headers,
        body: event.body.unwrap_or_default(),
        is_base64: event.is_base64_encoded.unwrap_or_default(),
        context: event.request_context.and_then(|context| super::typed(context, RequestContext::VpcLattice)),
    })
}

/// The path with the query in it says exactly what was sent. Without one, the parameters do, still encoded.
fn target(path: Option<&str>, parameters: Option<Lines>) -> (String, String) {
    let path = path.unwrap_or("/");
    match path.split_once('?') {
        Some((path, query)) => (path.to_owned(), query.to_owned()),
        None => (path.to_owned(), lines::raw_query(&parameters.unwrap_or_default().into_vec())),
    }
}

pub(super) fn reply(answer: &Answer) -> Reply<'_> {
    Reply {
        status_description: Some(reply::status_description(answer.status)),
        headers: Some(reply::folded_with_cookies(answer)),
        ..Reply::new(answer)
    }
}

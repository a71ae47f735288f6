//! Application Load Balancers, whose target group sends single values or, with
//! `lambda.multi_value_headers.enabled`, lists, and reads the reply in the same way
//! ([AWS](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html)).

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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    http_method: String,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    headers: Option<Lines>,
    #[serde(default)]
    multi_value_headers: Option<Lines>,
    #[serde(default)]
    query_string_parameters: Option<Lines>,
    #[serde(default)]
    multi_value_query_string_parameters: Option<Lines>,
    #[serde(borrow)]
    request_context: &'a RawValue,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

/// The path and the query parameters are as the client sent them. A load balancer tells no domain of its own,
/// and hands on whatever `Host` a client sends.
pub(super) fn read(event: &str) -> Result<Incoming, serde_json::Error> {
    let event: Event<'_> = serde_json::from_str(event)?;
    let headers = lines::headers(event.multi_value_headers, event.headers);
    let query = lines::parameters(event.multi_value_query_string_parameters, event.query_string_parameters);
    Ok(Incoming {
        method: event.http_method,
        encoding: Some(Encoding::Percent),
        path: event.path.unwrap_or_else(|| "/".to_owned()),
        prefix: String::new(),
        hides_base_path: false,
        query: lines::raw_query(&query),
        front: Front::LoadBalancer,
        domain: None,
        source_ip: lines::source_ip(&headers),
        headers,
        body: event.body.unwrap_or_default(),
        is_base64: event.is_base64_encoded.unwrap_or_default(),
        context: super::typed(event.request_context, RequestContext::Alb),
    })
}

/// The reply to a target group that sends single values.
pub(super) fn reply_single(answer: &Answer) -> Reply<'_> {
    Reply {
        status_description: Some(reply::status_description(answer.status)),
        headers: Some(reply::folded_with_cookies(answer)),
        ..Reply::new(answer)
    }
}

/// The reply to a target group that sends lists.
pub(super) fn reply_multi(answer: &Answer) -> Reply<'_> {
    Reply {
        status_description: Some(reply::status_description(answer.status)),
        multi_value_headers: Some(reply::repeated(answer)),
        ..Reply::new(answer)
    }
}

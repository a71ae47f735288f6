//! Payload 2.0: HTTP APIs, Function URLs, and the emulators `cargo lambda watch` and `sam local`
//! ([AWS](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html)).

use std::borrow::Cow;

use lambda_http::request::RequestContext;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    Incoming,
    lines::Lines,
    mount::{is_local, is_own_domain, split_stage},
    reply::{self, Reply},
};
use crate::{
    app::answer::Answer,
    handler::{path::Encoding, viewer::Front},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(borrow, default)]
    raw_path: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    raw_query_string: Option<Cow<'a, str>>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    headers: Option<Lines>,
    #[serde(borrow)]
    request_context: &'a RawValue,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    http: Http,
    #[serde(default)]
    stage: Option<String>,
    #[serde(default)]
    domain_name: Option<String>,
    #[serde(default)]
    domain_prefix: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    method: String,
    #[serde(default)]
    source_ip: Option<String>,
}

pub(super) fn read(event: &str) -> Result<Incoming, serde_json::Error> {
    let event: Event<'_> = serde_json::from_str(event)?;
    let context: Context = serde_json::from_str(event.request_context.get())?;
    let mut headers = event.headers.map_or_else(Vec::new, Lines::into_vec);
    if let Some(cookies) = event.cookies.filter(|cookies| !cookies.is_empty()) {
        // A Function URL sends them twice: as a header, too.
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("cookie"));
        headers.push(("cookie".to_owned(), cookies.join("; ")));
    }
    let encoding = encoding(&context);
    let domain = context.domain_name.unwrap_or_default();
    let (stage, path) = split_stage(context.stage.as_deref(), event.raw_path.as_deref().unwrap_or("/"));
    // At a domain of the user's the client sees no stage, and what it sees instead, the event does not tell.
    let hides_base_path = !is_own_domain(&domain) && !is_function_url(&domain) && !is_local(&domain);
    Ok(Incoming {
        method: context.http.method,
        encoding: Some(encoding),
        path: path.to_owned(),
        prefix: if hides_base_path { String::new() } else { stage.to_owned() },
        hides_base_path,
        query: event.raw_query_string.unwrap_or_default().into_owned(),
        headers,
        body: event.body.unwrap_or_default(),
        is_base64: event.is_base64_encoded.unwrap_or_default(),
        front: if is_local(&domain) { Front::Emulator } else { Front::Api },
        domain: Some(domain),
        source_ip: context.http.source_ip,
        context: super::typed(event.request_context, RequestContext::ApiGatewayV2),
    })
}

/// An HTTP API decodes the path before we see it, and so does `sam local`, which calls the domain and its first part
/// `localhost`. A Function URL does not, nor does `cargo lambda watch`.
fn encoding(context: &Context) -> Encoding {
    let domain = context.domain_name.as_deref().unwrap_or_default();
    let is_sam_local = domain == "localhost" && context.domain_prefix.as_deref() == Some("localhost");
    if (is_local(domain) && !is_sam_local) || is_function_url(domain) { Encoding::Percent } else { Encoding::Decoded }
}

fn is_function_url(domain: &str) -> bool {
    domain.contains(".lambda-url.")
}

/// Repeated headers are folded; each `Set-Cookie` stands in `cookies`.
pub(super) fn reply(answer: &Answer) -> Reply<'_> {
    Reply { headers: Some(reply::folded(answer)), cookies: Some(reply::cookies(answer)), ..Reply::new(answer) }
}

/// What a reply in pieces begins with: the same without the body.
pub(super) fn prelude(answer: &Answer) -> Prelude<'_> {
    Prelude { status_code: answer.status.as_u16(), headers: reply::folded(answer), cookies: reply::cookies(answer) }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Prelude<'a> {
    status_code: u16,
    #[serde(serialize_with = "reply::lines")]
    headers: Vec<(Cow<'a, str>, String)>,
    cookies: Vec<Cow<'a, str>>,
}

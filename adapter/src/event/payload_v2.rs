//! Payload 2.0: HTTP APIs, Function URLs, and the emulators `cargo lambda watch` and `sam local`
//! ([AWS](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html)).

use std::{borrow::Cow, collections::BTreeMap, fmt};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, header};
use lambda_http::request::RequestContext;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor},
};
use serde_json::value::{RawValue, to_raw_value};

use super::Incoming;
use crate::{answer::Answer, path::Encoding};

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
    headers: Option<Headers>,
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
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    method: String,
    #[serde(default)]
    source_ip: Option<String>,
}

/// Header lines in their order, repeated ones included, which a map would lose.
struct Headers(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lines;

        impl<'de> Visitor<'de> for Lines {
            type Value = Headers;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map of header lines")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut lines = Vec::with_capacity(map.size_hint().unwrap_or(16));
                while let Some(line) = map.next_entry()? {
                    lines.push(line);
                }
                Ok(Headers(lines))
            }
        }

        deserializer.deserialize_map(Lines)
    }
}

pub(super) fn read(event: &str) -> Result<Incoming, serde_json::Error> {
    let event: Event<'_> = serde_json::from_str(event)?;
    let context: Context = serde_json::from_str(event.request_context.get())?;
    let typed = serde_json::from_str(event.request_context.get()).map(RequestContext::ApiGatewayV2);
    if let Err(error) = &typed {
        tracing::debug!(%error, "the request context is not as lambda_http knows it");
    }
    let mut headers = event.headers.map_or_else(Vec::new, |headers| headers.0);
    if let Some(cookies) = event.cookies.filter(|cookies| !cookies.is_empty()) {
        // A Function URL sends them twice: as a header, too.
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("cookie"));
        headers.push(("cookie".to_owned(), cookies.join("; ")));
    }
    let domain = context.domain_name.unwrap_or_default();
    let (prefix, path) = split_stage(context.stage.as_deref(), event.raw_path.as_deref().unwrap_or("/"));
    Ok(Incoming {
        method: context.http.method,
        encoding: Some(encoding(&domain)),
        path: path.to_owned(),
        prefix: prefix.to_owned(),
        query: event.raw_query_string.unwrap_or_default().into_owned(),
        headers,
        body: event.body.unwrap_or_default(),
        is_base64: event.is_base64_encoded.unwrap_or_default(),
        domain: Some(domain),
        source_ip: context.http.source_ip,
        context: typed.ok().map(Box::new),
    })
}

/// An HTTP API decodes the path before we see it. A Function URL does not, nor do the emulators.
fn encoding(domain: &str) -> Encoding {
    let host = domain.split(':').next().unwrap_or_default();
    if host == "localhost" || host == "127.0.0.1" || domain.contains(".lambda-url.") {
        Encoding::Percent
    } else {
        Encoding::Decoded
    }
}

/// A named stage stands in front of the path: `/prod/items`.
fn split_stage<'p>(stage: Option<&str>, path: &'p str) -> (&'p str, &'p str) {
    let stage = stage.filter(|stage| !stage.is_empty() && *stage != "$default");
    let rest = stage.and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage));
    match rest.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
        Some(rest) => path.split_at(path.len() - rest.len()),
        None => ("", path),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reply<'a> {
    status_code: u16,
    headers: BTreeMap<&'a str, String>,
    cookies: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Cow<'a, str>>,
    is_base64_encoded: bool,
}

/// Repeated headers are folded with a comma and a space, in their order
/// ([RFC 9110, 5.3](https://www.rfc-editor.org/rfc/rfc9110#section-5.3)); each `Set-Cookie` stands in `cookies`.
pub(super) fn reply(answer: &Answer) -> Result<Box<RawValue>, serde_json::Error> {
    let mut headers = BTreeMap::new();
    for name in answer.headers.keys().filter(|name| *name != header::SET_COOKIE) {
        let values: Vec<_> = answer.headers.get_all(name).iter().map(text).collect();
        headers.insert(name.as_str(), values.join(", "));
    }
    let body = body(answer);
    to_raw_value(&Reply {
        status_code: answer.status.as_u16(),
        headers,
        cookies: answer.headers.get_all(header::SET_COOKIE).iter().map(|value| text(value).into_owned()).collect(),
        is_base64_encoded: matches!(body, Some(Body::Base64(_))),
        body: body.map(|body| match body {
            Body::Text(text) => Cow::Borrowed(text),
            Body::Base64(text) => Cow::Owned(text),
        }),
    })
}

enum Body<'a> {
    Text(&'a str),
    Base64(String),
}

/// Text only when nothing can be lost: it is UTF-8 and not encoded in another way.
fn body(answer: &Answer) -> Option<Body<'_>> {
    if answer.has_no_body() {
        return None;
    }
    let is_encoded = answer.headers.get_all(header::CONTENT_ENCODING).iter().any(|value| value != "identity");
    Some(match str::from_utf8(&answer.body) {
        Ok(text) if !is_encoded => Body::Text(text),
        _ => Body::Base64(STANDARD.encode(&answer.body)),
    })
}

/// A header value as JSON text: UTF-8 as it is, anything else byte by byte, as Latin-1.
fn text(value: &HeaderValue) -> Cow<'_, str> {
    match str::from_utf8(value.as_bytes()) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(value.as_bytes().iter().map(|byte| char::from(*byte)).collect()),
    }
}

//! Payload 1.0: REST APIs, and HTTP APIs whose integration asks for it
//! ([AWS](https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html)).
//!
//! A REST API sends bytes that are no text only when its binary media types match (`*/*` matches all).

use lambda_http::request::RequestContext;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Incoming,
    lines::{self, Lines},
    mount::{Resource, is_local, is_own_domain, split_stage},
    reply::{self, Reply},
};
use crate::{
    app::answer::Answer,
    handler::{path::Encoding, viewer::Front},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(default)]
    version: Option<String>,
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    stage: Option<String>,
    #[serde(default)]
    domain_name: Option<String>,
    #[serde(default)]
    domain_prefix: Option<String>,
    #[serde(default)]
    identity: Option<Identity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    #[serde(default)]
    source_ip: Option<String>,
}

pub(super) fn read(event: &str) -> Result<Incoming, serde_json::Error> {
    let resource: Resource = serde_json::from_str(event)?;
    let event: Event<'_> = serde_json::from_str(event)?;
    let context: Context = serde_json::from_str(event.request_context.get())?;
    let headers = lines::headers(event.multi_value_headers, event.headers);
    let sent = event.path.as_deref().unwrap_or("/");
    let encoding = encoding(event.version.is_some(), &context, &resource);
    let seen = prefix(context.path.as_deref(), sent);
    // `sam local` tells none; API Gateway always does.
    let domain = context.domain_name.unwrap_or_default();
    let is_emulated = domain.is_empty() || is_local(&domain);
    // A REST API has no stage in its path. Of an HTTP API's the client sees it at the API's own domain alone.
    let stage = context.stage.as_deref().filter(|_| event.version.is_some() && is_own_domain(&domain));
    let (front, path) = resource.split(sent).unwrap_or_else(|| split_stage(stage, sent));
    Ok(Incoming {
        method: event.http_method,
        encoding: Some(encoding),
        path: path.to_owned(),
        prefix: format!("{seen}{front}"),
        hides_base_path: false,
        query: query(&lines::parameters(event.multi_value_query_string_parameters, event.query_string_parameters)),
        headers,
        body: event.body.unwrap_or_default(),
        is_base64: event.is_base64_encoded.unwrap_or_default(),
        front: if is_emulated { Front::Emulator } else { Front::Api },
        domain: Some(domain),
        source_ip: context.identity.and_then(|identity| identity.source_ip),
        context: super::typed(event.request_context, RequestContext::ApiGatewayV1),
    })
}

/// An HTTP API decodes the path before we see it, and so does `sam local`, which is known by the template of the
/// resource where AWS puts the path.
fn encoding(is_http_api: bool, context: &Context, resource: &Resource) -> Encoding {
    let is_template = resource.resource.is_some() && context.path == resource.resource;
    let is_sam_local = is_template && context.domain_prefix.is_none();
    let is_local = context.domain_name.as_deref().is_some_and(is_local);
    if is_sam_local || (is_http_api && !is_local) { Encoding::Decoded } else { Encoding::Percent }
}

/// `path` has no stage in front, and `requestContext.path` is what the client sees: `/prod/items` at the API's own
/// domain, `/items` at one of the user's.
fn prefix<'p>(seen: Option<&'p str>, path: &str) -> &'p str {
    seen.and_then(|seen| seen.strip_suffix(path)).unwrap_or_default()
}

/// What would end a name or a value, or be decoded once more.
const QUERY_PART: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'&').add(b'+').add(b'<').add(b'=').add(b'>');

/// The parameters were decoded, and there is no raw query: it is encoded anew.
fn query(pairs: &[(String, String)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, QUERY_PART).to_string();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (encode(name), encode(value))).collect();
    lines::raw_query(&pairs)
}

/// Every value of every header, `Set-Cookie` among them.
pub(super) fn reply(answer: &Answer) -> Reply<'_> {
    Reply { multi_value_headers: Some(reply::repeated(answer)), ..Reply::new(answer) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_what_the_client_sees_in_front_of_the_path() {
        assert_eq!(prefix(Some("/prod/items/x"), "/items/x"), "/prod");
        assert_eq!(prefix(Some("/items/x"), "/items/x"), "");
        assert_eq!(prefix(Some("/elsewhere"), "/items/x"), "");
        assert_eq!(prefix(None, "/items/x"), "");
    }

    #[test]
    fn a_query_is_decoded_to_what_the_event_said() {
        let pairs = [("a b", "c&d"), ("a b", "1+1=2"), ("%41", "é#\""), ("", "")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let query = query(&pairs);
        assert_eq!(query, "a%20b=c%26d&a%20b=1%2B1%3D2&%2541=%C3%A9%23%22&=");
        assert_eq!(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect::<Vec<_>>(), pairs);
    }
}

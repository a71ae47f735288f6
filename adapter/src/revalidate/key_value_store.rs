//! The CDN's key-value store, through its data API: where the viewer-request function finds the stamps.

use std::time::{Duration, SystemTime};

use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4a,
};
use http::{HeaderValue, Method, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::{
    fetch::client::client,
    handler::error::{Error, Result},
    host::settings::{Credentials, KeyValueStore},
};

/// Everything but the unreserved characters of [RFC 3986, 2.3](https://www.rfc-editor.org/rfc/rfc3986#section-2.3).
const LABEL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The most keys of one update
/// ([AWS](https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html)).
pub(super) const MOST_KEYS: usize = 50;

/// The time that one request may take.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// A version of the whole store.
pub(super) type Version = HeaderValue;

/// What a request came to, if not to what was asked for.
pub(super) enum Trouble {
    /// Another write came between, the store is busy, or it did not answer: the same may succeed if it is tried again.
    Passing(String),
    Lasting(Error),
}

pub(super) type Outcome<T> = std::result::Result<T, Trouble>;

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Lasting(error)
    }
}

/// The version that the store has now.
pub(super) async fn version(store: &KeyValueStore) -> Outcome<Version> {
    version_of(&accepted(send(store, Method::GET, "", None, Vec::new()).await?).await?)
}

/// The value of a key; `None` without such a key.
pub(super) async fn get(store: &KeyValueStore, key: &str) -> Outcome<Option<String>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Got {
        value: String,
    }
    let path = format!("/keys/{}", utf8_percent_encode(key, LABEL));
    let response = send(store, Method::GET, &path, None, Vec::new()).await?;
    if response.status() == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    let body = accepted(response).await?.bytes().await.map_err(|error| Trouble::Passing(error.to_string()))?;
    Ok(Some(serde_json::from_slice::<Got>(&body).map_err(Error::from)?.value))
}

/// Writes all of these, or none, after this version and no other; the version that it makes.
/// <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_kvs_UpdateKeys.html>
pub(super) async fn put(store: &KeyValueStore, version: &Version, pairs: &[(String, String)]) -> Outcome<Version> {
    let puts = pairs.iter().map(|(key, value)| serde_json::json!({ "Key": key, "Value": value }));
    let body = serde_json::to_vec(&serde_json::json!({ "Puts": puts.collect::<Vec<_>>() }));
    let body = body.map_err(Error::from)?;
    version_of(&accepted(send(store, Method::POST, "/keys", Some(version), body).await?).await?)
}

fn version_of(response: &reqwest::Response) -> Outcome<Version> {
    let version = response.headers().get(header::ETAG).cloned();
    version.ok_or_else(|| Trouble::Lasting(Error::msg("the key-value store did not say which version it has")))
}

async fn accepted(response: reqwest::Response) -> Outcome<reqwest::Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let text: String = response.text().await.unwrap_or_default().chars().take(300).collect();
    let why = format!("it answered {}: {text}", status.as_u16());
    let may_succeed = status.is_server_error()
        || [StatusCode::CONFLICT, StatusCode::PRECONDITION_FAILED, StatusCode::TOO_MANY_REQUESTS].contains(&status);
    if may_succeed { Err(Trouble::Passing(why)) } else { Err(Trouble::Lasting(Error::msg(why))) }
}

/// Sends one request, signed for all regions: the API takes no other signature
/// ([AWS](https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/kvs-with-functions-kvp.html)).
async fn send(
    store: &KeyValueStore,
    method: Method,
    path: &str,
    version: Option<&Version>,
    body: Vec<u8>,
) -> Outcome<reqwest::Response> {
    let mut request = http::Request::new(body);
    *request.method_mut() = method;
    let arn = utf8_percent_encode(&store.arn, LABEL);
    *request.uri_mut() = format!("{}/key-value-stores/{arn}{path}", store.endpoint).parse().map_err(Error::from)?;
    if let Some(version) = version {
        request.headers_mut().insert(header::IF_MATCH, version.clone());
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    sign_for_all_regions(store, &mut request)?;
    let request = reqwest::Request::try_from(request).map_err(Error::from)?;
    let response = tokio::time::timeout(TIME_LIMIT, client()?.execute(request)).await;
    response
        .map_err(|_| Trouble::Passing(format!("it did not answer within {} s", TIME_LIMIT.as_secs())))?
        .map_err(|error| Trouble::Passing(format!("it cannot be asked: {}", crate::handler::error::chain(&error))))
}

fn sign_for_all_regions(store: &KeyValueStore, request: &mut http::Request<Vec<u8>>) -> Result<()> {
    let Credentials { access_key_id, secret_access_key, session_token } = store.credentials.clone();
    let credentials =
        aws_credential_types::Credentials::new(access_key_id, secret_access_key, session_token, None, "environment");
    let identity = credentials.into();
    let params = v4a::SigningParams::builder()
        .identity(&identity)
        .region_set("*")
        .name("cloudfront-keyvaluestore")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?
        .into();
    let url = request.uri().to_string();
    let headers: Vec<_> = request.headers().iter().collect();
    let headers = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let body = SignableBody::Bytes(request.body());
    let signable = SignableRequest::new(request.method().as_str(), url, headers, body)?;
    let (instructions, _) = sign(signable, &params)?.into_parts();
    instructions.apply_to_request_http1x(request);
    Ok(())
}

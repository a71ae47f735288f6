//! The CDN's key-value store, through its data API: where the viewer-request function finds the stamps.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4a,
};
use http::{HeaderValue, Method, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    error::{Error, Result},
    fetch::client::client,
    report::STAMP_WRITER,
    settings::KeyValueStore,
};

/// Everything but the unreserved characters of [RFC 3986, 2.3](https://www.rfc-editor.org/rfc/rfc3986#section-2.3).
const LABEL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The longest key, in bytes
/// ([AWS](https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html)).
const LONGEST_KEY: usize = 512;

/// How often a write is tried: another one may come between the version that was read and the write.
const TRIES: u32 = 6;

/// The time that one request may take.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// What one try came to.
enum Tried {
    Written,
    /// It may succeed if it is tried again.
    Busy(String),
}

/// Writes a value. Every write names the version of the store that it follows, as
/// [PutKey](https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_kvs_PutKey.html) wants it.
pub(super) async fn put(store: &KeyValueStore, key: &str, value: &str) -> Result<()> {
    if key.len() > LONGEST_KEY {
        return Err(Error::msg(format!(
            "the key has {} bytes, and a store of CloudFront takes {LONGEST_KEY}",
            key.len()
        )));
    }
    let mut reason = String::new();
    for tried in 0..TRIES {
        if tried > 0 {
            tokio::time::sleep(Duration::from_millis(50 << tried)).await;
        }
        match try_to_put(store, key, value).await? {
            Tried::Written => return Ok(()),
            Tried::Busy(why) => reason = why,
        }
    }
    Err(Error::msg(format!("the key-value store was not written to after {TRIES} tries: {reason}")))
}

async fn try_to_put(store: &KeyValueStore, key: &str, value: &str) -> Result<Tried> {
    let path = format!("/key-value-stores/{}", utf8_percent_encode(&store.arn, LABEL));
    let described = send(store, Method::GET, &path, None, Vec::new()).await?;
    let Some(version) = described.headers().get(header::ETAG).filter(|_| described.status().is_success()).cloned()
    else {
        return outcome(described).await;
    };
    let path = format!("{path}/keys/{}", utf8_percent_encode(key, LABEL));
    let body = serde_json::to_vec(&serde_json::json!({ "Value": value }))?;
    outcome(send(store, Method::PUT, &path, Some(version), body).await?).await
}

async fn outcome(response: reqwest::Response) -> Result<Tried> {
    let status = response.status();
    if status.is_success() {
        return Ok(Tried::Written);
    }
    let text: String = response.text().await.unwrap_or_default().chars().take(300).collect();
    let why = format!("it answered {}: {text}", status.as_u16());
    let may_succeed = status.is_server_error()
        || [StatusCode::CONFLICT, StatusCode::PRECONDITION_FAILED, StatusCode::TOO_MANY_REQUESTS].contains(&status);
    if may_succeed { Ok(Tried::Busy(why)) } else { Err(Error::msg(format!("the key-value store refused: {why}"))) }
}

/// Sends one request, signed for all regions: the API takes no other signature
/// ([AWS](https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/kvs-with-functions-kvp.html)).
async fn send(
    store: &KeyValueStore,
    method: Method,
    path: &str,
    version: Option<HeaderValue>,
    body: Vec<u8>,
) -> Result<reqwest::Response> {
    let mut request = http::Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = format!("{}{path}", store.endpoint).parse()?;
    request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static(STAMP_WRITER));
    if let Some(version) = version {
        request.headers_mut().insert(header::IF_MATCH, version);
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    sign_for_all_regions(store, &mut request)?;
    let request = reqwest::Request::try_from(request)?;
    let response = tokio::time::timeout(TIME_LIMIT, client()?.execute(request)).await;
    response
        .map_err(|_| Error::msg(format!("the key-value store did not answer within {} s", TIME_LIMIT.as_secs())))?
        .map_err(|error| Error::msg(format!("the key-value store cannot be asked: {}", crate::error::chain(&error))))
}

fn sign_for_all_regions(store: &KeyValueStore, request: &mut http::Request<Vec<u8>>) -> Result<()> {
    let KeyValueStore { access_key_id, secret_access_key, session_token, .. } = store;
    let credentials = Credentials::new(access_key_id, secret_access_key, session_token.clone(), None, "environment");
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

//! The queue through which functions tell what they revalidated: one call of SQS.
//!
//! The signature is our own, as the signer of the AWS SDK brings the elliptic curve of the other signature with it, which
//! only the stamp writer needs.

use std::{fmt::Write, time::Duration};

use cookie::time::OffsetDateTime;
use http::{StatusCode, header};
use reqwest::Url;
use ring::{
    digest::{SHA256, digest},
    hmac,
};

use super::Told;
use crate::{
    contract::report::STAMP_SENDER,
    fetch::client::client,
    handler::error::{Error, Result},
    host::settings::{Credentials, StampQueue},
};

/// How often a message is sent in all, when the queue does not answer or says that it cannot now.
const TRIES: u32 = 3;

/// The time that one request may take.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-json.html>
const TARGET: &str = "AmazonSQS.SendMessage";
const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// Sends a message, and waits until the queue has it.
pub(super) async fn send(queue: &StampQueue, told: Told) -> Result<()> {
    let message = serde_json::json!({ "QueueUrl": queue.url, "MessageBody": serde_json::to_string(&told)? });
    let body = serde_json::to_vec(&message)?;
    let mut reason = String::new();
    for tried in 0..TRIES {
        if tried > 0 {
            tokio::time::sleep(Duration::from_millis(50 << tried)).await;
        }
        let response = match tokio::time::timeout(TIME_LIMIT, post(queue, &body)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                reason = format!("it cannot be asked: {}", error.chain());
                continue;
            }
            Err(_) => {
                reason = format!("it did not answer within {} s", TIME_LIMIT.as_secs());
                continue;
            }
        };
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let text: String = response.text().await.unwrap_or_default().chars().take(300).collect();
        reason = format!("it answered {}: {text}", status.as_u16());
        if !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS && !text.contains("Throttl") {
            break;
        }
    }
    Err(Error::msg(format!("the queue of stamps did not take the message: {reason}")))
}

async fn post(queue: &StampQueue, body: &[u8]) -> Result<reqwest::Response> {
    let url: Url = queue.endpoint.parse()?;
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let signed = sign(queue, host, body, OffsetDateTime::now_utc());
    let mut request = client()?
        .post(url.clone())
        .header(header::USER_AGENT, STAMP_SENDER)
        .header(header::CONTENT_TYPE, CONTENT_TYPE)
        .header("x-amz-target", TARGET)
        .header("x-amz-date", signed.date)
        .header(header::AUTHORIZATION, signed.authorization);
    if let Some(token) = &queue.credentials.session_token {
        request = request.header("x-amz-security-token", token);
    }
    Ok(request.body(body.to_vec()).send().await?)
}

struct Signed {
    date: String,
    authorization: String,
}

/// Signature version 4, of this one kind of request
/// ([AWS](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html)).
fn sign(queue: &StampQueue, host: &str, body: &[u8], now: OffsetDateTime) -> Signed {
    let Credentials { access_key_id, secret_access_key, session_token } = &queue.credentials;
    let day = format!("{:04}{:02}{:02}", now.year(), u8::from(now.month()), now.day());
    let date = format!("{day}T{:02}{:02}{:02}Z", now.hour(), now.minute(), now.second());
    let mut headers = vec![("content-type", CONTENT_TYPE), ("host", host), ("x-amz-date", &date)];
    headers.extend(session_token.as_deref().map(|token| ("x-amz-security-token", token)));
    headers.push(("x-amz-target", TARGET));
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let request = format!("POST\n/\n\n{lines}\n{names}\n{}", hex(digest(&SHA256, body).as_ref()));
    let scope = format!("{day}/{}/sqs/aws4_request", queue.region);
    let hash = hex(digest(&SHA256, request.as_bytes()).as_ref());
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hash}");
    let first = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4{secret_access_key}").as_bytes());
    let key = [&*day, &*queue.region, "sqs", "aws4_request"]
        .iter()
        .fold(first, |key, part| hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref()));
    let signature = hex(hmac::sign(&key, text.as_bytes()).as_ref());
    let credential = format!("Credential={access_key_id}/{scope}");
    let authorization = format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={signature}");
    Signed { date, authorization }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Infallible: writing to a string.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use aws_sigv4::{
        http_request::{SignableBody, SignableRequest, SigningSettings, sign as sign_of_aws},
        sign::v4,
    };

    use super::*;

    fn queue(session_token: Option<&str>) -> StampQueue {
        StampQueue {
            url: "https://sqs.eu-central-1.amazonaws.com/123456789012/stamps".to_owned(),
            endpoint: "https://sqs.eu-central-1.amazonaws.com".to_owned(),
            region: "eu-central-1".to_owned(),
            credentials: Credentials {
                access_key_id: "AKIDEXAMPLE".to_owned(),
                secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
                session_token: session_token.map(str::to_owned),
            },
        }
    }

    /// The signer of the AWS SDK, for the same request.
    fn signed_by_aws(queue: &StampQueue, host: &str, body: &[u8], now: SystemTime) -> String {
        let Credentials { access_key_id, secret_access_key, session_token } = queue.credentials.clone();
        let credentials =
            aws_credential_types::Credentials::new(access_key_id, secret_access_key, session_token, None, "test");
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&queue.region)
            .name("sqs")
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let headers = [("content-type", CONTENT_TYPE), ("host", host), ("x-amz-target", TARGET)];
        let url = format!("https://{host}/");
        let signable = SignableRequest::new("POST", url, headers.into_iter(), SignableBody::Bytes(body)).unwrap();
        let mut request = http::Request::post("/").body(()).unwrap();
        sign_of_aws(signable, &params).unwrap().into_parts().0.apply_to_request_http1x(&mut request);
        request.headers()["authorization"].to_str().unwrap().to_owned()
    }

    #[test]
    fn the_signature_is_that_of_the_aws_sdk() {
        for token in [None, Some("a/session+token==")] {
            for (seconds, body) in
                [(1_764_115_199, &b"{}"[..]), (1_709_164_800, b"{\"MessageBody\":\"\xc3\xa9\"}"), (0, b"")]
            {
                for host in ["sqs.eu-central-1.amazonaws.com", "127.0.0.1:5000"] {
                    let queue = queue(token);
                    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
                    let signed = sign(&queue, host, body, now.into());
                    assert_eq!(
                        signed.authorization,
                        signed_by_aws(&queue, host, body, now),
                        "{token:?} {seconds} {host}"
                    );
                }
            }
        }
    }
}

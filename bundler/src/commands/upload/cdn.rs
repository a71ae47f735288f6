//! The distribution: the only place that talks to CloudFront.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http::header::CONTENT_TYPE;
use object_store::{
    aws::{AwsAuthorizer, AwsCredential},
    client::{HttpClient, HttpConnector, HttpError, HttpRequest, ReqwestConnector},
};

use super::{
    bucket::{Bucket, RETRIES, Request, client_options, endpoint},
    refusal::{Refusal, between},
};
use crate::diagnostic::failure::Failure;

/// CloudFront is one service for all regions. <https://docs.aws.amazon.com/general/latest/gr/cf_region.html>
const ADDRESS: &str = "https://cloudfront.amazonaws.com";
const REGION: &str = "us-east-1";

/// The first pause before a request is tried again; each next one is twice as long.
const PAUSE: Duration = Duration::from_millis(100);

/// Has CloudFront forget what it keeps: an answer with a long `s-maxage` would outlive the deployment that made it.
/// <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html>
pub(super) async fn invalidate(
    distribution: &str,
    bucket: &Bucket,
    variables: &BTreeMap<String, String>,
) -> Result<String, Failure> {
    let address = endpoint(variables, "AWS_ENDPOINT_URL_CLOUDFRONT");
    let request = Request {
        service: "CloudFront",
        subject: format!("distribution `{distribution}`"),
        what: format!("invalidate the distribution `{distribution}`"),
        place: format!("cloudfront/{distribution}"),
        permission: format!("`cloudfront:CreateInvalidation` on `arn:aws:cloudfront::*:distribution/{distribution}`"),
    };
    let uri = format!("{}/2020-05-31/distribution/{distribution}/invalidation", address.unwrap_or(ADDRESS));
    let client = ReqwestConnector::default().connect(&client_options(address));
    let client = client.map_err(|error| Refusal::of_store(&error).failure(&request))?;
    let (body, credentials) = (body(), bucket.credentials().await?);
    let mut pauses = (0..RETRIES).map(|retry| PAUSE * (1 << retry));
    loop {
        let signed = signed(&uri, &body, &credentials).map_err(|refusal| refusal.failure(&request))?;
        let Attempt { refusal, may_pass } = match attempt(&client, signed).await {
            Ok(id) => return Ok(id),
            Err(attempt) => attempt,
        };
        match pauses.next().filter(|_| may_pass) {
            Some(pause) => tokio::time::sleep(pause).await,
            None => return Err(refusal.failure(&request)),
        }
    }
}

/// One that failed.
struct Attempt {
    refusal: Refusal,
    /// Whether the next may go better.
    may_pass: bool,
}

async fn attempt(client: &HttpClient, request: HttpRequest) -> Result<String, Attempt> {
    let unreachable = |error: HttpError| Attempt { refusal: Refusal::of_connection(&error), may_pass: true };
    let response = client.execute(request).await.map_err(unreachable)?;
    let status = response.status().as_u16();
    let answer = response.into_body().bytes().await.map_err(unreachable)?;
    let answer = String::from_utf8_lossy(&answer);
    match between(&answer, "<Id>", "</Id>") {
        Some(id) if status == 201 => Ok(id.to_owned()),
        _ => Err(Attempt { refusal: Refusal::of_answer(status, &answer), may_pass: status >= 500 || status == 429 }),
    }
}

/// All paths. A reference that CloudFront has seen is answered with the invalidation that it was seen with, so that a
/// request that is sent twice is one.
fn body() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!(
        "<InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">\
         <Paths><Quantity>1</Quantity><Items><Path>/*</Path></Items></Paths>\
         <CallerReference>wharf-{now}</CallerReference></InvalidationBatch>"
    )
}

/// A date is signed too, so each attempt is signed anew.
fn signed(uri: &str, body: &str, credentials: &AwsCredential) -> Result<HttpRequest, Refusal> {
    let request = http::Request::post(uri).header(CONTENT_TYPE, "text/xml").body(body.to_owned().into());
    let mut request = request.map_err(|error| Refusal::of_connection(&error))?;
    let signer = AwsAuthorizer::new(credentials, "cloudfront", REGION);
    signer.try_authorize(&mut request, None).map_err(|error| Refusal::of_store(&error))?;
    Ok(request)
}

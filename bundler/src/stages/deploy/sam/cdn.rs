//! CloudFront in front of the API and of the bucket, where a deployment names one.

use serde_json::{Value, json};

use super::{
    api::{self, API},
    function::streams,
    has_api,
    names::Prefix,
    template::{Output, Resource, attribute, either, only_if, reference, substitute},
};
use crate::stages::{
    deploy::cdn::{Cdn, KEY_VALUES, VIEWER_REQUEST, key_values_key, version},
    manifest::Manifest,
};

/// The condition of all that stands here.
pub(super) const CONDITION: &str = "HasCdn";

/// The logical id of the distribution.
const CDN: &str = "Cdn";

/// CloudFront, and its right to read the bucket; `url` is the Function URL of a function.
pub(super) fn resources(
    manifest: &Manifest,
    cdn: &Cdn,
    prefix: &Prefix,
    url: &dyn Fn(&str) -> Value,
) -> Vec<(String, Resource)> {
    let resources = [
        (CDN, distribution(manifest, origins(manifest, url), prefix)),
        ("CdnAccess", origin_access_control(prefix)),
        ("CdnCachePolicy", cache_policy(manifest, prefix)),
        ("CdnViewerRequest", function(manifest, cdn, prefix)),
        ("CdnKeyValues", key_value_store(cdn, prefix)),
        ("CdnOriginRequestPolicy", origin_request_policy(prefix)),
        ("ObjectsPolicy", bucket_policy()),
    ];
    resources.map(|(id, resource)| (id.to_owned(), resource.only_if(CONDITION))).into()
}

/// The key-value data.
fn key_values(cdn: &Cdn) -> &str {
    cdn.files.get(KEY_VALUES).map_or("", String::as_str)
}

/// A store imports its data only when it is made, so that other data is another store. The function changes over to it
/// at once, and the old one is deleted at the end of the deployment, or the new one when it fails.
fn key_value_store(cdn: &Cdn, prefix: &Prefix) -> Resource {
    let properties = json!({
        "Name": prefix.account_wide(&format!("cdn-{}", version(key_values(cdn)))),
        "Comment": "Which paths S3 answers, and when they were revalidated",
        "ImportSource": { "SourceType": "S3", "SourceArn": bucket_arn(&format!("/{}", key_values_key(key_values(cdn)))) },
    });
    Resource::new("AWS::CloudFront::KeyValueStore", properties)
}

/// The ARN of the store that the template makes. It depends on nothing else of it, so that functions may depend on it.
pub(super) fn key_value_store_arn() -> Value {
    attribute("CdnKeyValues", "Arn")
}

/// Changed after the functions and their routes: this is the switch to the new bundle.
fn function(manifest: &Manifest, cdn: &Cdn, prefix: &Prefix) -> Resource {
    let properties = json!({
        "Name": prefix.account_wide("cdn"),
        "AutoPublish": true,
        "FunctionCode": cdn.files.get(VIEWER_REQUEST).map_or("", String::as_str),
        "FunctionConfig": {
            "Comment": "Chooses the origin of a request",
            "Runtime": "cloudfront-js-2.0",
            "KeyValueStoreAssociations": [{ "KeyValueStoreARN": key_value_store_arn() }],
        },
    });
    let function = Resource::new("AWS::CloudFront::Function", properties);
    if has_api(manifest) { function.after(&[API]) } else { function }
}

/// Answers are kept for as long as their `cache-control` says. `authorization` reaches an origin only as a part of the
/// key, and there cannot be one where all is in S3
/// ([AWS](https://repost.aws/knowledge-center/cloudfront-authorization-header)).
fn cache_policy(manifest: &Manifest, prefix: &Prefix) -> Resource {
    let headers: &[&str] =
        if has_api(manifest) { &["authorization", "x-wharf-revalidated"] } else { &["x-wharf-revalidated"] };
    let config = json!({
        "Name": prefix.account_wide("cdn"),
        "MinTTL": 0,
        "DefaultTTL": 0,
        "MaxTTL": 31_536_000,
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingBrotli": true,
            "EnableAcceptEncodingGzip": true,
            "CookiesConfig": { "CookieBehavior": "none" },
            "HeadersConfig": { "HeaderBehavior": "whitelist", "Headers": headers },
            "QueryStringsConfig": { "QueryStringBehavior": "all" },
        },
    });
    Resource::new("AWS::CloudFront::CachePolicy", json!({ "CachePolicyConfig": config }))
}

/// The host of the origin decides where a request goes; the viewer's travels as `x-forwarded-host`. While all cookies are
/// forwarded, nobody waits for the answer to another's request
/// ([AWS](https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorS3Origin.html)).
fn origin_request_policy(prefix: &Prefix) -> Resource {
    let config = json!({
        "Name": prefix.account_wide("cdn"),
        "CookiesConfig": { "CookieBehavior": "all" },
        "HeadersConfig": { "HeaderBehavior": "allExcept", "Headers": ["host"] },
        "QueryStringsConfig": { "QueryStringBehavior": "all" },
    });
    Resource::new("AWS::CloudFront::OriginRequestPolicy", json!({ "OriginRequestPolicyConfig": config }))
}

fn origin_access_control(prefix: &Prefix) -> Resource {
    let config = json!({
        "Name": prefix.account_wide("cdn"),
        "OriginAccessControlOriginType": "s3",
        "SigningBehavior": "always",
        "SigningProtocol": "sigv4",
    });
    Resource::new("AWS::CloudFront::OriginAccessControl", json!({ "OriginAccessControlConfig": config }))
}

/// The statuses for which CloudFront takes a time. Without one it keeps errors for 10 seconds, whoever they were for and
/// whatever they say
/// ([AWS](https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/custom-error-pages-expiration.html)).
const ERRORS: [u16; 11] = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];

/// By the ids that `viewer-request.js` chooses from.
fn origins(manifest: &Manifest, url: &dyn Fn(&str) -> Value) -> Vec<Value> {
    let objects = json!({
        "Id": "objects",
        "DomainName": substitute("${ObjectsBucket}.s3.${AWS::Region}.${AWS::URLSuffix}"),
        "OriginPath": either("HasPrefix", substitute("/${ObjectsPrefix}"), ""),
        "OriginAccessControlId": attribute("CdnAccess", "Id"),
        "S3OriginConfig": { "OriginAccessIdentity": "" },
    });
    let streaming = manifest.functions.iter().filter(|(_, entry)| streams(entry)).map(|(name, _)| {
        // `https://` and the host and `/`
        let host = json!({ "Fn::Select": [2, { "Fn::Split": ["/", url(name)] }] });
        on_request(&format!("stream-{name}"), &host)
    });
    let api = has_api(manifest).then(|| on_request("api", &substitute(api::host())));
    [objects].into_iter().chain(api).chain(streaming).collect()
}

/// An origin that answers on request, and believes CloudFront for the secret.
fn on_request(id: &str, host: &Value) -> Value {
    json!({
        "Id": id,
        "DomainName": host,
        "OriginCustomHeaders": [{
            "HeaderName": "x-wharf-origin-secret",
            "HeaderValue": reference("OriginSecret"),
        }],
        "CustomOriginConfig": {
            "OriginProtocolPolicy": "https-only",
            "OriginSSLProtocols": ["TLSv1.2"],
            // The most that CloudFront waits without a raised quota.
            "OriginReadTimeout": 60,
        },
    })
}

#[expect(clippy::needless_pass_by_value, reason = "the macro takes its arguments by reference")]
fn distribution(manifest: &Manifest, origins: Vec<Value>, prefix: &Prefix) -> Resource {
    let behavior = json!({
        "TargetOriginId": if has_api(manifest) { "api" } else { "objects" },
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
        "CachedMethods": ["GET", "HEAD"],
        "Compress": true,
        "CachePolicyId": reference("CdnCachePolicy"),
        "OriginRequestPolicyId": reference("CdnOriginRequestPolicy"),
        "FunctionAssociations": [{
            "EventType": "viewer-request",
            "FunctionARN": attribute("CdnViewerRequest", "FunctionMetadata.FunctionARN"),
        }],
    });
    let own_certificate = json!({
        "AcmCertificateArn": reference("CertificateArn"),
        "MinimumProtocolVersion": "TLSv1.2_2021",
        "SslSupportMethod": "sni-only",
    });
    let config = json!({
        "Comment": substitute(prefix.name("cdn")),
        "Enabled": true,
        "HttpVersion": "http2and3",
        "IPV6Enabled": true,
        "PriceClass": reference("PriceClass"),
        "WebACLId": only_if("HasWebAcl", reference("WebAclArn")),
        "Aliases": only_if("CdnHasDomain", json!([reference("Domain")])),
        "Origins": origins,
        "DefaultCacheBehavior": behavior,
        "CustomErrorResponses": ERRORS.map(|status| json!({ "ErrorCode": status, "ErrorCachingMinTTL": 0 })),
        "ViewerCertificate": either("CdnHasDomain", own_certificate, json!({ "CloudFrontDefaultCertificate": true })),
    });
    Resource::new("AWS::CloudFront::Distribution", json!({ "DistributionConfig": config }))
        .with_optional_parameter()
        .without_checks(&[
            (
                "CKV_AWS_86",
                "The API logs what the cache does not answer; logs of all requests are a matter of the account",
            ),
            ("CKV_AWS_174", "It is TLS 1.2 where there is a domain; the certificate of CloudFront's own has no choice"),
        ])
}

/// No `ListBucket`: an unknown key answers 403, and nobody learns which there are.
fn bucket_policy() -> Resource {
    let read = json!({
        "Sid": "CloudFront",
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Principal": { "Service": "cloudfront.amazonaws.com" },
        "Resource": bucket_arn("/objects/*"),
        "Condition": { "StringEquals": { "AWS:SourceArn": substitute(format!(
            "arn:${{AWS::Partition}}:cloudfront::${{AWS::AccountId}}:distribution/${{{CDN}}}"
        )) } },
    });
    let everything =
        ["", "/*"].map(|rest| substitute(format!("arn:${{AWS::Partition}}:s3:::${{ObjectsBucket}}{rest}")));
    let only_tls = json!({
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Action": "s3:*",
        "Principal": "*",
        "Resource": everything,
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    });
    let properties = json!({
        "Bucket": reference("ObjectsBucket"),
        "PolicyDocument": { "Version": "2012-10-17", "Statement": [read, only_tls] },
    });
    Resource::new("AWS::S3::BucketPolicy", properties)
}

/// The ARN of what stands in the bucket, in the folder of the deployment.
fn bucket_arn(rest: &str) -> Value {
    let arn = |folder: &str| substitute(format!("arn:${{AWS::Partition}}:s3:::${{ObjectsBucket}}{folder}{rest}"));
    either("HasPrefix", arn("/${ObjectsPrefix}"), arn(""))
}

/// What a user needs to reach CloudFront, and to tell it something.
pub(super) fn outputs() -> Vec<(String, Output)> {
    let outputs = [
        ("CdnUrl", "The address of CloudFront.", substitute(format!("https://${{{CDN}.DomainName}}"))),
        (
            "CdnTarget",
            "Where the DNS record of the domain points to, as an alias or a CNAME.",
            attribute(CDN, "DomainName"),
        ),
        ("CdnDistribution", "The id of the distribution.", reference(CDN)),
        ("CdnKeyValueStore", "The ARN of the KeyValueStore.", key_value_store_arn()),
    ];
    outputs.map(|(id, what, value)| (id.to_owned(), Output::new(what, value).only_if(CONDITION))).into()
}

//! The HTTP API: its OpenAPI body, what lets it call the functions, and its domain.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    function::KEY_OF_LOGS,
    has_api,
    names::{Prefix, logical_id_of},
    template::{Output, Resource, attribute, only_if, reference, substitute},
};
use crate::stages::manifest::Manifest;

/// The logical id of the API.
pub(super) const API: &str = "Api";

/// The API; `target` is the ARN of a function's alias.
pub(super) fn resources(
    manifest: &Manifest,
    prefix: &Prefix,
    target: &dyn Fn(&str) -> Value,
) -> Vec<(String, Resource)> {
    if !has_api(manifest) {
        return Vec::new();
    }
    let api = json!({
        "StageName": "$default",
        "FailOnWarnings": true,
        "DefaultRouteSettings": {
            "ThrottlingBurstLimit": reference("ThrottleBurst"),
            "ThrottlingRateLimit": reference("ThrottleRate"),
        },
        "DefinitionBody": body(manifest, prefix, target),
        "AccessLogSettings": only_if("HasAccessLog", json!({
            "DestinationArn": attribute("ApiAccessLog", "Arn"),
            "Format": access_log_format(),
        })),
    });
    // The name is that of logs which services of AWS deliver, which need no policy of their own.
    let logs = json!({
        "LogGroupName": substitute(format!("/aws/vendedlogs/{}", prefix.name("api"))),
        "RetentionInDays": reference("LogRetention"),
        "KmsKeyId": only_if("HasKmsKey", reference("KmsKeyArn")),
    });
    let logs = Resource::new("AWS::Logs::LogGroup", logs).only_if("HasAccessLog").without_checks(&[KEY_OF_LOGS]);
    let domain = json!({
        "DomainName": reference("Domain"),
        "DomainNameConfigurations": [{
            "CertificateArn": reference("CertificateArn"),
            "EndpointType": "REGIONAL",
            "SecurityPolicy": "TLS_1_2",
        }],
    });
    let mapping = json!({
        "ApiId": reference(API),
        "DomainName": reference("ApiDomain"),
        // The logical id that SAM gives to the stage.
        "Stage": reference("Api.Stage"),
    });
    let domain =
        Resource::new("AWS::ApiGatewayV2::DomainName", domain).only_if("ApiHasDomain").with_optional_parameter();
    let mut resources = vec![
        (API.to_owned(), Resource::new("AWS::Serverless::HttpApi", api).without_checks(&[LOGS_AS_ASKED])),
        ("ApiDomain".to_owned(), domain),
        ("ApiAccessLog".to_owned(), logs),
        ("ApiMapping".to_owned(), Resource::new("AWS::ApiGatewayV2::ApiMapping", mapping).only_if("ApiHasDomain")),
    ];
    resources.extend(answering(manifest).into_keys().map(|function| permission(function, target)));
    resources
}

/// What the API logs of a request: no query, header or body, which may hold secrets.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html>
const ACCESS_LOG: [(&str, &str); 12] = [
    ("requestId", "$context.requestId"),
    ("requestTime", "$context.requestTime"),
    ("sourceIp", "$context.identity.sourceIp"),
    ("method", "$context.httpMethod"),
    ("host", "$context.domainName"),
    ("path", "$context.path"),
    ("route", "$context.routeKey"),
    ("status", "$context.status"),
    ("responseLength", "$context.responseLength"),
    ("responseLatency", "$context.responseLatency"),
    ("integrationLatency", "$context.integrationLatency"),
    ("integrationError", "$context.integrationErrorMessage"),
];

const LOGS_AS_ASKED: (&str, &str) = ("CKV_AWS_95", "It logs unless the parameter AccessLog says otherwise");

fn access_log_format() -> String {
    Value::Object(ACCESS_LOG.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()).to_string()
}

/// The functions that the API calls, with the paths of each.
pub(super) fn answering(manifest: &Manifest) -> BTreeMap<&str, Vec<&str>> {
    let mut functions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (path, function) in &manifest.api {
        functions.entry(function).or_default().push(path);
    }
    functions
}

/// One a function, for all of its routes.
fn permission(function: &str, target: &dyn Fn(&str) -> Value) -> (String, Resource) {
    let properties = json!({
        "FunctionName": target(function),
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": substitute(format!(
            "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{API}}}/*/*"
        )),
    });
    (logical_id_of(function, "Permission"), Resource::new("AWS::Lambda::Permission", properties))
}

/// All routes in one resource: an `ANY` a path, and one integration a function.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html>
fn body(manifest: &Manifest, prefix: &Prefix, target: &dyn Fn(&str) -> Value) -> Value {
    let mut paths = Map::new();
    let mut integrations = Map::new();
    for (function, routes) in answering(manifest) {
        let any = json!({
            "x-amazon-apigateway-any-method": {
                "x-amazon-apigateway-integration": {
                    "$ref": format!("#/components/x-amazon-apigateway-integrations/{function}"),
                },
            },
        });
        paths.extend(routes.into_iter().map(|path| (path.to_owned(), any.clone())));
        integrations.insert(function.to_owned(), integration(target(function)));
    }
    json!({
        "openapi": "3.0.1",
        "info": { "title": substitute(prefix.name("api")), "version": manifest.app.version },
        "paths": paths,
        "components": { "x-amazon-apigateway-integrations": integrations },
    })
}

#[expect(clippy::needless_pass_by_value, reason = "the macro takes its arguments by reference")]
fn integration(target: Value) -> Value {
    let uri =
        "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function}/invocations";
    json!({
        "type": "aws_proxy",
        "httpMethod": "POST",
        "payloadFormatVersion": "2.0",
        "uri": { "Fn::Sub": [uri, { "Function": target }] },
    })
}

/// Where the API answers, for `Fn::Sub`.
pub(super) fn host() -> String {
    format!("${{{API}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}")
}

/// What a user needs to reach the API.
pub(super) fn outputs() -> Vec<(String, Output)> {
    let url = substitute(format!("https://{}", host()));
    let target = attribute("ApiDomain", "RegionalDomainName");
    vec![
        ("ApiUrl".to_owned(), Output::new("The address of the API.", url)),
        (
            "ApiDomainTarget".to_owned(),
            Output::new("Where the DNS record of the domain points to, as an alias or a CNAME.", target)
                .only_if("ApiHasDomain"),
        ),
    ]
}

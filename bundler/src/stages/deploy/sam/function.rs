//! The resources of one function.

use serde_json::{Map, Value, json};

use super::{
    names::{Prefix, concurrency_id, logical_id, logical_id_of, variable_id},
    stamps::Queue,
    template::{Resource, attribute, only_if, reference, substitute},
};
use crate::stages::{
    discover::{PSEUDO_PARAMETERS, PolicyStatement},
    manifest::{FunctionEntry, InvokeMode},
};

/// The alias that the API calls: a deployment publishes a version, and moves it.
pub(super) const ALIAS: &str = "live";

/// The ARN of a function's alias, in the stack of the function.
pub(super) fn alias(name: &str) -> Value {
    reference(&format!("{}.Alias", logical_id(name)))
}

/// How many resources a function is in the stack that it stands in, once SAM has added its version and its alias;
/// without what lets the API call it.
pub(super) fn resource_count(entry: &FunctionEntry) -> usize {
    // Function, version, alias, role, log group; URL and two permissions for it.
    if streams(entry) { 8 } else { 5 }
}

/// Whether it has a Function URL, the only way to Lambda on which an answer is streamed.
pub(super) fn streams(entry: &FunctionEntry) -> bool {
    entry.invoke_mode == InvokeMode::ResponseStream
}

/// The function with its role, its log group, and, if it streams, its URL. `root` is the way from the template to the
/// bundle's folder.
pub(super) fn resources(
    name: &str,
    entry: &FunctionEntry,
    prefix: &Prefix,
    root: &str,
    queue: &Queue,
) -> Vec<(String, Resource)> {
    let queue = entry.revalidates.then_some(queue);
    let mut resources = vec![
        (logical_id(name), function(name, entry, prefix, root, queue)),
        (logical_id_of(name, "Logs"), logs(name, prefix)),
        (logical_id_of(name, "Role"), role(name, entry, queue)),
    ];
    if streams(entry) {
        resources.extend(url(name));
    }
    resources
}

fn function(name: &str, entry: &FunctionEntry, prefix: &Prefix, root: &str, queue: Option<&Queue>) -> Resource {
    let mut properties = json!({
        "FunctionName": substitute(prefix.name(name)),
        "Description": entry.description,
        // A change of settings is a version too, and not only one of the code.
        "AutoPublishAliasAllProperties": true,
        "CodeUri": format!("{root}{}", entry.zip),
        "Runtime": entry.runtime,
        "Handler": entry.handler,
        "Architectures": [entry.architecture],
        "MemorySize": entry.memory,
        "Timeout": entry.timeout,
        "Role": attribute(&logical_id_of(name, "Role"), "Arn"),
        "LoggingConfig": {
            "LogFormat": "JSON",
            "LogGroup": reference(&logical_id_of(name, "Logs")),
            "ApplicationLogLevel": reference("LogLevel"),
        },
    });
    if let Some(number) = entry.reserved_concurrency.map(|_| reference(&concurrency_id(name))) {
        properties["ReservedConcurrentExecutions"] = number;
    }
    let variables = variables(entry, queue);
    if !variables.is_empty() {
        properties["Environment"] = json!({ "Variables": variables });
    }
    Resource::new("AWS::Serverless::Function", properties).without_checks(&[
        ("CKV_AWS_115", "Its share of the account's concurrency is a matter of the account"),
        ("CKV_AWS_116", "HTTP calls are synchronous, and a dead letter queue is for asynchronous ones"),
        ("CKV_AWS_117", "An app that needs a VPC is rare, and pays for it with a NAT gateway"),
        KEY_OF_VARIABLES,
    ])
}

/// Beside the variables of all functions, which stand in the globals.
fn variables(entry: &FunctionEntry, queue: Option<&Queue>) -> Map<String, Value> {
    let own = entry.environment.iter().map(|name| (name.clone(), reference(&variable_id(name))));
    let queue =
        queue.map(|Queue { condition, url, .. }| ("WHARF_STAMP_QUEUE".to_owned(), only_if(condition, url.clone())));
    own.chain(queue).collect()
}

pub(super) const KEY_OF_VARIABLES: (&str, &str) =
    ("CKV_AWS_173", "The parameter KmsKeyArn names a key; Lambda encrypts the environment with its own without it");

pub(super) const KEY_OF_LOGS: (&str, &str) =
    ("CKV_AWS_158", "The parameter KmsKeyArn names a key; CloudWatch encrypts logs with its own without it");

/// Of our own, so that its logs are not kept for ever; under the name that Lambda and its tools expect.
fn logs(name: &str, prefix: &Prefix) -> Resource {
    let properties = json!({
        "LogGroupName": substitute(format!("/aws/lambda/{}", prefix.name(name))),
        "RetentionInDays": reference("LogRetention"),
        "KmsKeyId": only_if("HasKmsKey", reference("KmsKeyArn")),
    });
    Resource::new("AWS::Logs::LogGroup", properties).without_checks(&[KEY_OF_LOGS])
}

/// A role of its own: it writes to the log group of this function and to no other, and what one function is allowed
/// later is not allowed to all.
fn role(name: &str, entry: &FunctionEntry, queue: Option<&Queue>) -> Resource {
    let logs = json!({
        "PolicyName": "logs",
        "PolicyDocument": policy(&json!({
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": attribute(&logical_id_of(name, "Logs"), "Arn"),
        })),
    });
    // X-Ray knows no resources. https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
    let traces = json!({
        "PolicyName": "traces",
        "PolicyDocument": policy(&json!({
            "Effect": "Allow",
            "Action": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
            "Resource": "*",
        })),
    });
    let stamps = queue.map(|Queue { condition, arn, .. }| {
        let stamps = json!({
            "PolicyName": "stamps",
            "PolicyDocument": policy(&json!({ "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn })),
        });
        only_if(condition, stamps)
    });
    let own = (!entry.policy_statements.is_empty()).then(|| {
        let statements = entry.policy_statements.iter().map(statement);
        let document = json!({ "Version": "2012-10-17", "Statement": statements.collect::<Vec<_>>() });
        json!({ "PolicyName": "function", "PolicyDocument": document })
    });
    let policies: Vec<Value> = [logs, only_if("Traced", traces)].into_iter().chain(stamps).chain(own).collect();
    let properties = json!({
        "AssumeRolePolicyDocument": trust(),
        "ManagedPolicyArns": only_if("HasPolicies", reference("Policies")),
        "Policies": policies,
    });
    let role = Resource::new("AWS::IAM::Role", properties);
    // In a nested stack the ARN of the queue is an optional parameter.
    if queue.is_some() { role.with_optional_parameter() } else { role }
}

/// A statement of the app's, with the variables that it names as the parameters that they are here.
fn statement(statement: &PolicyStatement) -> Value {
    let resource = |text: &String| {
        let mut parts = text.split("${");
        let first = parts.next().unwrap_or_default().to_owned();
        let filled = parts.fold(first, |text, part| match part.split_once('}') {
            Some((name, rest)) if PSEUDO_PARAMETERS.contains(&name) => format!("{text}${{{name}}}{rest}"),
            Some((name, rest)) => format!("{text}${{{}}}{rest}", variable_id(name)),
            None => format!("{text}${{{part}"),
        });
        if filled.contains("${") { substitute(filled) } else { filled.into() }
    };
    let resources: Vec<Value> = statement.resources.iter().map(resource).collect();
    json!({ "Effect": "Allow", "Action": statement.actions, "Resource": resources })
}

/// Lambda takes on the role.
pub(super) fn trust() -> Value {
    policy(&json!({
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": { "Service": "lambda.amazonaws.com" },
    }))
}

pub(super) fn policy(statement: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

/// The Function URL. Since October 2025 a public one needs both permissions.
/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html>
fn url(name: &str) -> [(String, Resource); 3] {
    let alias = alias(name);
    let url = json!({ "TargetFunctionArn": alias, "AuthType": "NONE", "InvokeMode": "RESPONSE_STREAM" });
    let ask = json!({
        "FunctionName": alias,
        "Action": "lambda:InvokeFunctionUrl",
        "Principal": "*",
        "FunctionUrlAuthType": "NONE",
    });
    let invoke = json!({
        "FunctionName": alias,
        "Action": "lambda:InvokeFunction",
        "Principal": "*",
        "InvokedViaFunctionUrl": true,
    });
    [
        (
            logical_id_of(name, "Url"),
            // CloudFront would sign in the header `authorization`, and refuse bodies without `x-amz-content-sha256`.
            Resource::new("AWS::Lambda::Url", url)
                .without_checks(&[("CKV_AWS_258", "The function asks for the origin secret instead")]),
        ),
        (logical_id_of(name, "UrlAccess"), Resource::new("AWS::Lambda::Permission", ask)),
        (logical_id_of(name, "UrlInvocation"), Resource::new("AWS::Lambda::Permission", invoke)),
    ]
}

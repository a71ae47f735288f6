//! What functions revalidate, on its way to the CDN: a queue, and the one function that may write to its store.

use serde_json::{Map, Value, json};

use super::{
    cdn,
    function::{ALIAS, KEY_OF_LOGS, KEY_OF_VARIABLES, policy, trust},
    names::Prefix,
    template::{Output, Resource, attribute, only_if, reference, substitute},
};
use crate::stages::manifest::{Manifest, StampWriterEntry};

/// The logical ids. None ends as those of functions and of what belongs to them do.
const QUEUE: &str = "StampQueue";
const LOST: &str = "StampsLost";
const WRITER: &str = "StampsWriter";
const LOGS: &str = "StampsWriterLog";
const ROLE: &str = "StampsWriterRights";

/// The name of the function behind the app and the stage: none of a route has a `_`.
const NAME: &str = "stamp_writer";

/// The queue as functions know it that send to it.
pub(super) struct Queue {
    /// The condition under which there is one.
    pub(super) condition: &'static str,
    pub(super) url: Value,
    pub(super) arn: Value,
}

/// The queue, in the template that makes it. It depends on nothing else of it, so that functions may depend on it.
pub(super) fn queue() -> Queue {
    Queue { condition: cdn::CONDITION, url: reference(QUEUE), arn: attribute(QUEUE, "Arn") }
}

/// None where no function revalidates.
pub(super) fn resources(manifest: &Manifest, prefix: &Prefix) -> Vec<(String, Resource)> {
    let Some(entry) = &manifest.stamp_writer else { return Vec::new() };
    let resources = [
        (QUEUE, queue_of(entry, prefix)),
        (LOST, lost(prefix)),
        (WRITER, writer(entry, manifest, prefix)),
        (LOGS, logs(prefix)),
        (ROLE, role()),
        ("StampsMapping", mapping(entry)),
    ];
    resources.map(|(id, resource)| (id.to_owned(), resource.only_if(cdn::CONDITION))).into()
}

fn queue_of(entry: &StampWriterEntry, prefix: &Prefix) -> Resource {
    let properties = json!({
        "QueueName": substitute(prefix.name("stamps")),
        // Six times the timeout of the function that reads it, as AWS advises:
        // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        "VisibilityTimeout": 6 * entry.timeout,
        "MessageRetentionPeriod": 86_400,
        "SqsManagedSseEnabled": true,
        "RedrivePolicy": { "deadLetterTargetArn": attribute(LOST, "Arn"), "maxReceiveCount": 5 },
    });
    Resource::new("AWS::SQS::Queue", properties).without_checks(&[SSE])
}

/// What could not be written five times.
fn lost(prefix: &Prefix) -> Resource {
    let properties = json!({
        "QueueName": substitute(prefix.name("lost-stamps")),
        "MessageRetentionPeriod": 1_209_600,
        "SqsManagedSseEnabled": true,
    });
    Resource::new("AWS::SQS::Queue", properties).without_checks(&[SSE])
}

const SSE: (&str, &str) = ("CKV_AWS_27", "SQS encrypts it with its own key; it holds numbers");

fn writer(entry: &StampWriterEntry, manifest: &Manifest, prefix: &Prefix) -> Resource {
    // The variables of all functions, which stand in the globals, are none of its: it holds no code of the app.
    let of_others = super::variables(manifest).into_iter().map(|(name, _)| (name, reference("AWS::NoValue")));
    let mut variables: Map<String, Value> = of_others.collect();
    variables.insert("WHARF_KEY_VALUE_STORE".to_owned(), cdn::key_value_store_arn());
    let properties = json!({
        "FunctionName": substitute(prefix.name(NAME)),
        "Description": entry.description,
        "AutoPublishAliasAllProperties": true,
        "CodeUri": entry.zip,
        "Runtime": entry.runtime,
        "Handler": entry.handler,
        "Architectures": [entry.architecture],
        "MemorySize": entry.memory,
        "Timeout": entry.timeout,
        "Role": attribute(ROLE, "Arn"),
        "LoggingConfig": {
            "LogFormat": "JSON",
            "LogGroup": reference(LOGS),
            "ApplicationLogLevel": reference("LogLevel"),
        },
        "Environment": { "Variables": variables },
        "KmsKeyArn": only_if("HasKmsKey", reference("KmsKeyArn")),
        "Tracing": reference("Tracing"),
        "AutoPublishAlias": ALIAS,
    });
    Resource::new("AWS::Serverless::Function", properties).without_checks(&[
        ("CKV_AWS_115", "The mapping of its queue lets two run at once"),
        ("CKV_AWS_116", "Its queue has a dead letter queue"),
        ("CKV_AWS_117", "It asks nothing but AWS"),
        KEY_OF_VARIABLES,
    ])
}

fn logs(prefix: &Prefix) -> Resource {
    let properties = json!({
        "LogGroupName": substitute(format!("/aws/lambda/{}", prefix.name(NAME))),
        "RetentionInDays": reference("LogRetention"),
        "KmsKeyId": only_if("HasKmsKey", reference("KmsKeyArn")),
    });
    Resource::new("AWS::Logs::LogGroup", properties).without_checks(&[KEY_OF_LOGS])
}

fn role() -> Resource {
    let named = |name: &str, actions: &[&str], resource: Value| {
        let statement = json!({ "Effect": "Allow", "Action": actions, "Resource": resource });
        json!({ "PolicyName": name, "PolicyDocument": policy(&statement) })
    };
    let logs = ["logs:CreateLogStream", "logs:PutLogEvents"];
    let receive = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudfrontkeyvaluestore.html
    let write = [
        "cloudfront-keyvaluestore:DescribeKeyValueStore",
        "cloudfront-keyvaluestore:GetKey",
        "cloudfront-keyvaluestore:UpdateKeys",
    ];
    // X-Ray knows no resources.
    let traces = named("traces", &["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*".into());
    let properties = json!({
        "AssumeRolePolicyDocument": trust(),
        "Policies": [
            named("logs", &logs, attribute(LOGS, "Arn")),
            only_if("Traced", traces),
            named("messages", &receive, attribute(QUEUE, "Arn")),
            named("stamps", &write, cdn::key_value_store_arn()),
        ],
    });
    Resource::new("AWS::IAM::Role", properties)
}

fn mapping(entry: &StampWriterEntry) -> Resource {
    let properties = json!({
        "EventSourceArn": attribute(QUEUE, "Arn"),
        "FunctionName": reference(&format!("{WRITER}.Alias")),
        "BatchSize": entry.batch_size,
        "MaximumBatchingWindowInSeconds": entry.batch_window,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        // Two that write at once have to wait for each other; Lambda takes no less.
        "ScalingConfig": { "MaximumConcurrency": 2 },
    });
    Resource::new("AWS::Lambda::EventSourceMapping", properties)
}

/// Where to look when an older answer stays.
pub(super) fn outputs(manifest: &Manifest) -> Option<(String, Output)> {
    manifest.stamp_writer.as_ref()?;
    let what = "The queue of what was revalidated and could not be told to CloudFront.";
    Some(("StampsLostQueue".to_owned(), Output::new(what, reference(LOST)).only_if(cdn::CONDITION)))
}

//! What a deployment can choose: the parameters of the templates, with their rules and conditions.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    has_api,
    names::{concurrency_id, longest_stage, variable_id},
    template::{Parameter, both, equals, not, reference},
};
use crate::stages::manifest::{FunctionEntry, Manifest};

/// Those of the template that the user deploys.
pub(super) fn of_root(manifest: &Manifest) -> BTreeMap<String, Parameter> {
    let mut parameters = if has_api(manifest) { of_part(manifest) } else { named([("Stage", stage())]) };
    if let Some(stage) = parameters.get_mut("Stage") {
        // For which the longest name of a function still is one that Lambda takes.
        stage.max_length = Some(longest_stage(manifest));
    }
    parameters.extend([("Domain".to_owned(), domain()), ("CertificateArn".to_owned(), certificate())]);
    parameters.extend(of_cdn());
    if has_api(manifest) {
        parameters.insert("AccessLog".to_owned(), access_log());
        parameters.extend(throttle());
        // Those of functions in nested stacks are handed on.
        parameters.extend(of_single_functions(manifest.functions.iter().map(|(name, entry)| (name.as_str(), entry))));
    } else if let Some(bucket) = parameters.get_mut("ObjectsBucket") {
        // Nothing else answers for pages.
        bucket.description =
            "The bucket that `cargo bundle upload` has filled, in the region of the stack; the stack sets its policy."
                .to_owned();
        bucket.default = None;
    }
    parameters
}

/// Those of a nested stack, all of which the root hands on.
pub(super) fn of_part(manifest: &Manifest) -> BTreeMap<String, Parameter> {
    let mut parameters = of_functions();
    parameters.insert("Domain".to_owned(), domain());
    parameters.extend(manifest.app.environment.iter().map(|variable| {
        let parameter = Parameter {
            kind: "String",
            description: format!("The environment variable {variable} of every function."),
            no_echo: true,
            ..Parameter::default()
        };
        (variable_id(variable), parameter)
    }));
    parameters
}

/// The URL by which a nested stack knows the queue of stamps, where one of its functions sends to it.
pub(super) const STAMP_QUEUE: &str = "StampQueue";

/// The ARN of the same.
pub(super) const STAMP_QUEUE_ARN: &str = "StampQueueArn";

/// The condition under which there is one.
pub(super) const HAS_STAMP_QUEUE: &str = "HasStampQueue";

/// The parameters of these names.
pub(super) fn stamp_queue() -> BTreeMap<String, Parameter> {
    let parameter = |what: &str| Parameter {
        kind: "String",
        description: format!("The {what} of the queue of the stamp writer; empty without CloudFront."),
        ..Parameter::default()
    };
    named([(STAMP_QUEUE, parameter("URL")), (STAMP_QUEUE_ARN, parameter("ARN"))])
}

/// Those of single functions: the variables that only they have, and how many of them run at once.
pub(super) fn of_single_functions<'m>(
    functions: impl Iterator<Item = (&'m str, &'m FunctionEntry)>,
) -> BTreeMap<String, Parameter> {
    let mut parameters = BTreeMap::new();
    for (name, entry) in functions {
        for variable in &entry.environment {
            let description = format!("The environment variable {variable} of single functions.");
            let parameter = Parameter { kind: "String", description, no_echo: true, ..Parameter::default() };
            parameters.entry(variable_id(variable)).or_insert(parameter);
        }
        if let Some(number) = entry.reserved_concurrency {
            let parameter = Parameter {
                kind: "Number",
                description: format!("How many of {name} run at once, at most and whatever others do."),
                default: Some(number.into()),
                min_value: Some(0),
                ..Parameter::default()
            };
            parameters.insert(concurrency_id(name), parameter);
        }
    }
    parameters
}

/// As many as the module for Terraform lets through: the quotas of a new account.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
fn throttle() -> BTreeMap<String, Parameter> {
    let parameter = |what: &str, default: u32| Parameter {
        kind: "Number",
        description: format!("How many requests {what} the API lets through to the functions."),
        default: Some(default.into()),
        min_value: Some(1),
        ..Parameter::default()
    };
    named([("ThrottleBurst", parameter("at once", 5_000)), ("ThrottleRate", parameter("a second", 10_000))])
}

fn access_log() -> Parameter {
    Parameter {
        kind: "String",
        description: "Whether the API logs every request.".to_owned(),
        default: Some("true".into()),
        allowed_values: values(&["true", "false"]),
        ..Parameter::default()
    }
}

/// Functions know it, too, as the host of the app.
fn domain() -> Parameter {
    Parameter {
        kind: "String",
        description:
            "A domain of your own, as shop.example.com, for CloudFront where there is one and else for the API; \
                      none without it."
                .to_owned(),
        default: Some("".into()),
        ..Parameter::default()
    }
}

fn certificate() -> Parameter {
    Parameter {
        kind: "String",
        description:
            "The certificate of the domain in AWS Certificate Manager: with CloudFront in us-east-1, else in the \
                      region of the stack."
                .to_owned(),
        default: Some("".into()),
        ..Parameter::default()
    }
}

fn of_cdn() -> BTreeMap<String, Parameter> {
    named([
        (
            "ObjectsBucket",
            Parameter {
                kind: "String",
                description:
                    "The bucket that `cargo bundle upload` has filled, in the region of the stack; the stack sets its \
                              policy. With it there is a CloudFront distribution; none without it."
                        .to_owned(),
                default: Some("".into()),
                ..Parameter::default()
            },
        ),
        (
            "ObjectsPrefix",
            Parameter {
                kind: "String",
                description: "The folder in the bucket, as wharf or shop/live; none without it.".to_owned(),
                default: Some("".into()),
                allowed_pattern: Some("([a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+)*)?"),
                constraint_description: Some("folders as in shop/live, without a slash at either end"),
                ..Parameter::default()
            },
        ),
        (
            "PriceClass",
            Parameter {
                kind: "String",
                description: "In which edge locations CloudFront answers.".to_owned(),
                default: Some("PriceClass_All".into()),
                allowed_values: values(&["PriceClass_100", "PriceClass_200", "PriceClass_All"]),
                ..Parameter::default()
            },
        ),
        (
            "WebAclArn",
            Parameter {
                kind: "String",
                description: "A web ACL of WAF for CloudFront, made in us-east-1; none without it.".to_owned(),
                default: Some("".into()),
                ..Parameter::default()
            },
        ),
    ])
}

fn values(values: &[&str]) -> Vec<Value> {
    values.iter().map(|value| Value::from(*value)).collect()
}

/// What a nested stack gets for its parameter of this name.
pub(super) fn passed_on(name: &str) -> Value {
    match name {
        // A list is handed on as the text that it was written as.
        "Policies" => json!({ "Fn::Join": [",", reference(name)] }),
        _ => reference(name),
    }
}

fn stage() -> Parameter {
    Parameter {
        kind: "String",
        description: "Tells this deployment from others of the app in the account and region; a part of the names of \
                      what is deployed."
            .to_owned(),
        default: Some("prod".into()),
        allowed_pattern: Some("[a-z0-9]([a-z0-9-]*[a-z0-9])?"),
        constraint_description: Some("lower-case letters, digits and hyphens"),
        ..Parameter::default()
    }
}

fn of_functions() -> BTreeMap<String, Parameter> {
    named([
        ("Stage", stage()),
        (
            "LogLevel",
            Parameter {
                kind: "String",
                description: "The least important lines that the functions log.".to_owned(),
                default: Some("INFO".into()),
                allowed_values: values(&["TRACE", "DEBUG", "INFO", "WARN", "ERROR"]),
                ..Parameter::default()
            },
        ),
        (
            "LogRetention",
            Parameter {
                kind: "Number",
                description: "Days that logs are kept.".to_owned(),
                default: Some(30.into()),
                // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
                allowed_values: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653]
                    .map(Value::from)
                    .into(),
                ..Parameter::default()
            },
        ),
        (
            "Tracing",
            Parameter {
                kind: "String",
                description: "Active: every function is traced with X-Ray.".to_owned(),
                default: Some("PassThrough".into()),
                allowed_values: values(&["PassThrough", "Active"]),
                ..Parameter::default()
            },
        ),
        (
            "OriginSecret",
            secret("What CloudFront proves itself with to the functions, as openssl rand -hex 32 makes one."),
        ),
        (
            "OriginSecretRotation",
            secret("A second secret that the functions accept, while the OriginSecret is being changed."),
        ),
        (
            "RequireOrigin",
            Parameter {
                kind: "String",
                description: "Whether functions refuse requests without the OriginSecret, where there is one."
                    .to_owned(),
                default: Some("true".into()),
                allowed_values: values(&["true", "false"]),
                ..Parameter::default()
            },
        ),
        (
            "KmsKeyArn",
            Parameter {
                kind: "String",
                description:
                    "A key that encrypts logs and environment variables, whose policy lets CloudWatch Logs use \
                              it; the keys of AWS without it."
                        .to_owned(),
                default: Some("".into()),
                allowed_pattern: Some("(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+)?"),
                constraint_description: Some("the ARN of a key, arn:aws:kms:…:key/…"),
                ..Parameter::default()
            },
        ),
        (
            "Policies",
            Parameter {
                kind: "CommaDelimitedList",
                description: "ARNs of managed policies that every function gets besides the right to write its logs."
                    .to_owned(),
                default: Some("".into()),
                ..Parameter::default()
            },
        ),
    ])
}

/// The same rule as that of the functions.
fn secret(description: &str) -> Parameter {
    Parameter {
        kind: "String",
        description: description.to_owned(),
        default: Some("".into()),
        allowed_pattern: Some("([!-~]{32,256})?"),
        constraint_description: Some("32 to 256 visible ASCII characters"),
        no_echo: true,
        ..Parameter::default()
    }
}

/// Checked before anything is made.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html>
pub(super) fn rules(manifest: &Manifest) -> BTreeMap<String, Value> {
    let given = |parameter: &str| not(&equals(parameter, ""));
    let needs = |parameter: &str, other: &str| {
        json!({
            "RuleCondition": given(parameter),
            "Assertions": [{
                "Assert": given(other),
                "AssertDescription": format!("{parameter} needs {other}."),
            }],
        })
    };
    let mut rules = named([("DomainHasCertificate", needs("Domain", "CertificateArn"))]);
    if has_api(manifest) {
        rules.insert("CdnHasSecret".to_owned(), needs("ObjectsBucket", "OriginSecret"));
        rules.insert("RotationHasSecret".to_owned(), needs("OriginSecretRotation", "OriginSecret"));
    }
    rules
}

pub(super) fn conditions_of_root(manifest: &Manifest) -> BTreeMap<String, Value> {
    let condition = |name: &str| json!({ "Condition": name });
    let mut conditions = named([
        ("HasCdn", not(&equals("ObjectsBucket", ""))),
        ("HasDomain", not(&equals("Domain", ""))),
        ("HasPrefix", not(&equals("ObjectsPrefix", ""))),
        ("HasWebAcl", not(&equals("WebAclArn", ""))),
        ("CdnHasDomain", both(&condition("HasDomain"), &condition("HasCdn"))),
    ]);
    if has_api(manifest) {
        conditions.extend([has_key()]);
        conditions.insert("HasAccessLog".to_owned(), equals("AccessLog", "true"));
        conditions.insert("ApiHasDomain".to_owned(), both(&condition("HasDomain"), &not(&condition("HasCdn"))));
    }
    conditions
}

pub(super) fn conditions_of_functions() -> BTreeMap<String, Value> {
    let policies = json!({ "Fn::Join": ["", reference("Policies")] });
    named([
        ("HasPolicies", not(&json!({ "Fn::Equals": [policies, ""] }))),
        ("HasHosts", not(&equals("Domain", ""))),
        ("HasRotation", not(&equals("OriginSecretRotation", ""))),
        ("HasSecret", not(&equals("OriginSecret", ""))),
        ("RefusesOthers", both(&not(&equals("OriginSecret", "")), &equals("RequireOrigin", "true"))),
    ])
    .into_iter()
    .chain([has_key(), traced()])
    .collect()
}

/// The condition under which a key of the account encrypts logs and variables.
pub(super) fn has_key() -> (String, Value) {
    ("HasKmsKey".to_owned(), not(&equals("KmsKeyArn", "")))
}

/// The condition under which functions may write traces.
pub(super) fn traced() -> (String, Value) {
    ("Traced".to_owned(), equals("Tracing", "Active"))
}

fn named<T, const N: usize>(entries: [(&str, T); N]) -> BTreeMap<String, T> {
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// How the console and `sam deploy --guided` show the parameters.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cloudformation-interface.html>
pub(super) fn groups(manifest: &Manifest) -> Map<String, Value> {
    let variables: Vec<String> = manifest.app.environment.iter().map(|variable| variable_id(variable)).collect();
    let variables: Vec<&str> = variables.iter().map(String::as_str).collect();
    let known = of_root(manifest);
    let single = of_single_functions(manifest.functions.iter().map(|(name, entry)| (name.as_str(), entry)));
    let single: Vec<&str> = single.keys().map(String::as_str).filter(|id| !variables.contains(id)).collect();
    let group = |label: &str, parameters: &[&str]| {
        let parameters: Vec<&str> = parameters.iter().copied().filter(|name| known.contains_key(*name)).collect();
        let group = json!({ "Label": { "default": label }, "Parameters": parameters });
        (!parameters.is_empty()).then_some(group)
    };
    let groups: Vec<Option<Value>> = vec![
        group("Deployment", &["Stage"]),
        group("Environment", &variables),
        group("Functions", &["KmsKeyArn", "Policies", "Tracing"]),
        group("Single functions", &single),
        group("API", &["ThrottleRate", "ThrottleBurst"]),
        group("Logs", &["AccessLog", "LogLevel", "LogRetention"]),
        group(
            "CloudFront",
            &[
                "ObjectsBucket",
                "ObjectsPrefix",
                "OriginSecret",
                "OriginSecretRotation",
                "RequireOrigin",
                "PriceClass",
                "WebAclArn",
            ],
        ),
        group("Domain", &["Domain", "CertificateArn"]),
    ];
    let groups: Vec<Value> = groups.into_iter().flatten().collect();
    Map::from_iter([("AWS::CloudFormation::Interface".to_owned(), json!({ "ParameterGroups": groups }))])
}

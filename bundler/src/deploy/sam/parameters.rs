//! What a deployment can choose: the parameters of the templates, with their rules and conditions.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    names::longest_stage,
    template::{Parameter, equals, not, reference},
};
use crate::manifest::Manifest;

/// The parameters that a nested stack gets from the root.
pub(super) const PASSED_ON: [&str; 5] = ["LogLevel", "LogRetention", "Policies", "Stage", "Tracing"];

/// Those of the template that the user deploys.
pub(super) fn of_root(manifest: &Manifest) -> BTreeMap<String, Parameter> {
    let mut parameters = of_functions();
    if let Some(stage) = parameters.get_mut("Stage") {
        // For which the longest name of a function still is one that Lambda takes.
        stage.max_length = Some(longest_stage(manifest));
    }
    parameters.extend(named([
        (
            "Domain",
            Parameter {
                kind: "String",
                description: "A domain of your own, as api.example.com; none without it.".to_owned(),
                default: Some("".into()),
                ..Parameter::default()
            },
        ),
        (
            "CertificateArn",
            Parameter {
                kind: "String",
                description: "The certificate of the domain in AWS Certificate Manager, in the region of the stack."
                    .to_owned(),
                default: Some("".into()),
                ..Parameter::default()
            },
        ),
    ]));
    parameters
}

/// Those of a nested stack.
pub(super) fn of_part() -> BTreeMap<String, Parameter> {
    of_functions()
}

/// What a nested stack gets for its parameter of this name.
pub(super) fn passed_on(name: &str) -> Value {
    match name {
        // A list is handed on as the text that it was written as.
        "Policies" => json!({ "Fn::Join": [",", reference(name)] }),
        _ => reference(name),
    }
}

fn of_functions() -> BTreeMap<String, Parameter> {
    let values = |values: &[&str]| values.iter().map(|value| Value::from(*value)).collect();
    named([
        (
            "Stage",
            Parameter {
                kind: "String",
                description: "Tells this deployment from others of the app in the account and region; a part of the \
                              names of functions and log groups."
                    .to_owned(),
                default: Some("prod".into()),
                allowed_pattern: Some("[a-z0-9]([a-z0-9-]*[a-z0-9])?"),
                constraint_description: Some("lower-case letters, digits and hyphens"),
                ..Parameter::default()
            },
        ),
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

/// Checked before anything is made.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html>
pub(super) fn rules() -> BTreeMap<String, Value> {
    let given = |parameter: &str| not(&equals(parameter, ""));
    named([(
        "DomainHasCertificate",
        json!({
            "RuleCondition": given("Domain"),
            "Assertions": [{
                "Assert": given("CertificateArn"),
                "AssertDescription": "Domain needs a CertificateArn.",
            }],
        }),
    )])
}

pub(super) fn conditions_of_root() -> BTreeMap<String, Value> {
    named([("ApiHasDomain", not(&equals("Domain", "")))])
}

pub(super) fn conditions_of_functions() -> BTreeMap<String, Value> {
    let policies = json!({ "Fn::Join": ["", reference("Policies")] });
    named([("HasPolicies", not(&json!({ "Fn::Equals": [policies, ""] }))), ("Traced", equals("Tracing", "Active"))])
}

fn named<T, const N: usize>(entries: [(&str, T); N]) -> BTreeMap<String, T> {
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// How the console and `sam deploy --guided` show the parameters.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cloudformation-interface.html>
pub(super) fn groups() -> Map<String, Value> {
    let group = |label: &str, parameters: &[&str]| json!({ "Label": { "default": label }, "Parameters": parameters });
    let groups = [
        group("Deployment", &["Stage"]),
        group("Functions", &["Policies", "LogLevel", "LogRetention", "Tracing"]),
        group("Domain", &["Domain", "CertificateArn"]),
    ];
    Map::from_iter([("AWS::CloudFormation::Interface".to_owned(), json!({ "ParameterGroups": groups }))])
}

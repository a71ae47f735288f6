//! The shape of a SAM template, and the intrinsic functions that ours use.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

/// A template.
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy.html>
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Template {
    #[serde(rename = "AWSTemplateFormatVersion")]
    pub(super) format_version: &'static str,
    pub(super) transform: &'static str,
    pub(super) description: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) metadata: Map<String, Value>,
    pub(super) parameters: BTreeMap<String, Parameter>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) rules: BTreeMap<String, Value>,
    pub(super) conditions: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) globals: Map<String, Value>,
    pub(super) resources: BTreeMap<String, Resource>,
    pub(super) outputs: BTreeMap<String, Output>,
}

/// A parameter of a template.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Parameter {
    #[serde(rename = "Type")]
    pub(super) kind: &'static str,
    pub(super) description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) default: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) allowed_values: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) allowed_pattern: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_length: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) min_value: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) constraint_description: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) no_echo: bool,
}

/// A resource of a template.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Resource {
    #[serde(rename = "Type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<&'static str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    depends_on: &'static [&'static str],
    #[serde(skip_serializing_if = "Map::is_empty")]
    metadata: Map<String, Value>,
    properties: Value,
}

impl Resource {
    pub(super) fn new(kind: &'static str, properties: Value) -> Self {
        Self { kind, condition: None, depends_on: &[], metadata: Map::new(), properties }
    }

    /// Made only when this condition holds.
    #[must_use]
    pub(super) fn only_if(mut self, condition: &'static str) -> Self {
        self.condition = Some(condition);
        self
    }

    /// Made and changed only after these.
    #[must_use]
    pub(super) fn after(mut self, resources: &'static [&'static str]) -> Self {
        self.depends_on = resources;
        self
    }

    /// Not measured by the default of an optional parameter, none, which the linter takes for its value.
    #[must_use]
    pub(super) fn with_optional_parameter(mut self) -> Self {
        self.metadata.insert("cfn-lint".to_owned(), json!({ "config": { "ignore_checks": ["W1030"] } }));
        self
    }

    /// Not measured by these checks of checkov, each with its reason.
    /// <https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html>
    #[must_use]
    pub(super) fn without_checks(mut self, checks: &[(&str, &str)]) -> Self {
        let skip = checks.iter().map(|(id, reason)| json!({ "id": id, "comment": reason }));
        self.metadata.insert("checkov".to_owned(), json!({ "skip": skip.collect::<Vec<_>>() }));
        self
    }
}

/// An output of a template.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<&'static str>,
    value: Value,
}

impl Output {
    pub(super) fn new(description: impl Into<String>, value: Value) -> Self {
        Self { description: description.into(), condition: None, value }
    }

    /// Present only when this condition holds.
    #[must_use]
    pub(super) fn only_if(mut self, condition: &'static str) -> Self {
        self.condition = Some(condition);
        self
    }
}

impl Template {
    /// The resources that CloudFormation sees, once SAM has added a version and an alias to each function and a stage to
    /// the API.
    pub(super) fn resource_count(&self) -> usize {
        let count = |resource: &Resource| match resource.kind {
            "AWS::Serverless::Function" => 3,
            "AWS::Serverless::HttpApi" => 2,
            _ => 1,
        };
        self.resources.values().map(count).sum()
    }

    /// The template as YAML, with `comment` above it, a `#` before each of its lines.
    pub(super) fn yaml(&self, comment: &str) -> String {
        let comment: String = comment.lines().map(|line| format!("# {line}").trim_end().to_owned() + "\n").collect();
        // The keys of a template are all text, so that it always has a YAML form.
        let text = serde_saphyr::to_string(self).unwrap_or_default();
        comment + &text
    }
}

pub(super) fn reference(name: &str) -> Value {
    json!({ "Ref": name })
}

pub(super) fn attribute(resource: &str, name: &str) -> Value {
    json!({ "Fn::GetAtt": [resource, name] })
}

pub(super) fn substitute(text: impl Into<String>) -> Value {
    json!({ "Fn::Sub": text.into() })
}

/// One value where the condition holds, and the other where it does not.
pub(super) fn either(condition: &str, value: impl Into<Value>, otherwise: impl Into<Value>) -> Value {
    json!({ "Fn::If": [condition, value.into(), otherwise.into()] })
}

/// `value` where the condition holds; otherwise as if the property was not there.
pub(super) fn only_if(condition: &str, value: impl Into<Value>) -> Value {
    either(condition, value, reference("AWS::NoValue"))
}

pub(super) fn equals(parameter: &str, value: &str) -> Value {
    json!({ "Fn::Equals": [reference(parameter), value] })
}

pub(super) fn not(condition: &Value) -> Value {
    json!({ "Fn::Not": [condition] })
}

pub(super) fn both(one: &Value, other: &Value) -> Value {
    json!({ "Fn::And": [one, other] })
}

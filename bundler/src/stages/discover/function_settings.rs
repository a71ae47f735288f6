//! `[package.metadata.wharf.functions.<name>]`: what an app says of one of its functions.

use std::{collections::BTreeSet, ops::Range};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml_edit::{Item, TableLike, Value};

use super::settings::{environment, unknown, wrong_value};
use crate::diagnostic::{Diagnostic, Source};

/// What an app says of one of its functions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FunctionSettings {
    /// Where its name stands in the manifest.
    pub span: Range<usize>,
    /// `environment`: the names of the variables that this function has besides those of all.
    pub environment: BTreeSet<String>,
    /// `reserved-concurrency`: how many of it run at once, at most and whatever others do.
    pub reserved_concurrency: Option<u32>,
    /// `policy-statements`: what it may do besides what every function may.
    pub policy_statements: Vec<PolicyStatement>,
}

/// A statement of an IAM policy that allows something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyStatement {
    /// As `dynamodb:PutItem`.
    pub actions: Vec<String>,
    /// ARNs, or `*`. `${AWS::Region}`, `${AWS::AccountId}` and `${AWS::Partition}` stand for those of the deployment, and
    /// `${TABLE}` for the value of the variable `TABLE` of the function.
    pub resources: Vec<String>,
}

/// The keys that there are.
const KEYS: [&str; 3] = ["environment", "policy-statements", "reserved-concurrency"];

/// What stands for something of the deployment in the resources of a statement, besides names of variables.
pub(crate) const PSEUDO_PARAMETERS: [&str; 3] = ["AWS::AccountId", "AWS::Partition", "AWS::Region"];

/// Reads what is said of one function. Whether there is such a function is seen once the routes are known.
pub(super) fn read(
    table: &dyn TableLike,
    of_all: &BTreeSet<String>,
    source: &Source,
    diagnostics: &mut Vec<Diagnostic>,
) -> FunctionSettings {
    let mut settings = FunctionSettings::default();
    for (key, value) in table.iter() {
        match key {
            "environment" => settings.environment = environment(value, source, diagnostics),
            "reserved-concurrency" => match value.as_integer().and_then(|number| u32::try_from(number).ok()) {
                Some(number) => settings.reserved_concurrency = Some(number),
                None => diagnostics.push(wrong_value(key, value, "a number, as `10`; 0 lets none run", source)),
            },
            "policy-statements" => {}
            _ => diagnostics.push(unknown(key, table, &KEYS, source)),
        }
    }
    if let Some(value) = table.get("policy-statements") {
        let variables: BTreeSet<&str> = of_all.iter().chain(&settings.environment).map(String::as_str).collect();
        match statements(value, &variables) {
            Some(statements) => settings.policy_statements = statements,
            None => diagnostics.push(wrong_value("policy-statements", value, STATEMENTS, source)),
        }
    }
    settings
}

const STATEMENTS: &str = "a list of statements, `[{ actions = [\"dynamodb:PutItem\"], resources = \
                          [\"arn:aws:dynamodb:${AWS::Region}:${AWS::AccountId}:table/orders\"] }]`, each action with its \
                          service, each resource an ARN or `*`, and `${…}` the name of a listed variable, \
                          `AWS::Region`, `AWS::AccountId` or `AWS::Partition`";

fn statements(value: &Item, variables: &BTreeSet<&str>) -> Option<Vec<PolicyStatement>> {
    let statement = |table: &dyn TableLike| {
        let list = |key: &str, is_one: &dyn Fn(&str) -> bool| -> Option<Vec<String>> {
            let texts = table.get(key)?.as_array()?.iter().map(Value::as_str);
            let texts: Option<Vec<String>> = texts.map(|text| Some(text.filter(|it| is_one(it))?.to_owned())).collect();
            texts.filter(|texts| !texts.is_empty())
        };
        let has_no_other = table.iter().all(|(key, _)| matches!(key, "actions" | "resources"));
        Some(PolicyStatement {
            actions: list("actions", &is_action)?,
            resources: list("resources", &|text| is_resource(text, variables))?,
        })
        .filter(|_| has_no_other)
    };
    match value {
        Item::ArrayOfTables(tables) => tables.iter().map(|table| statement(table)).collect(),
        _ => value.as_array()?.iter().map(|value| statement(value.as_inline_table()?)).collect(),
    }
}

/// `dynamodb:Get*`; not `*`, which is everything.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html>
fn is_action(text: &str) -> bool {
    let is_plain = |text: &str, others: &str| {
        !text.is_empty() && text.chars().all(|it| it.is_ascii_alphanumeric() || others.contains(it))
    };
    text.split_once(':').is_some_and(|(service, action)| is_plain(service, "-") && is_plain(action, "*?"))
}

fn is_resource(text: &str, variables: &BTreeSet<&str>) -> bool {
    let is_known = |name: &str| variables.contains(name) || PSEUDO_PARAMETERS.contains(&name);
    let names = text.split("${").skip(1).map(|rest| rest.split_once('}').map(|(name, _)| name));
    let is_printable = text.bytes().all(|byte| byte.is_ascii_graphic());
    (text == "*" || text.starts_with("arn:") || text.starts_with("${"))
        && is_printable
        && names.into_iter().all(|name| name.is_some_and(is_known))
}

//! What the resources of a template are called: by their logical ids in the template, and by their names on AWS.

use serde_json::{Value, json};

use super::template::reference;
use crate::stages::{manifest::Manifest, package::Hash};

/// The longest name of a Lambda function.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>
pub(crate) const LONGEST_NAME: usize = 64;

/// Most of an app's name that stands in the names of its functions, so that there is room for the stage.
const LONGEST_APP: usize = 14;

/// The logical id of a function, which begins those of what belongs to it: `ItemsSlugFunction` for `items-slug`.
///
/// The ids of distinct functions are distinct, and depend on nothing but the name: under another id a function would
/// be made anew while the old one still has its name. An upper-case letter stands for `-` and the letter; a digit
/// after `-` cannot be told from one after a letter, so that such a name gets a hash. So does one that begins as the
/// parameters of variables do. No other id of a template ends as those of functions do.
pub(super) fn logical_id(function: &str) -> String {
    logical_id_of(function, "Function")
}

/// What belongs to a function: `ItemsSlugRole`. No such suffix ends another one, so that ids stay distinct.
pub(super) fn logical_id_of(function: &str, suffix: &str) -> String {
    let is_variable = function == "env" || function.starts_with("env-");
    format!("{}{suffix}", stem(function, is_variable))
}

fn stem(function: &str, mut is_ambiguous: bool) -> String {
    let mut id = String::new();
    for (index, part) in function.split('-').enumerate() {
        let mut characters = part.chars();
        let Some(first) = characters.next() else {
            is_ambiguous = true;
            continue;
        };
        is_ambiguous |= index > 0 && first.is_ascii_digit();
        id.push(first.to_ascii_uppercase());
        id.push_str(characters.as_str());
    }
    if is_ambiguous { id + &Hash::of(function.as_bytes()).first_hex(4) } else { id }
}

/// The parameter for an environment variable: `EnvApiKey` for `API_KEY`.
pub(super) fn variable_id(variable: &str) -> String {
    format!("Env{}", stem(&variable.to_ascii_lowercase().replace('_', "-"), false))
}

/// The parameter for how many of a function run at once: `ItemsSlugConcurrency` for `items-slug`.
pub(super) fn concurrency_id(function: &str) -> String {
    logical_id_of(function, "Concurrency")
}

/// How the functions of a stack are named on AWS: `shop-${Stage}-items-slug`.
#[derive(Debug, Clone)]
pub(super) struct Prefix {
    app: String,
    /// The stack, where there are several.
    part: Option<String>,
}

impl Prefix {
    pub(super) fn new(manifest: &Manifest) -> Self {
        Self { app: app(&manifest.app.name), part: None }
    }

    /// That of one of several stacks.
    pub(super) fn of_part(&self, part: String) -> Self {
        Self { app: self.app.clone(), part: Some(part) }
    }

    /// The app, as it begins every name.
    pub(super) fn app(&self) -> &str {
        &self.app
    }

    /// The name of what CloudFront knows once in an account, and not once in a region: it says which stack it is of.
    pub(super) fn account_wide(&self, rest: &str) -> Value {
        // The id of a stack ends with a UUID, the first part of which is enough.
        let uuid = json!({ "Fn::Select": [2, { "Fn::Split": ["/", reference("AWS::StackId")] }] });
        let stack = json!({ "Fn::Select": [0, { "Fn::Split": ["-", uuid] }] });
        json!({ "Fn::Sub": [format!("{}-${{Stack}}", self.name(rest)), { "Stack": stack }] })
    }

    /// A name on AWS, for `Fn::Sub`.
    pub(super) fn name(&self, rest: &str) -> String {
        let part = self.part.as_ref().map(|part| format!("{part}-")).unwrap_or_default();
        format!("{}-${{Stage}}-{part}{rest}", self.app)
    }
}

/// How long the name of a function is in the stage `prod`, whichever of several stacks it stands in.
pub(crate) fn length(manifest: &Manifest, function: &str) -> usize {
    let prefix = Prefix::new(manifest).of_part("11".to_owned());
    prefix.name(function).replace("${Stage}", "prod").len()
}

/// The longest stage for which no function's name is too long; at least four characters, as `prod` has.
pub(crate) fn longest_stage(manifest: &Manifest) -> usize {
    let longest = manifest.functions.keys().map(String::len).max().unwrap_or(0).max(LONGEST_OF_THE_CDN);
    // The hyphens, and the two characters that tell which of several stacks.
    LONGEST_NAME.saturating_sub(app(&manifest.app.name).len() + 3 + 2 + longest)
}

/// `cdn-`, the hash of the key-value data, and which stack it is of.
const LONGEST_OF_THE_CDN: usize = 4 + 12 + 9;

/// An app's name as the names on AWS can begin with: ASCII letters, digits, `-` and `_`.
fn app(name: &str) -> String {
    let plain = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
    let name: String = name.chars().map(plain).take(LONGEST_APP).collect();
    match name.trim_matches('-') {
        "" => "app".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::manifest::tests::manifest;

    #[test]
    fn distinct_functions_have_distinct_ids() {
        let ids = ["a-1", "a1", "a-b", "ab", "2024", "a-bc", "ab-c"].map(logical_id);
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len(), "{ids:?}");
        let variables = ["A_B", "AB", "A__B", "A_B_", "A_1", "A1"].map(variable_id);
        assert_eq!(variables.iter().collect::<std::collections::BTreeSet<_>>().len(), variables.len(), "{variables:?}");
        assert_eq!(variable_id("API_KEY"), "EnvApiKey");
        assert_eq!(logical_id("items-slug"), "ItemsSlugFunction");
        assert_ne!(logical_id("items-role"), logical_id_of("items", "Role"));
        assert!(ids.iter().all(|id| id.chars().all(|character| character.is_ascii_alphanumeric())));
    }

    #[test]
    fn the_longest_name_is_as_long_as_lambda_allows() {
        let mut manifest = manifest();
        manifest.app.name = "an-app-with-a-very-long-name".to_owned();
        let function = "x".repeat(40);
        let entry = manifest.functions["items-slug"].clone();
        manifest.functions.insert(function.clone(), entry);
        let prefix = Prefix::new(&manifest).of_part("21".to_owned());
        let stage = "s".repeat(longest_stage(&manifest));
        assert!(stage.len() >= "prod".len(), "{stage}");
        assert_eq!(prefix.name(&function).replace("${Stage}", &stage).len(), LONGEST_NAME);
    }
}

//! `template.yaml`: the bundle as a stack of the AWS Serverless Application Model.
//!
//! `sam deploy` uploads the zips that stand beside the template, and compiles nothing: `CodeUri` names a finished zip.
//! Above the 500 resources of a stack, the functions move to nested stacks, whose templates stand in `stacks/`.

mod api;
mod cdn;
mod function;
mod layout;
pub(crate) mod names;
mod parameters;
mod stamps;
mod template;

use std::collections::BTreeMap;

use layout::{Layout, Part};
use names::{Prefix, logical_id, logical_id_of, variable_id};
use serde_json::json;
use stamps::Queue;
use template::{Output, Resource, Template, attribute, either, equals, not, only_if, reference};

use super::cdn::Cdn;
use crate::stages::manifest::{FunctionEntry, Manifest};

const COMMENT: &str = "Written by `cargo bundle` from manifest.json; the next run overwrites it.
Deploy it with `sam deploy -t template.yaml`: samconfig.toml beside it says the rest.";

const COMMENT_OF_A_PART: &str = "Written by `cargo bundle`; a part of ../template.yaml.";

/// The path of the template that the user deploys.
const ROOT: &str = "template.yaml";

/// `template.yaml`, `samconfig.toml` and the templates of nested stacks, by their paths in the bundle. An app without routes
/// is CloudFront in front of a bucket, and nothing else.
#[must_use]
pub fn files(manifest: &Manifest, cdn: &Cdn) -> BTreeMap<String, String> {
    let mut files: BTreeMap<String, String> =
        templates(manifest, cdn).iter().map(|(file, template)| (file.clone(), text(file, template))).collect();
    files.insert("samconfig.toml".to_owned(), settings(&Prefix::new(manifest)));
    files
}

/// A stack, as CloudFormation counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// The path of its template in the bundle.
    pub file: String,
    /// Resources, with those that SAM adds.
    pub resources: usize,
    /// Parameters.
    pub parameters: usize,
    /// Outputs.
    pub outputs: usize,
    /// The bytes of its template.
    pub bytes: usize,
}

/// The stack that the user deploys, and those nested in it.
#[must_use]
pub fn stacks(manifest: &Manifest, cdn: &Cdn) -> Vec<Stack> {
    let stack = |(file, template): (String, Template)| Stack {
        resources: template.resource_count(),
        parameters: template.parameters.len(),
        outputs: template.outputs.len(),
        bytes: text(&file, &template).len(),
        file,
    };
    templates(manifest, cdn).into_iter().map(stack).collect()
}

/// All templates, by their paths in the bundle: the one that the user deploys, and those of nested stacks.
fn templates(manifest: &Manifest, cdn: &Cdn) -> Vec<(String, Template)> {
    let layout = Layout::of(manifest);
    let prefix = Prefix::new(manifest);
    let root = (ROOT.to_owned(), root(manifest, cdn, &prefix, &layout));
    let nested = layout.nested().iter().map(|part| (part.file(), nested(manifest, part, &prefix)));
    [root].into_iter().chain(nested).collect()
}

fn text(file: &str, template: &Template) -> String {
    template.yaml(if file == ROOT { COMMENT } else { COMMENT_OF_A_PART })
}

/// What the command line of `sam deploy` would otherwise have to say.
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html>
fn settings(prefix: &Prefix) -> String {
    let app = prefix.app();
    format!(
        "# Written by `cargo bundle`; what is given on the command line of `sam` wins.\n\
         version = 0.1\n\n\
         [default.global.parameters]\n\
         stack_name = \"{app}\"\n\n\
         [default.deploy.parameters]\n\
         resolve_s3 = true\n\
         s3_prefix = \"{app}\"\n\
         capabilities = \"CAPABILITY_IAM CAPABILITY_AUTO_EXPAND\"\n\
         fail_on_empty_changeset = false\n"
    )
}

/// The stack that the user deploys.
fn root(manifest: &Manifest, cdn: &Cdn, prefix: &Prefix, layout: &Layout<'_>) -> Template {
    let mut resources = BTreeMap::new();
    let mut outputs: BTreeMap<String, Output> = cdn::outputs().into_iter().collect();
    outputs.extend(stamps::outputs(manifest));
    resources.extend(stamps::resources(manifest, prefix));
    if has_api(manifest) {
        outputs.extend(api::outputs());
    }
    match layout {
        Layout::One(functions) => {
            let queue = stamps::queue();
            for (name, entry) in functions {
                resources.extend(function::resources(name, entry, prefix, "", &queue));
                outputs.extend(function_outputs(name, entry));
            }
            resources.extend(api::resources(manifest, prefix, &function::alias));
            let url = |name: &str| attribute(&logical_id_of(name, "Url"), "FunctionUrl");
            resources.extend(cdn::resources(manifest, cdn, prefix, &url));
        }
        Layout::Several(parts) => {
            resources.extend(parts.iter().map(|part| (part.logical_id(), stack(manifest, part))));
            let output = |name: &str, output: &str| {
                let part = parts.iter().find(|part| part.functions.contains_key(name));
                let part = part.map(Part::logical_id).unwrap_or_default();
                attribute(&part, &format!("Outputs.{output}"))
            };
            let target = |name: &str| output(name, &format!("{}Alias", logical_id(name)));
            resources.extend(api::resources(manifest, prefix, &target));
            let url = |name: &str| output(name, &stream_output(name));
            resources.extend(cdn::resources(manifest, cdn, prefix, &url));
        }
    }
    Template {
        format_version: "2010-09-09",
        transform: "AWS::Serverless-2016-10-31",
        description: format!("{} {}, an app of Wharf", manifest.app.name, manifest.app.version),
        metadata: parameters::groups(manifest),
        parameters: parameters::of_root(manifest),
        rules: parameters::rules(manifest),
        conditions: conditions(manifest, layout),
        globals: match layout {
            Layout::One(functions) if !functions.is_empty() => globals(manifest),
            Layout::One(_) | Layout::Several(_) => serde_json::Map::new(),
        },
        resources,
        outputs,
    }
}

/// Whether there is anything to ask on request.
fn has_api(manifest: &Manifest) -> bool {
    !manifest.routes.is_empty()
}

/// Those of the functions stand where the functions are.
fn conditions(manifest: &Manifest, layout: &Layout<'_>) -> BTreeMap<String, serde_json::Value> {
    let mut conditions = parameters::conditions_of_root(manifest);
    if let Layout::One(functions) = layout
        && !functions.is_empty()
    {
        conditions.extend(parameters::conditions_of_functions());
    }
    if manifest.stamp_writer.is_some() {
        conditions.extend([parameters::traced()]);
    }
    conditions
}

/// The variables of all functions that answer routes.
fn variables(manifest: &Manifest) -> serde_json::Map<String, serde_json::Value> {
    let variables = manifest.app.environment.iter().map(|name| (name.clone(), reference(&variable_id(name))));
    let mut variables: serde_json::Map<_, _> = variables.collect();
    variables.entry("WHARF_HOSTS").or_insert_with(|| only_if("HasHosts", reference("Domain")));
    variables.insert("WHARF_ORIGIN_SECRET".to_owned(), only_if("HasSecret", reference("OriginSecret")));
    let rotation = only_if("HasRotation", reference("OriginSecretRotation"));
    variables.insert("WHARF_ORIGIN_SECRET_ROTATION".to_owned(), rotation);
    variables.insert("WHARF_REQUIRE_ORIGIN".to_owned(), only_if("RefusesOthers", "1"));
    variables
}

/// A version for each change of a function, and the alias on it.
fn globals(manifest: &Manifest) -> serde_json::Map<String, serde_json::Value> {
    let function = json!({
        "AutoPublishAlias": function::ALIAS,
        "KmsKeyArn": only_if("HasKmsKey", reference("KmsKeyArn")),
        "Environment": { "Variables": variables(manifest) },
        "Tracing": reference("Tracing"),
    });
    serde_json::Map::from_iter([("Function".to_owned(), function)])
}

fn function_outputs(name: &str, entry: &FunctionEntry) -> Vec<(String, Output)> {
    let id = logical_id(name);
    let mut outputs = vec![(id.clone(), Output::new(format!("The name of `{name}`."), reference(&id)))];
    if function::streams(entry) {
        let url = attribute(&logical_id_of(name, "Url"), "FunctionUrl");
        outputs.push((stream_output(name), Output::new(format!("The Function URL of `{name}`, which streams."), url)));
    }
    outputs
}

/// The output with the URL of a function. `ApiUrl` is that of the API, whatever functions there are.
fn stream_output(function: &str) -> String {
    logical_id_of(function, "Stream")
}

/// A nested stack, as a resource of the root.
fn stack(manifest: &Manifest, part: &Part<'_>) -> Resource {
    let of_part = parameters::of_part(manifest).into_keys();
    let of_single = parameters::of_single_functions(part.functions.iter().map(|(name, entry)| (*name, *entry)));
    let passed = of_part.chain(of_single.into_keys()).map(|name| {
        let value = parameters::passed_on(&name);
        (name, value)
    });
    let mut passed = serde_json::Map::from_iter(passed);
    if part.revalidates() {
        let Queue { condition, url, arn } = stamps::queue();
        passed.insert(parameters::STAMP_QUEUE.to_owned(), either(condition, url, ""));
        passed.insert(parameters::STAMP_QUEUE_ARN.to_owned(), either(condition, arn, ""));
    }
    let properties = json!({ "TemplateURL": part.file(), "Parameters": passed });
    Resource::new("AWS::CloudFormation::Stack", properties)
}

fn nested(manifest: &Manifest, part: &Part<'_>, prefix: &Prefix) -> Template {
    let prefix = prefix.of_part(part.tag());
    let mut resources = BTreeMap::new();
    let mut outputs = BTreeMap::new();
    let mut parameters = parameters::of_single_functions(part.functions.iter().map(|(name, entry)| (*name, *entry)));
    parameters.extend(parameters::of_part(manifest));
    let mut conditions = parameters::conditions_of_functions();
    if part.revalidates() {
        parameters.extend(parameters::stamp_queue());
        let condition = not(&equals(parameters::STAMP_QUEUE, ""));
        conditions.insert(parameters::HAS_STAMP_QUEUE.to_owned(), condition);
    }
    let queue = Queue {
        condition: parameters::HAS_STAMP_QUEUE,
        url: reference(parameters::STAMP_QUEUE),
        arn: reference(parameters::STAMP_QUEUE_ARN),
    };
    for (name, entry) in &part.functions {
        resources.extend(function::resources(name, entry, &prefix, "../", &queue));
        let alias = Output::new(format!("The alias of `{name}`."), function::alias(name));
        outputs.insert(format!("{}Alias", logical_id(name)), alias);
        outputs.extend(function_outputs(name, entry).into_iter().filter(|(id, _)| *id != logical_id(name)));
    }
    Template {
        format_version: "2010-09-09",
        transform: "AWS::Serverless-2016-10-31",
        description: format!("Functions of {}, part {} of {}", prefix.app(), part.number, part.of),
        metadata: serde_json::Map::new(),
        parameters,
        rules: BTreeMap::new(),
        conditions,
        globals: globals(manifest),
        resources,
        outputs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::{
        deploy::cdn,
        manifest::{InvokeMode, RouteEntry, tests::manifest},
    };

    /// An app of streaming functions with these names, that has variables.
    fn app(functions: [&str; 5]) -> Template {
        let mut manifest = manifest();
        let (mut entry, route) = (manifest.functions["items-slug"].clone(), manifest.routes[0].clone());
        entry.invoke_mode = InvokeMode::ResponseStream;
        manifest.functions = functions.map(|name| (name.to_owned(), entry.clone())).into();
        manifest.routes = functions.map(|name| RouteEntry { function: name.to_owned(), ..route.clone() }).into();
        manifest.api = functions.map(|name| (format!("/{name}"), name.to_owned())).into();
        manifest.app.environment = ["FUNCTION", "URL", "X_ROLE"].map(str::to_owned).into();
        let cdn = cdn::files(&manifest).unwrap();
        let [(_, root)] = <[_; 1]>::try_from(templates(&manifest, &cdn)).unwrap();
        root
    }

    #[test]
    fn a_function_may_be_called_as_what_stands_beside_it() {
        let (plain, odd) = (app(["a", "b", "c", "d", "e"]), app(["api", "api-access", "cdn", "env", "env-x"]));
        assert_eq!(odd.resources.len(), plain.resources.len());
        assert_eq!(odd.outputs.len(), plain.outputs.len());
        for template in [plain, odd] {
            let both: Vec<_> = template.resources.keys().filter(|id| template.parameters.contains_key(*id)).collect();
            assert_eq!(both, Vec::<&String>::new());
        }
    }
}

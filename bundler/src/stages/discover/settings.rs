//! `[package.metadata.wharf]`: what an app says once for all of its routes.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use toml_edit::{Item, TableLike};

use super::{
    ProjectFile,
    function_settings::{self, FunctionSettings},
    published::Pattern,
};
use crate::{
    architecture::Architecture,
    diagnostic::{Code, Diagnostic, Label, Source},
};

/// What an app says once for all of its routes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// What a GET is that says nothing about itself.
    pub get: GetDefault,
    /// `arch`: the processors that the functions run on.
    pub arch: Option<Architecture>,
    /// `environment`: the names of the environment variables that each deployment sets.
    pub environment: BTreeSet<String>,
    /// `function-groups`: the folders whose routes share a function.
    pub function_groups: Vec<FunctionGroup>,
    /// `functions`: what single functions have, by their names.
    pub functions: BTreeMap<String, FunctionSettings>,
    /// `include`: patterns of the files that each function has beside its program.
    pub include: Vec<Entry>,
    /// `public-include`: names and paths below `public/` that are published although they look like leftovers.
    pub public_include: Vec<Entry>,
}

/// A text of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Without a slash at its end.
    pub text: String,
    /// Where it stands in the manifest.
    pub span: Range<usize>,
}

/// A folder whose routes share a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionGroup {
    /// Relative to the package, without a slash at its end: `app/admin`.
    pub folder: String,
    /// Where it stands in the manifest.
    pub span: Range<usize>,
}

/// `get`: what a GET is that says nothing about itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GetDefault {
    /// `"static"`: evaluated at build time unless it looks at the request, as in Next.js 13 and 14.
    #[default]
    Static,
    /// `"dynamic"`: run on request unless it opts in, as since Next.js 15.
    Dynamic,
}

/// The keys that there are.
const KEYS: [&str; 7] = ["arch", "environment", "function-groups", "functions", "get", "include", "public-include"];

/// What Lambda sets itself, and what the templates set.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>
const RESERVED: [&str; 21] = [
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "WHARF_KEY_VALUE_STORE",
    "WHARF_ORIGIN_SECRET",
    "WHARF_ORIGIN_SECRET_ROTATION",
    "WHARF_REQUIRE_ORIGIN",
    "WHARF_STAMP_QUEUE",
];

/// Reads the settings of a package. A manifest that is no TOML was refused by cargo before.
pub(super) fn read(manifest: &ProjectFile, diagnostics: &mut Vec<Diagnostic>) -> Settings {
    let mut settings = Settings::default();
    let Ok(document) = toml_edit::Document::parse(manifest.text.as_str()) else { return settings };
    let found = ["package", "metadata", "wharf"].iter().try_fold(document.as_item(), |item, key| item.get(key));
    let Some(found) = found else { return settings };
    let source = manifest.source();
    let Some(table) = found.as_table_like() else {
        diagnostics.push(wrong_value("wharf", found, "a table, `[package.metadata.wharf]`", &source));
        return settings;
    };
    for (key, value) in table.iter() {
        match (key, value.as_str()) {
            ("get", Some("static")) => settings.get = GetDefault::Static,
            ("get", Some("dynamic")) => settings.get = GetDefault::Dynamic,
            ("environment", _) => settings.environment = environment(value, &source, diagnostics),
            ("function-groups", _) => settings.function_groups = function_groups(value, &source, diagnostics),
            ("include", _) => settings.include = include(value, &source, diagnostics),
            ("public-include", _) => settings.public_include = public_include(value, &source, diagnostics),
            ("arch", text) => match text.map(str::parse) {
                Some(Ok(arch)) => settings.arch = Some(arch),
                _ => diagnostics.push(wrong_value("arch", value, "`\"x86_64\"` or `\"arm64\"`", &source)),
            },
            ("get", _) => diagnostics.push(wrong_value("get", value, "`\"static\"` or `\"dynamic\"`", &source)),
            // Read below, as it may name what the others list.
            ("functions", _) => {}
            _ => diagnostics.push(unknown(key, table, &KEYS, &source)),
        }
    }
    if let Some(value) = table.get("functions") {
        settings.functions = functions(value, &settings.environment, &source, diagnostics);
    }
    settings
}

/// The settings of single functions; `of_all` are the variables of all of them.
fn functions(
    value: &Item,
    of_all: &BTreeSet<String>,
    source: &Source,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, FunctionSettings> {
    let wanted = "a table for each function, as `[package.metadata.wharf.functions.items-slug]`";
    let mut functions = BTreeMap::new();
    let Some(table) = value.as_table_like() else {
        diagnostics.push(wrong_value("functions", value, wanted, source));
        return functions;
    };
    for (name, value) in table.iter() {
        let Some(of_function) = value.as_table_like() else {
            diagnostics.push(wrong_value(&format!("functions.{name}"), value, wanted, source));
            continue;
        };
        let span = table.key(name).and_then(toml_edit::Key::span).unwrap_or(0..0);
        let settings = function_settings::read(of_function, of_all, source, diagnostics);
        functions.insert(name.to_owned(), FunctionSettings { span, ..settings });
    }
    functions
}

pub(super) fn environment(value: &Item, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> BTreeSet<String> {
    let names = value.as_array().map(|list| list.iter().map(toml_edit::Value::as_str).collect::<Vec<_>>());
    let names: Option<BTreeSet<String>> = names.and_then(|names| {
        names.into_iter().map(|name| Some(name?.to_owned()).filter(|name| is_variable(name))).collect()
    });
    names.unwrap_or_else(|| {
        let wanted = "a list of names of variables, `[\"TABLE\", \"API_KEY\"]`, of upper-case letters, digits and `_`, none \
                      of which Lambda or Wharf sets";
        diagnostics.push(wrong_value("environment", value, wanted, source));
        BTreeSet::new()
    })
}

/// Whether the folders are there is seen once the routes are known.
fn function_groups(value: &Item, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Vec<FunctionGroup> {
    let group = |value: &toml_edit::Value| {
        let text = value.as_str()?;
        let folder = text.strip_suffix('/').unwrap_or(text);
        let is_below = folder == "app" || folder.starts_with("app/");
        let is_plain = folder.split('/').all(|part| !matches!(part, "" | "." | ".."));
        let span = value.span().unwrap_or(0..0);
        (is_below && is_plain).then(|| FunctionGroup { folder: folder.to_owned(), span })
    };
    let groups: Option<Vec<_>> = value.as_array().and_then(|list| list.iter().map(group).collect());
    groups.unwrap_or_else(|| {
        let wanted = "a list of folders, `[\"app/admin\", \"app/items/[slug]\"]`, each relative to the package";
        diagnostics.push(wrong_value("function-groups", value, wanted, source));
        Vec::new()
    })
}

/// Whether they match anything is seen when the files are.
fn include(value: &Item, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Vec<Entry> {
    entries(value, |text| Pattern::of(text).is_some()).unwrap_or_else(|| {
        let wanted = "a list of patterns of files, `[\"content/**\", \"data.json\"]`, each relative to the package";
        diagnostics.push(wrong_value("include", value, wanted, source));
        Vec::new()
    })
}

fn public_include(value: &Item, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Vec<Entry> {
    let is_below = |text: &str| text.split('/').all(|part| !matches!(part, "" | "." | ".."));
    entries(value, is_below).unwrap_or_else(|| {
        let wanted = "a list of names, or of paths below `public/`: `[\".nojekyll\", \"docs/old.bak\"]`";
        diagnostics.push(wrong_value("public-include", value, wanted, source));
        Vec::new()
    })
}

/// The texts of a list; `None` when one is none, or not good.
fn entries(value: &Item, is_good: impl Fn(&str) -> bool) -> Option<Vec<Entry>> {
    let entry = |value: &toml_edit::Value| {
        let text = value.as_str()?;
        let text = text.strip_suffix('/').unwrap_or(text).to_owned();
        is_good(&text).then(|| Entry { text, span: value.span().unwrap_or(0..0) })
    };
    value.as_array()?.iter().map(entry).collect()
}

/// Lambda takes lower-case letters too; a parameter of a template could not tell them apart.
fn is_variable(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    name.len() > 1
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(is_plain)
        && !RESERVED.contains(&name)
}

pub(super) fn wrong_value(key: &str, value: &Item, wanted: &str, source: &Source) -> Diagnostic {
    let span = value.span().unwrap_or(0..0);
    Diagnostic::new(
        Code::SettingValue,
        format!("the setting `{key}` cannot be `{}`", source.text[span.clone()].trim()),
        Label::new(source, span, "not a value that it has"),
        format!("write {wanted}"),
    )
}

pub(super) fn unknown(key: &str, table: &dyn TableLike, known: &[&str], source: &Source) -> Diagnostic {
    let span = table.key(key).and_then(toml_edit::Key::span).unwrap_or(0..0);
    let nearest = known.iter().min_by_key(|known| strsim::damerau_levenshtein(known, key)).copied().unwrap_or_default();
    let all: Vec<String> = known.iter().map(|known| format!("`{known}`")).collect();
    Diagnostic::new(
        Code::UnknownSetting,
        format!("there is no setting `{key}`"),
        Label::new(source, span, format!("did you mean `{nearest}`?")),
        format!("rename it, or remove it; there are {}", all.join(", ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> (Settings, Vec<Code>) {
        let manifest =
            ProjectFile { absolute: "Cargo.toml".into(), path: "Cargo.toml".to_owned(), text: text.to_owned() };
        let mut diagnostics = Vec::new();
        let settings = read(&manifest, &mut diagnostics);
        (settings, diagnostics.into_iter().map(|diagnostic| diagnostic.code).collect())
    }

    #[test]
    fn a_package_without_settings_has_the_defaults() {
        assert_eq!(settings("[package]\nname = \"app\"\n"), (Settings::default(), Vec::new()));
        assert_eq!(settings("[package.metadata.wharf]\nget = \"static\"\n"), (Settings::default(), Vec::new()));
    }

    #[test]
    fn both_spellings_of_a_table_are_read() {
        for text in ["[package.metadata.wharf]\nget = \"dynamic\"\n", "[package]\nmetadata.wharf.get = \"dynamic\"\n"] {
            assert_eq!(
                settings(text),
                (Settings { get: GetDefault::Dynamic, ..Settings::default() }, Vec::new()),
                "{text}"
            );
        }
    }

    #[test]
    fn the_variables_of_a_deployment_are_listed() {
        let (settings, codes) =
            settings("[package.metadata.wharf]\nenvironment = [\"TABLE\", \"API_KEY\", \"TABLE\"]\n");
        assert_eq!(settings.environment, ["API_KEY", "TABLE"].map(str::to_owned).into());
        assert_eq!(codes, []);
    }

    #[test]
    fn the_architecture_has_the_name_that_lambda_has_for_it() {
        let (settings, codes) = settings("[package.metadata.wharf]\narch = \"arm64\"\n");
        assert_eq!((settings.arch, codes), (Some(Architecture::Arm64), Vec::new()));
    }

    #[test]
    fn what_no_function_can_have_as_a_variable_is_refused() {
        for list in ["\"TABLE\"", "[1]", "[\"a-b\"]", "[\"table\"]", "[\"1A\"]", "[\"A\"]", "[\"AWS_REGION\"]"] {
            let text = format!("[package.metadata.wharf]\nenvironment = {list}\n");
            assert_eq!(settings(&text).1, [Code::SettingValue], "{list}");
        }
    }

    #[test]
    fn folders_that_share_a_function_are_listed_as_they_are_spelled() {
        let (read, codes) = settings("[package.metadata.wharf]\nfunction-groups = [\"app\", \"app/(shop)/[slug]/\"]\n");
        let folders: Vec<_> = read.function_groups.iter().map(|group| group.folder.as_str()).collect();
        assert_eq!(folders, ["app", "app/(shop)/[slug]"]);
        assert_eq!(codes, []);
        for list in [
            "\"app/admin\"",
            "[1]",
            "[\"admin\"]",
            "[\"/app\"]",
            "[\"app/../src\"]",
            "[\"app//a\"]",
            "[\"application\"]",
        ] {
            let text = format!("[package.metadata.wharf]\nfunction-groups = {list}\n");
            assert_eq!(settings(&text).1, [Code::SettingValue], "{list}");
        }
    }

    #[test]
    fn files_are_listed_by_patterns_and_by_names() {
        let (read, codes) = settings(
            "[package.metadata.wharf]\ninclude = [\"content/**\", \"data/\"]\npublic-include = [\".nojekyll\", \"a/b.bak\"]\n",
        );
        let texts = |entries: &[Entry]| entries.iter().map(|entry| entry.text.clone()).collect::<Vec<_>>();
        assert_eq!(texts(&read.include), ["content/**", "data"]);
        assert_eq!(texts(&read.public_include), [".nojekyll", "a/b.bak"]);
        assert_eq!(codes, []);
        for list in ["\"content/**\"", "[1]", "[\"/etc/**\"]", "[\"../x\"]", "[\"\"]", "[\"a//b\"]"] {
            for key in ["include", "public-include"] {
                let text = format!("[package.metadata.wharf]\n{key} = {list}\n");
                assert_eq!(settings(&text).1, [Code::SettingValue], "{text}");
            }
        }
        assert_eq!(settings("[package.metadata.wharf]\ninclude = [\"[a\"]\n").1, [Code::SettingValue]);
    }

    #[test]
    fn a_function_has_variables_rights_and_a_share_of_the_concurrency() {
        let (read, codes) = settings(
            "[package.metadata.wharf]\nenvironment = [\"TABLE\"]\n\
             [package.metadata.wharf.functions.api]\nenvironment = [\"KEY\"]\nreserved-concurrency = 5\n\
             [[package.metadata.wharf.functions.api.policy-statements]]\nactions = [\"dynamodb:Get*\", \"s3:PutObject\"]\n\
             resources = [\"arn:${AWS::Partition}:s3:::${KEY}/*\", \"${TABLE}\", \"*\"]\n",
        );
        assert_eq!(codes, []);
        let api = &read.functions["api"];
        assert_eq!((api.reserved_concurrency, api.environment.len()), (Some(5), 1));
        assert_eq!(api.policy_statements[0].actions, ["dynamodb:Get*", "s3:PutObject"]);
        assert_eq!(api.policy_statements[0].resources.len(), 3);
    }

    #[test]
    fn what_no_function_can_have_is_refused() {
        for (text, code) in [
            ("environment = [\"WHARF_STAMP_QUEUE\"]", Code::SettingValue),
            ("reserved-concurrency = -1", Code::SettingValue),
            ("reserved-concurrency = \"5\"", Code::SettingValue),
            ("reserved_concurrency = 5", Code::UnknownSetting),
            ("policy-statements = {}", Code::SettingValue),
            ("policy-statements = [{ actions = [\"*\"], resources = [\"*\"] }]", Code::SettingValue),
            ("policy-statements = [{ actions = [], resources = [\"*\"] }]", Code::SettingValue),
            ("policy-statements = [{ actions = [\"s3:Get*\"] }]", Code::SettingValue),
            ("policy-statements = [{ actions = [\"s3:Get*\"], resources = [\"orders\"] }]", Code::SettingValue),
            ("policy-statements = [{ actions = [\"s3:Get*\"], resources = [\"arn:${OTHER}\"] }]", Code::SettingValue),
            ("policy-statements = [{ actions = [\"s3:Get*\"], resources = [\"arn:${TABLE\"] }]", Code::SettingValue),
            (
                "policy-statements = [{ effect = \"Deny\", actions = [\"s3:Get*\"], resources = [\"*\"] }]",
                Code::SettingValue,
            ),
        ] {
            let text = format!("[package.metadata.wharf.functions.api]\n{text}\n");
            assert_eq!(settings(&text).1, [code], "{text}");
        }
        assert_eq!(settings("[package.metadata.wharf]\nfunctions = [\"api\"]\n").1, [Code::SettingValue]);
        assert_eq!(settings("[package.metadata.wharf.functions]\napi = 5\n").1, [Code::SettingValue]);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        assert_eq!(settings("[package.metadata.wharf]\narch = \"aarch64\"\n").1, [Code::SettingValue]);
        let text = "[package.metadata.wharf]\nget = true\ngte = \"static\"\n";
        assert_eq!(settings(text).1, [Code::SettingValue, Code::UnknownSetting]);
        assert_eq!(settings("[package.metadata]\nwharf = 1\n").1, [Code::SettingValue]);
    }
}

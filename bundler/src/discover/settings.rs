//! `[package.metadata.wharf]`: what an app says once for all of its routes.

use toml_edit::{Item, TableLike};

use super::ProjectFile;
use crate::diagnostic::{Code, Diagnostic, Label, Source};

/// What an app says once for all of its routes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settings {
    /// What a GET is that says nothing about itself.
    pub get: GetDefault,
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
const KEYS: [&str; 1] = ["get"];

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
            ("get", _) => diagnostics.push(wrong_value("get", value, "`\"static\"` or `\"dynamic\"`", &source)),
            _ => diagnostics.push(unknown(key, table, &source)),
        }
    }
    settings
}

fn wrong_value(key: &str, value: &Item, wanted: &str, source: &Source) -> Diagnostic {
    let span = value.span().unwrap_or(0..0);
    Diagnostic::new(
        Code::SettingValue,
        format!("the setting `{key}` cannot be `{}`", source.text[span.clone()].trim()),
        Label::new(source, span, "not a value that it has"),
        format!("write {wanted}"),
    )
}

fn unknown(key: &str, table: &dyn TableLike, source: &Source) -> Diagnostic {
    let span = table.key(key).and_then(toml_edit::Key::span).unwrap_or(0..0);
    let nearest = KEYS.into_iter().min_by_key(|known| strsim::damerau_levenshtein(known, key)).unwrap_or_default();
    Diagnostic::new(
        Code::UnknownSetting,
        format!("there is no setting `{key}`"),
        Label::new(source, span, format!("did you mean `{nearest}`?")),
        format!("rename it, or remove it; there is {}", KEYS.map(|known| format!("`{known}`")).join(", ")),
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
            assert_eq!(settings(text), (Settings { get: GetDefault::Dynamic }, Vec::new()), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let text = "[package.metadata.wharf]\nget = true\ngte = \"static\"\n";
        assert_eq!(settings(text).1, [Code::SettingValue, Code::UnknownSetting]);
        assert_eq!(settings("[package.metadata]\nwharf = 1\n").1, [Code::SettingValue]);
    }
}

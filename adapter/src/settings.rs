//! What the adapter reads from its environment, in one place.

use std::{env, path::PathBuf};

use crate::{event::Gate, viewer::Origin};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Json,
    Text,
}

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) gate: Gate,
    pub(crate) log_format: LogFormat,
    pub(crate) log_filter: Option<String>,
    /// Whether `sam local` runs the function: it takes replies only whole.
    pub(crate) is_sam_local: bool,
    /// Where the function's zip was unpacked.
    pub(crate) task_root: Option<PathBuf>,
    /// What `lambda_runtime` needs and does not find; it would panic.
    pub(crate) missing: Vec<&'static str>,
    /// Values that cannot be read, and what counts instead.
    pub(crate) unreadable: Vec<String>,
}

impl Settings {
    pub(crate) fn from_env() -> Self {
        Self::read(|name| env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn read(var: impl Fn(&str) -> Option<String>) -> Self {
        let mut unreadable = Vec::new();
        let origin = Origin {
            secret: var("WHARF_ORIGIN_SECRET"),
            required: var("WHARF_REQUIRE_ORIGIN").is_some_and(|value| value == "1"),
        };
        Self {
            gate: Gate {
                origin,
                base_path: base_path(&var("WHARF_BASE_PATH").unwrap_or_default()),
                body_limit: body_limit(var("WHARF_BODY_LIMIT"), &mut unreadable),
            },
            log_format: log_format(&var),
            log_filter: var("RUST_LOG").or_else(|| var("AWS_LAMBDA_LOG_LEVEL")),
            is_sam_local: is_sam_local(&var),
            task_root: var("LAMBDA_TASK_ROOT").map(PathBuf::from),
            missing: missing(&var),
            unreadable,
        }
    }
}

/// `shop`, `/shop` and `/shop/` are the same, and `/` is none.
fn base_path(text: &str) -> String {
    match text.trim_matches('/') {
        "" => String::new(),
        path => format!("/{path}"),
    }
}

/// A number of bytes; the default is as large as an event can be.
fn body_limit(value: Option<String>, unreadable: &mut Vec<String>) -> usize {
    let Some(value) = value else { return Gate::BODY_LIMIT };
    value.parse().unwrap_or_else(|_| {
        unreadable.push(format!("WHARF_BODY_LIMIT=`{value}` is no number of bytes; {} counts", Gate::BODY_LIMIT));
        Gate::BODY_LIMIT
    })
}

/// `WHARF_LOG_FORMAT` decides. Without it: JSON in Lambda, which alone sets `AWS_LAMBDA_INITIALIZATION_TYPE` beside the
/// function's name; the emulators set only the name, and `sam local` says so with `AWS_SAM_LOCAL`.
fn log_format(var: impl Fn(&str) -> Option<String>) -> LogFormat {
    match var("WHARF_LOG_FORMAT").as_deref() {
        Some("json") => LogFormat::Json,
        Some("text") => LogFormat::Text,
        _ => {
            let in_lambda =
                ["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_INITIALIZATION_TYPE"].map(&var).iter().all(Option::is_some);
            if in_lambda && !is_sam_local(&var) { LogFormat::Json } else { LogFormat::Text }
        }
    }
}

fn is_sam_local(var: impl Fn(&str) -> Option<String>) -> bool {
    var("AWS_SAM_LOCAL").is_some()
}

fn missing(var: impl Fn(&str) -> Option<String>) -> Vec<&'static str> {
    let mut missing = Vec::new();
    if var("AWS_LAMBDA_RUNTIME_API").is_none_or(|value| value.parse::<http::Uri>().is_err()) {
        missing.push("AWS_LAMBDA_RUNTIME_API");
    }
    for name in ["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION"] {
        if var(name).is_none() {
            missing.push(name);
        }
    }
    if var("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").is_none_or(|value| value.parse::<i32>().is_err()) {
        missing.push("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        Settings::read(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn lines_are_json_in_lambda_only() {
        let name = ("AWS_LAMBDA_FUNCTION_NAME", "x");
        let kind = ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
        assert_eq!(settings(&[name, kind]).log_format, LogFormat::Json);
        assert_eq!(settings(&[name]).log_format, LogFormat::Text);
        assert_eq!(settings(&[name, kind, ("AWS_SAM_LOCAL", "true")]).log_format, LogFormat::Text);
        assert_eq!(settings(&[name, kind, ("WHARF_LOG_FORMAT", "text")]).log_format, LogFormat::Text);
        assert_eq!(settings(&[("WHARF_LOG_FORMAT", "json")]).log_format, LogFormat::Json);
    }

    #[test]
    fn a_base_path_has_one_slash_in_front() {
        for (text, path) in [("", ""), ("/", ""), ("shop", "/shop"), ("/shop/", "/shop"), ("/a/b", "/a/b")] {
            assert_eq!(settings(&[("WHARF_BASE_PATH", text)]).gate.base_path, path, "{text}");
        }
    }

    #[test]
    fn a_limit_that_is_no_number_is_told() {
        let limit = |value| {
            let settings = settings(&[("WHARF_BODY_LIMIT", value)]);
            (settings.gate.body_limit, settings.unreadable.len())
        };
        assert_eq!(limit("1000"), (1000, 0));
        assert_eq!(limit("1 MB"), (6_291_456, 1));
        assert_eq!(settings(&[]).gate.body_limit, 6_291_456);
    }

    #[test]
    fn what_lambda_runtime_would_panic_without_is_found_missing() {
        let full = [
            ("AWS_LAMBDA_RUNTIME_API", "http://127.0.0.1:9000/.rt/x"),
            ("AWS_LAMBDA_FUNCTION_NAME", "x"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ];
        assert!(settings(&full).missing.is_empty());
        assert_eq!(settings(&full[1..]).missing, ["AWS_LAMBDA_RUNTIME_API"]);
        assert_eq!(settings(&[]).missing.len(), 4);
        assert_eq!(
            settings(&[full[0], full[1], full[2], ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "much")]).missing.len(),
            1
        );
        assert_eq!(settings(&[("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9000/.rt")]).missing.len(), 4);
    }
}

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
        Self::read(from_env)
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

fn from_env(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where the CDN looks for what was revalidated, and with whose rights it is written there.
#[cfg(feature = "revalidate")]
pub(crate) struct KeyValueStore {
    pub(crate) arn: String,
    /// The URL of its data API.
    pub(crate) endpoint: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: Option<String>,
}

#[cfg(feature = "revalidate")]
impl KeyValueStore {
    /// `None` when the environment names no store.
    pub(crate) fn from_env() -> Result<Option<Self>, String> {
        Self::read(from_env)
    }

    /// Lambda puts the rights of the function's role into the environment. Each account has a host of its own
    /// ([AWS](https://docs.aws.amazon.com/general/latest/gr/cf_region.html)).
    fn read(var: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        let Some(arn) = var("WHARF_KEY_VALUE_STORE") else { return Ok(None) };
        let needed = |name| var(name).ok_or_else(|| format!("{name} is not set"));
        let account = account_of(&arn)
            .ok_or_else(|| format!("WHARF_KEY_VALUE_STORE=`{arn}` is not the ARN of a key-value store"))?;
        let own = var("AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE").or_else(|| var("AWS_ENDPOINT_URL"));
        Ok(Some(Self {
            endpoint: own.map_or_else(
                || format!("https://{account}.cloudfront-kvs.global.api.aws"),
                |url| url.trim_end_matches('/').to_owned(),
            ),
            access_key_id: needed("AWS_ACCESS_KEY_ID")?,
            secret_access_key: needed("AWS_SECRET_ACCESS_KEY")?,
            session_token: var("AWS_SESSION_TOKEN"),
            arn,
        }))
    }
}

/// `123456789012` of `arn:aws:cloudfront::123456789012:key-value-store/…`.
#[cfg(feature = "revalidate")]
fn account_of(arn: &str) -> Option<&str> {
    let (account, store) = arn.strip_prefix("arn:aws:cloudfront::")?.split_once(":key-value-store/")?;
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (is_account && !store.is_empty()).then_some(account)
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

    #[cfg(feature = "revalidate")]
    #[test]
    fn a_key_value_store_is_reached_at_the_host_of_its_account() {
        let read = |pairs: &[(&str, &str)]| {
            KeyValueStore::read(|name| {
                pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        let arn = ("WHARF_KEY_VALUE_STORE", "arn:aws:cloudfront::123456789012:key-value-store/a-b");
        let keys = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret")];
        let store = read(&[arn, keys[0], keys[1]]).unwrap().unwrap();
        assert_eq!(store.endpoint, "https://123456789012.cloudfront-kvs.global.api.aws");
        let own = ("AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE", "http://localhost:1/");
        assert_eq!(read(&[arn, keys[0], keys[1], own]).unwrap().unwrap().endpoint, "http://localhost:1");
        assert!(read(&keys).unwrap().is_none());
        assert_eq!(read(&[arn, keys[0]]).err().unwrap(), "AWS_SECRET_ACCESS_KEY is not set");
        for text in ["store", "arn:aws:cloudfront::1:key-value-store/x", "arn:aws:cloudfront::123456789012:function/x"]
        {
            let error = read(&[("WHARF_KEY_VALUE_STORE", text), keys[0], keys[1]]).err().unwrap();
            assert!(error.contains("is not the ARN"), "{error}");
        }
    }
}

//! What the adapter reads from its environment, in one place.
//!
//! A setting that is there and cannot be read stops the start. What it was to guard would be open otherwise, and nobody
//! would know.

use std::{
    cell::RefCell,
    env,
    ffi::{OsStr, OsString},
    ops::RangeInclusive,
    path::PathBuf,
    sync::LazyLock,
};

use crate::{
    event::Gate,
    handler::{
        bounds::Bounds,
        hosts::Hosts,
        viewer::{Origin, Secrets},
    },
};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Json,
    Text,
}

#[derive(Debug)]
pub(crate) struct Settings {
    /// What requests have to pass, or why that cannot be told: then no request may be answered.
    pub(crate) gate: Result<Gate, Unreadable>,
    pub(crate) log_format: LogFormat,
    pub(crate) log_filter: Option<String>,
    /// Whether `sam local` runs the function: it takes replies only whole.
    pub(crate) is_sam_local: bool,
    /// Where the function's zip was unpacked.
    pub(crate) task_root: Option<PathBuf>,
    /// What `lambda_runtime` needs and does not find; it would panic.
    pub(crate) missing: Vec<&'static str>,
}

/// The settings that cannot be read, each with what it has to be. Nothing of a secret is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable(Vec<String>);

impl std::fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0.join("; "))
    }
}

impl Settings {
    pub(crate) fn from_env() -> Self {
        Self::read(&|name| env::var_os(name))
    }

    fn read(var: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let variables = Variables { var, problems: RefCell::default() };
        let bounds = Bounds::default();
        let gate = Gate {
            origin: origin(&variables),
            base_path: base_path(&variables),
            hosts: hosts(&variables),
            body_limit: limit(&variables, "WHARF_BODY_LIMIT", Gate::BODY_LIMIT),
            bounds: Bounds {
                fields: limit(&variables, "WHARF_FIELD_LIMIT", bounds.fields),
                nodes: limit(&variables, "WHARF_JSON_LIMIT", bounds.nodes),
            },
        };
        let log_format = log_format(&variables);
        let log_filter = variables.given("RUST_LOG").or_else(|| variables.given("AWS_LAMBDA_LOG_LEVEL").map(as_filter));
        let problems = variables.problems.into_inner();
        Self {
            gate: if problems.is_empty() { Ok(gate) } else { Err(Unreadable(problems)) },
            log_format,
            log_filter,
            is_sam_local: is_given(var, "AWS_SAM_LOCAL"),
            task_root: var("LAMBDA_TASK_ROOT").filter(|root| !root.is_empty()).map(PathBuf::from),
            missing: missing(var),
        }
    }
}

/// How many bytes of answers an instance keeps in memory, and as many of fetched replies: an eighth of the memory of the
/// function each. Outside Lambda that is an eighth of the smallest function.
pub(crate) fn kept_bytes() -> usize {
    static BYTES: LazyLock<usize> = LazyLock::new(|| kept_bytes_of(env::var("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").ok()));
    *BYTES
}

fn kept_bytes_of(megabytes: Option<String>) -> usize {
    const SMALLEST: usize = 128;
    let megabytes = megabytes.and_then(|size| size.parse().ok()).unwrap_or(SMALLEST);
    megabytes.max(SMALLEST).saturating_mul(1024 * 1024 / 8)
}

/// The variables of the environment, and what was found wrong with them.
struct Variables<'v> {
    var: &'v dyn Fn(&str) -> Option<OsString>,
    problems: RefCell<Vec<String>>,
}

impl Variables<'_> {
    /// The value of a variable that is set, be it to nothing.
    fn set(&self, name: &str) -> Option<String> {
        let value = (self.var)(name)?.into_string();
        value.map_err(|_| self.refuse(format!("{name} is not UTF-8"))).ok()
    }

    /// The value of a variable that says something.
    fn given(&self, name: &str) -> Option<String> {
        self.set(name).filter(|value| !value.is_empty())
    }

    fn refuse(&self, problem: String) {
        self.problems.borrow_mut().push(problem);
    }
}

fn is_given(var: &dyn Fn(&str) -> Option<OsString>, name: &str) -> bool {
    var(name).is_some_and(|value| !value.is_empty())
}

/// The names of the settings that guard, which messages need more than once.
const SECRET: &str = "WHARF_ORIGIN_SECRET";
const ROTATION: &str = "WHARF_ORIGIN_SECRET_ROTATION";
const REQUIRED: &str = "WHARF_REQUIRE_ORIGIN";

/// Which CDN may prove itself, and whether others are refused.
fn origin(variables: &Variables<'_>) -> Origin {
    let is_required = flag(variables, REQUIRED);
    let (current, rotation) = (secret(variables, SECRET), secret(variables, ROTATION));
    let is_set = |name: &str| (variables.var)(name).is_some();
    if !is_set(SECRET) {
        for needing in
            [ROTATION, REQUIRED].into_iter().filter(|name| is_set(name) && (*name != REQUIRED || is_required))
        {
            variables.refuse(format!("{needing} needs {SECRET}, which is not set"));
        }
    }
    match current.map(|current| Secrets::new(current).with_rotation(rotation)) {
        Some(secrets) if is_required => Origin::CdnOnly(secrets),
        Some(secrets) => Origin::Cdn(secrets),
        None => Origin::Unknown,
    }
}

fn flag(variables: &Variables<'_>, name: &str) -> bool {
    let Some(value) = variables.set(name) else { return false };
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" => true,
        "0" | "false" => false,
        _ => {
            variables.refuse(format!("{name}=`{}` is none of `1`, `true`, `0` and `false`", value.escape_debug()));
            false
        }
    }
}

/// How long a secret is: what `openssl rand -hex 16` prints is 128 bits that nobody guesses.
const SECRET_LENGTH: RangeInclusive<usize> = 32..=256;

/// A secret that a header can carry as it is: one that ends with a space, or a line end, would never be sent so.
fn secret(variables: &Variables<'_>, name: &str) -> Option<String> {
    let value = variables.set(name)?;
    if SECRET_LENGTH.contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some(value);
    }
    let (least, most) = (SECRET_LENGTH.start(), SECRET_LENGTH.end());
    variables.refuse(format!("{name} is no secret: it has to be {least} to {most} visible ASCII characters"));
    None
}

/// One variable, where it says something.
#[cfg(feature = "revalidate")]
fn from_env(name: &str) -> Result<Option<String>, String> {
    readable(name, env::var_os(name).as_deref())
}

#[cfg(feature = "revalidate")]
fn readable(name: &str, value: Option<&OsStr>) -> Result<Option<String>, String> {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    value.to_str().map(|value| Some(value.to_owned())).ok_or_else(|| format!("{name} is not UTF-8"))
}

/// The rights of the function's role, which Lambda puts into the environment.
#[cfg(feature = "revalidate")]
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: Option<String>,
}

#[cfg(feature = "revalidate")]
impl Credentials {
    fn read(var: impl Fn(&str) -> Result<Option<String>, String>) -> Result<Self, String> {
        let needed = |name| var(name)?.ok_or_else(|| format!("{name} is not set"));
        Ok(Self {
            access_key_id: needed("AWS_ACCESS_KEY_ID")?,
            secret_access_key: needed("AWS_SECRET_ACCESS_KEY")?,
            session_token: var("AWS_SESSION_TOKEN")?,
        })
    }
}

/// Where functions tell what they revalidated.
#[cfg(feature = "revalidate")]
pub(crate) struct StampQueue {
    /// By which SQS knows it.
    pub(crate) url: String,
    /// Where its API answers: a scheme and a host.
    pub(crate) endpoint: String,
    pub(crate) region: String,
    pub(crate) credentials: Credentials,
}

#[cfg(feature = "revalidate")]
impl StampQueue {
    /// `None` when the environment names no queue.
    pub(crate) fn from_env() -> Result<Option<Self>, String> {
        Self::read(from_env)
    }

    /// `https://sqs.eu-central-1.amazonaws.com/123456789012/shop-stamps`
    /// ([AWS](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html)).
    fn read(var: impl Fn(&str) -> Result<Option<String>, String>) -> Result<Option<Self>, String> {
        let Some(url) = var("WHARF_STAMP_QUEUE")? else { return Ok(None) };
        let parsed = url::Url::parse(&url).ok().filter(|url| url.has_host() && url.path().len() > 1);
        let parsed = parsed.ok_or_else(|| format!("WHARF_STAMP_QUEUE=`{url}` is not the URL of a queue"))?;
        let own = var("AWS_ENDPOINT_URL_SQS")?.or(var("AWS_ENDPOINT_URL")?);
        let region = parsed.host_str().and_then(|host| Some(host.strip_prefix("sqs.")?.split_once(".amazonaws.")?.0));
        let region = region.map(str::to_owned).or(var("AWS_REGION")?);
        Ok(Some(Self {
            endpoint: own.unwrap_or_else(|| parsed.origin().ascii_serialization()).trim_end_matches('/').to_owned(),
            region: region.ok_or_else(|| "AWS_REGION is not set".to_owned())?,
            credentials: Credentials::read(&var)?,
            url,
        }))
    }
}

/// Where the CDN looks for what was revalidated: only the stamp writer writes there.
#[cfg(feature = "revalidate")]
pub(crate) struct KeyValueStore {
    pub(crate) arn: String,
    /// The URL of its data API.
    pub(crate) endpoint: String,
    pub(crate) credentials: Credentials,
}

#[cfg(feature = "revalidate")]
impl KeyValueStore {
    pub(crate) fn from_env() -> Result<Self, String> {
        Self::read(from_env)
    }

    /// Each account has a host of its own ([AWS](https://docs.aws.amazon.com/general/latest/gr/cf_region.html)).
    fn read(var: impl Fn(&str) -> Result<Option<String>, String>) -> Result<Self, String> {
        let arn = var("WHARF_KEY_VALUE_STORE")?.ok_or_else(|| "WHARF_KEY_VALUE_STORE is not set".to_owned())?;
        let account = account_of(&arn)
            .ok_or_else(|| format!("WHARF_KEY_VALUE_STORE=`{arn}` is not the ARN of a key-value store"))?;
        let own = var("AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE")?.or(var("AWS_ENDPOINT_URL")?);
        Ok(Self {
            endpoint: own.map_or_else(
                || format!("https://{account}.cloudfront-kvs.global.api.aws"),
                |url| url.trim_end_matches('/').to_owned(),
            ),
            credentials: Credentials::read(&var)?,
            arn,
        })
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
fn base_path(variables: &Variables<'_>) -> String {
    const NAME: &str = "WHARF_BASE_PATH";
    let text = variables.given(NAME).unwrap_or_default();
    let path = text.trim_matches('/');
    let is_part = |part: &str| {
        let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%".contains(&byte);
        !matches!(part, "" | "." | "..") && part.bytes().all(is_sign)
    };
    if path.is_empty() {
        return String::new();
    }
    if !path.split('/').all(is_part) {
        variables.refuse(format!("{NAME}=`{}` is no path as `/shop`", text.escape_debug()));
    }
    format!("/{path}")
}

fn hosts(variables: &Variables<'_>) -> Hosts {
    const NAME: &str = "WHARF_HOSTS";
    let Some(text) = variables.set(NAME) else { return Hosts::default() };
    Hosts::parse(&text).unwrap_or_else(|| {
        variables.refuse(format!(
            "{NAME}=`{}` is no list of hosts as `shop.example, *.shop.example`, whose first one is a name",
            text.escape_debug()
        ));
        Hosts::default()
    })
}

/// A number, as of bytes.
fn limit(variables: &Variables<'_>, name: &str, default: usize) -> usize {
    let Some(value) = variables.set(name) else { return default };
    value.parse().unwrap_or_else(|_| {
        variables.refuse(format!("{name}=`{}` is no number", value.escape_debug()));
        default
    })
}

/// `WHARF_LOG_FORMAT` decides. Without it: JSON in Lambda, which alone sets `AWS_LAMBDA_INITIALIZATION_TYPE` beside the
/// function's name; the emulators set only the name, and `sam local` says so with `AWS_SAM_LOCAL`.
fn log_format(variables: &Variables<'_>) -> LogFormat {
    const NAME: &str = "WHARF_LOG_FORMAT";
    let value = variables.given(NAME);
    match value.as_deref() {
        Some("json") => return LogFormat::Json,
        Some("text") => return LogFormat::Text,
        Some(other) => variables.refuse(format!("{NAME}=`{}` is neither `json` nor `text`", other.escape_debug())),
        None => {}
    }
    let is_given = |name| is_given(variables.var, name);
    let in_lambda = is_given("AWS_LAMBDA_FUNCTION_NAME") && is_given("AWS_LAMBDA_INITIALIZATION_TYPE");
    if in_lambda && !is_given("AWS_SAM_LOCAL") { LogFormat::Json } else { LogFormat::Text }
}

/// The level that is set for the function in Lambda, as a filter: it knows one more
/// ([AWS](https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html)).
fn as_filter(level: String) -> String {
    if level.eq_ignore_ascii_case("FATAL") { "error".to_owned() } else { level }
}

fn missing(var: &dyn Fn(&str) -> Option<OsString>) -> Vec<&'static str> {
    let text = |name| var(name).as_deref().and_then(OsStr::to_str).filter(|value| !value.is_empty()).map(str::to_owned);
    let mut missing = Vec::new();
    if text("AWS_LAMBDA_RUNTIME_API").is_none_or(|value| value.parse::<http::Uri>().is_err()) {
        missing.push("AWS_LAMBDA_RUNTIME_API");
    }
    for name in ["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION"] {
        if text(name).is_none() {
            missing.push(name);
        }
    }
    if text("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").is_none_or(|value| value.parse::<i32>().is_err()) {
        missing.push("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        Settings::read(&|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
    }

    fn gate(pairs: &[(&str, &str)]) -> Result<Gate, String> {
        settings(pairs).gate.map_err(|problems| problems.to_string())
    }

    const GOOD: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_guard_without_a_secret_refuses_to_start() {
        for required in ["1", "true", "TRUE", "True"] {
            let required = ("WHARF_REQUIRE_ORIGIN", required);
            let problem = gate(&[required]).unwrap_err();
            assert_eq!(problem, "WHARF_REQUIRE_ORIGIN needs WHARF_ORIGIN_SECRET, which is not set");
            let gate = gate(&[required, ("WHARF_ORIGIN_SECRET", GOOD)]).unwrap();
            assert!(gate.origin.refuses(false), "{required:?}");
        }
    }

    #[test]
    fn a_guard_that_is_off_needs_no_secret() {
        for required in ["0", "false", "False"] {
            let required = ("WHARF_REQUIRE_ORIGIN", required);
            assert!(!gate(&[required]).unwrap().origin.refuses(false));
            assert!(!gate(&[required, ("WHARF_ORIGIN_SECRET", GOOD)]).unwrap().origin.refuses(false));
        }
        assert!(!gate(&[("WHARF_ORIGIN_SECRET", GOOD)]).unwrap().origin.refuses(false));
    }

    #[test]
    fn a_flag_that_says_neither_yes_nor_no_refuses_to_start() {
        for value in ["", " ", "yes", "on", "2", "1 ", "tru", "off", "no"] {
            let problem = gate(&[("WHARF_REQUIRE_ORIGIN", value), ("WHARF_ORIGIN_SECRET", GOOD)]).unwrap_err();
            assert!(problem.contains("is none of"), "{problem}");
        }
    }

    #[test]
    fn what_nobody_would_have_to_guess_is_no_secret_and_is_not_told() {
        let spaced = format!("{GOOD} ");
        let long = "x".repeat(257);
        for secret in ["", " ", "\t\n", "short-one", &GOOD[1..], &spaced, "é0123456789abcdef0123456789abcdef", &long] {
            for name in ["WHARF_ORIGIN_SECRET", "WHARF_ORIGIN_SECRET_ROTATION"] {
                let other =
                    if name == "WHARF_ORIGIN_SECRET" { "WHARF_ORIGIN_SECRET_ROTATION" } else { "WHARF_ORIGIN_SECRET" };
                let problem = gate(&[(name, secret), (other, GOOD)]).unwrap_err();
                assert_eq!(problem, format!("{name} is no secret: it has to be 32 to 256 visible ASCII characters"));
            }
        }
    }

    #[test]
    fn a_second_secret_needs_the_first() {
        let problem = gate(&[("WHARF_ORIGIN_SECRET_ROTATION", GOOD)]).unwrap_err();
        assert_eq!(problem, "WHARF_ORIGIN_SECRET_ROTATION needs WHARF_ORIGIN_SECRET, which is not set");
    }

    #[cfg(unix)]
    #[test]
    fn no_setting_is_taken_for_unset_because_it_is_not_utf_8() {
        use std::os::unix::ffi::OsStringExt;
        for name in [
            "WHARF_ORIGIN_SECRET",
            "WHARF_ORIGIN_SECRET_ROTATION",
            "WHARF_REQUIRE_ORIGIN",
            "WHARF_BASE_PATH",
            "WHARF_BODY_LIMIT",
            "WHARF_HOSTS",
            "WHARF_LOG_FORMAT",
            "RUST_LOG",
            "AWS_LAMBDA_LOG_LEVEL",
        ] {
            let settings = Settings::read(&|known| (known == name).then(|| OsString::from_vec(b"1\xFF".to_vec())));
            let problem = settings.gate.unwrap_err().to_string();
            assert!(problem.contains(&format!("{name} is not UTF-8")), "{problem}");
        }
        #[cfg(feature = "revalidate")]
        assert_eq!(
            readable("WHARF_KEY_VALUE_STORE", Some(&OsString::from_vec(b"arn\xFF".to_vec()))),
            Err("WHARF_KEY_VALUE_STORE is not UTF-8".to_owned())
        );
    }

    #[test]
    fn a_list_of_hosts_that_names_none_refuses_to_start() {
        assert!(gate(&[]).unwrap().hosts.is_empty());
        assert!(gate(&[("WHARF_HOSTS", "shop.example")]).unwrap().hosts.contain("shop.example"));
        for value in ["", " ", "*.shop.example", "https://shop.example", "shop.example/x"] {
            assert!(gate(&[("WHARF_HOSTS", value)]).unwrap_err().contains("is no list of hosts"), "{value}");
        }
    }

    #[test]
    fn all_that_cannot_be_read_is_told_at_once() {
        let problem = gate(&[("WHARF_BODY_LIMIT", "1 MB"), ("WHARF_LOG_FORMAT", "yaml")]).unwrap_err();
        assert_eq!(
            problem,
            "WHARF_BODY_LIMIT=`1 MB` is no number; WHARF_LOG_FORMAT=`yaml` is neither `json` nor `text`"
        );
    }

    #[test]
    fn the_level_of_lambda_is_a_filter() {
        assert_eq!(settings(&[("AWS_LAMBDA_LOG_LEVEL", "FATAL")]).log_filter.as_deref(), Some("error"));
        assert_eq!(settings(&[("AWS_LAMBDA_LOG_LEVEL", "WARN")]).log_filter.as_deref(), Some("WARN"));
        let both = [("AWS_LAMBDA_LOG_LEVEL", "WARN"), ("RUST_LOG", "debug")];
        assert_eq!(settings(&both).log_filter.as_deref(), Some("debug"));
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
    fn what_is_kept_grows_with_the_function() {
        for (memory, megabytes) in [(None, 16), (Some("128"), 16), (Some("1024"), 128), (Some("much"), 16)] {
            assert_eq!(kept_bytes_of(memory.map(str::to_owned)), megabytes * 1024 * 1024, "{memory:?}");
        }
    }

    #[test]
    fn a_base_path_has_one_slash_in_front() {
        for (text, path) in [("", ""), ("/", ""), ("shop", "/shop"), ("/shop/", "/shop"), ("/a/b", "/a/b")] {
            assert_eq!(gate(&[("WHARF_BASE_PATH", text)]).unwrap().base_path, path, "{text}");
        }
        for text in ["/a b", "/a?x", "/a#x", "/..", "/a/./b", "/a//b", "\\evil.example", "/a\r\nb", "/\u{e9}"] {
            let problem = gate(&[("WHARF_BASE_PATH", text)]).unwrap_err();
            assert!(problem.ends_with("is no path as `/shop`"), "{problem}");
        }
    }

    #[test]
    fn a_limit_that_is_no_number_refuses_to_start() {
        let limit = |value| gate(&[("WHARF_BODY_LIMIT", value)]).map(|gate| gate.body_limit);
        assert_eq!(limit("1000"), Ok(1000));
        for value in ["1 MB", "", "-1", "1e6", "0x10"] {
            assert!(limit(value).is_err(), "{value}");
        }
        assert_eq!(gate(&[]).unwrap().body_limit, 6_291_456);
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
    fn var<'a>(pairs: &'a [(&str, &str)]) -> impl Fn(&str) -> Result<Option<String>, String> + 'a {
        |name| Ok(pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[cfg(feature = "revalidate")]
    const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret")];

    #[cfg(feature = "revalidate")]
    #[test]
    fn a_key_value_store_is_reached_at_the_host_of_its_account() {
        let read = |pairs: &[(&str, &str)]| KeyValueStore::read(var(pairs));
        let arn = ("WHARF_KEY_VALUE_STORE", "arn:aws:cloudfront::123456789012:key-value-store/a-b");
        let [id, secret] = KEYS;
        assert_eq!(read(&[arn, id, secret]).unwrap().endpoint, "https://123456789012.cloudfront-kvs.global.api.aws");
        let own = ("AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE", "http://localhost:1/");
        assert_eq!(read(&[arn, id, secret, own]).unwrap().endpoint, "http://localhost:1");
        assert_eq!(read(&KEYS).err().unwrap(), "WHARF_KEY_VALUE_STORE is not set");
        assert_eq!(read(&[arn, id]).err().unwrap(), "AWS_SECRET_ACCESS_KEY is not set");
        for text in ["store", "arn:aws:cloudfront::1:key-value-store/x", "arn:aws:cloudfront::123456789012:function/x"]
        {
            let error = read(&[("WHARF_KEY_VALUE_STORE", text), id, secret]).err().unwrap();
            assert!(error.contains("is not the ARN"), "{error}");
        }
    }

    #[cfg(feature = "revalidate")]
    #[test]
    fn a_queue_is_asked_in_its_region_and_at_its_host() {
        let [id, secret] = KEYS;
        let read = |pairs: &[(&str, &str)]| {
            let pairs: Vec<_> = pairs.iter().copied().chain([id, secret]).collect();
            let queue = StampQueue::read(var(&pairs))?;
            Ok::<_, String>(queue.map(|queue| format!("{} {}", queue.region, queue.endpoint)))
        };
        let queue = |url| ("WHARF_STAMP_QUEUE", url);
        let of_aws = queue("https://sqs.eu-central-1.amazonaws.com/123456789012/shop-stamps");
        assert_eq!(read(&[of_aws]).unwrap().unwrap(), "eu-central-1 https://sqs.eu-central-1.amazonaws.com");
        let of_china = queue("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/x");
        assert_eq!(read(&[of_china]).unwrap().unwrap(), "cn-north-1 https://sqs.cn-north-1.amazonaws.com.cn");
        let here = queue("http://127.0.0.1:9324/123456789012/x");
        let region = ("AWS_REGION", "eu-west-1");
        assert_eq!(read(&[here, region]).unwrap().unwrap(), "eu-west-1 http://127.0.0.1:9324");
        assert_eq!(read(&[here]).unwrap_err(), "AWS_REGION is not set");
        let own = ("AWS_ENDPOINT_URL_SQS", "http://localhost:1/");
        assert_eq!(read(&[of_aws, own]).unwrap().unwrap(), "eu-central-1 http://localhost:1");
        assert_eq!(read(&[]).unwrap(), None);
        for text in
            ["shop-stamps", "arn:aws:sqs:eu-central-1:123456789012:x", "https://sqs.eu-central-1.amazonaws.com/"]
        {
            assert!(read(&[queue(text)]).unwrap_err().contains("is not the URL of a queue"), "{text}");
        }
        assert!(StampQueue::read(var(&[of_aws, id])).err().unwrap().contains("AWS_SECRET_ACCESS_KEY is not set"));
    }
}

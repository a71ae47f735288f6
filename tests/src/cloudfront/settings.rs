//! What the templates set, read from their texts.

use std::collections::BTreeMap;

use super::directives::Directives;

/// The settings of a distribution that decide about its cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Seconds.
    pub min_ttl: u64,
    /// Seconds.
    pub default_ttl: u64,
    /// Seconds.
    pub max_ttl: u64,
    /// Names in lower case.
    pub keyed_headers: Vec<String>,
    /// Whether cookies are a part of the key.
    pub keyed_cookies: bool,
    /// Whether the query is.
    pub keyed_query: bool,
    /// Whether cookies reach the origin.
    pub forwards_cookies: bool,
    /// All headers but these reach the origin.
    pub headers_not_forwarded: Vec<String>,
    /// Seconds by status.
    pub error_ttls: BTreeMap<u16, u64>,
}

impl Settings {
    /// Those of a `template.yaml`.
    ///
    /// # Panics
    ///
    /// When it sets what the model does not know.
    #[must_use]
    pub fn of_sam(template: &str) -> Self {
        let of = |resource: &str| Block::of(template, &format!("{resource}:"));
        let (cache, origin, distribution) = (of("CdnCachePolicy"), of("CdnOriginRequestPolicy"), of("Cdn"));
        let errors = distribution.inner("CustomErrorResponses:");
        Self {
            min_ttl: cache.number("MinTTL:"),
            default_ttl: cache.number("DefaultTTL:"),
            max_ttl: cache.number("MaxTTL:"),
            keyed_headers: cache.listed("HeaderBehavior:", "whitelist", "Headers:"),
            keyed_cookies: cache.is_all("CookieBehavior:"),
            keyed_query: cache.is_all("QueryStringBehavior:"),
            forwards_cookies: cache.is_all("CookieBehavior:") || origin.is_all("CookieBehavior:"),
            headers_not_forwarded: origin.listed("HeaderBehavior:", "allExcept", "Headers:"),
            error_ttls: errors
                .numbers("ErrorCode:")
                .into_iter()
                .map(|status| u16::try_from(status).expect("a status has three digits"))
                .zip(errors.numbers("ErrorCachingMinTTL:"))
                .collect(),
        }
    }

    /// Those of a `cdn.tf`.
    ///
    /// # Panics
    ///
    /// When it sets what the model does not know.
    #[must_use]
    pub fn of_terraform(module: &str) -> Self {
        let of = |kind: &str| Block::of(module, &format!("resource \"aws_cloudfront_{kind}\" \"cdn\" {{"));
        let (cache, origin, distribution) = (of("cache_policy"), of("origin_request_policy"), of("distribution"));
        let errors = distribution.inner("dynamic \"custom_error_response\" {");
        let seconds = errors.number("error_caching_min_ttl =");
        let status = |text: String| (text.parse().expect("a status is a number"), seconds);
        Self {
            min_ttl: cache.number("min_ttl ="),
            default_ttl: cache.number("default_ttl ="),
            max_ttl: cache.number("max_ttl ="),
            keyed_headers: cache.listed("header_behavior =", "whitelist", "items ="),
            keyed_cookies: cache.is_all("cookie_behavior ="),
            keyed_query: cache.is_all("query_string_behavior ="),
            forwards_cookies: cache.is_all("cookie_behavior =") || origin.is_all("cookie_behavior ="),
            headers_not_forwarded: origin.listed("header_behavior =", "allExcept", "items ="),
            error_ttls: errors.list("for_each =").into_iter().map(status).collect(),
        }
    }

    /// Nobody waits while cookies are forwarded (RequestAndResponseBehaviorS3Origin).
    pub(super) fn collapses(&self) -> bool {
        !self.forwards_cookies
    }

    /// For how long an answer that is no error is fresh; `None` where it is not kept (Expiration).
    pub(super) fn ttl(&self, said: &Directives) -> Option<u64> {
        if said.forbids_keeping() && self.min_ttl == 0 {
            return None;
        }
        Some(said.own_ttl().unwrap_or(self.default_ttl).clamp(self.min_ttl, self.max_ttl))
    }

    /// 10 seconds unless it is set (custom-error-pages-expiration).
    pub(super) fn error_ttl(&self, status: u16) -> u64 {
        self.error_ttls.get(&status).copied().unwrap_or(10)
    }
}

/// Lines that stand below one, further in.
struct Block<'t>(Vec<&'t str>);

impl<'t> Block<'t> {
    #[track_caller]
    fn of(text: &'t str, head: &str) -> Self {
        Self(text.lines().collect()).inner(head)
    }

    #[track_caller]
    fn inner(&self, head: &str) -> Self {
        let start = self.0.iter().position(|line| line.trim() == head);
        let start = start.unwrap_or_else(|| panic!("there is no `{head}`"));
        let indent = |line: &str| line.len() - line.trim_start_matches([' ', '-']).len();
        let outer = indent(self.0[start]);
        Self(self.0[start + 1..].iter().take_while(|line| line.is_empty() || indent(line) > outer).copied().collect())
    }

    /// The values behind this name, in order.
    fn values(&self, name: &str) -> Vec<&'t str> {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.0
            .iter()
            .filter(|line| words(line.trim_start_matches([' ', '-'])).starts_with(name))
            .filter_map(|line| line.split_once(&name[name.len() - 1..]))
            .map(|(_, value)| value.trim().trim_matches('"'))
            .collect()
    }

    #[track_caller]
    fn only(&self, name: &str) -> &'t str {
        match self.values(name)[..] {
            [only] => only,
            ref other => panic!("`{name}` is {other:?} in {:#?}", self.0),
        }
    }

    fn numbers(&self, name: &str) -> Vec<u64> {
        self.values(name).iter().map(|value| value.parse().expect("it is a number")).collect()
    }

    #[track_caller]
    fn number(&self, name: &str) -> u64 {
        self.only(name).parse().unwrap_or_else(|error| panic!("`{name}`: {error}"))
    }

    #[track_caller]
    fn is_all(&self, name: &str) -> bool {
        match self.only(name) {
            "all" => true,
            "none" => false,
            other => panic!("the model does not know `{name} {other}`"),
        }
    }

    /// A list, in one line or one item a line.
    fn list(&self, name: &str) -> Vec<String> {
        let head = self.only(name);
        if let Some(items) = head.strip_prefix('[') {
            let items = items.trim_end_matches(']').split(',');
            return items.map(|item| item.trim().trim_matches('"').to_ascii_lowercase()).collect();
        }
        let after = self.0.iter().skip_while(|line| !line.trim().starts_with(name)).skip(1);
        let items = after.map_while(|line| line.trim().strip_prefix("- "));
        items.map(|item| item.trim_matches('"').to_ascii_lowercase()).collect()
    }

    #[track_caller]
    fn listed(&self, behavior: &str, expected: &str, list: &str) -> Vec<String> {
        assert_eq!(self.only(behavior), expected, "the model does not know this `{behavior}`");
        let list = self.list(list);
        assert!(!list.is_empty(), "{:#?}", self.0);
        list
    }
}

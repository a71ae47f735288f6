//! Who asks, and what for: the URL and the address as the viewer knows them, from headers that may be trusted.

use std::{fmt, net::IpAddr};

use http::{HeaderMap, header, request::Parts};
use url::Url;

/// The header with which a CDN proves that a request came through it.
pub(crate) const SECRET_HEADER: &str = "x-wharf-origin-secret";

/// What the front end knows of the viewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Viewer {
    pub(crate) scheme: &'static str,
    pub(crate) host: String,
    pub(crate) client_ip: Option<IpAddr>,
}

impl Default for Viewer {
    fn default() -> Self {
        Self { scheme: "http", host: "localhost".to_owned(), client_ip: None }
    }
}

impl Viewer {
    /// The viewer of a request; one that was made by hand comes from localhost.
    pub(crate) fn of(parts: &Parts) -> Self {
        parts.extensions.get().cloned().unwrap_or_default()
    }

    /// What a static answer is made for: Next.js hands a `force-static` handler this host, in production too.
    pub(crate) fn nobody() -> Self {
        Self { host: "localhost:3000".to_owned(), ..Self::default() }
    }

    /// Reads the viewer of an event with this domain name and source address.
    pub(crate) fn read(domain: Option<&str>, source_ip: Option<&str>, headers: &HeaderMap, through_cdn: bool) -> Self {
        let domain = domain.filter(|domain| is_host(domain)).unwrap_or("localhost");
        // Emulators name no port in the domain; no one else can reach them, so the header may be believed.
        let is_local = domain == "localhost";
        let own = text(headers, header::HOST.as_str()).filter(|host| is_local && is_host(host));
        let forwarded = text(headers, "x-forwarded-host").filter(|host| through_cdn && is_host(host));
        let scheme = text(headers, "cloudfront-forwarded-proto")
            .filter(|_| through_cdn)
            .or_else(|| text(headers, "x-forwarded-proto"));
        Self {
            scheme: match scheme {
                Some("http") => "http",
                Some("https") => "https",
                _ if is_local => "http",
                _ => "https",
            },
            host: forwarded.or(own).unwrap_or(domain).to_owned(),
            client_ip: through_cdn
                .then(|| before_the_cdn(headers))
                .flatten()
                .or_else(|| source_ip.and_then(|address| address.parse().ok())),
        }
    }

    pub(crate) fn url(&self, path: &str, query: Option<&str>) -> Url {
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let rest = format!("{path}{query}");
        [self.host.as_str(), "localhost"]
            .iter()
            .find_map(|host| Url::parse(&format!("{}://{host}{rest}", self.scheme)).ok())
            .unwrap_or_else(fallback)
    }
}

fn fallback() -> Url {
    // The text is a URL, whatever happens.
    match Url::parse("http://localhost/") {
        Ok(url) => url,
        Err(_) => unreachable!("a constant URL"),
    }
}

/// Whether this is a host with perhaps a port, and nothing that would move the path of a URL.
fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text.is_ascii()
        && !text.contains(['/', '\\', '?', '#', '@', ' '])
        && Url::parse(&format!("http://{text}/")).is_ok_and(|url| url.has_host())
}

/// CloudFront adds the viewer's address to `x-forwarded-for`, and the API then adds CloudFront's.
fn before_the_cdn(headers: &HeaderMap) -> Option<IpAddr> {
    // Those that the client itself sent may stand in lines of their own.
    let lines = headers.get_all("x-forwarded-for").iter().rev().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.rsplit(',')).nth(1)?.trim().parse().ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// What is known of the CDN in front of the function.
#[derive(Debug, Clone, Default)]
pub(crate) enum Origin {
    /// Nothing: no request proves anything, and all are answered.
    #[default]
    Unknown,
    /// Its secrets. Requests without one of them are answered, too.
    Cdn(Secrets),
    /// Its secrets. Requests without one of them are refused.
    CdnOnly(Secrets),
}

/// What a CDN may prove itself with: one secret, and a second one while the first is being changed.
#[derive(Clone)]
pub(crate) struct Secrets {
    current: String,
    rotation: Option<String>,
}

impl Secrets {
    pub(crate) fn new(current: impl Into<String>) -> Self {
        Self { current: current.into(), rotation: None }
    }

    /// The same, and this one counts as well.
    pub(crate) fn with_rotation(self, rotation: Option<String>) -> Self {
        Self { rotation, ..self }
    }

    /// Both are compared, whichever it is. An empty one proves nothing.
    fn contain(&self, sent: &[u8]) -> bool {
        let is_current = equal(self.current.as_bytes(), sent);
        let is_rotation = equal(self.rotation.as_deref().unwrap_or_default().as_bytes(), sent);
        (is_current | is_rotation) && !sent.is_empty()
    }
}

impl fmt::Debug for Secrets {
    /// Nothing of a secret may come into a log.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secrets")
    }
}

impl Origin {
    /// Whether the request proves that it came through the CDN. The proof is taken out of the headers, so that no
    /// handler hands it on. Two lines of it are no proof: the CDN sends one.
    pub(crate) fn proves(&self, headers: &mut HeaderMap) -> bool {
        let lines = headers.get_all(SECRET_HEADER).iter().count();
        let sent = headers.remove(SECRET_HEADER).filter(|_| lines == 1);
        match (self.secrets(), sent) {
            (Some(secrets), Some(sent)) => secrets.contain(sent.as_bytes()),
            _ => false,
        }
    }

    fn secrets(&self) -> Option<&Secrets> {
        match self {
            Self::Unknown => None,
            Self::Cdn(secrets) | Self::CdnOnly(secrets) => Some(secrets),
        }
    }

    /// The same with another set of secrets.
    pub(crate) fn map_secrets(self, change: impl FnOnce(Secrets) -> Secrets) -> Self {
        match self {
            Self::Unknown => Self::Unknown,
            Self::Cdn(secrets) => Self::Cdn(change(secrets)),
            Self::CdnOnly(secrets) => Self::CdnOnly(change(secrets)),
        }
    }

    /// Whether a request with or without that proof is refused.
    pub(crate) fn refuses(&self, proven: bool) -> bool {
        matches!(self, Self::CdnOnly(_)) && !proven
    }
}

/// Compares in a time that does not tell how much of it was right.
fn equal(one: &[u8], other: &[u8]) -> bool {
    let difference = one.iter().zip(other).fold(0, |sum, (left, right)| std::hint::black_box(sum | (left ^ right)));
    one.len() == other.len() && difference == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_domain_is_the_host_and_not_what_a_client_says() {
        let headers = headers(&[("host", "evil.example"), ("x-forwarded-host", "evil.example")]);
        assert_eq!(Viewer::read(Some("api.example.com"), None, &headers, false).host, "api.example.com");
        assert_eq!(Viewer::read(Some("api.example.com"), None, &headers, true).host, "evil.example");
    }

    #[test]
    fn an_emulator_is_believed_about_its_port() {
        let headers = headers(&[("host", "localhost:9000")]);
        let viewer = Viewer::read(Some("localhost"), Some("127.0.0.1"), &headers, false);
        assert_eq!(viewer.url("/x", Some("a=1")).as_str(), "http://localhost:9000/x?a=1");
        assert_eq!(viewer.client_ip, Some([127, 0, 0, 1].into()));
    }

    #[test]
    fn odd_hosts_never_panic() {
        for host in ["a b", "x:99999", "", "/", "[::1", "a/b", "a@b", "..", "é"] {
            let viewer = Viewer { host: host.to_owned(), ..Viewer::default() };
            assert!(viewer.url("/x", None).as_str().starts_with("http://"), "{host}");
            let viewer = Viewer::read(Some(host), Some(host), &HeaderMap::new(), false);
            assert!(viewer.url("/x", None).path() == "/x", "{host}");
        }
    }

    #[test]
    fn the_scheme_is_forwarded_or_https() {
        for (forwarded, scheme) in [("http", "http"), ("https", "https"), ("gopher", "https"), ("", "https")] {
            let headers = headers(&[("x-forwarded-proto", forwarded)]);
            assert_eq!(Viewer::read(Some("a.example"), None, &headers, false).scheme, scheme);
        }
    }

    #[test]
    fn behind_the_cdn_the_viewer_is_the_last_but_one() {
        let headers = headers(&[("x-forwarded-for", "6.6.6.6, 1.2.3.4, 130.176.0.1")]);
        let ip = |through_cdn| Viewer::read(Some("a.example"), Some("130.176.0.1"), &headers, through_cdn).client_ip;
        assert_eq!(ip(true), Some([1, 2, 3, 4].into()));
        assert_eq!(ip(false), Some([130, 176, 0, 1].into()));
    }

    #[test]
    fn a_line_of_addresses_that_the_client_sent_is_not_taken_for_that_of_the_cdn() {
        let mut headers = headers(&[("x-forwarded-for", "6.6.6.6, 6.6.6.6")]);
        headers.append("x-forwarded-for", "1.2.3.4, 130.176.0.1".parse().unwrap());
        let viewer = Viewer::read(Some("a.example"), Some("130.176.0.1"), &headers, true);
        assert_eq!(viewer.client_ip, Some([1, 2, 3, 4].into()));
    }

    #[test]
    fn only_the_whole_secret_is_proof_and_it_is_taken_out() {
        let origin = Origin::CdnOnly(Secrets::new("s3cret"));
        for (sent, proven) in [("s3cret", true), ("s3cre", false), ("s3crets", false), ("S3cret", false), ("", false)] {
            let mut headers = headers(&[(SECRET_HEADER, sent)]);
            assert_eq!(origin.proves(&mut headers), proven, "{sent}");
            assert!(headers.is_empty());
        }
        assert!(!Origin::Unknown.proves(&mut headers(&[(SECRET_HEADER, "")])));
        assert!(origin.refuses(false) && !origin.refuses(true) && !Origin::Unknown.refuses(false));
        assert!(!Origin::Cdn(Secrets::new("s3cret")).refuses(false));
    }

    #[test]
    fn both_secrets_are_proof_while_one_is_changed() {
        let origin = Origin::CdnOnly(Secrets::new("old").with_rotation(Some("new".to_owned())));
        for (sent, proven) in [("old", true), ("new", true), ("oldnew", false), ("old,new", false), ("", false)] {
            assert_eq!(origin.proves(&mut headers(&[(SECRET_HEADER, sent)])), proven, "{sent}");
        }
    }

    #[test]
    fn an_empty_secret_proves_nothing() {
        for secrets in [Secrets::new(""), Secrets::new("").with_rotation(Some(String::new()))] {
            assert!(!Origin::CdnOnly(secrets).proves(&mut headers(&[(SECRET_HEADER, "")])));
        }
    }

    #[test]
    fn two_lines_with_a_secret_are_no_proof_and_both_are_taken_out() {
        let origin = Origin::CdnOnly(Secrets::new("s3cret"));
        for other in ["s3cret", "guess", ""] {
            let mut headers = headers(&[("X-Wharf-Origin-Secret", "s3cret"), (SECRET_HEADER, other)]);
            assert_eq!(headers.len(), 2);
            assert!(!origin.proves(&mut headers), "{other}");
            assert!(headers.is_empty());
        }
    }

    #[test]
    fn no_secret_is_in_what_is_printed() {
        let origin = Origin::CdnOnly(Secrets::new("s3cret").with_rotation(Some("n3w".to_owned())));
        let printed = format!("{origin:?}");
        assert!(!printed.contains("s3cret") && !printed.contains("n3w"), "{printed}");
    }
}

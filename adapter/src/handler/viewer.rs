//! Who asks, and what for: the URL and the address as the viewer knows them, from headers that may be trusted.
//!
//! | source | host | scheme | address |
//! | --- | --- | --- | --- |
//! | API Gateway, Function URL | `domainName` of the event | `https`: they have no other | `sourceIp` of the event |
//! | load balancer | none | the last `x-forwarded-proto`, which it sets | the last of `x-forwarded-for`, which it adds |
//! | VPC Lattice | none | the last `x-forwarded-for-proto`, which it adds | the last of `x-forwarded-for` |
//! | emulator | `Host`, when it is this machine's | `http` | `sourceIp` of the event |
//!
//! A CDN that proves itself tells the host (`x-forwarded-host`), the scheme and, as the last but one of
//! `x-forwarded-for`, the address.

use std::{
    fmt,
    net::IpAddr,
    sync::{Arc, Once},
};

use http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts};
use url::Url;

use crate::handler::hosts::{Hosts, is_loopback, spelled};

/// The header with which a CDN proves that a request came through it.
pub(crate) const SECRET_HEADER: &str = "x-wharf-origin-secret";

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_HOST: &str = "x-forwarded-host";
const FORWARDED_PORT: &str = "x-forwarded-port";
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// The host when nothing vouches for one. Nobody but the viewer's own machine answers there.
const NO_HOST: &str = "localhost";

/// What stands in front of the function, by what it vouches for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Front {
    /// API Gateway or a Function URL.
    Api,
    /// An Application Load Balancer
    /// ([AWS](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html)).
    LoadBalancer,
    /// VPC Lattice ([AWS](https://docs.aws.amazon.com/vpc-lattice/latest/ug/http-targets.html)).
    Lattice,
    /// `cargo lambda watch` or `sam local`, on this machine.
    #[default]
    Emulator,
}

/// What an event says of the viewer, beside its headers.
#[derive(Debug, Default)]
pub(crate) struct Told<'e> {
    pub(crate) front: Front,
    pub(crate) domain: Option<&'e str>,
    pub(crate) source_ip: Option<&'e str>,
    /// Whether the request proved that it came through the CDN.
    pub(crate) is_proven: bool,
}

/// What the front end knows of the viewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Viewer {
    pub(crate) scheme: &'static str,
    pub(crate) host: Arc<str>,
    /// What the viewer sees in front of the path: a stage or a base path, as `/prod`.
    pub(crate) base_path: Arc<str>,
    pub(crate) client_ip: Option<IpAddr>,
    /// Whether anything vouches for the host.
    is_vouched: bool,
}

impl Default for Viewer {
    fn default() -> Self {
        Self { scheme: "http", host: NO_HOST.into(), base_path: "".into(), client_ip: None, is_vouched: true }
    }
}

impl Viewer {
    /// The viewer of a request; one that was made by hand comes from localhost.
    pub(crate) fn of(parts: &Parts) -> Self {
        parts.extensions.get().cloned().unwrap_or_default()
    }

    /// What a static answer is made for: Next.js hands a `force-static` handler this host, in production too.
    pub(crate) fn nobody() -> Self {
        Self { host: "localhost:3000".into(), ..Self::default() }
    }

    /// Reads the viewer of an event.
    pub(crate) fn read(told: &Told<'_>, headers: &HeaderMap, hosts: &Hosts) -> Self {
        let scheme = scheme(told, headers);
        let host = host(told, headers, hosts, scheme);
        Self {
            scheme,
            is_vouched: host.is_some(),
            host: host.unwrap_or_else(|| NO_HOST.to_owned()).into(),
            base_path: "".into(),
            client_ip: client_ip(told, headers),
        }
    }

    /// The same, whose URLs begin with this path.
    pub(crate) fn below(self, base_path: &str) -> Self {
        Self { base_path: base_path.into(), ..self }
    }

    /// The URL of a path of the app.
    pub(crate) fn url(&self, path: &str, query: Option<&str>) -> Url {
        self.warn_of_no_host();
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let rest = format!("{}{path}{query}", self.base_path);
        [&*self.host, NO_HOST]
            .iter()
            .find_map(|host| Url::parse(&format!("{}://{host}{rest}", self.scheme)).ok())
            .unwrap_or_else(fallback)
    }

    fn warn_of_no_host(&self) {
        static WARNED: Once = Once::new();
        if !self.is_vouched {
            WARNED.call_once(|| {
                tracing::warn!(
                    target: "wharf",
                    "nothing vouches for the host of a URL, so it is `{NO_HOST}`: a load balancer and VPC Lattice hand on \
                     whatever a client calls them. Name the hosts of the app in WHARF_HOSTS"
                );
            });
        }
    }

    /// Leaves in the headers only what is vouched for. What the front end writes itself is written anew, as it may have
    /// been added to what a client sent; what else is said of a way that nobody proved is taken out.
    pub(crate) fn tell(&self, told: &Told<'_>, headers: &mut HeaderMap) {
        let port = self.port(told, headers);
        let unproven: Vec<_> = headers.keys().filter(|name| is_of_the_way(name.as_str(), told)).cloned().collect();
        for name in unproven {
            headers.remove(name);
        }
        rewrite(headers, FORWARDED_FOR, self.client_ip.map(|address| address.to_string()));
        rewrite(headers, FORWARDED_HOST, Some(self.host.to_string()));
        rewrite(headers, FORWARDED_PORT, port.map(|port| port.to_string()));
        rewrite(headers, FORWARDED_PROTO, Some(self.scheme.to_owned()));
    }

    /// The port that the viewer asked at: a load balancer tells its own.
    fn port(&self, told: &Told<'_>, headers: &HeaderMap) -> Option<u16> {
        if told.front == Front::LoadBalancer && !told.is_proven {
            return last(headers, FORWARDED_PORT)?.parse().ok();
        }
        Url::parse(&format!("{}://{}/", self.scheme, self.host)).ok()?.port_or_known_default()
    }
}

fn fallback() -> Url {
    // The text is a URL, whatever happens.
    match Url::parse("http://localhost/") {
        Ok(url) => url,
        Err(_) => unreachable!("a constant URL"),
    }
}

/// The host that is vouched for. Where the app names its hosts, no other counts, and the first of them when the request
/// came for none of them; the client chooses among them, and nothing else.
fn host(told: &Told<'_>, headers: &HeaderMap, hosts: &Hosts, scheme: &str) -> Option<String> {
    let read = |host: &str| spelled(host, scheme);
    let forwarded = only(headers, FORWARDED_HOST).filter(|_| told.is_proven).and_then(read);
    let asked = || only(headers, header::HOST.as_str()).and_then(read);
    let vouched = match told.front {
        Front::Api => told.domain.and_then(read),
        // Emulators name no port in the domain; no one else can reach them, so the header may be believed.
        Front::Emulator => asked().filter(|host| is_loopback(host)).or_else(|| Some(NO_HOST.to_owned())),
        Front::LoadBalancer | Front::Lattice => None,
    };
    if hosts.is_empty() || (told.front == Front::Emulator && !told.is_proven) {
        return forwarded.or(vouched);
    }
    let known = [forwarded, vouched].into_iter().flatten().chain(asked()).find(|host| hosts.contain(host));
    known.or_else(|| hosts.first().map(str::to_owned))
}

fn scheme(told: &Told<'_>, headers: &HeaderMap) -> &'static str {
    let read = |name: &str| match last(headers, name) {
        Some("http") => Some("http"),
        Some("https") => Some("https"),
        _ => None,
    };
    let proven = || read("cloudfront-forwarded-proto").filter(|_| told.is_proven);
    let seen = || match told.front {
        Front::Api => None,
        Front::LoadBalancer => read(FORWARDED_PROTO),
        Front::Lattice => read("x-forwarded-for-proto"),
        Front::Emulator => read(FORWARDED_PROTO).filter(|_| told.is_proven),
    };
    proven().or_else(seen).unwrap_or(if told.front == Front::Emulator { "http" } else { "https" })
}

fn client_ip(told: &Told<'_>, headers: &HeaderMap) -> Option<IpAddr> {
    let before = || told.is_proven.then(|| before_the_cdn(headers)).flatten();
    before().or_else(|| told.source_ip.and_then(|address| address.parse().ok()))
}

/// Whether a header says how a request came here, and nobody who may be believed has written it. A CDN that proved
/// itself is believed: it has to take these out of what its viewers send, as ours does.
fn is_of_the_way(name: &str, told: &Told<'_>) -> bool {
    match name {
        FORWARDED_FOR | FORWARDED_PORT | FORWARDED_PROTO => false,
        _ if told.is_proven => false,
        "forwarded"
        | "forwarded-for"
        | "x-forwarded"
        | "x-host"
        | "x-http-host-override"
        | "x-real-ip"
        | "x-client-ip"
        | "x-cluster-client-ip"
        | "client-ip"
        | "true-client-ip"
        | "cf-connecting-ip"
        | "cf-connecting-ipv6"
        | "fastly-client-ip"
        | "x-rewrite-url"
        | "x-url-scheme"
        | "x-scheme"
        | "front-end-https" => true,
        _ => ["x-forwarded-", "x-original-", "cloudfront-"].iter().any(|family| name.starts_with(family)),
    }
}

/// Puts this value in the place of all that the header said; of a header that is not there it makes none.
fn rewrite(headers: &mut HeaderMap, name: &'static str, value: Option<String>) {
    if headers.remove(name).is_some()
        && let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok())
    {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// CloudFront adds the viewer's address to `x-forwarded-for`, and the API then adds CloudFront's.
fn before_the_cdn(headers: &HeaderMap) -> Option<IpAddr> {
    // Those that the client itself sent may stand in lines of their own.
    let lines = headers.get_all(FORWARDED_FOR).iter().rev().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.rsplit(',')).nth(1)?.trim().parse().ok()
}

/// The value of a header that stands there once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut lines = headers.get_all(name).iter();
    lines.next().filter(|_| lines.next().is_none())?.to_str().ok()
}

/// What was written last to a header that is a list.
fn last<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let line = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    line.rsplit(',').next().map(str::trim)
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

    fn told(front: Front) -> Told<'static> {
        let domain = (front == Front::Api).then_some("api.example.com");
        Told { front, domain, source_ip: Some("203.0.113.7"), is_proven: false }
    }

    fn read(told: &Told<'_>, pairs: &[(&'static str, &str)], hosts: &str) -> Viewer {
        let hosts = if hosts.is_empty() { Hosts::default() } else { Hosts::parse(hosts).unwrap() };
        Viewer::read(told, &headers(pairs), &hosts)
    }

    const FRONTS: [Front; 4] = [Front::Api, Front::LoadBalancer, Front::Lattice, Front::Emulator];

    #[test]
    fn the_host_is_never_the_choice_of_a_client() {
        for evil in ["evil.example", "EVIL.example.", "evil.example:443", "user@evil.example", "[2001:db8::1]:80"] {
            for name in ["host", "x-forwarded-host", "forwarded", "x-original-host", "x-forwarded-server", "x-host"] {
                for front in FRONTS {
                    let host = |hosts| read(&told(front), &[(name, evil)], hosts).host.to_string();
                    let vouched = if front == Front::Api { "api.example.com" } else { "localhost" };
                    assert_eq!(host(""), vouched, "{front:?} {name}: {evil}");
                    let named = if front == Front::Emulator { "localhost" } else { "shop.example" };
                    assert_eq!(host("shop.example, *.shop.example"), named, "{front:?} {name}: {evil}");
                }
            }
        }
    }

    #[test]
    fn a_client_chooses_among_the_hosts_of_the_app() {
        let hosts = "shop.example, www.shop.example, *.tenants.example";
        for front in [Front::LoadBalancer, Front::Lattice] {
            for (asked, host) in [
                ("www.shop.example", "www.shop.example"),
                ("WWW.shop.example.:443", "www.shop.example"),
                ("a.tenants.example", "a.tenants.example"),
                ("a.b.tenants.example", "shop.example"),
                ("www.shop.example:8443", "shop.example"),
                ("", "shop.example"),
            ] {
                assert_eq!(&*read(&told(front), &[("host", asked)], hosts).host, host, "{front:?}: {asked}");
            }
        }
        // The domain of the API is none of them.
        assert_eq!(&*read(&told(Front::Api), &[("host", "api.example.com")], hosts).host, "shop.example");
    }

    #[test]
    fn the_cdn_tells_the_host_when_it_is_proven_and_the_host_is_one_of_the_app() {
        let forwarded = [("host", "api.example.com"), ("x-forwarded-host", "www.shop.example")];
        for front in FRONTS {
            let proven = Told { is_proven: true, ..told(front) };
            assert_eq!(&*read(&proven, &forwarded, "").host, "www.shop.example", "{front:?}");
            assert_eq!(
                &*read(&proven, &forwarded, "a.example, www.shop.example").host,
                "www.shop.example",
                "{front:?}"
            );
            assert_eq!(&*read(&proven, &forwarded, "a.example").host, "a.example", "{front:?}");
        }
        let mut twice = headers(&forwarded);
        twice.append("x-forwarded-host", "evil.example".parse().unwrap());
        let proven = Told { is_proven: true, ..told(Front::Api) };
        assert_eq!(&*Viewer::read(&proven, &twice, &Hosts::default()).host, "api.example.com");
    }

    #[test]
    fn an_emulator_is_believed_about_its_port() {
        let viewer =
            read(&Told { source_ip: Some("127.0.0.1"), ..told(Front::Emulator) }, &[("host", "localhost:9000")], "");
        assert_eq!(viewer.url("/x", Some("a=1")).as_str(), "http://localhost:9000/x?a=1");
        assert_eq!(viewer.client_ip, Some([127, 0, 0, 1].into()));
    }

    #[test]
    fn odd_hosts_never_panic() {
        for host in ["a b", "x:99999", "", "/", "[::1", "a/b", "a@b", "..", "é"] {
            let viewer = Viewer { host: host.into(), ..Viewer::default() };
            assert!(viewer.url("/x", None).as_str().starts_with("http://"), "{host}");
            let told = Told { domain: Some(host), source_ip: Some(host), ..told(Front::Api) };
            assert!(Viewer::read(&told, &HeaderMap::new(), &Hosts::default()).url("/x", None).path() == "/x", "{host}");
        }
    }

    #[test]
    fn the_scheme_is_what_the_front_end_says() {
        for (forwarded, of_a_load_balancer) in
            [("http", "http"), ("https", "https"), ("gopher", "https"), ("", "https"), ("https, http", "http")]
        {
            let scheme = |front| read(&told(front), &[("x-forwarded-proto", forwarded)], "").scheme;
            assert_eq!(scheme(Front::LoadBalancer), of_a_load_balancer, "{forwarded}");
            assert_eq!((scheme(Front::Api), scheme(Front::Lattice)), ("https", "https"), "{forwarded}");
            assert_eq!(scheme(Front::Emulator), "http", "{forwarded}");
            let of_the_cdn = [("x-forwarded-proto", "https"), ("cloudfront-forwarded-proto", forwarded)];
            assert_eq!(read(&told(Front::Api), &of_the_cdn, "").scheme, "https");
        }
        let proven = Told { is_proven: true, ..told(Front::Api) };
        assert_eq!(read(&proven, &[("cloudfront-forwarded-proto", "http")], "").scheme, "http");
        assert_eq!(read(&told(Front::Lattice), &[("x-forwarded-for-proto", "http")], "").scheme, "http");
    }

    #[test]
    fn what_a_client_says_of_its_way_does_not_reach_a_handler() {
        let said = [
            ("forwarded", "for=6.6.6.6;host=evil.example"),
            ("x-forwarded-for", "6.6.6.6, 203.0.113.7"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-port", "6"),
            ("x-forwarded-prefix", "/evil"),
            ("x-forwarded-proto", "gopher"),
            ("x-forwarded-server", "evil.example"),
            ("x-original-host", "evil.example"),
            ("x-original-url", "/evil"),
            ("x-real-ip", "6.6.6.6"),
            ("cloudfront-viewer-country", "EV"),
            ("x-tag", "kept"),
        ];
        for (front, port, proto) in [
            (Front::Api, "443", "https"),
            (Front::LoadBalancer, "6", "https"),
            (Front::Lattice, "443", "https"),
            (Front::Emulator, "80", "http"),
        ] {
            let mut left = headers(&said);
            let told = told(front);
            Viewer::read(&told, &left, &Hosts::default()).tell(&told, &mut left);
            let expected = [
                ("x-forwarded-for", "203.0.113.7"),
                ("x-forwarded-port", port),
                ("x-forwarded-proto", proto),
                ("x-tag", "kept"),
            ];
            assert_eq!(left, headers(&expected), "{front:?}");
        }
    }

    #[test]
    fn what_a_proven_cdn_says_is_left() {
        let said = [
            ("x-forwarded-for", "6.6.6.6, 1.2.3.4, 203.0.113.7"),
            ("x-forwarded-host", "Shop.example"),
            ("x-forwarded-port", "6"),
            ("x-forwarded-proto", "http"),
            ("cloudfront-viewer-country", "DE"),
        ];
        let mut left = headers(&said);
        let told = Told { is_proven: true, ..told(Front::Api) };
        Viewer::read(&told, &left, &Hosts::default()).tell(&told, &mut left);
        let expected = [
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-host", "shop.example"),
            ("x-forwarded-port", "443"),
            ("x-forwarded-proto", "https"),
            ("cloudfront-viewer-country", "DE"),
        ];
        assert_eq!(left, headers(&expected));
    }

    #[test]
    fn behind_the_cdn_the_viewer_is_the_last_but_one() {
        let sent = [("x-forwarded-for", "6.6.6.6, 1.2.3.4, 130.176.0.1")];
        let told = |is_proven| Told { is_proven, source_ip: Some("130.176.0.1"), ..told(Front::Api) };
        assert_eq!(read(&told(true), &sent, "").client_ip, Some([1, 2, 3, 4].into()));
        assert_eq!(read(&told(false), &sent, "").client_ip, Some([130, 176, 0, 1].into()));
    }

    #[test]
    fn a_line_of_addresses_that_the_client_sent_is_not_taken_for_that_of_the_cdn() {
        let mut headers = headers(&[("x-forwarded-for", "6.6.6.6, 6.6.6.6")]);
        headers.append("x-forwarded-for", "1.2.3.4, 130.176.0.1".parse().unwrap());
        let told = Told { is_proven: true, source_ip: Some("130.176.0.1"), ..told(Front::Api) };
        assert_eq!(Viewer::read(&told, &headers, &Hosts::default()).client_ip, Some([1, 2, 3, 4].into()));
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

//! Host names: what is one, and which of them an app answers as (`WHARF_HOSTS`).

use url::Url;

/// A host in its one spelling: lower case, in ASCII, without a dot at its end and without the port of its scheme.
///
/// `None` for what is no host with perhaps a port: user names, paths, lists, escapes and bad ports among them.
pub(crate) fn spelled(text: &str, scheme: &str) -> Option<String> {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    if !text.bytes().all(is_sign) {
        return None;
    }
    let url = Url::parse(&format!("{scheme}://{text}/")).ok()?;
    let name = url.host_str().filter(|_| url.path() == "/")?;
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() || name.ends_with('.') {
        return None;
    }
    Some(url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}")))
}

/// Whether only this machine answers there: where an emulator runs.
pub(crate) fn is_loopback(host: &str) -> bool {
    let Ok(url) = Url::parse(&format!("http://{host}/")) else { return false };
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The hosts that an app answers as. Empty when it does not say so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hosts(Vec<String>);

impl Hosts {
    /// Reads a list as `shop.example, www.shop.example, *.tenants.example`. The first one is no pattern.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let hosts: Option<Vec<_>> = text.split(',').map(|host| Self::parse_one(host.trim())).collect();
        let hosts = hosts.filter(|hosts| hosts.first().is_some_and(|first| !first.starts_with('*')))?;
        Some(Self(hosts))
    }

    /// A pattern begins with a whole part that is `*`.
    fn parse_one(text: &str) -> Option<String> {
        match text.strip_prefix("*.") {
            // A star before the last part of a name would be all names there are.
            Some(parent) => spelled(parent, "https").filter(|name| name.contains('.')).map(|name| format!("*.{name}")),
            None => spelled(text, "https"),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one that counts when nothing else does.
    pub(crate) fn first(&self) -> Option<&str> {
        self.0.first().map(String::as_str)
    }

    /// Whether this is one of them. `*` stands for one part, as in a certificate
    /// ([RFC 9525, 6.3](https://www.rfc-editor.org/rfc/rfc9525#section-6.3)).
    pub(crate) fn contain(&self, host: &str) -> bool {
        self.0.iter().any(|known| match known.strip_prefix("*.") {
            Some(parent) => host.split_once('.').is_some_and(|(part, rest)| !part.is_empty() && rest == parent),
            None => known == host,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_one_spelling() {
        for (text, host) in [
            ("SHOP.example", "shop.example"),
            ("shop.example.", "shop.example"),
            ("shop.example:443", "shop.example"),
            ("shop.example:8443", "shop.example:8443"),
            ("[::1]:8080", "[::1]:8080"),
            ("127.0.0.1", "127.0.0.1"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(spelled(text, "https").as_deref(), Some(host), "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_none() {
        for text in [
            "",
            " ",
            "a b",
            "user@a.example",
            "user:word@a.example",
            "a.example/x",
            "a.example?x",
            "a.example#x",
            "a\\b",
            "a.example, b.example",
            "a.example,b.example",
            "%65vil.example",
            "a.example:99999",
            "a.example:x",
            "[::1",
            "é.example",
            ".",
            "..",
            "a.example..",
            "a\r\nb",
            "http://a.example",
        ] {
            assert_eq!(spelled(text, "https"), None, "{text}");
        }
    }

    #[test]
    fn a_list_names_hosts_and_its_first_one_counts_by_itself() {
        let hosts = Hosts::parse("Shop.example, www.shop.example:8443 ,*.tenants.example").unwrap();
        assert_eq!(hosts.first(), Some("shop.example"));
        for (host, is_one) in [
            ("shop.example", true),
            ("www.shop.example:8443", true),
            ("www.shop.example", false),
            ("a.tenants.example", true),
            ("a.b.tenants.example", false),
            ("tenants.example", false),
            (".tenants.example", false),
            ("eviltenants.example", false),
            ("evil.example", false),
        ] {
            assert_eq!(hosts.contain(host), is_one, "{host}");
        }
        for text in [
            "",
            ",",
            "a.example,",
            "*.a.example",
            "a.example, *",
            "a.example, *.com",
            "a.*.example",
            "https://a.example",
        ] {
            assert_eq!(Hosts::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "localhost:9000", "app.localhost", "127.0.0.1:3000", "127.9.9.9", "[::1]:1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "evil.example", "notlocalhost"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}

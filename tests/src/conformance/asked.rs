//! What a request means, and what Wharf answers to it: the contract, said once more and in another way.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};
use url::Url;
use wharf::testing::Source;

use super::{Case, Function, SECRET, replies};
use crate::HttpReply;

/// Name and value of a header, or of a parameter.
pub(super) type Line = (String, String);

/// All but the characters of a path ([RFC 3986, 3.3](https://www.rfc-editor.org/rfc/rfc3986#section-3.3)).
pub(super) const NOT_IN_A_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// What no URL has in its query.
const NOT_IN_A_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// What would end the line of a header.
const NOT_IN_A_LOCATION: &AsciiSet = &CONTROLS.add(b' ');

/// Which host a source vouches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VouchedHost {
    /// The domain at which it is asked.
    OwnDomain,
    /// What it was called, if that is this machine.
    ThisMachine,
    /// None.
    Nobody,
}

/// A request on its way to the function.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub(super) source: Source,
    function: Function,
    method: String,
    /// As in the request line.
    pub(super) path: String,
    /// As in the request line.
    pub(super) query: String,
    /// With a host.
    pub(super) sent: Vec<Line>,
    /// With what a front end adds.
    pub(super) headers: Vec<Line>,
    pub(super) body: Vec<u8>,
    form: Value,
    /// The address that the source saw.
    pub(super) source_ip: &'static str,
    pub(super) vouched_host: VouchedHost,
    /// What the client sees in front of the path.
    pub(super) stage: &'static str,
}

impl Asked {
    pub(super) fn of(case: &Case, source: Source) -> Self {
        let request = &case.request;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("an event has no other headers");
        let lines = request.headers().iter().map(|(name, value)| (name.to_string(), text(value.as_bytes())));
        let mut sent: Vec<Line> = lines.collect();
        let add = |headers: &mut Vec<Line>, name: &str, value: &str| {
            if !headers.iter().any(|(other, _)| other == name) {
                headers.push((name.to_owned(), value.to_owned()));
            }
        };
        add(&mut sent, "host", own_domain(source));
        let (addresses, mut headers): (Vec<_>, Vec<_>) =
            sent.iter().cloned().partition(|(name, _)| name == "x-forwarded-for");
        let addresses = addresses.into_iter().map(|(_, value)| value).chain(["203.0.113.7".to_owned()]);
        add(&mut headers, "x-forwarded-for", &addresses.collect::<Vec<_>>().join(", "));
        add(&mut headers, "x-forwarded-port", "443");
        add(&mut headers, "x-forwarded-proto", "https");
        Self {
            source,
            function: case.function,
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            sent,
            headers,
            body: request.body().to_vec(),
            form: case.form.clone(),
            source_ip: "203.0.113.7",
            vouched_host: VouchedHost::OwnDomain,
            stage: "",
        }
    }

    /// The reply, its headers sorted by name. Nothing is kept for others unless the handler says so.
    pub(super) fn reply(&self) -> HttpReply {
        let mut reply = self.answered();
        if reply.headers.iter().all(|(name, _)| name != "cache-control") {
            reply.headers.push(("cache-control".to_owned(), "private, no-store".to_owned()));
            reply.headers.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
        reply
    }

    fn answered(&self) -> HttpReply {
        if self.function == Function::CdnOnly && !self.is_proven() {
            return empty(403, &[]);
        }
        match self.method.as_str() {
            "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" => {}
            "TRACE" => return empty(405, &[("allow", self.allowed())]),
            _ => return empty(400, &[]),
        }
        let Some(parts) = self.parts() else { return empty(400, &[]) };
        if self.path != "/" && self.path.split('/').skip(1).any(str::is_empty) {
            return empty(308, &[("location", &self.location())]);
        }
        if self.function == Function::Replies { self.told(&parts) } else { self.reflected(&parts) }
    }

    fn allowed(&self) -> &'static str {
        if self.function == Function::Replies {
            "GET, HEAD, OPTIONS"
        } else {
            "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
        }
    }

    /// The decoded parts that are not empty; `None` when the path is malformed.
    fn parts(&self) -> Option<Vec<String>> {
        let parts = self.path.split('/').filter(|part| !part.is_empty()).map(|part| {
            let decoded = strictly_decoded(part)?;
            (decoded != "." && decoded != ".." && !decoded.contains('\0')).then_some(decoded)
        });
        parts.collect()
    }

    /// The path without empty parts, percent-encoded.
    fn plain_path(&self) -> String {
        let parts = self.path.split('/').filter(|part| !part.is_empty());
        let parts: Vec<_> = parts.map(|part| encoded(part, NOT_IN_A_PATH)).collect();
        format!("/{}", parts.join("/"))
    }

    fn location(&self) -> String {
        let separator = if self.query.is_empty() { "" } else { "?" };
        let location = format!("{}{}{separator}{}", self.stage, self.plain_path(), self.query);
        encoded(&location, NOT_IN_A_LOCATION)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    fn is_proven(&self) -> bool {
        matches!(self.function, Function::BehindCdn | Function::CdnOnly)
            && self.header("x-wharf-origin-secret") == Some(SECRET)
    }

    fn url(&self) -> Url {
        let valid = |host: &&str| {
            let url = Url::parse(&format!("http://{host}/"));
            host.is_ascii()
                && !host.contains([' ', '\\'])
                && url.is_ok_and(|url| {
                    let rest = &url[url::Position::AfterPort..];
                    rest == "/" && url.username().is_empty() && url.password().is_none() && url.host_str().is_some()
                })
        };
        let is_this_machine =
            |host: &&str| host.starts_with("localhost") || host.starts_with("127.") || host.starts_with("[::1]");
        let forwarded = self.header("x-forwarded-host").filter(|_| self.is_proven()).filter(valid);
        let own = match self.vouched_host {
            VouchedHost::OwnDomain => Some(own_domain(self.source)),
            VouchedHost::ThisMachine => self.header("host").filter(valid).filter(is_this_machine),
            VouchedHost::Nobody => None,
        };
        let host = forwarded.or(own).unwrap_or("localhost");
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.encoded_query()) };
        // Behind the CDN nobody sees the stage.
        let stage = if self.is_proven() { "" } else { self.stage };
        let url = format!("{}://{host}{stage}{}{query}", self.scheme(), self.plain_path());
        Url::parse(&url).unwrap_or_else(|error| panic!("{url} is no URL: {error}"))
    }

    /// What the viewer asked with.
    fn scheme(&self) -> &str {
        let known = |scheme: &&str| matches!(*scheme, "http" | "https");
        let of_the_cdn = self.header("cloudfront-forwarded-proto").filter(|_| self.is_proven()).filter(known);
        let forwarded = self.header("x-forwarded-proto").filter(known);
        of_the_cdn.unwrap_or(match self.source {
            Source::AlbSingle | Source::AlbMulti => forwarded.unwrap_or("https"),
            Source::Local => forwarded.filter(|_| self.is_proven()).unwrap_or("http"),
            _ => "https",
        })
    }

    /// What a handler sees of the headers: of the way of the request only what somebody vouches for.
    fn seen_headers(&self) -> Vec<Line> {
        let port = match self.source {
            Source::AlbSingle | Source::AlbMulti if !self.is_proven() => {
                self.header("x-forwarded-port").unwrap_or_default().to_owned()
            }
            _ => self.url().port_or_known_default().expect("http and https have one").to_string(),
        };
        let is_claimed = |name: &str| {
            ["x-forwarded-", "x-original-", "cloudfront-"].iter().any(|family| name.starts_with(family))
                || matches!(name, "forwarded" | "x-real-ip")
        };
        let mut seen: Vec<Line> = Vec::new();
        for (name, value) in &self.headers {
            let value = match name.as_str() {
                "x-wharf-origin-secret" => continue,
                "x-forwarded-for" => match self.client_ip() {
                    Some(address) => address.to_string(),
                    None => continue,
                },
                "x-forwarded-proto" => self.scheme().to_owned(),
                "x-forwarded-port" => port.clone(),
                "x-forwarded-host" if self.is_proven() => {
                    let url = self.url();
                    url[url::Position::BeforeHost..url::Position::AfterPort].to_owned()
                }
                name if is_claimed(name) && !self.is_proven() => continue,
                _ => value.clone(),
            };
            let is_written_once = matches!(
                name.as_str(),
                "x-forwarded-for" | "x-forwarded-proto" | "x-forwarded-port" | "x-forwarded-host"
            );
            if !is_written_once || seen.iter().all(|(other, _)| other != name) {
                seen.push((name.clone(), value));
            }
        }
        seen
    }

    fn encoded_query(&self) -> String {
        encoded(&self.query, NOT_IN_A_QUERY)
    }

    fn client_ip(&self) -> Option<IpAddr> {
        let before_the_cdn = || self.header("x-forwarded-for")?.rsplit(',').nth(1)?.trim().parse().ok();
        self.is_proven().then(before_the_cdn).flatten().or_else(|| self.source_ip.parse().ok())
    }

    /// What [`reflect`](super::reflect) answers.
    fn reflected(&self, parts: &[String]) -> HttpReply {
        let body: &[u8] = if matches!(self.method.as_str(), "GET" | "HEAD") { b"" } else { &self.body };
        let text = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        let mut headers = self.seen_headers();
        headers.sort_by(|(one, _), (other, _)| one.cmp(other));
        let seen = json!({
            "method": self.method,
            "path": self.plain_path(),
            "url": self.url().as_str(),
            "params": if parts.is_empty() { json!([]) } else { json!([["all", parts]]) },
            "raw_query": self.encoded_query(),
            "query": pairs(self.query.as_bytes()),
            "headers": headers,
            "cookies": self.cookies(),
            "client_ip": self.client_ip(),
            "source": request_context(self.source),
            "body": STANDARD.encode(body),
            "text": String::from_utf8_lossy(text),
            "json": serde_json::from_slice::<Value>(text).ok(),
            "form": self.form(body),
        });
        let told = HttpReply {
            status: 200,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: seen.to_string().into_bytes(),
        };
        if self.method == "HEAD" { replies::head(told) } else { told }
    }

    fn form(&self, body: &[u8]) -> Value {
        let content_type = self.header("content-type").unwrap_or_default().to_ascii_lowercase();
        match content_type.split(';').next().unwrap_or_default().trim() {
            "application/x-www-form-urlencoded" => pairs(body),
            _ => self.form.clone(),
        }
    }

    /// As Next.js reads them: split on `;` and on the first `=`, percent-decoded; one that cannot be decoded
    /// disappears, and of one name the last stays.
    fn cookies(&self) -> Vec<Line> {
        let lines = self.headers.iter().filter(|(name, _)| name == "cookie");
        let texts = lines.flat_map(|(_, line)| line.split(';')).map(str::trim).filter(|text| !text.is_empty());
        let mut cookies: Vec<Line> = Vec::new();
        for text in texts {
            let (name, value) = text.split_once('=').unwrap_or((text, "true"));
            let Some(value) = strictly_decoded(value) else { continue };
            match cookies.iter_mut().find(|(other, _)| other == name) {
                Some((_, known)) => *known = value,
                None => cookies.push((name.to_owned(), value)),
            }
        }
        cookies
    }

    /// What the route `/reply/[name]` answers, which has a GET alone.
    fn told(&self, parts: &[String]) -> HttpReply {
        let [first, name] = parts else { return empty(404, &[]) };
        match self.method.as_str() {
            _ if first != "reply" => empty(404, &[]),
            "GET" => replies::told(name),
            "HEAD" => replies::head(replies::told(name)),
            "OPTIONS" => empty(204, &[("allow", self.allowed())]),
            _ => empty(405, &[("allow", self.allowed())]),
        }
    }
}

fn empty(status: u16, headers: &[(&str, &str)]) -> HttpReply {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    HttpReply { status, headers, body: Vec::new() }
}

/// Where a request without `Host` goes.
fn own_domain(source: Source) -> &'static str {
    match source {
        Source::Local => "localhost:9000",
        Source::HttpApi | Source::Rest => "abcdef1234.execute-api.eu-central-1.amazonaws.com",
        Source::FunctionUrl => "id.lambda-url.eu-central-1.on.aws",
        Source::AlbSingle | Source::AlbMulti => "lb-1234567890.eu-central-1.elb.amazonaws.com",
        Source::VpcLattice => "shop-0123456789abcdef0.7d67968.vpc-lattice-svcs.eu-central-1.on.aws",
        source => panic!("{source:?} has no domain here"),
    }
}

/// The one of lambda_http's request contexts that a handler finds.
fn request_context(source: Source) -> &'static str {
    match source {
        Source::Local | Source::HttpApi | Source::FunctionUrl => "ApiGatewayV2",
        Source::Rest => "ApiGatewayV1",
        Source::AlbSingle | Source::AlbMulti => "Alb",
        Source::VpcLattice => "VpcLattice",
        source => panic!("{source:?} has no context here"),
    }
}

fn pairs(text: &[u8]) -> Value {
    form_urlencoded::parse(text).map(|pair| json!(pair)).collect()
}

/// What has to be encoded is; escapes stay.
fn encoded(text: &str, set: &'static AsciiSet) -> String {
    text.split('%').map(|text| utf8_percent_encode(text, set).to_string()).collect::<Vec<_>>().join("%")
}

/// `None` when a `%` starts no escape, or the bytes are no UTF-8.
fn strictly_decoded(text: &str) -> Option<String> {
    let is_escape = |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    text.split('%').skip(1).all(is_escape).then(|| decoded.into_owned())
}

//! What an event means, read from the documentation of each source, and not by the code of the adapter.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use url::Url;

use super::json::Json;

type Pairs = Vec<(String, String)>;

/// How a request has to be answered.
#[derive(Debug)]
pub(super) enum Meant {
    /// With one of these statuses, and without a handler.
    Refused(Vec<u16>),
    /// By sending it to this place, whose escapes are decoded.
    Moved { to: Vec<u8>, or: Vec<u16> },
    /// By the handler, which sees this.
    Handled(Request),
}

#[derive(Debug, PartialEq)]
pub(super) struct Request {
    pub(super) method: String,
    /// The decoded parts of the path.
    pub(super) parts: Vec<String>,
    pub(super) query: Query,
    /// By the name in lower case, the values in order.
    pub(super) headers: BTreeMap<String, Vec<Vec<u8>>>,
    pub(super) body: Vec<u8>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Query {
    /// As it stands in the URL.
    Raw(String),
    /// The source has decoded it: what it decodes to.
    Decoded(Pairs),
}

/// The parts in which the sources differ.
struct Parts<'e> {
    method: &'e str,
    path: &'e str,
    is_decoded: bool,
    prefix: String,
    query: Query,
    headers: Pairs,
    way: Way,
}

/// What somebody vouches for of the way of a request; it comes in the place of what a client may have said.
#[derive(Default)]
struct Way {
    address: Option<String>,
    scheme: String,
    port: Option<String>,
}

/// What an event means; `None` when it is no HTTP request, or one that no source would send.
pub(super) fn meant(event: &Json) -> Option<Meant> {
    let context = event.field("requestContext")?;
    if !matches!(context, Json::Map(_)) || !event.field("methodArn")?.is_null() || !event.field("routeArn")?.is_null() {
        return None;
    }
    let version = event.text("version")?;
    let parts = if !context.field("elb")?.is_null() {
        load_balancer(event)?
    } else if !context.field("serviceNetworkArn")?.is_null() && version == Some("2.0") {
        lattice(event)?
    } else if !context.field("connectionId")?.is_null() {
        return None;
    } else if version == Some("2.0") {
        payload_2(event, context)?
    } else if matches!(version, None | Some("1.0")) {
        payload_1(event, context, version)?
    } else {
        return None;
    };
    let body = event.text("body")?.unwrap_or_default();
    Some(parts.judge(body, event.flag("isBase64Encoded")?))
}

/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
fn payload_2<'e>(event: &'e Json, context: &'e Json) -> Option<Parts<'e>> {
    let http = context.field("http")?;
    http.text("sourceIp")?;
    let domain = context.text("domainName")?.unwrap_or_default();
    // `sam local` calls both so.
    let is_sam_local = domain == "localhost" && context.text("domainPrefix")? == Some("localhost");
    let is_emulated = is_local(domain) && !is_sam_local;
    let is_function_url = domain.contains(".lambda-url.");
    let (stage, path) = without_stage(context.text("stage")?, event.text("rawPath")?.unwrap_or("/"));
    // The client of a custom domain sees no stage.
    let is_seen = is_local(domain) || is_function_url || domain.contains(".execute-api.");
    let mut headers = lines(event.field("headers")?)?;
    let cookies = match event.field("cookies")? {
        Json::Null => Vec::new(),
        Json::List(cookies) => texts(cookies)?,
        _ => return None,
    };
    if !cookies.is_empty() {
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("cookie"));
        headers.push(("cookie".to_owned(), cookies.join("; ")));
    }
    let way = way(is_local(domain), http.text("sourceIp")?, &headers);
    Some(Parts {
        way,
        method: http.text("method")??,
        path,
        is_decoded: !is_emulated && !is_function_url,
        prefix: if is_seen { stage.to_owned() } else { String::new() },
        query: Query::Raw(event.text("rawQueryString")?.unwrap_or_default().to_owned()),
        headers,
    })
}

/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>
fn payload_1<'e>(event: &'e Json, context: &'e Json, version: Option<&str>) -> Option<Parts<'e>> {
    if let identity @ Json::Map(_) = context.field("identity")? {
        identity.text("sourceIp")?;
    } else if !context.field("identity")?.is_null() {
        return None;
    }
    let headers = merged(event.field("multiValueHeaders")?, event.field("headers")?, str::to_ascii_lowercase)?;
    let query =
        merged(event.field("multiValueQueryStringParameters")?, event.field("queryStringParameters")?, str::to_owned)?;
    let domain = context.text("domainName")?.unwrap_or_default();
    let path = event.text("path")?.unwrap_or("/");
    let (stage, seen) = (context.text("stage")?, context.text("path")?.unwrap_or_default());
    context.text("domainPrefix")?;
    // A resource tells more, by rules that are tested elsewhere.
    if !event.field("resource")?.is_null() || !event.field("pathParameters")?.is_null() {
        return None;
    }
    let seen = seen.strip_suffix(path).unwrap_or_default();
    let stage = stage.filter(|_| version.is_some() && domain.contains(".execute-api."));
    let (front, path) = without_stage(stage, path);
    let is_emulated = is_local(domain);
    let address = match context.field("identity")? {
        identity @ Json::Map(_) => identity.text("sourceIp")?,
        _ => None,
    };
    Some(Parts {
        way: way(is_emulated || domain.is_empty(), address, &headers),
        method: event.text("httpMethod")??,
        path,
        is_decoded: version.is_some() && !is_emulated,
        prefix: format!("{seen}{front}"),
        query: Query::Decoded(query),
        headers,
    })
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>
fn load_balancer(event: &Json) -> Option<Parts<'_>> {
    let query =
        merged(event.field("multiValueQueryStringParameters")?, event.field("queryStringParameters")?, str::to_owned)?;
    let headers = merged(event.field("multiValueHeaders")?, event.field("headers")?, str::to_ascii_lowercase)?;
    let port = headers.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case("x-forwarded-port"));
    let port = port.and_then(|(_, value)| value.rsplit(',').next()?.trim().parse::<u16>().ok());
    Some(Parts {
        way: Way { port: port.map(|port| port.to_string()), ..told(&headers, "x-forwarded-proto") },
        method: event.text("httpMethod")??,
        path: event.text("path")?.unwrap_or("/"),
        is_decoded: false,
        prefix: String::new(),
        query: Query::Raw(joined(&query)),
        headers,
    })
}

/// <https://docs.aws.amazon.com/vpc-lattice/latest/ug/lambda-functions.html>
fn lattice(event: &Json) -> Option<Parts<'_>> {
    let target = event.text("path")?.unwrap_or("/");
    let parameters = lines(event.field("queryStringParameters")?)?;
    let (path, query) = match target.find('?') {
        Some(at) => (&target[..at], target[at + 1..].to_owned()),
        None => (target, joined(&parameters)),
    };
    let headers = lines(event.field("headers")?)?;
    let way = told(&headers, "x-forwarded-for-proto");
    let port = if way.scheme == "http" { "80" } else { "443" };
    Some(Parts {
        way: Way { port: Some(port.to_owned()), ..way },
        method: event.text("method")??,
        path,
        is_decoded: false,
        prefix: String::new(),
        query: Query::Raw(query),
        headers,
    })
}

impl Parts<'_> {
    /// Nothing says which of several reasons to refuse a request counts.
    fn judge(self, body: &str, is_base64: bool) -> Meant {
        let mut refusals = Vec::new();
        let is_header = |(name, value): &(String, String)| is_token(name) && is_header_value(value);
        if !self.headers.iter().all(is_header) {
            refusals.push(400);
        }
        if self.method == "TRACE" {
            refusals.push(405);
        } else if !["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].contains(&self.method) {
            refusals.push(400);
        }
        let path = self.path.strip_prefix('/').unwrap_or(self.path);
        let (empty, parts): (Vec<_>, Vec<_>) = path.split('/').partition(|part| part.is_empty());
        let decode = |part: &&str| if self.is_decoded { Some((*part).to_owned()) } else { decoded(part) };
        let decoded_parts: Option<Vec<_>> = parts.iter().map(decode).collect();
        let decoded_parts = decoded_parts.filter(|parts| !parts.iter().any(|part| is_bad(part))).unwrap_or_else(|| {
            refusals.push(400);
            Vec::new()
        });
        if !path.is_empty() && !empty.is_empty() && !refusals.contains(&400) {
            return Meant::Moved { to: self.location(&parts), or: refusals };
        }
        let has_body = !matches!(self.method, "GET" | "HEAD");
        let body = match STANDARD.decode(body) {
            _ if !has_body => Vec::new(),
            Ok(bytes) if is_base64 => bytes,
            Err(_) if is_base64 => {
                refusals.push(400);
                Vec::new()
            }
            _ => body.as_bytes().to_vec(),
        };
        if !refusals.is_empty() {
            return Meant::Refused(refusals);
        }
        let mut headers = BTreeMap::<_, Vec<_>>::new();
        for (name, value) in self.headers {
            headers.entry(name.to_ascii_lowercase()).or_default().push(value.trim_ascii().as_bytes().to_vec());
        }
        headers.remove("x-wharf-origin-secret");
        for (name, vouched) in [
            ("x-forwarded-for", self.way.address),
            ("x-forwarded-host", None),
            ("x-forwarded-port", self.way.port),
            ("x-forwarded-proto", Some(self.way.scheme)),
        ] {
            if let Some(lines) = headers.get_mut(name) {
                *lines = vouched.into_iter().map(String::into_bytes).collect();
            }
        }
        // Nobody proved that it came through a CDN.
        headers.retain(|name, lines| !lines.is_empty() && !is_claimed(name));
        Meant::Handled(Request {
            method: self.method.to_owned(),
            parts: decoded_parts,
            query: self.query,
            headers,
            body,
        })
    }

    fn location(&self, parts: &[&str]) -> Vec<u8> {
        let mut to = unescaped(&self.prefix);
        for part in parts {
            to.push(b'/');
            to.extend(if self.is_decoded { part.as_bytes().to_vec() } else { unescaped(part) });
        }
        if parts.is_empty() {
            to.push(b'/');
        }
        match &self.query {
            Query::Raw(query) if !query.is_empty() => {
                to.push(b'?');
                to.extend(unescaped(query));
            }
            Query::Decoded(pairs) if !pairs.is_empty() => {
                to.push(b'?');
                to.extend(joined(pairs).into_bytes());
            }
            _ => {}
        }
        to
    }
}

fn is_local(domain: &str) -> bool {
    ["localhost", "127.0.0.1"]
        .iter()
        .any(|host| domain.strip_prefix(host).is_some_and(|port| port.is_empty() || port.starts_with(':')))
}

fn without_stage<'p>(stage: Option<&str>, path: &'p str) -> (&'p str, &'p str) {
    let prefix = format!("/{}", stage.unwrap_or("$default"));
    let is_there = path == prefix || path.starts_with(&format!("{prefix}/"));
    if stage.is_some_and(|stage| !stage.is_empty() && stage != "$default") && is_there {
        (&path[..prefix.len()], &path[prefix.len()..])
    } else {
        ("", path)
    }
}

/// A map of texts or lists of texts.
fn lines(map: &Json) -> Option<Pairs> {
    let fields = match map {
        Json::Null => return Some(Vec::new()),
        Json::Map(fields) => fields,
        _ => return None,
    };
    let mut pairs = Vec::new();
    for (name, value) in fields {
        let values = match value {
            Json::Null => Vec::new(),
            Json::Text(text) => vec![text.clone()],
            Json::List(values) => texts(values)?,
            _ => return None,
        };
        pairs.extend(values.into_iter().map(|value| (name.clone(), value)));
    }
    Some(pairs)
}

fn texts(values: &[Json]) -> Option<Vec<String>> {
    values.iter().map(|value| if let Json::Text(text) = value { Some(text.clone()) } else { None }).collect()
}

/// What the lists say, and of the single values those of other names.
fn merged(multi: &Json, single: &Json, key: fn(&str) -> String) -> Option<Pairs> {
    let multi = lines(multi)?;
    let others = lines(single)?.into_iter().filter(|(name, _)| multi.iter().all(|(other, _)| key(other) != key(name)));
    let others: Vec<_> = others.collect();
    Some([multi, others].concat())
}

fn joined(pairs: &Pairs) -> String {
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// [RFC 9110, 5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(char))
}

/// [RFC 9110, 5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)
fn is_header_value(value: &str) -> bool {
    !value.chars().any(|char| char.is_ascii_control() && char != '\t')
}

fn is_claimed(name: &str) -> bool {
    let known = ["x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"];
    let families = ["x-forwarded-", "x-original-", "cloudfront-"];
    let names = [
        "forwarded",
        "forwarded-for",
        "x-forwarded",
        "x-host",
        "x-http-host-override",
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "client-ip",
        "true-client-ip",
        "cf-connecting-ip",
        "cf-connecting-ipv6",
        "fastly-client-ip",
        "x-rewrite-url",
        "x-url-scheme",
        "x-scheme",
        "front-end-https",
    ];
    !known.contains(&name) && (names.contains(&name) || families.iter().any(|family| name.starts_with(family)))
}

/// The way of a request that API Gateway or a Function URL took, or that an emulator made.
fn way(is_emulated: bool, address: Option<&str>, headers: &Pairs) -> Way {
    let address = address.and_then(|address| address.parse::<IpAddr>().ok()).map(|address| address.to_string());
    if !is_emulated {
        return Way { address, scheme: "https".to_owned(), port: Some("443".to_owned()) };
    }
    let host: Vec<_> = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host")).collect();
    let url = match host.as_slice() {
        [(_, host)] if is_this_machine(host) => Url::parse(&format!("http://{host}/")).ok(),
        _ => None,
    };
    let port = url.and_then(|url| url.port_or_known_default()).unwrap_or(80);
    Way { address, scheme: "http".to_owned(), port: Some(port.to_string()) }
}

/// The way of a request that is told by headers alone, each of which may hold what a client sent before.
fn told(headers: &Pairs, scheme_header: &str) -> Way {
    let last = |name: &str| {
        let line = headers.iter().rev().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)?;
        line.rsplit(',').next().map(str::trim).filter(|text| text.chars().all(|char| (' '..='~').contains(&char)))
    };
    let scheme = last(scheme_header).filter(|scheme| matches!(*scheme, "http" | "https")).unwrap_or("https");
    let address = last("x-forwarded-for").and_then(|address| {
        let with_port = address.parse::<SocketAddr>().map(|address| address.ip());
        with_port.or_else(|_| address.parse()).ok()
    });
    Way { address: address.map(|address| address.to_string()), scheme: scheme.to_owned(), port: None }
}

fn is_this_machine(host: &str) -> bool {
    let Ok(url) = Url::parse(&format!("http://{host}/")) else { return false };
    let name = url.host_str().unwrap_or_default();
    let is_plain = host.chars().all(|char| char.is_ascii_alphanumeric() || "-._:[]".contains(char));
    is_plain && (name == "localhost" || name.starts_with("127.") || name == "[::1]" || name.ends_with(".localhost"))
}

fn is_bad(part: &str) -> bool {
    part == "." || part == ".." || part.contains('\0')
}

/// A part of a path without its escapes; `None` when a `%` starts none, or the bytes are no UTF-8.
fn decoded(part: &str) -> Option<String> {
    let escapes = part.split('%').skip(1);
    for escape in escapes {
        let digits = escape.as_bytes().get(..2)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
    }
    String::from_utf8(unescaped(part)).ok()
}

/// The bytes without those escapes that are some.
pub(super) fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        let digits = text.get(at + 1..at + 3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(escaped) if *byte == b'%' => {
                bytes.push(escaped);
                at += 3;
            }
            _ => {
                bytes.push(*byte);
                at += 1;
            }
        }
    }
    bytes
}

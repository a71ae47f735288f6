//! An event of any source, made of any bytes: every field has the right type, and may have any value.

use std::fmt::Write;

use arbitrary::{Arbitrary, Result, Unstructured};
use base64::{Engine, engine::general_purpose::STANDARD};

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Source {
    Payload2,
    Rest,
    HttpApiPayload1,
    LoadBalancer,
    Lattice,
}

#[derive(Debug, Arbitrary)]
pub(super) struct ArbitraryEvent {
    source: Source,
    domain: Domain,
    method: Method,
    stage: Stage,
    path: Path,
    has_stage_in_path: bool,
    query: Text,
    parameters: Vec<(Text, Text)>,
    repeated_parameters: Vec<(Text, Vec<Text>)>,
    headers: Vec<(Name, Text)>,
    repeated_headers: Vec<(Name, Vec<Text>)>,
    cookies: Vec<Text>,
    body: Body,
}

#[derive(Debug, Arbitrary)]
enum Domain {
    HttpApi,
    FunctionUrl,
    Local,
    None,
    Other(Text),
}

#[derive(Debug, Arbitrary)]
enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
    Trace,
    Other(Text),
}

/// The name of a stage has letters, digits, hyphens and underscores.
#[derive(Debug, Clone, Copy, Arbitrary)]
enum Stage {
    None,
    Default,
    Prod,
    OneLetter,
    EveryKind,
}

#[derive(Debug, Arbitrary)]
enum Body {
    None,
    Text(Text),
    Base64(Vec<u8>),
    BadBase64(Text),
}

/// Text with what is special in URLs and headers in it.
#[derive(Debug)]
struct Text(String);

/// Likewise, with more slashes.
#[derive(Debug)]
struct Path(String);

/// The name of a header, mostly a valid one.
#[derive(Debug)]
struct Name(String);

const FRAGMENTS: [&str; 32] = [
    "/",
    "//",
    "%2F",
    "%2f",
    "%",
    "%zz",
    "%25",
    "%00",
    "%C3%A9",
    "%FF",
    "..",
    ".",
    "%2e%2e",
    "\\",
    "?",
    "#",
    "&",
    "=",
    "+",
    " ",
    "%20",
    "a",
    "b",
    "é",
    "\u{1F980}",
    "\0",
    "\n",
    "\r\n",
    "\"",
    "; ",
    ",",
    "\u{7f}",
];

const NAMES: [&str; 16] = [
    "host",
    "Host",
    "cookie",
    "Cookie",
    "content-type",
    "content-length",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-wharf-origin-secret",
    "authorization",
    "x-tag",
    "X-Tag",
    "accept",
    "",
    "a b",
];

fn pieces(bytes: &mut Unstructured<'_>, fragments: &[&str]) -> Result<String> {
    let mut text = String::new();
    for _ in 0..bytes.int_in_range(0..=12u8)? {
        if bytes.is_empty() {
            break;
        }
        if bytes.ratio(3, 4)? {
            text.push_str(bytes.choose(fragments)?);
        } else {
            text.push(bytes.arbitrary()?);
        }
    }
    Ok(text)
}

impl Arbitrary<'_> for Text {
    fn arbitrary(bytes: &mut Unstructured<'_>) -> Result<Self> {
        pieces(bytes, &FRAGMENTS).map(Self)
    }
}

impl Arbitrary<'_> for Path {
    fn arbitrary(bytes: &mut Unstructured<'_>) -> Result<Self> {
        let mut path = String::new();
        for _ in 0..bytes.int_in_range(0..=4u8)? {
            path.push('/');
            path.push_str(&pieces(bytes, &FRAGMENTS[2..])?);
        }
        Ok(Self(path))
    }
}

impl Arbitrary<'_> for Name {
    fn arbitrary(bytes: &mut Unstructured<'_>) -> Result<Self> {
        if bytes.ratio(7, 8)? {
            bytes.choose(&NAMES).map(|name| Self((*name).to_owned()))
        } else {
            pieces(bytes, &FRAGMENTS).map(Self)
        }
    }
}

impl ArbitraryEvent {
    pub(super) fn text(&self) -> String {
        let path = self.path.0.as_str();
        let domain = self.domain.text();
        let method = quoted(self.method.text());
        let stage = self.stage.text();
        let staged = match stage.filter(|_| self.has_stage_in_path) {
            Some(stage) => format!("/{stage}{path}"),
            None => path.to_owned(),
        };
        let context =
            format!(r#""domainName": {}, "stage": {}, "path": {}"#, optional(domain), optional(stage), quoted(&staged));
        let lists = format!(
            r#""multiValueHeaders": {}, "multiValueQueryStringParameters": {}, "headers": {}, "queryStringParameters": {}"#,
            map(&self.repeated_headers, |name| &name.0, |values| list(values)),
            map(&self.repeated_parameters, |name| &name.0, |values| list(values)),
            map(&self.headers, |name| &name.0, |value| quoted(&value.0)),
            map(&self.parameters, |name| &name.0, |value| quoted(&value.0)),
        );
        let fields = match self.source {
            Source::Payload2 => format!(
                r#""version": "2.0", "rawPath": {}, "rawQueryString": {}, "cookies": {}, "headers": {},
                "requestContext": {{{context}, "http": {{"method": {method}}}}}"#,
                quoted(&staged),
                quoted(&self.query.0),
                list(&self.cookies),
                map(&self.headers, |name| &name.0, |value| quoted(&value.0)),
            ),
            Source::Rest => {
                format!(r#""httpMethod": {method}, "path": {}, {lists}, "requestContext": {{{context}}}"#, quoted(path))
            }
            Source::HttpApiPayload1 => format!(
                r#""version": "1.0", "httpMethod": {method}, "path": {}, {lists}, "requestContext": {{{context}}}"#,
                quoted(&staged)
            ),
            Source::LoadBalancer => format!(
                r#""httpMethod": {method}, "path": {}, {lists}, "requestContext": {{"elb": {{}}}}"#,
                quoted(path)
            ),
            Source::Lattice => format!(
                r#""version": "2.0", "method": {method}, "path": {}, "headers": {}, "queryStringParameters": {},
                "requestContext": {{"serviceNetworkArn": "arn"}}"#,
                quoted(&if self.query.0.is_empty() { path.to_owned() } else { format!("{path}?{}", self.query.0) }),
                map(&self.repeated_headers, |name| &name.0, |values| list(values)),
                map(&self.repeated_parameters, |name| &name.0, |values| list(values)),
            ),
        };
        format!("{{{fields}, {}}}", self.body.fields())
    }
}

impl Domain {
    fn text(&self) -> Option<&str> {
        match self {
            Self::HttpApi => Some("abcdef1234.execute-api.eu-central-1.amazonaws.com"),
            Self::FunctionUrl => Some("id.lambda-url.eu-central-1.on.aws"),
            Self::Local => Some("localhost"),
            Self::None => None,
            Self::Other(text) => Some(&text.0),
        }
    }
}

impl Method {
    fn text(&self) -> &str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Trace => "TRACE",
            Self::Other(text) => &text.0,
        }
    }
}

impl Stage {
    fn text(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Default => Some("$default"),
            Self::Prod => Some("prod"),
            Self::OneLetter => Some("a"),
            Self::EveryKind => Some("V1_x-2"),
        }
    }
}

impl Body {
    fn fields(&self) -> String {
        let (body, is_base64) = match self {
            Self::None => return r#""body": null"#.to_owned(),
            Self::Text(text) => (text.0.clone(), false),
            Self::Base64(bytes) => (STANDARD.encode(bytes), true),
            Self::BadBase64(text) => (text.0.clone(), true),
        };
        format!(r#""body": {}, "isBase64Encoded": {is_base64}"#, quoted(&body))
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text is JSON")
}

fn optional(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), quoted)
}

fn list(values: &[Text]) -> String {
    let values: Vec<_> = values.iter().map(|value| quoted(&value.0)).collect();
    format!("[{}]", values.join(", "))
}

/// A map in which a name may stand repeatedly.
fn map<N, V>(pairs: &[(N, V)], name: impl Fn(&N) -> &str, value: impl Fn(&V) -> String) -> String {
    let mut text = String::new();
    for pair in pairs {
        let separator = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{separator}{}: {}", quoted(name(&pair.0)), value(&pair.1));
    }
    format!("{{{text}}}")
}

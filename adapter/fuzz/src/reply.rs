//! From a response to what a client gets.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use arbitrary::{Arbitrary, Result, Unstructured};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use wharf::{
    axum::body::Body,
    entry::Route,
    http::{HeaderName, HeaderValue, Request, StatusCode, response},
    testing::{Client, Source},
};

/// A handler answers in the way that the bytes say.
pub fn reply(data: &[u8]) {
    let Ok(response) = ArbitraryResponse::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let raw = FUNCTION.with(|function| function.reply(&response));
    response.compare(&raw);
}

#[derive(Debug, Clone, Arbitrary)]
struct ArbitraryResponse {
    source: Front,
    is_head: bool,
    status: Status,
    headers: Vec<(Name, Line)>,
    cookies: Vec<Line>,
    body: Content,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Front {
    Local,
    HttpApi,
    FunctionUrl,
    Rest,
    AlbSingle,
    AlbMulti,
    VpcLattice,
}

#[derive(Debug, Clone, Copy)]
struct Status(StatusCode);

#[derive(Debug, Clone)]
struct Name(HeaderName);

#[derive(Debug, Clone)]
struct Line(HeaderValue);

#[derive(Debug, Clone, Arbitrary)]
enum Content {
    Bytes(Vec<u8>),
    Text(String),
}

impl Arbitrary<'_> for Status {
    fn arbitrary(bytes: &mut Unstructured<'_>) -> Result<Self> {
        let known = [200, 201, 204, 205, 304, 308, 404, 500, 100, 103, 199, 599];
        let code = if bytes.ratio(1, 2)? { *bytes.choose(&known)? } else { bytes.int_in_range(100..=999)? };
        Ok(Self(StatusCode::from_u16(code).expect("every status of three digits is one")))
    }
}

impl Arbitrary<'_> for Name {
    fn arbitrary(bytes: &mut Unstructured<'_>) -> Result<Self> {
        const KNOWN: [&str; 20] = [
            "vary",
            "link",
            "content-type",
            "content-length",
            "content-encoding",
            "set-cookie",
            "set-cookie2",
            "location",
            "cache-control",
            "www-authenticate",
            "connection",
            "keep-alive",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "x-a",
            "x-b",
            "date",
            "host",
        ];
        let known = HeaderName::from_static(bytes.choose(&KNOWN)?);
        if bytes.ratio(7, 8)? {
            return Ok(Self(known));
        }
        Ok(Self(HeaderName::from_bytes(bytes.arbitrary()?).unwrap_or(known)))
    }
}

impl Arbitrary<'_> for Line {
    /// Every byte that may stand in a header, and often the words that mean something.
    fn arbitrary(bytes: &mut Unstructured<'_>) -> Result<Self> {
        const KNOWN: [&str; 8] = ["gzip", "identity", "text/plain", "0", "5", "a=1; Path=/", "a, b", ""];
        let known = HeaderValue::from_static(bytes.choose(&KNOWN)?);
        if bytes.ratio(1, 4)? {
            return Ok(Self(known));
        }
        let value: Vec<u8> = bytes.arbitrary()?;
        let value: Vec<_> = value.into_iter().filter(|byte| !byte.is_ascii_control() || *byte == b'\t').collect();
        Ok(Self(HeaderValue::from_bytes(&value).unwrap_or(known)))
    }
}

struct Function {
    runtime: Runtime,
    client: Client,
    answer: Arc<Mutex<Option<ArbitraryResponse>>>,
    /// By source, for a GET and a HEAD.
    events: Vec<[String; 2]>,
}

thread_local! {
    static FUNCTION: Function = Function::new();
}

impl Function {
    fn new() -> Self {
        let answer = Arc::new(Mutex::new(None::<ArbitraryResponse>));
        let slot = Arc::clone(&answer);
        let handler = async move || {
            let answer = slot.lock().expect("no handler panics").take().expect("an answer was asked for");
            answer.into_response()
        };
        let event = |source: Source, method: &str| {
            let request = Request::builder().method(method).uri("/").body("").expect("a request of constants");
            source.event(&request).to_string()
        };
        Self {
            runtime: Builder::new_current_thread().build().expect("a runtime needs nothing"),
            client: Client::new(|| Route::new("/").get(handler)),
            answer,
            events: SOURCES.iter().map(|source| [event(*source, "GET"), event(*source, "HEAD")]).collect(),
        }
    }

    fn reply(&self, response: &ArbitraryResponse) -> Value {
        *self.answer.lock().expect("no handler panics") = Some(response.clone());
        let event = &self.events[response.source as usize][usize::from(response.is_head)];
        self.runtime.block_on(self.client.event(event)).expect("it is an event")
    }
}

/// In the order of [`Front`].
const SOURCES: [Source; 7] = [
    Source::Local,
    Source::HttpApi,
    Source::FunctionUrl,
    Source::Rest,
    Source::AlbSingle,
    Source::AlbMulti,
    Source::VpcLattice,
];

/// Headers of one connection ([RFC 9110, 7.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1)).
const HOP_BY_HOP: [&str; 7] =
    ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

/// So many cookies can be told apart by the case of nine letters.
const COOKIES_BY_CASE: usize = 512;

type Lines = BTreeMap<String, Vec<String>>;

impl ArbitraryResponse {
    fn into_response(self) -> response::Response<Body> {
        let body = match self.body {
            Content::Bytes(bytes) => Body::from(bytes),
            Content::Text(text) => Body::from(text),
        };
        let mut response = response::Response::new(body);
        *response.status_mut() = self.status.0;
        for (Name(name), Line(value)) in self.headers {
            response.headers_mut().append(name, value);
        }
        for Line(value) in self.cookies {
            response.headers_mut().append("set-cookie", value);
        }
        response
    }

    /// Whether the reply is what the handler answered.
    fn compare(&self, raw: &Value) {
        if !(200..=599).contains(&self.status.0.as_u16()) {
            assert_eq!((&raw["statusCode"], &raw["body"]), (&500.into(), &"".into()), "{self:?}");
            return;
        }
        assert_eq!(raw["statusCode"], self.status.0.as_u16(), "{self:?}: {raw}");
        self.compare_body(raw);
        let (mut sent, mut cookies) = self.lines();
        let mut got = match self.source {
            Front::Rest | Front::AlbMulti => lists(raw),
            Front::Local | Front::HttpApi | Front::FunctionUrl | Front::AlbSingle | Front::VpcLattice => {
                for values in sent.values_mut() {
                    *values = vec![values.join(", ")];
                }
                singles(raw)
            }
        };
        let mut got_cookies = match self.source {
            Front::Local | Front::HttpApi | Front::FunctionUrl => texts(&raw["cookies"]),
            Front::Rest | Front::AlbMulti => got.remove("set-cookie").unwrap_or_default(),
            Front::AlbSingle | Front::VpcLattice => {
                cookies.truncate(COOKIES_BY_CASE);
                cookies.sort();
                Vec::new()
            }
        };
        if matches!(self.source, Front::AlbSingle | Front::VpcLattice) {
            let names: Vec<_> = got.keys().filter(|name| name.eq_ignore_ascii_case("set-cookie")).cloned().collect();
            got_cookies = names.iter().filter_map(|name| got.remove(name)).flatten().collect();
            got_cookies.sort();
        }
        assert_eq!(got_cookies, cookies, "{self:?}: {raw}");
        // What caches are told is the adapter's where the handler leaves it open, and always something.
        assert!(got.remove("cache-control").is_some_and(|lines| lines.iter().all(|line| !line.is_empty())), "{raw}");
        sent.remove("cache-control");
        if self.is_head {
            // The length and the type of what a GET would get: the adapter may add them.
            for name in ["content-length", "content-type"] {
                got.remove(name);
                sent.remove(name);
            }
        }
        assert_eq!(got, sent, "{self:?}: {raw}");
    }

    fn bytes(&self) -> &[u8] {
        match &self.body {
            Content::Bytes(bytes) => bytes,
            Content::Text(text) => text.as_bytes(),
        }
    }

    fn has_body(&self) -> bool {
        !self.is_head && ![204, 205, 304].contains(&self.status.0.as_u16())
    }

    fn compare_body(&self, raw: &Value) {
        if !self.has_body() {
            assert_eq!(raw.get("body"), None, "{self:?}: {raw}");
            return;
        }
        let text = raw["body"].as_str().expect("a reply with a body has a text");
        let is_base64 = raw["isBase64Encoded"].as_bool().expect("a reply says how the body is encoded");
        let bytes = if is_base64 { STANDARD.decode(text).expect("it says base64") } else { text.as_bytes().to_vec() };
        assert_eq!(bytes, self.bytes(), "{self:?}: {raw}");
        let (lines, _) = self.lines();
        let is_encoded = lines.get("content-encoding").is_some_and(|all| all.iter().any(|one| one != "identity"));
        assert!(is_base64 || !is_encoded, "API Gateway would take it for text: {self:?}");
    }

    /// What has to arrive: the headers and the cookies.
    fn lines(&self) -> (Lines, Vec<String>) {
        let (mut lines, mut cookies) = (Lines::new(), Vec::new());
        for (Name(name), Line(value)) in &self.headers {
            if name == "set-cookie" {
                cookies.push(text(value));
            } else if !HOP_BY_HOP.contains(&name.as_str()) && name != "content-length" {
                lines.entry(name.to_string()).or_default().push(text(value));
            }
        }
        cookies.extend(self.cookies.iter().map(|Line(value)| text(value)));
        if !self.has_body() && !self.is_head {
            lines.remove("content-type");
        } else if !self.bytes().is_empty() {
            lines.entry("content-type".to_owned()).or_insert_with(|| vec!["application/octet-stream".to_owned()]);
        }
        (lines, cookies)
    }
}

/// UTF-8 as it is; other bytes one by one, which is Latin-1. Spaces around a value are no part of it
/// ([RFC 9110, 5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)).
fn text(value: &HeaderValue) -> String {
    let trimmed = value.as_bytes().trim_ascii();
    String::from_utf8(trimmed.to_vec()).unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect())
}

fn texts(list: &Value) -> Vec<String> {
    let values = list.as_array().expect("a list");
    values.iter().map(|value| value.as_str().expect("a text").to_owned()).collect()
}

fn lists(raw: &Value) -> Lines {
    assert_eq!(raw.get("headers"), None, "the lists say everything");
    let map = raw["multiValueHeaders"].as_object().expect("a map");
    map.iter().map(|(name, values)| (name.clone(), texts(values))).collect()
}

fn singles(raw: &Value) -> Lines {
    assert_eq!(raw.get("multiValueHeaders"), None, "the single values say everything");
    let map = raw["headers"].as_object().expect("a map");
    map.iter().map(|(name, value)| (name.clone(), vec![value.as_str().expect("a text").to_owned()])).collect()
}

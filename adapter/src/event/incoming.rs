//! From the parts that all shapes of events have in common to an HTTP request.

use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use lambda_http::request::RequestContext;

use crate::{
    method::Method,
    path::{self, Encoding, ReadPath},
    redirect,
    request::SentPath,
    viewer::{Origin, Viewer},
};

/// A request as an event tells it; nothing is checked yet.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) encoding: Option<Encoding>,
    /// The stage that the front end left in the path and that the client sees there: `/prod`.
    pub(crate) prefix: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) is_base64: bool,
    pub(crate) domain: Option<String>,
    pub(crate) source_ip: Option<String>,
    pub(crate) context: Option<Box<RequestContext>>,
}

/// A request that can be matched.
pub(crate) struct Arrived {
    pub(crate) method: Method,
    pub(crate) parts: Vec<String>,
    pub(crate) request: http::Request<Body>,
}

/// A request that is answered without being matched: it is malformed, refused or sent elsewhere.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<HeaderValue>,
    /// Whether TRACE was asked for, which is known and never handled.
    pub(crate) is_trace: bool,
    pub(crate) cause: Option<String>,
}

impl Refusal {
    fn new(status: StatusCode, cause: impl Into<String>) -> Self {
        Self { status, location: None, is_trace: false, cause: Some(cause.into()) }
    }

    fn bad(cause: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, cause)
    }
}

impl Incoming {
    /// Checks everything that can be checked before the path is matched.
    pub(crate) fn arrive(self, origin: &Origin) -> Result<Arrived, Refusal> {
        let mut headers = headers(&self.headers)?;
        let proven = origin.proves(&mut headers);
        if origin.refuses(proven) {
            return Err(Refusal::new(StatusCode::FORBIDDEN, "the request did not come through the CDN"));
        }
        let method = method(&self.method)?;
        let path = path::read(&self.path, self.encoding.unwrap_or(Encoding::Percent))
            .map_err(|error| Refusal::bad(error.to_string()))?;
        if path.has_empty_parts {
            return Err(self.collapsed(&path));
        }
        let uri = uri(&path, &self.query)?;
        let body = self.body(method)?;
        let viewer = Viewer::read(self.domain.as_deref(), self.source_ip.as_deref(), &headers, proven);

        let mut request = http::Request::new(body);
        *request.method_mut() =
            http::Method::from_bytes(method.as_str().as_bytes()).map_err(|error| Refusal::bad(error.to_string()))?;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        let extensions = request.extensions_mut();
        extensions.insert(SentPath(path.encoded.into()));
        extensions.insert(viewer);
        if let Some(context) = self.context {
            extensions.insert(*context);
        }
        Ok(Arrived { method, parts: path.parts, request })
    }

    /// 308 to the same path without repeated slashes and without one at the end; the query stays.
    fn collapsed(&self, path: &ReadPath) -> Refusal {
        let separator = if self.query.is_empty() { "" } else { "?" };
        let location = format!("{}{}{separator}{}", self.prefix, path.encoded, self.query);
        Refusal {
            status: StatusCode::PERMANENT_REDIRECT,
            location: Some(redirect::location(&location)),
            is_trace: false,
            cause: None,
        }
    }

    /// GET and HEAD have no body, whatever was sent.
    fn body(&self, method: Method) -> Result<Body, Refusal> {
        if matches!(method, Method::Get | Method::Head) || self.body.is_empty() {
            return Ok(Body::empty());
        }
        if !self.is_base64 {
            return Ok(Body::from(self.body.clone()));
        }
        let bytes = STANDARD.decode(&self.body);
        bytes.map(Body::from).map_err(|error| Refusal::bad(format!("the body is no base64: {error}")))
    }
}

fn method(text: &str) -> Result<Method, Refusal> {
    text.parse().map_err(|error| match text {
        "TRACE" => Refusal { is_trace: true, ..Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "TRACE is not answered") },
        _ => Refusal::bad(format!("the method `{}` is {error}", text.escape_debug())),
    })
}

fn headers(pairs: &[(String, String)]) -> Result<HeaderMap, Refusal> {
    let mut headers = HeaderMap::with_capacity(pairs.len());
    for (name, value) in pairs {
        let bad = |what: &str| Refusal::bad(format!("the header `{}` has an invalid {what}", name.escape_debug()));
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("name"))?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| bad("value"))?;
        headers.try_append(key, value).map_err(|_| {
            Refusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the request has too many headers")
        })?;
    }
    Ok(headers)
}

/// The path is encoded anew from its decoded parts, so that axum matches what we match.
fn uri(path: &ReadPath, query: &str) -> Result<Uri, Refusal> {
    let mut text = path::encode(path.parts.iter().map(String::as_str));
    if !query.is_empty() {
        text.push('?');
        text.push_str(&path::encode_query(query));
    }
    text.parse().map_err(|error| Refusal::new(StatusCode::URI_TOO_LONG, format!("the path or query: {error}")))
}

//! From the parts that all shapes of events have in common to an HTTP request.

use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use lambda_http::request::RequestContext;

use crate::{
    contract::method::{Method, UnknownMethod},
    handler::{
        bounds::Bounds,
        hosts::Hosts,
        path::{self, Encoding, ReadPath},
        redirect,
        request::SentPath,
        viewer::{Front, Origin, Told, Viewer},
    },
    revalidate::stamp::Stamp,
};

use super::mount::split_prefix;

/// A request as an event tells it; nothing is checked yet.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) encoding: Option<Encoding>,
    /// What the client sees in front of the path, and the event told: a stage or a base path, as `/prod`.
    pub(crate) prefix: String,
    /// Whether the client may see a base path of which the event tells nothing.
    pub(crate) hides_base_path: bool,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) is_base64: bool,
    /// What sent the event.
    pub(crate) front: Front,
    /// The domain that the front end vouches for.
    pub(crate) domain: Option<String>,
    pub(crate) source_ip: Option<String>,
    pub(crate) context: Option<Box<RequestContext>>,
}

/// What a request has to pass, as the environment of the function says.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    pub(crate) origin: Origin,
    /// What the client sees in front of every path, as `/shop`.
    pub(crate) base_path: String,
    /// The hosts of the app, where it names them.
    pub(crate) hosts: Hosts,
    /// The largest body in bytes, once it is decoded.
    pub(crate) body_limit: usize,
    pub(crate) bounds: Bounds,
}

impl Gate {
    /// No event is larger
    /// ([AWS](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)), except from an emulator.
    pub(crate) const BODY_LIMIT: usize = 6 * 1024 * 1024;

    /// The bytes of all header lines. A load balancer takes 64 KB of them, and no other source takes more
    /// ([AWS](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html)); the front
    /// end adds its own.
    const HEADER_LIMIT: usize = 128 * 1024;

    /// The bytes of the path and the query: [`Uri`] takes no more.
    const URL_LIMIT: usize = 65_534;
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            origin: Origin::default(),
            base_path: String::new(),
            hosts: Hosts::default(),
            body_limit: Self::BODY_LIMIT,
            bounds: Bounds::default(),
        }
    }
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
    /// The parts of the path that TRACE was asked for, a method which is known and never handled.
    pub(crate) traced: Option<Vec<String>>,
    pub(crate) cause: Option<String>,
}

impl Refusal {
    fn new(status: StatusCode, cause: impl Into<String>) -> Self {
        Self { status, location: None, traced: None, cause: Some(cause.into()) }
    }

    fn bad(cause: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, cause)
    }
}

impl Incoming {
    /// Checks everything that can be checked before the path is matched.
    pub(crate) fn arrive(mut self, gate: &Gate) -> Result<Arrived, Refusal> {
        let mut headers = headers(&self.headers)?;
        let proven = gate.origin.proves(&mut headers);
        let stamp = Stamp::take(&mut headers, proven);
        if gate.origin.refuses(proven) {
            return Err(Refusal::new(StatusCode::FORBIDDEN, "the request did not come through the CDN"));
        }
        if self.path.len() + self.query.len() > Gate::URL_LIMIT {
            let cause = format!("the path and the query have more than {} bytes", Gate::URL_LIMIT);
            return Err(Refusal::new(StatusCode::URI_TOO_LONG, cause));
        }
        self.cut(&gate.base_path, proven);
        let path = path::read(&self.path, self.encoding.unwrap_or(Encoding::Percent));
        let method = self.method.parse().map_err(|error| self.no_method(error, path.as_ref().ok()))?;
        let path = path.map_err(|error| Refusal::bad(error.to_string()))?;
        if path.has_empty_parts {
            return Err(self.collapsed(&path));
        }
        let uri = uri(&path, &self.query)?;
        let body = self.body(method, gate.body_limit)?;
        gate.bounds
            .check(&headers, &body)
            .map_err(|too_many| Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, too_many.to_string()))?;
        let told = Told {
            front: self.front,
            domain: self.domain.as_deref(),
            source_ip: self.source_ip.as_deref(),
            is_proven: proven,
        };
        let viewer = Viewer::read(&told, &headers, &gate.hosts).below(&self.prefix);
        viewer.tell(&told, &mut headers);

        let mut request = http::Request::new(Body::from(body));
        *request.method_mut() =
            http::Method::from_bytes(method.as_str().as_bytes()).map_err(|error| Refusal::bad(error.to_string()))?;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        let extensions = request.extensions_mut();
        extensions.insert(SentPath(path.encoded.into()));
        extensions.insert(viewer);
        extensions.insert(stamp);
        extensions.insert(gate.bounds);
        if let Some(context) = self.context {
            extensions.insert(*context);
        }
        Ok(Arrived { method, parts: path.parts, request })
    }

    fn no_method(&self, error: UnknownMethod, path: Option<&ReadPath>) -> Refusal {
        match self.method.as_str() {
            "TRACE" => Refusal {
                traced: Some(path.map(|path| path.parts.clone()).unwrap_or_default()),
                ..Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "TRACE is not answered")
            },
            other => Refusal::bad(format!("the method `{}` is {error}", other.escape_debug())),
        }
    }

    /// Takes the base path from the path. Where the front end has done so itself, the client sees it all the same. Behind
    /// a CDN no client sees what the event tells of the API, only what the app is told.
    fn cut(&mut self, base_path: &str, proven: bool) {
        if proven {
            self.prefix.clear();
        }
        self.prefix = path::encode_prefix(&self.prefix, self.encoding.unwrap_or(Encoding::Percent));
        let rest = split_prefix(base_path, &self.path).map(|(_, rest)| rest.to_owned());
        if rest.is_some() || self.hides_base_path || proven {
            self.prefix.push_str(base_path);
        }
        self.path = rest.unwrap_or_else(|| std::mem::take(&mut self.path));
    }

    /// 308 to the same path without repeated slashes and without one at the end; the query stays.
    fn collapsed(&self, path: &ReadPath) -> Refusal {
        let separator = if self.query.is_empty() { "" } else { "?" };
        let location = format!("{}{}{separator}{}", self.prefix, path.encoded, self.query);
        Refusal {
            status: StatusCode::PERMANENT_REDIRECT,
            location: Some(redirect::location(&location)),
            traced: None,
            cause: None,
        }
    }

    /// GET and HEAD have no body, whatever was sent.
    fn body(&mut self, method: Method, limit: usize) -> Result<Bytes, Refusal> {
        let sent = std::mem::take(&mut self.body);
        if matches!(method, Method::Get | Method::Head) || sent.is_empty() {
            return Ok(Bytes::new());
        }
        let bytes = if self.is_base64 {
            STANDARD.decode(sent).map_err(|error| Refusal::bad(format!("the body is no base64: {error}")))?
        } else {
            sent.into_bytes()
        };
        if bytes.len() > limit {
            let cause = format!(
                "the body of the request has {} bytes, and the limit is {limit} (WHARF_BODY_LIMIT)",
                bytes.len()
            );
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, cause));
        }
        Ok(Bytes::from(bytes))
    }
}

fn headers(pairs: &[(String, String)]) -> Result<HeaderMap, Refusal> {
    let too_many = || Refusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the request has too many headers");
    let bytes: usize = pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > Gate::HEADER_LIMIT {
        let cause = format!("the headers have {bytes} bytes, and the limit is {}", Gate::HEADER_LIMIT);
        return Err(Refusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, cause));
    }
    let mut headers = HeaderMap::try_with_capacity(pairs.len()).map_err(|_| too_many())?;
    for (name, value) in pairs {
        let bad = |what: &str| Refusal::bad(format!("the header `{}` has an invalid {what}", name.escape_debug()));
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("name"))?;
        // Spaces around a value are no part of it (https://www.rfc-editor.org/rfc/rfc9110#section-5.5).
        let value = HeaderValue::from_bytes(value.trim_matches([' ', '\t']).as_bytes()).map_err(|_| bad("value"))?;
        headers.try_append(key, value).map_err(|_| too_many())?;
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

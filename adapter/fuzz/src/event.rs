//! From an event to what a handler sees.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use arbitrary::{Arbitrary, Unstructured};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use url::form_urlencoded;
use wharf::{Request, Response, Result, entry::Route, pattern::ParamValue, testing::Client};

use super::{
    arbitrary_event::ArbitraryEvent,
    json::Json,
    meant::{self, Meant, Query, meant},
};

/// Text that starts with `{` is an event; of any other bytes one is made that a source could send.
pub fn event(data: &[u8]) {
    if data.first() == Some(&b'{') {
        if let Ok(text) = std::str::from_utf8(data) {
            check(text);
        }
    } else if let Ok(event) = ArbitraryEvent::arbitrary_take_rest(Unstructured::new(data)) {
        let text = event.text();
        assert!(check(&text), "a source would send this: {text}");
    }
}

/// What the handler saw of the request.
#[derive(Debug)]
struct Seen {
    method: String,
    parts: Vec<String>,
    path: String,
    raw_query: String,
    headers: BTreeMap<String, Vec<Vec<u8>>>,
    body: Vec<u8>,
}

struct Function {
    runtime: Runtime,
    client: Client,
    seen: Arc<Mutex<Option<Seen>>>,
}

thread_local! {
    static FUNCTION: Function = Function::new();
}

impl Function {
    fn new() -> Self {
        let seen = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&seen);
        let see = async move |request: Request| -> Result {
            *slot.lock().expect("no handler panics") = Some(Seen::of(request).await?);
            Ok(Response::empty().status(204))
        };
        let route = Route::new("/[[...all]]").get(see.clone()).post(see.clone()).put(see.clone()).patch(see.clone());
        let route = route.delete(see.clone()).options(see);
        Self {
            runtime: Builder::new_current_thread().build().expect("a runtime needs nothing"),
            client: Client::new(|| route),
            seen,
        }
    }
}

impl Seen {
    async fn of(mut request: Request) -> Result<Self> {
        // What is derived from the request must not panic, and the URL must lead to the same path.
        let url = request.url();
        assert!(url.path().ends_with(request.path()), "{url}");
        let _ = (request.cookies().iter().count(), request.client_ip(), request.query().iter().count());
        let mut headers = BTreeMap::<_, Vec<_>>::new();
        for (name, value) in request.headers() {
            headers.entry(name.to_string()).or_default().push(value.as_bytes().to_vec());
        }
        let parts = match request.params().get("all") {
            Some(ParamValue::Many(parts)) => parts.clone(),
            _ => Vec::new(),
        };
        Ok(Self {
            method: request.method().to_string(),
            parts,
            path: request.path().to_owned(),
            raw_query: request.raw_query().to_owned(),
            headers,
            body: request.bytes().await?.to_vec(),
        })
    }
}

/// Compares what came of an event with what it means. Whether it means anything is returned.
fn check(text: &str) -> bool {
    let meant = serde_json::from_str::<Json>(text).ok().as_ref().and_then(meant);
    FUNCTION.with(|function| {
        let reply = function.runtime.block_on(function.client.event(text));
        let seen = function.seen.lock().expect("no handler panics").take();
        let status = reply.as_ref().ok().and_then(|reply| reply["statusCode"].as_u64());
        // A limit may refuse what is large, whatever it means.
        if text.len() > 8_000 && matches!(status, Some(413 | 414 | 431)) {
            return meant.is_some();
        }
        assert_ne!(status, Some(500), "{text}");
        match &meant {
            None => {}
            Some(Meant::Refused(statuses)) => {
                assert!(is_any(statuses, status), "{status:?} not of {statuses:?}: {text}");
            }
            Some(Meant::Moved { or, .. }) if is_any(or, status) => {}
            Some(Meant::Moved { to, .. }) => {
                assert_eq!(status, Some(308), "{text}");
                let location = location(&reply.expect("it has a status"));
                assert_eq!(meant::unescaped(&location), *to, "{text}");
            }
            Some(Meant::Handled(request)) => {
                assert_eq!(status, Some(204), "{text}: {reply:?}");
                compare(&seen.expect("a handler answered"), request, text);
            }
        }
        meant.is_some()
    })
}

fn is_any(statuses: &[u16], status: Option<u64>) -> bool {
    statuses.iter().any(|known| Some(u64::from(*known)) == status)
}

fn location(reply: &Value) -> String {
    let location = &reply["headers"]["location"];
    let text = location.as_str().or_else(|| reply["multiValueHeaders"]["location"][0].as_str());
    text.expect("a redirect has a location").to_owned()
}

fn compare(seen: &Seen, meant: &meant::Request, text: &str) {
    assert_eq!(seen.method, meant.method, "{text}");
    assert_eq!(seen.parts, meant.parts, "{text}");
    let path: Vec<_> = seen.path.split('/').skip(1).filter(|part| !part.is_empty()).map(meant::unescaped).collect();
    let parts: Vec<_> = meant.parts.iter().map(|part| part.as_bytes()).collect();
    assert_eq!(path, parts, "{text}");
    assert_eq!(seen.headers, meant.headers, "{text}");
    assert_eq!(seen.body, meant.body, "{text}");
    match &meant.query {
        Query::Raw(query) => assert_eq!(seen.raw_query, escaped(query), "{text}"),
        Query::Decoded(pairs) => {
            let decoded: Vec<_> = form_urlencoded::parse(seen.raw_query.as_bytes()).into_owned().collect();
            assert_eq!(&decoded, pairs, "{text}");
        }
    }
}

/// A query with escapes for what no URL holds ([RFC 3986, 2](https://www.rfc-editor.org/rfc/rfc3986#section-2)).
fn escaped(query: &str) -> String {
    let escape = |byte: u8| match byte {
        b'"' | b'#' | b'<' | b'>' => format!("%{byte:02X}"),
        b'!'..=b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    query.bytes().map(escape).collect()
}

//! The HTTP client below the cache.

use std::{sync::Mutex, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap, HeaderName, Method, StatusCode,
    header::{
        ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION,
        CONTENT_TYPE, LOCATION, TRANSFER_ENCODING, USER_AGENT,
    },
};
use reqwest::{Client, redirect};
use tokio::{runtime, time::timeout};
use url::{Origin, Url};

use super::{
    FetchReply,
    cache::Key,
    limits::{CONNECT, Limits},
    shown_url::ShownUrl,
};
use crate::handler::{
    error::{self, Error, chain},
    scope::lock,
};

/// The client of the runtime that is running: its connections die with it.
static CLIENT: Mutex<Option<(runtime::Id, Client)>> = Mutex::new(None);

/// How many connections to one host are kept open without a use, and for how long.
const IDLE_CONNECTIONS: usize = 8;
const IDLE_TIME: Duration = Duration::from_secs(30);

/// It follows no redirect and keeps no cookies.
pub(crate) fn client() -> error::Result<Client> {
    let id = runtime::Handle::current().id();
    let mut known = lock(&CLIENT);
    if let Some((_, client)) = known.as_ref().filter(|(known, _)| *known == id) {
        return Ok(client.clone());
    }
    // Fails when the program has a provider of its own, which then serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .user_agent(concat!("wharf/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .pool_idle_timeout(IDLE_TIME)
        .build()?;
    *known = Some((id, client.clone()));
    Ok(client)
}

/// As many redirects are followed
/// ([Fetch standard, 4.4](https://fetch.spec.whatwg.org/#http-redirect-fetch)).
const REDIRECTS: usize = 20;

pub(super) async fn send(key: &Key, limits: &Limits) -> error::Result<FetchReply> {
    let reply = match timeout(limits.whole, follow(key, limits)).await {
        Ok(reply) => reply,
        Err(_) if limits.is_cut => Err(format!(
            "it was given up after {} ms, before the function itself runs out of time",
            limits.whole.as_millis()
        )),
        Err(_) => Err(format!("it took longer than {} ms (Fetch::timeout)", limits.whole.as_millis())),
    };
    reply.map_err(|text| Error::msg(format!("fetch(\"{}\") failed: {text}", ShownUrl(&key.url))))
}

async fn follow(key: &Key, limits: &Limits) -> Result<FetchReply, String> {
    let mut hop = Hop {
        method: key.method.clone(),
        url: key.url.clone(),
        headers: key.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        body: key.body.clone(),
    };
    for _ in 0..=REDIRECTS {
        let response = within(limits.idle, hop.send()).await?;
        match target(&hop.url, &response)? {
            Some(url) => hop = hop.redirected(response.status(), url),
            None => return read(response, limits).await,
        }
    }
    Err(format!("it was redirected more than {REDIRECTS} times"))
}

/// One request of a fetch.
struct Hop {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
}

/// What another origin than the one that the fetch was meant for may know: all else that a handler sets may be a
/// credential, whatever its name.
const HARMLESS: [HeaderName; 7] =
    [ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, USER_AGENT];

impl Hop {
    async fn send(&self) -> Result<reqwest::Response, String> {
        let client = client().map_err(|error| error.chain())?;
        let request = client.request(self.method.clone(), self.url.clone());
        request.headers(self.headers.clone()).body(self.body.clone()).send().await.map_err(failed)
    }

    /// The next request, by the rules of the
    /// [Fetch standard](https://fetch.spec.whatwg.org/#http-redirect-fetch). Neither credentials nor a `Referer` go to
    /// another origin, and once they have been dropped they stay so.
    fn redirected(mut self, status: StatusCode, mut url: Url) -> Self {
        let becomes_get = match status.as_u16() {
            301 | 302 => self.method == Method::POST,
            303 => !matches!(self.method, Method::GET | Method::HEAD),
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.body = Bytes::new();
            for name in [CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE] {
                self.headers.remove(name);
            }
        }
        if is_same(&self.url.origin(), &url.origin()) {
            if url.username().is_empty() && url.password().is_none() {
                // Fails only for URLs without a host, which are no targets.
                let _ = url.set_username(self.url.username());
                let _ = url.set_password(self.url.password());
            }
        } else {
            let names: Vec<_> = self.headers.keys().filter(|name| !HARMLESS.contains(name)).cloned().collect();
            for name in names {
                self.headers.remove(name);
            }
            let _ = url.set_username("");
            let _ = url.set_password(None);
        }
        Self { url, ..self }
    }
}

fn is_same(one: &Origin, other: &Origin) -> bool {
    one.is_tuple() && one == other
}

/// Where a reply sends to; `None` when it is the answer.
fn target(from: &Url, response: &reqwest::Response) -> Result<Option<Url>, String> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = response.headers().get(LOCATION) else { return Ok(None) };
    let url = str::from_utf8(location.as_bytes()).ok().and_then(|location| from.join(location).ok());
    let Some(mut url) = url else { return Err("it was redirected to what is no URL".to_owned()) };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("it was redirected to a URL of the scheme `{}`", url.scheme()));
    }
    url.set_fragment(None);
    Ok(Some(url))
}

/// Reads the body, and no more of it than may come: of gzip a few bytes become a thousand times as many.
async fn read(mut response: reqwest::Response, limits: &Limits) -> Result<FetchReply, String> {
    let (status, mut headers) = (response.status(), std::mem::take(response.headers_mut()));
    let mut body = BytesMut::new();
    while let Some(piece) = within(limits.idle, async { response.chunk().await.map_err(failed) }).await? {
        if body.len() + piece.len() > limits.body {
            return Err(limits.too_large());
        }
        body.extend_from_slice(&piece);
    }
    // They described the bytes on the wire.
    headers.remove(CONTENT_LENGTH);
    headers.remove(TRANSFER_ENCODING);
    Ok(FetchReply { status, headers, body: body.freeze() })
}

async fn within<T>(idle: Duration, work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let nothing = |_| Err(format!("nothing came for {} ms", idle.as_millis()));
    timeout(idle, work).await.unwrap_or_else(nothing)
}

fn failed(error: reqwest::Error) -> String {
    let is_slow = error.is_connect() && error.is_timeout();
    let text = chain(&error.without_url());
    if is_slow { format!("there was no connection within {} ms: {text}", CONNECT.as_millis()) } else { text }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn hop(method: Method) -> Hop {
        let headers = ["authorization", "x-api-key", "cookie", "referer", "host", "accept", "content-type"];
        let headers = headers.map(|name| (HeaderName::from_static(name), HeaderValue::from_static("x")));
        let url = Url::parse("https://user:KEY@api.example/a?key=KEY").unwrap();
        Hop { method, url, headers: headers.into_iter().collect(), body: Bytes::from_static(b"body") }
    }

    fn redirected(method: Method, status: u16, location: &str) -> Hop {
        let hop = hop(method);
        let url = hop.url.join(location).unwrap();
        hop.redirected(StatusCode::from_u16(status).unwrap(), url)
    }

    #[test]
    fn only_the_same_origin_gets_credentials() {
        for (location, headers, url) in [
            ("/b", 7, "https://user:KEY@api.example/b"),
            ("https://api.example:443/b", 7, "https://user:KEY@api.example/b"),
            ("https://other:x@api.example/b", 7, "https://other:x@api.example/b"),
            ("https://evil.example/b", 2, "https://evil.example/b"),
            ("https://u:p@evil.example/b", 2, "https://evil.example/b"),
            ("http://api.example/b", 2, "http://api.example/b"),
            ("https://api.example:8443/b", 2, "https://api.example:8443/b"),
            ("https://sub.api.example/b", 2, "https://sub.api.example/b"),
            ("//evil.example/b", 2, "https://evil.example/b"),
        ] {
            let hop = redirected(Method::GET, 307, location);
            assert_eq!((hop.headers.len(), hop.url.as_str()), (headers, url), "{location}");
        }
    }

    #[test]
    fn a_way_back_brings_no_credentials_back() {
        let there = redirected(Method::GET, 302, "https://evil.example/");
        let back = there.redirected(StatusCode::FOUND, Url::parse("https://api.example/").unwrap());
        assert_eq!((back.headers.len(), back.url.as_str()), (2, "https://api.example/"));
    }

    #[test]
    fn a_redirected_method_is_that_of_the_fetch_standard() {
        for (method, status, becomes) in [
            (Method::POST, 301, Method::GET),
            (Method::POST, 302, Method::GET),
            (Method::PUT, 302, Method::PUT),
            (Method::PUT, 303, Method::GET),
            (Method::HEAD, 303, Method::HEAD),
            (Method::POST, 307, Method::POST),
            (Method::DELETE, 308, Method::DELETE),
        ] {
            let keeps = method == becomes;
            let hop = redirected(method, status, "/b");
            assert_eq!((&hop.method, hop.body.is_empty()), (&becomes, !keeps), "{status}");
            assert_eq!(hop.headers.contains_key(CONTENT_TYPE), keeps);
        }
    }
}

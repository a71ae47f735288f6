//! `fetch()`: the HTTP client with the data cache.

mod cache;
pub(crate) mod client;
mod limits;
mod policy;
mod shown_url;

use std::{
    fmt,
    future::{Future, IntoFuture},
    panic::Location,
    pin::Pin,
    time::Duration,
};

use axum::response::IntoResponse;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use self::{
    cache::Key,
    limits::Limits,
    policy::{Asked, Policy},
    shown_url::{ShownUrl, shown_text},
};
use crate::{
    contract::config::Revalidate,
    handler::{
        error::{Error, Result},
        response::Response,
        scope::{Run, Scope},
    },
    kept,
    revalidate::{Subject, stamp::Stamp},
};

/// How one [`fetch`] uses the data cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    /// From the cache, for as long as `revalidate` says; asked for once when it is not there.
    ForceCache,
    /// From the upstream, each time.
    NoStore,
}

/// Fetches a URL; the future is awaited like any other.
///
/// While an answer is made that is kept (at build time, or when it is renewed), a plain GET is cached and leaves the
/// route static; in a handler that runs for one request it is not cached. `.revalidate(60)` and
/// `.cache(Cache::ForceCache)` cache everywhere, `.cache(Cache::NoStore)` and `.revalidate(0)` nowhere: such a fetch
/// makes the route dynamic. `FETCH_CACHE` of the route file changes all of that
/// ([Next.js 13](https://nextjs.org/docs/13/app/building-your-application/data-fetching/fetching-caching-and-revalidating)).
///
/// The cache is that of one instance of the function, in memory and of limited size. Only answers with a 2xx status are
/// cached. When the upstream fails or answers 5xx, a cached answer whose time is over is used a little longer.
///
/// A fetch ends. Without a [`timeout`](Fetch::timeout) there are 5 s for a connection, 10 s in which nothing comes, and
/// 30 s for all of it; none goes on to the end of the function's own time. A body of more than 16 MiB is an error, unless
/// [`body_limit`](Fetch::body_limit) says otherwise.
///
/// Up to 20 redirects are followed, by the rules of the [Fetch standard](https://fetch.spec.whatwg.org/#http-redirect-fetch).
/// To another origin (another scheme, host or port) go only `Accept`, `Accept-Language`, `User-Agent` and the headers that
/// describe the body: every other header that was set may be a credential. A redirect with 307 or 308 takes the body along.
/// There are no cookies between fetches, and there is no `Referer`. A proxy is used where `HTTP_PROXY`, `HTTPS_PROXY` or
/// `ALL_PROXY` names one.
///
/// Errors, the log and what the build tells show a URL without user, password, query and fragment.
///
/// Certificates are checked against the roots of the system. `SSL_CERT_FILE` names a file with others in their place.
///
/// ```no_run
/// use wharf::{Json, Result, fetch};
///
/// pub async fn get() -> Result<Json<serde_json::Value>> {
///     let reply = fetch("https://api.example.com/items").revalidate(60).tags(["items"]).await?;
///     Ok(Json(reply.json().await?))
/// }
/// ```
#[track_caller]
pub fn fetch(url: impl AsRef<str>) -> Fetch {
    let parsed = Url::parse(url.as_ref());
    let url = parsed.map_err(|error| format!("fetch({:?}) needs a whole URL: {error}", shown_text(url.as_ref())));
    Fetch {
        url,
        method: Method::GET,
        headers: HeaderMap::new(),
        body: Bytes::new(),
        cache: None,
        revalidate: None,
        tags: Vec::new(),
        timeout: None,
        body_limit: None,
        failure: None,
        location: Location::caller(),
    }
}

/// A fetch that has not been sent; made by [`fetch`].
#[derive(Clone)]
#[must_use = "a fetch is sent when it is awaited"]
pub struct Fetch {
    url: std::result::Result<Url, String>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
    cache: Option<Cache>,
    revalidate: Option<Revalidate>,
    tags: Vec<String>,
    timeout: Option<Duration>,
    body_limit: Option<usize>,
    failure: Option<String>,
    location: &'static Location<'static>,
}

impl Fetch {
    /// Caches it for so many seconds, and lets the route's answer live no longer; `false` is for ever, 0 not at all.
    pub fn revalidate(mut self, revalidate: impl Into<Revalidate>) -> Self {
        self.revalidate = Some(revalidate.into());
        self
    }

    /// Whether the data cache is used.
    pub fn cache(mut self, cache: Cache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Tags the route's answer, so that [`revalidate_tag`](crate::revalidate_tag) reaches it and this fetch.
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.tags.extend(tags.into_iter().map(Into::into));
        self
    }

    /// Adds a header. One that is not valid makes the fetch an error.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        N::Error: fmt::Display,
        V: TryInto<HeaderValue>,
        V::Error: fmt::Display,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => {
                self.headers.append(name, value);
            }
            (Err(error), _) => self.fail(format!("a header has an invalid name: {error}")),
            (Ok(name), Err(error)) => self.fail(format!("the header `{name}` is invalid: {error}")),
        }
        self
    }

    /// Sets the method. One that is not valid makes the fetch an error.
    pub fn method<M>(mut self, method: M) -> Self
    where
        M: TryInto<Method>,
        M::Error: fmt::Display,
    {
        match method.try_into() {
            Ok(method) => self.method = method,
            Err(error) => self.fail(format!("the method is invalid: {error}")),
        }
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// How long all of it may take, redirects and body included; then nothing has to come within 10 s. Within a request
    /// it ends half a second before the function's time is over, whatever is set here.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use wharf::{Response, Result, fetch};
    ///
    /// pub async fn post() -> Result {
    ///     let reply = fetch("https://slow.example.com/").timeout(Duration::from_secs(120)).body_limit(1024).await?;
    ///     Ok(Response::from(reply))
    /// }
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How many bytes the body may have, decompressed; reading stops where there are more, and the fetch is an error.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = Some(bytes);
        self
    }

    fn fail(&mut self, text: String) {
        self.failure.get_or_insert(text);
    }

    fn asked(&self) -> Asked {
        match (self.cache, self.revalidate) {
            (Some(Cache::NoStore), _) | (_, Some(Revalidate::After(0))) => Asked::Fresh,
            (Some(Cache::ForceCache), _) | (_, Some(_)) => Asked::Cached,
            (None, None) => Asked::Nothing,
        }
    }

    async fn send(mut self) -> Result<FetchReply> {
        let url = std::mem::replace(&mut self.url, Err(String::new())).map_err(Error::msg)?;
        if let Some(failure) = self.failure.take() {
            return Err(Error::msg(format!("fetch(\"{}\"): {failure}", ShownUrl(&url))));
        }
        let scope = Scope::current();
        let policy = Policy::of(scope.as_deref(), &self.method);
        let is_cached = policy
            .caches(self.asked())
            .map_err(|rule| Error::msg(format!("fetch(\"{}\"): {rule} (FETCH_CACHE of the route)", ShownUrl(&url))))?;
        if !is_cached {
            if let Some(scope) = &scope {
                touch(scope, &url, self.location).await;
            }
            return client::send(&self.key(url), &self.limits()).await;
        }
        let segment = scope.as_ref().and_then(|scope| scope.config.revalidate);
        let revalidate = self.revalidate.or(segment).unwrap_or_default();
        let mut since = Stamp::EPOCH;
        if let Some(scope) = &scope {
            since = scope.since.max(scope.stamps.newest(self.tags.iter().map(|tag| Subject::of_tag(tag))));
            scope.shorten(revalidate, self.tags.iter().cloned());
        }
        let limits = self.limits();
        let shown = ShownUrl(&url).to_string();
        let found = cache::get(self.key(url), revalidate, since, &limits).await?;
        if found.reply.body.len() > limits.body {
            // It was kept by a fetch with another limit.
            return Err(Error::msg(format!("fetch(\"{shown}\") failed: {}", limits.too_large())));
        }
        if let Some(scope) = &scope {
            scope.shorten(found.revalidate, []);
        }
        Ok(found.reply)
    }

    fn limits(&self) -> Limits {
        Limits::new(self.timeout, self.body_limit, Scope::current().as_deref())
    }

    fn key(&self, mut url: Url) -> Key {
        url.set_fragment(None);
        Key { method: self.method.clone(), url, headers: cache::sorted(&self.headers), body: self.body.clone() }
    }
}

/// Records an uncached fetch. At build time it is not sent: the handler is dropped while it waits here.
async fn touch(scope: &Scope, url: &Url, location: &Location<'_>) {
    scope.touch(format!("fetch(\"{}\")", ShownUrl(url)), location);
    if scope.run == Run::Evaluate && scope.touched().is_some() {
        tokio::task::yield_now().await;
    }
}

impl fmt::Debug for Fetch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.as_ref().map_or_else(Clone::clone, |url| ShownUrl(url).to_string());
        formatter.debug_struct("Fetch").field("method", &self.method).field("url", &url).finish_non_exhaustive()
    }
}

impl IntoFuture for Fetch {
    type Output = Result<FetchReply>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// What the upstream answered. Its body has been read, so that every reader can be called more than once.
#[derive(Debug, Clone)]
pub struct FetchReply {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl FetchReply {
    /// The same, which holds no bytes but its own.
    fn detached(&self) -> Self {
        let (headers, body) = (kept::detached(&self.headers), kept::detached_bytes(&self.body));
        Self { status: self.status, headers, body }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Whether the status is 2xx.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.status.is_success()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// When it is not such JSON.
    pub async fn json<T: DeserializeOwned>(&self) -> Result<T> {
        let body = self.body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&self.body);
        serde_json::from_slice(body)
            .map_err(|error| Error::msg(format!("the fetched body is not the expected JSON: {error}")))
    }

    /// The body as UTF-8 text; what is not becomes U+FFFD.
    ///
    /// # Errors
    ///
    /// None; it is a `Result` like its siblings.
    pub async fn text(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.body).into_owned())
    }

    /// The body.
    ///
    /// # Errors
    ///
    /// None; it is a `Result` like its siblings.
    pub async fn bytes(&self) -> Result<Bytes> {
        Ok(self.body.clone())
    }
}

impl From<FetchReply> for Response {
    /// Hands the upstream's answer on as it is.
    fn from(reply: FetchReply) -> Self {
        let mut response = http::Response::new(reply.body.into());
        *response.status_mut() = reply.status;
        *response.headers_mut() = reply.headers;
        response.into()
    }
}

impl IntoResponse for FetchReply {
    fn into_response(self) -> axum::response::Response {
        Response::from(self).into_response()
    }
}

//! Asking a server on this machine, byte by byte what the test says: no redirect is followed, no path tidied.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, runtime, time::timeout};

use crate::{HttpReply, HttpRequest};

/// A client of one server.
#[derive(Debug, Clone)]
pub struct HttpClient {
    authority: String,
    limit: Duration,
}

/// Why a request brought no reply.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

impl HttpClient {
    /// How long a request may take unless [`HttpClient::limit`] says otherwise.
    pub const LIMIT: Duration = Duration::from_secs(10);

    /// A client of the server at `http://HOST:PORT`.
    ///
    /// # Panics
    ///
    /// When that is not the form of `base`.
    #[track_caller]
    #[must_use]
    pub fn new(base: &str) -> Self {
        let authority = base.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
        let authority = authority.filter(|rest| !rest.is_empty() && !rest.contains('/'));
        Self {
            authority: authority.unwrap_or_else(|| panic!("{base} is not http://HOST:PORT")).to_owned(),
            limit: Self::LIMIT,
        }
    }

    /// Another time limit.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sends a request and reads the whole reply.
    ///
    /// # Panics
    ///
    /// When there is none within the limit.
    #[track_caller]
    #[must_use]
    pub fn send(&self, request: &HttpRequest) -> HttpReply {
        self.try_send(request).unwrap_or_else(|error| panic!("{request} to {}: {error}", self.authority))
    }

    /// Sends a request and reads the whole reply.
    ///
    /// # Errors
    ///
    /// When the request is malformed, or there is no whole reply within the limit.
    pub fn try_send(&self, request: &HttpRequest) -> Result<HttpReply, Failure> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async { timeout(self.limit, self.exchange(request)).await? })
    }

    async fn exchange(&self, request: &HttpRequest) -> Result<HttpReply, Failure> {
        let response = self.open(request).await?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let body = response.into_body().collect().await?.to_bytes().to_vec();
        Ok(HttpReply { status, headers, body })
    }

    async fn open(&self, request: &HttpRequest) -> Result<Response<Incoming>, Failure> {
        let stream = TcpStream::connect(&self.authority).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends with the runtime, or when the server closes; a failure shows in the reply.
        tokio::spawn(connection);
        Ok(sender.send_request(self.request(request)?).await?)
    }

    /// Sends a request, and reads what comes at once of the body, and how long after the headers.
    ///
    /// # Errors
    ///
    /// As [`HttpClient::try_send`].
    pub fn pieces(&self, request: &HttpRequest) -> Result<Vec<(Duration, Bytes)>, Failure> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async { timeout(self.limit, self.read_pieces(request)).await? })
    }

    async fn read_pieces(&self, request: &HttpRequest) -> Result<Vec<(Duration, Bytes)>, Failure> {
        let mut body = self.open(request).await?.into_body();
        let (started, mut pieces) = (Instant::now(), Vec::new());
        while let Some(frame) = body.frame().await {
            pieces.extend(frame?.into_data().ok().map(|piece| (started.elapsed(), piece)));
        }
        Ok(pieces)
    }

    fn request(&self, request: &HttpRequest) -> Result<Request<Full<Bytes>>, Failure> {
        let uri: Uri = request.target.parse()?;
        let mut built = Request::new(Full::new(Bytes::from(request.body.clone())));
        *built.method_mut() = request.method.parse()?;
        *built.uri_mut() = uri;
        let headers = built.headers_mut();
        headers.insert("host", self.authority.parse()?);
        for (name, value) in &request.headers {
            headers.append(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_bytes(value.as_bytes())?);
        }
        if !request.cookies.is_empty() {
            headers.insert("cookie", request.cookies.join("; ").parse()?);
        }
        Ok(built)
    }
}

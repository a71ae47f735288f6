//! The HTTP client below the cache.

use std::sync::Mutex;

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use reqwest::Client;
use tokio::runtime;

use super::{FetchReply, cache::Key};
use crate::{
    error::{Error, Result},
    scope::lock,
};

/// The client of the runtime that is running: its connections die with it.
static CLIENT: Mutex<Option<(runtime::Id, Client)>> = Mutex::new(None);

pub(crate) fn client() -> Result<Client> {
    let id = runtime::Handle::current().id();
    let mut known = lock(&CLIENT);
    if let Some((_, client)) = known.as_ref().filter(|(known, _)| *known == id) {
        return Ok(client.clone());
    }
    // Fails when the program has a provider of its own, which then serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().user_agent(concat!("wharf/", env!("CARGO_PKG_VERSION"))).build()?;
    *known = Some((id, client.clone()));
    Ok(client)
}

pub(super) async fn send(key: &Key) -> Result<FetchReply> {
    let request = client()?
        .request(key.method.clone(), key.url.clone())
        .headers(key.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
        .body(key.body.clone());
    let failed = |error: reqwest::Error| {
        let text = crate::error::chain(&error.without_url());
        Error::msg(format!("fetch({:?}) failed: {text}", key.url.as_str()))
    };
    let response = request.send().await.map_err(failed)?;
    let (status, mut headers) = (response.status(), response.headers().clone());
    let body = response.bytes().await.map_err(failed)?;
    // They described the bytes on the wire.
    headers.remove(CONTENT_LENGTH);
    headers.remove(TRANSFER_ENCODING);
    Ok(FetchReply { status, headers, body })
}

//! The URL and its parts.

use serde::Serialize;
use wharf::{Json, Request};

#[derive(Serialize)]
pub struct Parts {
    href: String,
    origin: String,
    protocol: String,
    host: String,
    hostname: String,
    port: String,
    pathname: String,
    search: String,
    hash: String,
    method: String,
}

pub async fn get(request: Request) -> Json<Parts> {
    let url = request.url();
    let port = url.port().map(|port| port.to_string()).unwrap_or_default();
    let hostname = url.host_str().unwrap_or_default().to_owned();
    Json(Parts {
        origin: url.origin().ascii_serialization(),
        protocol: format!("{}:", url.scheme()),
        host: if port.is_empty() { hostname.clone() } else { format!("{hostname}:{port}") },
        hostname,
        port,
        pathname: url.path().to_owned(),
        search: url.query().map(|query| format!("?{query}")).unwrap_or_default(),
        hash: url.fragment().unwrap_or_default().to_owned(),
        href: url.into(),
        method: request.method().to_string(),
    })
}

//! The service that some handlers fetch from. The environment variable `UPSTREAM` names its address.

use std::env;

use serde::{Deserialize, Serialize};

/// The address of `path` at the upstream.
pub fn url(path: &str) -> String {
    format!("{}{path}", env::var("UPSTREAM").unwrap_or_default())
}

/// What it answers below `/data`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Data {
    pub key: String,
    /// How often the path was asked for.
    pub hits: u32,
    pub method: String,
    pub api_key: Option<String>,
    pub content_type: Option<String>,
}

/// The same, under a name.
#[derive(Debug, Serialize)]
pub struct Keyed {
    pub data: Data,
}

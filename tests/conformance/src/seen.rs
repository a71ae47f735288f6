//! What a handler sees of a request, as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use wharf::{Request, http::HeaderMap, pattern::ParamValue};

/// The params, with the name of the route.
#[derive(Debug, Serialize)]
pub struct Params {
    route: &'static str,
    /// `None` where the route has none.
    params: Option<BTreeMap<String, ParamValue>>,
}

impl Params {
    pub fn of(route: &'static str, request: &Request) -> Self {
        let params = request.params().iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
        Self { route, params: route.contains('[').then_some(params) }
    }
}

/// The names of the headers, and each with its value.
#[derive(Debug, Serialize)]
pub struct Headers {
    names: Vec<String>,
    all: BTreeMap<String, String>,
}

impl Headers {
    pub fn of(headers: &HeaderMap) -> Self {
        let all: BTreeMap<_, _> = headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        Self { names: all.keys().cloned().collect(), all }
    }
}

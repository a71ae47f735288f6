//! The requests, a line each in `tests/conformance/cases.jsonl`.

use std::{fs, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use super::Reply;
use crate::{HttpRequest, paths};

/// A request, and what Wharf answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// The route whose function is asked where the path is that of none.
    pub route: String,
    /// The method.
    pub method: String,
    /// The target of the request line.
    pub path: String,
    /// The headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// How long to wait after the request before it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub wait_ms: u64,
    /// What Wharf answers.
    pub reply: Option<Reply>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Case {
    /// What is sent. `Host` is that of the function, whatever a client says.
    pub fn request(&self) -> HttpRequest {
        let request = HttpRequest::new(&self.method, &self.path).body(self.body.as_str());
        self.headers.iter().fold(request, |request, (name, value)| match name.to_ascii_lowercase().as_str() {
            "host" => request,
            "cookie" => value.split("; ").fold(request, HttpRequest::cookie),
            name => request.header(name, value),
        })
    }

    /// How long to wait before it is sent.
    #[must_use]
    pub fn wait(&self) -> Duration {
        Duration::from_millis(self.wait_ms)
    }
}

fn path() -> PathBuf {
    paths::conformance().join("cases.jsonl")
}

/// All of them, in the order in which they are sent.
///
/// # Panics
///
/// When the file is not there, or is not what [`write()`] writes.
#[track_caller]
#[must_use]
pub fn read() -> Vec<Case> {
    let text = fs::read_to_string(path()).expect("the requests are part of the repository");
    let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in the case {line}"));
    text.lines().map(read).collect()
}

/// Writes all of them.
///
/// # Panics
///
/// When the disk refuses.
pub fn write(cases: &[Case]) {
    let lines = cases.iter().map(|case| serde_json::to_string(case).expect("a case is JSON") + "\n");
    fs::write(path(), lines.collect::<String>()).expect("the checkout can be written");
}

//! What servers of Next.js answered, read from the file that the variable `WHARF_NEXT_CASES` names.

use std::{collections::BTreeMap, env, fs};

use serde::Deserialize;

use super::{Case, Reply};

/// A request, and what two versions answered.
#[derive(Debug, Clone, Deserialize)]
pub struct Recorded {
    /// The name of the case.
    pub id: String,
    request: Request,
    /// What Next.js 13.4 answered.
    pub next13: Answer,
    /// What Next.js 16.4 answered.
    pub next16: Answer,
}

#[derive(Debug, Clone, Deserialize)]
struct Request {
    method: String,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    wait_ms: Option<u64>,
}

#[expect(clippy::print_stderr, reason = "a test that checks less says so")]
fn not_at_hand() {
    eprintln!("not checked: WHARF_NEXT_CASES names no answers of Next.js");
}

/// What a version answered.
#[derive(Debug, Clone, Deserialize)]
pub struct Answer {
    /// The reply.
    #[serde(flatten)]
    pub reply: Reply,
    /// Whether two runs differed.
    #[serde(default)]
    pub varies: bool,
}

impl Recorded {
    /// All of them; says so, and gives none, where they are not at hand.
    ///
    /// # Panics
    ///
    /// When the file cannot be read.
    #[track_caller]
    #[must_use]
    pub fn all() -> Option<Vec<Self>> {
        let Some(path) = env::var_os("WHARF_NEXT_CASES").filter(|path| !path.is_empty()) else {
            not_at_hand();
            return None;
        };
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        Some(text.lines().map(read).collect())
    }

    /// Whether the case sends what was sent.
    #[must_use]
    pub fn is_of(&self, case: &Case) -> bool {
        let headers: BTreeMap<_, _> = case.headers.iter().cloned().collect();
        self.id == case.id
            && self.request.method == case.method
            && self.request.path == case.path
            && self.request.headers == headers
            && self.request.body.as_deref().unwrap_or_default() == case.body
            && self.request.wait_ms.unwrap_or_default() == case.wait_ms
    }
}

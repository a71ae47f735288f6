//! A reply as it stands in a file: large bodies by their hash.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::HttpReply;

/// What is larger stands by its hash.
const LARGEST: usize = 4096;

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The header lines, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(flatten)]
    pub body: Body,
}

/// The body of a reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Body {
    /// UTF-8.
    Text {
        /// The text.
        body: String,
    },
    /// Other bytes.
    Bytes {
        /// The bytes, in base64.
        body_base64: String,
    },
    /// Too many bytes.
    Large {
        /// How many.
        body_length: usize,
        /// Their SHA-256, in hex.
        body_sha256: String,
    },
}

impl Body {
    fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            _ if bytes.len() > LARGEST => {
                let hash = Sha256::digest(bytes);
                let body_sha256 = hash.iter().map(|byte| format!("{byte:02x}")).collect();
                Self::Large { body_length: bytes.len(), body_sha256 }
            }
            Ok(text) => Self::Text { body: text.to_owned() },
            Err(_) => Self::Bytes { body_base64: STANDARD.encode(bytes) },
        }
    }

    /// In a few words.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Text { body } => body.clone(),
            Self::Bytes { body_base64 } => format!("{} bytes", STANDARD.decode(body_base64).map_or(0, |it| it.len())),
            Self::Large { body_length, .. } => format!("{body_length} bytes"),
        }
    }

    /// The same with its text changed.
    #[must_use]
    pub fn map(self, change: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Text { body } => Self::Text { body: change(body) },
            other => other,
        }
    }
}

impl Reply {
    /// What a function answered, without what is of this run: the address of the upstream, and the time.
    #[must_use]
    pub fn of(reply: &HttpReply, upstream: &str) -> Self {
        let headers = reply.headers.iter().map(|(name, value)| (name.clone(), without_time(name, value))).collect();
        let body = Body::of(&reply.body).map(|text| text.replace(upstream, "http://127.0.0.1:4700"));
        Self { status: reply.status, headers, body }
    }
}

/// A cookie whose date is made of its age, without that date.
#[must_use]
pub(super) fn without_time(name: &str, value: &str) -> String {
    if name != "set-cookie" || !value.contains("Max-Age=") {
        return value.to_owned();
    }
    let parts = value.split("; ").map(|part| if part.starts_with("Expires=") { "Expires=…" } else { part });
    parts.collect::<Vec<_>>().join("; ")
}

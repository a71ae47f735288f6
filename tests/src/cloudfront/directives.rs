//! What an answer says of caches, as CloudFront documents that it reads it (Expiration, "How CloudFront caches").

use crate::HttpReply;

pub(super) struct Directives(Vec<(String, Option<u64>)>);

impl Directives {
    pub(super) fn of(reply: &HttpReply) -> Self {
        let line = reply.all("cache-control").join(",");
        let read = |text: &str| {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            (name.trim().to_ascii_lowercase(), value.trim().trim_matches('"').parse().ok())
        };
        Self(line.split(',').map(read).collect())
    }

    fn says(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    fn seconds(&self, name: &str) -> Option<u64> {
        self.0.iter().find(|(known, _)| known == name)?.1
    }

    pub(super) fn forbids_keeping(&self) -> bool {
        ["private", "no-store", "no-cache"].iter().any(|name| self.says(name))
    }

    /// Of `max-age` and `s-maxage`, the second counts.
    pub(super) fn own_ttl(&self) -> Option<u64> {
        self.seconds("s-maxage").or(self.seconds("max-age"))
    }

    pub(super) fn forbids_waiting(&self) -> bool {
        self.forbids_keeping() || self.own_ttl() == Some(0)
    }

    pub(super) fn forbids_stale(&self) -> bool {
        self.seconds("stale-if-error") == Some(0)
    }
}

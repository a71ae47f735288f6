//! One table: what a handler sees of a request, and a client of a reply, whatever source of events stands in between.
//!
//! A [`Case`] is a request. `requests` lists them, and [`replies`] what a handler answers to some of them. [`Asked`]
//! says what the request means, and [`DIFFERENCES`] is the whole list of what a source forces to be otherwise. So the
//! reply that the client of each source gets is known before anything runs, and [`received`] reads the one that it got.

mod asked;
mod differences;
mod received;
pub mod reflect;
pub mod replies;
mod requests;

use std::fmt;

use bytes::Bytes;
use serde_json::Value;
use wharf::{
    http::Request,
    testing::{Client, Source},
};

use crate::HttpReply;

pub use asked::Asked;
pub use differences::{DIFFERENCES, Difference};
pub use received::received;

/// What proves that a request came through the CDN.
pub const SECRET: &str = "s3cret-s3cret-s3cret-s3cret-s3cret";

/// The function that a request goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Function {
    /// [`reflect`], for everyone.
    Open,
    /// [`reflect`], which believes a CDN that proves itself.
    BehindCdn,
    /// [`reflect`], which refuses what did not come through the CDN.
    CdnOnly,
    /// [`replies`], for everyone.
    Replies,
}

impl Function {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::BehindCdn, Self::CdnOnly, Self::Replies];

    /// The function in this process, behind this source.
    #[must_use]
    pub fn client(self, source: Source) -> Client {
        let client = match self {
            Self::Replies => Client::new(replies::route),
            _ => Client::new(reflect::route),
        };
        let client = match self {
            Self::Open | Self::Replies => client,
            Self::BehindCdn | Self::CdnOnly => client.behind_cdn(SECRET, self == Self::CdnOnly),
        };
        client.through(source)
    }

    /// The environment of the program `conformance-function` that makes it this one.
    #[must_use]
    pub fn variables(self) -> Vec<(&'static str, &'static str)> {
        let secret = ("WHARF_ORIGIN_SECRET", SECRET);
        match self {
            Self::Open => vec![],
            Self::BehindCdn => vec![secret],
            Self::CdnOnly => vec![secret, ("WHARF_REQUIRE_ORIGIN", "1")],
            Self::Replies => vec![("CONFORMANCE_ROUTE", "replies")],
        }
    }
}

/// A request to a function.
#[derive(Debug, Clone)]
#[must_use]
pub struct Case {
    /// Who is asked.
    pub function: Function,
    /// What the client sends.
    pub request: Request<Bytes>,
    /// The fields of a multipart body, as [`reflect`] tells them.
    pub form: Value,
}

impl fmt::Display for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:?} {} {}",
            self.function,
            self.request.method(),
            shortened(&self.request.uri().to_string())
        )?;
        for (name, value) in self.request.headers().iter().take(4) {
            write!(formatter, " [{name}: {}]", shortened(&String::from_utf8_lossy(value.as_bytes())))?;
        }
        let body = self.request.body();
        if body.is_empty() { Ok(()) } else { write!(formatter, " {}", shortened(&format!("{body:?}"))) }
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() > 60 { text.chars().take(60).chain(['…']).collect() } else { text.to_owned() }
}

impl Case {
    /// The reply that the client of this source gets, and what the source forced it to be.
    #[must_use]
    pub fn expected(&self, source: Source) -> (HttpReply, Vec<&'static Difference>) {
        let mut forced = Vec::new();
        let mut asked = Asked::of(self, source);
        let mut reply = asked.reply();
        for difference in DIFFERENCES.iter().filter(|difference| difference.sources.contains(&source)) {
            let before = reply.clone();
            difference.force(&mut asked, &mut reply);
            if reply != before {
                forced.push(difference);
            }
        }
        (reply, forced)
    }
}

/// The table.
#[must_use]
pub fn cases() -> Vec<Case> {
    requests::cases()
}

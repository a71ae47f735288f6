//! What AWS documents of CloudFront's cache, as a model that answers: the key, who waits for whom, how long an answer is
//! kept, and what is served when an origin fails. Where the documents leave something open, the model does what gives
//! an answer to more viewers.
//!
//! Each rule names its page of <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/>.

mod directives;
mod settings;

use std::collections::BTreeMap;

use crate::HttpReply;
use directives::Directives;
pub use settings::Settings;

/// Header lines, names in lower case.
pub type Lines = Vec<(String, String)>;

/// A request as it leaves the function of the viewer request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query.
    pub query: String,
    /// The headers without `cookie`.
    pub headers: Lines,
    /// The header `cookie`.
    pub cookies: Option<String>,
}

/// What a request comes to at first.
#[derive(Debug)]
pub enum Begun {
    /// It is answered.
    Answered(HttpReply),
    /// It waits for the answer to another one.
    Waits,
    /// The origin is asked this.
    Asks(Flight, Request),
}

/// A request of the origin whose answer is not back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flight(u64);

/// What comes of the answer to one request.
#[derive(Debug)]
pub struct Ended {
    /// What the viewer gets, and all who waited for it.
    pub reply: HttpReply,
    /// Who waited and is served.
    pub served: Vec<usize>,
    /// Who waited in vain, and asks anew.
    pub released: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key(Vec<String>);

#[derive(Debug)]
struct Entry {
    reply: HttpReply,
    until: u64,
}

#[derive(Debug)]
struct Pending {
    key: Option<Key>,
    waiting: Vec<usize>,
    is_conditional: bool,
    is_head: bool,
}

/// One edge location of a distribution. Times are in seconds.
#[derive(Debug)]
pub struct Edge {
    settings: Settings,
    /// Answers that are no errors.
    kept: BTreeMap<Key, Entry>,
    errors: BTreeMap<Key, Entry>,
    pending: BTreeMap<Flight, Pending>,
    flights: u64,
}

impl Edge {
    /// With nothing in its cache.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, kept: BTreeMap::new(), errors: BTreeMap::new(), pending: BTreeMap::new(), flights: 0 }
    }

    /// Takes a request of this viewer.
    pub fn begin(&mut self, viewer: usize, request: &Request, now: u64) -> Begun {
        let key = is_cacheable(request).then(|| self.key(request));
        let is_head = request.method == "HEAD";
        let mut asked = self.forwarded(request);
        let mut is_conditional = false;
        if let Some(key) = &key {
            let fresh = |entry: &&Entry| now < entry.until;
            if let Some(entry) = self.errors.get(key).filter(fresh).or_else(|| self.kept.get(key).filter(fresh)) {
                return Begun::Answered(without_body(&entry.reply, is_head));
            }
            let joins = |flight: &&mut Pending| flight.key.as_ref() == Some(key);
            if self.settings.collapses()
                && let Some(flight) = self.pending.values_mut().find(joins)
            {
                flight.waiting.push(viewer);
                return Begun::Waits;
            }
            // An expired object is asked for with its entity tag (RequestAndResponseBehaviorCustomOrigin).
            if let Some(tag) = self.kept.get(key).and_then(|entry| entry.reply.header("etag")) {
                asked.headers.retain(|(name, _)| name != "if-none-match");
                asked.headers.push(("if-none-match".to_owned(), tag.to_owned()));
                is_conditional = true;
            }
        }
        self.flights += 1;
        let flight = Flight(self.flights);
        self.pending.insert(flight, Pending { key, waiting: Vec::new(), is_conditional, is_head });
        Begun::Asks(flight, asked)
    }

    /// Takes the answer of the origin; without one the origin is unreachable.
    ///
    /// # Panics
    ///
    /// When the flight is none.
    pub fn end(&mut self, flight: Flight, answer: Option<HttpReply>, now: u64) -> Ended {
        let Pending { key, waiting, is_conditional, is_head } =
            self.pending.remove(&flight).unwrap_or_else(|| panic!("{flight:?} is none that was begun"));
        let Some(key) = key else {
            let reply = answer.unwrap_or_else(unreachable);
            return Ended { reply, served: Vec::new(), released: waiting };
        };
        let (reply, is_for_all) = self.settle(&key, answer, (is_conditional, is_head), now);
        let reply = without_body(&reply, is_head);
        if is_for_all {
            Ended { reply, served: waiting, released: Vec::new() }
        } else {
            Ended { reply, served: Vec::new(), released: waiting }
        }
    }

    /// What is sent, and whether those who wait get it as well.
    fn settle(
        &mut self,
        key: &Key,
        answer: Option<HttpReply>,
        (is_conditional, is_head): (bool, bool),
        now: u64,
    ) -> (HttpReply, bool) {
        let Some(mut answer) = answer else { return (self.stale_or_unreachable(key, now), true) };
        if answer.status >= 500
            && let Some(stale) = self.stale(key)
        {
            // "An expired object is served" on a 5xx (HTTPStatusCodes).
            return (stale, true);
        }
        if answer.status == 304
            && is_conditional
            && let Some(entry) = self.kept.get(key)
        {
            let mut renewed = entry.reply.clone();
            renewed.headers.retain(|(name, _)| answer.header(name).is_none());
            renewed.headers.append(&mut answer.headers);
            answer = renewed;
        }
        let said = Directives::of(&answer);
        // Others wait for one answer unless it says that it is not theirs (RequestAndResponseBehaviorS3Origin,
        // "Simultaneous requests for the same object").
        let is_for_all = self.settings.min_ttl > 0 || !said.forbids_waiting();
        // `set-cookie` is kept with the object where cookies are forwarded, and else removed
        // (RequestAndResponseBehaviorCustomOrigin, "Cookies").
        if !self.settings.forwards_cookies {
            answer.headers.retain(|(name, _)| name != "set-cookie");
        }
        if answer.status >= 400 {
            self.keep_error(key, &answer, now);
        } else if let Some(seconds) = self.settings.ttl(&said).filter(|_| !is_head) {
            // `vary: *` goes to the origin each time (RequestAndResponseBehaviorCustomOrigin, "Vary").
            let seconds = if answer.all("vary").contains(&"*") { self.settings.min_ttl } else { seconds };
            self.errors.remove(key);
            self.kept.insert(key.clone(), Entry { reply: answer.clone(), until: now + seconds });
        }
        (answer, is_for_all)
    }

    /// Which errors are kept, and for how long (HTTPStatusCodes; custom-error-pages-expiration).
    fn keep_error(&mut self, key: &Key, answer: &HttpReply, now: u64) {
        let said = Directives::of(answer);
        let is_kept = match answer.status {
            404 | 410 | 414 | 501 => !said.forbids_keeping(),
            416 | 500..=599 => true,
            _ => said.own_ttl().is_some() && !said.forbids_keeping(),
        };
        let seconds = said.own_ttl().unwrap_or(0).max(self.settings.error_ttl(answer.status));
        if is_kept && seconds > 0 {
            self.errors.insert(key.clone(), Entry { reply: answer.clone(), until: now + seconds });
        }
    }

    /// The earlier object, whatever its time. It is served when the origin fails, where an answer may be kept at all
    /// (Expiration, "stale-if-error").
    fn stale(&self, key: &Key) -> Option<HttpReply> {
        let may = self.settings.min_ttl > 0 || self.settings.max_ttl > 0;
        let entry = self.kept.get(key).filter(|_| may)?;
        (!Directives::of(&entry.reply).forbids_stale()).then(|| entry.reply.clone())
    }

    fn stale_or_unreachable(&mut self, key: &Key, now: u64) -> HttpReply {
        self.stale(key).unwrap_or_else(|| {
            let error = unreachable();
            self.keep_error(key, &error, now);
            error
        })
    }

    /// Path, query, and what the cache policy names (understanding-the-cache-key). That the origin which a function chose
    /// is a part of it is said nowhere.
    fn key(&self, request: &Request) -> Key {
        let mut key = vec![request.path.clone()];
        if self.settings.keyed_query {
            key.push(request.query.clone());
        }
        for name in &self.settings.keyed_headers {
            let values = request.headers.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str());
            key.push(values.collect::<Vec<_>>().join(","));
        }
        if self.settings.keyed_cookies {
            key.push(request.cookies.clone().unwrap_or_default());
        }
        Key(key)
    }

    /// What reaches the origin: `authorization` only as a part of the key
    /// (<https://repost.aws/knowledge-center/cloudfront-authorization-header>), other headers as the policies say
    /// (controlling-origin-requests).
    fn forwarded(&self, request: &Request) -> Request {
        let Settings { keyed_headers, headers_not_forwarded, .. } = &self.settings;
        let is_forwarded = |name: &String| {
            keyed_headers.contains(name) || (name != "authorization" && !headers_not_forwarded.contains(name))
        };
        Request {
            headers: request.headers.iter().filter(|(name, _)| is_forwarded(name)).cloned().collect(),
            cookies: request.cookies.clone().filter(|_| self.settings.forwards_cookies),
            ..request.clone()
        }
    }
}

/// GET and HEAD, whatever is set (HTTPStatusCodes); other methods are in no `CachedMethods` of ours.
fn is_cacheable(request: &Request) -> bool {
    matches!(request.method.as_str(), "GET" | "HEAD")
}

fn without_body(reply: &HttpReply, is_head: bool) -> HttpReply {
    let body = if is_head { Vec::new() } else { reply.body.clone() };
    HttpReply { body, ..reply.clone() }
}

/// What CloudFront says itself.
fn unreachable() -> HttpReply {
    HttpReply { status: 504, headers: Vec::new(), body: b"CloudFront could not reach the origin".to_vec() }
}

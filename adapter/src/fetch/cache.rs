//! The data cache of one instance: in memory, limited by bytes, with one upstream call for all that wait for it.

use std::{
    sync::{LazyLock, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header::SET_COOKIE};
use tokio::time::Instant;
use url::Url;

use super::{FetchReply, client, limits::Limits, shown_url::ShownUrl};
use crate::{
    contract::config::Revalidate,
    handler::{
        error::{Error, Result},
        scope::lock,
    },
    host::settings,
    kept::{Held, Kept, TEXT, Turns},
    revalidate::stamp::Stamp,
};

/// The longest wait before an upstream that failed is asked again.
const LONGEST_RETRY: u32 = 30;

/// What makes two fetches the same, and all that is sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
}

/// Header lines by name; lines of one name keep their order, which has a meaning.
pub(super) fn sorted(headers: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let mut lines: Vec<_> = headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    lines.sort_by(|(left, _), (right, _)| left.as_str().cmp(right.as_str()));
    lines
}

#[derive(Clone)]
struct Entry {
    reply: FetchReply,
    /// What came before this is in it.
    as_of: Stamp,
    /// Until when it is used without asking; `None` is for ever.
    until: Option<Instant>,
    /// Whether the upstream failed when it was asked last.
    is_stale: bool,
}

/// What came of a call that others waited for.
#[derive(Debug)]
struct Outcome {
    found: std::result::Result<Found, String>,
    as_of: Stamp,
}

struct DataCache {
    kept: Mutex<Kept<Key, Entry>>,
    turns: Turns<Key, Outcome>,
}

static CACHE: LazyLock<DataCache> = LazyLock::new(|| DataCache::new(settings::kept_bytes()));

/// What the cache answers.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) reply: FetchReply,
    /// How long it may be kept: shorter when the upstream failed and this is an old one.
    pub(super) revalidate: Revalidate,
}

/// The cached reply, unless it is older than the stamp, or that of the upstream.
pub(super) async fn get(key: Key, revalidate: Revalidate, since: Stamp, limits: &Limits) -> Result<Found> {
    CACHE.get(key, revalidate, since, async |key| client::send(key, limits).await).await
}

impl DataCache {
    fn new(limit: usize) -> Self {
        Self { kept: Mutex::new(Kept::new(limit)), turns: Turns::default() }
    }

    async fn get(
        &self,
        key: Key,
        revalidate: Revalidate,
        since: Stamp,
        ask: impl AsyncFnOnce(&Key) -> Result<FetchReply>,
    ) -> Result<Found> {
        loop {
            if let Some(found) = self.ready(&key, revalidate, since) {
                return Ok(found);
            }
            let turn = self.turns.of(&key);
            let mut outcome = turn.wait().await;
            match &*outcome {
                None => {
                    // Another turn may have ended before this one began.
                    if let Some(found) = self.ready(&key, revalidate, since) {
                        return Ok(found);
                    }
                    let as_of = Stamp::now().max(since);
                    let asked = ask(&key).await.map(|reply| without_cookies(&key, reply));
                    let found = self.settle(&key, revalidate, as_of, asked);
                    let told = found.as_ref().map(Found::clone).map_err(Error::chain);
                    *outcome = Some(Outcome { found: told, as_of });
                    turn.end();
                    return found;
                }
                Some(outcome) if outcome.as_of >= since => return outcome.found.clone().map_err(Error::msg),
                // It was begun too early; by now its turn is over.
                Some(_) => {}
            }
        }
    }

    /// What is used without a call.
    fn ready(&self, key: &Key, revalidate: Revalidate, since: Stamp) -> Option<Found> {
        let kept = lock(&self.kept);
        let entry = kept.get(key).filter(|entry| entry.is_good(since))?;
        let revalidate = if entry.is_stale { retry(revalidate) } else { revalidate };
        Some(Found { reply: entry.reply.clone(), revalidate })
    }

    /// Keeps what the upstream answered, or what was kept a little longer when it failed.
    fn settle(&self, key: &Key, revalidate: Revalidate, as_of: Stamp, asked: Result<FetchReply>) -> Result<Found> {
        let mut kept = lock(&self.kept);
        if let (Some(stale), Some(reason)) = (kept.get(key), failure(&asked)) {
            tracing::warn!(url = %ShownUrl(&key.url), reason, "the upstream failed; the cached answer is used a little longer");
            let (reply, retry) = (stale.reply.clone(), retry(revalidate));
            kept.insert(key.clone(), Entry { reply: reply.clone(), as_of, until: until(retry), is_stale: true });
            return Ok(Found { reply, revalidate: retry });
        }
        let reply = asked.inspect_err(|_| kept.remove(key))?;
        if !reply.ok() {
            kept.remove(key);
            return Ok(Found { reply, revalidate });
        }
        let reply = reply.detached();
        kept.insert(key.clone(), Entry { reply: reply.clone(), as_of, until: until(revalidate), is_stale: false });
        Ok(Found { reply, revalidate })
    }
}

/// A cookie is one client's, and what is cached goes to all.
fn without_cookies(key: &Key, mut reply: FetchReply) -> FetchReply {
    if reply.headers.remove(SET_COOKIE).is_some() {
        let host = key.url.host_str();
        tracing::debug!(host, "the upstream sets cookies; a fetch that is cached gives them to nobody");
    }
    reply
}

impl Entry {
    fn is_good(&self, since: Stamp) -> bool {
        self.as_of >= since && self.until.is_none_or(|until| Instant::now() < until)
    }
}

fn failure(asked: &Result<FetchReply>) -> Option<String> {
    match asked {
        Ok(reply) if reply.status().is_server_error() => Some(format!("it answered {}", reply.status().as_u16())),
        Ok(_) => None,
        Err(error) => Some(error.chain()),
    }
}

fn until(revalidate: Revalidate) -> Option<Instant> {
    match revalidate {
        Revalidate::Never => None,
        Revalidate::After(seconds) => Some(Instant::now() + Duration::from_secs(seconds.into())),
    }
}

fn retry(revalidate: Revalidate) -> Revalidate {
    revalidate.min(Revalidate::After(LONGEST_RETRY))
}

impl Held for Key {
    fn held(&self) -> usize {
        let headers: usize =
            self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 2 * TEXT).sum();
        self.url.as_str().len() + self.body.len() + headers
    }
}

impl Held for Entry {
    fn held(&self) -> usize {
        self.reply.headers.held() + self.reply.body.len()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use http::StatusCode;

    use super::*;
    use crate::handler::error::Error;

    const LIMIT: usize = 16 * 1024 * 1024;

    fn key(path: &str) -> Key {
        let url = Url::parse("http://upstream.example").unwrap().join(path).unwrap();
        Key { method: Method::GET, url, headers: Vec::new(), body: Bytes::new() }
    }

    fn reply(status: u16, body: impl Into<Bytes>) -> FetchReply {
        FetchReply { status: StatusCode::from_u16(status).unwrap(), headers: HeaderMap::new(), body: body.into() }
    }

    async fn body(cache: &DataCache, seconds: u32, asked: Result<FetchReply>) -> Result<Bytes> {
        Ok(cache.get(key("/"), Revalidate::After(seconds), Stamp::EPOCH, async |_| asked).await?.reply.body)
    }

    #[tokio::test(start_paused = true)]
    async fn an_entry_is_used_until_its_time_is_over() {
        let cache = DataCache::new(LIMIT);
        assert_eq!(body(&cache, 10, Ok(reply(200, "1"))).await.unwrap(), "1");
        tokio::time::advance(Duration::from_secs(9)).await;
        assert_eq!(body(&cache, 10, Ok(reply(200, "2"))).await.unwrap(), "1");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(body(&cache, 10, Ok(reply(200, "3"))).await.unwrap(), "3");
    }

    #[tokio::test(start_paused = true)]
    async fn a_failing_upstream_leaves_the_old_answer() {
        let cache = DataCache::new(LIMIT);
        body(&cache, 10, Ok(reply(200, "old"))).await.unwrap();
        for failed in [Ok(reply(500, "broken")), Err(Error::msg("refused"))] {
            tokio::time::advance(Duration::from_secs(10)).await;
            assert_eq!(body(&cache, 10, failed).await.unwrap(), "old");
        }
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(body(&cache, 10, Ok(reply(404, "gone"))).await.unwrap(), "gone");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_older_than_the_stamp_is_asked_for_again() {
        let cache = DataCache::new(LIMIT);
        let get = async |since, asked| {
            let found = cache.get(key("/"), Revalidate::Never, since, async |_| asked).await.unwrap();
            (found.reply.body, found.revalidate)
        };
        let tomorrow = Stamp::now().after_ms(86_400_000);
        let (never, soon) = (Revalidate::Never, Revalidate::After(LONGEST_RETRY));
        assert_eq!(get(Stamp::EPOCH, Ok(reply(200, "1"))).await, ("1".into(), never));
        assert_eq!(get(tomorrow, Err(Error::msg("refused"))).await, ("1".into(), soon));
        assert_eq!(get(tomorrow, Ok(reply(200, "2"))).await, ("1".into(), soon));
        tokio::time::advance(Duration::from_secs(30)).await;
        for _ in 0..2 {
            assert_eq!(get(tomorrow, Ok(reply(200, "3"))).await, ("3".into(), never));
        }
        assert_eq!(get(tomorrow, Ok(reply(200, "4"))).await, ("3".into(), never));
    }

    #[tokio::test]
    async fn a_cookie_of_the_upstream_goes_to_nobody() {
        let cache = DataCache::new(LIMIT);
        let mut asked = reply(200, "x");
        asked.headers.append(SET_COOKIE, HeaderValue::from_static("session=1"));
        for _ in 0..2 {
            let asked = asked.clone();
            let found = cache.get(key("/"), Revalidate::Never, Stamp::EPOCH, async |_| Ok(asked)).await.unwrap();
            assert!(found.reply.headers.is_empty());
        }
    }

    #[tokio::test]
    async fn errors_are_not_cached() {
        let cache = DataCache::new(LIMIT);
        assert!(body(&cache, 10, Err(Error::msg("refused"))).await.is_err());
        assert_eq!(body(&cache, 10, Ok(reply(404, "none"))).await.unwrap(), "none");
        assert_eq!(body(&cache, 10, Ok(reply(200, "some"))).await.unwrap(), "some");
        assert_eq!(lock(&cache.kept).len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_miss_wait_for_one_call() {
        let (cache, calls) = (DataCache::new(LIMIT), AtomicU32::new(0));
        let fetches = (0..5).map(|_| {
            cache.get(key("/"), Revalidate::Never, Stamp::EPOCH, async |_| {
                calls.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_secs(1)).await;
                Ok(reply(200, "x"))
            })
        });
        let replies = futures_util::future::join_all(fetches).await;
        assert!(replies.iter().all(|reply| reply.as_ref().is_ok_and(|found| found.reply.ok())));
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_waited_are_told_of_the_failure_of_one_call() {
        let (cache, calls) = (DataCache::new(LIMIT), AtomicU32::new(0));
        let fetches = (0..5).map(|_| {
            cache.get(key("/"), Revalidate::Never, Stamp::EPOCH, async |_| {
                calls.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_secs(1)).await;
                Err(Error::msg("refused"))
            })
        });
        let replies = futures_util::future::join_all(fetches).await;
        assert!(replies.iter().all(|reply| reply.as_ref().is_err_and(|error| error.chain() == "refused")));
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        assert!(cache.turns.is_empty());
    }

    #[tokio::test]
    async fn replies_and_failures_cannot_fill_the_memory() {
        let cache = DataCache::new(LIMIT);
        for number in 0..50_000 {
            let asked = match number % 3 {
                0 => Err(Error::msg("refused")),
                1 => Ok(reply(404, "none")),
                _ => Ok(reply(200, "")),
            };
            let path = format!("/{number}");
            let _ = cache.get(key(&path), Revalidate::Never, Stamp::EPOCH, async |_| asked).await;
        }
        let kept = lock(&cache.kept);
        assert!(kept.bytes() <= LIMIT && kept.len() < 50_000 / 3 + 1, "{} in {}", kept.len(), kept.bytes());
        assert!(cache.turns.is_empty());
    }

    #[tokio::test]
    async fn a_large_reply_makes_room_and_what_is_used_often_stays() {
        let cache = DataCache::new(LIMIT);
        let big = Bytes::from(vec![b'x'; LIMIT / 4]);
        for path in ["/hot", "/a", "/hot", "/b", "/hot", "/c", "/hot", "/d", "/hot", "/e"] {
            let asked = Ok(reply(200, big.clone()));
            cache.get(key(path), Revalidate::Never, Stamp::EPOCH, async |_| asked).await.unwrap();
        }
        let kept = lock(&cache.kept);
        assert!(kept.get(&key("/hot")).is_some() && kept.bytes() <= LIMIT);
    }
}

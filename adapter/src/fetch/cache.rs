//! The data cache of one instance: in memory, limited by bytes, with one upstream call for all that wait for it.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::time::Instant;
use url::Url;

use super::{FetchReply, client};
use crate::{config::Revalidate, error::Result, scope::lock, stamp::Stamp};

/// The bytes that are kept.
const LIMIT: usize = 16 * 1024 * 1024;

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

/// Held while the upstream is asked, so that the others wait and then find the entry.
type Slot = Arc<tokio::sync::Mutex<Option<Entry>>>;

#[derive(Default)]
struct DataCache {
    slots: HashMap<Key, Held>,
    bytes: usize,
    /// Counts uses, to find the least recent.
    uses: u64,
}

struct Held {
    slot: Slot,
    bytes: usize,
    used: u64,
}

static CACHE: LazyLock<Mutex<DataCache>> = LazyLock::new(Mutex::default);

/// What the cache answers.
pub(super) struct Found {
    pub(super) reply: FetchReply,
    /// How long it may be kept: shorter when the upstream failed and this is an old one.
    pub(super) revalidate: Revalidate,
}

/// The cached reply, unless it is older than the stamp, or that of the upstream.
pub(super) async fn get(key: Key, revalidate: Revalidate, since: Stamp) -> Result<Found> {
    get_from(&CACHE, key, revalidate, since, async |key| client::send(key).await).await
}

async fn get_from(
    cache: &Mutex<DataCache>,
    key: Key,
    revalidate: Revalidate,
    since: Stamp,
    ask: impl AsyncFnOnce(&Key) -> Result<FetchReply>,
) -> Result<Found> {
    let slot = lock(cache).slot(&key);
    let mut entry = slot.lock().await;
    if let Some(entry) = entry.as_ref().filter(|entry| entry.is_good(since)) {
        return Ok(Found {
            reply: entry.reply.clone(),
            revalidate: if entry.is_stale { retry(revalidate) } else { revalidate },
        });
    }
    let as_of = Stamp::now().max(since);
    let asked = ask(&key).await;
    if let (Some(stale), Some(reason)) = (entry.as_mut(), failure(&asked)) {
        tracing::warn!(url = %key.url, reason, "the upstream failed; the cached answer is used a little longer");
        let retry = retry(revalidate);
        *stale = Entry { reply: stale.reply.clone(), as_of, until: until(retry), is_stale: true };
        return Ok(Found { reply: stale.reply.clone(), revalidate: retry });
    }
    *entry = match &asked {
        Ok(reply) if reply.ok() => {
            Some(Entry { reply: reply.clone(), as_of, until: until(revalidate), is_stale: false })
        }
        _ => None,
    };
    let bytes = entry.as_ref().map(|entry| size(&key, &entry.reply));
    drop(entry);
    lock(cache).settle(&key, bytes);
    asked.map(|reply| Found { reply, revalidate })
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

fn size(key: &Key, reply: &FetchReply) -> usize {
    let lines = key.headers.iter().map(|(name, value)| (name, value)).chain(&reply.headers);
    let headers: usize = lines.map(|(name, value)| name.as_str().len() + value.len()).sum();
    key.url.as_str().len() + key.body.len() + headers + reply.body.len()
}

impl DataCache {
    fn slot(&mut self, key: &Key) -> Slot {
        self.uses += 1;
        let used = self.uses;
        let held = self.slots.entry(key.clone()).or_insert_with(|| Held { slot: Slot::default(), bytes: 0, used });
        held.used = used;
        Arc::clone(&held.slot)
    }

    /// Counts what an entry takes, and makes room. Nothing and too much are forgotten.
    fn settle(&mut self, key: &Key, bytes: Option<usize>) {
        let Some(held) = self.slots.get_mut(key) else { return };
        self.bytes -= std::mem::replace(&mut held.bytes, bytes.unwrap_or_default());
        self.bytes += held.bytes;
        if bytes.is_none_or(|bytes| bytes > LIMIT) {
            self.forget(&key.clone());
        }
        while self.bytes > LIMIT {
            let Some(oldest) = self.slots.iter().min_by_key(|(_, held)| held.used).map(|(key, _)| key.clone()) else {
                return;
            };
            self.forget(&oldest);
        }
    }

    fn forget(&mut self, key: &Key) {
        if let Some(held) = self.slots.remove(key) {
            self.bytes -= held.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use http::StatusCode;

    use super::*;
    use crate::error::Error;

    fn key(path: &str) -> Key {
        let url = Url::parse("http://upstream.example").unwrap().join(path).unwrap();
        Key { method: Method::GET, url, headers: Vec::new(), body: Bytes::new() }
    }

    fn reply(status: u16, body: impl Into<Bytes>) -> FetchReply {
        FetchReply { status: StatusCode::from_u16(status).unwrap(), headers: HeaderMap::new(), body: body.into() }
    }

    async fn body(cache: &Mutex<DataCache>, seconds: u32, asked: Result<FetchReply>) -> Result<Bytes> {
        Ok(get_from(cache, key("/"), Revalidate::After(seconds), Stamp::EPOCH, async |_| asked).await?.reply.body)
    }

    #[tokio::test(start_paused = true)]
    async fn an_entry_is_used_until_its_time_is_over() {
        let cache = Mutex::default();
        assert_eq!(body(&cache, 10, Ok(reply(200, "1"))).await.unwrap(), "1");
        tokio::time::advance(Duration::from_secs(9)).await;
        assert_eq!(body(&cache, 10, Ok(reply(200, "2"))).await.unwrap(), "1");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(body(&cache, 10, Ok(reply(200, "3"))).await.unwrap(), "3");
    }

    #[tokio::test(start_paused = true)]
    async fn a_failing_upstream_leaves_the_old_answer() {
        let cache = Mutex::default();
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
        let cache = Mutex::default();
        let get = async |since, asked| {
            let found = get_from(&cache, key("/"), Revalidate::Never, since, async |_| asked).await.unwrap();
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
    async fn errors_are_not_cached() {
        let cache = Mutex::default();
        assert!(body(&cache, 10, Err(Error::msg("refused"))).await.is_err());
        assert_eq!(body(&cache, 10, Ok(reply(404, "none"))).await.unwrap(), "none");
        assert_eq!(body(&cache, 10, Ok(reply(200, "some"))).await.unwrap(), "some");
        assert_eq!(lock(&cache).slots.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_miss_wait_for_one_call() {
        let (cache, calls) = (Mutex::default(), AtomicU32::new(0));
        let fetches = (0..5).map(|_| {
            get_from(&cache, key("/"), Revalidate::Never, Stamp::EPOCH, async |_| {
                calls.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_secs(1)).await;
                Ok(reply(200, "x"))
            })
        });
        let replies = futures_util::future::join_all(fetches).await;
        assert!(replies.iter().all(|reply| reply.as_ref().is_ok_and(|found| found.reply.ok())));
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn the_least_recently_used_makes_room() {
        let cache = Mutex::default();
        let big = Bytes::from(vec![b'x'; LIMIT / 3]);
        for path in ["/a", "/b", "/a", "/c"] {
            let asked = Ok(reply(200, big.clone()));
            get_from(&cache, key(path), Revalidate::Never, Stamp::EPOCH, async |_| asked).await.unwrap();
        }
        let cache = lock(&cache);
        let mut paths: Vec<_> = cache.slots.keys().map(|key| key.url.path()).collect();
        paths.sort_unstable();
        assert_eq!(paths, ["/a", "/c"]);
        assert!(cache.bytes <= LIMIT);
    }
}

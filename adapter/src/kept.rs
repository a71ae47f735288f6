//! What is kept in memory: limited in bytes, of which all that an entry costs is counted, and made by one for all who
//! ask for it meanwhile.

use std::{
    collections::HashMap,
    fmt,
    hash::{Hash, RandomState},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use quick_cache::{
    Weighter,
    unsync::{Cache, DefaultLifecycle},
};
use tokio::sync::MutexGuard;

use crate::handler::scope::lock;

/// What an entry costs beside what is in it: its places in the maps, and the allocations behind an answer without
/// headers and body. Measured: an empty answer with one param takes 430 bytes.
const ENTRY: usize = 512;

/// What a header line costs beside its text.
const HEADER_LINE: usize = 160;

/// What a text costs beside its bytes.
pub(crate) const TEXT: usize = 48;

/// How large an entry is taken to be where that has to be guessed: it says of how many that were dropped the cache
/// remembers that it had them.
const USUAL: usize = 4096;

/// How many bytes something holds on the heap, at most.
pub(crate) trait Held {
    fn held(&self) -> usize;
}

impl Held for HeaderMap {
    fn held(&self) -> usize {
        self.iter().map(|(name, value)| name.as_str().len() + value.len() + HEADER_LINE).sum()
    }
}

/// The same headers, whose values hold nothing but themselves: those that came over a connection are slices of all that
/// was read from it at once.
pub(crate) fn detached(headers: &HeaderMap) -> HeaderMap {
    let copy = |value: &HeaderValue| {
        let mut copy = HeaderValue::from_bytes(value.as_bytes()).unwrap_or_else(|_| value.clone());
        copy.set_sensitive(value.is_sensitive());
        copy
    };
    headers.iter().map(|(name, value)| (name.clone(), copy(value))).collect()
}

/// The same bytes, which hold nothing but themselves.
pub(crate) fn detached_bytes(bytes: &Bytes) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

/// Entries by key, of a limited number of bytes. What is asked for again and again stays when many others are asked for
/// once: a new entry first has to be asked for a second time before it counts as one of the hot ones
/// ([S3-FIFO](https://s3fifo.com/), [Clock-PRO](https://www.usenix.org/conference/2005-usenix-annual-technical-conference/clock-pro-effective-improvement-clock-replacement)).
pub(crate) struct Kept<K, V>(Cache<K, V, ByHeld, RandomState, DefaultLifecycle<K, V>>);

#[derive(Debug, Clone, Copy)]
struct ByHeld;

impl<K: Held, V: Held> Weighter<K, V> for ByHeld {
    fn weight(&self, key: &K, value: &V) -> u64 {
        (ENTRY + key.held() + value.held()) as u64
    }
}

impl<K: Held + Eq + Hash, V: Held> Kept<K, V> {
    pub(crate) fn new(limit: usize) -> Self {
        let (items, limit) = ((limit / USUAL).max(1), limit as u64);
        Self(Cache::with(items, limit, ByHeld, RandomState::new(), DefaultLifecycle::default()))
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.0.get(key)
    }

    /// Keeps it, unless it alone is larger than the limit.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.0.insert(key, value);
    }

    #[cfg(any(test, feature = "fetch"))]
    pub(crate) fn remove(&mut self, key: &K) {
        self.0.remove(key);
    }

    /// The bytes of all entries.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        usize::try_from(self.0.weight()).unwrap_or(usize::MAX)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    #[cfg(test)]
    pub(crate) fn limit(&self) -> usize {
        usize::try_from(self.0.capacity()).unwrap_or(usize::MAX)
    }
}

impl<K, V> fmt::Debug for Kept<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Kept").finish_non_exhaustive()
    }
}

/// What is being made, by key. There are never more than are asked for at this moment.
#[derive(Debug)]
pub(crate) struct Turns<K, T>(Mutex<HashMap<K, Slot<T>>>);

/// Held by the one who makes it; `None` until it is made.
type Slot<T> = Arc<tokio::sync::Mutex<Option<T>>>;

impl<K, T> Default for Turns<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash + Clone, T> Turns<K, T> {
    /// A place in the line of those who want this.
    pub(crate) fn of(&self, key: &K) -> Turn<'_, K, T> {
        let mut slots = lock(&self.0);
        let slot = match slots.get(key) {
            Some(slot) => Arc::clone(slot),
            None => Arc::clone(slots.entry(key.clone()).or_default()),
        };
        Turn { turns: self, key: key.clone(), slot: Some(slot) }
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.0).is_empty()
    }
}

/// A place in a line. Whoever leaves it last, for whatever reason, leaves nothing behind.
pub(crate) struct Turn<'t, K: Eq + Hash, T> {
    turns: &'t Turns<K, T>,
    key: K,
    slot: Option<Slot<T>>,
}

impl<K: Eq + Hash, T> Turn<'_, K, T> {
    /// Waits for whoever is making it. `None` in it says that it is this one's turn.
    pub(crate) async fn wait(&self) -> MutexGuard<'_, Option<T>> {
        match &self.slot {
            Some(slot) => slot.lock().await,
            None => unreachable!("the slot is taken only when the turn is dropped"),
        }
    }

    /// Whoever asks from now on starts anew.
    pub(crate) fn end(&self) {
        let mut slots = lock(&self.turns.0);
        if slots.get(&self.key).is_some_and(|slot| self.is(slot)) {
            slots.remove(&self.key);
        }
    }

    fn is(&self, other: &Slot<T>) -> bool {
        self.slot.as_ref().is_some_and(|slot| Arc::ptr_eq(slot, other))
    }
}

impl<K: Eq + Hash, T> Drop for Turn<'_, K, T> {
    fn drop(&mut self) {
        let mut slots = lock(&self.turns.0);
        let is_current = slots.get(&self.key).is_some_and(|slot| self.is(slot));
        self.slot = None;
        if is_current && slots.get(&self.key).is_some_and(|slot| Arc::strong_count(slot) == 1) {
            slots.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Held for u32 {
        fn held(&self) -> usize {
            0
        }
    }

    impl Held for Bytes {
        fn held(&self) -> usize {
            self.len()
        }
    }

    #[test]
    fn an_empty_entry_is_counted() {
        let mut kept = Kept::new(100 * ENTRY);
        for key in 0..1000_u32 {
            kept.insert(key, Bytes::new());
        }
        assert_eq!((kept.len(), kept.bytes()), (100, 100 * ENTRY));
    }

    #[test]
    fn a_scan_leaves_what_is_hot() {
        let mut kept = Kept::new(1000 * ENTRY);
        let hot = 0..100_u32;
        for key in hot.clone() {
            kept.insert(key, Bytes::new());
        }
        for key in 1000..100_000 {
            if kept.get(&(key % 100)).is_none() {
                kept.insert(key % 100, Bytes::new());
            }
            kept.insert(key, Bytes::new());
        }
        let left = hot.filter(|key| kept.get(key).is_some()).count();
        assert!(left >= 95, "{left} of 100 hot ones are left");
    }

    #[test]
    fn what_is_larger_than_the_limit_replaces_nothing_but_itself() {
        let mut kept = Kept::new(10_000);
        kept.insert(1_u32, Bytes::from_static(b"small"));
        kept.insert(2, Bytes::from_static(b"small"));
        kept.insert(2, Bytes::from(vec![0; 10_000]));
        assert!(kept.get(&1).is_some() && kept.get(&2).is_none() && kept.bytes() < 1000);
    }

    #[tokio::test]
    async fn a_turn_that_was_given_up_leaves_nothing_behind() {
        let turns = Turns::<u32, ()>::default();
        for key in 0..100 {
            let turn = turns.of(&key);
            let next = turns.of(&key);
            let guard = turn.wait().await;
            drop(guard);
            drop(turn);
            assert!(!turns.is_empty(), "another one waits");
            drop(next);
        }
        assert!(turns.is_empty());
    }

    #[test]
    fn detached_headers_are_the_same() {
        let read = Bytes::from(vec![b'v'; 100_000]);
        let value = HeaderValue::from_maybe_shared(read.slice(..10)).unwrap();
        let headers: HeaderMap = [("x-a", value.clone()), ("x-a", value), ("x-b", HeaderValue::from_static("1"))]
            .map(|(name, value)| (http::HeaderName::from_static(name), value))
            .into_iter()
            .collect();
        assert_eq!(detached(&headers), headers);
    }
}

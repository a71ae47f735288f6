//! Answers that were made at build time, or are kept since: replayed from memory, renewed when their time is over.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::Path,
    sync::Mutex,
    time::Duration,
};

use http::{HeaderName, HeaderValue, header::CACHE_CONTROL};
use tokio::time::Instant;

use crate::{
    answer::Answer,
    config::Revalidate,
    pattern::Params,
    report::{FROZEN_FILE, FrozenRoute},
    scope::lock,
};

/// `HIT`, `STALE` or `MISS`, as Next.js says in `x-nextjs-cache`.
const CACHE_STATE: HeaderName = HeaderName::from_static("x-wharf-cache");

/// The longest wait before an answer that could not be renewed is tried again.
const LONGEST_RETRY: u32 = 30;

/// The bytes of bodies that one instance keeps beside the frozen ones.
const LIMIT: usize = 16 * 1024 * 1024;

pub(crate) struct Store {
    listed: BTreeSet<Params>,
    /// Whether answers are kept; otherwise only the listed params matter.
    keeps: bool,
    kept: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    by_params: BTreeMap<Params, Entry>,
    /// The bytes of those that are not listed.
    bytes: usize,
}

#[derive(Clone)]
struct Entry {
    answer: Answer,
    revalidate: Revalidate,
    /// Until when it is served without another run; `None` is for ever.
    until: Option<Instant>,
    /// Whether the last renewal failed.
    is_stale: bool,
}

/// What is kept for some params.
pub(crate) enum Kept {
    /// To be sent as it is.
    Ready(Answer),
    /// To be renewed.
    Over(Over),
    Nothing,
}

/// An answer whose time is over.
pub(crate) struct Over(Entry);

impl Store {
    pub(crate) fn new(route: &FrozenRoute) -> Self {
        // When they were made is not known, as no artifact holds a clock: what has a time to live is renewed first.
        let now = Instant::now();
        let mut by_params = BTreeMap::new();
        for (params, frozen) in &route.answers {
            let Some(answer) = Answer::thaw(frozen) else {
                tracing::error!(%params, "a frozen answer cannot be read; the handler answers instead");
                continue;
            };
            let revalidate = frozen.revalidate;
            let until = matches!(revalidate, Revalidate::After(_)).then_some(now);
            by_params.insert(params.clone(), Entry { answer, revalidate, until, is_stale: false });
        }
        let listed = route.answers.iter().map(|(params, _)| params).chain(&route.live).cloned().collect();
        Self { listed, keeps: !route.is_dynamic, kept: Mutex::new(Entries { by_params, bytes: 0 }) }
    }

    /// Reads the file beside `bootstrap`; without one, everything is live.
    pub(crate) fn read(folder: &Path) -> io::Result<Option<Self>> {
        let path = folder.join(FROZEN_FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(Self::new(&serde_json::from_slice(&text)?)))
    }

    /// Whether `generate_static_params` listed these params.
    pub(crate) fn lists(&self, params: &Params) -> bool {
        self.listed.contains(params)
    }

    /// Whether answers are kept.
    pub(crate) fn keeps(&self) -> bool {
        self.keeps
    }

    pub(crate) fn look_up(&self, params: &Params) -> Kept {
        match lock(&self.kept).by_params.get(params) {
            None => Kept::Nothing,
            Some(entry) if entry.until.is_none_or(|until| Instant::now() < until) => {
                Kept::Ready(if entry.is_stale { entry.stale() } else { entry.sent("HIT", entry.revalidate) })
            }
            Some(entry) => Kept::Over(Over(entry.clone())),
        }
    }

    /// Keeps an answer that was just made, and returns it as it is sent.
    pub(crate) fn keep(&self, params: Params, answer: Answer, revalidate: Revalidate) -> Answer {
        let until = match revalidate {
            Revalidate::Never => None,
            Revalidate::After(seconds) => Some(after(seconds)),
        };
        let entry = Entry { answer, revalidate, until, is_stale: false };
        let sent = entry.sent("MISS", revalidate);
        self.insert(params, entry);
        sent
    }

    /// Keeps an answer that could not be renewed for a little longer, and returns it as it is sent.
    pub(crate) fn keep_stale(&self, params: Params, Over(mut entry): Over) -> Answer {
        entry.is_stale = true;
        entry.until = Some(after(entry.retry_seconds()));
        let sent = entry.stale();
        self.insert(params, entry);
        sent
    }

    fn insert(&self, params: Params, entry: Entry) {
        let mut kept = lock(&self.kept);
        if self.lists(&params) {
            kept.by_params.insert(params, entry);
            return;
        }
        let size = entry.answer.body.len();
        if let Some(old) = kept.by_params.remove(&params) {
            kept.bytes -= old.answer.body.len();
        }
        if kept.bytes + size > LIMIT {
            // Anyone can ask for any number of params. Starting over is fairer than keeping the first comers.
            kept.by_params.retain(|params, _| self.listed.contains(params));
            kept.bytes = 0;
        }
        if size <= LIMIT {
            kept.bytes += size;
            kept.by_params.insert(params, entry);
        }
    }
}

fn after(seconds: u32) -> Instant {
    Instant::now() + Duration::from_secs(seconds.into())
}

impl Entry {
    /// How soon a renewal that failed is tried again: not only after the whole time to live.
    fn retry_seconds(&self) -> u32 {
        match self.revalidate {
            Revalidate::Never => LONGEST_RETRY,
            Revalidate::After(seconds) => seconds.min(LONGEST_RETRY),
        }
    }

    fn stale(&self) -> Answer {
        self.sent("STALE", Revalidate::After(self.retry_seconds()))
    }

    fn sent(&self, state: &'static str, revalidate: Revalidate) -> Answer {
        let mut answer = self.answer.clone().header(CACHE_STATE, HeaderValue::from_static(state));
        answer.headers.entry(CACHE_CONTROL).or_insert_with(|| cache_control(revalidate));
        answer
    }
}

fn cache_control(revalidate: Revalidate) -> HeaderValue {
    HeaderValue::try_from(revalidate.cache_control()).unwrap_or_else(|_| HeaderValue::from_static("no-store"))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::StatusCode;

    use super::*;
    use crate::{pattern::ParamValue, report::Frozen};

    fn store(revalidate: Revalidate) -> Store {
        let frozen = Frozen { status: 200, headers: Vec::new(), body: b"built".to_vec(), revalidate, tags: Vec::new() };
        Store::new(&FrozenRoute { answers: vec![(Params::EMPTY, frozen)], live: Vec::new(), is_dynamic: false })
    }

    fn answer(body: &'static str) -> Answer {
        Answer { body: Bytes::from(body), ..Answer::empty(StatusCode::OK) }
    }

    fn ready(store: &Store, params: &Params) -> Option<(String, String, Bytes)> {
        match store.look_up(params) {
            Kept::Ready(answer) => {
                let header = |name| answer.headers.get(name).unwrap().to_str().unwrap().to_owned();
                Some((header(CACHE_STATE), header(CACHE_CONTROL), answer.body))
            }
            Kept::Over(_) | Kept::Nothing => None,
        }
    }

    #[test]
    fn what_is_never_renewed_is_replayed() {
        let expected = ("HIT".to_owned(), "s-maxage=31536000".to_owned(), Bytes::from("built"));
        assert_eq!(ready(&store(Revalidate::Never), &Params::EMPTY), Some(expected));
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_a_time_is_renewed_first_and_then_when_it_is_over() {
        let store = store(Revalidate::After(60));
        assert_eq!(ready(&store, &Params::EMPTY), None);
        let sent = store.keep(Params::EMPTY, answer("renewed"), Revalidate::After(60));
        assert_eq!(sent.headers[CACHE_STATE], "MISS");
        assert_eq!(sent.headers[CACHE_CONTROL], "s-maxage=60, stale-while-revalidate=31535940");
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(ready(&store, &Params::EMPTY).unwrap().2, "renewed");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(ready(&store, &Params::EMPTY), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_renewal_is_tried_again_soon() {
        let store = store(Revalidate::After(3600));
        let Kept::Over(over) = store.look_up(&Params::EMPTY) else { panic!("it is over at the start") };
        assert_eq!(store.keep_stale(Params::EMPTY, over).headers[CACHE_STATE], "STALE");
        let (state, control, body) = ready(&store, &Params::EMPTY).unwrap();
        assert_eq!((state.as_str(), body), ("STALE", Bytes::from("built")));
        assert_eq!(control, "s-maxage=30, stale-while-revalidate=31535970");
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(ready(&store, &Params::EMPTY), None);
    }

    #[test]
    fn unlisted_answers_cannot_fill_the_memory() {
        let store = store(Revalidate::Never);
        let big: &'static [u8] = vec![b'x'; LIMIT / 4].leak();
        for index in 0..9 {
            let mut params = Params::default();
            params.push("slug", ParamValue::One(index.to_string()));
            store.keep(params, Answer { body: Bytes::from_static(big), ..answer("") }, Revalidate::Never);
        }
        let kept = lock(&store.kept);
        assert!(kept.bytes <= LIMIT && kept.bytes == LIMIT / 4 * (kept.by_params.len() - 1), "{}", kept.bytes);
        assert!(kept.by_params.contains_key(&Params::EMPTY));
    }

    #[test]
    fn the_handler_decides_about_its_cache_control() {
        let entry = Entry {
            answer: answer("").header(CACHE_CONTROL, HeaderValue::from_static("max-age=7")),
            revalidate: Revalidate::Never,
            until: None,
            is_stale: false,
        };
        assert_eq!(entry.sent("HIT", Revalidate::Never).headers[CACHE_CONTROL], "max-age=7");
    }
}

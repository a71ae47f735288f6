//! Answers that were made at build time, or are kept since: replayed from memory, renewed when their time is over.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, ETAG, SET_COOKIE},
};
use tokio::time::Instant;

use crate::{
    app::{
        answer::Answer,
        conditional,
        endpoint::Ran,
        frozen_file::{Bodies, FrozenFile},
    },
    contract::{
        config::Revalidate,
        pattern::{ParamValue, Params},
        report::{BodyPlace, IndexedRoute},
    },
    handler::scope::{Lifetime, lock},
    kept::{Held, Kept, TEXT, Turns},
    revalidate::{
        Subject,
        stamp::{Stamp, Stamps},
    },
};

/// `HIT`, `STALE` or `MISS`, as Next.js says in `x-nextjs-cache`.
const CACHE_STATE: HeaderName = HeaderName::from_static("x-wharf-cache");

/// The longest wait before an answer that could not be renewed is tried again.
const LONGEST_RETRY: u32 = 30;

#[derive(Debug)]
pub(crate) struct Store {
    /// What was made at build time, by the listed params; `None` for those whose answer was not one to keep.
    listed: BTreeMap<Params, Option<Entry>>,
    bodies: Arc<Bodies>,
    /// Whether answers are kept; otherwise only the listed params matter.
    keeps: bool,
    /// What was made since, of listed params and of others.
    kept: Mutex<Kept<Params, Entry>>,
    turns: Turns<Params, Outcome>,
}

#[derive(Debug, Clone)]
struct Entry {
    answer: Answer,
    /// Where its body is, when it is not in the answer.
    packed: Option<BodyPlace>,
    lifetime: Lifetime,
    /// Made from its body once it is needed.
    etag: OnceLock<HeaderValue>,
    /// What came before this is in it.
    as_of: Stamp,
    /// Until when it is served without another run; `None` is for ever.
    until: Option<Instant>,
    /// Whether the last renewal failed.
    is_stale: bool,
}

/// What came of a run that others waited for.
#[derive(Debug)]
enum Outcome {
    /// It is theirs as well.
    ForAll { sent: Sent, as_of: Stamp },
    /// The handler looked at the request of the one who ran it.
    ForOne,
}

/// What is sent, and why it is not what it should be.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) answer: Answer,
    /// Why it is an error.
    pub(crate) cause: Option<String>,
    /// Why it is the last good answer, and not a new one.
    pub(crate) not_renewed: Option<String>,
    /// Whether it is kept for everyone.
    pub(crate) is_kept: bool,
}

impl Sent {
    fn good(answer: Answer) -> Self {
        Self { answer, cause: None, not_renewed: None, is_kept: true }
    }
}

/// What is kept for each route, by its pattern. They share the memory, of which `limit` is for what is made since.
pub(crate) fn stores(frozen: FrozenFile, limit: usize) -> BTreeMap<String, Store> {
    let limit = limit / frozen.index.0.len().max(1);
    let bodies = Arc::new(frozen.bodies);
    let store = |route| Store::new(route, Arc::clone(&bodies), limit);
    frozen.index.0.into_iter().map(|(pattern, route)| (pattern, store(route))).collect()
}

impl Store {
    pub(crate) fn new(route: IndexedRoute, bodies: Arc<Bodies>, limit: usize) -> Self {
        // When they were made is not known, as no artifact holds a clock: what has a time to live is renewed first.
        let now = Instant::now();
        let mut listed: BTreeMap<_, _> = route.live.into_iter().map(|params| (params, None)).collect();
        for (params, frozen) in route.answers {
            let Some(answer) = Answer::thaw(frozen.status, &frozen.headers).filter(is_keepable) else {
                tracing::error!(%params, "a frozen answer cannot be kept; the handler answers instead");
                listed.insert(params, None);
                continue;
            };
            let lifetime = Lifetime { revalidate: frozen.revalidate, tags: frozen.tags.into_iter().collect() };
            let until = matches!(frozen.revalidate, Revalidate::After(_)).then_some(now);
            let entry = Entry::new(answer, lifetime, Stamp::EPOCH, until);
            listed.insert(params, Some(Entry { packed: Some(frozen.body), ..entry }));
        }
        let (kept, turns) = (Mutex::new(Kept::new(limit)), Turns::default());
        Self { listed, bodies, keeps: !route.is_dynamic, kept, turns }
    }

    /// Whether `generate_static_params` listed these params.
    pub(crate) fn lists(&self, params: &Params) -> bool {
        self.listed.contains_key(params)
    }

    /// Whether answers are kept.
    pub(crate) fn keeps(&self) -> bool {
        self.keeps
    }

    /// Answers with what is kept, unless it is older than the stamp or than those of its tags. Otherwise the handler
    /// runs, once however many ask at a time, and what it makes is kept if it may be.
    pub(crate) async fn answer(
        &self,
        params: &Params,
        since: Stamp,
        stamps: &Stamps,
        run: impl AsyncFnOnce() -> Ran,
    ) -> Sent {
        loop {
            if let Some(answer) = self.ready(params, since, stamps) {
                return Sent::good(answer);
            }
            let turn = self.turns.of(params);
            let mut outcome = turn.wait().await;
            match &*outcome {
                None => {
                    // Another turn may have ended before this one began.
                    if let Some(answer) = self.ready(params, since, stamps) {
                        return Sent::good(answer);
                    }
                    let as_of = Stamp::now().max(since);
                    let ran = run().await;
                    let is_for_all = !ran.touched;
                    let sent = self.settle(params, ran, as_of);
                    *outcome =
                        Some(if is_for_all { Outcome::ForAll { sent: sent.clone(), as_of } } else { Outcome::ForOne });
                    turn.end();
                    return sent;
                }
                Some(Outcome::ForAll { sent, as_of }) if *as_of >= since => {
                    return Sent { not_renewed: None, ..sent.clone() };
                }
                // It was begun too early; by now its turn is over.
                Some(Outcome::ForAll { .. }) => {}
                Some(Outcome::ForOne) => {
                    drop(outcome);
                    let ran = run().await;
                    return self.settle(params, ran, since);
                }
            }
        }
    }

    /// What is sent without a run.
    fn ready(&self, params: &Params, since: Stamp, stamps: &Stamps) -> Option<Answer> {
        let kept = lock(&self.kept);
        let entry = kept.get(params).or_else(|| self.built(params))?;
        if entry.is_good(since, stamps) { self.sent(entry, params) } else { None }
    }

    /// An answer with its body; `None` when that cannot be read, which only a broken disk could do.
    fn sent(&self, entry: &Entry, params: &Params) -> Option<Answer> {
        let Some(place) = entry.packed else { return Some(entry.sent(entry.answer.body.clone())) };
        match self.bodies.read(place) {
            Ok(body) => Some(entry.sent(body)),
            Err(error) => {
                tracing::error!(%params, %error, "the body of a frozen answer cannot be read; the handler answers instead");
                None
            }
        }
    }

    /// What was made at build time.
    fn built(&self, params: &Params) -> Option<&Entry> {
        self.listed.get(params)?.as_ref()
    }

    /// Keeps what was made, if it may be, and says what is sent. After a failure that is the last good answer.
    fn settle(&self, params: &Params, ran: Ran, as_of: Stamp) -> Sent {
        if ran.answer.status.is_server_error()
            && let Some(answer) = self.keep_stale(params, as_of)
        {
            let status = ran.answer.status.as_u16();
            let reason = ran.cause.unwrap_or_else(|| format!("the handler answered {status}"));
            return Sent { not_renewed: Some(reason), ..Sent::good(answer) };
        }
        if ran.touched || ran.failed || !is_keepable(&ran.answer) {
            return Sent { answer: ran.answer, cause: ran.cause, not_renewed: None, is_kept: false };
        }
        Sent::good(self.keep(params, &ran.answer, ran.lifetime, as_of))
    }

    fn keep(&self, params: &Params, answer: &Answer, lifetime: Lifetime, as_of: Stamp) -> Answer {
        let until = match lifetime.revalidate {
            Revalidate::Never => None,
            Revalidate::After(seconds) => Some(after(seconds)),
        };
        let entry = Entry::new(answer.detached(), lifetime, as_of, until);
        let sent = entry.sent_as("MISS", entry.lifetime.revalidate, entry.answer.body.clone());
        lock(&self.kept).insert(params.clone(), entry);
        sent
    }

    /// Keeps an answer that could not be renewed for a little longer.
    fn keep_stale(&self, params: &Params, as_of: Stamp) -> Option<Answer> {
        let mut kept = lock(&self.kept);
        let mut entry = kept.get(params).or_else(|| self.built(params))?.clone();
        entry.is_stale = true;
        entry.until = Some(after(entry.retry_seconds()));
        entry.as_of = as_of;
        let sent = self.sent(&entry, params)?;
        kept.insert(params.clone(), entry);
        Some(sent)
    }
}

/// 404 may be kept: the page is gone. Another error may not, and no cache is told that it could; nor may a cookie, which
/// is one client's.
fn is_keepable(answer: &Answer) -> bool {
    let is_good = answer.status.as_u16() < 400 || answer.status == StatusCode::NOT_FOUND;
    is_good && !answer.headers.contains_key(SET_COOKIE)
}

fn after(seconds: u32) -> Instant {
    Instant::now() + Duration::from_secs(seconds.into())
}

impl Entry {
    fn new(answer: Answer, lifetime: Lifetime, as_of: Stamp, until: Option<Instant>) -> Self {
        Self { answer, packed: None, lifetime, etag: OnceLock::new(), as_of, until, is_stale: false }
    }

    fn is_good(&self, since: Stamp, stamps: &Stamps) -> bool {
        let since = since.max(stamps.newest(self.lifetime.tags.iter().map(|tag| Subject::of_tag(tag))));
        self.as_of >= since && self.until.is_none_or(|until| Instant::now() < until)
    }

    /// How soon a renewal that failed is tried again: not only after the whole time to live.
    fn retry_seconds(&self) -> u32 {
        match self.lifetime.revalidate {
            Revalidate::Never => LONGEST_RETRY,
            Revalidate::After(seconds) => seconds.min(LONGEST_RETRY),
        }
    }

    fn sent(&self, body: Bytes) -> Answer {
        if self.is_stale {
            self.sent_as("STALE", Revalidate::After(self.retry_seconds()), body)
        } else {
            self.sent_as("HIT", self.lifetime.revalidate, body)
        }
    }

    fn sent_as(&self, state: &'static str, revalidate: Revalidate, body: Bytes) -> Answer {
        let answer = Answer { body, ..self.answer.clone() };
        let mut answer = answer.header(CACHE_STATE, HeaderValue::from_static(state));
        let status = answer.status;
        answer.headers.entry(CACHE_CONTROL).or_insert_with(|| cache_control(revalidate, status));
        if answer.status == StatusCode::OK {
            answer
                .headers
                .entry(ETAG)
                .or_insert_with(|| self.etag.get_or_init(|| conditional::etag(&answer.body)).clone());
        }
        answer
    }
}

impl Held for Params {
    fn held(&self) -> usize {
        let texts = |value: &ParamValue| match value {
            ParamValue::One(text) => text.len() + TEXT,
            ParamValue::Many(texts) => texts.iter().map(|text| text.len() + TEXT).sum(),
        };
        self.iter().map(|(name, value)| name.len() + 2 * TEXT + texts(value)).sum()
    }
}

impl Held for Entry {
    fn held(&self) -> usize {
        let tags: usize = self.lifetime.tags.iter().map(|tag| tag.len() + 2 * TEXT).sum();
        self.answer.headers.held() + self.answer.body.len() + tags
    }
}

fn cache_control(revalidate: Revalidate, status: StatusCode) -> HeaderValue {
    HeaderValue::try_from(revalidate.cache_control_for(status.as_u16()))
        .unwrap_or_else(|_| HeaderValue::from_static("no-store"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::contract::{
        pattern::ParamValue,
        report::{Frozen, FrozenFunction, FrozenRoute},
    };

    const NEVER: Stamp = Stamp::EPOCH;
    const LIMIT: usize = 16 * 1024 * 1024;

    fn store(revalidate: Revalidate) -> Store {
        let frozen = Frozen { status: 200, headers: Vec::new(), body: b"built".to_vec(), revalidate, tags: Vec::new() };
        store_of(FrozenRoute { answers: vec![(Params::EMPTY, frozen)], live: Vec::new(), is_dynamic: false })
    }

    fn store_of(route: FrozenRoute) -> Store {
        let function = FrozenFunction([("/".to_owned(), route)].into());
        stores(FrozenFile::of(&function).unwrap(), LIMIT).remove("/").unwrap()
    }

    fn answer(body: &'static str) -> Answer {
        Answer { body: Bytes::from(body), ..Answer::empty(StatusCode::OK) }
    }

    fn ran(answer: Answer, revalidate: Revalidate) -> Ran {
        let lifetime = Lifetime { revalidate, ..Lifetime::default() };
        Ran { answer, cause: None, rest: None, failed: false, lifetime, touched: false }
    }

    fn broken() -> Ran {
        let answer = Answer::empty(StatusCode::INTERNAL_SERVER_ERROR);
        Ran { cause: Some("no".to_owned()), failed: true, ..ran(answer, Revalidate::Never) }
    }

    fn params(slug: usize) -> Params {
        let mut params = Params::default();
        params.push("slug", ParamValue::One(slug.to_string()));
        params
    }

    async fn ask(store: &Store, since: Stamp, run: impl AsyncFnOnce() -> Ran) -> Sent {
        store.answer(&Params::EMPTY, since, &Stamps::default(), run).await
    }

    /// State, cache-control and body.
    fn told(answer: &Answer) -> (&str, &str, &[u8]) {
        let header = |name| answer.headers.get(name).map_or("", |value: &HeaderValue| value.to_str().unwrap());
        (header(CACHE_STATE), header(CACHE_CONTROL), &answer.body)
    }

    fn ready(store: &Store, since: Stamp) -> Option<Answer> {
        store.ready(&Params::EMPTY, since, &Stamps::default())
    }

    #[test]
    fn what_is_never_renewed_is_replayed() {
        let answer = ready(&store(Revalidate::Never), NEVER).unwrap();
        assert_eq!(told(&answer), ("HIT", "s-maxage=31536000", &b"built"[..]));
        assert_eq!(answer.headers[ETAG], conditional::etag(b"built"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_a_time_is_renewed_first_and_then_when_it_is_over() {
        let store = store(Revalidate::After(60));
        assert_eq!(ready(&store, NEVER), None);
        let run = async || ran(answer("renewed"), Revalidate::After(60));
        let sent = ask(&store, NEVER, run).await.answer;
        assert_eq!(told(&sent), ("MISS", "s-maxage=60, stale-while-revalidate=31535940", &b"renewed"[..]));
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(ready(&store, NEVER).unwrap().body, "renewed");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(ready(&store, NEVER), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_renewal_is_tried_again_soon() {
        let store = store(Revalidate::After(3600));
        let sent = ask(&store, NEVER, async || broken()).await;
        let expected = ("STALE", "s-maxage=30, stale-while-revalidate=31535970", &b"built"[..]);
        assert_eq!((told(&sent.answer), sent.not_renewed.as_deref()), (expected, Some("no")));
        assert_eq!(told(&ready(&store, NEVER).unwrap()), expected);
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(ready(&store, NEVER), None);
    }

    #[tokio::test]
    async fn a_stamp_renews_what_is_older_and_is_heeded_once() {
        let store = store(Revalidate::Never);
        let tomorrow = Stamp::now().after_ms(86_400_000);
        for (since, state) in [(Stamp::now(), "MISS"), (NEVER, "HIT"), (tomorrow, "MISS"), (tomorrow, "HIT")] {
            let run = async || ran(answer("renewed"), Revalidate::Never);
            let sent = ask(&store, since, run).await.answer;
            assert_eq!(told(&sent), (state, "s-maxage=31536000", &b"renewed"[..]), "{since:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_for_a_stamp_that_fails_is_not_tried_by_every_request() {
        let store = store(Revalidate::Never);
        let since = Stamp::now().after_ms(1000);
        let sent = ask(&store, since, async || broken()).await.answer;
        assert_eq!(told(&sent), ("STALE", "s-maxage=30, stale-while-revalidate=31535970", &b"built"[..]));
        assert_eq!(ready(&store, since), Some(sent));
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(ready(&store, since), None);
    }

    /// What ten get who ask at the same time, and how often the handler ran.
    async fn ten(store: &Store, make: impl Fn() -> Ran) -> (Vec<Sent>, u32) {
        let (runs, make) = (AtomicU32::new(0), &make);
        let asked = (0..10).map(|_| {
            ask(store, NEVER, async || {
                runs.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_secs(1)).await;
                make()
            })
        });
        let sent = futures_util::future::join_all(asked).await;
        (sent, runs.into_inner())
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_ask_meanwhile_get_what_comes_of_one_run() {
        let store = store(Revalidate::After(60));
        let began = Instant::now();
        let (sent, runs) = ten(&store, || ran(answer("once"), Revalidate::After(60))).await;
        assert!(runs == 1 && sent.iter().all(|sent| told(&sent.answer).0 == "MISS" && sent.answer.body == "once"));
        tokio::time::advance(Duration::from_secs(60)).await;
        let (sent, runs) = ten(&store, broken).await;
        assert!(runs == 1 && sent.iter().all(|sent| told(&sent.answer).0 == "STALE" && sent.answer.body == "once"));
        assert_eq!(sent.iter().filter(|sent| sent.not_renewed.is_some()).count(), 1);
        assert!(store.turns.is_empty());
        assert_eq!(began.elapsed(), Duration::from_secs(62));
    }

    #[tokio::test(start_paused = true)]
    async fn what_one_request_was_looked_at_for_is_not_told_to_others() {
        let store = store_of(FrozenRoute::default());
        let began = Instant::now();
        let (sent, runs) = ten(&store, || Ran { touched: true, ..ran(answer("mine"), Revalidate::Never) }).await;
        assert!(runs == 10 && sent.iter().all(|sent| told(&sent.answer).0.is_empty()));
        assert_eq!(began.elapsed(), Duration::from_secs(2), "the nine who waited run at the same time");
        assert!(lock(&store.kept).len() == 0 && store.turns.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_that_was_dropped_leaves_its_turn_to_the_next() {
        let store = store(Revalidate::After(60));
        let second = Duration::from_secs(1);
        let endless = ask(&store, NEVER, async || std::future::pending().await);
        assert!(tokio::time::timeout(second, endless).await.is_err());
        let run = async || ran(answer("next"), Revalidate::Never);
        let sent = tokio::time::timeout(second, ask(&store, NEVER, run)).await.unwrap();
        assert_eq!(sent.answer.body, "next");
    }

    #[tokio::test]
    async fn neither_errors_nor_cookies_are_kept() {
        let store = store_of(FrozenRoute::default());
        let with_cookie = answer("").header(SET_COOKIE, HeaderValue::from_static("a=1"));
        for made in [with_cookie, Answer::empty(StatusCode::FORBIDDEN), Answer::empty(StatusCode::BAD_GATEWAY)] {
            let run = async || ran(made.clone(), Revalidate::Never);
            assert_eq!(ask(&store, NEVER, run).await.answer, made);
            assert_eq!(ready(&store, NEVER), None);
        }
    }

    async fn keep(store: &Store, slug: usize, body: &'static [u8]) {
        let made = Answer { body: Bytes::from_static(body), ..answer("") };
        store.answer(&params(slug), NEVER, &Stamps::default(), async || ran(made, Revalidate::Never)).await;
    }

    #[tokio::test]
    async fn answers_cannot_fill_the_memory() {
        let store = store(Revalidate::Never);
        for slug in 0..9 {
            keep(&store, slug, vec![b'x'; LIMIT / 4].leak()).await;
        }
        let large = lock(&store.kept).len();
        assert!((2..=3).contains(&large), "{large} are kept");
        for slug in 0..100_000 {
            keep(&store, slug, b"").await;
        }
        let kept = lock(&store.kept);
        assert!(kept.bytes() <= LIMIT && kept.len() < LIMIT / 512, "{} in {}", kept.len(), kept.bytes());
        assert!(store.built(&Params::EMPTY).is_some());
    }

    #[tokio::test]
    async fn a_listed_answer_whose_renewal_made_room_for_others_is_renewed_again() {
        let (store, stamps) = (store(Revalidate::Never), Stamps::default());
        let since = Stamp::now();
        let run = async || ran(answer("renewed"), Revalidate::Never);
        assert_eq!(ask(&store, since, run).await.answer.body, "renewed");
        lock(&store.kept).remove(&Params::EMPTY);
        assert_eq!(store.ready(&Params::EMPTY, since, &stamps), None, "what was built is older than the stamp");
        assert_eq!(told(&ask(&store, since, async || broken()).await.answer).2, b"built");
    }

    #[tokio::test]
    async fn runs_that_were_dropped_leave_nothing_behind() {
        let store = store_of(FrozenRoute::default());
        for slug in 0..100 {
            let (params, stamps) = (params(slug), Stamps::default());
            let endless = store.answer(&params, NEVER, &stamps, async || std::future::pending().await);
            assert!(tokio::time::timeout(Duration::from_millis(1), endless).await.is_err());
        }
        assert!(store.turns.is_empty());
    }

    #[test]
    fn the_routes_of_a_function_share_the_memory() {
        let frozen = ["/a", "/b", "/c", "/d"].map(|pattern| (pattern.to_owned(), FrozenRoute::default()));
        let stores = stores(FrozenFile::of(&FrozenFunction(frozen.into())).unwrap(), LIMIT);
        assert_eq!(stores.len(), 4);
        assert_eq!(stores.values().map(|store| lock(&store.kept).limit()).sum::<usize>(), LIMIT);
    }

    #[test]
    fn the_handler_decides_about_its_cache_control_and_its_etag() {
        let own = answer("").header(CACHE_CONTROL, HeaderValue::from_static("max-age=7"));
        let own = own.header(ETAG, HeaderValue::from_static("\"mine\""));
        let sent = Entry::new(own, Lifetime::default(), NEVER, None).sent(Bytes::new());
        assert_eq!(
            (&sent.headers[CACHE_CONTROL], &sent.headers[ETAG]),
            (&HeaderValue::from_static("max-age=7"), &HeaderValue::from_static("\"mine\""))
        );
    }
}

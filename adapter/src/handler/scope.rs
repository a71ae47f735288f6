//! What belongs to one run of a handler: a task-local, so that plain functions can reach it from nested calls.

use std::{
    any::Any,
    collections::BTreeSet,
    panic::Location,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, atomic::AtomicU32},
    time::SystemTime,
};

use http::{HeaderMap, StatusCode};

use crate::{
    contract::{
        config::{Dynamic, Revalidate, SegmentConfig},
        report::Touch,
    },
    handler::cookies::Cookies,
    host::log,
    revalidate::stamp::{Stamp, Stamps},
};

tokio::task_local! {
    static CURRENT: Arc<Scope>;
}

/// Why a handler is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Run {
    /// To answer this one request.
    Live,
    /// To make an answer that is kept for others.
    Keep,
    /// To make an answer at build time.
    Evaluate,
}

/// The answer's time to live, and the tags of what it was made of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lifetime {
    pub(crate) revalidate: Revalidate,
    pub(crate) tags: BTreeSet<String>,
}

impl Lifetime {
    /// That of an answer of this status.
    pub(crate) fn of(self, status: StatusCode) -> Self {
        Self { revalidate: self.revalidate.for_status(status.as_u16()), ..self }
    }
}

#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) run: Run,
    /// The id of the invocation, for the log.
    pub(crate) request_id: Option<String>,
    /// When Lambda ends the invocation.
    #[cfg_attr(not(feature = "fetch"), expect(dead_code, reason = "only a fetch ends before it"))]
    pub(crate) deadline: Option<SystemTime>,
    pub(crate) headers: HeaderMap,
    /// What is kept of an upstream and older than this is not used.
    #[cfg_attr(not(feature = "fetch"), expect(dead_code, reason = "only a fetch keeps something"))]
    pub(crate) since: Stamp,
    /// What this instance revalidated.
    pub(crate) stamps: Arc<Stamps>,
    pub(crate) cookies: Cookies,
    pub(crate) config: Arc<SegmentConfig>,
    touch: OnceLock<Touch>,
    lifetime: Mutex<Lifetime>,
    panic: Mutex<Option<String>>,
    /// How often it revalidated.
    pub(crate) revalidations: AtomicU32,
}

impl Scope {
    pub(crate) fn new(
        run: Run,
        invocation: Option<&lambda_runtime::Context>,
        headers: HeaderMap,
        since: Stamp,
        stamps: Arc<Stamps>,
        config: Arc<SegmentConfig>,
    ) -> Arc<Self> {
        let cookies = Cookies::from_headers(&headers);
        let forced = run != Run::Live && config.dynamic == Dynamic::ForceStatic;
        let revalidate = config.revalidate.unwrap_or_default();
        Arc::new(Self {
            run,
            request_id: invocation.map(|invocation| invocation.request_id.clone()),
            deadline: invocation.and_then(deadline_ahead),
            cookies: if forced { cookies.sealed() } else { cookies },
            headers,
            since,
            stamps,
            config,
            touch: OnceLock::new(),
            lifetime: Mutex::new(Lifetime { revalidate, tags: BTreeSet::new() }),
            panic: Mutex::new(None),
            revalidations: AtomicU32::new(0),
        })
    }

    /// The scope of a run at build time: nobody asks.
    pub(crate) fn evaluating(config: Arc<SegmentConfig>) -> Arc<Self> {
        Self::new(Run::Evaluate, None, HeaderMap::new(), Stamp::EPOCH, Arc::default(), config)
    }

    /// The scope of the handler that is running; `None` outside a request, as in a spawned task.
    pub(crate) fn current() -> Option<Arc<Self>> {
        CURRENT.try_with(Arc::clone).ok()
    }

    pub(crate) async fn enter<F: Future>(self: Arc<Self>, future: F) -> F::Output {
        CURRENT.scope(self, future).await
    }

    /// The same for what is no future.
    pub(crate) fn enter_sync<T>(self: Arc<Self>, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, work)
    }

    /// Whether the answer must come out the same for everyone: the handler sees an empty request.
    pub(crate) fn is_forced(&self) -> bool {
        self.run != Run::Live && self.config.dynamic == Dynamic::ForceStatic
    }

    /// Records that the handler looked at the request. The first time counts.
    pub(crate) fn touch(&self, what: impl Into<String>, location: &Location<'_>) {
        if !self.is_forced() {
            let (file, line, column) = (location.file().to_owned(), location.line(), location.column());
            self.touch.get_or_init(|| Touch { what: what.into(), file, line, column });
        }
    }

    pub(crate) fn touched(&self) -> Option<&Touch> {
        self.touch.get()
    }

    #[cfg_attr(not(feature = "fetch"), expect(dead_code, reason = "only a fetch shortens the lifetime"))]
    pub(crate) fn shorten(&self, revalidate: Revalidate, tags: impl IntoIterator<Item = String>) {
        let mut lifetime = lock(&self.lifetime);
        lifetime.revalidate = lifetime.revalidate.min(revalidate);
        lifetime.tags.extend(tags);
    }

    pub(crate) fn lifetime(&self) -> Lifetime {
        lock(&self.lifetime).clone()
    }

    /// Keeps what the panic hook saw, for whoever catches the panic.
    pub(crate) fn note_panic(&self, text: String) {
        *lock(&self.panic) = Some(text);
    }

    /// What a panic that was caught says: what the panic hook saw, or else the panic itself.
    pub(crate) fn panic_text(&self, payload: &(dyn Any + Send)) -> String {
        self.take_panic().unwrap_or_else(|| format!("panicked: {}", log::panic_message(payload)))
    }

    pub(crate) fn take_panic(&self) -> Option<String> {
        lock(&self.panic).take()
    }
}

/// When Lambda ends the invocation. What lies behind is no deadline: `cargo lambda watch` tells a moment of 1970.
pub(crate) fn deadline_ahead(invocation: &lambda_runtime::Context) -> Option<SystemTime> {
    Some(invocation.deadline()).filter(|deadline| *deadline > SystemTime::now())
}

/// A panic while the lock is held leaves these values whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The scope for a function that makes sense only while a request is answered.
///
/// # Panics
///
/// Outside a request; the adapter answers 500 and logs the text.
#[track_caller]
pub(crate) fn expect_current(function: &str) -> Arc<Scope> {
    match Scope::current() {
        Some(scope) => scope,
        None => panic!(
            "{function} was called outside a request: a spawned task or thread has none; call it in the handler and \
             pass the value on"
        ),
    }
}

/// Whether the handler runs on the build host, to make an answer that is kept, and not for a request.
///
/// ```
/// pub async fn get() -> String {
///     let origin = if wharf::is_evaluating() { "the build host" } else { "a function" };
///     format!("made by {origin}")
/// }
/// ```
#[must_use]
pub fn is_evaluating() -> bool {
    Scope::current().is_some_and(|scope| scope.run == Run::Evaluate)
}

//! What ends a handler that does not end by itself: a little earlier than Lambda does, so that the log says which it was.
//!
//! A handler that waits is given up, and the function lives on. One that blocks its thread cannot be given up: the watch,
//! a thread of its own, logs it, tells Lambda, and ends the program, so that Lambda makes a new environment.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Condvar, Mutex, OnceLock, PoisonError},
    task, thread,
    time::{Duration, Instant, SystemTime},
};

use http::Method;
use lambda_runtime::{Context, Error, LambdaInvocation, Service, streaming::Body};
use lambda_runtime_api_client::{PooledClient, build_request};
use tokio::time::{Sleep, sleep_until, timeout};

use crate::{
    contract::pattern::Pattern,
    handler::scope::{deadline_ahead, lock},
};

/// The part of an invocation's time that is kept for saying what went wrong, and the most of it.
const RESERVE_PART: u32 = 5;
const LONGEST_RESERVE: Duration = Duration::from_millis(500);

/// When the handler of an invocation is given up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    at: Instant,
}

impl Deadline {
    /// `None` without a deadline that lies ahead, as in tests: there is nobody who would end the handler.
    pub(crate) fn of(context: &Context) -> Option<Self> {
        let left = time_left(context)?;
        Some(Self { at: Instant::now().checked_add(left - reserve(left))? })
    }

    pub(crate) fn at(self) -> tokio::time::Instant {
        self.at.into()
    }
}

/// Why a handler was given up.
pub(crate) const GIVEN_UP: &str = "the function's time was nearly up, and the handler still waited; it was given up";

fn time_left(context: &Context) -> Option<Duration> {
    deadline_ahead(context)?.duration_since(SystemTime::now()).ok()
}

fn reserve(left: Duration) -> Duration {
    (left / RESERVE_PART).min(LONGEST_RESERVE)
}

/// The invocations that are not answered yet.
#[derive(Debug, Default)]
struct Watch {
    running: Mutex<Running>,
    begun: Condvar,
}

#[derive(Debug, Default)]
struct Running {
    invocations: Vec<Invocation>,
    /// Whether the watch sleeps until it is told of an invocation, and not until a time.
    is_idle: bool,
}

#[derive(Debug, Clone)]
struct Invocation {
    request_id: String,
    route: Option<String>,
    began: Instant,
    /// When its thread counts as blocked.
    until: Instant,
    /// What is left of its time then.
    left: Duration,
}

static WATCH: OnceLock<Arc<Watch>> = OnceLock::new();

/// Starts the watch of this program.
pub(crate) fn start_watch() -> io::Result<()> {
    let watch = Arc::clone(WATCH.get_or_init(Arc::default));
    thread::Builder::new().name("wharf-watch".to_owned()).spawn(move || end(&watch.wait_for_a_blocked_one()))?;
    Ok(())
}

impl Watch {
    /// Sleeps while nothing runs. A later deadline wakes nobody, so that a call costs a lock and no more.
    fn wait_for_a_blocked_one(&self) -> Invocation {
        let mut running = lock(&self.running);
        loop {
            let now = Instant::now();
            if let Some(blocked) = running.invocations.iter().find(|invocation| invocation.until <= now) {
                return blocked.clone();
            }
            let next = running.invocations.iter().map(|invocation| invocation.until).min();
            running.is_idle = next.is_none();
            running = match next {
                None => self.begun.wait(running).unwrap_or_else(PoisonError::into_inner),
                Some(next) => self.begun.wait_timeout(running, next - now).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }
}

/// Watches each invocation until it is answered.
pub(crate) struct Watching<S>(pub(crate) S);

impl<S: Service<LambdaInvocation, Response = (), Error = Error>> Service<LambdaInvocation> for Watching<S> {
    type Response = ();
    type Error = Error;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, context: &mut task::Context<'_>) -> task::Poll<Result<(), Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let watched = watch(&invocation.context);
        Answering { watched, answer: Box::pin(self.0.call(invocation)) }
    }
}

/// An answer that is made, and posted.
pub(crate) struct Answering<F> {
    watched: Option<Watched>,
    answer: Pin<Box<F>>,
}

impl<F: Future> Future for Answering<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut task::Context<'_>) -> task::Poll<F::Output> {
        let polled = self.answer.as_mut().poll(context);
        let is_late = |watched: &mut Watched| watched.late.as_mut().poll(context).is_ready();
        if polled.is_pending() && self.watched.as_mut().is_some_and(is_late) {
            // Its thread is not blocked: it has just looked. Lambda ends what it does not take in time.
            if let Some(watched) = self.watched.take() {
                let request_id = &watched.request_id;
                tracing::warn!(target: "wharf", request_id, "the function's time is nearly up, and its reply is still on its way");
            }
        }
        polled
    }
}

/// An invocation is watched until this is dropped.
struct Watched {
    watch: Arc<Watch>,
    request_id: String,
    /// A moment before its thread counts as blocked.
    late: Pin<Box<Sleep>>,
}

/// Watches an invocation, where the program has a watch.
fn watch(context: &Context) -> Option<Watched> {
    let (watch, left) = (WATCH.get()?, time_left(context)?);
    let began = Instant::now();
    let last = reserve(left) / 2;
    let until = began.checked_add(left - last)?;
    let late = Box::pin(sleep_until((until - last / 2).into()));
    let request_id = context.request_id.clone();
    let mut running = lock(&watch.running);
    running.invocations.push(Invocation { request_id: request_id.clone(), route: None, began, until, left: last });
    if running.is_idle {
        watch.begun.notify_one();
    }
    Some(Watched { watch: Arc::clone(watch), request_id, late })
}

/// Notes which route answers an invocation.
pub(crate) fn note_route(context: &Context, route: &Pattern) {
    let Some(watch) = WATCH.get() else { return };
    let mut running = lock(&watch.running);
    if let Some(found) = running.invocations.iter_mut().find(|found| found.request_id == context.request_id) {
        found.route = Some(route.to_string());
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        lock(&self.watch.running).invocations.retain(|invocation| invocation.request_id != self.request_id);
    }
}

/// Says which handler it was, and ends the program.
fn end(blocked: &Invocation) {
    let Invocation { request_id, route, began, left, .. } = blocked;
    tracing::error!(
        target: "wharf",
        request_id,
        route,
        duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        "the function's time is nearly up, and its thread is blocked: by a loop that does not end, a deadlock, or a wait \
         that is no `.await`, as `std::thread::sleep` or `block_on`. The program ends, and Lambda starts another"
    );
    post_error(request_id, *left);
    std::process::exit(1);
}

/// Tells Lambda, so that the client has its error now. The text says nothing of the app.
fn post_error(request_id: &str, limit: Duration) {
    const ERROR: &str =
        r#"{"errorType":"Wharf.Blocked","errorMessage":"the log of the function says what blocked it"}"#;
    let request = build_request()
        .method(Method::POST)
        .uri(format!("/2018-06-01/runtime/invocation/{request_id}/error"))
        .header("lambda-runtime-function-error-type", "Wharf.Blocked")
        .body(Body::from(ERROR));
    // The worker that would send it is the one that is blocked.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (Ok(request), Ok(runtime)) = (request, runtime) else { return };
    let sent = runtime.block_on(async { timeout(limit, PooledClient::builder().build().call(request)).await });
    if !matches!(sent, Ok(Ok(_))) {
        tracing::warn!(target: "wharf", request_id, "Lambda could not be told");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due_in(left: Duration) -> Context {
        let at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() + left;
        let mut context = Context::default();
        context.deadline = u64::try_from(at.as_millis()).unwrap();
        context
    }

    #[test]
    fn some_of_the_time_is_kept_for_the_log() {
        for (left, kept) in [(1, 200), (2, 400), (3, 500), (900, 500)] {
            assert_eq!(reserve(Duration::from_secs(left)), Duration::from_millis(kept));
        }
    }

    #[test]
    fn only_a_deadline_that_lies_ahead_counts() {
        assert!(Deadline::of(&Context::default()).is_none());
        let mut longest = Context::default();
        longest.deadline = u64::MAX;
        assert!(Deadline::of(&longest).is_none_or(|deadline| deadline.at > Instant::now()));
        let at = Deadline::of(&due_in(Duration::from_secs(60))).unwrap().at;
        assert!(at <= Instant::now() + Duration::from_millis(59_500));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reply_that_lambda_takes_slowly_blocks_nothing() {
        let watch = Arc::<Watch>::default();
        let (began, request_id) = (Instant::now(), "slow".to_owned());
        let (until, left) = (began + Duration::from_secs(2), Duration::from_millis(1));
        let invocation = Invocation { request_id: request_id.clone(), route: None, began, until, left };
        lock(&watch.running).invocations.push(invocation);
        let late = Box::pin(sleep_until((began + Duration::from_secs(1)).into()));
        let watched = Some(Watched { watch: Arc::clone(&watch), request_id, late });
        let mut answering = Answering { watched, answer: Box::pin(std::future::pending::<()>()) };
        assert!(timeout(Duration::from_millis(500), &mut answering).await.is_err());
        assert_eq!(lock(&watch.running).invocations.len(), 1);
        assert!(timeout(Duration::from_secs(1), &mut answering).await.is_err());
        assert!(lock(&watch.running).invocations.is_empty(), "it is not watched any more");
    }

    #[test]
    fn the_one_whose_time_is_up_is_found_among_others() {
        let watch = Watch::default();
        let began = Instant::now();
        for (request_id, millis) in [("later", 60_000), ("sooner", 1)] {
            lock(&watch.running).invocations.push(Invocation {
                request_id: request_id.to_owned(),
                route: None,
                began,
                until: began + Duration::from_millis(millis),
                left: Duration::ZERO,
            });
        }
        assert_eq!(watch.wait_for_a_blocked_one().request_id, "sooner");
    }
}

//! One route of a function: the rules for methods, run the handler, catch what it throws, keep what may be kept.

use std::{
    collections::BTreeSet,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{Arc, Once},
    task::Poll,
};

use axum::{body::Body, extract::DefaultBodyLimit, routing::MethodRouter};
use futures_util::FutureExt;
use http::{HeaderValue, StatusCode, header::SET_COOKIE};
use lambda_runtime::Service;

use crate::{
    app::{
        answer::{ALLOW, Answer, allow, is_stream},
        cache_control,
        collected::Room,
        conditional::IfNoneMatch,
        deadline::{Deadline, GIVEN_UP},
        frozen::{Sent, Store},
        route::Route,
    },
    contract::{
        config::{Dynamic, SegmentConfig},
        method::Method,
        pattern::{Params, Pattern, Segment},
    },
    handler::{
        mark::NotFound,
        path, rejection,
        request::SentPath,
        scope::{Lifetime, Run, Scope},
        viewer::Viewer,
    },
    host::lambda::streaming::Rest,
    revalidate::{
        Subject,
        stamp::{Stamp, Stamps},
    },
};

/// A route, ready to answer.
pub(crate) struct Endpoint {
    pub(crate) pattern: Pattern,
    pub(crate) config: Arc<SegmentConfig>,
    pub(crate) methods: BTreeSet<Method>,
    answered: BTreeSet<Method>,
    has_static_params: bool,
    router: axum::Router,
    store: Option<Store>,
    stamps: Arc<Stamps>,
    /// A stream that is sent whole is worth one warning.
    collected: Once,
}

/// How the bodies of answers go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// Collected, within one reply.
    Whole,
    /// As they are made.
    Piecewise,
}

/// What answers one request.
pub(crate) struct Made {
    pub(crate) answer: Answer,
    /// Why it is an error.
    pub(crate) cause: Option<String>,
    /// What is still to come of the body.
    pub(crate) rest: Option<Rest>,
    /// Whether it is kept for everyone.
    pub(crate) is_kept: bool,
}

impl Made {
    pub(crate) fn whole(answer: Answer, cause: Option<String>) -> Self {
        Self { answer, cause, rest: None, is_kept: false }
    }
}

/// What came of one run of a handler.
pub(crate) struct Ran {
    pub(crate) answer: Answer,
    /// Why it is an error.
    pub(crate) cause: Option<String>,
    /// What is still to come of the body; never anything of an answer that is delivered whole.
    pub(crate) rest: Option<Rest>,
    /// Whether the handler failed: it returned an error or panicked.
    pub(crate) failed: bool,
    pub(crate) lifetime: Lifetime,
    /// Whether the answer is for the one who asked: the handler looked at the request, or the answer says so.
    pub(crate) touched: bool,
}

impl Ran {
    /// What comes of a handler that had not answered when the time was up: 504, as API Gateway answers for a backend
    /// that is late ([RFC 9110, 15.6.5](https://www.rfc-editor.org/rfc/rfc9110#section-15.6.5)).
    fn given_up(scope: &Scope) -> Self {
        Self {
            answer: Answer::empty(StatusCode::GATEWAY_TIMEOUT),
            cause: Some(GIVEN_UP.to_owned()),
            rest: None,
            failed: true,
            lifetime: scope.lifetime(),
            touched: scope.touched().is_some(),
        }
    }
}

fn deadline_of(request: &http::Request<Body>) -> Option<Deadline> {
    request.extensions().get::<Option<Deadline>>().copied().flatten()
}

impl Endpoint {
    /// `store` holds what is kept; without one, every request runs its handler.
    pub(crate) fn new(route: Route, store: Option<Store>, stamps: Arc<Stamps>) -> Self {
        let has_static_params = route.static_params.is_some();
        Self {
            answered: Method::answered(&route.methods),
            router: router(&route.pattern, &route.router),
            pattern: route.pattern,
            config: Arc::new(route.config),
            methods: route.methods,
            has_static_params,
            store,
            stamps,
            collected: Once::new(),
        }
    }

    /// The value of `Allow`.
    pub(crate) fn allow(&self) -> HeaderValue {
        allow(&Method::allow(&self.answered))
    }

    /// Answers a request whose path has these params.
    pub(crate) async fn answer(
        &self,
        method: Method,
        params: Params,
        mut request: http::Request<Body>,
        delivery: Delivery,
    ) -> Made {
        if let Some(store) = &self.store
            && self.is_unlisted(store, &params)
        {
            return Made::whole(Answer::empty(StatusCode::NOT_FOUND), None);
        }
        if !self.has_handler(method) {
            return Made::whole(self.answer_without_handler(method), None);
        }
        request.extensions_mut().insert(params.clone());
        let own = self.stamps.newest([Subject::of_path(request.uri().path())]);
        let since = Stamp::of(&request).max(own);
        request.extensions_mut().insert(since);
        if let Some(store) = self.store.as_ref().filter(|_| self.is_answered_by_get(method))
            && self.keeps(store, &params)
        {
            let condition = IfNoneMatch::of(request.headers());
            let Sent { answer, cause, is_kept, .. } = self.answer_kept(store, params, request).await;
            let answer = condition.apply(answer);
            let answer = if method == Method::Head { answer.into_head() } else { answer };
            return Made { is_kept, ..Made::whole(answer, cause) };
        }
        // A function streams when any of its routes does.
        let delivery = if self.config.streaming { delivery } else { Delivery::Whole };
        let Ran { answer, cause, rest, .. } = self.run(request, Run::Live, delivery).await;
        Made { rest, ..Made::whole(answer, cause) }
    }

    fn has_handler(&self, method: Method) -> bool {
        self.methods.contains(&method) || (self.is_answered_by_get(method) && self.methods.contains(&Method::Get))
    }

    /// The GET handler answers a HEAD that has none of its own.
    fn is_answered_by_get(&self, method: Method) -> bool {
        method == Method::Get || (method == Method::Head && !self.methods.contains(&method))
    }

    fn answer_without_handler(&self, method: Method) -> Answer {
        let status = if method == Method::Options { StatusCode::NO_CONTENT } else { StatusCode::METHOD_NOT_ALLOWED };
        Answer::empty(status).header(ALLOW, self.allow())
    }

    /// `DYNAMIC_PARAMS = false`: what `generate_static_params` did not list does not exist.
    fn is_unlisted(&self, store: &Store, params: &Params) -> bool {
        !self.config.dynamic_params && !self.pattern.is_static() && !store.lists(params)
    }

    fn keeps(&self, store: &Store, params: &Params) -> bool {
        let may_keep = self.has_static_params || self.config.dynamic == Dynamic::ForceStatic;
        store.keeps() && self.methods.contains(&Method::Get) && (store.lists(params) || may_keep)
    }

    /// Answers from what is kept, or runs the handler to keep what it makes.
    async fn answer_kept(&self, store: &Store, params: Params, request: http::Request<Body>) -> Sent {
        let since = Stamp::of(&request);
        let run = async || self.run(self.for_everyone(request), Run::Keep, Delivery::Whole).await;
        let sent = store.answer(&params, since, &self.stamps, run).await;
        if let Some(cause) = &sent.not_renewed {
            tracing::error!(route = %self.pattern, %params, cause, "the kept answer could not be renewed");
        }
        sent
    }

    /// A GET, since its answer serves both; a `force-static` handler gets an empty request.
    fn for_everyone(&self, mut request: http::Request<Body>) -> http::Request<Body> {
        *request.method_mut() = http::Method::GET;
        if self.config.dynamic != Dynamic::ForceStatic {
            return request;
        }
        let params = request.extensions().get().cloned().unwrap_or(Params::EMPTY);
        let Some(mut empty) = self.empty_request(&params) else { return request };
        empty.extensions_mut().insert(Stamp::of(&request));
        empty.extensions_mut().insert(deadline_of(&request));
        empty
    }

    /// A GET of the path of these params, that tells nothing else; `None` when the params do not fill the pattern.
    pub(crate) fn empty_request(&self, params: &Params) -> Option<http::Request<Body>> {
        let parts = self.pattern.fill(params)?;
        let path = path::encode(parts.iter().map(String::as_str));
        let mut request = http::Request::get(&path).body(Body::empty()).ok()?;
        request.extensions_mut().insert(SentPath(path.into()));
        request.extensions_mut().insert(Viewer::nobody());
        request.extensions_mut().insert(params.clone());
        Some(request)
    }

    /// Runs the handler in a scope of its own.
    async fn run(&self, request: http::Request<Body>, run: Run, delivery: Delivery) -> Ran {
        let scope = Scope::new(
            run,
            request.extensions().get(),
            request.headers().clone(),
            Stamp::of(&request),
            Arc::clone(&self.stamps),
            Arc::clone(&self.config),
        );
        let Some(deadline) = deadline_of(&request) else { return self.run_in(request, &scope, delivery).await };
        match tokio::time::timeout_at(deadline.at(), self.run_in(request, &scope, delivery)).await {
            Ok(ran) => Ran { rest: ran.rest.map(|rest| rest.until(deadline)), ..ran },
            Err(_) => Ran::given_up(&scope),
        }
    }

    pub(crate) async fn run_in(&self, request: http::Request<Body>, scope: &Arc<Scope>, delivery: Delivery) -> Ran {
        let is_head = request.method() == http::Method::HEAD;
        let mut router = self.router.clone();
        let handler = async {
            let response = match router.call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            let response = rejection::emptied(response).await;
            let is_not_found = response.extensions().get::<NotFound>().is_some();
            let is_stream = is_stream(&response);
            if is_stream && delivery == Delivery::Piecewise {
                let (answer, cause, body) = Answer::begin(response, is_head);
                return (answer, cause, body, is_not_found);
            }
            let room = match (scope.run, delivery) {
                (Run::Evaluate, _) => Room::Evaluated,
                (_, Delivery::Piecewise) => Room::Stream,
                (_, Delivery::Whole) => Room::Reply,
            };
            let (answer, cause) = Answer::collect(response, is_head, room).await;
            if is_stream && scope.run == Run::Live {
                self.warn_of_collecting();
            }
            (answer, cause, None, is_not_found)
        };
        // A panic leaves only the scope behind, whose locks survive it.
        let run = AssertUnwindSafe(Arc::clone(scope).enter(until_touched(handler, scope))).catch_unwind();
        let (mut answer, cause, body, drops_cookies) = match run.await {
            Ok(Some(ran)) => ran,
            Ok(None) => (Answer::empty(StatusCode::INTERNAL_SERVER_ERROR), None, None, true),
            Err(payload) => {
                let cause = scope.panic_text(payload.as_ref());
                (Answer::empty(StatusCode::INTERNAL_SERVER_ERROR), Some(cause), None, true)
            }
        };
        let failed = answer.status.is_server_error() && cause.is_some();
        if !drops_cookies && cause.is_none() {
            scope.cookies.merge_into(&mut answer.headers);
        }
        let rest = body.map(|body| Rest::new(body, Arc::clone(scope)));
        let lifetime = scope.lifetime().of(answer.status);
        let touched = scope.touched().is_some() || is_personal(&answer, scope);
        Ran { answer, cause, rest, failed, lifetime, touched }
    }

    /// Says that a stream was sent whole, once for this function's instance.
    fn warn_of_collecting(&self) {
        let why = if self.config.streaming {
            "only a Function URL takes it in pieces"
        } else {
            "the route does not declare `pub const STREAMING: bool = true`"
        };
        self.collected.call_once(|| {
            tracing::warn!(
                target: "wharf",
                route = %self.pattern,
                "the body of an answer is a stream; it was collected and sent whole, as {why}. Others are not logged"
            );
        });
    }
}

/// Whether an answer says that it is for the one who asked. A `force-static` handler saw nobody, so only a cookie does.
fn is_personal(answer: &Answer, scope: &Scope) -> bool {
    answer.headers.contains_key(SET_COOKIE)
        || (!scope.is_forced() && cache_control::personal_vary(&answer.headers).is_some())
}

/// Runs a handler; while evaluating, drops it at the first await after it looked at the request.
async fn until_touched<F: Future>(handler: F, scope: &Scope) -> Option<F::Output> {
    let mut handler = pin!(handler);
    std::future::poll_fn(|context| match handler.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if scope.run == Run::Evaluate && scope.touched().is_some() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// The handlers under axum's own spelling of the pattern, so that axum's extractors for paths work too.
fn router(pattern: &Pattern, handlers: &MethodRouter) -> axum::Router {
    axum_paths(pattern)
        .into_iter()
        .fold(axum::Router::new().without_v07_checks(), |router, path| router.route(&path, handlers.clone()))
        // The gate has one limit for all; axum's own would let every extractor but ours end at 2 MB.
        .layer(DefaultBodyLimit::disable())
}

/// The pattern in axum's syntax; an optional catch-all needs two.
fn axum_paths(pattern: &Pattern) -> Vec<String> {
    let mut path = String::new();
    let mut bare = None;
    for (index, segment) in pattern.segments().iter().enumerate() {
        if matches!(segment, Segment::OptionalCatchAll(_)) {
            bare = Some(if path.is_empty() { "/".to_owned() } else { path.clone() });
        }
        path.push('/');
        match segment {
            Segment::Static(text) => path.push_str(&path::encode_part(text)),
            Segment::Param(name) => path.push_str(&format!("{{{}}}", axum_name(name, index))),
            Segment::CatchAll(name) | Segment::OptionalCatchAll(name) => {
                path.push_str(&format!("{{*{}}}", axum_name(name, index)));
            }
        }
    }
    if path.is_empty() {
        path.push('/');
    }
    [Some(path), bare].into_iter().flatten().collect()
}

/// axum would refuse a name with one of its own signs in it.
fn axum_name(name: &str, index: usize) -> String {
    let is_plain = !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || "_-.".contains(char));
    if is_plain { name.to_owned() } else { format!("param{index}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(pattern: &str) -> Vec<String> {
        axum_paths(&pattern.parse().unwrap())
    }

    #[test]
    fn every_pattern_has_an_axum_path() {
        assert_eq!(paths("/"), ["/"]);
        assert_eq!(paths("/a b/{x}/:y/*z"), ["/a%20b/%7Bx%7D/:y/*z"]);
        assert_eq!(paths("/[id]/[...path]"), ["/{id}/{*path}"]);
        assert_eq!(paths("/[[...path]]"), ["/{*path}", "/"]);
        assert_eq!(paths("/o/[[...path]]"), ["/o/{*path}", "/o"]);
        assert_eq!(paths("/[a{b]"), ["/{param0}"]);
    }

    #[test]
    fn every_axum_path_can_be_routed() {
        for pattern in ["/", "/a b/{x}/:y/*z", "/[id]/[...path]", "/[[...path]]", "/[a{b]", "/%5Bx"] {
            let _: axum::Router = router(&pattern.parse().unwrap(), &axum::routing::get(async || ""));
        }
    }
}

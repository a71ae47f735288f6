//! The engine: the routes of a function, which of them answers a request, and what is kept and replayed.
//!
//! It may name [`contract`](crate::contract), [`handler`](crate::handler) and [`revalidate`](crate::revalidate).

pub(crate) mod answer;
pub(crate) mod cache_control;
pub(crate) mod collected;
pub(crate) mod conditional;
pub(crate) mod deadline;
pub(crate) mod endpoint;
pub(crate) mod frozen;
pub(crate) mod frozen_file;
pub(crate) mod route;

use std::sync::Arc;

use http::{HeaderValue, StatusCode, header};

use self::{
    answer::{ALLOW, Answer},
    deadline::Deadline,
    endpoint::{Delivery, Endpoint, Made},
    frozen_file::FrozenFile,
    route::Route,
};
use crate::{
    contract::{
        method::Method,
        pattern::{Params, Pattern},
    },
    event::{Arrived, Gate, Incoming, Refusal},
    host::{lambda::streaming::Pieces, log, settings},
    revalidate::stamp::Stamps,
};

pub(crate) struct App {
    /// In match order: the first that matches a path answers it.
    endpoints: Vec<Endpoint>,
    gate: Gate,
}

impl App {
    /// What `frozen` does not know runs its handler for every request.
    pub(crate) fn new(mut routes: Vec<Route>, gate: Gate, frozen: FrozenFile) -> Self {
        routes.sort_by(|left, right| left.pattern.cmp(&right.pattern));
        let stamps = Arc::<Stamps>::default();
        let mut stores = frozen::stores(frozen, settings::kept_bytes());
        let endpoint = |route: Route| {
            let store = stores.remove(&route.pattern.to_string());
            Endpoint::new(route, store, Arc::clone(&stamps))
        };
        Self { endpoints: routes.into_iter().map(endpoint).collect(), gate }
    }

    pub(crate) fn with_gate(self, change: impl FnOnce(Gate) -> Gate) -> Self {
        Self { gate: change(self.gate), ..self }
    }

    /// Whether a route sends streams while they are made.
    pub(crate) fn streams(&self) -> bool {
        self.endpoints.iter().any(|endpoint| endpoint.config.streaming)
    }

    /// The pattern of its one route, for the log; `None` when it has several.
    pub(crate) fn only_pattern(&self) -> Option<&Pattern> {
        self.only().map(|endpoint| &endpoint.pattern)
    }

    fn only(&self) -> Option<&Endpoint> {
        match self.endpoints.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Answers one request and logs it.
    pub(crate) async fn answer(&self, incoming: Incoming, context: lambda_runtime::Context) -> Answer {
        let asked = log::Asked::new(&incoming, &context);
        let (mut made, route) = self.make(incoming, context, Delivery::Whole).await;
        settle(&mut made, route, &asked);
        asked.answered(route, made.answer.status, made.cause.as_deref());
        made.answer
    }

    /// Answers one request with its body as it is made. The request is logged when that is over.
    pub(crate) async fn stream(&self, incoming: Incoming, context: lambda_runtime::Context) -> (Answer, Pieces) {
        let asked = log::Asked::new(&incoming, &context);
        let (mut made, route) = self.make(incoming, context, Delivery::Piecewise).await;
        settle(&mut made, route, &asked);
        let Made { answer, cause, rest, .. } = made;
        let pieces = Pieces::new(&answer, cause, rest, asked, route.cloned());
        (answer, pieces)
    }

    /// What answers, and the pattern of the route that it is of.
    async fn make(
        &self,
        incoming: Incoming,
        context: lambda_runtime::Context,
        delivery: Delivery,
    ) -> (Made, Option<&Pattern>) {
        let Arrived { method, parts, mut request } = match incoming.arrive(&self.gate) {
            Ok(arrived) => arrived,
            Err(refusal) => return (self.refuse(refusal), self.only_pattern()),
        };
        request.extensions_mut().insert(Deadline::of(&context));
        let found = self.find(&parts);
        if let Some((endpoint, _)) = &found {
            deadline::note_route(&context, &endpoint.pattern);
        }
        request.extensions_mut().insert(context);
        match found {
            Some((endpoint, params)) => {
                (endpoint.answer(method, params, request, delivery).await, Some(&endpoint.pattern))
            }
            None => {
                let answer = self.not_found();
                let answer = if method == Method::Head { answer.into_head() } else { answer };
                (Made::whole(answer, None), self.only_pattern())
            }
        }
    }

    fn find(&self, parts: &[String]) -> Option<(&Endpoint, Params)> {
        let parts: Vec<_> = parts.iter().map(String::as_str).collect();
        self.endpoints.iter().find_map(|endpoint| Some((endpoint, endpoint.pattern.matches(&parts)?)))
    }

    /// Below the folder of several routes, the API leaves it to the function to know the paths that there are; then
    /// unknown ones are answered as the API answers those that it does not know itself.
    fn not_found(&self) -> Answer {
        let empty = Answer::empty(StatusCode::NOT_FOUND);
        if self.only().is_some() {
            return empty;
        }
        let answer = empty.header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Answer { body: r#"{"message":"Not Found"}"#.into(), ..answer }
    }

    fn refuse(&self, refusal: Refusal) -> Made {
        let mut answer = Answer::empty(refusal.status);
        if let Some(location) = refusal.location {
            answer = answer.header(header::LOCATION, location);
        }
        if let Some(parts) = refusal.traced {
            let found = || self.find(&parts).map(|(endpoint, _)| endpoint);
            match self.only().or_else(found) {
                Some(endpoint) => answer = answer.header(ALLOW, endpoint.allow()),
                None => answer = self.not_found(),
            }
        }
        Made::whole(answer, refusal.cause)
    }
}

/// The one place where an answer that is not kept for everyone gets its word for caches, whoever made it.
fn settle(made: &mut Made, route: Option<&Pattern>, asked: &log::Asked) {
    if made.is_kept {
        return;
    }
    if let Some(cause) = cache_control::settle(&mut made.answer.headers) {
        tracing::error!(
            request_id = asked.request_id,
            route = route.map(display),
            cause,
            "the answer is sent with `cache-control: private, no-store`"
        );
    }
}

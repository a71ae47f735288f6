//! The body of an answer, piece by piece: polled in the scope of its request, ended by its first failure, then logged.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use futures_util::Stream;
use http::StatusCode;
use http_body::{Body as _, Frame};
use tokio::time::{Sleep, sleep_until};

use crate::{
    app::{
        answer::{Answer, broken},
        collected::{STREAM_LIMIT, too_long_a_stream},
        deadline::{Deadline, GIVEN_UP},
    },
    contract::pattern::Pattern,
    handler::scope::Scope,
    host::log::Asked,
};

/// What is still to come of a body when its headers are ready.
pub(crate) struct Rest {
    body: Body,
    scope: Arc<Scope>,
    /// When the body is given up.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Rest {
    pub(crate) fn new(body: Body, scope: Arc<Scope>) -> Self {
        scope.cookies.close();
        Self { body, scope, deadline: None }
    }

    pub(crate) fn until(self, deadline: Deadline) -> Self {
        Self { deadline: Some(Box::pin(sleep_until(deadline.at()))), ..self }
    }

    /// The next frame. The text is why there is none.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Frame<Bytes>>, String>> {
        let Self { body, scope, deadline } = self;
        // A body that never waits is ended too.
        if deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(context).is_ready()) {
            return Poll::Ready(Err(GIVEN_UP.to_owned()));
        }
        let poll = || Arc::clone(scope).enter_sync(|| Pin::new(body).poll_frame(context));
        // A body that panicked is dropped and not polled again.
        let polled = catch_unwind(AssertUnwindSafe(poll)).map_err(|payload| scope.panic_text(payload.as_ref()))?;
        Poll::Ready(match ready!(polled) {
            Some(Ok(frame)) => Ok(Some(frame)),
            Some(Err(error)) => Err(broken(&error)),
            None => Ok(None),
        })
    }
}

/// The body ended before it was complete. Why stands in the log; the client is told only that it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BrokenOff;

/// The pieces of a body, none of them empty. After [`BrokenOff`] there is no further one.
pub(crate) struct Pieces {
    whole: Bytes,
    rest: Option<Rest>,
    /// The bytes that may still come.
    left: usize,
    /// The line in the log, until it is written.
    line: Option<Line>,
}

struct Line {
    asked: Asked,
    route: Option<Pattern>,
    status: StatusCode,
    cause: Option<String>,
}

impl Pieces {
    /// Those of a whole answer are its body.
    pub(crate) fn new(
        answer: &Answer,
        cause: Option<String>,
        rest: Option<Rest>,
        asked: Asked,
        route: Option<Pattern>,
    ) -> Self {
        let line = Line { asked, route, status: answer.status, cause };
        Self { whole: answer.body.clone(), rest, left: STREAM_LIMIT, line: Some(line) }
    }

    fn end(&mut self, failure: Option<&str>) {
        let late = self.rest.take().map(|rest| rest.scope.cookies.late()).unwrap_or_default();
        let Some(Line { asked, route, status, cause }) = self.line.take() else { return };
        if !late.is_empty() {
            let (request_id, cookies) = (&asked.request_id, late.join(", "));
            tracing::warn!(
                target: "wharf",
                request_id,
                route = route.as_ref().map(display),
                cookies,
                "these cookies were set in the body of a stream, after the headers had been sent"
            );
        }
        match failure {
            Some(failure) => asked.broke_off(route.as_ref(), status, failure),
            None => asked.answered(route.as_ref(), status, cause.as_deref()),
        }
    }
}

impl Stream for Pieces {
    type Item = Result<Bytes, BrokenOff>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if !self.whole.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut self.whole))));
        }
        loop {
            let frame = match &mut self.rest {
                Some(rest) => ready!(rest.poll(context)),
                None => Ok(None),
            };
            match frame.map(|frame| frame.map(Frame::into_data)) {
                Ok(Some(Ok(piece))) if piece.len() > self.left => {
                    self.end(Some(&too_long_a_stream()));
                    return Poll::Ready(Some(Err(BrokenOff)));
                }
                Ok(Some(Ok(piece))) if !piece.is_empty() => {
                    self.left -= piece.len();
                    return Poll::Ready(Some(Ok(piece)));
                }
                // An empty piece is the end in HTTP, and trailers have no place in a reply.
                Ok(Some(_)) => {}
                Ok(None) => {
                    self.end(None);
                    return Poll::Ready(None);
                }
                Err(failure) => {
                    self.end(Some(&failure));
                    return Poll::Ready(Some(Err(BrokenOff)));
                }
            }
        }
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        self.end(Some("the reader went away before the body was complete"));
    }
}

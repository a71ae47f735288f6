//! An event that was read, answered with a reply of its shape: what every host that takes events does.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use lambda_runtime::Diagnostic;
use serde_json::value::RawValue;

use crate::{
    app::{App, answer::Answer, collected::REPLY_LIMIT},
    event::{self, Incoming, NotHttp, Shape},
    host::log,
};

/// Answers one event. Only an event that is no HTTP request is an error.
pub(crate) async fn invoke(
    app: &App,
    event: Result<(Shape, Incoming), NotHttp>,
    context: lambda_runtime::Context,
) -> Result<Box<RawValue>, Diagnostic> {
    let request_id = context.request_id.clone();
    let (shape, incoming) = event
        .map_err(|error| Diagnostic { error_type: "Wharf.NotHttp".to_owned(), error_message: error.to_string() })?;
    // A handler's panic is caught where it runs. This one would be ours, and its text must not reach the client either.
    let answer = AssertUnwindSafe(app.answer(incoming, context)).catch_unwind().await.unwrap_or_else(|payload| {
        let text = log::noted_panic(&*payload);
        tracing::error!(request_id, route = app.only_pattern().map(display), "the adapter panicked: {text}");
        Answer::of_our_failure()
    });
    let failure = match event::reply(shape, &answer) {
        Ok(reply) if reply.get().len() <= REPLY_LIMIT => return Ok(reply),
        Ok(reply) => format!(
            "the reply has {} bytes, and Lambda takes {REPLY_LIMIT}: serve it as a file of `public/` or of a bucket, \
             redirect to it, or send it piece by piece (STREAMING)",
            reply.get().len()
        ),
        Err(error) => format!("the reply cannot be written: {error}"),
    };
    tracing::error!(request_id, route = app.only_pattern().map(display), "{failure}; 500 was sent instead");
    event::reply(shape, &Answer::of_our_failure())
        .map_err(|error| Diagnostic { error_type: "Wharf.Reply".to_owned(), error_message: error.to_string() })
}

//! Replies that are sent while they are made, in the streaming response mode of the Runtime API
//! ([AWS](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming)): the
//! status and the headers as a prelude of JSON, eight zeros, and the body.
//!
//! `lambda_runtime` has this mode, but writes an error in mid-stream into the body, text and all, and ends as if nothing
//! had happened. Here the body ends with the trailers that tell Lambda of it.

mod pieces;

use std::{convert::Infallible, panic::AssertUnwindSafe, pin::Pin, sync::Arc, task};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, future::Either, stream};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request,
    header::{CONTENT_TYPE, TRAILER, TRANSFER_ENCODING},
};
use http_body::Frame;
use http_body_util::StreamBody;
use hyper_util::client::legacy::connect::HttpConnector;
use lambda_runtime::{Context, Error, LambdaInvocation, Service, streaming::Body};
use lambda_runtime_api_client::{PooledClient, build_request};

use crate::{
    app::{App, answer::Answer},
    event::{self, Incoming},
    host::log,
};

pub(crate) use pieces::{BrokenOff, Pieces, Rest};

/// What ends the prelude.
const SEPARATOR: [u8; 8] = [0; 8];

const RESPONSE_MODE: HeaderName = HeaderName::from_static("lambda-runtime-function-response-mode");
const INVOCATION_ID: HeaderName = HeaderName::from_static("lambda-runtime-invocation-id");
const ERROR_TYPE: HeaderName = HeaderName::from_static("lambda-runtime-function-error-type");
const ERROR_BODY: HeaderName = HeaderName::from_static("lambda-runtime-function-error-body");

/// Answers in pieces what may be answered so, and leaves everything else to the service that replies whole.
pub(crate) struct Streaming<S> {
    whole: S,
    /// `None` when this function never streams.
    streams: Option<(Arc<App>, Arc<PooledClient>)>,
}

impl<S> Streaming<S> {
    pub(crate) fn new(whole: S, app: &Arc<App>, takes_pieces: bool) -> Self {
        let streams = (app.streams() && takes_pieces).then(|| (Arc::clone(app), Arc::new(client())));
        Self { whole, streams }
    }
}

impl<S: Service<LambdaInvocation, Response = (), Error = Error>> Service<LambdaInvocation> for Streaming<S> {
    type Response = ();
    type Error = Error;
    type Future = Either<S::Future, Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>>;

    fn poll_ready(&mut self, context: &mut task::Context<'_>) -> task::Poll<Result<(), Error>> {
        self.whole.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let Some((app, client)) = &self.streams else { return Either::Left(self.whole.call(invocation)) };
        match incoming(&invocation) {
            None => Either::Left(self.whole.call(invocation)),
            Some(incoming) => Either::Right(Box::pin(stream(
                Arc::clone(app),
                Arc::clone(client),
                incoming,
                invocation.context,
                invocation.parts.headers,
            ))),
        }
    }
}

/// A client that sends each piece at once: by default TCP holds a small one back until the one before it is
/// acknowledged, which was measured to take 40 ms.
fn client() -> PooledClient {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    PooledClient::builder().with_connector(connector).with_pool_size(1).build()
}

/// The request, when its reply is taken in pieces.
fn incoming(invocation: &LambdaInvocation) -> Option<Incoming> {
    let event = str::from_utf8(&invocation.body).ok()?;
    let (shape, incoming) = event::read(event).ok()?;
    event::takes_pieces(shape, &incoming).then_some(incoming)
}

async fn stream(
    app: Arc<App>,
    client: Arc<PooledClient>,
    incoming: Incoming,
    context: Context,
    headers: HeaderMap,
) -> Result<(), Error> {
    let request_id = context.request_id.clone();
    let (prelude, pieces) = begin(&app, incoming, context).await?;
    let request = post(&request_id, headers.get(INVOCATION_ID), body(prelude, pieces))?;
    let response = client.call(request).await?;
    if !response.status().is_success() {
        tracing::error!(
            target: "wharf",
            request_id,
            status = response.status().as_u16(),
            "Lambda refused a streamed reply"
        );
    }
    Ok(())
}

/// The prelude of an answer, and what comes after it.
pub(crate) async fn begin(
    app: &App,
    incoming: Incoming,
    context: Context,
) -> Result<(Bytes, Option<Pieces>), serde_json::Error> {
    let request_id = context.request_id.clone();
    // A handler's panic is caught where it runs. This one would be ours, and its text must not reach the client either.
    let begun = AssertUnwindSafe(app.stream(incoming, context)).catch_unwind().await;
    let (answer, pieces) = begun.map_or_else(
        |payload| {
            let text = log::noted_panic(&*payload);
            tracing::error!(request_id, route = app.only_pattern().map(display), "the adapter panicked: {text}");
            (Answer::of_our_failure(), None)
        },
        |(answer, pieces)| (answer, Some(pieces)),
    );
    Ok((event::prelude(&answer)?, pieces))
}

/// Emulators read the prelude from the first chunk and the separator from the second, so each is a frame of its own.
fn body(prelude: Bytes, pieces: Option<Pieces>) -> Body {
    let head = stream::iter([prelude, Bytes::from_static(&SEPARATOR)]).map(Frame::data);
    let pieces = stream::iter(pieces).flatten().map(|piece| match piece {
        Ok(piece) => Frame::data(piece),
        Err(BrokenOff) => Frame::trailers(error_trailers()),
    });
    Body::new(StreamBody::new(head.chain(pieces).map(Ok::<_, Infallible>)))
}

/// Whoever invokes the function directly is told them, so they say no more than that there was an error.
fn error_trailers() -> HeaderMap {
    const KIND: &str = "Wharf.BrokenOff";
    let error =
        format!(r#"{{"errorType":"{KIND}","errorMessage":"the log of the function says why the body broke off"}}"#);
    let mut trailers = HeaderMap::new();
    trailers.insert(ERROR_TYPE, HeaderValue::from_static(KIND));
    if let Ok(error) = HeaderValue::try_from(STANDARD.encode(error)) {
        trailers.insert(ERROR_BODY, error);
    }
    trailers
}

fn post(request_id: &str, invocation_id: Option<&HeaderValue>, body: Body) -> Result<Request<Body>, http::Error> {
    let mut request = build_request()
        .method(Method::POST)
        .uri(format!("/2018-06-01/runtime/invocation/{request_id}/response"))
        .header(TRANSFER_ENCODING, "chunked")
        .header(TRAILER, ERROR_TYPE.as_str())
        .header(TRAILER, ERROR_BODY.as_str())
        .header(RESPONSE_MODE, "streaming")
        .header(CONTENT_TYPE, "application/vnd.awslambda.http-integration-response");
    if let Some(id) = invocation_id {
        // It proves to Lambda that the reply belongs to this invocation.
        request = request.header(INVOCATION_ID, id);
    }
    request.body(body)
}

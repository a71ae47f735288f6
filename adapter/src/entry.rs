//! What generated code calls: a route's description, and the two programs that are made of it.
//!
//! Everything behind [`Route`] is not generic, so that a further binary costs nothing to compile.

use std::{collections::BTreeSet, future::Future, panic::AssertUnwindSafe, pin::Pin, process::ExitCode, sync::Arc};

use axum::{
    handler::Handler,
    routing::{MethodFilter, MethodRouter},
};
use futures_util::{FutureExt, future::BoxFuture};
use lambda_runtime::{Diagnostic, Error, LambdaEvent, Runtime as LambdaRuntime, service_fn, tower::layer::layer_fn};
use serde_json::value::RawValue;

use crate::{
    answer::Answer,
    app::App,
    collected::REPLY_LIMIT,
    config::{Dynamic, FetchCache, PreferredRegion, Revalidate, Runtime, SegmentConfig},
    deadline::{self, Watching},
    event::{self, Incoming, NotHttp, Shape},
    executor,
    frozen_file::FrozenFile,
    init_error, log,
    method::Method,
    pattern::{Params, Pattern},
    settings::Settings,
    static_params::{IntoStaticParams, params_of},
    streaming::Streaming,
};

#[cfg(feature = "revalidate")]
use crate::revalidate::stamp_writer::StampWriter;

pub use crate::evaluate::evaluate;

type Listing = Pin<Box<dyn Future<Output = Result<Vec<Params>, String>> + Send>>;

/// `generate_static_params`, its results read.
pub(crate) type StaticParams = dyn Fn() -> Listing + Send + Sync;

/// One route: its pattern, its handlers and its segment config.
#[must_use]
pub struct Route {
    pub(crate) pattern: Pattern,
    pub(crate) methods: BTreeSet<Method>,
    pub(crate) router: MethodRouter,
    pub(crate) config: SegmentConfig,
    pub(crate) static_params: Option<Arc<StaticParams>>,
    /// What of the route file rustc compiled, of what has a condition.
    pub(crate) compiled: Vec<u32>,
}

macro_rules! handlers {
    ($($name:ident $method:ident $filter:ident,)*) => {
        $(
            #[doc = concat!("Adds the handler for ", stringify!($filter), ".")]
            pub fn $name<H: Handler<T, ()>, T: 'static>(self, handler: H) -> Self {
                self.on(Method::$method, MethodFilter::$filter, handler)
            }
        )*
    };
}

impl Route {
    /// A route without handlers.
    ///
    /// # Panics
    ///
    /// When the text is no pattern: generated code holds none but those that the bundler printed.
    pub fn new(pattern: &str) -> Self {
        let pattern = match pattern.parse() {
            Ok(pattern) => pattern,
            Err(error) => panic!("{error}"),
        };
        Self {
            pattern,
            methods: BTreeSet::new(),
            router: MethodRouter::new(),
            config: SegmentConfig::default(),
            static_params: None,
            compiled: Vec::new(),
        }
    }

    handlers! {
        get Get GET,
        post Post POST,
        put Put PUT,
        patch Patch PATCH,
        delete Delete DELETE,
        head Head HEAD,
        options Options OPTIONS,
    }

    fn on<H: Handler<T, ()>, T: 'static>(mut self, method: Method, filter: MethodFilter, handler: H) -> Self {
        self.methods.insert(method);
        self.router = self.router.on(filter, handler);
        self
    }

    /// Notes that rustc compiled the item with this number: what a `cfg` left out is not called.
    pub fn compiled(mut self, item: u32) -> Self {
        self.compiled.push(item);
        self
    }

    /// `DYNAMIC`
    pub fn dynamic(mut self, dynamic: Dynamic) -> Self {
        self.config.dynamic = dynamic;
        self
    }

    /// `DYNAMIC_PARAMS`
    pub fn dynamic_params(mut self, dynamic_params: bool) -> Self {
        self.config.dynamic_params = dynamic_params;
        self
    }

    /// `REVALIDATE`
    pub fn revalidate(mut self, revalidate: impl Into<Revalidate>) -> Self {
        self.config.revalidate = Some(revalidate.into());
        self
    }

    /// `FETCH_CACHE`
    pub fn fetch_cache(mut self, fetch_cache: FetchCache) -> Self {
        self.config.fetch_cache = fetch_cache;
        self
    }

    /// `RUNTIME`
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.config.runtime = runtime;
        self
    }

    /// `PREFERRED_REGION`
    pub fn preferred_region(mut self, preferred_region: impl Into<PreferredRegion>) -> Self {
        self.config.preferred_region = preferred_region.into();
        self
    }

    /// `STREAMING`
    pub fn streaming(mut self, streaming: bool) -> Self {
        self.config.streaming = streaming;
        self
    }

    /// `MAX_DURATION`
    pub fn max_duration(mut self, seconds: u32) -> Self {
        self.config.max_duration = Some(seconds);
        self
    }

    /// `MEMORY`
    pub fn memory(mut self, megabytes: u32) -> Self {
        self.config.memory = Some(megabytes);
        self
    }

    /// `generate_static_params`
    pub fn static_params<F, L, P>(mut self, list: F) -> Self
    where
        F: Fn() -> L + Send + Sync + 'static,
        L: Future<Output = P> + Send + 'static,
        P: IntoStaticParams,
    {
        let pattern = self.pattern.clone();
        self.static_params = Some(Arc::new(move || {
            let (listed, pattern) = (list(), pattern.clone());
            Box::pin(async move {
                let values = listed.await.into_static_params()?;
                values.iter().map(|value| params_of(&pattern, value)).collect()
            })
        }));
        self
    }
}

/// What makes a route's description.
pub(crate) type Constructor = fn() -> Route;

/// Runs routes as one Lambda function, until the environment is shut down.
#[must_use]
pub fn serve(routes: &[Constructor]) -> ExitCode {
    let Some((settings, executor)) = start() else { return ExitCode::FAILURE };
    let gate = match settings.gate {
        Ok(gate) => gate,
        Err(problems) => return refuse_to_start(&executor, "Wharf.Settings", &problems.to_string()),
    };
    let frozen = match settings.task_root.as_deref().map(FrozenFile::open).transpose() {
        Ok(frozen) => frozen.unwrap_or_default(),
        Err(error) => {
            let cause = format!("the frozen answers beside the program cannot be read: {error}");
            return refuse_to_start(&executor, "Wharf.Frozen", &cause);
        }
    };
    let routes = routes.iter().map(|route| route()).collect();
    let app = Arc::new(App::new(routes, gate, frozen));
    run(executor, answer_events(app, !settings.is_sam_local))
}

/// Runs the function that writes what was revalidated to the key-value store of the CDN, until the environment is shut
/// down. It holds no code of the app.
#[must_use]
#[cfg(feature = "revalidate")]
pub fn write_stamps() -> ExitCode {
    let Some((_, executor)) = start() else { return ExitCode::FAILURE };
    let store = match crate::settings::KeyValueStore::from_env() {
        Ok(store) => store,
        Err(cause) => return refuse_to_start(&executor, "Wharf.Settings", &cause),
    };
    let writer = Arc::new(StampWriter::new(store));
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let writer = Arc::clone(&writer);
        async move {
            writer.write(event.payload.get()).await.map_err(|error| Diagnostic {
                error_type: "Wharf.NotABatch".to_owned(),
                error_message: error.to_string(),
            })
        }
    });
    run(executor, Box::pin(LambdaRuntime::new(service).run()))
}

/// Without the feature `revalidate` nobody sends it anything.
#[must_use]
#[cfg(not(feature = "revalidate"))]
pub fn write_stamps() -> ExitCode {
    let Some((_, executor)) = start() else { return ExitCode::FAILURE };
    refuse_to_start(&executor, "Wharf.Settings", "the feature `revalidate` of the crate `wharf` is off")
}

/// Starts the log and the threads; `None`, and a line in the log, when this is no Lambda function.
fn start() -> Option<(Settings, tokio::runtime::Runtime)> {
    let settings = Settings::from_env();
    log::start(settings.log_format, settings.log_filter.as_deref());
    if !settings.missing.is_empty() {
        tracing::error!(
            "this program is a Lambda function and is started by Lambda: {} is not set or not valid. To run it here, \
             use `cargo lambda watch --manifest-path target/bundle/package/Cargo.toml`",
            settings.missing.join(", ")
        );
        return None;
    }
    log::catch_panics();
    match executor::start().and_then(|executor| deadline::start_watch().map(|()| executor)) {
        Ok(executor) => Some((settings, executor)),
        Err(error) => {
            tracing::error!("a thread cannot be started: {error}");
            None
        }
    }
}

/// Says why in the log and to Lambda, which then ends the environment.
fn refuse_to_start(executor: &tokio::runtime::Runtime, error_type: &'static str, cause: &str) -> ExitCode {
    tracing::error!(target: "wharf", "the function refuses to start: {cause}");
    if let Err(error) = executor.block_on(init_error::report(error_type, cause)) {
        tracing::warn!(target: "wharf", "Lambda could not be told so: {error}");
    }
    ExitCode::FAILURE
}

fn run(executor: tokio::runtime::Runtime, events: BoxFuture<'static, Result<(), Error>>) -> ExitCode {
    // As a task of the worker, so that nothing is handed from thread to thread.
    let ended = executor.block_on(executor.spawn(log::noting_panics(events)));
    // A task that a handler left behind must not keep the program from ending.
    executor.shutdown_background();
    match ended.map_err(|error| error.to_string()).flatten() {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(error)) => tracing::error!("the connection to Lambda failed: {error}"),
        Err(panic) if panic.contains("missing lambda-runtime-") => {
            tracing::error!(
                "Lambda's answer to the question for the next event holds none: the environment is at its end"
            );
        }
        Err(panic) => tracing::error!("the loop over events panicked: {panic}"),
    }
    ExitCode::FAILURE
}

fn answer_events(app: Arc<App>, takes_pieces: bool) -> BoxFuture<'static, Result<(), Error>> {
    let whole = Arc::clone(&app);
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let app = Arc::clone(&whole);
        async move {
            // The text goes before the handler runs: of a large request it is as large once more.
            let read = event::read(event.payload.get());
            drop(event.payload);
            invoke(&app, read, event.context).await
        }
    });
    let pieces = layer_fn(move |whole| Streaming::new(whole, &app, takes_pieces));
    Box::pin(async move { LambdaRuntime::new(service).layer(pieces).layer(layer_fn(Watching)).run().await })
}

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

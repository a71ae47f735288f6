//! An app as one Lambda function: the loop over the Runtime API.

mod init_error;
pub(crate) mod streaming;

use std::{process::ExitCode, sync::Arc};

use futures_util::future::BoxFuture;
use lambda_runtime::{Error, LambdaEvent, Runtime as LambdaRuntime, service_fn, tower::layer::layer_fn};
use serde_json::value::RawValue;

use self::streaming::Streaming;
use crate::{
    app::{
        App,
        deadline::{self, Watching},
        frozen_file::FrozenFile,
        route::Constructor,
    },
    event,
    host::{executor, invoke::invoke, log, settings::Settings},
};

#[cfg(feature = "revalidate")]
use crate::revalidate::stamp_writer::StampWriter;
#[cfg(feature = "revalidate")]
use lambda_runtime::Diagnostic;

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
    let store = match crate::host::settings::KeyValueStore::from_env() {
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

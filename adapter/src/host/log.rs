//! The log: one line a request, JSON in Lambda and text elsewhere, and what a panic says.

use std::{
    any::Any,
    borrow::Cow,
    panic::{AssertUnwindSafe, PanicHookInfo},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use futures_util::FutureExt;
use http::StatusCode;
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    fmt::{self, FmtContext, FormatEvent, FormatFields, format::Writer},
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::{
    contract::pattern::Pattern,
    event::Incoming,
    handler::scope::{Scope, lock},
    host::settings::LogFormat,
};

/// Starts the log, unless the program has one.
///
/// A filter that cannot be read counts as `info`, as the log then says.
pub(crate) fn start(format: LogFormat, filter: Option<&str>) {
    let read = filter.unwrap_or("info").parse::<Targets>();
    let problem = read.as_ref().err().map(ToString::to_string);
    let filter = read.unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO));
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let lines = match format {
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(false);
            lines.map_event_format(|lines| WithRequestId { lines, format }).boxed()
        }
        LogFormat::Text => lines.map_event_format(|lines| WithRequestId { lines, format }).boxed(),
    };
    // A program with a subscriber of its own keeps it.
    let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).try_init();
    if let Some(problem) = problem {
        tracing::warn!(target: "wharf", "the filter of the log cannot be read, and `info` counts: {problem}");
    }
}

/// What a handler logs, and what is logged below it, carries the id of its request.
struct WithRequestId<F> {
    lines: F,
    format: LogFormat,
}

impl<S, N, F> FormatEvent<S, N> for WithRequestId<F>
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    N: for<'w> FormatFields<'w> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, spans: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> std::fmt::Result {
        let scope = Scope::current();
        let Some(request_id) = scope.as_ref().and_then(|scope| scope.request_id.as_deref()) else {
            return self.lines.format_event(spans, out, event);
        };
        let mut line = String::new();
        self.lines.format_event(spans, Writer::new(&mut line), event)?;
        match (self.format, line.strip_prefix('{')) {
            (LogFormat::Json, Some(fields)) => {
                let request_id = serde_json::Value::from(request_id);
                write!(out, "{{\"request_id\":{request_id},{fields}")
            }
            _ => writeln!(out, "{} request_id={request_id}", line.trim_end()),
        }
    }
}

/// A request that came in. Its line is written when it has been answered.
pub(crate) struct Asked {
    pub(crate) request_id: String,
    trace_id: Option<String>,
    method: String,
    path: String,
    cold_start: bool,
    started: Instant,
}

impl Asked {
    pub(crate) fn new(incoming: &Incoming, context: &lambda_runtime::Context) -> Self {
        static WARM: AtomicBool = AtomicBool::new(false);
        Self {
            request_id: context.request_id.clone(),
            trace_id: context.xray_trace_id.clone(),
            method: incoming.method.clone(),
            path: incoming.path.clone(),
            cold_start: !WARM.swap(true, Ordering::Relaxed),
            started: Instant::now(),
        }
    }

    /// The line of an answer that was complete: an error when it is a 500, a warning when it was refused with a cause.
    pub(crate) fn answered(&self, route: Option<&Pattern>, status: StatusCode, cause: Option<&str>) {
        self.write(route, status, cause, status.is_server_error());
    }

    /// The line of an answer whose body broke off, which is an error whatever its status says.
    pub(crate) fn broke_off(&self, route: Option<&Pattern>, status: StatusCode, cause: &str) {
        self.write(route, status, Some(cause), true);
    }

    fn write(&self, route: Option<&Pattern>, status: StatusCode, cause: Option<&str>, is_error: bool) {
        let Asked { request_id, trace_id, method, path, cold_start, started } = self;
        let duration_ms = (started.elapsed().as_secs_f64() * 1e5).round() / 100.0;
        let status = status.as_u16();
        let (method, path, shown_cause) = (shortened(method), shortened(path), cause.map(shortened));
        let (method, path, cause) = (method.as_ref(), path.as_ref(), shown_cause.as_deref());
        macro_rules! log {
            ($level:ident) => {
                tracing::$level!(
                    target: "wharf",
                    request_id,
                    route = route.map(display),
                    method,
                    path,
                    status,
                    duration_ms,
                    cold_start,
                    trace_id,
                    cause,
                    "request"
                )
            };
        }
        match (is_error, cause) {
            (true, _) => log!(error),
            (false, Some(_)) => log!(warn),
            (false, None) => log!(info),
        }
    }
}

/// The longest text in a line. Clients choose some of them, and Lambda cuts a line of more than 256 KB
/// ([AWS](https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html)).
const LONGEST: usize = 8 * 1024;

fn shortened(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST {
        return Cow::Borrowed(text);
    }
    let end = text.floor_char_boundary(LONGEST);
    Cow::Owned(format!("{}… ({} bytes)", &text[..end], text.len()))
}

tokio::task_local! {
    /// What the panic hook saw in the loop over events, outside of any handler.
    static NOTED: Arc<Mutex<Option<String>>>;
}

/// Runs the loop over events; a panic of it is the error, and is not in the log yet.
pub(crate) async fn noting_panics<F: Future>(events: F) -> Result<F::Output, String> {
    let events = NOTED.scope(Arc::default(), async {
        AssertUnwindSafe(events).catch_unwind().await.map_err(|payload| noted_panic(&*payload))
    });
    events.await
}

/// What a panic that was caught in the loop over events says.
pub(crate) fn noted_panic(payload: &(dyn Any + Send)) -> String {
    let noted = NOTED.try_with(|noted| lock(noted).take()).ok().flatten();
    noted.unwrap_or_else(|| panic_message(payload).to_owned())
}

/// Sends panics to the log: those of a handler with its request, others on their own.
pub(crate) fn catch_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let text = describe(panic);
        match Scope::current() {
            Some(scope) => scope.note_panic(text),
            None if NOTED.try_with(|noted| *lock(noted) = Some(text.clone())).is_ok() => {}
            None => tracing::error!(target: "wharf", "outside a request: {text}"),
        }
    }));
}

fn describe(panic: &PanicHookInfo<'_>) -> String {
    let message = panic_message(panic.payload());
    match panic.location() {
        Some(location) => format!("panicked at {location}: {message}"),
        None => format!("panicked: {message}"),
    }
}

pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("a value that is no text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shortened("short"), "short");
        let long = shortened(&"€".repeat(LONGEST)).into_owned();
        assert!(long.ends_with("€… (24576 bytes)") && long.len() < LONGEST + 30, "{}", long.len());
    }
}

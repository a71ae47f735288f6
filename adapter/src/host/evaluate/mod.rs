//! The program that runs on the build host: evaluates routes, and reports what came of them.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Write},
    num::NonZero,
    path::Path,
    process::ExitCode,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::{
    runtime::{Handle, Runtime},
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};

use crate::{
    app::{
        cache_control,
        endpoint::{Delivery, Endpoint, Ran},
        route::{Constructor, Route, StaticParams},
    },
    contract::{
        config::{Dynamic, Revalidate, SegmentConfig},
        method::Method,
        pattern::Params,
        report::{AssignedRoute, Assignment, Evaluated, GetReport, NotRun, Outcome, ReportLine, RouteReport, Takes},
    },
    handler::scope::{Scope, lock},
    host::{executor, log, settings::Settings},
};

/// How many handlers run at the same time for each core, of all routes together. Most of them wait for something else
/// than the processor; Next.js has the same number a worker (`staticGenerationMaxConcurrency`).
const RUNS_A_CORE: usize = 8;

/// The most of them, whatever the number of cores: each has threads and file descriptors of its own.
const MOST_RUNS: usize = 128;

/// Evaluates the routes that the assignment names. Its arguments are the paths of the assignment and of the report.
///
/// Handlers that fail are no failure of the program: the report says so.
#[must_use]
pub fn evaluate(routes: &[(&str, Constructor)]) -> ExitCode {
    let settings = Settings::from_env();
    log::start(settings.log_format, settings.log_filter.as_deref());
    log::catch_panics();
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [assignment, report] = arguments.as_slice() else {
        tracing::error!("two arguments are needed: the path of the assignment and that of the report");
        return ExitCode::FAILURE;
    };
    match evaluate_to(routes, Path::new(assignment), Path::new(report)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("the routes cannot be evaluated: {error}");
            ExitCode::FAILURE
        }
    }
}

fn evaluate_to(routes: &[(&str, Constructor)], assignment: &Path, report: &Path) -> io::Result<()> {
    let assignment: Assignment = serde_json::from_slice(&std::fs::read(assignment)?)?;
    let report = File::options().create(true).append(true).open(report)?;
    // Only the evaluator runs here, so that no handler can keep it from looking at the time.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let at_once = if assignment.one_at_a_time { 1 } else { (RUNS_A_CORE * cores).min(MOST_RUNS) };
    let evaluator = Arc::new(Evaluator {
        limits: Limits { time: Duration::from_secs(assignment.time_limit_seconds), tries: assignment.tries.max(1) },
        at_once,
        permits: Semaphore::new(at_once),
        slots: Mutex::default(),
        report: Mutex::new(report),
    });
    let mut jobs = Vec::new();
    for assigned in assignment.routes {
        let constructor = routes.iter().find(|(name, _)| *name == assigned.route).map(|(_, route)| *route);
        let constructor = constructor.ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotFound, format!("the route `{}` is not in this program", assigned.route))
        })?;
        jobs.push((assigned, constructor));
    }
    runtime.block_on(work_off(&evaluator, jobs))?;
    evaluator.write(&ReportLine::Done)
}

async fn work_off(evaluator: &Arc<Evaluator>, jobs: Vec<(AssignedRoute, Constructor)>) -> io::Result<()> {
    let mut routes = JoinSet::new();
    for (assigned, constructor) in jobs {
        let evaluator = Arc::clone(evaluator);
        routes.spawn(async move { evaluator.route(assigned, constructor()).await });
    }
    while let Some(done) = routes.join_next().await {
        done.map_err(io::Error::other)??;
    }
    Ok(())
}

/// How much longer than its limit a run is waited for, before it counts as blocked.
const PATIENCE: Duration = Duration::from_millis(500);

/// What is said of a run that blocked its thread.
const BLOCKED: &str = ", and it blocks its thread: by a loop that does not end, a deadlock, or a wait that is no \
                       `.await`, as `std::thread::sleep` or `block_on`";

/// What makes a future to be run in a scope, once for each try.
trait Start<F>: Fn(Arc<Scope>) -> F + Clone + Send + 'static {}

impl<F, S: Fn(Arc<Scope>) -> F + Clone + Send + 'static> Start<F> for S {}

/// What a handler runs on, alone, as in a function. One that took too long is left with its slot.
struct Slot {
    handle: Handle,
    executor: Option<Runtime>,
}

impl Slot {
    fn new(executor: Runtime) -> Self {
        Self { handle: executor.handle().clone(), executor: Some(executor) }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(executor) = self.executor.take() {
            // It is not waited for: a handler in it may never end.
            executor.shutdown_background();
        }
    }
}

struct Limits {
    time: Duration,
    tries: u32,
}

struct Evaluator {
    limits: Limits,
    /// How many handlers run at the same time, of all routes together.
    at_once: usize,
    permits: Semaphore,
    /// Those that are idle.
    slots: Mutex<Vec<Slot>>,
    report: Mutex<File>,
}

impl Evaluator {
    async fn route(&self, assigned: AssignedRoute, route: Route) -> io::Result<()> {
        let why_not = why_not_run(&assigned, &route);
        // Without a run, the list is needed all the same where it says which params there are.
        let listed = match &route.static_params {
            Some(list) if why_not.is_none() || !route.config.dynamic_params => {
                let begun = ReportLine::Begun { route: assigned.route.clone(), params: None };
                self.listed(&begun, Arc::clone(list), &Arc::new(route.config.clone())).await.map(Some)
            }
            _ => Ok(None),
        };
        let (listed, get) = match (listed, why_not) {
            (Err(text), _) => (None, GetReport::StaticParamsFailed(text)),
            (Ok(listed), Some(reason)) => (listed, GetReport::NotRun(reason)),
            (Ok(listed), None) => (listed, GetReport::Evaluated(Vec::new())),
        };
        let params = match get {
            GetReport::Evaluated(_) => listed.clone().unwrap_or_else(|| vec![Params::EMPTY]),
            GetReport::NotRun(_) | GetReport::StaticParamsFailed(_) => Vec::new(),
        };
        let name = assigned.route;
        let (config, compiled) = (route.config.clone(), route.compiled.clone());
        self.write(&ReportLine::Route(RouteReport { route: name.clone(), config, compiled, listed, get }))?;
        let endpoint = &Arc::new(Endpoint::new(route, None, Arc::default()));
        let name = &name;
        stream::iter(params)
            .map(async move |params| {
                let outcome = self.outcome(name, endpoint, &params).await;
                self.write(&ReportLine::Run { route: name.clone(), evaluated: Evaluated { params, outcome } })
            })
            .buffer_unordered(self.at_once)
            .try_collect()
            .await
    }

    /// The params that there are, each once, in the order that they were listed in.
    async fn listed(
        &self,
        begun: &ReportLine,
        list: Arc<StaticParams>,
        config: &Arc<SegmentConfig>,
    ) -> Result<Vec<Params>, String> {
        let listed = self.limited(begun, config, move |scope| {
            let list = Arc::clone(&list);
            scope.enter(async move { list().await })
        });
        let mut seen = BTreeSet::new();
        Ok(listed.await??.into_iter().filter(|params| seen.insert(params.clone())).collect())
    }

    async fn outcome(&self, route: &str, endpoint: &Arc<Endpoint>, params: &Params) -> Outcome {
        if endpoint.empty_request(params).is_none() {
            return Outcome::Failed(format!("the params {params} do not fill the pattern {}", endpoint.pattern));
        }
        let begun = ReportLine::Begun { route: route.to_owned(), params: Some(params.clone()) };
        let (config, endpoint, params) = (Arc::clone(&endpoint.config), Arc::clone(endpoint), params.clone());
        let ran = self.limited(&begun, &config, move |scope| {
            let (endpoint, params) = (Arc::clone(&endpoint), params.clone());
            async move {
                let request = endpoint.empty_request(&params).unwrap_or_default();
                let ran = endpoint.run_in(request, &scope, Delivery::Whole).await;
                (ran, scope.touched().cloned())
            }
        });
        match ran.await {
            Err(text) => Outcome::Failed(text),
            Ok((_, Some(touch))) => Outcome::Touched(touch),
            Ok((ran, None)) => outcome_of(ran, config.dynamic),
        }
    }

    /// Runs a future in a slot, so that one that blocks can be given up too; again when it took too long.
    async fn limited<T, F>(
        &self,
        begun: &ReportLine,
        config: &Arc<SegmentConfig>,
        start: impl Start<F>,
    ) -> Result<T, String>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let Limits { time, tries } = self.limits;
        // The semaphore is never closed; without a permit it would only run a little more at once.
        let _permit = self.permits.acquire().await;
        self.write(begun).map_err(|error| format!("the report cannot be written: {error}"))?;
        let mut is_blocked = false;
        for _ in 0..tries {
            let slot = self.slot().map_err(|error| format!("a thread cannot be started: {error}"))?;
            let scope = Scope::evaluating(Arc::clone(config));
            let (start, inner) = (start.clone(), Arc::clone(&scope));
            let run = slot.handle.spawn(async move { timeout(time, async move { start(inner).await }).await });
            match timeout(time + PATIENCE, run).await {
                Ok(Ok(Ok(value))) => {
                    lock(&self.slots).push(slot);
                    return Ok(value);
                }
                Ok(Ok(Err(_))) => is_blocked = false,
                Err(_) => is_blocked = true,
                Ok(Err(_)) => return Err(scope.take_panic().unwrap_or_else(|| "panicked".to_owned())),
            }
        }
        let times = if tries == 1 { String::new() } else { format!(", {tries} times") };
        let blocked = if is_blocked { BLOCKED } else { "" };
        Err(format!("it took longer than {} s{times}{blocked}", time.as_secs()))
    }

    /// One that is idle, or else a new one.
    fn slot(&self) -> io::Result<Slot> {
        let idle = lock(&self.slots).pop();
        idle.map_or_else(|| executor::start().map(Slot::new), Ok)
    }

    /// One line, written whole, so that a reader of a program that was killed sees only whole ones before the last.
    fn write(&self, line: &ReportLine) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        lock(&self.report).write_all(&text)
    }
}

fn outcome_of(ran: Ran, dynamic: Dynamic) -> Outcome {
    let status = ran.answer.status.as_u16();
    match ran.cause {
        Some(cause) if ran.failed => Outcome::Failed(cause),
        _ if status >= 400 && status != 404 => Outcome::Refused(status),
        _ => match cache_control::personal_vary(&ran.answer.headers) {
            Some(name) if dynamic != Dynamic::ForceStatic => Outcome::Varies(name.to_owned()),
            _ => Outcome::Frozen(ran.answer.freeze(ran.lifetime)),
        },
    }
}

fn why_not_run(assigned: &AssignedRoute, route: &Route) -> Option<NotRun> {
    let config = &route.config;
    let compiled = route.compiled.iter().find_map(|item| assigned.get_if_compiled.get(item));
    match compiled.copied().or(assigned.get) {
        None => Some(NotRun::NoGet),
        Some(_) if !route.methods.contains(&Method::Get) => Some(NotRun::NoGet),
        Some(_) if config.dynamic == Dynamic::ForceDynamic => Some(NotRun::ForceDynamic),
        Some(_) if config.streaming => Some(NotRun::Streaming),
        Some(_) if config.revalidate == Some(Revalidate::After(0)) => Some(NotRun::RevalidateZero),
        Some(Takes::Request) if config.dynamic != Dynamic::ForceStatic => Some(NotRun::TakesRequest),
        Some(_) if !route.pattern.is_static() && route.static_params.is_none() => Some(NotRun::NoStaticParams),
        Some(_) if assigned.needs_opt_in && !opts_in(route) => Some(NotRun::NotOptedIn),
        Some(_) => None,
    }
}

/// What makes a GET static in Next.js 15, where it is dynamic otherwise.
fn opts_in(route: &Route) -> bool {
    let config = &route.config;
    matches!(config.dynamic, Dynamic::ForceStatic | Dynamic::Error)
        || config.revalidate.is_some()
        || route.static_params.is_some()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const DYNAMICS: [Dynamic; 4] = [Dynamic::Auto, Dynamic::Error, Dynamic::ForceStatic, Dynamic::ForceDynamic];

    fn revalidates() -> [Option<Revalidate>; 4] {
        [None, Some(Revalidate::Never), Some(Revalidate::After(60)), Some(Revalidate::After(0))]
    }

    /// A route without params, or one with a list of them or without.
    fn patterns() -> [(&'static str, bool); 3] {
        [("/a", false), ("/[a]", true), ("/[a]", false)]
    }

    fn decision(dynamic: Dynamic, revalidate: Option<Revalidate>, takes: Takes, needs_opt_in: bool) -> [String; 3] {
        patterns().map(|(pattern, is_listed)| {
            let decide = |dynamic_params| {
                let mut route = Route::new(pattern).dynamic(dynamic).dynamic_params(dynamic_params).get(async || "");
                route.config.revalidate = revalidate;
                if is_listed {
                    route = route.static_params(async || ["1"]);
                }
                let assigned = AssignedRoute {
                    route: String::new(),
                    get: Some(takes),
                    get_if_compiled: BTreeMap::new(),
                    needs_opt_in,
                };
                why_not_run(&assigned, &route).map_or_else(|| "run".to_owned(), |reason| format!("{reason:?}"))
            };
            assert_eq!(decide(true), decide(false), "DYNAMIC_PARAMS says which params there are, not what is static");
            decide(true)
        })
    }

    fn table(needs_opt_in: bool) -> String {
        let mut table = String::new();
        for dynamic in DYNAMICS {
            for revalidate in revalidates() {
                for takes in [Takes::Nothing, Takes::Params, Takes::Request] {
                    let decisions = decision(dynamic, revalidate, takes, needs_opt_in);
                    let revalidate = match revalidate {
                        None => "-".to_owned(),
                        Some(Revalidate::Never) => "false".to_owned(),
                        Some(Revalidate::After(seconds)) => seconds.to_string(),
                    };
                    table.push_str(&format!("{dynamic:?} {revalidate} {takes:?}: {}\n", decisions.join(" ")));
                }
            }
        }
        table
    }

    /// `DYNAMIC`, `REVALIDATE`, what the signature takes; then what becomes of it without params, with listed ones, and
    /// with others.
    #[test]
    fn every_config_with_every_signature_is_decided() {
        let by_signature = "\
Auto - Nothing: run run NoStaticParams
Auto - Params: run run NoStaticParams
Auto - Request: TakesRequest TakesRequest TakesRequest
Auto false Nothing: run run NoStaticParams
Auto false Params: run run NoStaticParams
Auto false Request: TakesRequest TakesRequest TakesRequest
Auto 60 Nothing: run run NoStaticParams
Auto 60 Params: run run NoStaticParams
Auto 60 Request: TakesRequest TakesRequest TakesRequest
Auto 0 Nothing: RevalidateZero RevalidateZero RevalidateZero
Auto 0 Params: RevalidateZero RevalidateZero RevalidateZero
Auto 0 Request: RevalidateZero RevalidateZero RevalidateZero
";
        let forced = by_signature.replace("Auto", "ForceStatic");
        let forced = forced.replace("TakesRequest TakesRequest TakesRequest", "run run NoStaticParams");
        let never: String = by_signature
            .replace("Auto", "ForceDynamic")
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(left, _)| format!("{left}: ForceDynamic ForceDynamic ForceDynamic\n"))
            .collect();
        let expected = [by_signature, &by_signature.replace("Auto", "Error"), &forced, &never].concat();
        assert_eq!(table(false), expected);
        // A file that says nothing, and lists nothing, is the only one that does not opt in.
        let opting_in = expected
            .replace("Auto - Nothing: run run", "Auto - Nothing: NotOptedIn run")
            .replace("Auto - Params: run run", "Auto - Params: NotOptedIn run");
        assert_eq!(table(true), opting_in);
    }
}

//! The program that runs on the build host: evaluates routes, and reports what came of them.

use std::{
    collections::{BTreeSet, VecDeque},
    fs::File,
    io::{self, Write},
    num::NonZero,
    panic::resume_unwind,
    path::Path,
    process::ExitCode,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use tokio::{runtime::Handle, sync::Semaphore};

use crate::{
    app::{App, Delivery, Ran},
    config::{Dynamic, Revalidate},
    entry::Route,
    event::Gate,
    log,
    method::Method,
    pattern::Params,
    report::{AssignedRoute, Assignment, Evaluated, GetReport, NotRun, Outcome, RouteReport, Takes},
    scope::{Run, Scope, lock},
    settings::Settings,
};

/// What makes a route's description.
type Constructor = fn() -> Route;

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
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let limits = Limits { time: Duration::from_secs(assignment.time_limit_seconds), tries: assignment.tries.max(1) };
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
    let evaluator = Evaluator { handle: runtime.handle().clone(), limits, workers, permits: Semaphore::new(workers) };

    let mut jobs = VecDeque::new();
    for assigned in assignment.routes {
        let constructor = routes.iter().find(|(function, _)| *function == assigned.function).map(|(_, route)| *route);
        let constructor = constructor.ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotFound,
                format!("the function `{}` is not in this program", assigned.function),
            )
        })?;
        jobs.push_back((assigned, constructor));
    }
    let result = evaluator.work_off(jobs, &report);
    // A handler that never ends must not keep the program from ending.
    runtime.shutdown_background();
    result
}

struct Limits {
    time: Duration,
    tries: u32,
}

struct Evaluator {
    handle: Handle,
    limits: Limits,
    workers: usize,
    /// How many handlers run at the same time, of all routes together.
    permits: Semaphore,
}

impl Evaluator {
    fn work_off(&self, jobs: VecDeque<(AssignedRoute, Constructor)>, report: &File) -> io::Result<()> {
        let workers = self.workers.min(jobs.len());
        let jobs = Mutex::new(jobs);
        let report = Mutex::new(report);
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..workers)
                .map(|_| {
                    scope.spawn(|| -> io::Result<()> {
                        loop {
                            let Some((assigned, route)) = lock(&jobs).pop_front() else { return Ok(()) };
                            write_line(&report, &self.report(assigned, route()))?;
                        }
                    })
                })
                .collect();
            workers.into_iter().try_for_each(|worker| {
                worker.join().unwrap_or_else(|_| Err(io::Error::other("a worker thread of the evaluation panicked")))
            })
        })
    }

    fn report(&self, assigned: AssignedRoute, mut route: Route) -> RouteReport {
        let config = route.config.clone();
        let get = match why_not_run(&assigned, &route) {
            Some(reason) => GetReport::NotRun(reason),
            None => match self.listed(&mut route) {
                Ok(params) => GetReport::Evaluated(self.evaluate(route, &params)),
                Err(text) => GetReport::StaticParamsFailed(text),
            },
        };
        RouteReport { function: assigned.function, config, get }
    }

    /// The params to evaluate, each once, in the order that they were listed in.
    fn listed(&self, route: &mut Route) -> Result<Vec<Params>, String> {
        if route.pattern.is_static() {
            return Ok(vec![Params::EMPTY]);
        }
        let Some(list) = &route.static_params else { return Ok(Vec::new()) };
        let config = Arc::new(route.config.clone());
        let listed = self.limited(|| {
            let scope = Scope::new(Run::Evaluate, None, http::HeaderMap::new(), Arc::clone(&config));
            let (listing, inner) = (list(), Arc::clone(&scope));
            (scope, async move { inner.enter(listing).await })
        });
        let mut seen = BTreeSet::new();
        Ok(listed??.into_iter().filter(|params| seen.insert(params.clone())).collect())
    }

    fn evaluate(&self, route: Route, params: &[Params]) -> Vec<Evaluated> {
        let app = Arc::new(App::new(route, Gate::default(), None));
        let next = AtomicUsize::new(0);
        let work = || {
            let indices = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
            let indices = indices.take_while(|index| *index < params.len());
            indices.map(|index| (index, self.outcome(&app, &params[index]))).collect::<Vec<_>>()
        };
        let mut outcomes: Vec<_> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..self.workers.min(params.len())).map(|_| scope.spawn(work)).collect();
            workers.into_iter().flat_map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        });
        outcomes.sort_unstable_by_key(|(index, _)| *index);
        params
            .iter()
            .zip(outcomes)
            .map(|(params, (_, outcome))| Evaluated { params: params.clone(), outcome })
            .collect()
    }

    fn outcome(&self, app: &Arc<App>, params: &Params) -> Outcome {
        if app.empty_request(params).is_none() {
            return Outcome::Failed(format!("the params {params} do not fill the pattern {}", app.pattern));
        }
        let ran = self.limited(|| {
            let scope = Scope::new(Run::Evaluate, None, http::HeaderMap::new(), Arc::clone(&app.config));
            let (app, params, inner) = (Arc::clone(app), params.clone(), Arc::clone(&scope));
            let run = async move {
                let request = app.empty_request(&params).unwrap_or_default();
                let ran = app.run_in(request, &inner, Delivery::Whole).await;
                (ran, inner.touched().cloned())
            };
            (scope, run)
        });
        match ran {
            Err(text) => Outcome::Failed(text),
            Ok((_, Some(touch))) => Outcome::Touched(touch),
            Ok((ran, None)) => outcome_of(ran),
        }
    }

    /// Runs a future on a thread of its own, so that one that blocks can be given up too; a second time when it took
    /// too long.
    fn limited<T, F>(&self, start: impl Fn() -> (Arc<Scope>, F)) -> Result<T, String>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let Limits { time, tries } = self.limits;
        // The semaphore is never closed; without a permit it would only run a little more at once.
        let _permit = self.handle.block_on(self.permits.acquire());
        for _ in 0..tries {
            let (scope, future) = start();
            let (sender, receiver) = mpsc::channel();
            let handle = self.handle.clone();
            self.handle.spawn_blocking(move || {
                let result = handle.block_on(async { tokio::time::timeout(time, future).await });
                // Nobody waits any more when it took too long.
                let _ = sender.send(result);
            });
            match receiver.recv_timeout(time + Duration::from_millis(500)) {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(_)) | Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    return Err(scope.take_panic().unwrap_or_else(|| "panicked".to_owned()));
                }
            }
        }
        let times = if tries == 1 { String::new() } else { format!(", {tries} times") };
        Err(format!("it took longer than {} s{times}", time.as_secs()))
    }
}

fn outcome_of(ran: Ran) -> Outcome {
    let status = ran.answer.status.as_u16();
    match ran.cause {
        Some(cause) if ran.failed => Outcome::Failed(cause),
        _ if status >= 400 && status != 404 => Outcome::Refused(status),
        _ => Outcome::Frozen(ran.answer.freeze(ran.lifetime)),
    }
}

fn why_not_run(assigned: &AssignedRoute, route: &Route) -> Option<NotRun> {
    let config = &route.config;
    match assigned.get {
        None => Some(NotRun::NoGet),
        Some(_) if !route.methods.contains(&Method::Get) => Some(NotRun::NoGet),
        Some(_) if config.dynamic == Dynamic::ForceDynamic => Some(NotRun::ForceDynamic),
        Some(_) if config.streaming => Some(NotRun::Streaming),
        Some(_) if config.revalidate == Some(Revalidate::After(0)) => Some(NotRun::RevalidateZero),
        Some(Takes::Request) if config.dynamic != Dynamic::ForceStatic => Some(NotRun::TakesRequest),
        Some(_) if !route.pattern.is_static() && route.static_params.is_none() => Some(NotRun::NoStaticParams),
        Some(_) => None,
    }
}

/// One line, written whole, so that a reader of a program that was killed sees only whole ones before the last.
fn write_line(report: &Mutex<&File>, route: &RouteReport) -> io::Result<()> {
    let mut line = serde_json::to_vec(route)?;
    line.push(b'\n');
    let mut report = *lock(report);
    report.write_all(&line)?;
    report.flush()
}

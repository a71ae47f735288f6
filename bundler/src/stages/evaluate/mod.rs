//! Stage 6: [`Binaries`] → [`Evaluation`]. The app is run once, on the build host, for the answers that need no request.

mod class;
mod metadata_file;
mod report;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::{Command, ExitStatus},
};

use wharf::{
    Method,
    config::{Dynamic, Revalidate, Runtime, SegmentConfig},
    contract::report::{
        AssignedRoute, Assignment, Evaluated, Frozen, GetReport, NotRun, Outcome, RouteReport, Takes, Touch,
    },
    pattern::Params,
};

pub use class::{Class, Location, Reason, ReasonCode};

use report::{Begun, ReadError, ReportFile};

use crate::{
    diagnostic::{self, Code, Diagnostic, Label, Source, failure::Failure, keyless::keyless},
    effects::{command, output, shell::Shell},
    stages::{
        compile::Binaries,
        discover::GetDefault,
        generate::{self, Sources},
        parse::{ConfigName, Item},
        plan::{Function, Plan, Route, RouteName},
    },
    url_path::UrlPath,
};

/// How long one run of a handler may take, in seconds, and how often it is tried; both as `next build` has it.
const TIME_LIMIT_SECONDS: u64 = 60;
const TRIES: u32 = 3;

/// The compiled functions, and what is known of each now that the app has run.
#[derive(Debug)]
pub struct Evaluation {
    /// The compiled functions.
    pub binaries: Binaries,
    /// By name.
    pub routes: BTreeMap<RouteName, EvaluatedRoute>,
}

/// What is known of a route now that the app has run.
#[derive(Debug)]
pub struct EvaluatedRoute {
    /// Its segment config and what came of GET.
    pub report: RouteReport,
    /// Static or dynamic, and why, for each method that has a handler or is derived.
    pub classes: BTreeMap<Method, (Class, Reason)>,
}

impl EvaluatedRoute {
    /// Whether GET is answered from what was made at build time.
    #[must_use]
    pub fn is_static(&self) -> bool {
        self.classes.get(&Method::Get).is_some_and(|(class, _)| *class == Class::Static)
    }

    /// The runs of the GET handler, sorted by params.
    #[must_use]
    pub fn runs(&self) -> Vec<&Evaluated> {
        let GetReport::Evaluated(runs) = &self.report.get else { return Vec::new() };
        let mut runs: Vec<_> = runs.iter().collect();
        runs.sort_by(|left, right| left.params.cmp(&right.params));
        runs
    }

    /// The answers to replay, sorted by params. Empty for a dynamic GET.
    #[must_use]
    pub fn frozen(&self) -> Vec<&Evaluated> {
        let runs = self.runs().into_iter();
        runs.filter(|run| self.is_static() && matches!(run.outcome, Outcome::Frozen(_))).collect()
    }
}

/// Runs the app.
///
/// # Errors
///
/// With a diagnostic for each handler that failed, and for each promise of the segment config that does not hold.
pub fn run(mut binaries: Binaries, shell: &Shell) -> Result<Evaluation, Failure> {
    let assignment = assignment(&binaries.sources.plan);
    let (mut reports, output) = match run_program(&binaries, &assignment, shell)? {
        Ended::Complete { reports, output } => (reports, output),
        Ended::Early(early) => return Err(ended_early(early, &binaries, shell)?),
    };
    keep_what_was_compiled(&mut binaries.sources, &reports);
    let plan = &binaries.sources.plan;
    let mut diagnostics = Vec::new();
    let mut routes = BTreeMap::new();
    for route in &plan.routes {
        let Some(report) = reports.remove(route.name.as_str()) else {
            let message = format!("it said nothing of `{}`", route.file.pattern);
            return Err(Failure::Evaluator { message, output });
        };
        diagnostics.extend(problems(route, &report, plan));
        let classes = class::of(route, &report, &plan.project);
        routes.insert(route.name.clone(), EvaluatedRoute { report, classes });
    }
    diagnostics.extend(plan.functions.iter().filter_map(|function| regions_differ(function, &routes, plan)));
    if diagnostics.is_empty() {
        let warnings: Vec<_> = plan.routes.iter().filter_map(|route| file_not_packed(route, &routes, plan)).collect();
        binaries.sources.plan.warnings.extend(warnings);
        return Ok(Evaluation { binaries, routes });
    }
    diagnostic::sort(&mut diagnostics);
    Err(Failure::Evaluate { diagnostics, output })
}

fn assignment(plan: &Plan) -> Assignment {
    let assigned = |route: &Route| AssignedRoute {
        route: route.name.to_string(),
        get: route.file.handlers.get(&Method::Get).map(|handler| handler.takes),
        get_if_compiled: conditional_gets(route),
        needs_opt_in: plan.project.settings.get == GetDefault::Dynamic && !metadata_file::is_at(&route.file.pattern),
    };
    Assignment {
        routes: plan.routes.iter().map(assigned).collect(),
        time_limit_seconds: TIME_LIMIT_SECONDS,
        tries: TRIES,
        one_at_a_time: false,
    }
}

/// What the GET handlers with a condition take, by their numbers among the items of the route file.
fn conditional_gets(route: &Route) -> BTreeMap<u32, Takes> {
    let items = route.file.items().into_iter().zip(0..);
    items
        .filter_map(|(item, index)| match item {
            Item::Handler(Method::Get, handler) if !handler.conditions.is_empty() => Some((index, handler.takes)),
            _ => None,
        })
        .collect()
}

/// From here on the plan is of what rustc compiled: a handler that a `cfg` left out answers nothing, and a route without
/// any is none.
fn keep_what_was_compiled(sources: &mut Sources, reports: &BTreeMap<String, RouteReport>) {
    let plan = &mut sources.plan;
    for route in &mut plan.routes {
        if let Some(report) = reports.get(route.name.as_str()) {
            route.file.keep(&report.compiled);
        }
    }
    let before = plan.routes.len();
    plan.routes.retain(|route| !route.file.handlers.is_empty());
    if plan.routes.len() < before {
        let routes = &plan.routes;
        plan.functions.retain(|function| routes.iter().any(|route| route.function == function.name));
        sources.bundled_package = generate::bundled_package(plan, &sources.out_dir);
    }
}

/// How the program ended, and what the handlers printed meanwhile.
enum Ended {
    Complete {
        /// By route.
        reports: BTreeMap<String, RouteReport>,
        output: String,
    },
    Early(Early),
}

/// The program ended before it was done.
struct Early {
    status: ExitStatus,
    /// What it was at.
    begun: Vec<Begun>,
    output: String,
}

/// Names the handler that ended the program. Where several ran, they are run again, one at a time.
fn ended_early(first: Early, binaries: &Binaries, shell: &Shell) -> Result<Failure, Failure> {
    let plan = &binaries.sources.plan;
    let mut early = first;
    if early.begun.len() > 1 {
        let mut alone = Assignment { one_at_a_time: true, ..assignment(plan) };
        alone.routes.retain(|assigned| early.begun.iter().any(|begun| begun.route == assigned.route));
        if let Ended::Early(again) = run_program(binaries, &alone, shell)? {
            early = again;
        }
    }
    let Early { status, begun, output } = early;
    if let [begun] = begun.as_slice()
        && let Some(diagnostic) = ended_by(begun, status, plan)
    {
        return Ok(Failure::Evaluate { diagnostics: vec![diagnostic], output });
    }
    let routes: BTreeSet<_> = begun.iter().map(|begun| format!("`{}`", begun.route)).collect();
    let routes: Vec<_> = routes.into_iter().collect();
    let meanwhile = if routes.is_empty() { String::new() } else { format!(", while {} ran", routes.join(" and ")) };
    Ok(Failure::Evaluator { message: format!("{status}{meanwhile}"), output })
}

fn ended_by(begun: &Begun, status: ExitStatus, plan: &Plan) -> Option<Diagnostic> {
    let route = plan.routes.iter().find(|route| route.name.as_str() == begun.route)?;
    let text = "was run on the build host";
    let (code, what, label) = match &begun.params {
        Some(params) => {
            (Code::EvaluationFailed, format!("`GET {}`", shown_path(route, params)), get_label(route, text)?)
        }
        None => {
            let span = route.file.static_params.as_ref()?.span.clone();
            let what = format!("`generate_static_params` of `{}`", route.file.pattern);
            (Code::StaticParamsFailed, what, Label::new(&route.file.source, span, text))
        }
    };
    let help = if status.code().is_some() {
        "return an error instead: a function that ends its process takes its environment with it"
    } else {
        "correct what ended it: an abort, a stack that overflowed, or too little memory; what it printed may say which"
    };
    let message = format!("{what} ended the process while it was evaluated: {status}");
    Some(Diagnostic::new(code, message, label, help))
}

fn run_program(binaries: &Binaries, assignment: &Assignment, shell: &Shell) -> Result<Ended, Failure> {
    let work = &binaries.sources.work;
    let (assignment_path, report_path) = (work.join("assignment.json"), work.join("report.jsonl"));
    let plan = &binaries.sources.plan;
    output::write(&assignment_path, json(assignment).as_bytes())?;
    output::remove_file(&report_path)?;
    let progress = shell.progress("Evaluating");
    let mut program = Command::new(&binaries.runnable);
    program
        .current_dir(&plan.project.root)
        .envs(plan.project.cargo.variables_beside(&plan.options.shell_variables))
        .envs(&plan.variables)
        .arg(&assignment_path)
        .arg(&report_path);
    let mut reports = ReportFile::new(report_path);
    let mut unread = Ok(());
    let finished = command::capture(program, || {
        if unread.is_ok() {
            unread = reports.read(|what| progress.advance(what));
        }
    })?;
    progress.finish();
    let output = keyless(&format!("{}{}", finished.stdout, finished.stderr)).into_owned();
    match unread.and_then(|()| reports.read(|_| ())) {
        Ok(()) if finished.status.success() && reports.is_complete() => {
            Ok(Ended::Complete { reports: reports.into_routes(), output })
        }
        Ok(()) => Ok(Ended::Early(Early { status: finished.status, begun: reports.into_unfinished(), output })),
        Err(ReadError::Io(failure)) => Err(failure),
        Err(ReadError::Line(error)) => {
            let message = format!("its report cannot be read: {error}; is `wharf` of the version of the bundler?");
            Err(Failure::Evaluator { message, output })
        }
    }
}

/// The JSON of a type whose keys are all text.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// What is wrong with one route, now that the app has run.
fn problems(route: &Route, report: &RouteReport, plan: &Plan) -> Vec<Diagnostic> {
    let mut problems = config_problems(route, report);
    match &report.get {
        GetReport::NotRun(reason) => problems.extend(not_run(route, report, *reason)),
        GetReport::StaticParamsFailed(error) => problems.extend(static_params_failed(route, error)),
        GetReport::Evaluated(runs) => {
            problems.extend(runs.iter().filter_map(|run| run_problem(route, report, run, plan)));
        }
    }
    problems
}

/// Values that only rustc could tell.
fn config_problems(route: &Route, report: &RouteReport) -> Vec<Diagnostic> {
    let file = &route.file;
    let label =
        |name: ConfigName| file.config.get(&name).map(|constant| Label::new(&file.source, constant.value.clone(), ""));
    let numbers = [(ConfigName::MaxDuration, report.config.max_duration), (ConfigName::Memory, report.config.memory)];
    let mut problems: Vec<_> = numbers
        .into_iter()
        .filter_map(|(name, value)| crate::stages::parse::out_of_limits(name, value?, label(name)?))
        .collect();
    if report.config.runtime == Runtime::Edge {
        problems.extend(label(ConfigName::Runtime).map(crate::stages::parse::edge_runtime));
    }
    problems.extend(streaming_contradicted(report).and_then(|(name, value)| {
        Some(Diagnostic::new(
            Code::StreamingStatic,
            format!("`{value}` asks for an answer that is kept, and `STREAMING` for one that is sent while it is made"),
            Label { text: "asks for a kept answer".to_owned(), ..label(name)? },
            format!("remove `STREAMING` or `{}`", name.as_str()),
        ))
    }));
    if !report.config.dynamic_params && file.static_params.is_none() && !file.pattern.is_static() {
        problems.extend(label(ConfigName::DynamicParams).map(crate::stages::parse::static_params_missing));
    }
    if let Some(list) = &file.static_params
        && report.config.dynamic_params
        && !file.handlers.contains_key(&Method::Get)
    {
        let label = Label::new(&file.source, list.span.clone(), "there is no GET to evaluate");
        problems.push(crate::stages::parse::static_params_without_get(label));
    }
    problems
}

/// Routes of one function that prefer other regions: it can stand in one place only.
fn regions_differ(
    function: &Function,
    routes: &BTreeMap<RouteName, EvaluatedRoute>,
    plan: &Plan,
) -> Option<Diagnostic> {
    let regions = |route: &Route| &routes[&route.name].report.config.preferred_region.0;
    let mut preferring = plan.routes_of(&function.name).filter(|route| !regions(route).is_empty());
    let first = preferring.next()?;
    let other = preferring.find(|route| regions(route) != regions(first))?;
    let label = |route: &Route| {
        let constant = route.file.config.get(&ConfigName::PreferredRegion)?;
        Some(Label::new(&route.file.source, constant.value.clone(), format!("of `{}`", route.file.pattern)))
    };
    let message = format!("the function `{}` cannot be in the regions that each of its routes prefers", function.name);
    let help = "prefer the same regions, or let one of the routes have a function of its own: `function-groups` in \
                Cargo.toml lists the folders that share one";
    Some(Diagnostic::new(Code::FunctionRegionsDiffer, message, label(other)?, help).also(label(first)?))
}

/// What of the segment config a streaming route cannot have: a stream is sent while it is made, and never kept.
fn streaming_contradicted(report: &RouteReport) -> Option<(ConfigName, String)> {
    let SegmentConfig { streaming, dynamic, revalidate, .. } = &report.config;
    match (streaming, dynamic, revalidate) {
        (false, ..) => None,
        (_, Dynamic::ForceStatic | Dynamic::Error, _) => Some((ConfigName::Dynamic, format!("DYNAMIC = {dynamic:?}"))),
        (_, _, Some(Revalidate::After(seconds @ 1..))) => {
            Some((ConfigName::Revalidate, format!("REVALIDATE = {seconds}")))
        }
        _ => None,
    }
}

/// A handler that opens a file here, and will be run again where the file is not.
fn file_not_packed(route: &Route, routes: &BTreeMap<RouteName, EvaluatedRoute>, plan: &Plan) -> Option<Diagnostic> {
    let opened = route.file.opened.as_ref()?;
    let evaluated = &routes[&route.name];
    let expires = |run: &&Evaluated| matches!(&run.outcome, Outcome::Frozen(frozen) if matches!(frozen.revalidate, Revalidate::After(_)));
    let is_open = !route.file.pattern.is_static() && evaluated.report.config.dynamic_params;
    let is_run_again = evaluated.is_static() && (is_open || evaluated.frozen().iter().any(expires));
    let is_packed = match &opened.path {
        Some(path) => plan.included.iter().any(|file| file.path == path.trim_start_matches("./")),
        None => !plan.included.is_empty(),
    };
    if !is_run_again || is_packed {
        return None;
    }
    Some(Diagnostic::new(
        Code::FileNotPacked,
        format!("`GET {}` opens a file at build time, and its function does not have it", route.file.pattern),
        Label::new(&route.file.source, opened.span.clone(), "is called again when the answer is made anew"),
        "list the file in `include` of `[package.metadata.wharf]`, or compile it in with `include_str!`",
    ))
}

/// Where the GET handler is named.
fn get_label(route: &Route, text: impl Into<String>) -> Option<Label> {
    Some(Label::new(&route.file.source, route.file.handler_span(Method::Get)?, text))
}

fn not_run(route: &Route, report: &RouteReport, reason: NotRun) -> Option<Diagnostic> {
    if report.config.dynamic != Dynamic::Error || reason != NotRun::TakesRequest {
        return None;
    }
    let handler = route.file.handlers.get(&Method::Get)?;
    let span = handler.request_argument.clone().unwrap_or_else(|| handler.span.clone());
    Some(dynamic_error(route, "takes the request", Label::new(&route.file.source, span, "")))
}

fn dynamic_error(route: &Route, what: &str, label: Label) -> Diagnostic {
    Diagnostic::new(
        Code::DynamicError,
        format!("`GET {}` has to be static, and {what}", route.file.pattern),
        label,
        "remove the use of the request, or the constant `DYNAMIC`",
    )
}

fn static_params_failed(route: &Route, error: &str) -> Option<Diagnostic> {
    let span = route.file.static_params.as_ref()?.span.clone();
    Some(Diagnostic::new(
        Code::StaticParamsFailed,
        format!("`generate_static_params` of `{}` failed: {error}", route.file.pattern),
        Label::new(&route.file.source, span, "was run on the build host"),
        "return a list with a value for each dynamic folder",
    ))
}

fn run_problem(route: &Route, report: &RouteReport, run: &Evaluated, plan: &Plan) -> Option<Diagnostic> {
    let path = shown_path(route, &run.params);
    match &run.outcome {
        Outcome::Failed(error) => Some(Diagnostic::new(
            Code::EvaluationFailed,
            format!("`GET {path}` failed while it was evaluated: {}", plan.project.with_shown_paths(error)),
            get_label(route, "was run on the build host")?,
            "correct the handler, or let it run on request with `pub const DYNAMIC: Dynamic = Dynamic::ForceDynamic;`",
        )),
        Outcome::Frozen(frozen) if sets_cookie(frozen) => Some(Diagnostic::new(
            Code::EvaluationSetCookie,
            format!("the static answer of `GET {path}` sets a cookie, which everyone would get"),
            get_label(route, "answers with a Set-Cookie header")?,
            "set the cookie in another method, or let GET run on request with \
             `pub const DYNAMIC: Dynamic = Dynamic::ForceDynamic;`",
        )),
        Outcome::Varies(name) if report.config.dynamic == Dynamic::Error => {
            let label = get_label(route, "has to answer everyone the same")?;
            let help = format!("take `{name}` out of `Vary`, or remove the constant `DYNAMIC`");
            Some(Diagnostic { help, ..dynamic_error(route, &class::varies(name), label) })
        }
        Outcome::Touched(touch) if report.config.dynamic == Dynamic::Error => {
            Some(dynamic_error(route, &format!("calls {}", touch.what), touch_label(route, touch, plan)?))
        }
        _ => None,
    }
}

fn sets_cookie(frozen: &Frozen) -> bool {
    frozen.headers.iter().any(|(name, _)| name == "set-cookie")
}

/// The path of a run, for people: the pattern with its params, decoded.
fn shown_path(route: &Route, params: &Params) -> String {
    let path = route.file.pattern.fill(params).map(UrlPath::new);
    path.map_or_else(|| route.file.pattern.to_string(), |path| path.decoded())
}

/// The line of the call, which may be in a file that no stage has read.
fn touch_label(route: &Route, touch: &Touch, plan: &Plan) -> Option<Label> {
    let path = plan.project.shown_path(&touch.file);
    let source = if path == route.file.path {
        route.file.source.clone()
    } else {
        Source::file(path.as_str(), fs::read_to_string(plan.project.root.join(&path)).ok()?)
    };
    let line_start = source.text.split_inclusive('\n').take(touch.line as usize - 1).map(str::len).sum::<usize>();
    let line = source.text.get(line_start..)?.lines().next()?;
    let offset = line.char_indices().nth((touch.column as usize).saturating_sub(1)).map_or(0, |(index, _)| index);
    Some(Label::new(&source, line_start + offset..line_start + line.trim_end().len(), ""))
}

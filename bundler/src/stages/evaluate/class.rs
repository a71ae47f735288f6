//! Static or dynamic, and why: the sentence that a user reads in the route table.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use wharf::{
    Method,
    config::Dynamic,
    contract::report::{GetReport, NotRun, Outcome, RouteReport, Takes},
};

use crate::stages::{discover::Project, plan::Route};

/// Who answers a method of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// An answer that was made at build time.
    Static,
    /// The handler, on request.
    Dynamic,
    /// The adapter, from what it knows of another method.
    Derived,
}

/// Why a method has its class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Reason {
    /// The stable code.
    pub code: ReasonCode,
    /// The reason in words.
    pub text: String,
    /// Where in the app it can be seen.
    #[serde(flatten)]
    pub location: Option<Location>,
}

/// A place in the app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Location {
    /// Relative to the package.
    pub file: String,
    /// From 1.
    pub line: usize,
}

/// The stable code of a [`Reason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonCode {
    /// Static: the handler takes nothing of the request, and touched nothing of it.
    NoRequest,
    /// Static: the params are listed.
    StaticParams,
    /// Static: `DYNAMIC = Dynamic::ForceStatic`.
    ForceStatic,
    /// Dynamic: only a GET can be static.
    Method,
    /// Dynamic: the handler's signature takes the request.
    TakesRequest,
    /// Dynamic: the handler touched the request while it was evaluated.
    TouchesRequest,
    /// Dynamic: `DYNAMIC = Dynamic::ForceDynamic`.
    ForceDynamic,
    /// Dynamic: `STREAMING = true`.
    Streaming,
    /// Dynamic: `REVALIDATE = 0`.
    RevalidateZero,
    /// Dynamic: params, and no `generate_static_params`.
    NoStaticParams,
    /// Dynamic: the app's setting is `get = "dynamic"`, and the route does not opt in.
    NotOptedIn,
    /// Dynamic: the status of the evaluated answer is not one to keep.
    Status,
    /// Dynamic: the `Vary` of the evaluated answer says that it is not the same for everyone.
    Varies,
    /// Derived: HEAD comes from GET.
    HeadOfGet,
    /// Derived: OPTIONS names the methods.
    Allow,
}

impl fmt::Display for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Static => "static",
            Self::Dynamic => "dynamic",
            Self::Derived => "derived",
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)?;
        match &self.location {
            Some(Location { file, line }) => write!(formatter, " ({file}:{line})"),
            None => Ok(()),
        }
    }
}

/// The class of each method that the function answers.
pub(super) fn of(route: &Route, report: &RouteReport, project: &Project) -> BTreeMap<Method, (Class, Reason)> {
    let class = |method: Method| {
        let (class, code, text, location) = match route.file.handlers.contains_key(&method) {
            true if method == Method::Get => return (method, get(route, report, project)),
            true => (Class::Dynamic, ReasonCode::Method, "only GET can be static", None),
            false if method == Method::Head => (Class::Derived, ReasonCode::HeadOfGet, "answered as GET is", None),
            false => (Class::Derived, ReasonCode::Allow, "answered by the adapter", None),
        };
        (method, (class, Reason { code, text: text.to_owned(), location }))
    };
    route.methods().into_iter().map(class).collect()
}

fn get(route: &Route, report: &RouteReport, project: &Project) -> (Class, Reason) {
    let dynamic = |code, text: String, location| (Class::Dynamic, Reason { code, text, location });
    match &report.get {
        GetReport::NotRun(NotRun::ForceDynamic) => {
            let location = config_location(route, crate::stages::parse::ConfigName::Dynamic);
            dynamic(ReasonCode::ForceDynamic, "DYNAMIC is ForceDynamic".to_owned(), location)
        }
        GetReport::NotRun(NotRun::Streaming) => {
            let location = config_location(route, crate::stages::parse::ConfigName::Streaming);
            dynamic(ReasonCode::Streaming, "STREAMING is true".to_owned(), location)
        }
        GetReport::NotRun(NotRun::RevalidateZero) => {
            let location = config_location(route, crate::stages::parse::ConfigName::Revalidate);
            dynamic(ReasonCode::RevalidateZero, "REVALIDATE is 0".to_owned(), location)
        }
        // As in Next.js: nothing is made at build time, and what the first request makes is kept.
        GetReport::NotRun(NotRun::NoStaticParams) if report.config.dynamic == Dynamic::ForceStatic => {
            (Class::Static, static_reason(route, report))
        }
        GetReport::NotRun(NotRun::NoStaticParams) => {
            let location = handler_location(route, false);
            dynamic(ReasonCode::NoStaticParams, "has no generate_static_params".to_owned(), location)
        }
        GetReport::NotRun(NotRun::NotOptedIn) => {
            let location = handler_location(route, false);
            dynamic(ReasonCode::NotOptedIn, "says nothing about being static".to_owned(), location)
        }
        GetReport::NotRun(NotRun::TakesRequest | NotRun::NoGet) | GetReport::StaticParamsFailed(_) => {
            let location = handler_location(route, true);
            dynamic(ReasonCode::TakesRequest, "takes the request".to_owned(), location)
        }
        GetReport::Evaluated(runs) => {
            let obstacle = runs.iter().find_map(|run| match &run.outcome {
                Outcome::Touched(touch) => {
                    let location = Location { file: project.shown_path(&touch.file), line: touch.line as usize };
                    Some(dynamic(ReasonCode::TouchesRequest, format!("calls {}", touch.what), Some(location)))
                }
                Outcome::Varies(name) => {
                    let location = handler_location(route, false);
                    Some(dynamic(ReasonCode::Varies, varies(name), location))
                }
                // A listed path that answers an error is run on request; the others stay.
                Outcome::Refused(status) if runs.len() == 1 => {
                    let location = handler_location(route, false);
                    Some(dynamic(ReasonCode::Status, format!("answered {status} when evaluated"), location))
                }
                _ => None,
            });
            obstacle.unwrap_or_else(|| (Class::Static, static_reason(route, report)))
        }
    }
}

/// What a handler does that answers with such a `Vary`.
pub(super) fn varies(name: &str) -> String {
    format!("answers with `Vary: {name}`")
}

fn static_reason(route: &Route, report: &RouteReport) -> Reason {
    let takes = route.file.handlers.get(&Method::Get).map(|handler| handler.takes);
    let (code, text) = if report.config.dynamic == Dynamic::ForceStatic {
        (ReasonCode::ForceStatic, "DYNAMIC is ForceStatic")
    } else if takes == Some(Takes::Params) || !route.file.pattern.is_static() {
        (ReasonCode::StaticParams, "generate_static_params lists the params")
    } else {
        (ReasonCode::NoRequest, "takes nothing of the request")
    };
    Reason { code, text: text.to_owned(), location: handler_location(route, false) }
}

/// Where the GET handler is named, or its first argument that takes more than params.
fn handler_location(route: &Route, argument: bool) -> Option<Location> {
    let handler = route.file.handlers.get(&Method::Get)?;
    let span = handler.request_argument.as_ref().filter(|_| argument).unwrap_or(&handler.span);
    Some(location(route, span.start))
}

fn config_location(route: &Route, name: crate::stages::parse::ConfigName) -> Option<Location> {
    route.file.config.get(&name).map(|constant| location(route, constant.span.start))
}

fn location(route: &Route, byte: usize) -> Location {
    let text = &route.file.source.text;
    let line = text.get(..byte).map_or(1, |before| before.matches('\n').count() + 1);
    Location { file: route.file.path.clone(), line }
}

//! `examples/guide`, bundled.

use std::path::Path;

use serde_json::Value;

use crate::{
    Function, Output, Project, Upstream,
    artifact::Bundle,
    events,
    expectations::{self, Case, Delivery},
};

/// A copy of the guide with what `cargo bundle` made of it.
#[derive(Debug)]
pub struct Guide {
    /// The copy.
    pub project: Project,
    /// What the run printed.
    pub output: Output,
    /// What it wrote.
    pub bundle: Bundle,
}

impl Guide {
    /// The environment of its functions; `upstream` is what they fetch from.
    #[must_use]
    pub fn variables(upstream: &Upstream) -> [(&'static str, String); 2] {
        let [upstream] = upstream.variables();
        [upstream, ("REVALIDATE_SECRET", expectations::REVALIDATE_SECRET.to_owned())]
    }

    /// Bundles a copy of the guide; `upstream` is what its routes fetch from meanwhile.
    ///
    /// # Panics
    ///
    /// When the bundle fails.
    #[track_caller]
    #[must_use]
    pub fn bundled(upstream: &Upstream) -> Self {
        let project = Project::example("guide");
        let output = project.bundle().envs(upstream.variables()).run().succeeded();
        let bundle = Bundle::open(&project.output());
        Self { project, output, bundle }
    }
}

/// Has every function of a bundle of the guide started by `start`, and asks it all that [`expectations`] says of its
/// route. What is wrong with the replies, a line each.
#[must_use]
pub fn problems(bundle: &Bundle, delivery: Delivery, start: impl Fn(&Path, &Upstream) -> Function) -> Vec<String> {
    problems_of(|_| true, bundle, delivery, start)
}

/// As [`problems`], of the routes alone whose pattern is `asked`.
#[must_use]
pub fn problems_of(
    asked: impl Fn(&str) -> bool,
    bundle: &Bundle,
    delivery: Delivery,
    start: impl Fn(&Path, &Upstream) -> Function,
) -> Vec<String> {
    let upstream = Upstream::start();
    let mut cases = expectations::guide();
    cases.retain(|case| case.holds(delivery) && asked(case.route));
    cases.sort_by_key(|case| case.route);
    let mut problems = Vec::new();
    for cases in cases.chunk_by(|one, other| one.route == other.route) {
        let files = bundle.unpack(bundle.function_of(cases[0].route));
        let function = start(&files.bootstrap(), &upstream);
        for case in cases {
            let reply = function.invoke(&event(case, delivery)).http();
            problems.extend(case.problems(&reply, delivery));
        }
        let log = function.log();
        if log.contains("panicked") {
            problems.push(format!("{} panicked: {log}", cases[0].route));
        }
    }
    problems
}

fn event(case: &Case, delivery: Delivery) -> Value {
    match delivery {
        Delivery::HttpApi => events::http_api(&case.request, &case.route.parse().expect("a case names a pattern")),
        Delivery::FunctionUrl | Delivery::Watch => events::function_url(&case.request),
    }
}

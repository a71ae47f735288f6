//! The stages in order, and nothing else.

use std::fs;

use similar::TextDiff;

use crate::{
    diagnostic::failure::Failure,
    effects::{options::Options, shell::Shell},
    stages::{
        compile, deploy, discover, evaluate,
        finish::{self, Finished, baseline},
        generate, manifest, package, parse, plan,
    },
};

/// Bundles an app: `cargo bundle`.
///
/// # Errors
///
/// Whatever stops a stage; the previous bundle is then as it was.
pub fn bundle(options: Options, shell: &Shell) -> Result<Finished, Failure> {
    let tree = shell.stage("discover", || discover::run(options))?;
    let app = shell.stage("parse", || parse::run(tree))?;
    let plan = shell.stage("plan", || plan::run(app))?;
    let sources = shell.stage("generate", || generate::run(plan));
    let binaries = shell.stage("compile", || compile::run(sources, shell))?;
    let evaluation = shell.stage("evaluate", || evaluate::run(binaries, shell))?;
    let packed = shell.stage("package", || package::run(evaluation, shell))?;
    let described = shell.stage("manifest", || baseline::check(manifest::run(packed)))?;
    let bundle = shell.stage("deploy", || deploy::run(described))?;
    shell.stage("finish", || finish::run(bundle))
}

/// Compares `routes.rs` with what it would be now, and writes nothing: `cargo bundle --check`.
///
/// # Errors
///
/// [`Failure::Stale`] when they differ, and whatever stops a stage before that.
pub fn check(options: Options, shell: &Shell) -> Result<(), Failure> {
    let tree = discover::run(options)?;
    let app = parse::run(tree)?;
    let plan = plan::run(app)?;
    shell.diagnostics(&plan.warnings);
    let sources = generate::run(plan);
    let current = fs::read_to_string(&sources.routes.path).unwrap_or_default();
    if sources.routes.is(&current) { Ok(()) } else { Err(stale(&sources, &current)) }
}

fn stale(sources: &generate::Sources, current: &str) -> Failure {
    let root = &sources.plan.project.root;
    let path = sources.routes.path.strip_prefix(root).unwrap_or(&sources.routes.path).to_owned();
    let difference = TextDiff::from_lines(current, &sources.routes.text).unified_diff().context_radius(1).to_string();
    Failure::Stale { path, difference }
}

//! Stage 5: [`Sources`] → [`Binaries`]. One cargo call for all of them, or two where the functions run on other processors
//! than this machine's.

mod refused;
pub mod toolchain;
pub mod wrapper;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, mem,
    path::PathBuf,
    process::Command,
};

use cargo_metadata::{
    Artifact, CompilerMessage, Message, Metadata, MetadataCommand, TargetKind, diagnostic::DiagnosticLevel,
};

use self::{toolchain::Toolchain, wrapper::REFUSED_FLAG};
use crate::{
    diagnostic::{self, Diagnostic, failure::Failure, keyless::keyless},
    effects::{
        command,
        options::{CargoSettings, WRAPPER_CHAINED, WRAPPER_CHAINED_IN_WORKSPACE, WRAPPER_ROOT, WRAPPER_TARGET},
        output::{self, Lock, Staging},
        shell::Shell,
    },
    stages::{
        deploy::sbom::{self, Crate},
        generate::{STAMP_WRITER, Sources},
        plan::FunctionName,
    },
};

/// Where cargo compiles, beside the work folder: apart from the user's own builds, whose artifacts have other paths in
/// them. The number is raised when our wrapper of rustc changes what it asks for, which cargo does not notice.
const BUILD_FOLDER: &str = "build-3";

/// What cargo calls the target of this machine.
/// <https://doc.rust-lang.org/cargo/commands/cargo-build.html#compilation-options>
const HOST: &str = "host-tuple";

/// The compiled functions.
#[derive(Debug)]
pub struct Binaries {
    /// What they were compiled from.
    pub sources: Sources,
    /// The program that evaluates routes; it runs here.
    pub runnable: PathBuf,
    /// The binary of each function; it runs on Lambda.
    pub deployed: BTreeMap<FunctionName, PathBuf>,
    /// The binary that writes stamps to the CDN's store, where the app may revalidate; it runs on Lambda, too.
    pub stamp_writer: Option<PathBuf>,
    /// The lock file of the generated package, as cargo completed it.
    pub lock_file: String,
    /// The crates that are in the functions.
    pub crates: Vec<Crate>,
    /// The bundle in the making.
    pub staging: Staging,
    /// Held until the bundle is finished.
    pub lock: Lock,
}

/// Writes the generated sources and compiles them.
///
/// # Errors
///
/// When the output folder cannot be written, when rustc refuses the app, or when interrupted.
pub fn run(sources: Sources, shell: &Shell) -> Result<Binaries, Failure> {
    let lock_path = sources.work.with_file_name("lock");
    let lock = Lock::acquire(&lock_path, || shell.status("Waiting", "for another run in this target directory"))?;
    let staging = Staging::open(&sources.out_dir)?;
    write_sources(&sources)?;
    let mut compiled = compile(&sources, shell)?;
    let stamp_writer = compiled.bins.remove(STAMP_WRITER);
    let lock_file = sources.package.root.join("Cargo.lock");
    let lock_file = fs::read_to_string(&lock_file).map_err(Failure::io("read", &lock_file))?;
    let Some((runnable, deployed)) = all_of(&sources, compiled) else {
        let rendered = "cargo reported success, and not every binary".to_owned();
        return Err(Failure::Compile { rendered, routes: Vec::new(), diagnostics: Vec::new() });
    };
    let crates = sbom::crates(&resolved(&sources)?, &lock_file);
    Ok(Binaries { sources, runnable, deployed, stamp_writer, lock_file, crates, staging, lock })
}

/// What cargo resolved for the functions.
fn resolved(sources: &Sources) -> Result<Metadata, Failure> {
    let plan = &sources.plan;
    let mut metadata = MetadataCommand::new();
    metadata
        .cargo_path(&plan.options.cargo)
        .current_dir(&plan.project.root)
        .manifest_path(sources.package.root.join("Cargo.toml"))
        // They are all there: cargo has just compiled them.
        .other_options(["--offline", "--filter-platform", plan.architecture().target()].map(str::to_owned));
    let finished = command::capture(metadata.cargo_command(), || ())?;
    let failed = |rendered| Failure::Compile { rendered, routes: Vec::new(), diagnostics: Vec::new() };
    if !finished.status.success() {
        return Err(failed(finished.stderr));
    }
    MetadataCommand::parse(finished.stdout).map_err(|error| failed(error.to_string()))
}

fn write_sources(sources: &Sources) -> Result<(), Failure> {
    if !fs::read_to_string(&sources.routes.path).is_ok_and(|current| sources.routes.is(&current)) {
        output::write(&sources.routes.path, sources.routes.text.as_bytes())?;
    }
    let package = &sources.package;
    for (path, text) in &package.files {
        output::write_if_changed(&package.root.join(path), text.as_bytes())?;
    }
    let of_functions = package.files.keys().filter_map(|path| path.strip_prefix("functions/"));
    output::keep_only(&package.root.join("functions"), &of_functions.map(str::to_owned).collect())?;
    seed_lock_file(sources)
}

/// The generated package uses the versions that the user's lock file names. Cargo completes the copy; it is replaced
/// when the user's changes.
fn seed_lock_file(sources: &Sources) -> Result<(), Failure> {
    let users = sources.plan.project.workspace_manifest.absolute.with_file_name("Cargo.lock");
    let Ok(users) = fs::read(&users) else { return Ok(()) };
    if output::write_if_changed(&sources.work.join("seed.lock"), &users)? {
        output::write(&sources.package.root.join("Cargo.lock"), &users)?;
    }
    Ok(())
}

#[derive(Default)]
struct Compiled {
    bins: BTreeMap<String, PathBuf>,
    evaluate: Option<PathBuf>,
    rendered: String,
    routes: BTreeSet<String>,
    /// What rustc said of the generated code, as it is to be said of the app.
    diagnostics: Vec<Diagnostic>,
    /// rustc has no standard library for the target.
    lacks_std: bool,
}

fn compile(sources: &Sources, shell: &Shell) -> Result<Compiled, Failure> {
    const FUNCTIONS: &str = "--bins";
    const EVALUATE: [&str; 2] = ["--example", "evaluate"];
    let toolchain = Toolchain::choose(&sources.plan)?;
    let mut functions = cargo_build(sources, shell, toolchain);
    functions.arg(FUNCTIONS);
    let mut compiled = Compiled::default();
    if toolchain == Toolchain::Host {
        functions.args(EVALUATE);
    }
    compiled.add(functions, sources, shell)?;
    if toolchain != Toolchain::Host {
        let mut evaluate = cargo_build(sources, shell, Toolchain::Host);
        evaluate.args(EVALUATE);
        compiled.add(evaluate, sources, shell)?;
    }
    shell.compiler_warnings(&compiled.rendered);
    Ok(compiled)
}

fn cargo_build(sources: &Sources, shell: &Shell, toolchain: Toolchain) -> Command {
    let plan = &sources.plan;
    let format = if shell.is_colored() { "json-diagnostic-rendered-ansi" } else { "json" };
    let mut cargo = Command::new(&plan.options.cargo);
    cargo
        .current_dir(&plan.project.root)
        .args([toolchain.subcommand(), "--release", "--message-format", format])
        .arg("--manifest-path")
        .arg(sources.package.root.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(sources.work.with_file_name(BUILD_FOLDER))
        .env("RUSTC_WRAPPER", &plan.options.this_program)
        .env(WRAPPER_ROOT, &plan.project.root)
        .envs(sources.work.parent().map(|folder| (WRAPPER_TARGET, folder)));
    toolchain.adapt(&mut cargo, plan.architecture());
    let settings = &plan.project.cargo;
    cargo.envs(settings.rustc_wrapper.iter().map(|users| (WRAPPER_CHAINED, users)));
    // Cargo would call it for the generated package, and for none of the user's, which are no members of its workspace.
    cargo.env("RUSTC_WORKSPACE_WRAPPER", "");
    cargo.envs(settings.rustc_workspace_wrapper.iter().map(|users| (WRAPPER_CHAINED_IN_WORKSPACE, users)));
    cargo.args(target_of_this_machine(toolchain, settings));
    // A panic has to be caught, whatever a configuration file says of all projects.
    cargo.env("CARGO_PROFILE_RELEASE_PANIC", "unwind");
    // The generated profile decides this, since the bytes of the zips depend on it; CI services like to switch it off.
    cargo.env_remove("CARGO_INCREMENTAL");
    // These are set when cargo itself started this program, and would be taken for those of the package compiled.
    for inherited in ["CARGO_BIN_NAME", "CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
        cargo.env_remove(inherited);
    }
    // The user's lock file was copied and has to be completed by the generated package, so `--locked` can only be asked
    // of the user's own.
    if plan.options.cargo_flags.iter().any(|flag| matches!(*flag, "--offline" | "--frozen")) {
        cargo.arg("--offline");
    }
    cargo
}

/// `build.target` is for the user's own builds. What is compiled by [`Toolchain::Host`] has to run here, and what is
/// deployed is said by `arch`. Another toolchain names its target itself.
fn target_of_this_machine(toolchain: Toolchain, settings: &CargoSettings) -> &'static [&'static str] {
    if toolchain == Toolchain::Host && !settings.targets.is_empty() { &["--target", HOST] } else { &[] }
}

impl Compiled {
    /// Runs one cargo call to its end, and adds what it made.
    fn add(&mut self, cargo: Command, sources: &Sources, shell: &Shell) -> Result<(), Failure> {
        let progress = shell.progress("Compiling");
        let finished = command::lines(cargo, |line| {
            let Ok(message) = serde_json::from_str::<Message>(line) else { return };
            match message {
                Message::CompilerArtifact(artifact) => {
                    progress.advance(&artifact.target.name);
                    self.artifact(artifact);
                }
                Message::CompilerMessage(message) => self.message(&message, sources),
                _ => {}
            }
        })?;
        progress.finish();
        if finished.status.success() {
            return Ok(());
        }
        if self.lacks_std {
            return Err(toolchain::std_missing(&sources.plan));
        }
        if let Some(flag) = finished.stderr.lines().find_map(|line| line.trim().strip_prefix(REFUSED_FLAG)) {
            return Err(toolchain::processor_flag(&sources.plan, flag));
        }
        let mut diagnostics = mem::take(&mut self.diagnostics);
        diagnostic::sort(&mut diagnostics);
        diagnostics.dedup();
        let is_told = !self.rendered.is_empty() || !diagnostics.is_empty();
        let rendered = if is_told { mem::take(&mut self.rendered) } else { keyless(&finished.stderr).into_owned() };
        Err(Failure::Compile { rendered, routes: mem::take(&mut self.routes).into_iter().collect(), diagnostics })
    }

    fn artifact(&mut self, artifact: Artifact) {
        let Some(executable) = artifact.executable else { return };
        if artifact.target.kind.contains(&TargetKind::Bin) {
            self.bins.insert(artifact.target.name, executable.into());
        } else if artifact.target.kind.contains(&TargetKind::Example) {
            self.evaluate = Some(executable.into());
        }
    }

    fn message(&mut self, message: &CompilerMessage, sources: &Sources) {
        let project = &sources.plan.project;
        if let Some(diagnostic) = refused::diagnostic(&message.message, sources) {
            self.diagnostics.push(diagnostic);
            return;
        }
        // The count of errors, and where to read more, are of those too that are told in other words.
        let is_summary = message.message.message.starts_with("aborting due to ");
        if !self.diagnostics.is_empty() && (is_summary || message.message.level == DiagnosticLevel::FailureNote) {
            return;
        }
        let rendered = message.message.rendered.as_deref().map(|rendered| project.with_shown_paths(rendered));
        // A second call says again what the first has said.
        if let Some(rendered) = rendered.filter(|rendered| !self.rendered.contains(rendered)) {
            self.rendered.push_str(&rendered);
        }
        let notes = &message.message.children;
        self.lacks_std |= notes.iter().any(|note| note.message.ends_with("target may not be installed"));
        if message.message.level != DiagnosticLevel::Error {
            return;
        }
        let files = message.message.spans.iter().filter(|span| span.is_primary);
        let shown = files.map(|span| project.shown_path(&span.file_name));
        let routes = shown.filter(|path| sources.plan.routes.iter().any(|route| route.file.path == *path));
        self.routes.extend(routes.map(|path| format!("`{path}`")));
    }
}

fn all_of(sources: &Sources, compiled: Compiled) -> Option<(PathBuf, BTreeMap<FunctionName, PathBuf>)> {
    let mut bins = compiled.bins;
    let functions = sources.plan.functions.iter();
    let deployed = functions.map(|function| Some((function.name.clone(), bins.remove(&function.name.binary())?)));
    Some((compiled.evaluate?, deployed.collect::<Option<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_here_is_compiled_for_here_whatever_cargos_settings_say() {
        let cross = CargoSettings { targets: vec!["wasm32-unknown-unknown".to_owned()], ..CargoSettings::default() };
        assert_eq!(target_of_this_machine(Toolchain::Host, &cross), ["--target", HOST]);
        assert_eq!(target_of_this_machine(Toolchain::Host, &CargoSettings::default()), [""; 0]);
        assert_eq!(target_of_this_machine(Toolchain::Gnu, &cross), [""; 0]);
    }
}

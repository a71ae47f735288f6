//! Terraform, with a stand-in for the provider `hashicorp/aws` that needs neither AWS nor a network.
//!
//! The stand-in is a program that the variable `WHARF_TERRAFORM_CHECK` names; CONTRIBUTING.md says what it has to do.
//! Where it is not set, tests of plans and applies say so and end.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::Value;

use crate::{Output, ProcessGroup, environment};

const LIMIT: Duration = Duration::from_secs(300);

/// Whether `terraform` is on `PATH`; says so where it is not.
#[must_use]
pub fn is_installed() -> bool {
    let paths = env::var_os("PATH").unwrap_or_default();
    let installed = env::split_paths(&paths).any(|folder| folder.join("terraform").is_file());
    if !installed {
        skipped("terraform is not on PATH");
    }
    installed
}

/// Runs `terraform` in a folder.
#[must_use]
pub fn terraform(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("terraform");
    environment::scrub(&mut command);
    ProcessGroup::run(command.current_dir(folder).env("CHECKPOINT_DISABLE", "1").args(arguments), LIMIT)
}

/// The stand-in for the provider.
#[derive(Debug)]
pub struct OfflineProvider {
    program: PathBuf,
}

/// What a run came to.
#[derive(Debug)]
pub struct Applied {
    /// What Terraform printed.
    pub output: Output,
    /// The plan, as `terraform show -json` prints it.
    pub plan: Value,
    /// The state after it, likewise.
    pub state: Value,
}

impl OfflineProvider {
    /// The one that is configured; says so where none is.
    #[must_use]
    pub fn configured() -> Option<Self> {
        let program = env::var_os("WHARF_TERRAFORM_CHECK").filter(|program| !program.is_empty());
        if program.is_none() {
            skipped("no offline provider is configured (WHARF_TERRAFORM_CHECK)");
        }
        program.map(|program| Self { program: program.into() }).filter(|_| is_installed())
    }

    /// Initializes, validates, plans and applies a root module, and plans again, which has to come to nothing.
    ///
    /// # Panics
    ///
    /// When any of it fails.
    #[track_caller]
    #[must_use]
    pub fn apply(&self, root: &Path, variables: &[(&str, &str)]) -> Applied {
        let reports = tempfile::tempdir().expect("the temporary folder takes a folder");
        let [plan, state] = ["plan.json", "state.json"].map(|name| reports.path().join(name));
        let mut command = self.command(root, variables);
        command.args(["--apply", "-v", "--plan-json"]).arg(&plan).arg("--state-json").arg(&state);
        let output = ProcessGroup::run(&mut command, LIMIT).succeeded();
        Applied { output, plan: json(&plan), state: json(&state) }
    }

    /// Plans a root module that is wrong, and returns what Terraform says to that, in one line.
    ///
    /// # Panics
    ///
    /// When nothing is wrong with it.
    #[track_caller]
    #[must_use]
    pub fn refuses(&self, root: &Path) -> String {
        let output = ProcessGroup::run(&mut self.command(root, &[]), LIMIT).failed();
        format!("{} {}", output.stdout, output.stderr)
            .replace(['│', '╷', '╵'], " ")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn command(&self, root: &Path, variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(&self.program);
        environment::scrub(&mut command);
        command.arg(root);
        for (name, value) in variables {
            command.args(["--var", &format!("{name}={value}")]);
        }
        command
    }
}

impl Applied {
    /// The addresses of the resources that the plan changes, each with what happens to it, sorted.
    #[must_use]
    pub fn changes(&self) -> Vec<(String, String)> {
        let changes = self.plan["resource_changes"].as_array().into_iter().flatten();
        let mut changes: Vec<_> = changes
            .filter_map(|change| {
                let actions: Vec<_> =
                    change["change"]["actions"].as_array()?.iter().filter_map(Value::as_str).collect();
                let address = change["address"].as_str()?.trim_start_matches("module.app.").to_owned();
                let nothing = matches!(actions[..], ["no-op" | "read"]);
                (!nothing).then(|| (address, actions.join(", ")))
            })
            .collect();
        changes.sort();
        changes
    }

    /// The attributes of all resources of a type in the state, by their key in `for_each`, or by their name.
    #[must_use]
    pub fn resources(&self, kind: &str) -> Vec<(String, &Value)> {
        let modules = self.state["values"]["root_module"]["child_modules"].as_array().into_iter().flatten();
        modules
            .flat_map(|module| module["resources"].as_array().into_iter().flatten())
            .filter(|resource| resource["type"] == kind)
            .map(|resource| {
                let key = resource["index"].as_str().or(resource["name"].as_str()).unwrap_or_default();
                (key.to_owned(), &resource["values"])
            })
            .collect()
    }

    /// The only resource of a type.
    ///
    /// # Panics
    ///
    /// When there is none, or more than one.
    #[track_caller]
    #[must_use]
    pub fn only(&self, kind: &str) -> &Value {
        match self.resources(kind)[..] {
            [(_, resource)] => resource,
            ref others => panic!("there are {} of {kind}", others.len()),
        }
    }

    /// An output of the root module.
    #[must_use]
    pub fn value(&self, name: &str) -> &Value {
        &self.state["values"]["outputs"][name]["value"]
    }
}

fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("failed to read {}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A test that does less than it could says so.
#[expect(clippy::print_stderr, reason = "libtest shows it with `--nocapture`, and CI runs with it in mind")]
fn skipped(why: &str) {
    eprintln!("not checked: {why}");
}

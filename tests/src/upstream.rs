//! The HTTP server that the guide fetches from.

use std::{collections::BTreeMap, process::Command, time::Duration};

use crate::{HttpClient, HttpRequest, ProcessGroup, cargo::Build, paths};

/// The guide's example program `upstream`, killed on drop.
#[derive(Debug)]
pub struct Upstream {
    // Held for its drop.
    _program: ProcessGroup,
    base: String,
}

impl Upstream {
    /// Compiles the program if needed, and starts it on a free port.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start() -> Self {
        let manifest = paths::example("guide").join("Cargo.toml");
        let program = Build::of_project(&manifest).example("upstream").executable();
        let mut command = Command::new(program);
        let mut program = ProcessGroup::start(command.env("UPSTREAM_LISTEN", "127.0.0.1:0"));
        let line = program.first_line(Duration::from_secs(30));
        let base = line.strip_prefix("listening on ").unwrap_or_else(|| panic!("`{line}` names no address")).to_owned();
        Self { _program: program, base }
    }

    /// Its address: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The environment of an app that fetches from it.
    #[must_use]
    pub fn variables(&self) -> [(&'static str, String); 1] {
        [("UPSTREAM", self.base.clone())]
    }

    /// How often each path was asked for.
    ///
    /// # Panics
    ///
    /// When it does not say.
    #[must_use]
    pub fn hits(&self) -> BTreeMap<String, u64> {
        let reply = HttpClient::new(&self.base).send(&HttpRequest::get("/hits"));
        serde_json::from_slice(&reply.body).unwrap_or_else(|error| panic!("/hits ({error}): {}", reply.text()))
    }
}

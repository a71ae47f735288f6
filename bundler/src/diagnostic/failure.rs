//! How a run ends when it does not end well, and the exit code that says so.

use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::diagnostic::Diagnostic;

/// The exit codes of `cargo bundle`. They are stable: scripts may match on them.
pub mod exit_code {
    /// The bundle is complete.
    pub const OK: u8 = 0;
    /// The app has mistakes, each of which was printed as a diagnostic.
    pub const DIAGNOSTICS: u8 = 1;
    /// The command line is wrong.
    pub const USAGE: u8 = 2;
    /// `--check`: the generated `routes.rs` is not what it would be now.
    pub const STALE: u8 = 3;
    /// Cargo does not see a package to bundle.
    pub const PROJECT: u8 = 4;
    /// rustc or the linker refused the app, or functions would not run on Lambda.
    pub const COMPILE: u8 = 5;
    /// A handler failed while it was evaluated.
    pub const EVALUATE: u8 = 6;
    /// A file could not be read or written, or a program not be started.
    pub const IO: u8 = 7;
    /// `--baseline`: a route changed its class.
    pub const BASELINE: u8 = 8;
    /// `upload`: AWS refused, or could not be reached.
    pub const REMOTE: u8 = 9;
    /// Interrupted, as by Ctrl-C.
    pub const INTERRUPTED: u8 = 130;
}

/// Why there is no new bundle. Whatever it was, the previous bundle is as it was.
#[derive(Debug, Error)]
pub enum Failure {
    /// The app has mistakes.
    #[error("the app has {} mistake{}", .0.len(), if .0.len() == 1 { "" } else { "s" })]
    Diagnostics(Vec<Diagnostic>),
    /// `routes.rs` is stale, and `--check` was asked for.
    #[error("`{}` is stale", .path.display())]
    Stale {
        /// The file, relative to the package.
        path: PathBuf,
        /// The lines that differ, marked `-` (as it is) and `+` (as it should be).
        difference: String,
    },
    /// Cargo does not see a package to bundle.
    #[error("{message}")]
    Project {
        /// What is wrong.
        message: String,
        /// What to do.
        help: String,
    },
    /// rustc or the linker refused the app.
    #[error("rustc refused the app")]
    Compile {
        /// What cargo and rustc said.
        rendered: String,
        /// The route files that the errors are in.
        routes: Vec<String>,
        /// What is wrong with what the generated code names, at the place where it stands.
        diagnostics: Vec<Diagnostic>,
    },
    /// This machine cannot compile the functions for their architecture, or Lambda could not run what it compiled.
    #[error("{message}")]
    Target {
        /// What is wrong, in general.
        message: String,
        /// One for each thing in particular.
        diagnostics: Vec<Diagnostic>,
    },
    /// Handlers failed while they were evaluated.
    #[error("{} could not be evaluated", if .diagnostics.len() == 1 { "a route" } else { "some routes" })]
    Evaluate {
        /// One for each.
        diagnostics: Vec<Diagnostic>,
        /// What the handlers printed.
        output: String,
    },
    /// The program that evaluates the routes ended before it was done.
    #[error("the evaluation ended early: {message}")]
    Evaluator {
        /// How it ended.
        message: String,
        /// What it printed.
        output: String,
    },
    /// Routes changed their class since the baseline was written.
    #[error("{} since `{}` was written:\n  {}", if .changes.len() == 1 { "a route changed its class" } else { "routes changed their class" }, .path.display(), .changes.join("\n  "))]
    Baseline {
        /// The committed file.
        path: PathBuf,
        /// A line for each.
        changes: Vec<String>,
    },
    /// A bundle is not fit to be uploaded.
    #[error("nothing was uploaded")]
    Unfit(Vec<Diagnostic>),
    /// AWS refused, or could not be reached.
    #[error("the upload is not complete")]
    Remote(Box<Diagnostic>),
    /// A file could not be read or written, or a program not be started.
    #[error("failed to {action} `{}`: {source}", .path.display())]
    Io {
        /// In the infinitive: "write".
        action: &'static str,
        /// The file, folder or program.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Interrupted.
    #[error("interrupted")]
    Interrupted,
}

impl Failure {
    /// For `map_err`: the failure of doing `action` to `path`.
    pub fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// The code that the process exits with.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Diagnostics(_) | Self::Unfit(_) => exit_code::DIAGNOSTICS,
            Self::Remote(_) => exit_code::REMOTE,
            Self::Stale { .. } => exit_code::STALE,
            Self::Project { .. } => exit_code::PROJECT,
            Self::Compile { .. } | Self::Target { .. } => exit_code::COMPILE,
            Self::Evaluate { .. } | Self::Evaluator { .. } => exit_code::EVALUATE,
            Self::Io { .. } => exit_code::IO,
            Self::Baseline { .. } => exit_code::BASELINE,
            Self::Interrupted => exit_code::INTERRUPTED,
        }
    }

    /// What to do, where the message alone does not say it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Diagnostics(_) | Self::Target { .. } | Self::Unfit(_) | Self::Remote(_) | Self::Interrupted => None,
            Self::Stale { .. } => Some("run `cargo bundle` and commit the file".to_owned()),
            Self::Project { help, .. } => Some(help.clone()),
            Self::Compile { routes, .. } if routes.is_empty() => None,
            Self::Compile { routes, .. } => Some(format!("correct {}", routes.join(" and "))),
            Self::Evaluate { .. } => Some(
                "a handler whose answer depends on more than the code can be left out of the evaluation with \
                 `pub const DYNAMIC: Dynamic = Dynamic::ForceDynamic;`"
                    .to_owned(),
            ),
            Self::Evaluator { .. } => Some("a handler may have ended the process; its output stands above".to_owned()),
            Self::Baseline { .. } => {
                Some("if it is meant to be so, run with `--update-baseline` and commit the file".to_owned())
            }
            Self::Io { source, .. } => io_help(source.kind()),
        }
    }
}

fn io_help(kind: io::ErrorKind) -> Option<String> {
    let help = match kind {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "check the permissions, or choose another place with `--out-dir`"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "free some space, or choose another place with `--out-dir`; the previous bundle is unchanged"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "choose another place with `--out-dir`",
        _ => return None,
    };
    Some(help.to_owned())
}

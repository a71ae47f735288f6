//! The only place that prints.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::{
    commands::upload::{Item, Report},
    diagnostic::{
        Diagnostic, JsonDiagnostic, Style,
        failure::Failure,
        render,
        visible::{Kind, visible},
    },
    stages::{deploy::limits::Limit, finish::Finished, manifest::Manifest},
};

/// How a run speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageFormat {
    /// Text for people: results on standard output, the rest on standard error.
    Human,
    /// One JSON object a line on standard output, and nothing on standard error.
    Json,
}

/// Where a run speaks.
#[derive(Debug)]
pub struct Shell {
    format: MessageFormat,
    /// Standard error is a terminal, on which progress can be shown.
    is_interactive: bool,
    is_colored: bool,
}

/// What was done with an object of S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It was put.
    Put,
    /// It was removed.
    Removed,
}

/// A line of `--message-format json`.
#[derive(Debug, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum JsonMessage<'a> {
    Stage {
        stage: &'static str,
    },
    Diagnostic {
        diagnostic: JsonDiagnostic<'a>,
    },
    CompilerOutput {
        rendered: &'a str,
    },
    Error {
        message: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        help: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        output: Option<&'a str>,
    },
    Bundle {
        out_dir: &'a std::path::Path,
        changed: bool,
        manifest: &'a Manifest,
        limits: &'a [Limit],
    },
    Object {
        action: Action,
        #[serde(flatten)]
        object: &'a Item,
    },
    Upload {
        #[serde(flatten)]
        report: &'a Report,
    },
    Finished {
        success: bool,
        exit_code: u8,
    },
}

impl Shell {
    /// A shell on the process's streams.
    #[must_use]
    pub fn new(format: MessageFormat) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let is_human = format == MessageFormat::Human;
        Self {
            format,
            is_interactive: is_human && is_terminal,
            is_colored: is_human && is_terminal && crate::effects::options::wants_color(),
        }
    }

    /// Whether diagnostics are shown with colors.
    #[must_use]
    pub fn is_colored(&self) -> bool {
        self.is_colored
    }

    /// How it speaks.
    #[must_use]
    pub fn format(&self) -> MessageFormat {
        self.format
    }

    /// Says what is going on, to people at a terminal.
    pub fn status(&self, verb: &str, rest: &str) {
        if self.is_interactive {
            self.stderr(&format!("{verb:>12} {rest}\n"));
        }
    }

    /// Shows a stage that takes long, to people at a terminal.
    #[must_use]
    pub fn progress(&self, verb: &'static str) -> Progress {
        if !self.is_interactive {
            return Progress { bar: None };
        }
        let bar = ProgressBar::new_spinner();
        // The template is constant, and a test of this file reads it.
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style);
        }
        bar.set_prefix(format!("{verb:>12}"));
        bar.enable_steady_tick(Duration::from_millis(100));
        Progress { bar: Some(bar) }
    }

    /// Writes a result to standard output.
    pub fn result(&self, text: &str) {
        // A closed pipe is no reason to stop half way: the bundle matters more than the words about it.
        let _ = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
    }

    /// Writes one JSON object as a line of standard output, when the format is JSON.
    fn json(&self, message: &impl Serialize) {
        if self.format == MessageFormat::Json
            && let Ok(line) = serde_json::to_string(message)
        {
            self.result(&format!("{line}\n"));
        }
    }

    /// Runs a stage, and tells a tool of it first.
    pub fn stage<T>(&self, stage: &'static str, run: impl FnOnce() -> T) -> T {
        self.json(&JsonMessage::Stage { stage });
        run()
    }

    /// Shows what rustc said of an app that it accepted.
    pub fn compiler_warnings(&self, rendered: &str) {
        match self.format {
            _ if rendered.is_empty() => {}
            MessageFormat::Human => self.stderr(rendered),
            MessageFormat::Json => self.json(&JsonMessage::CompilerOutput { rendered }),
        }
    }

    /// Shows diagnostics.
    pub fn diagnostics(&self, diagnostics: &[Diagnostic]) {
        for diagnostic in diagnostics {
            match self.format {
                MessageFormat::Human => {
                    let style = if self.is_colored { Style::Colored } else { Style::Plain };
                    self.stderr(&format!("{}\n\n", render(diagnostic, style)));
                }
                MessageFormat::Json => self.json(&JsonMessage::Diagnostic { diagnostic: diagnostic.into() }),
            }
        }
    }

    /// Shows why a run failed.
    pub fn failure(&self, failure: &Failure) {
        let output = match failure {
            Failure::Diagnostics(diagnostics) | Failure::Target { diagnostics, .. } | Failure::Unfit(diagnostics) => {
                self.diagnostics(diagnostics);
                None
            }
            Failure::Remote(diagnostic) => {
                self.diagnostics(std::slice::from_ref(diagnostic));
                None
            }
            Failure::Evaluate { diagnostics, output } => {
                self.diagnostics(diagnostics);
                Some(output.as_str())
            }
            Failure::Compile { rendered, diagnostics, .. } => {
                self.compiler_warnings(rendered);
                self.diagnostics(diagnostics);
                None
            }
            Failure::Evaluator { output, .. } => Some(output.as_str()),
            Failure::Stale { difference, .. } => Some(difference.as_str()),
            Failure::Project { .. } | Failure::Baseline { .. } | Failure::Io { .. } | Failure::Interrupted => None,
        };
        let output = output.filter(|output| !output.trim().is_empty());
        match self.format {
            MessageFormat::Human => self.stderr(&self.failure_text(failure, output)),
            MessageFormat::Json => {
                self.json(&JsonMessage::Error { message: failure.to_string(), help: failure.help(), output });
            }
        }
    }

    fn failure_text(&self, failure: &Failure, output: Option<&str>) -> String {
        let mut text = String::new();
        if let Some(output) = output {
            let title = match failure {
                Failure::Stale { .. } => "",
                _ => "the handlers printed:\n",
            };
            text.push_str(&format!("{title}{}\n\n", output.trim_end()));
        }
        let error = if self.is_colored { "\u{1b}[1m\u{1b}[91merror\u{1b}[0m" } else { "error" };
        let shown = |text: &str| visible(text, Kind::Lines).into_owned();
        text.push_str(&format!("{error}: {}\n", shown(&failure.to_string())));
        if let Some(help) = failure.help() {
            text.push_str(&format!("  = help: {}\n", shown(&help)));
        }
        text
    }

    /// Hands a finished bundle to a tool.
    pub fn bundle(&self, finished: &Finished) {
        let Finished { manifest, out_dir, changed, limits, .. } = finished;
        self.json(&JsonMessage::Bundle { out_dir, changed: *changed, manifest, limits });
    }

    /// Tells a tool of objects as they are done with.
    pub fn object_done(&self, action: Action, objects: &[Item]) {
        for object in objects {
            self.json(&JsonMessage::Object { action, object });
        }
    }

    /// Hands a finished upload to a tool.
    pub fn upload(&self, report: &Report) {
        self.json(&JsonMessage::Upload { report });
    }

    /// Shows what is wrong with the command line.
    pub fn error(&self, text: &str) {
        self.stderr(&format!("error: {text}\n"));
    }

    /// The last word of a run.
    pub fn finished(&self, exit_code: u8) {
        self.json(&JsonMessage::Finished { success: exit_code == 0, exit_code });
    }

    #[expect(clippy::unused_self, reason = "whoever writes holds the shell")]
    fn stderr(&self, text: &str) {
        // As for results.
        let _ = io::stderr().write_all(text.as_bytes());
    }
}

const TEMPLATE: &str = "{prefix:.green.bold} {spinner} {pos} {wide_msg}";

/// A stage that takes long; gone from the screen when it is dropped.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// One more is done.
    pub fn advance(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
            bar.set_message(what.to_owned());
        }
    }

    /// All is done.
    pub fn finish(self) {}
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_well_formed() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }
}

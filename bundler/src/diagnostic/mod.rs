//! Problems in the user's app: what is wrong, where, and what to do.
//!
//! A stage collects all that it finds and the pipeline stops between stages, so that one run shows as many as it can.

mod code;
pub mod failure;
mod json;
pub mod keyless;
mod render;
pub mod visible;

use std::{ops::Range, sync::Arc};

pub use code::Code;
pub use json::JsonDiagnostic;
pub use render::{Style, render};

/// One problem in the user's app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable code.
    pub code: Code,
    /// What is wrong, in one line.
    pub message: String,
    /// Where; the first label is the primary one, and there is at least one.
    pub labels: Vec<Label>,
    /// What to do, in the imperative.
    pub help: String,
}

impl Diagnostic {
    /// A problem at one place.
    pub fn new(code: Code, message: impl Into<String>, label: Label, help: impl Into<String>) -> Self {
        Self { code, message: message.into(), labels: vec![label], help: help.into() }
    }

    /// Adds a further place that belongs to the problem.
    #[must_use]
    pub fn also(mut self, label: Label) -> Self {
        self.labels.push(label);
        self
    }

    /// The label that the message is about.
    #[must_use]
    pub fn primary(&self) -> &Label {
        &self.labels[0]
    }
}

/// A place in a [`Source`], and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The text that the span is of.
    pub source: Source,
    /// Bytes of the source's text.
    pub span: Range<usize>,
    /// What is to be said about them; may be empty.
    pub text: String,
}

impl Label {
    /// A label at a part of a file.
    pub fn new(source: &Source, span: Range<usize>, text: impl Into<String>) -> Self {
        Self { source: source.clone(), span, text: text.into() }
    }

    /// A label at the path of a file or folder itself: at the last component that reads `component`, or at all of it.
    pub fn path(path: &str, component: &str, text: impl Into<String>) -> Self {
        let start = component_start(path, component);
        let span = start.map_or(0..path.len(), |start| start..start + component.len());
        Self { source: Source::path(path), span, text: text.into() }
    }

    /// Line and column of the span's start, both from 1; the column counts characters.
    #[must_use]
    pub fn line_column(&self) -> (usize, usize) {
        let before = &self.source.text[..self.span.start.min(self.source.text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}

/// Where the last component of `path` that reads `component` starts.
fn component_start(path: &str, component: &str) -> Option<usize> {
    let mut end = path.len();
    for part in path.rsplit('/') {
        let start = end - part.len();
        if part == component {
            return Some(start);
        }
        end = start.saturating_sub(1);
    }
    None
}

/// A text that labels point into: a file, or the path of one when the problem is the path itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Relative to the package, with `/`.
    pub path: Arc<str>,
    /// The file's text; the path again when the problem is the path.
    pub text: Arc<str>,
    /// Whether the text is the path.
    pub is_path: bool,
}

impl Source {
    /// The text of a file.
    pub fn file(path: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Self { path: path.into(), text: text.into(), is_path: false }
    }

    /// A path as its own text.
    #[must_use]
    pub fn path(path: &str) -> Self {
        Self { path: path.into(), text: path.into(), is_path: true }
    }
}

/// Sorts diagnostics by file and place, so that their order never depends on how they were found.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(|left, right| {
        let key = |diagnostic: &Diagnostic| {
            let primary = diagnostic.primary();
            (primary.source.path.clone(), primary.span.start, diagnostic.code)
        };
        key(left).cmp(&key(right)).then_with(|| left.message.cmp(&right.message))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_label_points_at_the_last_such_component() {
        let label = Label::path("app/[a]/x/[a]/route.rs", "[a]", "");
        assert_eq!(label.span, 10..13);
        assert_eq!(Label::path("app/x", "nowhere", "").span, 0..5);
    }

    #[test]
    fn columns_count_characters() {
        let source = Source::file("app/route.rs", "é\nüx");
        assert_eq!(Label::new(&source, 5..6, "").line_column(), (2, 2));
    }
}

//! Diagnostics as tools read them.

use serde::Serialize;

use super::Diagnostic;

/// A diagnostic in `--message-format json`: one object a line, on standard output.
#[derive(Debug, Serialize)]
pub struct JsonDiagnostic<'a> {
    code: &'static str,
    level: &'static str,
    message: &'a str,
    help: &'a str,
    labels: Vec<JsonLabel<'a>>,
    rendered: String,
    /// The long text of the code, in Markdown.
    explanation: &'static str,
}

#[derive(Debug, Serialize)]
struct JsonLabel<'a> {
    path: &'a str,
    line: usize,
    column: usize,
    start: usize,
    end: usize,
    text: &'a str,
    /// Whether line, column and bytes are of the path itself, because the problem is the name of a file or folder.
    is_path: bool,
}

impl<'a> From<&'a Diagnostic> for JsonDiagnostic<'a> {
    fn from(diagnostic: &'a Diagnostic) -> Self {
        let labels = diagnostic.labels.iter().map(|label| {
            let (line, column) = label.line_column();
            JsonLabel {
                path: &label.source.path,
                line,
                column,
                start: label.span.start,
                end: label.span.end,
                text: &label.text,
                is_path: label.source.is_path,
            }
        });
        Self {
            code: diagnostic.code.as_str(),
            level: if diagnostic.code.is_warning() { "warning" } else { "error" },
            message: &diagnostic.message,
            help: &diagnostic.help,
            labels: labels.collect(),
            rendered: super::render(diagnostic, super::Style::Plain),
            explanation: diagnostic.code.explanation(),
        }
    }
}

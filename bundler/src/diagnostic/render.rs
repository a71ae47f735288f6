//! Diagnostics as people read them.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Label, Source};
use crate::diagnostic::visible::{Kind, visible, visible_length};

/// How a diagnostic is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// No escape sequences.
    Plain,
    /// With colors.
    Colored,
}

/// The text of one diagnostic, without a final line break.
#[must_use]
pub fn render(diagnostic: &Diagnostic, style: Style) -> String {
    let diagnostic = &shown(diagnostic);
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Colored => Renderer::styled(),
    };
    let level = if diagnostic.code.is_warning() { Level::WARNING } else { Level::ERROR };
    let title = level.primary_title(&diagnostic.message).id(diagnostic.code.as_str());
    let group = snippets(diagnostic).into_iter().fold(Group::with_title(title), Group::element);
    renderer.render(&[group.element(Level::HELP.message(&diagnostic.help))])
}

/// The same with nothing in it that is not seen: names of files and texts of users are shown, and never obeyed.
fn shown(diagnostic: &Diagnostic) -> Diagnostic {
    Diagnostic {
        code: diagnostic.code,
        message: visible(&diagnostic.message, Kind::Lines).into_owned(),
        labels: diagnostic.labels.iter().map(shown_label).collect(),
        help: visible(&diagnostic.help, Kind::Lines).into_owned(),
    }
}

fn shown_label(label: &Label) -> Label {
    let source = &label.source;
    let kind = if source.is_path { Kind::Name } else { Kind::Lines };
    let length = |end| visible_length(&source.text, kind, end);
    Label {
        source: Source {
            path: visible(&source.path, Kind::Name).into(),
            text: visible(&source.text, kind).into(),
            is_path: source.is_path,
        },
        span: length(label.span.start)..length(label.span.end),
        text: visible(&label.text, Kind::Lines).into_owned(),
    }
}

/// One snippet a source, in the order in which the labels name them.
fn snippets(diagnostic: &Diagnostic) -> Vec<Snippet<'_, Annotation<'_>>> {
    let mut sources: Vec<&Source> = Vec::new();
    for label in &diagnostic.labels {
        if !sources.contains(&&label.source) {
            sources.push(&label.source);
        }
    }
    sources.into_iter().map(|source| snippet(diagnostic, source)).collect()
}

fn snippet<'a>(diagnostic: &'a Diagnostic, source: &'a Source) -> Snippet<'a, Annotation<'a>> {
    let labels = diagnostic.labels.iter().enumerate().filter(|(_, label)| label.source == *source);
    let annotations = labels.map(|(index, label)| {
        let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let text = Some(label.text.as_str()).filter(|text| !text.is_empty());
        kind.span(label.span.clone()).label(text)
    });
    Snippet::source(&*source.text).path(&*source.path).line_numbering(!source.is_path).annotations(annotations)
}

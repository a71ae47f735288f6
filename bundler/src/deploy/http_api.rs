//! How a pattern is written for an HTTP API.

use crate::{manifest::SegmentEntry, url_path::escaped};

/// The paths of the routes that a pattern needs: one, or two for an optional catch-all, since `{x+}` takes one part or
/// more. <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>
///
/// The names of the variables are those of the params; the adapter matches the path by itself and reads none of them.
#[must_use]
pub fn paths(segments: &[SegmentEntry]) -> Vec<String> {
    let mut path = String::new();
    let mut paths = Vec::new();
    for segment in segments {
        let text = match segment {
            SegmentEntry::Static(text) => escaped(text),
            SegmentEntry::Param(name) => format!("{{{name}}}"),
            SegmentEntry::CatchAll(name) => format!("{{{name}+}}"),
            SegmentEntry::OptionalCatchAll(name) => {
                paths.push(or_root(path.clone()));
                format!("{{{name}+}}")
            }
        };
        path = format!("{path}/{text}");
    }
    paths.push(or_root(path));
    paths
}

fn or_root(path: String) -> String {
    if path.is_empty() { "/".to_owned() } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(segments: &[SegmentEntry]) -> Vec<String> {
        paths(segments)
    }

    #[test]
    fn a_catch_all_is_greedy_and_an_optional_one_needs_its_parent_too() {
        let text = |text: &str| SegmentEntry::Static(text.to_owned());
        let name = || "x".to_owned();
        assert_eq!(of(&[]), ["/"]);
        assert_eq!(of(&[text("items"), SegmentEntry::Param(name())]), ["/items/{x}"]);
        assert_eq!(of(&[text("docs"), SegmentEntry::CatchAll(name())]), ["/docs/{x+}"]);
        assert_eq!(of(&[text("shop"), SegmentEntry::OptionalCatchAll(name())]), ["/shop", "/shop/{x+}"]);
        assert_eq!(of(&[SegmentEntry::OptionalCatchAll(name())]), ["/", "/{x+}"]);
        assert_eq!(of(&[text("a b{")]), ["/a%20b%7B"]);
    }
}

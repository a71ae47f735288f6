//! How a pattern is written for an HTTP API.

use crate::{manifest::SegmentEntry, url_path::escaped};

/// The paths of the routes that a pattern needs: one, or two for an optional catch-all, since `{x+}` takes one part or
/// more. <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>
///
/// The names of the variables are those of the params. Where API Gateway does not take the name of one, all of the pattern
/// are numbered, as the Terraform module does it: the adapter matches the path by itself and reads none of them.
#[must_use]
pub fn paths(segments: &[SegmentEntry]) -> Vec<String> {
    let is_named = segments.iter().filter_map(param).all(is_taken);
    let mut path = String::new();
    let mut paths = Vec::new();
    for (index, segment) in segments.iter().enumerate() {
        if let SegmentEntry::OptionalCatchAll(_) = segment {
            paths.push(or_root(path.clone()));
        }
        let name = |name: &str| if is_named { name.to_owned() } else { format!("p{index}") };
        let text = match segment {
            SegmentEntry::Static(text) => escaped(text),
            SegmentEntry::Param(param) => format!("{{{}}}", name(param)),
            SegmentEntry::CatchAll(param) | SegmentEntry::OptionalCatchAll(param) => format!("{{{}+}}", name(param)),
        };
        path = format!("{path}/{text}");
    }
    paths.push(or_root(path));
    paths
}

fn param(segment: &SegmentEntry) -> Option<&str> {
    match segment {
        SegmentEntry::Static(_) => None,
        SegmentEntry::Param(name) | SegmentEntry::CatchAll(name) | SegmentEntry::OptionalCatchAll(name) => Some(name),
    }
}

/// Whether API Gateway takes it as the name of a variable.
fn is_taken(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
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

    #[test]
    fn the_params_of_a_pattern_are_numbered_where_one_has_a_name_that_is_not_taken() {
        let text = |text: &str| SegmentEntry::Static(text.to_owned());
        let param = |name: &str| SegmentEntry::Param(name.to_owned());
        assert_eq!(of(&[param("a.b_c-1"), text("x")]), ["/{a.b_c-1}/x"]);
        let rest = SegmentEntry::OptionalCatchAll("größe".to_owned());
        assert_eq!(of(&[param("a"), text("x"), rest]), ["/{p0}/x", "/{p0}/x/{p2+}"]);
    }
}

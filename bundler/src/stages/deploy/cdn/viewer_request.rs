//! `cdn/viewer-request.js`: the function of `deploy/cdn`, with what it has to know of the app filled in.

use std::fmt::Write;

use wharf::pattern::{Pattern, Segment};

use crate::{
    diagnostic::{Code, Diagnostic, Label},
    stages::manifest::{Manifest, RouteEntry},
    url_path::escaped,
};

/// The function as it stands in this repository.
const SOURCE: &str = include_str!("../../../../../deploy/cdn/viewer-request.js");

/// The line of the source that says whether there is an API.
const HAS_API: &str = "const HAS_API = true;";

/// The line of the source that lists the routes that stream.
const ROUTES: &str = "const ROUTES = [];";

/// The longest function, in bytes.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html>
const LONGEST: usize = 10 * 1024;

/// The function of this app.
pub(super) fn text(manifest: &Manifest) -> Result<String, Diagnostic> {
    let has_api = format!("const HAS_API = {};", !manifest.routes.is_empty());
    let text = without_comments(SOURCE).replacen(HAS_API, &has_api, 1).replacen(ROUTES, &routes(manifest), 1);
    if text.len() <= LONGEST { Ok(text) } else { Err(too_long(text.len(), manifest)) }
}

/// Only the list of routes grows with an app.
fn too_long(bytes: usize, manifest: &Manifest) -> Diagnostic {
    let last = manifest.routes.iter().rfind(|route| route.streaming);
    Diagnostic::new(
        Code::TooManyStreams,
        format!("the function of the CDN has {bytes} bytes, and CloudFront takes {LONGEST}"),
        Label::path(last.map_or("app", |route| &route.source), "route.rs", "the last of the routes that stream"),
        "put routes that stream below one dynamic folder, give their folders shorter names, or let fewer of them stream",
    )
}

/// CloudFront counts comments, too.
fn without_comments(source: &str) -> String {
    let lines = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.fold(String::new(), |text, line| text + line + "\n")
}

fn routes(manifest: &Manifest) -> String {
    let mut text = String::from("const ROUTES = [");
    for (pattern, route) in listed(manifest) {
        let origin = if route.streaming { format!("stream-{}", route.function) } else { "api".to_owned() };
        // Infallible: writing to a string.
        let _ = write!(text, "\n    [/{}/, '{origin}'],", expression(&pattern));
    }
    let end = if text.ends_with('[') { "];" } else { "\n];" };
    text + end
}

/// The routes that stream, and those that may win over one of them, in match order.
fn listed(manifest: &Manifest) -> Vec<(Pattern, &RouteEntry)> {
    let routes = manifest.routes.iter().filter_map(|route| Some((route.pattern.parse().ok()?, route)));
    let routes: Vec<(Pattern, &RouteEntry)> = routes.collect();
    let is_listed = |index: usize| {
        let (pattern, route) = &routes[index];
        let wins_over = |(other, later): &(Pattern, &RouteEntry)| later.streaming && pattern.overlaps(other);
        route.streaming || routes[index + 1..].iter().any(wins_over)
    };
    let listed: Vec<bool> = (0..routes.len()).map(is_listed).collect();
    routes.into_iter().zip(listed).filter_map(|(route, is_listed)| is_listed.then_some(route)).collect()
}

/// A regular expression for the normal paths that a pattern matches: a normal path has no empty part, and in a part
/// nothing that needs no escape is escaped.
fn expression(pattern: &Pattern) -> String {
    let mut text = String::from("^");
    for (index, segment) in pattern.segments().iter().enumerate() {
        match segment {
            Segment::Static(part) => {
                text.push_str("\\/");
                text.push_str(&literal(&escaped(part)));
            }
            Segment::Param(_) => text.push_str("\\/[^\\/]+"),
            Segment::CatchAll(_) => text.push_str("\\/."),
            // The root alone ends with a slash.
            Segment::OptionalCatchAll(_) if index == 0 => text.push_str("\\/"),
            Segment::OptionalCatchAll(_) => text.push_str("(\\/|$)"),
        }
    }
    match pattern.segments().last() {
        None => "^\\/$".to_owned(),
        Some(Segment::CatchAll(_) | Segment::OptionalCatchAll(_)) => text,
        Some(_) => text + "$",
    }
}

fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len());
    for character in text.chars() {
        if "$()*+.?".contains(character) {
            literal.push('\\');
        }
        literal.push(character);
    }
    literal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::manifest::tests::manifest;

    fn pattern(text: &str) -> Pattern {
        text.parse().unwrap()
    }

    #[test]
    fn the_source_has_the_lines_that_are_filled_in() {
        for line in [HAS_API, ROUTES] {
            assert_eq!(SOURCE.lines().filter(|found| *found == line).count(), 1, "{line}");
        }
    }

    #[test]
    fn comments_are_left_out_and_nothing_else() {
        let text = text(&manifest()).unwrap();
        assert!(text.starts_with("import cf from 'cloudfront';\n"), "{text}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("//")), "{text}");
        assert!(text.contains("async function handler(event) {"), "{text}");
    }

    #[test]
    fn an_app_without_routes_has_no_api() {
        let pages = Manifest { routes: Vec::new(), ..manifest() };
        assert!(text(&pages).unwrap().contains("const HAS_API = false;"));
        assert!(text(&manifest()).unwrap().contains("const HAS_API = true;"));
    }

    #[test]
    fn routes_that_stream_are_listed_with_those_that_win_over_them() {
        let mut manifest = manifest();
        let route = manifest.routes[0].clone();
        manifest.routes.clear();
        for (text, streaming) in
            [("/a/b.c", false), ("/a/[x]", true), ("/a/[x]/y", false), ("/b", false), ("/[...rest]", false)]
        {
            let function = "a".to_owned();
            manifest.routes.push(RouteEntry { pattern: text.to_owned(), function, streaming, ..route.clone() });
        }
        assert_eq!(
            routes(&manifest),
            "const ROUTES = [\n    [/^\\/a\\/b\\.c$/, 'api'],\n    [/^\\/a\\/[^\\/]+$/, 'stream-a'],\n];"
        );
    }

    #[test]
    fn expressions_match_normal_paths() {
        assert_eq!(expression(&pattern("/")), r"^\/$");
        assert_eq!(expression(&pattern("/a b/c+d$")), r"^\/a%20b\/c\+d\$$");
        assert_eq!(expression(&pattern("/a/[x]/b")), r"^\/a\/[^\/]+\/b$");
        assert_eq!(expression(&pattern("/a/[...x]")), r"^\/a\/.");
        assert_eq!(expression(&pattern("/a/[[...x]]")), r"^\/a(\/|$)");
        assert_eq!(expression(&pattern("/[[...x]]")), r"^\/");
    }
}

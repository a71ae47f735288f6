//! The routes of an HTTP API: which paths it has to know, and the function behind each.

use std::{cmp::Reverse, collections::BTreeMap};

use wharf::pattern::{Pattern, Segment};

use crate::url_path::escaped;

/// The routes of an API, as paths in its grammar, each with the function that answers it: one a pattern, two for an
/// optional catch-all. Where that is less, a function of several routes has the path that all of them begin with and
/// everything below it, and the adapter tells the paths that there are from others.
///
/// `routes` are patterns with the names of their functions.
#[must_use]
pub fn routes<'a>(routes: impl IntoIterator<Item = (Pattern, &'a str)>) -> BTreeMap<String, String> {
    let mut by_function: BTreeMap<&str, Vec<Pattern>> = BTreeMap::new();
    for (pattern, function) in routes {
        by_function.entry(function).or_default().push(pattern);
    }
    // One after the other: each sees what the API has for the functions before it. The innermost comes first, as an outer
    // one gives way to it.
    let mut functions: Vec<&str> = by_function.keys().copied().collect();
    functions.sort_by_key(|function| Reverse(common_prefix(&by_function[function]).len()));
    for function in functions {
        let others = by_function.iter().filter(|(name, _)| **name != function).flat_map(|(_, patterns)| patterns);
        if let Some(fewer) = collapsed(&by_function[function], &others.collect::<Vec<_>>()) {
            by_function.insert(function, fewer);
        }
    }
    let paths = by_function
        .iter()
        .flat_map(|(function, patterns)| patterns.iter().flat_map(paths).map(|path| (path, (*function).to_owned())));
    paths.collect()
}

/// What a function needs at least, if that is less than a path for each of its patterns: what they have in common, if one
/// of them is no longer than that, and whatever is below. `others` are the patterns of other functions.
fn collapsed(own: &[Pattern], others: &[&Pattern]) -> Option<Vec<Pattern>> {
    let prefix = common_prefix(own);
    let below = Pattern::new(prefix.iter().cloned().chain([Segment::CatchAll("proxy".to_owned())]).collect());
    let at = Pattern::new(prefix.to_vec());
    let fewer: Vec<Pattern> =
        own.iter().any(|own| own.overlaps(&at)).then_some(at).into_iter().chain([below]).collect();
    let is_less = fewer.len() < own.iter().map(|own| paths(own).len()).sum();
    let below = fewer.last()?;
    let keeps_its_paths = |other: &&Pattern| {
        !other.overlaps(below) || (is_chosen_before(other, below) && own.iter().all(|own| wins(other, own)))
    };
    (is_less && others.iter().all(keeps_its_paths)).then_some(fewer)
}

/// The segments that all patterns begin with, up to the first catch-all.
fn common_prefix(patterns: &[Pattern]) -> &[Segment] {
    let Some((first, rest)) = patterns.split_first() else { return &[] };
    let is_common = |(index, segment): &(usize, &Segment)| {
        !is_greedy(segment) && rest.iter().all(|pattern| pattern.segments().get(*index) == Some(segment))
    };
    let length = first.segments().iter().enumerate().take_while(is_common).count();
    &first.segments()[..length]
}

fn is_greedy(segment: &Segment) -> bool {
    matches!(segment, Segment::CatchAll(_) | Segment::OptionalCatchAll(_))
}

/// Whether the pattern is the first to be asked for each path that both match, as it then is in the API, too.
fn wins(pattern: &Pattern, over: &Pattern) -> bool {
    !pattern.overlaps(over) || pattern < over
}

/// Whether the API chooses this pattern and not `below` for each path that both match. It does so for one without a greedy
/// variable, and, of two with one, for that which goes on where the other's variable stands.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>
fn is_chosen_before(pattern: &Pattern, below: &Pattern) -> bool {
    let (segments, prefix) = (pattern.segments(), &below.segments()[..below.segments().len() - 1]);
    if segments.last().is_some_and(is_greedy) {
        return segments.starts_with(prefix) && segments.len() > below.segments().len();
    }
    pattern < below
}

/// A pattern in the grammar of the API: one path, or two for an optional catch-all, since `{x+}` takes one part or more.
///
/// The names of the variables are those of the params. Where API Gateway does not take the name of one, all of the pattern
/// are numbered: the adapter matches the path by itself and reads none of them.
fn paths(pattern: &Pattern) -> Vec<String> {
    let is_named = pattern.params().all(is_taken);
    let mut path = String::new();
    let mut paths = Vec::new();
    for (index, segment) in pattern.segments().iter().enumerate() {
        if let Segment::OptionalCatchAll(_) = segment {
            paths.push(or_root(path.clone()));
        }
        let name = |name: &str| if is_named { name.to_owned() } else { format!("p{index}") };
        let text = match segment {
            Segment::Static(text) => escaped(text),
            Segment::Param(param) => format!("{{{}}}", name(param)),
            Segment::CatchAll(param) | Segment::OptionalCatchAll(param) => format!("{{{}+}}", name(param)),
        };
        path = format!("{path}/{text}");
    }
    paths.push(or_root(path));
    paths
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

    /// The paths of an app whose routes are given as `function: pattern pattern`.
    fn of(functions: &[&str]) -> Vec<String> {
        let split = functions.iter().map(|text| text.split_once(": ").unwrap());
        let patterns = split.flat_map(|(function, patterns)| {
            patterns.split(' ').map(move |pattern| (pattern.replace('+', " ").parse().unwrap(), function))
        });
        routes(patterns).into_iter().map(|(path, function)| format!("{path} {function}")).collect()
    }

    #[test]
    fn a_catch_all_is_greedy_and_an_optional_one_needs_its_parent_too() {
        assert_eq!(of(&["a: /"]), ["/ a"]);
        assert_eq!(of(&["a: /items/[x]"]), ["/items/{x} a"]);
        assert_eq!(of(&["a: /docs/[...x]"]), ["/docs/{x+} a"]);
        assert_eq!(of(&["a: /shop/[[...x]]"]), ["/shop a", "/shop/{x+} a"]);
        assert_eq!(of(&["a: /[[...x]]"]), ["/ a", "/{x+} a"]);
        assert_eq!(of(&["a: /a+b{"]), ["/a%20b%7B a"]);
    }

    #[test]
    fn a_function_of_several_routes_has_all_below_what_they_have_in_common() {
        assert_eq!(of(&["a: /admin /admin/x /admin/[y]", "b: /"]), ["/ b", "/admin a", "/admin/{proxy+} a"]);
        assert_eq!(of(&["a: /admin/x /admin/y"]), ["/admin/{proxy+} a"], "nothing is at the path itself");
        assert_eq!(of(&["a: /admin/u/x /admin/u/y /admin/u/z"]), ["/admin/u/{proxy+} a"]);
        assert_eq!(of(&["a: /[s] /[s]/x /[s]/y"]), ["/{s} a", "/{s}/{proxy+} a"]);
        assert_eq!(of(&["a: / /x /y/[...z]"]), ["/ a", "/{proxy+} a"]);
        assert_eq!(of(&["a: /a/[[...x]] /a/b"]), ["/a a", "/a/{proxy+} a"]);
    }

    #[test]
    fn what_is_no_less_stays_as_it_is() {
        assert_eq!(of(&["a: /admin /admin/x"]), ["/admin a", "/admin/x a"]);
        assert_eq!(of(&["a: /admin /admin/[...x]"]), ["/admin a", "/admin/{x+} a"]);
    }

    #[test]
    fn no_path_is_taken_from_another_function() {
        let own = "a: /admin /admin/x /admin/y";
        let kept = ["/admin a", "/admin/x a", "/admin/y a"];
        for (other, path) in [
            ("/[...rest]", "/{rest+}"),
            ("/[[...rest]]", "/{rest+}"),
            ("/[x]/z", "/{x}/z"),
            ("/admin/[...rest]", "/admin/{rest+}"),
            ("/admin/[z]", "/admin/{z}"),
            ("/[x]/[...rest]", "/{x}/{rest+}"),
        ] {
            let paths = of(&[own, &format!("b: {other}")]);
            assert!(kept.iter().all(|path| paths.iter().any(|other| other == path)), "{other}: {paths:?}");
            assert!(paths.contains(&format!("{path} b")), "{other}: {paths:?}");
        }
    }

    #[test]
    fn another_function_below_is_no_obstacle_where_the_api_prefers_it() {
        let own = "a: /admin /admin/x /admin/[y]";
        let fewer = ["/admin a", "/admin/{proxy+} a"];
        for (other, path) in [
            ("/admin/x/z", "/admin/x/z"),
            ("/admin/login", "/admin/login"),
            ("/admin/reports/[...rest]", "/admin/reports/{rest+}"),
            ("/[z]", "/{z}"),
            ("/other/[...rest]", "/other/{rest+}"),
        ] {
            let mut paths = of(&[own, &format!("b: {other}")]);
            paths.retain(|found| *found != format!("{path} b"));
            assert_eq!(paths, fewer, "{other}");
        }
    }

    /// `/admin/reports/x` is one of the outer function, so the inner one cannot have all of `/admin/reports`, or the outer
    /// one keeps it as a path of its own.
    #[test]
    fn functions_within_one_another_never_take_each_others_paths() {
        let paths =
            of(&["a: /admin /admin/y /admin/reports/x", "b: /admin/reports /admin/reports/[id] /admin/reports/z"]);
        assert!(paths.contains(&"/admin/reports/x a".to_owned()), "{paths:?}");
        let apart = of(&["a: /admin /admin/y /admin/z", "b: /admin/reports /admin/reports/[id] /admin/reports/z"]);
        assert_eq!(apart, ["/admin a", "/admin/reports b", "/admin/reports/{proxy+} b", "/admin/{proxy+} a"]);
    }

    /// As the API chooses: without a greedy variable before with one, then the most special.
    fn chosen<'p>(paths: &'p BTreeMap<String, String>, path: &str) -> Option<&'p str> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let as_pattern = |path: &str| -> Pattern {
            let segment = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                None => Segment::Static(part.to_owned()),
                Some(name) => name
                    .strip_suffix('+')
                    .map_or_else(|| Segment::Param(name.to_owned()), |name| Segment::CatchAll(name.to_owned())),
            };
            Pattern::new(path.split('/').filter(|part| !part.is_empty()).map(segment).collect())
        };
        let patterns = paths.iter().map(|(path, function)| (as_pattern(path), function));
        let matching = patterns.filter(|(pattern, _)| pattern.matches(&parts).is_some());
        matching
            .min_by_key(|(pattern, _)| (pattern.segments().last().is_some_and(is_greedy), pattern.clone()))
            .map(|(_, function)| function.as_str())
    }

    /// All apps of three functions from a few patterns: what a route answers is chosen for its function.
    #[test]
    fn every_path_of_a_route_reaches_its_function() {
        let patterns = ["/", "/a", "/a/b", "/a/[x]", "/a/b/c", "/a/b/[y]", "/a/[...z]", "/[...w]"];
        let asked = ["/", "/a", "/o", "/a/b", "/a/o", "/o/b", "/a/b/c", "/a/b/o", "/a/o/c", "/a/b/c/d", "/o/o/o"];
        let names = ["f", "g", "h"];
        let count = 3_usize.pow(u32::try_from(patterns.len()).unwrap());
        let mut fewer = 0;
        for number in 0..count {
            let function = |index: usize| names[number / 3_usize.pow(u32::try_from(index).unwrap()) % 3];
            let mut app: Vec<(Pattern, &str)> =
                patterns.iter().enumerate().map(|(index, text)| (text.parse().unwrap(), function(index))).collect();
            app.sort();
            let paths = routes(app.clone());
            fewer += usize::from(paths.len() < patterns.len());
            for path in asked {
                let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
                let wanted = app.iter().find(|(pattern, _)| pattern.matches(&parts).is_some()).map(|(_, name)| *name);
                assert_eq!(chosen(&paths, path), wanted, "{path}: {paths:?} of {app:?}");
            }
        }
        assert!(fewer > count / 20, "{fewer} of {count}");
    }

    #[test]
    fn the_params_of_a_pattern_are_numbered_where_one_has_a_name_that_is_not_taken() {
        assert_eq!(of(&["a: /[a.b_c-1]/x"]), ["/{a.b_c-1}/x a"]);
        assert_eq!(of(&["a: /[a]/x/[[...größe]]"]), ["/{p0}/x a", "/{p0}/x/{p2+} a"]);
    }
}

//! Where the API begins in a path: what stands in front of it, a stage or the base path of an API mapping.
//!
//! A REST API hands on the base path of a custom domain in the path of the event, although it cuts it off before it
//! matches its resources ([AWS](https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mappings.html)):
//! `/shop/items/rope` is the resource `/items/{slug}` with the parameter `slug = rope`. Filled with its parameters, the
//! resource tells where it begins.

use serde::Deserialize;

use crate::handler::path;

use super::lines::Lines;

/// The resource that an API matched, as its template, with the values of its parameters.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Resource {
    #[serde(default)]
    pub(super) resource: Option<String>,
    #[serde(default)]
    path_parameters: Option<Lines>,
}

impl Resource {
    /// The path in two: what stands in front of the resource, and the resource. `None` when the path does not end with
    /// the resource, as behind a route that is no template (`$default`).
    pub(super) fn split<'p>(&self, path: &'p str) -> Option<(&'p str, &'p str)> {
        let filled = self.filled()?;
        // The values are those of the path, or decoded.
        let spellings = [path::decode(&filled).unwrap_or_else(|_| filled.clone()), filled];
        let starts = path.match_indices('/').map(|(index, _)| index).chain([path.len()]);
        starts.map(|start| path.split_at(start)).find(|(_, rest)| {
            let decoded = path::decode(rest).unwrap_or_else(|_| (*rest).to_owned());
            spellings.iter().any(|spelling| is_same(spelling, rest) || is_same(spelling, &decoded))
        })
    }

    /// The template with its parameters put in.
    fn filled(&self) -> Option<String> {
        let template = self.resource.as_deref().filter(|resource| resource.starts_with('/'))?;
        let parts = template.split('/').map(|part| match parameter(part) {
            Some(name) => self.value(name),
            None => Some(part),
        });
        Some(parts.collect::<Option<Vec<_>>>()?.join("/"))
    }

    fn value(&self, name: &str) -> Option<&str> {
        let parameters = self.path_parameters.as_ref()?;
        parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

/// The name in `{slug}` or `{proxy+}`.
fn parameter(part: &str) -> Option<&str> {
    let name = part.strip_prefix('{')?.strip_suffix('}')?;
    Some(name.strip_suffix('+').unwrap_or(name))
}

/// Slashes that separate nothing may be in one of them only.
fn is_same(one: &str, other: &str) -> bool {
    let parts = |path| str::split(path, '/').filter(|part| !part.is_empty());
    parts(one).eq(parts(other))
}

/// A path in two, when it begins with these whole parts: `/shop` stands in front of `/shop/items`, and not of
/// `/shopping`.
pub(super) fn split_prefix<'p>(prefix: &str, path: &'p str) -> Option<(&'p str, &'p str)> {
    let rest = path.strip_prefix(prefix)?;
    (rest.is_empty() || rest.starts_with('/')).then(|| path.split_at(prefix.len()))
}

/// A named stage of an HTTP API stands in front of the path, `/prod/items`, at every domain.
pub(super) fn split_stage<'p>(stage: Option<&str>, path: &'p str) -> (&'p str, &'p str) {
    let stage = stage.filter(|stage| !stage.is_empty() && *stage != "$default");
    stage.and_then(|stage| split_prefix(&format!("/{stage}"), path)).unwrap_or(("", path))
}

/// Whether this is the domain that API Gateway itself gave the API, where the client sees the stage.
pub(super) fn is_own_domain(domain: &str) -> bool {
    domain.contains(".execute-api.")
}

/// Whether an emulator on this machine sent the event.
pub(super) fn is_local(domain: &str) -> bool {
    let host = domain.split(':').next().unwrap_or_default();
    host == "localhost" || host == "127.0.0.1"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(template: &str, parameters: &str) -> Resource {
        let json = format!(r#"{{"resource": "{template}", "pathParameters": {parameters}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn what_stands_in_front_of_the_resource_is_cut() {
        for (template, parameters, path, front, rest) in [
            ("/items/{slug}", r#"{"slug": "rope"}"#, "/items/rope", "", "/items/rope"),
            ("/items/{slug}", r#"{"slug": "rope"}"#, "/shop/items/rope", "/shop", "/items/rope"),
            ("/items/{slug}", r#"{"slug": "rope"}"#, "/a/b/prod/items/rope/", "/a/b/prod", "/items/rope/"),
            // The values come as they were sent, or decoded.
            ("/{slug}", r#"{"slug": "a%20b"}"#, "/shop/a%20b", "/shop", "/a%20b"),
            ("/{slug}", r#"{"slug": "a b"}"#, "/shop/a%20b", "/shop", "/a%20b"),
            ("/{slug}", r#"{"slug": "%20"}"#, "/shop/%2520", "/shop", "/%2520"),
            ("/{slug}", r#"{"slug": "100%"}"#, "/shop/100%25", "/shop", "/100%25"),
            ("/{proxy+}", r#"{"proxy": "a/b"}"#, "/a/b", "", "/a/b"),
            ("/{proxy+}", r#"{"proxy": "a/b"}"#, "/shop/a/b", "/shop", "/a/b"),
            ("/{proxy+}", r#"{"proxy": "shop/a"}"#, "/shop/shop/a", "/shop", "/shop/a"),
            ("/{proxy+}", r#"{"proxy": "a/b"}"#, "/shop//a//b/", "/shop", "//a//b/"),
            ("/", "null", "/shop", "/shop", ""),
            ("/", "null", "/shop/", "/shop", "/"),
            ("/", "null", "/", "", "/"),
            ("/items", "null", "/items/items", "/items", "/items"),
        ] {
            let expected = Some((front, rest));
            assert_eq!(resource(template, parameters).split(path), expected, "{template} {parameters} {path}");
        }
    }

    #[test]
    fn a_resource_that_does_not_fit_tells_nothing() {
        for (template, parameters, path) in [
            ("$default", "null", "/shop/items"),
            ("/items/{slug}", "null", "/shop/items/rope"),
            ("/items/{slug}", r#"{"id": "rope"}"#, "/shop/items/rope"),
            ("/items/{slug}", r#"{"slug": "rope"}"#, "/items/anchor"),
            ("", "null", "/"),
        ] {
            assert_eq!(resource(template, parameters).split(path), None, "{template} {parameters} {path}");
        }
        assert_eq!(Resource::default().split("/"), None);
    }

    #[test]
    fn a_prefix_is_made_of_whole_parts() {
        assert_eq!(split_prefix("/shop", "/shop/items"), Some(("/shop", "/items")));
        assert_eq!(split_prefix("/shop", "/shop"), Some(("/shop", "")));
        assert_eq!(split_prefix("/shop", "/shopping"), None);
        assert_eq!(split_stage(Some("prod"), "/prod/items"), ("/prod", "/items"));
        assert_eq!(split_stage(Some("$default"), "/$default/items"), ("", "/$default/items"));
        assert_eq!(split_stage(None, "/items"), ("", "/items"));
    }
}

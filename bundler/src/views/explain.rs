//! `--explain-route /path`: what answers a URL, and why.

use std::fmt::{self, Write};

use wharf::pattern::{ParamValue, Params, Pattern};

use crate::{
    diagnostic::visible::{Kind, visible},
    stages::manifest::{AnswerEntry, Manifest, MethodEntry, ObjectEntry, RouteEntry},
    url_path::UrlPath,
};

/// Explains the path of a URL; its query is left out, as nothing static depends on one.
#[must_use]
pub fn text(manifest: &Manifest, path: &str) -> String {
    let mut text = String::new();
    // Infallible: writing to a string.
    let _ = explain(&mut text, manifest, path.split('?').next().unwrap_or_default());
    visible(&text, Kind::Lines).into_owned()
}

fn explain(text: &mut String, manifest: &Manifest, path: &str) -> fmt::Result {
    let Some(url) = UrlPath::parse(path) else {
        return writeln!(text, "{path}\n  400, as an escape does not decode or a part is `.` or `..`");
    };
    if path.len() > 1 && (path.ends_with('/') || path.contains("//")) {
        return writeln!(text, "{path}\n  308 to {url}, whatever the method");
    }
    writeln!(text, "{url}")?;
    let shown = url.to_string();
    let mut files = manifest.objects.iter().filter(|object| object.function.is_none());
    if let Some(object) = files.find(|object| object.path == shown) {
        return file(text, object);
    }
    let parts: Vec<_> = url.parts().iter().map(String::as_str).collect();
    // The routes stand in match order.
    let matching = manifest.routes.iter().find_map(|route| {
        let pattern: Pattern = route.pattern.parse().ok()?;
        Some((route, pattern.matches(&parts)?))
    });
    match matching {
        Some((found, params)) => route(text, manifest, found, &params, &shown),
        None => writeln!(text, "  404, as no route matches"),
    }
}

fn file(text: &mut String, object: &ObjectEntry) -> fmt::Result {
    writeln!(text, "  file      {}", object.source.as_deref().unwrap_or_default())?;
    writeln!(text, "  object    {}", object.key)?;
    writeln!(text, "  GET       200")?;
    object.headers.iter().try_for_each(|(name, value)| writeln!(text, "            {name}: {value}"))
}

fn route(text: &mut String, manifest: &Manifest, route: &RouteEntry, params: &Params, path: &str) -> fmt::Result {
    writeln!(text, "  route     {} ({})", route.pattern, route.source)?;
    for (name, value) in params.iter() {
        match value {
            ParamValue::One(value) => writeln!(text, "  param     {name} = {value:?}")?,
            ParamValue::Many(values) => writeln!(text, "  param     {name} = {values:?}")?,
        }
    }
    let zip = manifest.functions.get(&route.function).map_or("", |function| &function.zip);
    writeln!(text, "  function  {} ({zip})", route.function)?;
    route.methods.iter().try_for_each(|(name, entry)| method(text, route, name, entry, path))
}

fn method(text: &mut String, route: &RouteEntry, name: &str, entry: &MethodEntry, path: &str) -> fmt::Result {
    writeln!(text, "  {name:<9} {}: {}", entry.class, entry.reason)?;
    if !entry.is_static() {
        return Ok(());
    }
    match entry.answers.iter().find(|answer| answer.path == path) {
        Some(found) => answer(text, found),
        None if route.dynamic_params => writeln!(text, "            not listed: run when it is asked for, then kept"),
        None => writeln!(text, "            404, as it is not listed and DYNAMIC_PARAMS is false"),
    }
}

fn answer(text: &mut String, answer: &AnswerEntry) -> fmt::Result {
    writeln!(text, "            {}", answer.status)?;
    for (name, value) in answer.sent_headers() {
        writeln!(text, "            {name}: {value}")?;
    }
    match (&answer.object, &answer.not_exported) {
        (Some(key), _) => writeln!(text, "            object {key}"),
        (None, Some(why)) => writeln!(text, "            no object: {why}"),
        (None, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::manifest::tests::manifest;

    #[test]
    fn a_static_answer_is_explained_with_its_headers() {
        assert_eq!(
            text(&manifest(), "/items/a%20b?x=1"),
            "/items/a%20b\n  route     /items/[slug] (app/items/[slug]/route.rs)\n  param     slug = \"a b\"\n  \
             function  items-slug (functions/items-slug.zip)\n  GET       static: listed (app/items/[slug]/route.rs:9)\n            \
             200\n            content-type: text/plain\n            cache-control: s-maxage=60, stale-while-revalidate=31535940\n            \
             object objects/0a1b\n"
        );
    }

    #[test]
    fn what_is_not_answered_says_so() {
        let explained = |path| text(&manifest(), path);
        assert!(explained("/nowhere").contains("404, as no route matches"));
        assert!(explained("/items/other").contains("404, as it is not listed"));
        assert!(explained("/items//a").contains("308 to /items/a"));
        assert!(explained("/items/%zz").contains("400"));
    }
}

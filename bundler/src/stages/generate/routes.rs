//! The app's `routes.rs`: a module a route file, and a constructor each.
//!
//! `cargo fmt` leaves the text as it is, whatever the user's settings: modules stand apart by blank lines, as rustfmt
//! would sort neighbors, and the constructors are skipped, as the width of a chain of calls is a setting.

use std::{collections::BTreeMap, fmt::Write};

use super::{Call, relative, routes_path};
use crate::{
    diagnostic::visible::{Kind, visible},
    stages::{
        parse::Item,
        plan::{Plan, Route},
    },
};

const HEADER: &str = "\
//! The routes of this app. Written by `cargo bundle` from the app directory; do not edit, but do commit it.
//!
//! `cargo bundle --check` fails when it is stale.
";

/// The widest chain of calls that stands on one line, as in rustfmt's defaults.
const CHAIN_WIDTH: usize = 60;

/// The text of the file, and by line what of a route file rustc reads there.
pub(super) fn generate(plan: &Plan) -> (String, BTreeMap<(usize, usize), Call>) {
    let folder = routes_path(plan).parent().map(ToOwned::to_owned).unwrap_or_default();
    let mut routes: Vec<&Route> = plan.routes.iter().collect();
    routes.sort_by_key(|route| route.name.module());
    let mut text = HEADER.to_owned();
    for route in &routes {
        let path = relative(&plan.project.root.join(&route.file.path), &folder);
        text.push_str(&module(route, &path));
    }
    text.push_str(
        "\n/// What the generated binaries call: one constructor a route.\n#[doc(hidden)]\n#[rustfmt::skip]\n",
    );
    text.push_str("pub mod entry {\n");
    // An app of pages has no route, and rustc would warn of the import.
    if !routes.is_empty() {
        text.push_str("    use wharf::entry::Route;\n");
    }
    // A module cannot meet a constructor: types and functions are named apart.
    text.push_str("    pub use wharf::entry as adapter;\n");
    let mut lines = BTreeMap::new();
    for route in &routes {
        for (line, items) in constructor(route) {
            text.push_str(&line);
            let number = text.matches('\n').count();
            let call = |(end, item)| (end, Call { route: route.name.clone(), item });
            lines.extend(items.into_iter().map(call).map(|(end, call)| ((number, end), call)));
        }
    }
    text.push_str("}\n");
    (text, lines)
}

fn module(route: &Route, path: &str) -> String {
    let module = route.name.module();
    let route = &route.file;
    let pattern = route.pattern.to_string();
    let mut text = format!("\n/// `{}`\n#[path = {path:?}]\n", visible(&pattern, Kind::Name));
    // The Next.js spelling of a handler's name is accepted without a lint.
    if route.handlers.values().any(|handler| handler.name.starts_with(|first: char| first.is_ascii_uppercase())) {
        text.push_str("#[allow(non_snake_case)]\n");
    }
    // Infallible: writing to a string.
    let _ = writeln!(text, "pub mod {module};");
    text
}

/// A line, and which items of the route file it names, each with the column behind it.
type Line = (String, Vec<(usize, Item)>);

fn constructor(route: &Route) -> Vec<Line> {
    let module = route.name.module();
    let head = format!("Route::new({:?})", route.file.pattern.to_string());
    let items = route.file.items();
    let calls: Vec<String> = items.iter().map(|item| call(item, &module)).collect();
    let mut lines = vec![(format!("\n    pub fn {module}() -> Route {{\n"), Vec::new())];
    if items.iter().any(|item| !item.conditions().is_empty()) {
        lines.push((format!("        let route = {head};\n"), Vec::new()));
        for (index, (call, item)) in calls.iter().zip(items).enumerate() {
            let conditions =
                item.conditions().iter().map(|condition| (format!("        #[{condition}]\n"), Vec::new()));
            lines.extend(conditions);
            // Which of them rustc compiled, only what it made can say.
            let mark = if item.conditions().is_empty() { String::new() } else { format!(".compiled({index})") };
            lines.push((format!("        let route = route{call}{mark};\n"), vec![(usize::MAX, item)]));
        }
        lines.push(("        route\n".to_owned(), Vec::new()));
    } else if head.len() + calls.iter().map(String::len).sum::<usize>() <= CHAIN_WIDTH {
        let mut line = format!("        {head}");
        let mut ends = Vec::new();
        for (call, item) in calls.iter().zip(items) {
            line.push_str(call);
            ends.push((line.chars().count(), item));
        }
        lines.push((line + "\n", ends));
    } else {
        lines.push((format!("        {head}\n"), Vec::new()));
        lines.extend(
            calls.iter().zip(items).map(|(call, item)| (format!("            {call}\n"), vec![(usize::MAX, item)])),
        );
    }
    lines.push(("    }\n".to_owned(), Vec::new()));
    lines
}

fn call(item: &Item, module: &str) -> String {
    match item {
        Item::Handler(method, handler) => {
            format!(".{}(super::{module}::{})", method.handler_name(), handler.name)
        }
        Item::Config(name, _) => format!(".{}(super::{module}::{})", name.setter(), name.as_str()),
        Item::StaticParams(function) if function.is_async => {
            format!(".static_params(super::{module}::generate_static_params)")
        }
        Item::StaticParams(_) => format!(".static_params(|| async {{ super::{module}::generate_static_params() }})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(path: &str, text: &str) -> Vec<String> {
        crate::stages::parse::tests::route(path, text).items().iter().map(|item| call(item, "items_slug")).collect()
    }

    #[test]
    fn a_plain_function_of_params_is_wrapped() {
        let text = "pub async fn get() {} pub fn generate_static_params() -> Vec<String> { vec![] }";
        let wrapped = ".static_params(|| async { super::items_slug::generate_static_params() })";
        assert_eq!(calls("app/items/[slug]/route.rs", text)[1], wrapped);
    }

    fn constructor_of(text: &str) -> String {
        let file = crate::stages::parse::tests::route("app/items/route.rs", text);
        let (routes, _) = crate::stages::plan::assign(&[], vec![file]);
        constructor(&routes[0]).into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn conditions_go_with_the_calls() {
        let text = "#![cfg(unix)]\n#[cfg(feature = \"a\")] pub async fn get() {}\n\
                    #[cfg(not(feature = \"a\"))] pub async fn get(a: A) {}\npub async fn post() {}";
        let expected = "
    pub fn items() -> Route {
        let route = Route::new(\"/items\");
        #[cfg(unix)]
        #[cfg(feature = \"a\")]
        let route = route.get(super::items::get).compiled(0);
        #[cfg(unix)]
        #[cfg(not(feature = \"a\"))]
        let route = route.get(super::items::get).compiled(1);
        #[cfg(unix)]
        let route = route.post(super::items::post).compiled(2);
        route
    }
";
        assert_eq!(constructor_of(text), expected);
    }

    #[test]
    fn short_chains_stand_on_one_line_and_long_ones_do_not() {
        let text = constructor_of("pub async fn get() {}");
        assert!(text.contains("        Route::new(\"/items\").get(super::items::get)\n"), "{text}");
        let text = constructor_of("pub async fn get() {} pub async fn delete() {}");
        assert!(text.contains("        Route::new(\"/items\")\n            .delete("), "{text}");
    }
}

//! The app's `routes.rs`: a module a route file, and a constructor each.
//!
//! `cargo fmt` leaves the text as it is, whatever the user's settings: modules stand apart by blank lines, as rustfmt
//! would sort neighbors, and the constructors are skipped, as the width of a chain of calls is a setting.

use std::fmt::Write;

use super::{relative, routes_path};
use crate::{
    parse::RouteFile,
    plan::{Plan, Route},
    visible::{Kind, visible},
};

const HEADER: &str = "\
//! The routes of this app. Written by `cargo bundle` from the app directory; do not edit, but do commit it.
//!
//! `cargo bundle --check` fails when it is stale.
";

/// The widest chain of calls that stands on one line, as in rustfmt's defaults.
const CHAIN_WIDTH: usize = 60;

/// The text of the file.
pub(super) fn text(plan: &Plan) -> String {
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
    for route in &routes {
        text.push_str(&constructor(route));
    }
    text.push_str("}\n");
    text
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

fn constructor(route: &Route) -> String {
    let module = route.name.module();
    let calls = calls(&route.file, &module);
    let head = format!("Route::new({:?})", route.file.pattern.to_string());
    let one_line = format!("{head}{}", calls.concat());
    let body = if one_line.len() <= CHAIN_WIDTH {
        format!("        {one_line}\n")
    } else {
        let lines: String = calls.iter().map(|call| format!("            {call}\n")).collect();
        format!("        {head}\n{lines}")
    };
    format!("\n    pub fn {module}() -> Route {{\n{body}    }}\n")
}

fn calls(route: &RouteFile, module: &str) -> Vec<String> {
    let handlers = route
        .handlers
        .iter()
        .map(|(method, handler)| format!(".{}(super::{module}::{})", method.handler_name(), handler.name));
    let config = route.config.keys().map(|name| format!(".{}(super::{module}::{})", name.setter(), name.as_str()));
    let params = route.static_params.iter().map(|function| {
        if function.is_async {
            format!(".static_params(super::{module}::generate_static_params)")
        } else {
            format!(".static_params(|| async {{ super::{module}::generate_static_params() }})")
        }
    });
    handlers.chain(config).chain(params).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call_of(function: &str, config: &str) -> RouteFile {
        crate::parse::tests::route("app/items/[slug]/route.rs", &format!("{config}\n{function}"))
    }

    #[test]
    fn short_chains_stand_on_one_line_and_long_ones_do_not() {
        let get = call_of("pub async fn get() {}", "");
        assert_eq!(calls(&get, "items_slug").concat(), ".get(super::items_slug::get)");
        let long = call_of("pub async fn GET() {}", "pub const REVALIDATE: u32 = 60;");
        assert_eq!(
            calls(&long, "items_slug"),
            [".get(super::items_slug::GET)", ".revalidate(super::items_slug::REVALIDATE)"]
        );
    }

    #[test]
    fn a_plain_function_of_params_is_wrapped() {
        let route = call_of("pub async fn get() {} pub fn generate_static_params() -> Vec<String> { vec![] }", "");
        let wrapped = ".static_params(|| async { super::items_slug::generate_static_params() })";
        assert_eq!(calls(&route, "items_slug")[1], wrapped);
    }
}

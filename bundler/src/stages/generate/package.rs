//! The generated Cargo package: one `[[bin]]` a function, the program that evaluates routes, and cargo-lambda's router.

use std::{
    collections::BTreeMap,
    fmt::Write,
    path::{Path, PathBuf},
};

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value, value};
use wharf::pattern::{Pattern, Segment};

use super::{Package, relative};
use crate::{
    diagnostic::visible::{Kind, visible},
    effects::options::normalized,
    stages::{
        discover::{Project, ProjectFile},
        plan::{Function, Plan, Route},
    },
    url_path::escaped,
};

/// The first line of every generated file.
const NOTICE: &str = "Written by `cargo bundle`; changes are lost.";

/// The package, as it has to be to work from `root`.
pub(super) fn generate(plan: &Plan, root: &Path) -> Package {
    let library = plan.project.library.as_ref().map(|library| library.name.clone()).unwrap_or_default();
    let mut files = BTreeMap::from([
        ("Cargo.toml".to_owned(), manifest(plan, root)),
        ("evaluate.rs".to_owned(), evaluate_program(&plan.routes, &library)),
    ]);
    for function in &plan.functions {
        files.insert(function_path(function), function_program(function, plan, &library));
    }
    if may_revalidate(plan) {
        files.insert(STAMP_WRITER_PATH.to_owned(), stamp_writer_program());
    }
    Package { root: root.to_owned(), files }
}

/// Whether a function may call `revalidate_path`: only then is there a program that writes stamps. It is packed if one does.
fn may_revalidate(plan: &Plan) -> bool {
    let features = &plan.options.features;
    let unknown = features.all || !features.named.is_empty();
    !plan.routes.is_empty() && (plan.project.can_revalidate || unknown)
}

/// The name of its binary: none of a route or a folder begins so.
pub(crate) const STAMP_WRITER: &str = "_stamp_writer";

const STAMP_WRITER_PATH: &str = "stamp_writer.rs";

fn stamp_writer_program() -> String {
    format!(
        "//! Writes what was revalidated to the key-value store of the CDN, and holds no code of the app. {NOTICE}\n\n\
         fn main() -> std::process::ExitCode {{\n    wharf::entry::write_stamps()\n}}\n"
    )
}

fn function_path(function: &Function) -> String {
    format!("functions/{}.rs", function.name)
}

fn function_program(function: &Function, plan: &Plan, library: &str) -> String {
    let routes: Vec<&Route> = plan.routes_of(&function.name).collect();
    let modules: String = routes.iter().map(|route| format!("        entry::{},\n", route.name.module())).collect();
    let patterns: String = routes.iter().map(|route| format!("//! - `{}`\n", shown(&route.file.pattern))).collect();
    format!(
        "//! {NOTICE} This function answers:\n//!\n{patterns}\nuse {library}::routes::entry;\n\n\
         fn main() -> std::process::ExitCode {{\n    entry::adapter::serve(&[\n{modules}    ])\n}}\n"
    )
}

fn shown(pattern: &Pattern) -> String {
    visible(&pattern.to_string(), Kind::Name).into_owned()
}

fn evaluate_program(routes: &[Route], library: &str) -> String {
    let mut text = format!(
        "//! Evaluates routes on the build host. {NOTICE}\n\nuse {library}::routes::entry;\n\n\
         fn main() -> std::process::ExitCode {{\n    entry::adapter::evaluate(&[\n"
    );
    for route in routes {
        // Infallible: writing to a string.
        let _ = writeln!(text, "        ({:?}, entry::{}),", route.name.as_str(), route.name.module());
    }
    text.push_str("    ])\n}\n");
    text
}

fn manifest(plan: &Plan, root: &Path) -> String {
    let mut manifest = DocumentMut::new();
    manifest["package"] = package_table(plan);
    manifest["dependencies"] = dependencies(plan, root);
    let mut bins = ArrayOfTables::new();
    for function in &plan.functions {
        bins.push(target(&function.name.binary(), &function_path(function)));
    }
    if may_revalidate(plan) {
        bins.push(target(STAMP_WRITER, STAMP_WRITER_PATH));
    }
    manifest["bin"] = Item::ArrayOfTables(bins);
    let mut examples = ArrayOfTables::new();
    examples.push(target("evaluate", "evaluate.rs"));
    manifest["example"] = Item::ArrayOfTables(examples);
    // A workspace of its own, so that it never becomes a member of one around it.
    manifest["workspace"] = Item::Table(Table::new());
    let around = plan.project.workspace_manifest.text.parse::<DocumentMut>().unwrap_or_default();
    manifest["profile"] = profiles(around.get("profile"), &plan.project.name, plan.options.lto);
    if let Some(patches) = around.get("patch").and_then(Item::as_table) {
        let here = plan.project.workspace_manifest.absolute.parent().unwrap_or(Path::new("/"));
        manifest["patch"] = Item::Table(moved_patches(patches, here, root));
    }
    format!("# {NOTICE}\n{manifest}")
}

fn package_table(plan: &Plan) -> Item {
    let mut package = Table::new();
    package["name"] = value(format!("{}-bundle", plan.project.name));
    // No package of the user's has this version, so that one of this name can stand beside it in the lock file.
    package["version"] = value("0.0.0-generated");
    package["edition"] = value("2024");
    package["publish"] = value(false);
    for automatic in ["autobins", "autoexamples", "autotests", "autobenches"] {
        package[automatic] = value(false);
    }
    let mut router = Table::new();
    for route in &plan.routes {
        for path in router_paths(&route.file.pattern) {
            router[&path] = value(route.function.binary());
        }
    }
    package["metadata"]["lambda"]["watch"]["router"] = Item::Table(router);
    for implicit in ["metadata", "lambda", "watch"] {
        set_implicit(&mut package, implicit);
    }
    Item::Table(package)
}

/// Lets a table that only holds tables go without a header of its own.
fn set_implicit(table: &mut Table, name: &str) {
    for (key, item) in table.iter_mut() {
        if let Some(inner) = item.as_table_mut() {
            inner.set_implicit(key.get() == name || inner.is_implicit());
            set_implicit(inner, name);
        } else if let Some(inline) = item.as_inline_table().cloned() {
            let mut inner = inline.into_table();
            inner.set_implicit(key.get() == name);
            *item = Item::Table(inner);
        }
    }
}

/// The pattern in the grammar of cargo-lambda's router, which matches paths with their escapes; an optional catch-all
/// needs two entries.
fn router_paths(pattern: &Pattern) -> Vec<String> {
    let mut path = String::new();
    let mut paths = Vec::new();
    for segment in pattern.segments() {
        match segment {
            Segment::Static(text) => path = format!("{path}/{}", escaped(text).replace('{', "{{").replace('}', "}}")),
            Segment::Param(name) => path = format!("{path}/{{{name}}}"),
            Segment::CatchAll(name) => path = format!("{path}/{{*{name}}}"),
            Segment::OptionalCatchAll(name) => {
                paths.push(if path.is_empty() { "/".to_owned() } else { path.clone() });
                path = format!("{path}/{{*{name}}}");
            }
        }
    }
    paths.push(if path.is_empty() { "/".to_owned() } else { path });
    paths
}

fn target(name: &str, path: &str) -> Table {
    let mut target = Table::new();
    target["name"] = value(name);
    target["path"] = value(path);
    target
}

fn dependencies(plan: &Plan, root: &Path) -> Item {
    let features = &plan.options.features;
    let mut dependency = InlineTable::new();
    dependency.insert("path", relative(&plan.project.root, root).into());
    if features.no_default {
        dependency.insert("default-features", false.into());
    }
    let mut named: Vec<String> = features.named.clone();
    if features.all {
        named.extend(declared_features(plan));
    }
    named.sort();
    named.dedup();
    if !named.is_empty() {
        dependency.insert("features", Value::Array(Array::from_iter(named)));
    }
    let mut dependencies = Table::new();
    dependencies[&plan.project.name] = value(dependency);
    if may_revalidate(plan) {
        dependencies["wharf"] = value(wharf(&plan.project, root));
    }
    Item::Table(dependencies)
}

/// The crate `wharf` as the package depends on it, so that cargo finds one crate and not two. Its features are those that
/// the package asks for.
fn wharf(project: &Project, root: &Path) -> InlineTable {
    let read = |file: &ProjectFile| file.text.parse::<DocumentMut>().unwrap_or_default();
    let named = |table: Option<&Item>| table?.get("dependencies")?.get("wharf").cloned();
    let mut folder = project.root.as_path();
    let mut found = named(Some(read(&project.manifest).as_item()));
    if found.as_ref().is_some_and(|item| item.get("workspace").is_some()) {
        folder = project.workspace_manifest.absolute.parent().unwrap_or(folder);
        found = named(read(&project.workspace_manifest).get("workspace"));
    }
    let mut dependency = InlineTable::new();
    match found {
        Some(item) if item.is_str() => drop(dependency.insert("version", item.as_str().unwrap_or_default().into())),
        Some(item) => {
            for (key, setting) in item.as_table_like().into_iter().flat_map(toml_edit::TableLike::iter) {
                match (key, setting.as_str()) {
                    ("path", Some(path)) => {
                        let path = relative(&normalized(&folder.join(path)), root);
                        dependency.insert(key, path.into());
                    }
                    ("version" | "git" | "branch" | "tag" | "rev" | "registry" | "registry-index", Some(text)) => {
                        dependency.insert(key, text.into());
                    }
                    _ => {}
                }
            }
        }
        // It stands in a table of one target, and comes from the registry most likely.
        None => drop(dependency.insert("version", format!("={}", project.wharf.as_deref().unwrap_or("*")).into())),
    }
    dependency.insert("default-features", false.into());
    dependency
}

/// The features that the user's package declares; a dependency cannot be asked for all of them by one word.
fn declared_features(plan: &Plan) -> Vec<String> {
    let manifest = plan.project.manifest.text.parse::<DocumentMut>().unwrap_or_default();
    let features = manifest.get("features").and_then(Item::as_table);
    features.map(|table| table.iter().map(|(name, _)| name.to_owned()).collect()).unwrap_or_default()
}

/// The profiles of the user's workspace, and below them what a function wants where they say nothing.
///
/// Small code starts faster and uploads faster; the handlers of an API wait more than they compute. Incremental
/// compilation keeps every module of the app in a codegen unit of its own, so that an edit in one route leaves the
/// machine code of the others as it was, and with it their zips. What is compiled once and linked into every binary is
/// compiled as one unit: it is smaller, and a linker is done with it sooner.
fn profiles(users: Option<&Item>, app: &str, lto: bool) -> Item {
    let mut profiles = users.and_then(Item::as_table).cloned().unwrap_or_default();
    profiles.set_implicit(true);
    let release = profiles.entry("release").or_insert(Item::Table(Table::new()));
    let defaults: [(&str, Value); 4] = if lto {
        [("opt-level", "z".into()), ("strip", true.into()), ("lto", "fat".into()), ("codegen-units", 1.into())]
    } else {
        [("opt-level", "s".into()), ("strip", true.into()), ("lto", false.into()), ("incremental", true.into())]
    };
    for (key, default) in defaults {
        if release.get(key).is_none() {
            release[key] = value(default);
        }
    }
    let packages = release.as_table_mut().map(|release| release.entry("package").or_insert(Item::Table(Table::new())));
    if let Some(packages) = packages.and_then(Item::as_table_mut) {
        packages.set_implicit(true);
        for (package, units) in [("*", 1), (app, 256)] {
            let package = packages.entry(package).or_insert(Item::Table(Table::new()));
            if package.get("codegen-units").is_none() {
                package["codegen-units"] = value(units);
            }
        }
    }
    Item::Table(profiles)
}

/// The patches of the user's workspace, with paths as they have to be from `root`.
fn moved_patches(patches: &Table, here: &Path, root: &Path) -> Table {
    let mut moved = patches.clone();
    for (_, source) in moved.iter_mut() {
        let Some(source) = source.as_table_like_mut() else { continue };
        for (_, patch) in source.iter_mut() {
            if let Some(path) = patch.get("path").and_then(Item::as_str) {
                let absolute: PathBuf = normalized(&here.join(path));
                patch["path"] = value(relative(&absolute, root));
            }
        }
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(pattern: &str) -> Vec<String> {
        router_paths(&pattern.parse().unwrap())
    }

    #[test]
    fn an_optional_catch_all_has_two_router_entries() {
        assert_eq!(paths("/"), ["/"]);
        assert_eq!(paths("/items/[slug]"), ["/items/{slug}"]);
        assert_eq!(paths("/docs/[...path]"), ["/docs/{*path}"]);
        assert_eq!(paths("/shop/[[...filters]]"), ["/shop", "/shop/{*filters}"]);
        assert_eq!(paths("/[[...all]]"), ["/", "/{*all}"]);
        assert_eq!(paths("/a b"), ["/a%20b"]);
    }

    #[test]
    fn the_users_profile_wins_over_ours() {
        let users: DocumentMut = "[profile.release]\nopt-level = 3\n[profile.dev]\nopt-level = 1\n".parse().unwrap();
        let text = profiles(users.get("profile"), "shop", false);
        assert_eq!(text["release"]["opt-level"].as_integer(), Some(3));
        assert_eq!(text["release"]["strip"].as_bool(), Some(true));
        assert_eq!(text["dev"]["opt-level"].as_integer(), Some(1));
        assert_eq!(text["release"]["package"]["*"]["codegen-units"].as_integer(), Some(1));
        assert_eq!(text["release"]["package"]["shop"]["codegen-units"].as_integer(), Some(256));
    }

    #[test]
    fn paths_of_patches_are_moved() {
        let users: DocumentMut = "[patch.crates-io]\na = { path = \"../a\" }\nb = { git = \"x\" }\n".parse().unwrap();
        let moved =
            moved_patches(users["patch"].as_table().unwrap(), Path::new("/w/app"), Path::new("/w/app/target/p"));
        assert_eq!(moved["crates-io"]["a"]["path"].as_str(), Some("../../../a"));
        assert_eq!(moved["crates-io"]["b"]["git"].as_str(), Some("x"));
    }
}

//! Which function answers which routes: by default one a route, and one for all below a folder where the app says so.

use std::collections::BTreeMap;

use super::{
    Function, Route,
    names::{self, Answers},
};
use crate::{
    diagnostic::{Code, Diagnostic, Label, Source},
    stages::{
        discover::{FunctionGroup, FunctionSettings, Project},
        parse::RouteFile,
    },
};

/// What is wrong with the folders that are to have a function. `source` is the package's manifest.
pub(super) fn mistakes(groups: &[FunctionGroup], routes: &[RouteFile], source: &Source) -> Vec<Diagnostic> {
    let mut first = BTreeMap::new();
    let mut mistakes = Vec::new();
    for group in groups {
        if let Some(first) = first.insert(&*group.folder, group) {
            mistakes.push(listed_twice(first, group, source));
        }
    }
    let has_route = |group: &FunctionGroup| {
        routes.iter().any(|route| group_of(groups, route).is_some_and(|of_route| of_route.folder == group.folder))
    };
    mistakes.extend(first.into_values().filter(|group| !has_route(group)).map(|group| no_route(group, routes, source)));
    mistakes
}

fn listed_twice(first: &FunctionGroup, again: &FunctionGroup, source: &Source) -> Diagnostic {
    Diagnostic::new(
        Code::FunctionGroupTwice,
        format!("the folder `{}` is listed twice", again.folder),
        Label::new(source, again.span.clone(), "for the second time"),
        "remove one of them",
    )
    .also(Label::new(source, first.span.clone(), "the first one"))
}

fn no_route(group: &FunctionGroup, routes: &[RouteFile], source: &Source) -> Diagnostic {
    let below = routes.iter().filter(|route| group.holds(route)).count();
    let (message, label) = if below > 0 {
        (format!("all routes of `{}` are in other groups", group.folder), "nothing is left for its function".to_owned())
    } else {
        let nearest = folders(routes).min_by_key(|folder| strsim::damerau_levenshtein(folder, &group.folder));
        let nearest = nearest.map(|folder| format!("did you mean `{folder}`?")).unwrap_or_default();
        (format!("`{}` is no folder with a route in it or below it", group.folder), nearest)
    };
    Diagnostic::new(
        Code::FunctionGroupEmpty,
        message,
        Label::new(source, group.span.clone(), label),
        "name a folder of the app directory as it is spelled there, or remove the entry",
    )
}

/// What is wrong with the settings of single functions: there are no such functions.
pub(super) fn unknown(project: &Project, functions: &[Function]) -> Vec<Diagnostic> {
    let source = project.manifest.source();
    let is_known = |name: &str| functions.iter().any(|function| function.name.as_str() == name);
    let unknown = project.settings.functions.iter().filter(|(name, _)| !is_known(name));
    let diagnostic = |(name, settings): (&String, &FunctionSettings)| {
        let names = functions.iter().map(|function| function.name.as_str());
        let nearest = names.min_by_key(|known| strsim::damerau_levenshtein(known, name));
        let nearest = nearest.map(|known| format!("did you mean `{known}`?")).unwrap_or_default();
        Diagnostic::new(
            Code::UnknownFunction,
            format!("the app has no function `{name}`"),
            Label::new(&source, settings.span.clone(), nearest),
            "name a function as its zip in `target/bundle/functions` is named, or remove the table",
        )
    };
    unknown.map(diagnostic).collect()
}

/// The folders that hold routes, with those above them.
fn folders(routes: &[RouteFile]) -> impl Iterator<Item = &str> {
    routes.iter().flat_map(|route| route.path.match_indices('/').map(|(end, _)| &route.path[..end]))
}

/// The group of a route: the nearest folder.
fn group_of<'g>(groups: &'g [FunctionGroup], route: &RouteFile) -> Option<&'g FunctionGroup> {
    groups.iter().filter(|group| group.holds(route)).max_by_key(|group| group.folder.len())
}

impl FunctionGroup {
    /// Whether the route stands in the folder or below it.
    fn holds(&self, route: &RouteFile) -> bool {
        route.path.strip_prefix(&*self.folder).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// Gives each route its function, and both their names.
pub(crate) fn assign(groups: &[FunctionGroup], files: Vec<RouteFile>) -> (Vec<Route>, Vec<Function>) {
    let answers = |file| group_of(groups, file).map_or(Answers::Route(&file.pattern), |it| Answers::Folder(&it.folder));
    let by_route: Vec<Answers<'_>> = files.iter().map(answers).collect();
    let mut by_function: Vec<Answers<'_>> = Vec::new();
    for answers in &by_route {
        if !by_function.contains(answers) {
            by_function.push(*answers);
        }
    }
    let function_names = names::of_functions(&by_function);
    let function_of = |answers: &Answers<'_>| {
        let index = by_function.iter().position(|function| function == answers).unwrap_or_default();
        function_names[index].clone()
    };
    let functions = by_function.iter().map(|answers| Function {
        name: function_of(answers),
        folder: match answers {
            Answers::Route(_) => None,
            Answers::Folder(folder) => Some((*folder).to_owned()),
        },
    });
    let functions = functions.collect();
    let of_routes: Vec<_> = by_route.iter().map(function_of).collect();
    let names = names::of_routes(files.iter().map(|file| &file.pattern));
    let routes = names.into_iter().zip(of_routes).zip(files);
    (routes.map(|((name, function), file)| Route { name, function, file }).collect(), functions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::parse::tests::route;

    fn routes() -> Vec<RouteFile> {
        let paths = ["admin", "admin/(team)/users", "admin/users/[id]", "administration", "(shop)/items"];
        paths.map(|path| route(&format!("app/{path}/route.rs"), "pub async fn get() {}")).into()
    }

    fn groups(folders: &[&str]) -> Vec<FunctionGroup> {
        folders.iter().map(|folder| FunctionGroup { folder: (*folder).to_owned(), span: 0..0 }).collect()
    }

    fn functions(folders: &[&str]) -> Vec<String> {
        let (routes, _) = assign(&groups(folders), routes());
        routes.into_iter().map(|route| route.function.to_string()).collect()
    }

    #[test]
    fn without_groups_each_route_has_its_function() {
        assert_eq!(functions(&[]), ["admin", "admin-users", "admin-users-id", "administration", "items"]);
    }

    #[test]
    fn a_folder_takes_what_is_below_it_and_the_nearest_folder_wins() {
        assert_eq!(functions(&["app/admin"]), ["admin", "admin", "admin", "administration", "items"]);
        assert_eq!(functions(&["app", "app/admin/(team)", "app/(shop)"]), ["app", "admin-team", "app", "app", "shop"]);
    }

    #[test]
    fn mistakes_in_the_list_are_found() {
        let source = Source::file("Cargo.toml", "");
        let codes = |folders: &[&str]| {
            let found = mistakes(&groups(folders), &routes(), &source);
            found.into_iter().map(|mistake| (mistake.code, mistake.message)).collect::<Vec<_>>()
        };
        assert_eq!(codes(&["app/admin", "app", "app/(shop)"]), []);
        assert_eq!(codes(&["app", "app"])[0].0, Code::FunctionGroupTwice);
        assert_eq!(codes(&["app/admi"])[0].0, Code::FunctionGroupEmpty);
        let covered = codes(&["app/(shop)", "app/(shop)/items"]);
        assert_eq!(covered[0].1, "all routes of `app/(shop)` are in other groups");
        assert_eq!(covered.len(), 1);
    }
}

//! Files that stand in each other's way.

use std::collections::BTreeMap;

use wharf::pattern::{Pattern, Segment};

use crate::{
    diagnostic::{Code, Diagnostic, Label},
    stages::{
        discover::AppFile,
        parse::{App, Page, RouteFile},
    },
    url_path::UrlPath,
};

/// Finds all of them.
pub(super) fn find(app: &App) -> Vec<Diagnostic> {
    let mut found = duplicates(&app.routes);
    found.extend(duplicate_pages(&app.pages));
    let pages = app.pages.iter().filter_map(|page| page_beside_route(page, &app.routes));
    found.extend(pages);
    let public = app.public.iter().filter_map(|file| public_file_in_the_way(file, app));
    found.extend(public);
    found.extend(Level::of(app));
    found
}

fn file_label(path: &str, text: impl Into<String>) -> Label {
    Label::path(path, path.rsplit('/').next().unwrap_or(path), text)
}

/// The routes come sorted by pattern, so that those of one pattern stand together.
fn duplicates(routes: &[RouteFile]) -> Vec<Diagnostic> {
    let same = routes.chunk_by(|left, right| left.pattern == right.pattern).filter(|routes| routes.len() > 1);
    same.map(|routes| {
        let first = &routes[0];
        let diagnostic = Diagnostic::new(
            Code::DuplicateRoute,
            format!("{} files answer `{}`", routes.len(), first.pattern),
            file_label(&first.path, "this one"),
            keep_one(&first.pattern),
        );
        routes[1..]
            .iter()
            .fold(diagnostic, |diagnostic, route| diagnostic.also(file_label(&route.path, "and this one")))
    })
    .collect()
}

fn duplicate_pages(pages: &[Page]) -> Vec<Diagnostic> {
    let html: Vec<_> = pages.iter().filter(|page| page.file.file_name() == "page.html").collect();
    let same = html.chunk_by(|left, right| left.pattern == right.pattern).filter(|pages| pages.len() > 1);
    same.map(|pages| {
        Diagnostic::new(
            Code::DuplicatePage,
            format!("{} pages are exported at `{}`", pages.len(), pages[0].pattern),
            file_label(&pages[0].file.path, "this one"),
            keep_one(&pages[0].pattern),
        )
        .also(file_label(&pages[1].file.path, "and this one"))
    })
    .collect()
}

fn keep_one(pattern: &Pattern) -> &'static str {
    if pattern.segments().is_empty() {
        "keep one of them, or move the other to a folder that is not a group"
    } else {
        "keep one of them, or rename a folder that is not a group"
    }
}

fn page_beside_route(page: &Page, routes: &[RouteFile]) -> Option<Diagnostic> {
    let route = routes.iter().find(|route| route.pattern == page.pattern)?;
    Some(
        Diagnostic::new(
            Code::PageConflict,
            format!("a page and a route both answer `{}`", page.pattern),
            file_label(&page.file.path, "the page"),
            "keep one of them, or move the route to a folder of its own, such as `api/`",
        )
        .also(file_label(&route.path, "the route")),
    )
}

fn public_file_in_the_way(file: &AppFile, app: &App) -> Option<Diagnostic> {
    let parts = file.folders.iter().cloned().chain([file.file_name().to_owned()]).collect();
    let path = UrlPath::new(parts);
    let at_path = |pattern: &Pattern| UrlPath::of_static(pattern).as_ref() == Some(&path);
    let route = app.routes.iter().find(|route| at_path(&route.pattern)).map(|route| (&route.path, "route"));
    let page = || app.pages.iter().find(|page| at_path(&page.pattern)).map(|page| (&page.file.path, "page"));
    let (other, what) = route.or_else(page)?;
    Some(
        Diagnostic::new(
            Code::PublicConflict,
            format!("a public file and a {what} are both at `{path}`"),
            file_label(&file.path, "the public file"),
            "rename or remove one of them",
        )
        .also(file_label(other, format!("the {what}"))),
    )
}

/// All routes and pages below one folder of the URL, groups left out.
#[derive(Default)]
struct Level<'a> {
    /// The file that answers this very path.
    index: Option<&'a str>,
    literals: BTreeMap<&'a str, Self>,
    params: Option<(&'a str, &'a str, Box<Self>)>,
    catch_all: Option<(&'a str, &'a str)>,
    optional_catch_all: Option<(&'a str, &'a str)>,
}

impl<'a> Level<'a> {
    /// Builds the tree of an app, and gives what is wrong with it.
    fn of(app: &'a App) -> Vec<Diagnostic> {
        let mut root = Self::default();
        let mut found = Vec::new();
        for route in &app.routes {
            root.add(route.pattern.segments(), &route.path, &mut found);
        }
        for page in app.pages.iter().filter(|page| page.pattern.is_static()) {
            root.add(page.pattern.segments(), &page.file.path, &mut found);
        }
        root.same_specificity("", &mut found);
        found
    }

    fn add(&mut self, segments: &'a [Segment], file: &'a str, found: &mut Vec<Diagnostic>) {
        let Some((first, rest)) = segments.split_first() else {
            self.index.get_or_insert(file);
            return;
        };
        match first {
            Segment::Static(text) => self.literals.entry(text).or_default().add(rest, file, found),
            Segment::Param(name) => {
                let (known, other, level) = self.params.get_or_insert_with(|| (name, file, Box::default()));
                if *known != name {
                    found.push(names_differ(&format!("[{known}]"), other, &format!("[{name}]"), file));
                }
                level.add(rest, file, found);
            }
            Segment::CatchAll(name) => {
                let (known, other) = *self.catch_all.get_or_insert((name, file));
                if known != name {
                    found.push(names_differ(&format!("[...{known}]"), other, &format!("[...{name}]"), file));
                }
            }
            Segment::OptionalCatchAll(name) => {
                let (known, other) = *self.optional_catch_all.get_or_insert((name, file));
                if known != name {
                    found.push(names_differ(&format!("[[...{known}]]"), other, &format!("[[...{name}]]"), file));
                }
            }
        }
    }

    fn same_specificity(&self, path: &str, found: &mut Vec<Diagnostic>) {
        if let Some((optional, file)) = self.optional_catch_all {
            let folder = format!("[[...{optional}]]");
            if let Some(index) = self.index {
                found.push(
                    Diagnostic::new(
                        Code::SameSpecificity,
                        format!("`{}` is answered twice", if path.is_empty() { "/" } else { path }),
                        Label::path(file, &folder, "answers the path of its parent folder as well"),
                        format!("remove one of them, or make the catch-all `[...{optional}]`"),
                    )
                    .also(file_label(index, "answers it too")),
                );
            }
            if let Some((required, other)) = self.catch_all {
                found.push(
                    Diagnostic::new(
                        Code::CatchAllsAtOneLevel,
                        format!("two catch-alls stand below `{}`", if path.is_empty() { "/" } else { path }),
                        Label::path(file, &folder, "the optional one"),
                        "keep the optional one only; its handler sees whether there is a rest",
                    )
                    .also(Label::path(other, &format!("[...{required}]"), "the required one")),
                );
            }
        }
        for (text, level) in &self.literals {
            level.same_specificity(&format!("{path}/{text}"), found);
        }
        if let Some((name, _, level)) = &self.params {
            level.same_specificity(&format!("{path}/[{name}]"), found);
        }
    }
}

fn names_differ(first: &str, first_file: &str, second: &str, second_file: &str) -> Diagnostic {
    Diagnostic::new(
        Code::ParamNamesDiffer,
        format!("`{first}` and `{second}` stand at the same level"),
        Label::path(second_file, second, "has another name"),
        format!("rename `{second}` to `{first}`, or the other way round"),
    )
    .also(Label::path(first_file, first, "than this one"))
}

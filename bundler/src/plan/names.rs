//! What each route and each function is called.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use wharf::pattern::{Pattern, Segment};

use crate::package::Hash;

/// The name of a route: ASCII lower-case letters, digits and `-`.
///
/// It says the route in readable form: `items-slug` for `/items/[slug]`, `robots-txt` for `/robots.txt`, `index` for
/// `/`. Where two routes of an app would read the same, as `/a-b` and `/a_b` do, each of them gets a hash of its
/// pattern; names of other routes never change when a route is added.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RouteName(String);

/// The name of a function, which is the name of its binary and of its zip, made as that of a route is. A function of
/// several routes is named after their folder: `admin` for `app/admin`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct FunctionName(String);

/// AWS allows 64 characters; this leaves room for a stack's prefix and suffix.
const MOST_CHARACTERS: usize = 40;

impl FunctionName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RouteName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the module of its route file in `routes.rs`, and of its constructor there. Distinct names have
    /// distinct modules, since no name starts or ends with `-`.
    #[must_use]
    pub fn module(&self) -> String {
        let name = self.0.replace('-', "_");
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            format!("_{name}")
        } else if is_taken(&name) {
            format!("{name}_")
        } else {
            name
        }
    }
}

impl fmt::Display for FunctionName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for RouteName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Keywords, and the module beside the routes in the generated file.
fn is_taken(name: &str) -> bool {
    name == "entry" || syn::parse_str::<syn::Ident>(name).is_err()
}

/// What a function answers, by which it is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers<'a> {
    /// One route.
    Route(&'a Pattern),
    /// The routes below this folder, as `app/admin`.
    Folder(&'a str),
}

/// Names for distinct patterns, in their order.
pub(super) fn of_routes<'a>(patterns: impl Iterator<Item = &'a Pattern>) -> Vec<RouteName> {
    distinct(patterns.map(Answers::Route)).into_iter().map(RouteName).collect()
}

/// Names for distinct functions, in their order.
pub(super) fn of_functions(functions: &[Answers<'_>]) -> Vec<FunctionName> {
    distinct(functions.iter().copied()).into_iter().map(FunctionName).collect()
}

fn distinct<'a>(named: impl Iterator<Item = Answers<'a>>) -> Vec<String> {
    let readable: Vec<(String, Answers<'a>)> = named.map(|named| (named.readable(), named)).collect();
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, _) in &readable {
        *uses.entry(name).or_default() += 1;
    }
    let name = |(name, named): &(String, Answers<'_>)| {
        if uses[name.as_str()] == 1 && name.len() <= MOST_CHARACTERS {
            return name.clone();
        }
        let short: String = name.chars().take(MOST_CHARACTERS - 9).collect();
        format!("{}-{}", short.trim_end_matches('-'), named.hash())
    };
    readable.iter().map(name).collect()
}

impl Answers<'_> {
    fn readable(self) -> String {
        match self {
            Self::Route(pattern) => readable(pattern.segments().iter().map(text), "index"),
            Self::Folder(folder) => readable(folder.split('/').skip(1), "app"),
        }
    }

    fn hash(self) -> String {
        let text = match self {
            Self::Route(pattern) => pattern.to_string(),
            Self::Folder(folder) => folder.to_owned(),
        };
        Hash::of(text.as_bytes()).first_hex(4)
    }
}

fn text(segment: &Segment) -> &str {
    match segment {
        Segment::Static(text) | Segment::Param(text) | Segment::CatchAll(text) | Segment::OptionalCatchAll(text) => {
            text
        }
    }
}

fn readable<'a>(parts: impl Iterator<Item = &'a str>, without_parts: &str) -> String {
    let mut name = String::new();
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return without_parts.to_owned();
    }
    for part in parts {
        for character in "-".chars().chain(part.chars()) {
            if character.is_ascii_alphanumeric() {
                name.push(character.to_ascii_lowercase());
            } else if !name.ends_with('-') && !name.is_empty() {
                name.push('-');
            }
        }
    }
    match name.trim_matches('-') {
        "" => "route".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(patterns: &[&str]) -> Vec<String> {
        let patterns: Vec<Pattern> = patterns.iter().map(|text| text.parse().unwrap()).collect();
        of_routes(patterns.iter()).into_iter().map(|name| name.0).collect()
    }

    #[test]
    fn functions_of_folders_read_like_them() {
        let (one, other): (Pattern, Pattern) = ("/shop".parse().unwrap(), "/".parse().unwrap());
        let functions = [
            Answers::Folder("app"),
            Answers::Folder("app/admin"),
            Answers::Folder("app/(site)/items/[slug]"),
            Answers::Folder("app/(shop)"),
            Answers::Route(&one),
            Answers::Route(&other),
        ];
        let names: Vec<String> = of_functions(&functions).into_iter().map(|name| name.0).collect();
        assert_eq!(names[..3], ["app", "admin", "site-items-slug"]);
        assert!(names[3].starts_with("shop-") && names[4].starts_with("shop-") && names[3] != names[4], "{names:?}");
        assert_eq!(names[5], "index");
    }

    #[test]
    fn names_read_like_their_routes() {
        assert_eq!(
            names(&["/", "/items/[slug]", "/robots.txt", "/docs/[...path]", "/2024", "/.well-known/x"]),
            ["index", "items-slug", "robots-txt", "docs-path", "2024", "well-known-x"]
        );
    }

    #[test]
    fn routes_that_read_alike_all_get_a_hash() {
        let alike = names(&["/a-b", "/a_b", "/c"]);
        assert_ne!(alike[0], alike[1]);
        assert!(alike[0].starts_with("a-b-") && alike[1].starts_with("a-b-"));
        assert_eq!(alike[2], "c");
        assert_eq!(names(&["/a-b", "/a_b", "/d"])[..2], alike[..2]);
    }

    #[test]
    fn long_and_unwritable_names_stay_short_and_plain() {
        let long = format!("/{}", "x".repeat(100));
        let names = names(&[&long, "/日本", "/%"]);
        assert!(names.iter().all(|name| name.len() <= MOST_CHARACTERS));
        assert!(names[1].starts_with("route-"));
    }

    #[test]
    fn modules_are_identifiers() {
        let module = |text: &str| RouteName(text.to_owned()).module();
        assert_eq!(module("items-slug"), "items_slug");
        assert_eq!(module("2024"), "_2024");
        assert_eq!(module("type"), "type_");
        assert_eq!(module("entry"), "entry_");
        assert_eq!(module("self"), "self_");
    }
}

//! What each function is called.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use sha2::{Digest, Sha256};
use wharf::pattern::{Pattern, Segment};

/// The name of a function, which is the name of its binary and of its zip: ASCII lower-case letters, digits and `-`.
///
/// It says the route in readable form: `items-slug` for `/items/[slug]`, `robots-txt` for `/robots.txt`, `index` for
/// `/`. Where two routes of an app would read the same, as `/a-b` and `/a_b` do, each of them gets a hash of its
/// pattern; names of other routes never change when a route is added.
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

/// Keywords, and the module beside the routes in the generated file.
fn is_taken(name: &str) -> bool {
    name == "entry" || syn::parse_str::<syn::Ident>(name).is_err()
}

/// Names for distinct patterns, in their order.
pub(super) fn assign(patterns: &[Pattern]) -> Vec<FunctionName> {
    let readable: Vec<String> = patterns.iter().map(readable).collect();
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    for name in &readable {
        *uses.entry(name).or_default() += 1;
    }
    let name = |(pattern, name): (&Pattern, &String)| {
        if uses[name.as_str()] == 1 && name.len() <= MOST_CHARACTERS {
            return FunctionName(name.clone());
        }
        let short: String = name.chars().take(MOST_CHARACTERS - 9).collect();
        FunctionName(format!("{}-{}", short.trim_end_matches('-'), hash(pattern)))
    };
    patterns.iter().zip(&readable).map(name).collect()
}

fn readable(pattern: &Pattern) -> String {
    let mut name = String::new();
    for segment in pattern.segments() {
        let text = match segment {
            Segment::Static(text) => text,
            Segment::Param(param) | Segment::CatchAll(param) | Segment::OptionalCatchAll(param) => param,
        };
        for character in "-".chars().chain(text.chars()) {
            if character.is_ascii_alphanumeric() {
                name.push(character.to_ascii_lowercase());
            } else if !name.ends_with('-') && !name.is_empty() {
                name.push('-');
            }
        }
    }
    let name = name.trim_matches('-');
    match (name, pattern.segments()) {
        ("", []) => "index".to_owned(),
        ("", _) => "route".to_owned(),
        _ => name.to_owned(),
    }
}

fn hash(pattern: &Pattern) -> String {
    let digest = Sha256::digest(pattern.to_string());
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(patterns: &[&str]) -> Vec<String> {
        let patterns: Vec<Pattern> = patterns.iter().map(|text| text.parse().unwrap()).collect();
        assign(&patterns).into_iter().map(|name| name.0).collect()
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
        let module = |text: &str| FunctionName(text.to_owned()).module();
        assert_eq!(module("items-slug"), "items_slug");
        assert_eq!(module("2024"), "_2024");
        assert_eq!(module("type"), "type_");
        assert_eq!(module("entry"), "entry_");
        assert_eq!(module("self"), "self_");
    }
}

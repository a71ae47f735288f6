//! What each route and each function is called.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use wharf::pattern::{Pattern, Segment};

use crate::stages::package::Hash;

/// The name of a route: ASCII lower-case letters, digits and `-`.
///
/// It says the route in readable form: `items-slug` for `/items/[slug]`, `robots-txt` for `/robots.txt`, `index` for
/// `/`. Where two routes of an app would read the same, as `/a-b` and `/a_b` do, each of them gets a hash of its
/// pattern; names of other routes never change when a route is added. A name that no file may have on Windows, or that
/// looks as if it had a hash, gets one too.
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

/// How many hexadecimal digits of a hash a name ends with.
const HASH_DIGITS: usize = 8;

/// Names of devices, which no file can have on Windows, with any extension.
/// <https://learn.microsoft.com/windows/win32/fileio/naming-a-file#naming-conventions>
const DEVICES: [&str; 4] = ["aux", "con", "nul", "prn"];

impl FunctionName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of its binary, in the generated package and where it is run with `cargo lambda watch`. The word in front
    /// keeps it apart from all that cargo has names for: `build`, `deps`, `examples`, `incremental` and `test` cannot be
    /// binaries, or be told from what cargo makes beside them.
    #[must_use]
    pub fn binary(&self) -> String {
        format!("function-{}", self.0)
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

/// Keywords, of which `gen` is one since the edition 2024, and what `routes.rs` itself names: the module around the routes
/// and that beside them, and the tool of an attribute, which a module of its name would hide.
fn is_taken(name: &str) -> bool {
    ["entry", "gen", "routes", "rustfmt"].contains(&name) || syn::parse_str::<syn::Ident>(name).is_err()
}

/// Whether no file may be called so on Windows.
fn is_device(name: &str) -> bool {
    let is_port = |port: &str| matches!(port.as_bytes(), [b'0'..=b'9']);
    DEVICES.contains(&name) || ["com", "lpt"].iter().any(|kind| name.strip_prefix(kind).is_some_and(is_port))
}

/// Whether a name reads like one with a hash at its end, which it could else meet.
fn looks_hashed(name: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(_, last)| {
        last.len() >= HASH_DIGITS && last.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
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
    let uses = counted(readable.iter().map(|(name, _)| name.as_str()));
    let is_plain =
        |name: &str| uses[name] == 1 && name.len() <= MOST_CHARACTERS && !is_device(name) && !looks_hashed(name);
    let name = |(name, named): &(String, Answers<'_>), digits| {
        if is_plain(name) { name.clone() } else { named.hashed(name, digits) }
    };
    let names: Vec<String> = readable.iter().map(|readable| name(readable, HASH_DIGITS)).collect();
    let uses = counted(names.iter().map(String::as_str));
    // Two hashes may begin alike, if somebody looks for such patterns.
    let longer = |(index, readable): (usize, &(String, Answers<'_>))| match uses[names[index].as_str()] {
        1 => names[index].clone(),
        _ => name(readable, 2 * HASH_DIGITS),
    };
    readable.iter().enumerate().map(longer).collect()
}

fn counted<'n>(names: impl Iterator<Item = &'n str>) -> BTreeMap<&'n str, usize> {
    names.fold(BTreeMap::new(), |mut uses, name| {
        *uses.entry(name).or_default() += 1;
        uses
    })
}

impl Answers<'_> {
    fn readable(self) -> String {
        match self {
            Self::Route(pattern) => readable(pattern.segments().iter().map(text), "index"),
            Self::Folder(folder) => readable(folder.split('/').skip(1), "app"),
        }
    }

    /// The readable name, shortened, with so many digits of the hash of what it is the name of.
    fn hashed(self, readable: &str, digits: usize) -> String {
        let text = match self {
            Self::Route(pattern) => pattern.to_string(),
            Self::Folder(folder) => folder.to_owned(),
        };
        let short: String = readable.chars().take(MOST_CHARACTERS - 1 - digits).collect();
        format!("{}-{}", short.trim_end_matches('-'), Hash::of(text.as_bytes()).first_hex(digits / 2))
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

    /// Every word that means something to whoever reads a name, in a folder of its own, plain and in brackets.
    const RESERVED: &[&str] = &[
        // Cargo: folders of its own, kinds of targets, crates of the toolchain.
        "build",
        "deps",
        "examples",
        "incremental",
        "example",
        "bin",
        "bench",
        "benches",
        "test",
        "tests",
        "lib",
        "src",
        "target",
        "debug",
        "release",
        "package",
        "main",
        "core",
        "std",
        "alloc",
        "proc-macro",
        "proc_macro",
        "rustc",
        // Ours, and what a user's package depends on.
        "serve",
        "evaluate",
        "entry",
        "route",
        "routes",
        "wharf",
        "axum",
        "app",
        "index",
        "functions",
        "bootstrap",
        "function",
        "adapter",
        "Route",
        "rustfmt",
        "clippy",
        "rustdoc",
        // Rust, strict, reserved and weak. <https://doc.rust-lang.org/reference/keywords.html>
        "as",
        "async",
        "await",
        "break",
        "const",
        "continue",
        "crate",
        "dyn",
        "else",
        "enum",
        "extern",
        "false",
        "fn",
        "for",
        "if",
        "impl",
        "in",
        "let",
        "loop",
        "match",
        "mod",
        "move",
        "mut",
        "pub",
        "ref",
        "return",
        "self",
        "Self",
        "static",
        "struct",
        "super",
        "trait",
        "true",
        "type",
        "unsafe",
        "use",
        "where",
        "while",
        "abstract",
        "become",
        "box",
        "do",
        "final",
        "gen",
        "macro",
        "override",
        "priv",
        "try",
        "typeof",
        "unsized",
        "virtual",
        "yield",
        "macro_rules",
        "raw",
        "safe",
        "union",
        "_",
        "auto",
        "default",
        "str",
        "u32",
        "bool",
        "doc",
        "path",
        // Windows.
        "con",
        "prn",
        "aux",
        "nul",
        "CON",
        "com0",
        "com1",
        "COM9",
        "lpt0",
        "lpt1",
        "lpt9",
        "conin$",
        "conout$",
        "con.txt",
        // AWS, and cargo-lambda's server.
        "aws",
        "AWS",
        "amazon",
        "lambda",
        "$latest",
        "$default",
        "proxy",
        "Function",
        "env",
        "cdn",
        "role",
        "ANY",
        "2015-03-31",
        "lambda-url",
        // What is no name at all.
        "2024",
        "0",
        "-",
        "--",
        "_.",
        "...x",
        "é",
        "e\u{301}",
        "漢字",
        "🦀",
        "a-b",
        "a_b",
        "a.b",
        "A-B",
    ];

    #[test]
    fn no_word_of_cargo_rust_windows_or_aws_is_met() {
        let literals = RESERVED.iter().map(|word| Pattern::new(vec![Segment::Static((*word).to_owned())]));
        let is_param = |word: &&&str| word.bytes().all(|byte| byte.is_ascii_alphabetic());
        let params = RESERVED.iter().filter(is_param);
        let params = params.map(|word| Pattern::new(vec![Segment::Param((*word).to_owned())]));
        // Alone, so that its name is plain, and with all others.
        let together: Vec<Pattern> = literals.chain(params).collect();
        let all = of_routes(together.iter());
        let alone: Vec<RouteName> = together.iter().flat_map(|pattern| of_routes([pattern].into_iter())).collect();
        for name in all.iter().chain(&alone) {
            let text = name.as_str();
            let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            assert!(text.bytes().all(is_plain) && text.len() <= MOST_CHARACTERS, "{text}");
            assert!(!text.starts_with('-') && !text.ends_with('-') && !is_device(text), "{text}");
            let module = name.module();
            assert!(syn::parse_str::<syn::Ident>(&module).is_ok(), "{module}");
            assert!(!["gen", "entry", "routes", "rustfmt"].contains(&&*module), "{module}");
            let binary = FunctionName(text.to_owned()).binary();
            assert!(!["build", "deps", "examples", "incremental", "test"].contains(&&*binary), "{binary}");
        }
        let distinct: std::collections::BTreeSet<String> = all.iter().map(RouteName::module).collect();
        assert_eq!(distinct.len(), together.len());
    }

    #[test]
    fn a_name_that_reads_like_a_hashed_one_is_hashed_itself() {
        let alike = names(&["/a-b", "/a_b"]);
        let met = format!("/{}", alike[0]);
        let names = names(&["/a-b", "/a_b", &met]);
        assert_eq!(names[..2], alike[..]);
        assert!(!alike.contains(&names[2]), "{names:?}");
        assert_eq!(self::names(&[&met]), names[2..], "whether or not it meets one");
    }

    #[test]
    fn hashes_that_begin_alike_are_told_apart() {
        // The first 32 bits of the hashes of these two are the same.
        let names = names(&["/a-_~~.=,b", "/a-.;==-;b"]);
        assert_ne!(names[0], names[1]);
        assert!(names.iter().all(|name| name.len() <= MOST_CHARACTERS), "{names:?}");
    }
}

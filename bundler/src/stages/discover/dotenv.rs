//! The language of `.env` files as `next build` has it, through `@next/env`: dotenv 16.3.1 and dotenv-expand.
//!
//! Both are regular expressions of JavaScript and what follows from them, so an engine for such expressions reads the
//! lines. `tests/env_files/` has what the real `@next/env` makes of a table of files.
//! <https://github.com/vercel/next.js/tree/canary/packages/next-env>

use std::{collections::BTreeMap, iter, ops::Range, sync::LazyLock};

use regress::Regex;

/// Dotenv's `LINE`: a name, `=` or `: `, a value in quotes that may have several lines or one without, and a comment.
static LINE: LazyLock<Regex> = LazyLock::new(|| {
    let text = r#"(?:^|^)\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?(?:$|$)"#;
    Regex::with_flags(text, "gm").expect("the expression is constant, and every test of this file compiles it")
});

/// The quotes around a value.
static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
    let text = r#"^(['"`])([\s\S]*)\1$"#;
    Regex::with_flags(text, "gm").expect("the expression is constant, and every test of this file compiles it")
});

/// How often a value is looked into before it is taken to name itself: about as often as Node.js can before its stack is
/// full.
const MOST_STEPS: usize = 10_000;

/// No value of a variable that names itself grows beyond this, and no process can be given so long a one.
const MOST_BYTES: usize = 1 << 17;

/// A file, read.
#[derive(Debug)]
pub(super) struct File {
    /// Its text with line feeds alone.
    pub(super) text: String,
    /// In the order in which JavaScript goes through them, each name once.
    pub(super) assignments: Vec<Assignment>,
    /// Where the lines start that are neither read nor empty nor comments.
    pub(super) unread: Vec<usize>,
}

/// A variable and its value.
#[derive(Debug)]
pub(super) struct Assignment {
    pub(super) name: String,
    value: String,
    /// Where the name stands in the text.
    pub(super) place: Range<usize>,
    /// Whether the value starts with a quote that nothing closes, and so has the quote in it.
    pub(super) is_unclosed: bool,
}

/// The values of a file in which no names are left.
#[derive(Debug, Default)]
pub(super) struct Expanded {
    pub(super) values: Vec<(String, String)>,
    /// The indices of the assignments that name what nothing sets, and give no default for it.
    pub(super) lossy: Vec<usize>,
}

/// The index of an assignment that names itself, at first or at second hand.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endless(pub(super) usize);

impl File {
    /// Reads a text. Whatever it is, some of it is a file.
    pub(super) fn parse(text: &str) -> Self {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut assignments: Vec<Assignment> = Vec::new();
        let mut read = Vec::new();
        for found in LINE.find_iter(&text) {
            read.push(found.range());
            // The first group is not optional.
            let Some(place) = found.group(1) else { continue };
            let assignment = assignment(&text, place, found.group(2));
            match assignments.iter_mut().find(|known| known.name == assignment.name) {
                Some(known) => *known = assignment,
                // An object of JavaScript has no room for this name.
                None if assignment.name == "__proto__" => {}
                None => assignments.push(assignment),
            }
        }
        // Names that are indices come first. The sort is stable.
        assignments.sort_by_key(|assignment| index(&assignment.name).map_or(u64::MAX, u64::from));
        let unread = unread(&text, &read);
        Self { text, assignments, unread }
    }

    /// The values, with those of other variables in the place of `$NAME`, `${NAME}` and `${NAME:-default}`.
    ///
    /// The variables of the process win over those of the file, and its value for a name of the file is expanded in the place
    /// of the file's.
    pub(super) fn expand(&self, process: &BTreeMap<String, String>) -> Result<Expanded, Endless> {
        let own = self.assignments.iter().map(|assignment| (assignment.name.as_str(), assignment.value.clone()));
        let mut variables = Variables { process, own: own.collect() };
        let mut expanded = Expanded::default();
        for (index, Assignment { name, value, .. }) in self.assignments.iter().enumerate() {
            let value = process.get(name).unwrap_or(value).clone();
            let (value, is_lossy) = variables.interpolated(value).ok_or(Endless(index))?;
            let value = value.replace(r"\$", "$");
            if is_lossy {
                expanded.lossy.push(index);
            }
            variables.own.insert(name, value.clone());
            expanded.values.push((name.clone(), value));
        }
        Ok(expanded)
    }
}

fn assignment(text: &str, place: Range<usize>, value: Option<Range<usize>>) -> Assignment {
    let raw = value.map_or("", |value| &text[value]).trim_matches(is_space);
    let bare = QUOTED.replace_all(raw, "$2");
    let is_unclosed = bare == raw && raw.starts_with(['\'', '"', '`']);
    let value = if raw.starts_with('"') { bare.replace(r"\n", "\n").replace(r"\r", "\r") } else { bare };
    Assignment { name: text[place.clone()].to_owned(), value, place, is_unclosed }
}

/// The starts of the lines that no match covers.
fn unread(text: &str, read: &[Range<usize>]) -> Vec<usize> {
    let starts = iter::once(0).chain(text.match_indices('\n').map(|(end, _)| end + 1));
    let is_empty = |start: usize| {
        let line = text[start..].split('\n').next().unwrap_or_default().trim_matches(is_space);
        line.is_empty() || line.starts_with('#')
    };
    starts.filter(|start| !is_empty(*start) && !read.iter().any(|range| range.contains(start))).collect()
}

/// White space as JavaScript has it. <https://tc39.es/ecma262/#sec-white-space>
fn is_space(char: char) -> bool {
    char == '\u{feff}' || (char.is_whitespace() && char != '\u{85}')
}

/// The number that an object of JavaScript sorts a name by.
fn index(name: &str) -> Option<u32> {
    name.parse().ok().filter(|index: &u32| *index < u32::MAX && index.to_string() == name)
}

/// What a name in a value can mean.
struct Variables<'a> {
    process: &'a BTreeMap<String, String>,
    /// Those of the file, of which the earlier ones are expanded.
    own: BTreeMap<&'a str, String>,
}

impl Variables<'_> {
    /// The text with values in the place of names, the last one first, and whether a name meant nothing. `None` when that has
    /// no end.
    fn interpolated(&self, mut text: String) -> Option<(String, bool)> {
        let mut is_lossy = false;
        for _ in 0..MOST_STEPS {
            let last = text.rmatch_indices('$').find(|(start, _)| !text[..*start].ends_with('\\'));
            // What names nothing also ends the search for those before it.
            let Some(reference) = last.and_then(|(start, _)| Reference::at(&text[start..])) else {
                return Some((text, is_lossy));
            };
            let value = self.value(&reference);
            is_lossy |= value.is_none();
            text = replaced(&text, reference.text, value.unwrap_or_default());
            if text.len() > MOST_BYTES {
                return None;
            }
        }
        None
    }

    fn value<'a>(&'a self, reference: &Reference<'a>) -> Option<&'a str> {
        let of_process = self.process.get(reference.name).map(String::as_str);
        let own = self.own.get(reference.name).map(String::as_str);
        let given = [of_process, reference.default, own];
        given.into_iter().flatten().find(|value| !value.is_empty()).or_else(|| given.into_iter().flatten().next())
    }
}

/// `$NAME`, `${NAME}` or `${NAME:-default}`, of which each brace may be missing.
struct Reference<'a> {
    text: &'a str,
    name: &'a str,
    default: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// What a text starts with.
    fn at(text: &'a str) -> Option<Self> {
        let behind = text.strip_prefix('$')?;
        let behind = behind.strip_prefix('{').unwrap_or(behind);
        let (name, mut rest) = split_at_first(behind, |char| !(char.is_ascii_alphanumeric() || char == '_'));
        if name.is_empty() {
            return None;
        }
        let default = rest.strip_prefix(":-").map(|behind| {
            let (default, behind) = split_at_first(behind, |char| matches!(char, '}' | '\\'));
            rest = behind;
            default
        });
        let rest = rest.strip_prefix('}').unwrap_or(rest);
        Some(Self { text: &text[..text.len() - rest.len()], name, default })
    }
}

fn split_at_first(text: &str, is_end: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(is_end).unwrap_or(text.len()))
}

/// `text.replace(pattern, value)` of JavaScript, to which some pairs with `$` in the value have a meaning.
/// <https://tc39.es/ecma262/#sec-getsubstitution>
fn replaced(text: &str, pattern: &str, value: &str) -> String {
    let Some((before, after)) = text.split_once(pattern) else { return text.to_owned() };
    let mut result = before.to_owned();
    let mut rest = value;
    while let Some((plain, behind)) = rest.split_once('$') {
        result.push_str(plain);
        let substitution = match behind.chars().next() {
            Some('$') => Some("$"),
            Some('&') => Some(pattern),
            Some('`') => Some(before),
            Some('\'') => Some(after),
            _ => None,
        };
        result.push_str(substitution.unwrap_or("$"));
        rest = if substitution.is_some() { &behind[1..] } else { behind };
    }
    result + rest + after
}

/// The table that the real `@next/env` has filled in, for the tests of this folder.
#[cfg(test)]
pub(super) fn recorded() -> Vec<Recorded> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/env_files/table.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A line of the table.
#[cfg(test)]
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recorded {
    pub(super) name: String,
    pub(super) files: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) shell: BTreeMap<String, String>,
    pub(super) expected: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) refused: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_grows_without_end_is_given_up() {
        let file = File::parse("A=0123456789abcdefghijklmnopqrstuvwxyz$A$A\nB=1\n");
        assert_eq!(file.expand(&BTreeMap::new()).unwrap_err(), Endless(0));
    }

    #[test]
    fn what_is_not_read_is_known() {
        let file = File::parse("\u{feff}# x\nA=1\n\nB C=2\nD='\nE\n'\n  [x]\n  # y\nF");
        let lines: Vec<_> = file.unread.iter().map(|start| file.text[*start..].lines().next().unwrap()).collect();
        assert_eq!(lines, ["B C=2", "  [x]", "F"]);
    }

    #[test]
    fn only_what_means_nothing_is_lost() {
        let file = File::parse("A=$B\nC=${B:-}\nD=$A\nE=\\$B\nF=$EMPTY\nEMPTY=\n");
        assert_eq!(file.expand(&BTreeMap::new()).unwrap().lossy, [0]);
    }
}

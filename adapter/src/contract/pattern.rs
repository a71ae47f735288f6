//! The URL shape of a route, as a type: parsed once from folder names, then matched, ordered and printed.

use std::{cmp::Ordering, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// One part of a [`Pattern`], in decoded text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Segment {
    /// A literal part: `items`.
    Static(String),
    /// `[slug]`: one non-empty part.
    Param(String),
    /// `[...path]`: one part or more.
    CatchAll(String),
    /// `[[...path]]`: any number of parts, none included.
    OptionalCatchAll(String),
}

impl Segment {
    /// The name of the param that this segment captures.
    #[must_use]
    pub fn param(&self) -> Option<&str> {
        match self {
            Self::Static(_) => None,
            Self::Param(name) | Self::CatchAll(name) | Self::OptionalCatchAll(name) => Some(name),
        }
    }

    /// Literal before `[x]` before `[...x]` before `[[...x]]`, as Next.js sorts them.
    fn rank(&self) -> u8 {
        match self {
            Self::Static(_) => 0,
            Self::Param(_) => 1,
            Self::CatchAll(_) => 2,
            Self::OptionalCatchAll(_) => 3,
        }
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A literal bracket is not that of a param.
            Self::Static(text) => {
                formatter.write_str(&text.replace('%', "%25").replace('[', "%5B").replace(']', "%5D"))
            }
            Self::Param(name) => write!(formatter, "[{name}]"),
            Self::CatchAll(name) => write!(formatter, "[...{name}]"),
            Self::OptionalCatchAll(name) => write!(formatter, "[[...{name}]]"),
        }
    }
}

/// The URL shape of a route: `/items/[slug]`.
///
/// Patterns are ordered so that the first of a sorted list that matches is the one that answers. Trying them one after
/// the other gives backtracking for free: with `/back/[a]/x` and `/back/fixed/y`, the path `/back/fixed/x` reaches the
/// first.
///
/// ```
/// use wharf::pattern::Pattern;
///
/// let pattern: Pattern = "/docs/[...path]".parse().unwrap();
/// let params = pattern.matches(&["docs", "a", "b"]).unwrap();
/// assert_eq!(params.to_string(), r#"path=["a", "b"]"#);
/// assert!(pattern.matches(&["docs"]).is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pattern(Vec<Segment>);

impl Pattern {
    /// A pattern of these segments; an empty list is the root, `/`.
    #[must_use]
    pub fn new(segments: Vec<Segment>) -> Self {
        Self(segments)
    }

    /// The segments, in the order of the URL.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Whether it matches exactly one path.
    #[must_use]
    pub fn is_static(&self) -> bool {
        self.params().next().is_none()
    }

    /// The names of its params, in the order of the URL.
    pub fn params(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(Segment::param)
    }

    /// Whether there is a path that both match.
    ///
    /// ```
    /// use wharf::pattern::Pattern;
    ///
    /// let pattern = |text: &str| text.parse::<Pattern>().unwrap();
    /// assert!(pattern("/[x]/b").overlaps(&pattern("/a/[y]")));
    /// assert!(!pattern("/a").overlaps(&pattern("/a/[...rest]")));
    /// ```
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        overlap(&self.0, &other.0)
    }

    /// Matches a path that was split on `/` and then decoded, part by part.
    ///
    /// The root path has no parts. A single `[param]` refuses an empty part.
    #[must_use]
    pub fn matches(&self, parts: &[&str]) -> Option<Params> {
        let mut rest = parts;
        let mut params = Params::default();
        for segment in &self.0 {
            match segment {
                Segment::Static(text) => {
                    let (first, tail) = rest.split_first()?;
                    if first != text {
                        return None;
                    }
                    rest = tail;
                }
                Segment::Param(name) => {
                    let (first, tail) = rest.split_first()?;
                    if first.is_empty() {
                        return None;
                    }
                    params.push(name, ParamValue::One((*first).to_owned()));
                    rest = tail;
                }
                Segment::CatchAll(name) | Segment::OptionalCatchAll(name) => {
                    if !rest.is_empty() {
                        params.push(name, ParamValue::Many(rest.iter().map(|part| (*part).to_owned()).collect()));
                    } else if matches!(segment, Segment::CatchAll(_)) {
                        return None;
                    }
                    rest = &[];
                }
            }
        }
        rest.is_empty().then_some(params)
    }

    /// The decoded parts of the path that these params stand for; the inverse of [`Pattern::matches`].
    ///
    /// `None` when a param is missing, empty, or of the wrong shape.
    #[must_use]
    pub fn fill(&self, params: &Params) -> Option<Vec<String>> {
        let mut parts = Vec::with_capacity(self.0.len());
        for segment in &self.0 {
            match segment {
                Segment::Static(text) => parts.push(text.clone()),
                Segment::Param(name) => match params.get(name)? {
                    ParamValue::One(value) if !value.is_empty() => parts.push(value.clone()),
                    _ => return None,
                },
                Segment::CatchAll(name) => match params.get(name)? {
                    ParamValue::Many(values) if !values.is_empty() => parts.extend(values.iter().cloned()),
                    _ => return None,
                },
                Segment::OptionalCatchAll(name) => match params.get(name) {
                    None => {}
                    Some(ParamValue::Many(values)) => parts.extend(values.iter().cloned()),
                    Some(ParamValue::One(_)) => return None,
                },
            }
        }
        Some(parts)
    }
}

fn overlap(one: &[Segment], other: &[Segment]) -> bool {
    match (one, other) {
        ([Segment::OptionalCatchAll(_)], _) | (_, [Segment::OptionalCatchAll(_)]) | ([], []) => true,
        ([Segment::CatchAll(_)], rest) | (rest, [Segment::CatchAll(_)]) => !rest.is_empty(),
        ([Segment::Static(one), ..], [Segment::Static(other), ..]) if one != other => false,
        ([_, one @ ..], [_, other @ ..]) => overlap(one, other),
        _ => false,
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("/");
        }
        self.0.iter().try_for_each(|segment| write!(formatter, "/{segment}"))
    }
}

impl Ord for Pattern {
    fn cmp(&self, other: &Self) -> Ordering {
        for (left, right) in self.0.iter().zip(&other.0) {
            let order = left.rank().cmp(&right.rank()).then_with(|| left.to_string().cmp(&right.to_string()));
            if order.is_ne() {
                return order;
            }
        }
        self.0.len().cmp(&other.0.len())
    }
}

impl PartialOrd for Pattern {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The text is not a pattern as [`Pattern`] prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidPattern(String);

impl fmt::Display for InvalidPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is not a route pattern", self.0)
    }
}

impl std::error::Error for InvalidPattern {}

impl FromStr for Pattern {
    type Err = InvalidPattern;

    /// Reads what [`fmt::Display`] writes. Folder names, with all their rules, are the bundler's to parse.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidPattern(text.to_owned());
        let path = text.strip_prefix('/').ok_or_else(invalid)?;
        if path.is_empty() {
            return Ok(Self::default());
        }
        let segments: Vec<Segment> = path.split('/').map(segment_from_text).collect();
        let last = segments.len() - 1;
        let misplaced = segments.iter().enumerate().any(|(index, segment)| {
            let catches_all = matches!(segment, Segment::CatchAll(_) | Segment::OptionalCatchAll(_));
            (catches_all && index != last) || matches!(segment, Segment::Static(text) if text.is_empty())
        });
        if misplaced { Err(invalid()) } else { Ok(Self(segments)) }
    }
}

fn segment_from_text(text: &str) -> Segment {
    let inside = |open, close| text.strip_prefix(open).and_then(|rest: &str| rest.strip_suffix(close));
    if let Some(name) = inside("[[...", "]]") {
        Segment::OptionalCatchAll(name.to_owned())
    } else if let Some(name) = inside("[...", "]") {
        Segment::CatchAll(name.to_owned())
    } else if let Some(name) = inside("[", "]") {
        Segment::Param(name.to_owned())
    } else {
        Segment::Static(text.replace("%5B", "[").replace("%5D", "]").replace("%25", "%"))
    }
}

/// The value of one param.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ParamValue {
    /// What `[slug]` captured.
    One(String),
    /// What `[...path]` or `[[...path]]` captured: one part or more.
    Many(Vec<String>),
}

/// The params of one matched path, in the order of the URL. The param of an optional catch-all that matched nothing is
/// absent, as it is in Next.js.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Params(Vec<(String, ParamValue)>);

impl Params {
    /// No params.
    pub const EMPTY: Self = Self(Vec::new());

    /// Adds a param behind the others.
    pub fn push(&mut self, name: impl Into<String>, value: ParamValue) {
        self.0.push((name.into(), value));
    }

    /// The value of the param with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&ParamValue> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All params, in the order of the URL.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &ParamValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether nothing was captured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Params {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            match value {
                ParamValue::One(text) => write!(formatter, "{separator}{name}={text:?}")?,
                ParamValue::Many(list) => write!(formatter, "{separator}{name}={list:?}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        text.parse().unwrap()
    }

    fn answers<'a>(patterns: &[&'a str], parts: &[&str]) -> Option<&'a str> {
        let mut sorted: Vec<_> = patterns.iter().map(|text| (pattern(text), *text)).collect();
        sorted.sort();
        sorted.into_iter().find(|(pattern, _)| pattern.matches(parts).is_some()).map(|(_, text)| text)
    }

    #[test]
    fn display_round_trips() {
        for text in ["/", "/a", "/a/[b]/c", "/a/[...b]", "/[[...all]]", "/robots.txt"] {
            assert_eq!(pattern(text).to_string(), text);
        }
    }

    #[test]
    fn literal_brackets_are_no_params() {
        for text in ["[id]", "[...a]", "100%", "%5B", "%255D["] {
            let literal = Pattern::new(vec![Segment::Static(text.to_owned())]);
            assert_eq!(pattern(&literal.to_string()), literal);
        }
        assert_eq!(pattern("/%5Bid%5D").to_string(), "/%5Bid%5D");
    }

    #[test]
    fn catch_all_loses_to_static() {
        let patterns = ["/prec/fixed", "/prec/[id]", "/prec/[...rest]"];
        assert_eq!(answers(&patterns, &["prec", "fixed"]), Some("/prec/fixed"));
        assert_eq!(answers(&patterns, &["prec", "other"]), Some("/prec/[id]"));
        assert_eq!(answers(&patterns, &["prec", "fixed", "x"]), Some("/prec/[...rest]"));
        assert_eq!(answers(&patterns, &["prec"]), None);
    }

    #[test]
    fn a_literal_that_leads_nowhere_is_taken_back() {
        let patterns = ["/back/[a]/x", "/back/fixed/y"];
        assert_eq!(answers(&patterns, &["back", "fixed", "x"]), Some("/back/[a]/x"));
    }

    #[test]
    fn optional_catch_all_of_nothing_has_no_param() {
        let params = pattern("/o/[[...s]]").matches(&["o"]).unwrap();
        assert!(params.is_empty());
    }

    #[test]
    fn matching_is_case_sensitive_and_refuses_empty_parts() {
        assert!(pattern("/basic").matches(&["Basic"]).is_none());
        assert!(pattern("/[id]").matches(&[""]).is_none());
        assert!(pattern("/").matches(&[]).is_some());
    }

    #[test]
    fn fill_is_the_inverse_of_matches() {
        for (text, parts) in
            [("/a/[b]/c", vec!["a", "x y", "c"]), ("/[a]/[...b]", vec!["1", "2/3", "4"]), ("/o/[[...s]]", vec!["o"])]
        {
            let pattern = pattern(text);
            let params = pattern.matches(&parts).unwrap();
            assert_eq!(pattern.fill(&params).unwrap(), parts);
        }
    }

    #[test]
    fn patterns_share_a_path_or_not() {
        let shares = |one: &str, other: &str| {
            let (one, other) = (pattern(one), pattern(other));
            let forth = one.overlaps(&other);
            assert_eq!(forth, other.overlaps(&one), "{one} {other}");
            forth
        };
        for (one, other) in [
            ("/", "/[[...all]]"),
            ("/a", "/[x]"),
            ("/a/b", "/[...all]"),
            ("/[x]/b", "/a/[y]"),
            ("/a", "/a/[[...all]]"),
            ("/[...all]", "/a/[[...all]]"),
        ] {
            assert!(shares(one, other), "{one} {other}");
        }
        for (one, other) in [("/", "/[x]"), ("/", "/[...all]"), ("/a", "/b"), ("/a/[x]", "/[x]"), ("/a", "/a/[...all]")]
        {
            assert!(!shares(one, other), "{one} {other}");
        }
    }

    #[test]
    fn catch_all_in_the_middle_is_no_pattern() {
        assert!("/[...a]/b".parse::<Pattern>().is_err());
        assert!("a".parse::<Pattern>().is_err());
        assert!("/a//b".parse::<Pattern>().is_err());
    }
}

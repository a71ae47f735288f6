//! The path of one URL, as decoded parts.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use wharf::pattern::{Pattern, Segment};

/// The path of one URL, as decoded parts; it is printed with escapes: `/a%20b`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UrlPath(Vec<String>);

/// What a part of a path may hold without an escape: `pchar` of
/// [RFC 3986, 3.3](https://www.rfc-editor.org/rfc/rfc3986#section-3.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// One part with escapes.
#[must_use]
pub fn escaped(part: &str) -> String {
    utf8_percent_encode(part, ESCAPED).to_string()
}

impl UrlPath {
    /// The path of these decoded parts; none is the root.
    #[must_use]
    pub fn new(parts: Vec<String>) -> Self {
        Self(parts)
    }

    /// The one path that a pattern without params matches.
    #[must_use]
    pub fn of_static(pattern: &Pattern) -> Option<Self> {
        let text = |segment: &Segment| match segment {
            Segment::Static(text) => Some(text.clone()),
            _ => None,
        };
        pattern.segments().iter().map(text).collect::<Option<Vec<_>>>().map(Self)
    }

    /// The decoded parts.
    #[must_use]
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// The key of the object at this path: the decoded path without its first slash. The root has the key `/`, which no
    /// other path has.
    #[must_use]
    pub fn key(&self) -> String {
        if self.0.is_empty() { "/".to_owned() } else { self.0.join("/") }
    }

    /// The path as people read it, without escapes.
    #[must_use]
    pub fn decoded(&self) -> String {
        format!("/{}", self.0.join("/"))
    }
}

impl fmt::Display for UrlPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("/");
        }
        self.0.iter().try_for_each(|part| write!(formatter, "/{}", escaped(part)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_printed_with_escapes_and_keyed_without() {
        let path = UrlPath::new(vec!["a b".to_owned(), "é%".to_owned()]);
        assert_eq!(path.to_string(), "/a%20b/%C3%A9%25");
        assert_eq!(path.key(), "a b/é%");
        assert_eq!(UrlPath::new(Vec::new()).key(), "/");
    }
}

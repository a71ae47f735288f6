//! The path of one URL, as decoded parts.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
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

    /// Reads the path of a URL: split on `/`, then each part is decoded. Empty parts are left out.
    ///
    /// `None` when an escape does not decode to UTF-8, or a part is `.` or `..`.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let parts = path.split('/').filter(|part| !part.is_empty()).map(|part| {
            let escapes_are_whole = part.split('%').skip(1).all(|rest| {
                rest.as_bytes().first_chunk::<2>().is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            });
            let decoded = percent_decode_str(part).decode_utf8().ok()?.into_owned();
            (escapes_are_whole && decoded != "." && decoded != "..").then_some(decoded)
        });
        parts.collect::<Option<Vec<_>>>().map(Self)
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
    fn paths_are_printed_with_escapes() {
        let path = UrlPath::new(vec!["a b".to_owned(), "é%".to_owned()]);
        assert_eq!(path.to_string(), "/a%20b/%C3%A9%25");
        assert_eq!(UrlPath::new(Vec::new()).to_string(), "/");
    }

    #[test]
    fn parsing_is_the_inverse_of_printing() {
        for path in ["/", "/a%20b/%C3%A9%25", "/a%2Fb"] {
            assert_eq!(UrlPath::parse(path).unwrap().to_string(), path);
        }
        assert!(["/%zz", "/%f", "/%FF", "/a/..", "/%2e"].into_iter().all(|path| UrlPath::parse(path).is_none()));
    }
}

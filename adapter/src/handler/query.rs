//! The pairs of a query string.

use std::borrow::Cow;

use url::form_urlencoded;

/// The pairs of a query string, decoded, in order, with repeated keys.
///
/// Read as browsers read it ([WHATWG URL, 5.1](https://url.spec.whatwg.org/#urlencoded-parsing)): `+` and `%20` are
/// spaces, a bad escape stays as it is, `;` separates nothing.
///
/// ```
/// use wharf::QueryPairs;
///
/// let query = QueryPairs::parse("a=1&a=2&b=&c");
/// assert_eq!(query.first("a"), Some("1"));
/// assert_eq!(query.all("a").collect::<Vec<_>>(), ["1", "2"]);
/// assert_eq!((query.first("b"), query.first("c"), query.first("d")), (Some(""), Some(""), None));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueryPairs(Vec<(String, String)>);

impl QueryPairs {
    /// Reads a query string, without its `?`.
    #[must_use]
    pub fn parse(raw: &str) -> Self {
        Self(form_urlencoded::parse(raw.as_bytes()).map(|(key, value)| (owned(key), owned(value))).collect())
    }

    /// The first value of this key.
    #[must_use]
    pub fn first(&self, key: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
    }

    /// Every value of this key, in order.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(known, _)| *known == key).map(|(_, value)| value)
    }

    /// Whether the key is there.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.first(key).is_some()
    }

    /// All pairs, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether there is no pair.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn owned(text: Cow<'_, str>) -> String {
    text.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_browsers_read_it() {
        let query = QueryPairs::parse("q=a+b%20c&bad=%zz&semi=1;2&a[]=x&%FF=y");
        assert_eq!(query.first("q"), Some("a b c"));
        assert_eq!(query.first("bad"), Some("%zz"));
        assert_eq!(query.first("semi"), Some("1;2"));
        assert_eq!(query.first("a[]"), Some("x"));
        assert_eq!(query.first("\u{FFFD}"), Some("y"));
    }
}

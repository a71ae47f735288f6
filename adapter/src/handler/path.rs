//! URL paths: split on `/` first, then each part is decoded exactly once.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// What may not stand in one part of a path ([RFC 3986, 3.3](https://www.rfc-editor.org/rfc/rfc3986#section-3.3)).
const PART: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The same for a part that is encoded already.
const ENCODED_PART: &AsciiSet = &PART.remove(b'%');

/// What `encodeURIComponent` encodes
/// ([ECMAScript](https://tc39.es/ecma262/#sec-encodeuricomponent-uricomponent)).
pub(crate) const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// What [`http::Uri`] refuses in a query, and nothing that it takes.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// How the front end delivers the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As the client sent it.
    Percent,
    /// Decoded once, the way an HTTP API does.
    Decoded,
}

/// A path that may not be matched, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadPath {
    Escape,
    NotUtf8,
    Nul,
    Dots,
}

impl fmt::Display for BadPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Escape => "a `%` in the path does not start an escape",
            Self::NotUtf8 => "the decoded path is not UTF-8",
            Self::Nul => "the path has a NUL in it",
            Self::Dots => "the path has a `.` or `..` part",
        })
    }
}

/// A path that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadPath {
    /// The decoded parts that are not empty.
    pub(crate) parts: Vec<String>,
    /// The path in encoded form; as the client sent it when the front end tells.
    pub(crate) encoded: String,
    /// Whether there were repeated slashes or one at the end.
    pub(crate) has_empty_parts: bool,
}

/// Reads a raw path. A missing first slash is added.
pub(crate) fn read(raw: &str, encoding: Encoding) -> Result<ReadPath, BadPath> {
    let path = raw.strip_prefix('/').unwrap_or(raw);
    let mut read = ReadPath { parts: Vec::new(), encoded: String::new(), has_empty_parts: false };
    if path.is_empty() {
        read.encoded.push('/');
        return Ok(read);
    }
    for part in path.split('/') {
        if part.is_empty() {
            read.has_empty_parts = true;
            continue;
        }
        let (decoded, encoded) = match encoding {
            Encoding::Percent => (decode(part)?, utf8_percent_encode(part, ENCODED_PART)),
            Encoding::Decoded => (part.to_owned(), utf8_percent_encode(part, PART)),
        };
        check(&decoded)?;
        read.encoded.push('/');
        read.encoded.extend(encoded);
        read.parts.push(decoded);
    }
    if read.encoded.is_empty() {
        read.encoded.push('/');
    }
    Ok(read)
}

fn check(part: &str) -> Result<(), BadPath> {
    if part.contains('\0') {
        Err(BadPath::Nul)
    } else if part == "." || part == ".." {
        Err(BadPath::Dots)
    } else {
        Ok(())
    }
}

/// Decodes every escape, and refuses a `%` that starts none.
pub(crate) fn decode(text: &str) -> Result<String, BadPath> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let Some((digits, tail)) = rest.split_first_chunk::<2>() else { return Err(BadPath::Escape) };
        let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
        let (Some(high), Some(low)) = (high, low) else { return Err(BadPath::Escape) };
        // Two hexadecimal digits make at most 255.
        bytes.push((high * 16 + low) as u8);
        rest = tail;
    }
    String::from_utf8(bytes).map_err(|_| BadPath::NotUtf8)
}

/// One part, encoded: the inverse of [`decode`].
pub(crate) fn encode_part(part: &str) -> String {
    utf8_percent_encode(part, PART).to_string()
}

/// A path that stands in front of another, with one slash before each part: two at the start would be another host.
pub(crate) fn encode_prefix(prefix: &str, encoding: Encoding) -> String {
    let set = if encoding == Encoding::Decoded { PART } else { ENCODED_PART };
    prefix.split('/').filter(|part| !part.is_empty()).fold(String::new(), |mut path, part| {
        path.push('/');
        path.extend(utf8_percent_encode(part, set));
        path
    })
}

/// The path of these decoded parts.
pub(crate) fn encode<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut path = String::new();
    for part in parts {
        path.push('/');
        path.extend(utf8_percent_encode(part, PART));
    }
    if path.is_empty() {
        path.push('/');
    }
    path
}

/// The query as [`http::Uri`] takes it: what it would refuse is percent-encoded, the rest stays as it was sent.
pub(crate) fn encode_query(raw: &str) -> String {
    utf8_percent_encode(raw, QUERY).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(raw: &str, encoding: Encoding) -> Result<Vec<String>, BadPath> {
        read(raw, encoding).map(|path| path.parts)
    }

    #[test]
    fn parts_are_split_before_they_are_decoded() {
        let read = read("/a%20b/c%2Fd/%E4%BD%A0/x+y;z/%3F", Encoding::Percent).unwrap();
        assert_eq!(read.parts, ["a b", "c/d", "你", "x+y;z", "?"]);
        assert_eq!(read.encoded, "/a%20b/c%2Fd/%E4%BD%A0/x+y;z/%3F");
    }

    #[test]
    fn a_decoded_path_is_not_decoded_again() {
        let read = read("/100%/a b/%20", Encoding::Decoded).unwrap();
        assert_eq!(read.parts, ["100%", "a b", "%20"]);
        assert_eq!(read.encoded, "/100%25/a%20b/%2520");
    }

    #[test]
    fn bad_paths_are_told_apart() {
        assert_eq!(parts("/%zz", Encoding::Percent), Err(BadPath::Escape));
        assert_eq!(parts("/%", Encoding::Percent), Err(BadPath::Escape));
        assert_eq!(parts("/%+1", Encoding::Percent), Err(BadPath::Escape));
        assert_eq!(parts("/%FF", Encoding::Percent), Err(BadPath::NotUtf8));
        assert_eq!(parts("/a%00", Encoding::Percent), Err(BadPath::Nul));
        assert_eq!(parts("/a/%2e%2E/b", Encoding::Percent), Err(BadPath::Dots));
        assert_eq!(parts("/a/../b", Encoding::Decoded), Err(BadPath::Dots));
    }

    #[test]
    fn empty_parts_are_collapsed() {
        for raw in ["//a", "/a/", "/a//b", "//"] {
            assert!(read(raw, Encoding::Percent).unwrap().has_empty_parts, "{raw}");
        }
        assert_eq!(read("//a//b/", Encoding::Percent).unwrap().encoded, "/a/b");
        assert_eq!(read("//", Encoding::Percent).unwrap().encoded, "/");
        for raw in ["", "/", "/a"] {
            assert!(!read(raw, Encoding::Percent).unwrap().has_empty_parts, "{raw}");
        }
    }

    #[test]
    fn a_backslash_cannot_make_a_redirect_leave_the_host() {
        assert_eq!(read("/\\evil.example/", Encoding::Percent).unwrap().encoded, "/%5Cevil.example");
    }

    #[test]
    fn every_query_makes_a_uri() {
        let query: String = (1..=0x100u32).filter_map(char::from_u32).collect();
        let uri = format!("/?{}", encode_query(&query)).parse::<http::Uri>();
        assert!(uri.is_ok(), "{uri:?}");
        assert_eq!(encode_query("a=1+2&b=%2B&c[]=|"), "a=1+2&b=%2B&c[]=|");
    }
}

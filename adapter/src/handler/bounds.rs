//! What a body of a request may hold, counted before anything is built of it: a field of two bytes becomes hundreds of
//! bytes in memory.

use std::fmt;

use http::{HeaderMap, header::CONTENT_TYPE};

/// How much one body may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// The fields of a form, files among them.
    pub(crate) fields: usize,
    /// The arrays and objects of a JSON text. One of them takes up to 640 bytes as a `serde_json::Value`, and a number 32.
    pub(crate) nodes: usize,
}

impl Default for Bounds {
    /// As many fields as
    /// [Django](https://docs.djangoproject.com/en/5.2/ref/settings/#data-upload-max-number-fields) and
    /// [Starlette](https://www.starlette.io/requests/#request-files) read; so many nodes that they fit the smallest
    /// function.
    fn default() -> Self {
        Self { fields: 1000, nodes: 100_000 }
    }
}

/// What there is too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TooMany {
    Fields(usize),
    Nodes(usize),
}

impl fmt::Display for TooMany {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (most, what, variable) = match self {
            Self::Fields(most) => (most, "fields", "WHARF_FIELD_LIMIT"),
            Self::Nodes(most) => (most, "JSON arrays and objects", "WHARF_JSON_LIMIT"),
        };
        write!(formatter, "the body of the request has more than {most} {what} ({variable})")
    }
}

impl std::error::Error for TooMany {}

impl Bounds {
    /// Counts what an extractor of axum would build of a body of this type. Parts of a multipart body are built one by
    /// one, and are counted by whoever keeps them.
    pub(crate) fn check(self, headers: &HeaderMap, body: &[u8]) -> Result<(), TooMany> {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match essence(content_type).as_str() {
            "application/x-www-form-urlencoded" => self.check_form(body),
            json if json == "application/json" || json.ends_with("+json") => self.check_json(body),
            _ => Ok(()),
        }
    }

    pub(crate) fn check_form(self, body: &[u8]) -> Result<(), TooMany> {
        let is_field = |field: &&[u8]| !field.is_empty();
        let more = body.split(|byte| *byte == b'&').filter(is_field).nth(self.fields);
        more.map_or(Ok(()), |_| Err(TooMany::Fields(self.fields)))
    }

    /// Counts the brackets outside of texts, which needs no valid JSON.
    pub(crate) fn check_json(self, body: &[u8]) -> Result<(), TooMany> {
        let (mut nodes, mut in_text, mut is_escaped) = (0, false, false);
        for byte in body {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' if in_text => is_escaped = true,
                b'"' => in_text = !in_text,
                b'[' | b'{' if !in_text => nodes += 1,
                _ => {}
            }
            if nodes > self.nodes {
                return Err(TooMany::Nodes(self.nodes));
            }
        }
        Ok(())
    }
}

/// A content type without its parameters.
pub(crate) fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEW: Bounds = Bounds { fields: 3, nodes: 3 };

    fn check(content_type: &str, body: &str) -> Result<(), TooMany> {
        FEW.check(&HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]), body.as_bytes())
    }

    #[test]
    fn fields_are_counted() {
        let form = "application/x-www-form-urlencoded";
        for body in ["", "a", "a&b&c", "a=1&&&&b=2&c=3&", "&&&&&&&&"] {
            assert_eq!(check(form, body), Ok(()), "{body}");
        }
        assert_eq!(check(form, "a&b&c&d"), Err(TooMany::Fields(3)));
        assert_eq!(check("Application/X-WWW-Form-Urlencoded ; charset=utf-8", "&a&b&c&d"), Err(TooMany::Fields(3)));
        assert_eq!(check("text/plain", "a&b&c&d"), Ok(()));
    }

    #[test]
    fn arrays_and_objects_are_counted_and_texts_are_not() {
        for body in ["", "[1,2,3,4,5,6]", "[{},[]]", r#"["[[[[", "\"[[[[", "\\", {}, []]"#] {
            assert_eq!(check("application/json", body), Ok(()), "{body}");
        }
        for body in ["[{},{},{}]", "[[[[", r#"["\\", {}, {}, {}]"#] {
            assert_eq!(check("application/json", body), Err(TooMany::Nodes(3)), "{body}");
            assert_eq!(check("application/problem+json; charset=utf-8", body), Err(TooMany::Nodes(3)), "{body}");
        }
    }
}

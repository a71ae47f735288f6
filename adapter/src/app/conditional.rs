//! Conditional requests: an answer that the client has already is not sent again.

use std::hash::Hasher;

use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
};

use crate::app::answer::Answer;

/// The entity tag of a body: the same bytes have the same in every instance. `DefaultHasher` has no random keys.
pub(crate) fn etag(body: &[u8]) -> HeaderValue {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(body);
    let text = format!("\"{:x}-{:016x}\"", body.len(), hasher.finish());
    // Hexadecimal digits in quotes are a header's value.
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// What a client says it has: the lines of `If-None-Match`.
#[derive(Debug, Default)]
pub(crate) struct IfNoneMatch(Vec<HeaderValue>);

impl IfNoneMatch {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self(headers.get_all(IF_NONE_MATCH).iter().cloned().collect())
    }

    /// The answer, or 304 without its body ([RFC 9110, 13.1.2](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2)).
    pub(crate) fn apply(&self, mut answer: Answer) -> Answer {
        if !answer.status.is_success() || !answer.headers.get(ETAG).is_some_and(|etag| self.names(etag)) {
            return answer;
        }
        answer.status = StatusCode::NOT_MODIFIED;
        answer.body.clear();
        // The client's copy has them. What caches and browsers act upon is sent again.
        for name in [CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE] {
            answer.headers.remove(name);
        }
        answer
    }

    fn names(&self, etag: &HeaderValue) -> bool {
        let tag = tags(etag.as_bytes()).next();
        self.0
            .iter()
            .map(HeaderValue::as_bytes)
            .any(|line| line.trim_ascii() == b"*" || tag.is_some_and(|tag| tags(line).any(|listed| listed == tag)))
    }
}

/// What stands in quotes: the tags of a list without their `W/`, as the comparison is weak. A tag may have commas in it.
fn tags(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b'"').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(lines: &[&str], etag: &str) -> bool {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IF_NONE_MATCH, line.parse().unwrap());
        }
        IfNoneMatch::of(&headers).names(&etag.parse().unwrap())
    }

    #[test]
    fn lists_weak_tags_and_the_star_are_understood() {
        for (lines, etag, is_named) in [
            (&[r#""a""#][..], r#""a""#, true),
            (&[r#"W/"a""#], r#""a""#, true),
            (&[r#""a""#], r#"W/"a""#, true),
            (&[r#""b", W/"a" ,"c""#], r#""a""#, true),
            (&[r#""b""#, r#""a""#], r#""a""#, true),
            (&[r#""a,b""#], r#""a,b""#, true),
            (&[" * "], r#""a""#, true),
            (&[r#""a,b""#], r#""a""#, false),
            (&[r#""*""#], r#""a""#, false),
            (&[r#""A""#], r#""a""#, false),
            (&["a"], r#""a""#, false),
            (&[r#"" ""#, ""], r#""""#, false),
            (&[], r#""a""#, false),
        ] {
            assert_eq!(names(lines, etag), is_named, "{lines:?} {etag}");
        }
    }

    #[test]
    fn the_same_body_has_the_same_tag_and_another_has_another() {
        assert_eq!(etag(b"wharf"), etag(b"wharf"));
        assert_eq!(etag(b"wharf").to_str().unwrap().len(), "\"5-0123456789abcdef\"".len());
        let bodies: [&[u8]; 4] = [b"", b"\0", b"wharf", b"Wharf"];
        let tags: std::collections::BTreeSet<_> = bodies.iter().map(|body| etag(body).as_bytes().to_vec()).collect();
        assert_eq!(tags.len(), 4);
    }

    #[test]
    fn a_304_keeps_what_caches_act_upon() {
        let ok = || {
            let answer = Answer::empty(StatusCode::OK).header(ETAG, HeaderValue::from_static("\"a\""));
            let answer = answer.header(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            Answer { body: "x".into(), ..answer.header(http::header::VARY, HeaderValue::from_static("accept")) }
        };
        let condition = IfNoneMatch(vec![HeaderValue::from_static("\"a\"")]);
        let answer = condition.apply(ok());
        assert_eq!((answer.status.as_u16(), answer.body.len(), answer.headers.len()), (304, 0, 2));
        assert_eq!(condition.apply(Answer { status: StatusCode::NOT_FOUND, ..ok() }).status, 404);
        assert_eq!(IfNoneMatch::default().apply(ok()), ok());
    }
}

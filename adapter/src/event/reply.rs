//! From an answer to the JSON of a reply: what the replies of all shapes have in common.

use std::{borrow::Cow, collections::BTreeMap};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{
    HeaderValue, StatusCode,
    header::{self, SET_COOKIE},
};
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::app::answer::Answer;

/// A reply. Each shape fills in the kind of headers that its front end reads.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reply<'a> {
    pub(super) status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "map")]
    pub(super) headers: Option<Vec<(Cow<'a, str>, String)>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) multi_value_headers: Option<BTreeMap<&'a str, Vec<Cow<'a, str>>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cookies: Option<Vec<Cow<'a, str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<Cow<'a, str>>,
    pub(super) is_base64_encoded: bool,
}

impl<'a> Reply<'a> {
    /// The status and the body.
    pub(super) fn new(answer: &'a Answer) -> Self {
        let body = body(answer);
        Self {
            status_code: answer.status.as_u16(),
            status_description: None,
            headers: None,
            multi_value_headers: None,
            cookies: None,
            is_base64_encoded: matches!(body, Some(Body::Base64(_))),
            body: body.map(|body| match body {
                Body::Text(text) => Cow::Borrowed(text),
                Body::Base64(text) => Cow::Owned(text),
            }),
        }
    }

    pub(super) fn write(&self) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }
}

fn map<S: Serializer>(headers: &Option<Vec<(Cow<'_, str>, String)>>, serializer: S) -> Result<S::Ok, S::Error> {
    lines(headers.as_deref().unwrap_or_default(), serializer)
}

/// Header lines as an object.
pub(super) fn lines<S: Serializer>(lines: &[(Cow<'_, str>, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(lines.iter().map(|(name, value)| (name, value)))
}

/// `200 OK`.
pub(super) fn status_description(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

/// One line a name: repeated headers are folded with a comma and a space, in their order
/// ([RFC 9110, 5.3](https://www.rfc-editor.org/rfc/rfc9110#section-5.3)). `Set-Cookie`, which cannot be folded, is left
/// out.
pub(super) fn folded(answer: &Answer) -> Vec<(Cow<'_, str>, String)> {
    let mut lines = BTreeMap::new();
    for name in answer.headers.keys().filter(|name| *name != SET_COOKIE) {
        let values: Vec<_> = answer.headers.get_all(name).iter().map(text).collect();
        lines.insert(name.as_str(), values.join(", "));
    }
    lines.into_iter().map(|(name, line)| (Cow::Borrowed(name), line)).collect()
}

/// Every value of every header.
pub(super) fn repeated(answer: &Answer) -> BTreeMap<&str, Vec<Cow<'_, str>>> {
    let names = answer.headers.keys();
    names.map(|name| (name.as_str(), answer.headers.get_all(name).iter().map(text).collect())).collect()
}

/// Every `Set-Cookie`, in order.
pub(super) fn cookies(answer: &Answer) -> Vec<Cow<'_, str>> {
    answer.headers.get_all(SET_COOKIE).iter().map(text).collect()
}

/// One line a name, and each `Set-Cookie` under a spelling of its own, for front ends that know neither lists nor
/// `cookies`: they tell names apart by case, and HTTP does not.
pub(super) fn folded_with_cookies(answer: &Answer) -> Vec<(Cow<'_, str>, String)> {
    let mut lines = folded(answer);
    let cookies = cookies(answer);
    if cookies.len() > SPELLINGS {
        let lost = cookies.len() - SPELLINGS;
        tracing::error!(lost, "the front end takes {SPELLINGS} cookies in one reply; those after them are lost");
    }
    let spelled = cookies.into_iter().take(SPELLINGS).enumerate();
    lines.extend(spelled.map(|(index, cookie)| (spelling(index), cookie.into_owned())));
    lines
}

/// So many spellings have the nine letters of `set-cookie`.
const SPELLINGS: usize = 1 << 9;

/// `set-cookie`, `Set-cookie`, `sEt-cookie`, `SEt-cookie` …
fn spelling(index: usize) -> Cow<'static, str> {
    if index == 0 {
        return Cow::Borrowed("set-cookie");
    }
    let mut rest = index;
    let spell = |letter: char| {
        if letter == '-' {
            return letter;
        }
        let is_upper = rest % 2 == 1;
        rest /= 2;
        if is_upper { letter.to_ascii_uppercase() } else { letter }
    };
    Cow::Owned("set-cookie".chars().map(spell).collect())
}

enum Body<'a> {
    Text(&'a str),
    Base64(String),
}

/// Text only when nothing can be lost: it is UTF-8 and not encoded in another way.
fn body(answer: &Answer) -> Option<Body<'_>> {
    if answer.has_no_body() {
        return None;
    }
    let is_encoded = answer.headers.get_all(header::CONTENT_ENCODING).iter().any(|value| value != "identity");
    Some(match str::from_utf8(&answer.body) {
        Ok(text) if !is_encoded => Body::Text(text),
        _ => Body::Base64(STANDARD.encode(&answer.body)),
    })
}

/// A header value as JSON text: UTF-8 as it is, anything else byte by byte, as Latin-1.
fn text(value: &HeaderValue) -> Cow<'_, str> {
    match str::from_utf8(value.as_bytes()) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(value.as_bytes().iter().map(|byte| char::from(*byte)).collect()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_cookie_has_a_spelling_of_its_own() {
        let spellings: HashSet<_> = (0..SPELLINGS).map(spelling).collect();
        assert_eq!(spellings.len(), SPELLINGS);
        assert!(spellings.iter().all(|name| name.eq_ignore_ascii_case("set-cookie")));
        assert_eq!((spelling(1).as_ref(), spelling(2).as_ref()), ("Set-cookie", "sEt-cookie"));
    }

    #[test]
    fn a_status_without_a_name_is_described_by_its_number() {
        assert_eq!(status_description(StatusCode::NOT_FOUND), "404 Not Found");
        assert_eq!(status_description(StatusCode::from_u16(299).unwrap()), "299");
    }
}

//! What caches are told of an answer. Nothing is kept for others unless the app says so, as a shared cache may serve what
//! says nothing: CloudFront does when the origin fails, and to all who wait for one answer
//! ([AWS](https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html)).

use cookie::time::{OffsetDateTime, format_description::well_known::Rfc2822};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CACHE_CONTROL, EXPIRES, SET_COOKIE, VARY},
};

/// What an answer says that nobody else may see.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");

/// What a request tells of the one who sends it, and everything (`*`). An answer that varies with it is no one else's.
const PERSONAL: [&str; 3] = ["*", "authorization", "cookie"];

/// Settles what caches may do with the answer to one request. What the app says of it holds; where it says nothing, or
/// neither that it may be shared nor that it may not, it is private. A cookie is one client's: an answer that sets one
/// and asks to be shared is not, and the text says why.
pub(crate) fn settle(headers: &mut HeaderMap) -> Option<String> {
    let said = Directives::of(headers.get_all(CACHE_CONTROL));
    if headers.contains_key(SET_COOKIE)
        && let Some(what) = asks_to_be_shared(headers, &said)
    {
        for name in for_caches(headers) {
            headers.remove(name);
        }
        headers.insert(CACHE_CONTROL, PRIVATE);
        return Some(format!("it sets a cookie, which is one client's, and `{what}` lets caches give it to others"));
    }
    if said.is_empty() {
        headers.insert(CACHE_CONTROL, PRIVATE);
    } else if !said.forbids_sharing() && (headers.contains_key(SET_COOKIE) || !said.is_settled()) {
        narrow(headers);
    }
    None
}

/// Puts `private` in front of what is said.
fn narrow(headers: &mut HeaderMap) {
    let said: Vec<_> = headers.get_all(CACHE_CONTROL).iter().map(HeaderValue::as_bytes).collect();
    let narrowed = [b"private, ", &*said.join(&b", "[..])].concat();
    // What was made of header values, with a comma between them, is one.
    headers.insert(CACHE_CONTROL, HeaderValue::from_bytes(&narrowed).unwrap_or(PRIVATE));
}

/// The header by which an answer asks caches to keep it for others.
fn asks_to_be_shared(headers: &HeaderMap, said: &Directives) -> Option<HeaderName> {
    let targeted = || targeted(headers).find(|name| Directives::of(headers.get_all(*name)).asks_for_any()).cloned();
    if said.forbids_sharing() {
        return targeted();
    }
    if said.asks_for_any() {
        return Some(CACHE_CONTROL);
    }
    let expires = headers.get(EXPIRES).is_some_and(is_to_come) && !said.has_time();
    if expires { Some(EXPIRES) } else { targeted() }
}

/// The headers that tell caches of one kind what others are not told
/// ([RFC 9213](https://www.rfc-editor.org/rfc/rfc9213), and its predecessor).
fn targeted(headers: &HeaderMap) -> impl Iterator<Item = &HeaderName> {
    headers.keys().filter(|name| name.as_str().ends_with("-cache-control") || *name == "surrogate-control")
}

fn for_caches(headers: &HeaderMap) -> Vec<HeaderName> {
    targeted(headers).chain([&EXPIRES]).cloned().collect()
}

fn is_to_come(date: &HeaderValue) -> bool {
    let date = date.to_str().ok().and_then(|date| OffsetDateTime::parse(date.trim(), &Rfc2822).ok());
    date.is_some_and(|date| date > OffsetDateTime::now_utc())
}

/// The line of `Vary` by which an answer says that it is not the same for everyone.
pub(crate) fn personal_vary(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(VARY).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .find(|name| PERSONAL.iter().any(|personal| name.eq_ignore_ascii_case(personal)))
}

/// The directives of header lines
/// ([RFC 9111, 5.2](https://www.rfc-editor.org/rfc/rfc9111#section-5.2)).
struct Directives {
    /// As they are meant: a comma in quotes is none. Names in lower case.
    meant: Vec<(String, String)>,
    /// As a cache may read them that does not know quotes.
    plain: Vec<(String, String)>,
}

impl Directives {
    fn of<'v>(lines: impl IntoIterator<Item = &'v HeaderValue>) -> Self {
        let lines: Vec<_> = lines.into_iter().map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
        let text = lines.join(",");
        let mut is_quoted = false;
        let unquoted_comma = |char| {
            is_quoted ^= char == '"';
            char == ',' && !is_quoted
        };
        let meant = text.split(unquoted_comma).filter_map(directive).collect();
        Self { meant, plain: text.split(',').filter_map(directive).collect() }
    }

    fn is_empty(&self) -> bool {
        self.meant.is_empty()
    }

    /// `private="x-a"` forbids it of that header alone.
    fn says(&self, name: &str) -> bool {
        self.meant.iter().any(|(known, value)| known == name && value.is_empty())
    }

    fn forbids_sharing(&self) -> bool {
        self.says("private") || self.says("no-store")
    }

    /// Whether it is said that others may get it, or that they may not without the origin's word.
    fn is_settled(&self) -> bool {
        let shared = if self.time("s-maxage").is_some() { "s-maxage" } else { "max-age" };
        let lasts = ["stale-while-revalidate", "stale-if-error", shared].map(|name| self.time(name));
        self.says("no-cache") || self.says("public") || lasts.contains(&Some(true))
    }

    /// Whether any cache could read it so.
    fn asks_for_any(&self) -> bool {
        !self.forbids_sharing()
            && self.plain.iter().any(|(name, value)| match name.as_str() {
                "public" => true,
                "s-maxage" | "max-age" | "stale-while-revalidate" | "stale-if-error" => is_some_time(value),
                _ => false,
            })
    }

    fn has_time(&self) -> bool {
        self.time("s-maxage").or(self.time("max-age")).is_some()
    }

    /// Whether the time of this name is longer than none; `None` when it is not said.
    fn time(&self, name: &str) -> Option<bool> {
        self.meant.iter().find(|(known, _)| known == name).map(|(_, value)| is_some_time(value))
    }
}

/// The name in lower case and the value without quotes.
fn directive(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let name = name.trim().to_ascii_lowercase();
    (!name.is_empty()).then(|| (name, value.trim().trim_matches('"').trim().to_owned()))
}

/// What is no number of seconds is none
/// ([RFC 9111, 4.2.1](https://www.rfc-editor.org/rfc/rfc9111#section-4.2.1)).
fn is_some_time(seconds: &str) -> bool {
    seconds.bytes().all(|byte| byte.is_ascii_digit()) && seconds.bytes().any(|byte| byte != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    /// The `cache-control` lines of an answer that said these, and whether it was refused.
    fn settled(lines: &[(&'static str, &'static str)]) -> (String, bool) {
        let mut headers = headers(lines);
        let refused = settle(&mut headers).is_some();
        let lines: Vec<_> = headers.get_all(CACHE_CONTROL).iter().map(|line| line.to_str().unwrap()).collect();
        (lines.join(" | "), refused)
    }

    fn said(lines: &[&'static str]) -> String {
        let lines: Vec<_> = lines.iter().map(|line| ("cache-control", *line)).collect();
        let (settled, refused) = settled(&lines);
        assert!(!refused, "{lines:?}");
        settled
    }

    #[test]
    fn what_says_nothing_is_private() {
        assert_eq!(said(&[]), "private, no-store");
        assert_eq!(said(&[""]), "private, no-store");
        assert_eq!(said(&[" , ", ""]), "private, no-store");
        assert_eq!(settled(&[("expires", "Fri, 01 Jan 2100 00:00:00 GMT")]), ("private, no-store".to_owned(), false));
    }

    #[test]
    fn what_the_app_says_holds() {
        for own in [
            "private",
            "no-store",
            "no-cache",
            "No-Cache",
            "private, max-age=60",
            "public",
            "public, max-age=0",
            "max-age=5",
            "s-maxage=9",
            "S-MaxAge = 9 , stale-while-revalidate=3",
            "max-age=\"60\"",
            "max-age=0, stale-if-error=60",
        ] {
            assert_eq!(said(&[own]), own);
        }
        assert_eq!(said(&["max-age=5", "must-revalidate"]), "max-age=5 | must-revalidate");
    }

    #[test]
    fn what_does_not_say_whether_it_may_be_shared_is_private() {
        for own in [
            "max-age=0",
            "max-age=0, must-revalidate",
            "must-revalidate",
            "no-transform",
            "max-age=60, s-maxage=0",
            "max-age=-1",
            "max-age=soon",
            "max-age",
            "private=\"x-a\"",
            "no-cache=\"set-cookie\"",
            "ext=\"a, public, max-age=5\"",
        ] {
            assert_eq!(said(&[own]), format!("private, {own}"));
        }
        assert_eq!(said(&["max-age=0", "must-revalidate"]), "private, max-age=0, must-revalidate");
    }

    #[test]
    fn a_cookie_is_never_shared() {
        let cookie = ("set-cookie", "session=1");
        let refused = ("private, no-store".to_owned(), true);
        for lines in [
            &["public"][..],
            &["max-age=60"],
            &["s-maxage=60"],
            &["S-MAXAGE = 60"],
            &[" Public ,max-age=0"],
            &["must-revalidate", "max-age=60"],
            &["no-cache, max-age=60"],
            &["max-age=0", "stale-while-revalidate=60"],
            &["max-age=60, s-maxage=0"],
            &["max-age=\"60\""],
            &["ext=\"a, max-age=60\""],
            &["private=\"x-a\", max-age=60"],
        ] {
            let mut all: Vec<_> = lines.iter().map(|line| ("cache-control", *line)).collect();
            all.push(cookie);
            assert_eq!(settled(&all), refused, "{lines:?}");
        }
        for targeted in ["cdn-cache-control", "surrogate-control", "cloudflare-cdn-cache-control"] {
            for own in ["private", "max-age=0", ""] {
                let all = [("cache-control", own), (targeted, "max-age=60"), cookie];
                let mut headers = headers(&all);
                assert!(settle(&mut headers).is_some_and(|cause| cause.contains(targeted)), "{all:?}");
                assert_eq!((headers.len(), &headers[CACHE_CONTROL]), (2, &PRIVATE), "{all:?}");
            }
        }
        assert_eq!(settled(&[("expires", "Fri, 01 Jan 2100 00:00:00 GMT"), cookie]), refused);
    }

    #[test]
    fn a_cookie_of_a_private_answer_is_no_mistake() {
        let cookie = ("set-cookie", "session=1");
        for (own, left) in [
            ("private, max-age=60", "private, max-age=60"),
            ("no-store", "no-store"),
            ("no-cache", "private, no-cache"),
            ("max-age=0", "private, max-age=0"),
            ("", "private, no-store"),
        ] {
            assert_eq!(settled(&[("cache-control", own), cookie]), (left.to_owned(), false));
        }
        for past in ["0", "-1", "Thu, 01 Jan 1970 00:00:00 GMT", "soon"] {
            assert_eq!(settled(&[("expires", past), cookie]), ("private, no-store".to_owned(), false), "{past}");
        }
        let all = [("cdn-cache-control", "no-store"), ("cache-control", "private"), cookie];
        assert_eq!(settled(&all), ("private".to_owned(), false));
    }

    #[test]
    fn what_varies_with_the_one_who_asks_is_found() {
        for (lines, name) in [
            (&[("vary", "*")][..], Some("*")),
            (&[("vary", "accept-encoding, Cookie")], Some("Cookie")),
            (&[("vary", "accept"), ("vary", " AUTHORIZATION")], Some("AUTHORIZATION")),
            (&[("vary", "accept, accept-encoding, origin, x-cookie")], None),
            (&[], None),
        ] {
            assert_eq!(personal_vary(&headers(lines)), name, "{lines:?}");
        }
    }
}

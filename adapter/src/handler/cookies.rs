//! Cookies: those of the request, and those that the reply sets.

use std::{
    collections::{BTreeSet, HashMap, hash_map::Entry},
    fmt::{self, Write},
    panic::Location,
    sync::{Arc, Mutex},
};

use cookie::{
    Cookie, Expiration, SameSite,
    time::{Duration, OffsetDateTime},
};
use http::{HeaderMap, HeaderValue, header};
use percent_encoding::{AsciiSet, utf8_percent_encode};

use crate::handler::{
    path::{self, COMPONENT},
    scope::{self, lock},
};

/// The cookies of the request, and the changes that the reply will carry.
///
/// Values are percent-decoded. A value that does not decode to UTF-8 makes its cookie disappear; of repeated names the
/// last counts; a cookie without `=` has the value `true` (all as in Next.js).
///
/// ```
/// use wharf::{cookies, Cookie, Response};
///
/// pub async fn get() -> Response {
///     let visits: u32 = cookies().get("visits").and_then(|cookie| cookie.value().parse().ok()).unwrap_or(0);
///     cookies().set(Cookie::new("visits", (visits + 1).to_string()));
///     Response::text(format!("visit {}", visits + 1))
/// }
/// ```
#[derive(Clone)]
pub struct Cookies {
    jar: Arc<Mutex<Jar>>,
    sealed: bool,
}

#[derive(Default)]
struct Jar {
    received: Vec<(String, String)>,
    changes: Vec<Cookie<'static>>,
    /// The names of those that were set too late; `None` while the headers are not sent.
    late: Option<BTreeSet<String>>,
}

impl Cookies {
    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
        let (mut received, mut places) = (Vec::new(), HashMap::new());
        for line in headers.get_all(header::COOKIE) {
            // What is not UTF-8 in one cookie must not take the others with it.
            for text in line.as_bytes().split(|byte| *byte == b';') {
                if let Ok(text) = str::from_utf8(text) {
                    receive(&mut received, &mut places, text);
                }
            }
        }
        Self { jar: Arc::new(Mutex::new(Jar { received, changes: Vec::new(), late: None })), sealed: false }
    }

    /// The same, but refusing changes: what is kept for everyone sets no cookies.
    pub(crate) fn sealed(self) -> Self {
        Self { sealed: true, ..self }
    }

    /// The cookie with this name. One that was set during this request is seen; a deleted one is empty and expired.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cookie<'static>> {
        self.all().into_iter().find(|cookie| cookie.name() == name)
    }

    /// Whether there is a cookie with this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All cookies: those of the request in its order, then those that were added.
    pub fn iter(&self) -> impl Iterator<Item = Cookie<'static>> {
        self.all().into_iter()
    }

    /// Sends this cookie with the reply; a second one of the same name replaces it.
    ///
    /// Without a path it gets `Path=/`. The reply of [`not_found`](crate::not_found) and a 500 from an error carry no
    /// cookies. When the handler also returns a `Set-Cookie` header of this name, the header wins. In the body of a
    /// streamed answer it is too late for cookies: the headers have been sent, and the log says so.
    ///
    /// # Panics
    ///
    /// While a route with `DYNAMIC = Dynamic::ForceStatic` makes its answer, since that goes to everyone.
    pub fn set(&self, cookie: impl Into<Cookie<'static>>) {
        assert!(!self.sealed, "a static answer goes to everyone: cookies cannot be set while it is made");
        let cookie = cookie.into();
        let mut jar = lock(&self.jar);
        if let Some(late) = &mut jar.late {
            late.insert(cookie.name().to_owned());
        }
        match jar.changes.iter_mut().find(|known| known.name() == cookie.name()) {
            Some(known) => *known = cookie,
            None => jar.changes.push(cookie),
        }
    }

    /// Tells the client to forget the cookie with this name (and path `/`).
    ///
    /// # Panics
    ///
    /// As [`Cookies::set`].
    pub fn delete(&self, name: impl Into<String>) {
        let mut cookie = Cookie::new(name.into(), "");
        cookie.set_path("/");
        cookie.set_expires(OffsetDateTime::UNIX_EPOCH);
        self.set(cookie);
    }

    fn all(&self) -> Vec<Cookie<'static>> {
        let jar = lock(&self.jar);
        let mut all: Vec<_> =
            jar.received.iter().map(|(name, value)| Cookie::new(name.clone(), value.clone())).collect();
        for change in &jar.changes {
            match all.iter_mut().find(|known| known.name() == change.name()) {
                Some(known) => *known = change.clone(),
                None => all.push(change.clone()),
            }
        }
        all
    }

    /// From now on cookies are set in vain.
    pub(crate) fn close(&self) {
        lock(&self.jar).late.get_or_insert_default();
    }

    /// The names of the cookies that were set in vain.
    pub(crate) fn late(&self) -> Vec<String> {
        lock(&self.jar).late.iter().flatten().cloned().collect()
    }

    /// Adds the changes to the headers of a reply, unless the handler returned a cookie of the same name.
    pub(crate) fn merge_into(&self, headers: &mut HeaderMap) {
        let jar = lock(&self.jar);
        if jar.changes.is_empty() {
            return;
        }
        let returned: Vec<HeaderValue> = headers.get_all(header::SET_COOKIE).iter().cloned().collect();
        for change in &jar.changes {
            let value = to_header(change);
            if !returned.iter().any(|known| name_of(known) == name_of(&value)) {
                headers.append(header::SET_COOKIE, value);
            }
        }
    }
}

impl fmt::Debug for Cookies {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.all().iter().map(Cookie::name)).finish()
    }
}

/// The cookies of the request that is being answered, from anywhere below the handler.
///
/// Calling it makes the route's GET dynamic: it is not evaluated at build time
/// ([Next.js](https://nextjs.org/docs/app/api-reference/functions/cookies)).
///
/// # Panics
///
/// Outside a request, for example in a spawned task. The adapter turns a handler's panic into a 500.
#[must_use]
#[track_caller]
pub fn cookies() -> Cookies {
    let scope = scope::expect_current("cookies()");
    scope.touch("cookies()", Location::caller());
    scope.cookies.clone()
}

/// `places` says where a name is, as a client may send thousands.
fn receive<'t>(received: &mut Vec<(String, String)>, places: &mut HashMap<&'t str, usize>, text: &'t str) {
    // As Next.js splits them, with `/; */`: other spaces are part of a name or a value.
    let text = text.trim_start_matches(' ');
    if text.is_empty() {
        return;
    }
    let (name, value) = text.split_once('=').unwrap_or((text, "true"));
    let Ok(value) = path::decode(value) else { return };
    match places.entry(name) {
        Entry::Occupied(place) => received[*place.get()].1 = value,
        Entry::Vacant(place) => {
            place.insert(received.len());
            received.push((name.to_owned(), value));
        }
    }
}

/// All but the characters of a token ([RFC 6265, 4.1.1](https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1)).
const NAME: &AsciiSet = &COMPONENT
    .remove(b'#')
    .remove(b'$')
    .remove(b'%')
    .remove(b'&')
    .remove(b'+')
    .remove(b'^')
    .remove(b'`')
    .remove(b'|')
    .add(b'(')
    .add(b')');

/// What would end an attribute.
const ATTRIBUTE: &AsciiSet = &percent_encoding::CONTROLS.add(b';');

/// One `Set-Cookie` value, its attributes in the order of Next.js. `Max-Age` brings an `Expires` with it.
pub(crate) fn to_header(cookie: &Cookie<'_>) -> HeaderValue {
    let mut text =
        format!("{}={}", utf8_percent_encode(cookie.name(), NAME), utf8_percent_encode(cookie.value(), COMPONENT));
    let path = cookie.path().unwrap_or("/");
    let _ = write!(text, "; Path={}", utf8_percent_encode(path, ATTRIBUTE));
    if let Some(expires) = expires(cookie) {
        let _ = write!(text, "; Expires={}", http_date(expires));
    }
    if let Some(age) = cookie.max_age() {
        let _ = write!(text, "; Max-Age={}", age.whole_seconds());
    }
    if let Some(domain) = cookie.domain() {
        let _ = write!(text, "; Domain={}", utf8_percent_encode(domain, ATTRIBUTE));
    }
    for (is_set, attribute) in
        [(cookie.secure() == Some(true), "; Secure"), (cookie.http_only() == Some(true), "; HttpOnly")]
    {
        text.push_str(if is_set { attribute } else { "" });
    }
    if let Some(same_site) = cookie.same_site() {
        text.push_str(match same_site {
            SameSite::Strict => "; SameSite=strict",
            SameSite::Lax => "; SameSite=lax",
            SameSite::None => "; SameSite=none",
        });
    }
    if cookie.partitioned() == Some(true) {
        text.push_str("; Partitioned");
    }
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

fn expires(cookie: &Cookie<'_>) -> Option<OffsetDateTime> {
    match (cookie.expires(), cookie.max_age()) {
        (Some(Expiration::DateTime(at)), _) => Some(at),
        (_, Some(age)) => OffsetDateTime::now_utc().checked_add(age.max(Duration::ZERO)),
        _ => None,
    }
}

/// The date format of HTTP ([RFC 9110, 5.6.7](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7)).
fn http_date(at: OffsetDateTime) -> String {
    let at = at.to_offset(cookie::time::UtcOffset::UTC);
    let (weekday, month) = (at.weekday().to_string(), at.month().to_string());
    let (day, year, hour, minute, second) = (at.day(), at.year(), at.hour(), at.minute(), at.second());
    format!("{weekday:.3}, {day:02} {month:.3} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// The name in a `Set-Cookie` value.
fn name_of(value: &HeaderValue) -> &[u8] {
    let pair = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    pair.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(line: &str) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, line.parse().unwrap());
        Cookies::from_headers(&headers)
            .iter()
            .map(|cookie| (cookie.name().to_owned(), cookie.value().to_owned()))
            .collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn values_are_decoded_and_a_bad_one_disappears() {
        assert_eq!(received("a=%20x; b=%zz; c=1; d=%FF"), pairs(&[("a", " x"), ("c", "1")]));
    }

    #[test]
    fn the_last_of_a_repeated_name_wins() {
        assert_eq!(received("a=1; b=2; a=3"), pairs(&[("a", "3"), ("b", "2")]));
    }

    #[test]
    fn odd_cookies_are_read_as_next_reads_them() {
        assert_eq!(
            received("c; x=y=z; empty=; =v; q=\"quoted\"; ;; inner=a b"),
            pairs(&[("c", "true"), ("x", "y=z"), ("empty", ""), ("", "v"), ("q", "\"quoted\""), ("inner", "a b")])
        );
    }

    #[test]
    fn attributes_stand_in_the_order_of_next() {
        let mut cookie = Cookie::new("a", "x y;é");
        cookie.set_same_site(SameSite::Lax);
        cookie.set_http_only(true);
        cookie.set_secure(true);
        cookie.set_domain("example.com");
        cookie.set_expires(OffsetDateTime::UNIX_EPOCH);
        cookie.set_path("/p;q");
        assert_eq!(
            to_header(&cookie),
            "a=x%20y%3B%C3%A9; Path=/p%3Bq; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Domain=example.com; Secure; HttpOnly; SameSite=lax"
        );
    }

    #[test]
    fn max_age_brings_expires() {
        let mut cookie = Cookie::new("a", "b");
        cookie.set_max_age(Duration::seconds(60));
        let text = to_header(&cookie);
        let text = text.to_str().unwrap();
        assert!(text.starts_with("a=b; Path=/; Expires=") && text.ends_with(" GMT; Max-Age=60"), "{text}");
    }

    #[test]
    fn a_name_cannot_smuggle_attributes() {
        assert_eq!(to_header(&Cookie::new("a;b=\r\n", "c")), "a%3Bb%3D%0D%0A=c; Path=/");
    }

    #[test]
    fn a_returned_cookie_wins_and_comes_first() {
        let cookies = Cookies::from_headers(&HeaderMap::new());
        cookies.set(Cookie::new("b", "set"));
        cookies.set(Cookie::new("a", "set"));
        cookies.set(Cookie::new("b", "again"));
        cookies.delete("gone");
        let mut headers = HeaderMap::new();
        headers.append(header::SET_COOKIE, "a=returned; Path=/x".parse().unwrap());
        cookies.merge_into(&mut headers);
        let lines: Vec<_> = headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect();
        assert_eq!(
            lines,
            ["a=returned; Path=/x", "b=again; Path=/", "gone=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"]
        );
    }

    #[test]
    fn changes_are_seen() {
        let cookies = Cookies::from_headers(&HeaderMap::new());
        cookies.set(("a", "1"));
        assert_eq!(cookies.get("a").unwrap().value(), "1");
        cookies.delete("a");
        assert_eq!(cookies.get("a").unwrap().value(), "");
        assert!(cookies.get("a").unwrap().expires_datetime().unwrap() < OffsetDateTime::now_utc());
    }
}

//! URLs in what people and artifacts are told: without the user, the password and the query, which may be keys.
//!
//! The adapter shows its own so; what a handler says of its failure, and what cargo says of a dependency, may be anything.

use std::borrow::Cow;

/// What ends a URL in a text.
const ENDS: [char; 9] = ['"', '\'', '`', '<', '>', ')', '}', ']', ','];

/// The text without what may be a key in the URLs of it.
pub(crate) fn keyless(text: &str) -> Cow<'_, str> {
    if !text.contains("://") {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("://") {
        result.push_str(before);
        result.push_str("://");
        let (host, end) = url(behind);
        result.push_str(&host);
        rest = &behind[end..];
    }
    result.push_str(rest);
    Cow::Owned(result)
}

/// What is shown of a URL behind its scheme, and where it ends.
fn url(text: &str) -> (String, usize) {
    // A password may hold anything but white space, so its end is looked for first.
    let word = text.split(char::is_whitespace).next().unwrap_or_default();
    let authority = word.find(['/', '?', '#']).unwrap_or(word.len());
    let user = word[..authority].rfind('@');
    let start = user.map_or(0, |user| user + 1);
    let end = word[start..].find(ENDS).map_or(word.len(), |end| start + end);
    let shown = &word[start..end];
    let path = shown.find(['?', '#']).unwrap_or(shown.len());
    (format!("{}{}", &shown[..path], if path < shown.len() { "?…" } else { "" }), end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_urls_are_not_shown() {
        for (text, shown) in [
            ("fetch(https://user:KEY@api.example/a?key=KEY#KEY)", "fetch(https://api.example/a?…)"),
            ("failed: https://KEY@h?KEY, then http://h/a?KEY", "failed: https://h?…, then http://h/a?…"),
            ("postgres://u:K'E)Y@db:5432/shop", "postgres://db:5432/shop"),
            (
                "see <https://example.com/a> and `https://example.com`",
                "see <https://example.com/a> and `https://example.com`",
            ),
            ("no URL: a@b ?c", "no URL: a@b ?c"),
            ("://", "://"),
            ("(https://h/a?k=[KEY]) é", "(https://h/a?…]) é"),
        ] {
            assert_eq!(keyless(text), shown);
        }
    }
}

//! A URL as people may see it: in errors, in the log, and in what the build says of a route.

use std::fmt;

use url::Url;

/// Shows scheme, host, port and path. User and password, query and fragment are where keys stand: of them it shows at
/// most that there is a query.
#[derive(Clone, Copy)]
pub(super) struct ShownUrl<'u>(pub(super) &'u Url);

impl fmt::Display for ShownUrl<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.0;
        match url.host_str() {
            Some(host) => {
                write!(formatter, "{}://{host}", url.scheme())?;
                if let Some(port) = url.port() {
                    write!(formatter, ":{port}")?;
                }
                formatter.write_str(url.path())?;
            }
            // `data:` and the like have no host, and all they say is the path.
            None => write!(formatter, "{}:…", url.scheme())?,
        }
        if url.query().is_some() { formatter.write_str("?…") } else { Ok(()) }
    }
}

/// The same of a text that is no URL.
pub(super) fn shown_text(text: &str) -> String {
    const LONGEST: usize = 100;
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let (text, rest) = text.split_at(end);
    // Whatever stands in front of the last `@` may be a user with a password.
    let text = text.rfind('@').map_or(text, |at| &text[at + 1..]);
    let shown: String = text.chars().take(LONGEST).collect();
    let is_cut = shown.len() < text.len() || !rest.is_empty();
    if is_cut { format!("{shown}…") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_not_shown() {
        for (url, shown) in [
            ("https://api.example/items", "https://api.example/items"),
            ("https://user:KEY@api.example:8443/items?key=KEY#KEY", "https://api.example:8443/items?…"),
            ("https://KEY@[::1]/#KEY", "https://[::1]/"),
            ("http://api.example?KEY", "http://api.example/?…"),
            ("data:text/plain,KEY", "data:…"),
            ("mailto:KEY@example.com", "mailto:…"),
        ] {
            assert_eq!(ShownUrl(&Url::parse(url).unwrap()).to_string(), shown);
        }
    }

    #[test]
    fn keys_of_what_is_no_url_are_not_shown() {
        for (text, shown) in [
            ("/x", "/x"),
            ("//user:KEY@host:port/x?KEY", "host:port/x…"),
            ("https://user:K@EY@:99999/x#KEY", ":99999/x…"),
            ("", ""),
        ] {
            assert_eq!(shown_text(text), shown);
        }
        assert_eq!(shown_text(&"é".repeat(200)).chars().count(), 101);
    }
}

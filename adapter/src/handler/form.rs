//! Form bodies: urlencoded and multipart, whichever the client sent.

use axum::{
    body::Body,
    extract::{DefaultBodyLimit, FromRequest, Multipart},
};
use bytes::Bytes;
use http::{
    HeaderMap,
    header::{CONTENT_DISPOSITION, CONTENT_TYPE},
};

use crate::handler::{
    bounds::{Bounds, TooMany, essence},
    error::{Error, Result},
    path,
    query::QueryPairs,
    request::decoded,
};

/// The fields of a form, in order, with repeated names. Read by [`Request::form_data`](crate::Request::form_data).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FormData(Vec<(String, FormValue)>);

/// The value of one field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormValue {
    /// A text field.
    Text(String),
    /// A file.
    File(FormFile),
}

/// A file of a multipart form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormFile {
    /// Its name on the client. It is what the client says: no path to write to, and any character may be in it, since
    /// browsers escape quotes and line ends (`%22`, `%0D`, `%0A`) and they are read back here, as in Next.js.
    pub name: String,
    /// Its content type, as the client says; `None` when it says none, where Next.js has `text/plain`
    /// ([RFC 7578, 4.4](https://www.rfc-editor.org/rfc/rfc7578#section-4.4)).
    pub content_type: Option<String>,
    /// Its bytes.
    pub bytes: Bytes,
}

impl FormData {
    /// The first text with this name.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.named(name).find_map(|value| match value {
            FormValue::Text(text) => Some(text.as_str()),
            FormValue::File(_) => None,
        })
    }

    /// The first file with this name.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&FormFile> {
        self.named(name).find_map(|value| match value {
            FormValue::Text(_) => None,
            FormValue::File(file) => Some(file),
        })
    }

    /// Every value with this name, in order.
    pub fn all<'f>(&'f self, name: &str) -> impl Iterator<Item = &'f FormValue> {
        self.named(name)
    }

    /// All fields, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &FormValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    fn named<'f>(&'f self, name: &str) -> impl Iterator<Item = &'f FormValue> {
        self.iter().filter(move |(known, _)| *known == name).map(|(_, value)| value)
    }

    pub(crate) async fn read(headers: &HeaderMap, body: Bytes, bounds: Bounds) -> Result<Self> {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match essence(content_type).as_str() {
            "application/x-www-form-urlencoded" => Self::urlencoded(&body, bounds),
            "multipart/form-data" => Self::multipart(content_type, body, bounds).await,
            _ => Err(Error::msg(format!("the body is no form: its content type is `{content_type}`")).with_status(415)),
        }
    }

    fn urlencoded(body: &[u8], bounds: Bounds) -> Result<Self> {
        bounds.check_form(body).map_err(too_large)?;
        let pairs = QueryPairs::parse(&String::from_utf8_lossy(body));
        Ok(Self(pairs.iter().map(|(name, value)| (name.to_owned(), FormValue::Text(value.to_owned()))).collect()))
    }

    async fn multipart(content_type: &str, body: Bytes, bounds: Bounds) -> Result<Self> {
        let mut request = http::Request::post("/").header(CONTENT_TYPE, content_type).body(Body::from(body))?;
        DefaultBodyLimit::disable().apply(&mut request);
        let mut multipart = Multipart::from_request(request, &()).await?;
        let mut fields = Vec::new();
        while let Some(field) = multipart.next_field().await? {
            if fields.len() == bounds.fields {
                return Err(too_large(TooMany::Fields(bounds.fields)));
            }
            let disposition =
                field.headers().get(CONTENT_DISPOSITION).map(|value| Disposition::parse(value.as_bytes()));
            let Some(Disposition { name, file_name }) = disposition.flatten() else {
                return Err(Error::msg("a part of the form has no name").with_status(400));
            };
            let content_type = field.content_type().map(str::to_owned);
            let bytes = field.bytes().await?;
            fields.push((
                name,
                match file_name {
                    Some(name) => FormValue::File(FormFile { name, content_type, bytes }),
                    None => FormValue::Text(decoded(&bytes).into_owned()),
                },
            ));
        }
        Ok(Self(fields))
    }
}

/// What a part of a multipart body says of itself.
#[derive(Debug, PartialEq, Eq)]
struct Disposition {
    name: String,
    file_name: Option<String>,
}

impl Disposition {
    /// Reads `form-data; name="…"; filename="…"` as browsers write it, which escape three characters and no backslash
    /// ([WHATWG HTML](https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data)). Values
    /// without quotes, and `filename*`, which other clients send, are read as well.
    fn parse(header: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(header);
        let (kind, mut rest) = text.split_once(';')?;
        if !kind.trim().eq_ignore_ascii_case("form-data") {
            return None;
        }
        let (mut name, mut file_name, mut extended) = (None, None, None);
        while !rest.trim().is_empty() {
            let (key, value) = rest.split_once('=')?;
            let (value, after) = parameter(value.trim_start())?;
            match key.trim().to_ascii_lowercase().as_str() {
                "name" => name = name.or_else(|| Some(unescaped(value))),
                "filename" => file_name = file_name.or_else(|| Some(unescaped(value))),
                "filename*" => extended = extended.or_else(|| extended_value(value)),
                _ => {}
            }
            rest = after;
        }
        Some(Self { name: name?, file_name: extended.or(file_name) })
    }
}

/// The value of a parameter, and what comes after it.
fn parameter(text: &str) -> Option<(&str, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, after) = text.split_once(';').unwrap_or((text, ""));
        return Some((value.trim_end(), after));
    };
    let (value, after) = quoted.split_once('"')?;
    let after = after.trim_start();
    after.strip_prefix(';').or_else(|| after.is_empty().then_some("")).map(|after| (value, after))
}

/// The three characters that browsers escape; any other escape is part of the name.
fn unescaped(text: &str) -> String {
    let mut unescaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, escape) = rest.split_at(at);
        let char = match escape.get(1..3).map(str::to_ascii_uppercase).as_deref() {
            Some("22") => '"',
            Some("0D") => '\r',
            Some("0A") => '\n',
            _ => '%',
        };
        unescaped.push_str(before);
        unescaped.push(char);
        rest = &escape[if char == '%' { 1 } else { 3 }..];
    }
    unescaped + rest
}

/// `UTF-8''na%C3%AFve.txt` ([RFC 8187](https://www.rfc-editor.org/rfc/rfc8187#section-3.2)).
fn extended_value(text: &str) -> Option<String> {
    let (charset, rest) = text.split_once('\'')?;
    let (_, value) = rest.split_once('\'')?;
    charset.eq_ignore_ascii_case("utf-8").then(|| path::decode(value).ok()).flatten()
}

fn too_large(too_many: TooMany) -> Error {
    Error::from(too_many).with_status(413)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(header: &str) -> Option<(String, Option<String>)> {
        Disposition::parse(header.as_bytes()).map(|Disposition { name, file_name }| (name, file_name))
    }

    #[test]
    fn names_are_read_as_browsers_write_them() {
        for (header, name, file_name) in [
            (r#"form-data; name="a""#, "a", None),
            (r#"form-data; name="a%22b"; filename="c%0D%0ad.txt""#, "a\"b", Some("c\r\nd.txt")),
            (r#"form-data; name="a%25b%41%""#, "a%25b%41%", None),
            (r#"Form-Data;name="a" ; FILENAME="" "#, "a", Some("")),
            (r#"form-data; filename="name=x"; name="a""#, "a", Some("name=x")),
            (r#"form-data; name="a; filename=b""#, "a; filename=b", None),
            (r#"form-data; name="C:\dir\"; filename="b""#, "C:\\dir\\", Some("b")),
            (r#"form-data; name="""#, "", None),
            ("form-data; name=a; filename=b.txt", "a", Some("b.txt")),
            ("form-data; name=\"a\"; filename=\"e.txt\"; filename*=UTF-8''%e2%82%ac.txt", "a", Some("€.txt")),
            ("form-data; name=\"a\"; name=\"b\"", "a", None),
            ("form-data; name=\"é\"; x=y", "é", None),
        ] {
            let expected = Some((name.to_owned(), file_name.map(str::to_owned)));
            assert_eq!(parse(header), expected, "{header}");
        }
    }

    #[test]
    fn a_part_without_a_name_is_none() {
        for header in [
            "form-data",
            "form-data;",
            r#"form-data; filename="x.txt""#,
            r#"attachment; name="a""#,
            r#"form-data; name="a"#,
            r#"form-data; name="a"b"#,
            r#"form-data; name="a\"b""#,
            "form-data; name",
        ] {
            assert_eq!(parse(header), None, "{header}");
        }
    }
}

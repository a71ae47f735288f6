//! Form bodies: urlencoded and multipart, whichever the client sent.

use axum::{
    body::Body,
    extract::{DefaultBodyLimit, FromRequest, Multipart},
};
use bytes::Bytes;
use http::{HeaderMap, header::CONTENT_TYPE};

use crate::{
    bounds::{Bounds, TooMany, essence},
    error::{Error, Result},
    query::QueryPairs,
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
    /// Its name on the client. It is what the client says: no path to write to.
    pub name: String,
    /// Its content type, as the client says.
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
            _ => Err(Error::msg(format!("the body is no form: its content type is `{content_type}`"))),
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
            let name = field.name().unwrap_or_default().to_owned();
            let file_name = field.file_name().map(str::to_owned);
            let content_type = field.content_type().map(str::to_owned);
            let bytes = field.bytes().await?;
            fields.push((
                name,
                match file_name {
                    Some(name) => FormValue::File(FormFile { name, content_type, bytes }),
                    None => FormValue::Text(String::from_utf8_lossy(&bytes).into_owned()),
                },
            ));
        }
        Ok(Self(fields))
    }
}

fn too_large(too_many: TooMany) -> Error {
    Error::from(too_many).with_status(413)
}

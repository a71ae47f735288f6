//! The reply that a function gave to an event, as the client of the source gets it.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};
use wharf::testing::Source;

use crate::HttpReply;

/// Reads a reply strictly: with the fields of its source, all of them and no other. The headers come out sorted by
/// name; the values of one name stay in their order.
///
/// # Errors
///
/// When it is no reply to this source.
pub fn received(source: Source, reply: &Value) -> Result<HttpReply, String> {
    let refuse = |what: &str| format!("{what}: {reply}");
    let fields = reply.as_object().ok_or_else(|| refuse("it is no object"))?;
    let mut names: Vec<_> = fields.keys().map(String::as_str).filter(|name| *name != "body").collect();
    names.sort_unstable();
    if names != expected_fields(source) {
        return Err(refuse("it has other fields"));
    }
    let status = reply["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
    let status = status.ok_or_else(|| refuse("`statusCode` is no status"))?;
    if let Some(description) = fields.get("statusDescription")
        && description.as_str().and_then(|text| text.split(' ').next()) != Some(&status.to_string())
    {
        return Err(refuse("`statusDescription` is that of another status"));
    }
    let mut headers = match (fields.get("headers"), fields.get("multiValueHeaders")) {
        (Some(Value::Object(headers)), None) => single(headers),
        (None, Some(Value::Object(headers))) => lists(headers),
        _ => None,
    }
    .ok_or_else(|| refuse("the headers are not of the kind of the source"))?;
    for cookie in fields.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        headers
            .push(("set-cookie".to_owned(), cookie.as_str().ok_or_else(|| refuse("a cookie is no text"))?.to_owned()));
    }
    headers.sort_by(|(one, _), (other, _)| one.cmp(other));
    let body = body(fields).ok_or_else(|| refuse("the body is none"))?;
    let read = HttpReply { status, headers, body };
    if reply["isBase64Encoded"] != needs_base64(&read) {
        return Err(refuse("text is sent as text, and everything else as base64"));
    }
    if matches!(status, 204 | 205 | 304) && fields.contains_key("body") {
        return Err(refuse("a reply of this status has no body"));
    }
    Ok(read)
}

fn expected_fields(source: Source) -> &'static [&'static str] {
    match source {
        Source::Rest => &["isBase64Encoded", "multiValueHeaders", "statusCode"],
        Source::AlbMulti => &["isBase64Encoded", "multiValueHeaders", "statusCode", "statusDescription"],
        Source::AlbSingle | Source::VpcLattice => &["headers", "isBase64Encoded", "statusCode", "statusDescription"],
        _ => &["cookies", "headers", "isBase64Encoded", "statusCode"],
    }
}

/// One value a name. The spellings of `set-cookie` are its lines: upper-case letters are binary digits, the lowest
/// first, and count them.
fn single(headers: &Map<String, Value>) -> Option<Vec<(String, String)>> {
    let number = |name: &str| {
        let letters = name.chars().filter(char::is_ascii_alphabetic).rev();
        letters.fold(0_u32, |number, letter| number * 2 + u32::from(letter.is_ascii_uppercase()))
    };
    let (cookies, others): (Vec<_>, Vec<_>) =
        headers.iter().partition(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let mut cookies = cookies;
    cookies.sort_by_key(|(name, _)| number(name));
    if !others.iter().all(|(name, _)| is_lower_case(name)) {
        return None;
    }
    let lines = others.into_iter().chain(cookies);
    lines.map(|(name, value)| Some((name.to_ascii_lowercase(), value.as_str()?.to_owned()))).collect()
}

fn lists(headers: &Map<String, Value>) -> Option<Vec<(String, String)>> {
    let mut lines = Vec::new();
    for (name, values) in headers {
        for value in values.as_array().filter(|_| is_lower_case(name))? {
            lines.push((name.clone(), value.as_str()?.to_owned()));
        }
    }
    Some(lines)
}

fn is_lower_case(name: &str) -> bool {
    !name.contains(|letter: char| letter.is_ascii_uppercase())
}

/// Only UTF-8 that is not encoded in another way is text.
fn needs_base64(reply: &HttpReply) -> bool {
    let is_encoded = reply.all("content-encoding").iter().any(|encoding| *encoding != "identity");
    str::from_utf8(&reply.body).is_err() || (is_encoded && !reply.body.is_empty())
}

fn body(fields: &Map<String, Value>) -> Option<Vec<u8>> {
    let is_base64 = fields["isBase64Encoded"].as_bool()?;
    match fields.get("body") {
        None => (!is_base64).then(Vec::new),
        Some(body) if is_base64 => STANDARD.decode(body.as_str()?).ok(),
        Some(body) => Some(body.as_str()?.as_bytes().to_vec()),
    }
}

//! A reply as a viewer gets it, from a real HTTP response or from what a function answered an event with.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpReply {
    /// The status.
    pub status: u16,
    /// The header lines, names in lower case, repeats kept.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpReply {
    /// What API Gateway or a Function URL makes of the answer to a payload 2.0 event
    /// ([AWS](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html)).
    ///
    /// # Errors
    ///
    /// When it is not an answer in that format. AWS would guess; the adapter has no reason to let it.
    pub fn from_payload_2(answer: &Value) -> Result<Self, String> {
        let refuse = |what: &str| format!("{what}: {answer}");
        let status = answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
        let status = status.ok_or_else(|| refuse("`statusCode` is not a status"))?;
        let mut headers = Vec::new();
        if let Some(fields) = present(&answer["headers"]) {
            for (name, value) in fields.as_object().ok_or_else(|| refuse("`headers` is not an object"))? {
                let value = value.as_str().ok_or_else(|| refuse("a header is not a text"))?;
                headers.push((name.to_ascii_lowercase(), value.to_owned()));
            }
        }
        if let Some(cookies) = present(&answer["cookies"]) {
            for cookie in cookies.as_array().ok_or_else(|| refuse("`cookies` is not a list"))? {
                let cookie = cookie.as_str().ok_or_else(|| refuse("a cookie is not a text"))?;
                headers.push(("set-cookie".to_owned(), cookie.to_owned()));
            }
        }
        let body = match present(&answer["body"]) {
            None => Vec::new(),
            Some(body) => {
                let text = body.as_str().ok_or_else(|| refuse("`body` is not a text"))?;
                if answer["isBase64Encoded"] == true {
                    STANDARD.decode(text).map_err(|error| refuse(&format!("`body` is not base64 ({error})")))?
                } else {
                    text.as_bytes().to_vec()
                }
            }
        };
        Ok(Self { status, headers, body })
    }

    /// The values of a header, in order.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(other, _)| other == name).map(|(_, value)| &**value).collect()
    }

    /// The first value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    /// The body as text, bytes that are not UTF-8 replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// When it is not.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text()))
    }
}

fn present(value: &Value) -> Option<&Value> {
    (!value.is_null()).then_some(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cookies_become_header_lines_and_base64_becomes_bytes() {
        let answer = json!({
            "statusCode": 200,
            "headers": {"Content-Type": "image/png"},
            "cookies": ["a=1", "b=2"],
            "body": "AP8=",
            "isBase64Encoded": true,
        });
        let reply = HttpReply::from_payload_2(&answer).unwrap();
        assert_eq!(reply.header("content-type"), Some("image/png"));
        assert_eq!(reply.all("set-cookie"), ["a=1", "b=2"]);
        assert_eq!(reply.body, [0, 255]);
    }

    #[test]
    fn an_answer_without_a_status_is_refused() {
        assert!(HttpReply::from_payload_2(&json!({"body": "x"})).is_err());
        assert!(HttpReply::from_payload_2(&json!({"statusCode": 200, "headers": {"a": ["b"]}})).is_err());
    }
}

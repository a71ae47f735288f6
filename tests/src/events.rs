//! Events in payload format 2.0, in the shape that AWS sends, made of a request.

use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use wharf::pattern::{ParamValue, Pattern, Segment};

use crate::HttpRequest;

/// The domain of the HTTP API in [`http_api`] events.
pub const HTTP_API_DOMAIN: &str = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com";

/// The domain of the Function URL in [`function_url`] events.
pub const FUNCTION_URL_DOMAIN: &str = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-central-1.on.aws";

/// The event of an [HTTP API](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html)
/// whose route `ANY <pattern>` matched the request: the path is decoded, and its params are given too.
///
/// ```
/// use wharf_tests::{HttpRequest, events};
///
/// let event = events::http_api(&HttpRequest::get("/items/a%20b"), &"/items/[slug]".parse().unwrap());
/// assert_eq!(event["routeKey"], "ANY /items/{slug}");
/// assert_eq!(event["rawPath"], "/items/a b");
/// assert_eq!(event["pathParameters"]["slug"], "a b");
/// ```
#[must_use]
pub fn http_api(request: &HttpRequest, pattern: &Pattern) -> Value {
    let path = percent_decode_str(request.path()).decode_utf8_lossy().into_owned();
    let mut event = payload_2(request, &path, &route_key(pattern, &path), HTTP_API_DOMAIN);
    if let Some(parameters) = path_parameters(pattern, &path) {
        event["pathParameters"] = parameters;
    }
    event
}

/// The event of a [Function URL](https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads): the
/// path stays as the viewer sent it.
#[must_use]
pub fn function_url(request: &HttpRequest) -> Value {
    payload_2(request, request.path(), "$default", FUNCTION_URL_DOMAIN)
}

fn payload_2(request: &HttpRequest, path: &str, route_key: &str, domain: &str) -> Value {
    let mut event = json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": request.query().unwrap_or_default(),
        "headers": headers(request, domain),
        "requestContext": {
            "accountId": "123456789012",
            "apiId": domain.split('.').next(),
            "domainName": domain,
            "domainPrefix": domain.split('.').next(),
            "http": {
                "method": request.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "wharf-tests",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": route_key,
            "stage": "$default",
            "time": "12/Mar/2026:19:03:58 +0000",
            "timeEpoch": 1_773_342_238_000_u64,
        },
        "isBase64Encoded": false,
    });
    if !request.cookies.is_empty() {
        event["cookies"] = json!(request.cookies);
    }
    if let Some(query) = request.query().filter(|query| !query.is_empty()) {
        event["queryStringParameters"] = query_parameters(query);
    }
    if !request.body.is_empty() {
        add_body(&mut event, request);
    }
    event
}

/// The headers with what AWS adds; repeats are joined with a comma.
fn headers(request: &HttpRequest, domain: &str) -> Value {
    let mut headers = Map::new();
    let added = [
        ("host", domain),
        ("user-agent", "wharf-tests"),
        ("x-amzn-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-port", "443"),
        ("x-forwarded-proto", "https"),
    ];
    for (name, value) in added {
        headers.insert(name.to_owned(), value.into());
    }
    let mut sent: Map<String, Value> = Map::new();
    for (name, value) in &request.headers {
        join(&mut sent, name.to_ascii_lowercase(), value);
    }
    headers.extend(sent);
    if !request.body.is_empty() {
        headers.insert("content-length".to_owned(), request.body.len().to_string().into());
    }
    headers.into()
}

fn query_parameters(query: &str) -> Value {
    let mut parameters = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        join(&mut parameters, name.into_owned(), &value);
    }
    parameters.into()
}

fn join(fields: &mut Map<String, Value>, name: String, value: &str) {
    let joined = match fields.get(&name).and_then(Value::as_str) {
        Some(before) => format!("{before},{value}"),
        None => value.to_owned(),
    };
    fields.insert(name, joined.into());
}

/// AWS passes a body on as text when its type says that it is one, and as base64 otherwise.
fn add_body(event: &mut Value, request: &HttpRequest) {
    let content_type = request.header_value("content-type").unwrap_or_default();
    let says_text = content_type.starts_with("text/")
        || ["application/json", "application/javascript", "application/xml"]
            .iter()
            .any(|it| content_type.starts_with(it));
    match std::str::from_utf8(&request.body) {
        Ok(text) if says_text => event["body"] = text.into(),
        _ => {
            event["body"] = STANDARD.encode(&request.body).into();
            event["isBase64Encoded"] = true.into();
        }
    }
}

/// The key of the route `ANY <pattern>`. A route that also answers the bare prefix has a key of its own for that.
fn route_key(pattern: &Pattern, path: &str) -> String {
    let is_bare = path.split('/').filter(|part| !part.is_empty()).count() < pattern.segments().len();
    let mut key = String::from("ANY ");
    for segment in pattern.segments() {
        match segment {
            Segment::Static(text) => key.extend(["/", text]),
            Segment::Param(name) => key.extend(["/{", name, "}"]),
            Segment::OptionalCatchAll(_) if is_bare => {}
            Segment::CatchAll(name) | Segment::OptionalCatchAll(name) => key.extend(["/{", name, "+}"]),
        }
    }
    if key.ends_with(' ') {
        key.push('/');
    }
    key
}

fn path_parameters(pattern: &Pattern, path: &str) -> Option<Value> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let params = pattern.matches(&parts)?;
    let parameters: Map<String, Value> = params
        .iter()
        .map(|(name, value)| {
            let text = match value {
                ParamValue::One(text) => text.clone(),
                ParamValue::Many(parts) => parts.join("/"),
            };
            (name.to_owned(), text.into())
        })
        .collect();
    (!parameters.is_empty()).then(|| parameters.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        text.parse().unwrap()
    }

    #[test]
    fn only_the_http_api_decodes_the_path() {
        let request = HttpRequest::get("/items/a%20b?x=1&x=2&y=a+b");
        let event = function_url(&request);
        assert_eq!(event["rawPath"], "/items/a%20b");
        assert_eq!(event["rawQueryString"], "x=1&x=2&y=a+b");
        assert_eq!(event["queryStringParameters"], json!({"x": "1,2", "y": "a b"}));
        assert_eq!(http_api(&request, &pattern("/items/[slug]"))["rawPath"], "/items/a b");
    }

    #[test]
    fn an_optional_catch_all_has_two_routes() {
        let docs = pattern("/docs/[[...path]]");
        assert_eq!(http_api(&HttpRequest::get("/docs"), &docs)["routeKey"], "ANY /docs");
        let event = http_api(&HttpRequest::get("/docs/a/b"), &docs);
        assert_eq!(event["routeKey"], "ANY /docs/{path+}");
        assert_eq!(event["pathParameters"], json!({"path": "a/b"}));
        assert_eq!(http_api(&HttpRequest::get("/"), &pattern("/"))["routeKey"], "ANY /");
    }

    #[test]
    fn cookies_stand_apart_and_repeated_headers_are_joined() {
        let request = HttpRequest::get("/").header("accept", "a/b").header("accept", "c/d").cookie("a=1").cookie("b=2");
        let event = function_url(&request);
        assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
        assert_eq!(event["headers"]["accept"], "a/b,c/d");
        assert!(event["headers"].get("cookie").is_none());
    }

    #[test]
    fn a_form_is_base64_and_json_is_text() {
        let form = function_url(&HttpRequest::post("/", "application/x-www-form-urlencoded", "a=1"));
        assert_eq!((&form["body"], &form["isBase64Encoded"]), (&json!("YT0x"), &json!(true)));
        let json = function_url(&HttpRequest::post("/", "application/json", "{}"));
        assert_eq!((&json["body"], &json["isBase64Encoded"]), (&json!("{}"), &json!(false)));
    }
}

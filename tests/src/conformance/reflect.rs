//! The route that answers with everything that a handler can see of its request.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};
use wharf::{FormData, FormValue, Request, Response, Result, entry::Route, http, lambda_http::request::RequestContext};

/// Every path and every method; HEAD by way of GET.
pub fn route() -> Route {
    Route::new("/[[...all]]").get(reflect).post(reflect).put(reflect).patch(reflect).delete(reflect).options(reflect)
}

async fn reflect(mut request: Request) -> Result {
    let body = request.bytes().await?;
    let seen = json!({
        "method": request.method().as_str(),
        "path": request.path(),
        "url": request.url().as_str(),
        "params": request.params(),
        "raw_query": request.raw_query(),
        "query": request.query().iter().collect::<Vec<_>>(),
        "headers": headers(&request),
        "cookies": cookies(&wharf::cookies()),
        "client_ip": request.client_ip(),
        "source": source(&request),
        "body": STANDARD.encode(&body),
        "text": again(&request, &body)?.text().await?,
        "json": again(&request, &body)?.json::<Value>().await.ok(),
        "form": again(&request, &body)?.form_data().await.ok().as_ref().map(form),
    });
    assert_eq!(seen["headers"], headers_of(&wharf::headers()), "headers() and the request tell the same");
    assert_eq!(seen["cookies"], cookies(&request.cookies()), "cookies() and the request tell the same");
    Response::json(&seen)
}

/// The request with its body unread, since each reader takes it.
fn again(request: &Request, body: &Bytes) -> Result<Request> {
    let mut again = http::Request::new(body.clone().into());
    *again.headers_mut() = request.headers().clone();
    Ok(again.into())
}

fn headers(request: &Request) -> Value {
    headers_of(request.headers())
}

/// Name and value of each line, sorted by name; the lines of one name stay in their order.
fn headers_of(headers: &http::HeaderMap) -> Value {
    let mut lines: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    lines.sort_by_key(|(name, _)| *name);
    json!(lines)
}

fn cookies(cookies: &wharf::Cookies) -> Value {
    cookies.iter().map(|cookie| json!([cookie.name(), cookie.value()])).collect()
}

/// Which request context came along.
fn source(request: &Request) -> Value {
    let context = request.extensions().get::<RequestContext>();
    context
        .map(|context| match context {
            RequestContext::ApiGatewayV2(_) => "ApiGatewayV2",
            RequestContext::ApiGatewayV1(_) => "ApiGatewayV1",
            RequestContext::Alb(_) => "Alb",
            RequestContext::VpcLattice(_) => "VpcLattice",
            _ => "another",
        })
        .into()
}

fn form(form: &FormData) -> Value {
    let field = |value: &FormValue| match value {
        FormValue::Text(text) => json!(text),
        FormValue::File(file) => {
            json!({"name": file.name, "type": file.content_type, "bytes": STANDARD.encode(&file.bytes)})
        }
    };
    form.iter().map(|(name, value)| json!([name, field(value)])).collect()
}

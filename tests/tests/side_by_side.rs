//! What `lambda_http` 1.3.2 loses of a request or a reply, beside what Wharf makes of the same. A row says both exactly,
//! so that it is noticed when one of them changes.

use serde_json::{Value, json};
use wharf::{
    Request, Response,
    entry::Route,
    http,
    lambda_http::{self, Adapter, Context, LambdaEvent, Service, request::LambdaRequest, service_fn},
    testing::{Client, Reply, Source},
};
use wharf_tests::{Function, Invocation, breaking::Breaking, runtime_api::NoAnswer};

/// What comes of an event in `lambda_http`: the reply, or why there is none.
async fn lambda_http_reply<H, F>(event: Value, handler: H) -> Result<Value, &'static str>
where
    H: Fn(lambda_http::Request) -> F + Send + 'static,
    F: Future<Output = Result<lambda_http::Response<lambda_http::Body>, lambda_http::Error>> + Send + 'static,
{
    let answer = tokio::spawn(async move {
        let request: LambdaRequest = serde_json::from_str(&event.to_string()).map_err(|_| "refused")?;
        let mut adapter = Adapter::from(service_fn(handler));
        let reply = adapter.call(LambdaEvent::new(request, Context::default())).await.map_err(|_| "failed")?;
        serde_json::to_value(reply).map_err(|_| "not written")
    });
    answer.await.unwrap_or(Err("panicked"))
}

/// What a handler of `lambda_http` sees.
async fn seen_there(event: Value) -> Result<Value, &'static str> {
    let reply = lambda_http_reply(event, |request| async move {
        let tags: Vec<_> = request.headers().get_all("x-tag").iter().map(|tag| tag.to_str().unwrap_or("?")).collect();
        let seen = json!({"path": request.uri().path(), "query": request.uri().query(), "tags": tags});
        Ok(lambda_http::Response::builder().header("content-type", "text/plain").body(seen.to_string().into())?)
    });
    let reply = reply.await?;
    Ok(serde_json::from_str(reply["body"].as_str().expect("it is a text")).expect("it is JSON"))
}

/// What a handler of Wharf sees, or the status with which it is not asked.
async fn seen_here(event: Value) -> Result<Value, u16> {
    let client = Client::new(|| {
        let see = async |request: Request| -> wharf::Result {
            let tags: Vec<_> =
                request.headers().get_all("x-tag").iter().map(|tag| tag.to_str().unwrap_or("?")).collect();
            Response::json(&json!({"path": request.path(), "query": request.raw_query(), "tags": tags}))
        };
        Route::new("/[[...all]]").get(see).post(see)
    });
    let reply = Reply::from(client.event(&event.to_string()).await.expect("it is an event"));
    if reply.status() == 200 { Ok(reply.json()) } else { Err(reply.status()) }
}

fn event(source: Source, change: impl FnOnce(&mut Value)) -> Value {
    let request = http::Request::post("/x?x=1").body("").expect("a request of constants");
    let mut event = source.event(&request);
    change(&mut event);
    event
}

fn path(raw: &str) -> Value {
    event(Source::FunctionUrl, |event| event["rawPath"] = raw.into())
}

fn staged(raw: &str) -> Value {
    event(Source::HttpApi, |event| {
        event["rawPath"] = raw.into();
        event["requestContext"]["stage"] = "prod".into();
    })
}

fn seen(path: &str, query: Option<&str>, tags: &[&str]) -> Value {
    json!({"path": path, "query": query, "tags": tags})
}

#[tokio::test]
async fn what_is_lost_of_a_request() {
    let x = Some("x=1");
    let url = |change: fn(&mut Value)| event(Source::FunctionUrl, change);
    let repeated = http::Request::get("/x?x=1").header("x-tag", "one").header("x-tag", "two").body("");
    let repeated = Source::Rest.event(&repeated.expect("a request of constants"));
    for (what, event, there, here) in [
        (
            "a repeated header behind a REST API: all but the last",
            repeated,
            Ok(seen("/prod/x", x, &["two"])),
            Ok(seen("/x", x, &["one", "two"])),
        ),
        ("the query after a #", path("/orders#1"), Ok(seen("/orders", None, &[])), Ok(seen("/orders%231", x, &[]))),
        ("dot segments are resolved", path("/a/../b/./c//d"), Ok(seen("/b/c//d", x, &[])), Err(400)),
        ("a backslash is a slash", path("/a\\b"), Ok(seen("/a/b", x, &[])), Ok(seen("/a%5Cb", x, &[]))),
        ("a stage is put before the path", staged("/x"), Ok(seen("/prod/x", x, &[])), Ok(seen("/x", x, &[]))),
        ("a stage is doubled", staged("/prod"), Ok(seen("/prod/prod", x, &[])), Ok(seen("/", x, &[]))),
        (
            "a space in the query",
            url(|event| event["rawQueryString"] = "a b".into()),
            Err("panicked"),
            Ok(seen("/x", Some("a%20b"), &[])),
        ),
        (
            "a host with a space",
            url(|event| event["headers"]["host"] = "a b".into()),
            Err("panicked"),
            Ok(seen("/x", x, &[])),
        ),
        (
            "several schemes",
            url(|event| event["headers"]["x-forwarded-proto"] = "https,http".into()),
            Err("panicked"),
            Ok(seen("/x", x, &[])),
        ),
        (
            "a body that is no base64",
            url(|event| (event["body"], event["isBase64Encoded"]) = ("no!".into(), true.into())),
            Err("panicked"),
            Err(400),
        ),
        ("a header with a line end", url(|event| event["headers"]["x-a"] = "a\nb".into()), Err("refused"), Err(400)),
    ] {
        assert_eq!(seen_there(event.clone()).await, there, "lambda_http: {what}");
        assert_eq!(seen_here(event).await, here, "wharf: {what}");
    }
}

type Headers = &'static [(&'static str, &'static str)];

/// The replies of both to the same answer of a handler.
async fn replies(source: Source, headers: Headers, body: &'static [u8]) -> (Value, Value) {
    let event = event(source, |_| {});
    let there = lambda_http_reply(event.clone(), move |_| async move {
        let response =
            headers.iter().fold(lambda_http::Response::builder(), |it, (name, value)| it.header(*name, *value));
        Ok(response.body(lambda_http::Body::Binary(body.to_vec()))?)
    });
    let client = Client::new(move || {
        Route::new("/x").post(async move || {
            let response = Response::new(body);
            headers.iter().fold(response, |response, (name, value)| response.header(*name, *value))
        })
    });
    let text = event.to_string();
    let here = client.event(&text);
    (there.await.expect("it answers"), here.await.expect("it answers"))
}

#[tokio::test]
async fn what_is_lost_of_a_reply() {
    // Repeated headers on payload 2.0: all but the first.
    let (there, here) = replies(Source::HttpApi, &[("vary", "accept"), ("vary", "origin")], b"").await;
    assert_eq!((&there["headers"]["vary"], &here["headers"]["vary"]), (&json!("accept"), &json!("accept, origin")));

    // Cookies behind VPC Lattice: all but the first.
    let (there, here) = replies(Source::VpcLattice, &[("set-cookie", "a=1"), ("set-cookie", "b=2")], b"").await;
    assert_eq!(Reply::from(there).cookies(), ["a=1"]);
    assert_eq!(Reply::from(here).cookies(), ["a=1", "b=2"]);

    // The text of a cookie that is not ASCII.
    let (there, here) = replies(Source::HttpApi, &[("set-cookie", "a=é")], b"").await;
    assert_eq!((&there["cookies"], &here["cookies"]), (&json!([""]), &json!(["a=é"])));

    // The bytes of a body without a type.
    let (there, here) = replies(Source::HttpApi, &[], &[0xFF, 0, 1]).await;
    assert_eq!((&there["body"], &there["isBase64Encoded"]), (&json!("\u{FFFD}\0\u{1}"), &json!(false)));
    assert_eq!((&here["body"], &here["isBase64Encoded"]), (&json!("/wAB"), &json!(true)));
}

fn function_url(path: &str) -> Value {
    let request = http::Request::get(path).body("").expect("a request of constants");
    Source::FunctionUrl.event(&request)
}

#[test]
fn a_header_that_is_no_utf8_ends_the_process_there() {
    let none: [(&str, &str); 0] = [];
    let there = Function::start(env!("CARGO_BIN_EXE_lambda-http-function").as_ref(), none);
    assert_eq!(there.try_invoke(&function_url("/")), Err(NoAnswer::Exited));
    let here = Function::start(env!("CARGO_BIN_EXE_soak").as_ref(), none);
    for _ in 0..2 {
        assert_eq!(here.invoke(&function_url("/latin")).http().header("x-name"), Some("café"));
    }
}

#[tokio::test]
async fn a_stream_that_fails_ends_with_its_error_as_text_there() {
    let event = function_url("/");
    let there = tokio::task::spawn_blocking(move || {
        let function = Function::start(env!("CARGO_BIN_EXE_lambda-http-function").as_ref(), [("STREAMS", "1")]);
        function.invoke(&event)
    });
    let Invocation::Streamed(streamed) = there.await.expect("it answers") else { panic!("it streams") };
    let text = String::from_utf8_lossy(&streamed.bytes()).into_owned();
    assert!(text.contains("a pieceLambda-Runtime-Function-Error-Type: "), "{text}");

    let client = Client::new(|| {
        let get = async || Response::new(axum::body::Body::new(Breaking::with_error()));
        Route::new("/").get(get).streaming(true)
    });
    let client = client.through(Source::FunctionUrl);
    let request = http::Request::get("/").body("").expect("a request of constants");
    let mut here = client.stream(request).await;
    assert_eq!(here.next().await.as_deref(), Some(b"a piece".as_slice()));
    assert!(here.next().await.is_none() && here.broke_off());
}

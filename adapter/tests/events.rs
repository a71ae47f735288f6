//! Lambda events, as the front ends and emulators send them.
#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

use serde_json::{Value, json};
use wharf::{
    Cookie, Json, Request, Response, Result, axum, cookies,
    entry::Route,
    http::{self, HeaderMap, HeaderValue},
    lambda_http::request::RequestContext,
    lambda_runtime::Context,
    testing::{Client, Source},
};

async fn post(mut request: Request) -> Result {
    let cookies: Vec<_> =
        request.cookies().iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect();
    let context = request.extensions().get::<RequestContext>().is_some();
    assert!(request.extensions().get::<Context>().is_some());
    let body: Value = request.json().await?;
    Response::json(&json!({
        "params": request.params(),
        "path": request.path(),
        "url": request.url().as_str(),
        "query": request.query().all("x").collect::<Vec<_>>(),
        "cookies": cookies,
        "ip": request.client_ip(),
        "count": body["count"],
        "tags": request.headers().get_all("x-tag").iter().map(|tag| tag.to_str().unwrap()).collect::<Vec<_>>(),
        "context": context,
    }))
}

fn items() -> Client {
    Client::new(|| Route::new("/items/[slug]").post(post).get(async |request: Request| request.url().to_string()))
}

fn parsed(event: &str) -> Value {
    serde_json::from_str(event).unwrap()
}

async fn answered(event: &str) -> Value {
    let reply = items().event(event).await.unwrap();
    assert_eq!(reply["statusCode"], 200, "{reply}");
    parsed(reply["body"].as_str().unwrap())
}

#[tokio::test]
async fn all_front_ends_say_the_same() {
    for (event, origin) in [
        (include_str!("events/http_api.json"), "https://abcdef1234.execute-api.eu-central-1.amazonaws.com"),
        (include_str!("events/function_url.json"), "https://id.lambda-url.eu-central-1.on.aws"),
        (include_str!("events/cargo_lambda.json"), "http://localhost:9000"),
    ] {
        let answer = answered(event).await;
        assert_eq!(answer["params"], json!([["slug", "a b"]]));
        assert_eq!(answer["path"], "/items/a%20b");
        assert_eq!(answer["url"], format!("{origin}/items/a%20b?x=1&x=2&y=a%20b"));
        assert_eq!(answer["query"], json!(["1", "2"]));
        assert_eq!(answer["cookies"], json!(["session=abc", "theme=dark blue"]));
        assert_eq!(answer["count"], 3);
        assert!(["203.0.113.7", "127.0.0.1"].contains(&answer["ip"].as_str().unwrap()));
    }
    assert_eq!(answered(include_str!("events/http_api.json")).await["context"], true);
}

#[tokio::test]
async fn the_other_sources_say_the_same() {
    // The client sees the stage.
    let stage = "https://abcdef1234.execute-api.eu-central-1.amazonaws.com/prod";
    for (event, origin) in [
        (include_str!("events/rest.json"), stage),
        (include_str!("events/http_api_payload_1.json"), stage),
        // Nothing vouches for their `Host: shop.example`.
        (include_str!("events/alb_multi.json"), "https://localhost"),
        (include_str!("events/vpc_lattice.json"), "https://localhost"),
    ] {
        let answer = answered(event).await;
        assert_eq!(answer["params"], json!([["slug", "a b"]]));
        assert_eq!(answer["path"], "/items/a%20b");
        assert_eq!(answer["url"], format!("{origin}/items/a%20b?x=1&x=2&y=a%20b"));
        assert_eq!(answer["query"], json!(["1", "2"]));
        assert_eq!(answer["cookies"], json!(["session=abc", "theme=dark blue"]));
        assert_eq!(answer["tags"], json!(["one", "two"]));
        assert_eq!(answer["count"], 3);
        assert_eq!(answer["ip"], "203.0.113.7");
        assert_eq!(answer["context"], true);
    }
    // The load balancer sends the last of several values.
    let answer = answered(include_str!("events/alb_single.json")).await;
    assert_eq!(answer["url"], "https://localhost/items/a%20b?x=2&y=a%20b");
    assert_eq!((&answer["tags"], &answer["ip"]), (&json!(["two"]), &json!("203.0.113.7")));
    assert_eq!(answer["cookies"], json!(["session=abc", "theme=dark blue"]));
    let health = items().event(include_str!("events/alb_health_check.json")).await.unwrap();
    assert_eq!(
        (&health["statusDescription"], &health["body"]),
        (&json!("200 OK"), &json!("https://localhost/items/health"))
    );
}

#[tokio::test]
async fn a_rest_path_has_no_stage_and_is_not_cut() {
    let mut event = parsed(include_str!("events/rest.json"));
    event["path"] = "/items/prod".into();
    event["requestContext"]["path"] = "/prod/items/prod".into();
    assert_eq!(answered(&event.to_string()).await["params"], json!([["slug", "prod"]]));
    event["path"] = "/items/prod/".into();
    event["requestContext"]["path"] = "/prod/items/prod/".into();
    let reply = items().event(&event.to_string()).await.unwrap();
    assert_eq!(reply["multiValueHeaders"]["location"], json!(["/prod/items/prod?x=1&x=2&y=a%20b"]));
    // At a domain of the user's there is no stage to be seen.
    event["requestContext"]["path"] = "/items/prod/".into();
    let reply = items().event(&event.to_string()).await.unwrap();
    assert_eq!(reply["multiValueHeaders"]["location"], json!(["/items/prod?x=1&x=2&y=a%20b"]));
}

#[tokio::test]
async fn a_rest_event_that_tells_no_resource_has_an_encoded_path() {
    let mut event = parsed(include_str!("events/rest.json"));
    event["resource"] = Value::Null;
    event["requestContext"] = json!({"stage": "prod"});
    assert_eq!(answered(&event.to_string()).await["params"], json!([["slug", "a b"]]));
}

#[tokio::test]
async fn the_console_of_a_rest_api_sends_null_for_what_is_empty() {
    let mut event = parsed(include_str!("events/rest.json"));
    for name in ["headers", "multiValueHeaders", "queryStringParameters", "multiValueQueryStringParameters"] {
        event[name] = Value::Null;
    }
    event["requestContext"]["identity"]["sourceIp"] = "test-invoke-source-ip".into();
    let answer = answered(&event.to_string()).await;
    assert_eq!((&answer["query"], &answer["ip"], &answer["count"]), (&json!([]), &Value::Null, &json!(3)));
}

#[tokio::test]
async fn a_lattice_path_without_a_query_leaves_it_to_the_parameters() {
    let mut event = parsed(include_str!("events/vpc_lattice.json"));
    event["path"] = "/items/a%20b".into();
    assert_eq!(answered(&event.to_string()).await["url"], "https://localhost/items/a%20b?x=1&x=2&y=a%20b");
}

#[tokio::test]
async fn version_1_of_lattice_is_read_too() {
    let event = json!({
        "raw_path": "/items/a%20b",
        "method": "POST",
        "headers": {"host": "shop.example", "x-forwarded-for": "203.0.113.7", "x-tag": "one, two"},
        "query_string_parameters": {"x": "1", "y": "a%20b"},
        "body": "eyJjb3VudCI6IDN9",
        "is_base64_encoded": true,
    });
    let answer = answered(&event.to_string()).await;
    assert_eq!(answer["url"], "https://localhost/items/a%20b?x=1&y=a%20b");
    assert_eq!((&answer["count"], &answer["tags"]), (&json!(3), &json!(["one, two"])));
    assert_eq!((&answer["ip"], &answer["context"]), (&json!("203.0.113.7"), &json!(false)));
}

#[tokio::test]
async fn a_named_stage_is_no_part_of_the_path_and_stays_in_urls_and_redirects() {
    let event = include_str!("events/http_api_stage.json");
    let reply = items().event(event).await.unwrap();
    assert_eq!(reply["body"], "https://abcdef1234.execute-api.eu-central-1.amazonaws.com/prod/items/x");
    let reply = items().event(&event.replace("/prod/items/x", "/prod/items/x/")).await.unwrap();
    assert_eq!((&reply["statusCode"], &reply["headers"]["location"]), (&json!(308), &json!("/prod/items/x")));
}

#[tokio::test]
async fn an_http_api_path_is_not_decoded_twice() {
    let mut event = parsed(include_str!("events/http_api.json"));
    event["rawPath"] = "/items/100%25".into();
    assert_eq!(answered(&event.to_string()).await["params"], json!([["slug", "100%25"]]));
}

async fn status(change: impl FnOnce(&mut Value)) -> (Value, Value) {
    let mut event = parsed(include_str!("events/function_url.json"));
    change(&mut event);
    let reply = items().event(&event.to_string()).await.unwrap();
    (reply["statusCode"].clone(), reply["body"].clone())
}

#[tokio::test]
async fn malformed_requests_are_answered_with_an_empty_400() {
    let bad = (json!(400), json!(""));
    assert_eq!(status(|event| event["body"] = "no base64!".into()).await, bad);
    assert_eq!(status(|event| event["rawPath"] = "/items/%zz".into()).await, bad);
    assert_eq!(status(|event| event["rawPath"] = "/items/%FF".into()).await, bad);
    assert_eq!(status(|event| event["rawPath"] = "/items/%00".into()).await, bad);
    assert_eq!(status(|event| event["rawPath"] = "/items/../items/x".into()).await, bad);
    assert_eq!(status(|event| event["headers"]["a b"] = "x".into()).await, bad);
    assert_eq!(status(|event| event["headers"]["x-a"] = "a\nb".into()).await, bad);
    assert_eq!(status(|event| event["requestContext"]["http"]["method"] = "PROPFIND".into()).await, bad);
    assert_eq!(status(|event| event["requestContext"]["http"]["method"] = "post".into()).await, bad);
}

#[tokio::test]
async fn odd_requests_are_answered_all_the_same() {
    for query in ["a b", "\"<>\"", "é|[]`", "#", "%zz", "?"] {
        assert_eq!(status(|event| event["rawQueryString"] = query.into()).await.0, 200, "{query}");
    }
    for host in ["a b", "x:99999", "[::1", ""] {
        assert_eq!(status(|event| event["headers"]["host"] = host.into()).await.0, 200, "{host}");
        assert_eq!(status(|event| event["requestContext"]["domainName"] = host.into()).await.0, 200, "{host}");
    }
    assert_eq!(status(|event| event["headers"]["x-forwarded-proto"] = "a b".into()).await.0, 200);
    assert_eq!(status(|event| event["headers"]["x-name"] = "é".into()).await.0, 200);
    assert_eq!(status(|event| event["requestContext"]["timeEpoch"] = "never".into()).await.0, 200);
    assert_eq!(status(|event| event["cookies"] = Value::Null).await.0, 200);
}

#[tokio::test]
async fn only_what_is_no_http_request_is_an_invocation_error() {
    for (event, text) in [
        ("{}", "it has no requestContext"),
        ("[]", "it has no requestContext"),
        ("7", "no such JSON object"),
        (r#"{"version": "2.0", "requestContext": {}}"#, "those of no known source"),
        (r#"{"version": "3.0", "httpMethod": "GET", "requestContext": {}}"#, "those of no known source"),
        (r#"{"requestContext": {"connectionId": "x"}}"#, "WebSocket"),
        (r#"{"httpMethod": "GET", "requestContext": {"connectionId": "x"}}"#, "WebSocket"),
        (r#"{"raw_path": "/", "headers": {}}"#, "missing field `method`"),
        (r#"{"type": "REQUEST", "methodArn": "x", "httpMethod": "GET", "requestContext": {}}"#, "authorizer"),
        (r#"{"version": "2.0", "routeArn": "x", "requestContext": {"http": {"method": "GET"}}}"#, "authorizer"),
        (r#"{"requestContext": {"elb": {}}}"#, "missing field `httpMethod`"),
        (r#"{"version": "2.0", "requestContext": {"serviceNetworkArn": "x"}}"#, "missing field `method`"),
        (r#"{"httpMethod": "GET", "headers": {"a": 1}, "requestContext": {}}"#, "a text or a list of texts"),
        (r#"{"Records": [{"eventSource": "aws:sqs"}]}"#, "it has no requestContext"),
        (r#"{"source": "aws.events", "detail-type": "Scheduled Event"}"#, "it has no requestContext"),
        (r#"{"version": "2.0", "requestContext": {"http": {}}}"#, "missing field `method`"),
    ] {
        let error = items().event(event).await.unwrap_err();
        assert!(error.contains(text), "{event}: {error}");
    }
}

async fn all_kinds() -> Response {
    cookies().set(Cookie::new("set", "1"));
    Response::bytes(vec![0, 159, 146, 150])
        .header("vary", "accept")
        .header("link", "<a>; rel=x")
        .header("vary", "origin")
        .header("x-latin", HeaderValue::from_bytes(b"caf\xE9").unwrap())
        .header("x-utf8", HeaderValue::from_bytes("café".as_bytes()).unwrap())
        .header("set-cookie", "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
        .header("set-cookie", "b=2")
}

#[tokio::test]
async fn a_reply_loses_nothing() {
    let client = Client::new(|| Route::new("/").get(all_kinds));
    let reply = client.get("/").await;
    assert_eq!(reply.header("vary"), Some("accept, origin"));
    assert_eq!(reply.header("x-latin"), Some("café"));
    assert_eq!(reply.header("x-utf8"), Some("café"));
    assert_eq!(reply.cookies(), ["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "b=2", "set=1; Path=/"]);
    assert_eq!(reply.bytes(), [0, 159, 146, 150]);
    assert_eq!(reply.raw()["isBase64Encoded"], true);
}

#[tokio::test]
async fn an_encoded_body_is_base64_even_when_it_looks_like_text() {
    let client = Client::new(|| {
        Route::new("/")
            .get(async || Response::text("looks like text").header("content-encoding", "br"))
            .post(async || Response::text("is text").header("content-encoding", "identity"))
    });
    let reply = client.get("/").await;
    assert_eq!((reply.raw()["isBase64Encoded"].clone(), reply.text()), (true.into(), "looks like text".to_owned()));
    assert_eq!(client.call("POST", "/").await.raw()["body"], "is text");
}

#[tokio::test]
async fn a_reply_that_lambda_would_refuse_is_a_500() {
    let client = Client::new(|| {
        Route::new("/")
            .get(async || Response::text("x".repeat(6_300_000)))
            .post(async || Response::text("x".repeat(6_000_000)))
    });
    let reply = client.get("/").await;
    assert_eq!((reply.status(), reply.text()), (500, String::new()));
    assert_eq!(client.call("POST", "/").await.status(), 200);
}

async fn seen(headers: HeaderMap, request: Request) -> String {
    assert!(!headers.contains_key("x-wharf-origin-secret"));
    request.url().to_string()
}

#[tokio::test]
async fn the_forwarded_host_counts_only_with_the_secret() {
    let route = || Route::new("/x").get(seen);
    let request = |secret: &str| {
        http::Request::get("/x")
            .header("x-forwarded-host", "shop.example")
            .header("x-wharf-origin-secret", secret)
            .body(String::new())
            .unwrap()
    };
    let open = Client::new(route).behind_cdn("s3cret", false);
    assert_eq!(open.send(request("s3cret")).await.text(), "http://shop.example/x");
    assert_eq!(open.send(request("wrong")).await.text(), "http://localhost:9000/x");
    let closed = Client::new(route).behind_cdn("s3cret", true);
    assert_eq!(closed.send(request("s3cret")).await.status(), 200);
    assert_eq!(closed.send(request("wrong")).await.status(), 403);
    assert_eq!(closed.get("/x").await.status(), 403);
    assert_eq!(Client::new(route).send(request("s3cret")).await.text(), "http://localhost:9000/x");
}

#[tokio::test]
async fn both_secrets_open_the_function_while_one_is_changed() {
    for source in Source::ALL {
        let client = Client::new(|| Route::new("/x").get(async || "in"));
        let client = client.through(source).behind_cdn("the old one", true).with_rotation_secret("the new one");
        for (secrets, status) in [
            (vec!["the old one"], 200),
            (vec!["the new one"], 200),
            (vec!["another"], 403),
            (vec![""], 403),
            (vec!["the old one", "the new one", "the old one"], 403),
        ] {
            let is_last_alone = matches!(source, Source::AlbSingle);
            let request = secrets
                .iter()
                .fold(http::Request::get("/x"), |request, secret| request.header("X-Wharf-Origin-Secret", *secret));
            // A load balancer with single values hands on the last line alone.
            let expected = if is_last_alone && secrets.len() > 1 { 200 } else { status };
            assert_eq!(client.send(request.body("").unwrap()).await.status(), expected, "{source:?} {secrets:?}");
        }
    }
}

#[tokio::test]
async fn no_line_of_a_secret_reaches_a_handler() {
    let seen = async |headers: HeaderMap| format!("{headers:?} {:?}", *wharf::headers());
    for source in Source::ALL {
        for guess in [vec!["s3cret"], vec!["guess"], vec!["s3cret", "guess"]] {
            for known in [true, false] {
                let client = Client::new(|| Route::new("/x").get(seen)).through(source);
                let client = if known { client.behind_cdn("s3cret", false) } else { client };
                let request = guess
                    .iter()
                    .fold(http::Request::get("/x"), |request, guess| request.header("X-WHARF-Origin-Secret", *guess));
                let reply = client.send(request.body("").unwrap()).await;
                let text = reply.text().to_ascii_lowercase();
                assert!(!text.contains("secret") && !text.contains("s3cret") && !text.contains("guess"), "{text}");
            }
        }
    }
}

/// What a client may send to be taken for another, or to have links lead elsewhere.
const CLAIMS: [(&str, &str); 12] = [
    ("host", "evil.example"),
    ("forwarded", "for=6.6.6.6;host=evil.example;proto=http"),
    ("x-forwarded-for", "6.6.6.6"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-port", "6666"),
    ("x-forwarded-prefix", "/evil"),
    ("x-forwarded-proto", "http"),
    ("x-forwarded-server", "evil.example"),
    ("x-original-host", "evil.example"),
    ("x-real-ip", "6.6.6.6"),
    ("x-wharf-origin-secret", "guess"),
    ("cloudfront-viewer-country", "EV"),
];

#[tokio::test]
async fn no_source_lets_a_client_choose_the_host_or_its_address() {
    async fn seen(request: Request) -> String {
        let others = request.headers().iter().filter(|(name, _)| *name != "host");
        format!("{} {:?} {:?}", request.url(), request.client_ip(), others.collect::<Vec<_>>())
    }
    for source in Source::ALL {
        let client = Client::new(|| Route::new("/x").get(seen)).through(source).behind_cdn("s3cret", false);
        let plain = client.get("/x").await.text();
        let request =
            CLAIMS.iter().fold(http::Request::get("/x"), |request, (name, value)| request.header(*name, *value));
        let text = client.send(request.body("").unwrap()).await.text();
        for claim in ["evil", "6.6.6.6", "EV", "guess", "forwarded\"", "prefix", "server", "real-ip", "country"] {
            assert!(!text.contains(claim), "{source:?}: {claim}: {text}");
        }
        let url = |text: &str| text.split(' ').next().unwrap().to_owned();
        if source != Source::Local && !matches!(source, Source::AlbMulti | Source::AlbSingle) {
            assert_eq!(url(&text), url(&plain), "{source:?}");
        }
        let hosts = Client::new(|| Route::new("/x").get(seen)).through(source).at_hosts("shop.example,*.shop.example");
        let text = hosts.send(http::Request::get("/x").header("host", "evil.example").body("").unwrap()).await.text();
        assert!(!text.contains("evil") && (source == Source::Local || text.contains("://shop.example/")), "{text}");
        let text = hosts.send(http::Request::get("/x").header("host", "a.shop.example").body("").unwrap()).await.text();
        let is_told = matches!(source, Source::Local) || text.contains("://a.shop.example/");
        assert!(is_told, "{source:?}: {text}");
    }
}

#[tokio::test]
async fn a_target_that_names_another_host_stays_here() {
    for source in Source::ALL {
        let client = Client::new(|| Route::new("/[[...all]]").get(async |request: Request| request.url().to_string()));
        let client = client.through(source).at_hosts("shop.example");
        for target in
            ["http://evil.example/x", "//evil.example/x", "/\\evil.example/x", "/@evil.example", "///evil.example/"]
        {
            let reply = client.call("GET", target).await;
            let told = reply.header("location").map_or_else(|| reply.text(), str::to_owned);
            let url = url::Url::parse("https://shop.example/").unwrap().join(&told).unwrap();
            assert!(matches!(url.host_str(), Some("shop.example" | "localhost")), "{source:?} {target}: {told}");
        }
    }
}

/// The REST event with another path, at a domain of the user's.
fn rest_at(path: &str, resource: &str, parameters: Value) -> Value {
    let mut event = parsed(include_str!("events/rest.json"));
    event["path"] = path.into();
    event["resource"] = resource.into();
    event["pathParameters"] = parameters;
    let context = &mut event["requestContext"];
    context["path"] = path.into();
    context["resourcePath"] = resource.into();
    context["domainName"] = "api.shop.example".into();
    context["domainPrefix"] = "api".into();
    event
}

#[tokio::test]
async fn the_base_path_of_a_rest_api_is_no_part_of_the_path_and_stays_in_a_redirect() {
    for (path, resource, parameters) in [
        ("/shop/items/a%20b", "/items/{slug}", json!({"slug": "a%20b"})),
        ("/shop/v1/items/a%20b", "/items/{slug}", json!({"slug": "a b"})),
        ("/shop/items/a%20b", "/{proxy+}", json!({"proxy": "items/a%20b"})),
        // A mapping that names no stage leaves it in the path.
        ("/shop/prod/items/a%20b", "/items/{slug}", json!({"slug": "a%20b"})),
        ("/items/a%20b", "/items/{slug}", json!({"slug": "a%20b"})),
    ] {
        let event = rest_at(path, resource, parameters.clone());
        let answer = answered(&event.to_string()).await;
        assert_eq!(answer["params"], json!([["slug", "a b"]]), "{path}");
        assert_eq!(answer["path"], "/items/a%20b");
        assert_eq!(answer["url"], format!("https://api.shop.example{path}?x=1&x=2&y=a%20b"));
        let event = rest_at(&format!("{path}/"), resource, parameters);
        let reply = items().event(&event.to_string()).await.unwrap();
        assert_eq!(reply["multiValueHeaders"]["location"], json!([format!("{path}?x=1&x=2&y=a%20b")]));
    }
}

#[tokio::test]
async fn the_base_path_of_an_http_api_is_told_by_payload_1() {
    let mut event = parsed(include_str!("events/http_api_payload_1.json"));
    event["path"] = "/shop/items/a b".into();
    event["requestContext"]["path"] = "/shop/items/a b".into();
    event["requestContext"]["domainName"] = "api.shop.example".into();
    assert_eq!(answered(&event.to_string()).await["params"], json!([["slug", "a b"]]));
    event["path"] = "/shop/items/a b/".into();
    let reply = items().event(&event.to_string()).await.unwrap();
    assert_eq!(reply["multiValueHeaders"]["location"], json!(["/shop/items/a%20b?x=1&x=2&y=a%20b"]));
}

#[tokio::test]
async fn the_base_path_of_an_http_api_is_told_by_the_environment_with_payload_2() {
    let mut event = parsed(include_str!("events/http_api_stage.json"));
    event["rawPath"] = "/prod/items/x/".into();
    let location = async |event: &Value, base_path: &str| {
        let reply = items().below(base_path).event(&event.to_string()).await.unwrap();
        reply["headers"]["location"].clone()
    };
    assert_eq!(location(&event, "/shop").await, "/prod/items/x");
    // The stage stands in the path at a domain of the user's as well, but its client does not see it.
    event["requestContext"]["domainName"] = "api.shop.example".into();
    assert_eq!(location(&event, "").await, "/items/x");
    assert_eq!(location(&event, "/shop").await, "/shop/items/x");
    event["rawPath"] = "/shop/items/x/".into();
    assert_eq!(location(&event, "/shop").await, "/shop/items/x");
}

#[tokio::test]
async fn a_base_path_from_the_environment_is_cut_behind_every_source() {
    for source in Source::ALL {
        let client =
            Client::new(|| Route::new("/items/[slug]").get(async |request: Request| request.path().to_owned()));
        let client = client.through(source).below("/shop");
        assert_eq!(client.get("/shop/items/x").await.text(), "/items/x", "{source:?}");
        assert_eq!(client.get("/items/x").await.text(), "/items/x", "{source:?}");
        assert_eq!(client.get("/shopping/items/x").await.status(), 404, "{source:?}");
        let location = if source == Source::Rest { "/prod/shop/items/x" } else { "/shop/items/x" };
        assert_eq!(client.get("/shop/items/x/").await.header("location"), Some(location), "{source:?}");
    }
}

#[tokio::test]
async fn sam_local_has_decoded_the_path() {
    for (event, origin) in [
        (include_str!("events/sam_local_rest.json"), "http://127.0.0.1:3000"),
        (include_str!("events/sam_local_http_api_payload_1.json"), "http://127.0.0.1:3000"),
        (include_str!("events/sam_local_http_api.json"), "http://127.0.0.1:3000"),
    ] {
        let answer = answered(event).await;
        assert_eq!(answer["params"], json!([["slug", "a b"]]));
        assert_eq!(answer["path"], "/items/a%20b");
        assert_eq!(answer["url"], format!("{origin}/items/a%20b?x=1&x=2&y=a%20b"));
        assert_eq!(answer["cookies"], json!(["session=abc", "theme=dark blue"]));
        assert_eq!((&answer["count"], &answer["ip"]), (&json!(3), &json!("127.0.0.1")));
        // What was `%2541` is not decoded a second time, and what was `100%25` is no malformed escape.
        for slug in ["%41", "100%"] {
            let event = event.replace("\"/items/a b\"", &format!("\"/items/{slug}\""));
            let event = event.replace("\"slug\": \"a b\"", &format!("\"slug\": \"{slug}\""));
            assert_eq!(answered(&event).await["params"], json!([["slug", slug]]));
        }
    }
}

#[tokio::test]
async fn a_body_above_the_limit_is_an_empty_413_before_the_handler() {
    fn route() -> Route {
        Route::new("/")
            .post(async |mut request: Request| request.bytes().await.map(|body| body.len().to_string()))
            .put(async |body: Json<String>| body.len().to_string())
            .patch(async |body: axum::body::Bytes| body.len().to_string())
            .delete(async |_: HeaderMap| "unread")
    }
    let text = |length: usize| format!("\"{}\"", "x".repeat(length - 2)).into_bytes();
    // The event of such a body has it in base64, which is longer; its bytes count.
    let bytes = |length: usize| vec![0xFF; length];
    for source in Source::ALL {
        let client = Client::new(route).through(source).with_body_limit(100);
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let status = async |body: Vec<u8>| {
                let request =
                    http::Request::builder().method(method).uri("/").header("content-type", "application/json");
                let reply = client.send(request.body(body).unwrap()).await;
                assert!(reply.status() == 200 || (reply.bytes().is_empty() && reply.header("content-type").is_none()));
                reply.status()
            };
            assert_eq!((status(text(100)).await, status(text(101)).await), (200, 413), "{source:?} {method}");
            if method != "PUT" {
                assert_eq!((status(bytes(100)).await, status(bytes(101)).await), (200, 413), "{source:?} {method}");
            }
        }
    }
}

#[tokio::test]
async fn without_a_setting_the_limit_is_what_lambda_takes() {
    let client = Client::new(|| Route::new("/").post(async |body: String| body.len().to_string()));
    for (length, status) in [(6_291_456, 200), (6_291_457, 413)] {
        let request = http::Request::post("/").body("x".repeat(length)).unwrap();
        assert_eq!(client.send(request).await.status(), status, "{length}");
    }
}

#[tokio::test]
async fn too_many_headers_are_a_431_and_too_long_a_query_a_414() {
    let many: serde_json::Map<_, _> = (0..40_000).map(|number| (format!("x-{number}"), "1".into())).collect();
    assert_eq!(status(|event| event["headers"] = many.into()).await, (json!(431), json!("")));
    assert_eq!(status(|event| event["rawQueryString"] = "x".repeat(70_000).into()).await, (json!(414), json!("")));
}

#[tokio::test]
async fn both_contexts_are_reachable_behind_every_source() {
    use axum::Extension;
    async fn get(
        Extension(invocation): Extension<Context>,
        context: Option<Extension<RequestContext>>,
        request: Request,
    ) -> String {
        assert_eq!(request.invocation().unwrap().request_id, invocation.request_id);
        assert_eq!(request.request_context().is_some(), context.is_some());
        // No deadline in a test.
        assert_eq!(request.time_left(), None);
        let url = request.url();
        let kind = match context.map(|Extension(context)| context) {
            Some(RequestContext::ApiGatewayV2(_)) => "v2",
            Some(RequestContext::ApiGatewayV1(_)) => "v1",
            Some(RequestContext::Alb(_)) => "alb",
            Some(RequestContext::VpcLattice(_)) => "lattice",
            _ => "none",
        };
        format!("{kind} {} {}", url.scheme(), request.client_ip().unwrap())
    }
    for source in Source::ALL {
        let seen = Client::new(|| Route::new("/").get(get)).through(source).get("/").await.text();
        let expected = match source {
            Source::Local => "v2 http 127.0.0.1",
            Source::HttpApi | Source::FunctionUrl => "v2 https 203.0.113.7",
            Source::Rest => "v1 https 203.0.113.7",
            Source::AlbSingle | Source::AlbMulti => "alb https 203.0.113.7",
            Source::VpcLattice => "lattice https 203.0.113.7",
            _ => continue,
        };
        assert_eq!(seen, expected, "{source:?}");
    }
}

#[tokio::test]
async fn a_reply_may_be_as_large_as_lambda_takes_it() {
    const LIMIT: usize = 6_291_556;
    let client = Client::new(|| {
        Route::new("/[length]")
            .get(async |wharf::Path(length): wharf::Path<usize>| Response::text("x".repeat(length)))
            .post(async |wharf::Path(length): wharf::Path<usize>| Response::bytes(vec![0xFF; length]))
    });
    let written = async |method: &str, length: usize| {
        let reply = client.call(method, &format!("/{length}")).await;
        (reply.status(), reply.raw().to_string().len())
    };
    let room = LIMIT - (written("GET", 1000).await.1 - 1000);
    assert_eq!(written("GET", room).await, (200, LIMIT));
    assert_eq!(written("GET", room + 1).await.0, 500);
    // Base64 makes four characters of three bytes.
    let room = LIMIT - (written("POST", 3000).await.1 - 4000);
    assert_eq!(written("POST", room / 4 * 3).await, (200, LIMIT - room % 4));
    assert_eq!(written("POST", room / 4 * 3 + 1).await.0, 500);
}

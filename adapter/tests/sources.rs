//! One table of requests and one of replies, through every source of events. What a source forces to be otherwise is
//! named beside the request.
#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use wharf::{
    Request, Response, Result,
    entry::Route,
    http::{self, HeaderValue},
    testing::{Client, Reply, Source},
};

const PAYLOAD_2: &[Source] = &[Source::Local, Source::HttpApi, Source::FunctionUrl];
const HTTP_API: &[Source] = &[Source::HttpApi];
const REST: &[Source] = &[Source::Rest];
const ALB_SINGLE: &[Source] = &[Source::AlbSingle];
const ALB_MULTI: &[Source] = &[Source::AlbMulti];
const MAPS: &[Source] = &[Source::Rest, Source::AlbSingle, Source::AlbMulti];

/// Everything that a handler can see of a request.
async fn see(mut request: Request) -> Result {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let seen = json!({
        "method": request.method().as_str(),
        "path": request.path(),
        "params": request.params(),
        "raw_query": request.raw_query(),
        "query": request.query().iter().collect::<Vec<_>>(),
        "tags": request.headers().get_all("x-tag").iter().map(text).collect::<Vec<_>>(),
        "cookies": request.cookies().iter().map(|cookie| cookie.to_string()).collect::<Vec<_>>(),
        "host": request.url().host_str(),
        "body": request.bytes().await?.to_vec(),
    });
    Response::json(&seen)
}

fn seeing() -> Client {
    Client::new(|| Route::new("/[[...all]]").get(see).post(see).put(see).patch(see).delete(see).options(see))
}

/// A field that is otherwise behind these sources.
type Difference = (&'static [Source], &'static str, Value);

struct Case {
    request: http::Request<Vec<u8>>,
    differences: Vec<Difference>,
}

fn case(request: http::request::Builder, body: &[u8], differences: Vec<Difference>) -> Case {
    Case { request: request.body(body.to_vec()).unwrap(), differences }
}

fn get(target: &str, differences: Vec<Difference>) -> Case {
    case(http::Request::get(target), b"", differences)
}

fn path_cases() -> Vec<Case> {
    vec![
        get("/", vec![]),
        get("/a", vec![]),
        get("/a/b/c/d", vec![]),
        get("/a%20b/%C3%A9/x+y;z/~-._!$&'()*,=:@", vec![]),
        get("/100%25/%2525", vec![]),
        get("/%E4%BD%A0%E5%A5%BD", vec![]),
        // An HTTP API has decoded the path: a slash in a part is one between parts, and it cuts at a question mark.
        get("/a%2Fb", vec![(HTTP_API, "path", json!("/a/b")), (HTTP_API, "params", json!([["all", ["a", "b"]]]))]),
        get("/a%3Fb/c", vec![(HTTP_API, "path", json!("/a")), (HTTP_API, "params", json!([["all", ["a"]]]))]),
        // It also loses how the client spelled an escape.
        get("/%61%7e", vec![(HTTP_API, "path", json!("/a~"))]),
    ]
}

fn query_cases() -> Vec<Case> {
    vec![
        get("/?x=1", vec![]),
        get("/a?x=&y=2", vec![]),
        get("/?a%20b=c%20d", vec![]),
        get("/?x=%C3%A9", vec![]),
        // A load balancer with single values sends the last one.
        get("/?x=1&x=2", vec![(ALB_SINGLE, "raw_query", json!("x=2")), (ALB_SINGLE, "query", json!([["x", "2"]]))]),
        // A map groups the values of a name.
        get(
            "/?x=1&y=2&x=3",
            vec![
                (REST, "raw_query", json!("x=1&x=3&y=2")),
                (REST, "query", json!([["x", "1"], ["x", "3"], ["y", "2"]])),
                (ALB_MULTI, "raw_query", json!("x=1&x=3&y=2")),
                (ALB_MULTI, "query", json!([["x", "1"], ["x", "3"], ["y", "2"]])),
                (ALB_SINGLE, "raw_query", json!("x=3&y=2")),
                (ALB_SINGLE, "query", json!([["x", "3"], ["y", "2"]])),
            ],
        ),
        // A map tells no order of its names.
        get("/?b=1&a=2", vec![(MAPS, "raw_query", json!("a=2&b=1")), (MAPS, "query", json!([["a", "2"], ["b", "1"]]))]),
        // A map tells a name without a value from none only by an empty text.
        get("/?flag", vec![(MAPS, "raw_query", json!("flag="))]),
        // A REST API has decoded the query: another spelling of the same pairs.
        get("/?q=a+b", vec![(REST, "raw_query", json!("q=a%20b"))]),
        get("/?c%5B%5D=1&q=%26%3D%2B%23", vec![(REST, "raw_query", json!("c[]=1&q=%26%3D%2B%23"))]),
        get("/?q=%zz", vec![(REST, "raw_query", json!("q=%25zz"))]),
        get("/?u=https://a.example/?b=1", vec![(REST, "raw_query", json!("u=https://a.example/?b%3D1"))]),
    ]
}

fn header_cases() -> Vec<Case> {
    let tags =
        |values: &[&str]| values.iter().fold(http::Request::get("/"), |request, tag| request.header("x-tag", *tag));
    vec![
        case(tags(&["one"]), b"", vec![]),
        case(tags(&[""]), b"", vec![]),
        case(tags(&["a, b; c=\"d\""]), b"", vec![]),
        case(http::Request::get("/").header("x-tag", "é".as_bytes()), b"", vec![]),
        // Payload 2.0 folds them; a load balancer with single values sends the last one.
        case(
            tags(&["one", "two"]),
            b"",
            vec![(PAYLOAD_2, "tags", json!(["one,two"])), (ALB_SINGLE, "tags", json!(["two"]))],
        ),
        case(http::Request::get("/").header("cookie", "session=abc; theme=dark"), b"", vec![]),
        case(
            http::Request::get("/").header("cookie", "a=1").header("cookie", "b=2"),
            b"",
            vec![(ALB_SINGLE, "cookies", json!(["b=2"]))],
        ),
        // Only behind a load balancer or Lattice, which have no domain of their own, is the header the host.
        case(
            http::Request::get("/").header("host", "shop.example"),
            b"",
            vec![
                (HTTP_API, "host", json!("abcdef1234.execute-api.eu-central-1.amazonaws.com")),
                (REST, "host", json!("abcdef1234.execute-api.eu-central-1.amazonaws.com")),
                (&[Source::FunctionUrl], "host", json!("id.lambda-url.eu-central-1.on.aws")),
            ],
        ),
    ]
}

fn body_cases() -> Vec<Case> {
    let mut cases: Vec<_> = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        .map(|method| case(http::Request::builder().method(method).uri("/a?x=1"), b"{\"a\": 1}\r\n", vec![]))
        .into();
    let every_byte: Vec<u8> = (0..=255).collect();
    cases.push(case(http::Request::post("/"), &every_byte, vec![]));
    cases.push(case(http::Request::post("/"), "né\0".as_bytes(), vec![]));
    cases.push(case(http::Request::post("/"), b"", vec![]));
    cases
}

fn pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn own_host(source: Source) -> &'static str {
    match source {
        Source::HttpApi | Source::Rest => "abcdef1234.execute-api.eu-central-1.amazonaws.com",
        Source::FunctionUrl => "id.lambda-url.eu-central-1.on.aws",
        Source::AlbSingle | Source::AlbMulti => "lb-1234567890.eu-central-1.elb.amazonaws.com",
        Source::VpcLattice => "shop-0123456789abcdef0.7d67968.vpc-lattice-svcs.eu-central-1.on.aws",
        _ => "localhost",
    }
}

/// What the client meant.
fn meant(request: &http::Request<Vec<u8>>, source: Source) -> Value {
    let path = request.uri().path();
    let query = request.uri().query().unwrap_or_default();
    let headers =
        |name: &str| request.headers().get_all(name).iter().map(|value| str::from_utf8(value.as_bytes()).unwrap());
    let decode = |part: &str| percent_decode_str(part).decode_utf8().unwrap().into_owned();
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
    json!({
        "method": request.method().as_str(),
        "path": path,
        "params": if parts.is_empty() { json!([]) } else { json!([["all", parts]]) },
        "raw_query": query,
        "query": pairs(query),
        "tags": headers("x-tag").collect::<Vec<_>>(),
        "cookies": headers("cookie").flat_map(|line| line.split("; ")).collect::<Vec<_>>(),
        "host": headers("host").next().unwrap_or(own_host(source)),
        "body": request.body(),
    })
}

#[tokio::test]
async fn every_source_tells_the_same_request() {
    for Case { request, differences } in [path_cases(), query_cases(), header_cases(), body_cases()].iter().flatten() {
        for source in Source::ALL {
            let mut expected = meant(request, source);
            for (sources, field, value) in differences {
                if sources.contains(&source) {
                    assert_ne!(&expected[*field], value, "{source:?} needs no difference in {field}: {request:?}");
                    expected[*field] = value.clone();
                }
            }
            let reply = seeing().through(source).send(request.clone()).await;
            assert_eq!(reply.status(), 200, "{source:?}: {request:?}");
            let seen: Value = reply.json();
            assert_eq!(seen, expected, "{source:?}: {request:?}");
        }
    }
}

/// How the reply to this source says its headers.
fn is_multi(source: Source) -> bool {
    matches!(source, Source::Rest | Source::AlbMulti)
}

async fn reply_of(source: Source, response: impl Fn() -> Response + Clone + Send + Sync + 'static) -> Reply {
    let client = Client::new(move || Route::new("/a").get(async move || response()).post(async || ""));
    client.through(source).get("/a").await
}

#[tokio::test]
async fn every_source_gets_the_same_reply() {
    let every_byte = || (0..=255).collect::<Vec<u8>>();
    for source in Source::ALL {
        let reply = reply_of(source, || Response::text("né").status(201)).await;
        assert_eq!((reply.status(), reply.text().as_str()), (201, "né"), "{source:?}");
        assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"), "{source:?}");
        assert_eq!(reply.raw()["isBase64Encoded"], false, "{source:?}");

        let reply = reply_of(source, move || Response::bytes(every_byte())).await;
        assert_eq!((reply.bytes(), &reply.raw()["isBase64Encoded"]), (every_byte(), &json!(true)), "{source:?}");

        let reply = reply_of(source, || Response::text("is zipped").header("content-encoding", "gzip")).await;
        assert_eq!((reply.text().as_str(), &reply.raw()["isBase64Encoded"]), ("is zipped", &json!(true)), "{source:?}");

        let reply = reply_of(source, || Response::empty().status(204)).await;
        assert_eq!((reply.status(), reply.raw().get("body")), (204, None), "{source:?}");

        let reply =
            reply_of(source, || Response::text("").header("x-latin", HeaderValue::from_bytes(b"caf\xE9").unwrap()))
                .await;
        assert_eq!(reply.header("x-latin"), Some("café"), "{source:?}");
    }
}

#[tokio::test]
async fn repeated_headers_are_lists_where_the_source_has_them_and_folded_elsewhere() {
    for source in Source::ALL {
        let reply = reply_of(source, || Response::text("").header("vary", "accept").header("vary", "origin")).await;
        assert_eq!(reply.header("vary"), Some("accept, origin"), "{source:?}");
        let raw = reply.raw();
        if is_multi(source) {
            assert_eq!((&raw["multiValueHeaders"]["vary"], raw.get("headers")), (&json!(["accept", "origin"]), None));
        } else {
            assert_eq!((&raw["headers"]["vary"], raw.get("multiValueHeaders")), (&json!("accept, origin"), None));
        }
        let described = matches!(source, Source::AlbSingle | Source::AlbMulti | Source::VpcLattice);
        assert_eq!(raw.get("statusDescription"), described.then_some(&json!("200 OK")), "{source:?}");
    }
}

#[tokio::test]
async fn every_cookie_is_kept_and_separate() {
    let cookies: Vec<_> = (0..20).map(|number| format!("c{number}=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT")).collect();
    for source in Source::ALL {
        let sent = cookies.clone();
        let reply = reply_of(source, move || {
            sent.iter().fold(Response::text(""), |response, cookie| response.header("set-cookie", cookie.as_str()))
        })
        .await;
        assert_eq!(reply.cookies(), cookies, "{source:?}");
        let raw = reply.raw();
        match source {
            Source::Rest | Source::AlbMulti => assert_eq!(raw["multiValueHeaders"]["set-cookie"], json!(cookies)),
            // Single values: each cookie stands under a spelling of its own.
            Source::AlbSingle | Source::VpcLattice => {
                assert_eq!(raw["headers"]["set-cookie"], json!(cookies[0]));
                assert_eq!(raw["headers"]["Set-cookie"], json!(cookies[1]));
                assert_eq!(raw["headers"]["sEt-cookie"], json!(cookies[2]));
                assert_eq!(raw.get("cookies"), None);
            }
            _ => assert_eq!(raw["cookies"], json!(cookies)),
        }
    }
}

#[tokio::test]
async fn every_source_is_refused_alike() {
    for source in Source::ALL {
        let client = Client::new(|| Route::new("/a/[b]").get(async || "got")).through(source);
        for (target, status) in [("/a/b", 200), ("/a", 404), ("/a/../b", 400), ("/a/b%00", 400)] {
            assert_eq!(client.get(target).await.status(), status, "{source:?} {target}");
        }
        let head = client.call("HEAD", "/a/b").await;
        assert_eq!(
            (head.status(), head.header("content-length"), head.text().as_str()),
            (200, Some("3"), ""),
            "{source:?}"
        );
        let refused = client.call("POST", "/a/b").await;
        assert_eq!((refused.status(), refused.header("allow")), (405, Some("GET, HEAD, OPTIONS")), "{source:?}");
        assert_eq!(client.call("PROPFIND", "/a/b").await.status(), 400, "{source:?}");
        // An HTTP API has decoded the path, and so it hands on what was no escape; the others refuse it.
        let status = if source == Source::HttpApi { 200 } else { 400 };
        assert_eq!(client.get("/a/%zz").await.status(), status, "{source:?}");
        // The client of a REST API sees the stage.
        let moved = client.get("/a//b/?x=1").await;
        let location = if source == Source::Rest { "/prod/a/b?x=1" } else { "/a/b?x=1" };
        assert_eq!((moved.status(), moved.header("location")), (308, Some(location)), "{source:?}");
    }
}

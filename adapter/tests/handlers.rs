//! What a client gets, by what the handler does; the rules are those of Next.js route handlers.

use std::{
    convert::Infallible,
    io,
    sync::atomic::{AtomicU32, Ordering},
};

use futures_util::stream;
use serde::Deserialize;
use wharf::{
    Cookie, Error, Form, Json, Path, Query, Request, Response, Result, axum,
    config::{Dynamic, Revalidate},
    contract::report::{Frozen, FrozenRoute},
    cookies,
    entry::Route,
    headers, http, not_found,
    pattern::{ParamValue, Params},
    permanent_redirect, redirect,
    testing::{Client, Reply, Source},
};

fn hello() -> Route {
    Route::new("/hello").get(async || Response::text("hello").header("x-h", "1")).post(async || "posted")
}

async fn call(route: impl FnOnce() -> Route, method: &str, path: &str) -> Reply {
    Client::new(route).call(method, path).await
}

fn is_empty(reply: &Reply) -> bool {
    reply.text().is_empty() && reply.header("content-type").is_none() && reply.header("content-length").is_none()
}

#[tokio::test]
async fn head_comes_from_get() {
    let reply = call(hello, "HEAD", "/hello").await;
    assert_eq!((reply.status(), reply.header("x-h"), reply.header("content-length")), (200, Some("1"), Some("5")));
    assert!(reply.raw().get("body").is_none());
    let own = || Route::new("/hello").get(async || "get").head(async || Response::empty().status(202));
    assert_eq!(call(own, "HEAD", "/hello").await.status(), 202);
    let post_only = || Route::new("/hello").post(async || "");
    assert_eq!(call(post_only, "HEAD", "/hello").await.status(), 405);
}

#[tokio::test]
async fn options_says_what_is_answered() {
    let reply = call(hello, "OPTIONS", "/hello").await;
    assert_eq!((reply.status(), reply.header("allow")), (204, Some("GET, HEAD, OPTIONS, POST")));
    assert!(is_empty(&reply) && reply.raw().get("body").is_none());
    let own = || Route::new("/hello").options(async || Response::text("mine").header("allow", "GET"));
    let reply = call(own, "OPTIONS", "/hello").await;
    assert_eq!((reply.text().as_str(), reply.header("allow")), ("mine", Some("GET")));
}

#[tokio::test]
async fn other_methods_are_refused() {
    for (method, status) in [("DELETE", 405), ("TRACE", 405), ("PROPFIND", 400), ("get", 400), ("", 400)] {
        let reply = call(hello, method, "/hello").await;
        assert_eq!(reply.status(), status, "{method}");
        assert!(is_empty(&reply));
        assert_eq!(reply.header("allow").is_some(), status == 405, "{method}");
    }
}

#[tokio::test]
async fn an_unknown_path_is_404_for_every_method() {
    for method in ["GET", "POST", "DELETE", "OPTIONS"] {
        let reply = call(hello, method, "/other").await;
        assert_eq!(reply.status(), 404, "{method}");
        assert!(is_empty(&reply));
    }
    assert_eq!(call(hello, "GET", "/Hello").await.status(), 404);
}

#[tokio::test]
async fn superfluous_slashes_are_redirected_with_the_query() {
    for (path, location) in [
        ("//hello", "/hello"),
        ("/hello/", "/hello"),
        ("/a//b///?x=1&y=/", "/a/b?x=1&y=/"),
        ("//evil.example/", "/evil.example"),
        ("/%5Cevil.example/", "/%5Cevil.example"),
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let reply = call(hello, method, path).await;
            assert_eq!((reply.status(), reply.header("location")), (308, Some(location)), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn params_are_decoded_once_and_part_by_part() {
    let client = Client::new(|| Route::new("/enc/[slug]").get(async |Path(slug): Path<String>| slug));
    for (raw, slug) in [
        ("a%20b", "a b"),
        ("a%2Fb", "a/b"),
        ("%E4%BD%A0", "你"),
        ("a+b", "a+b"),
        ("a;b", "a;b"),
        ("a%3Fb", "a?b"),
        ("%2520", "%20"),
        ("%7Bx%7D", "{x}"),
        ("a%5Cb", "a\\b"),
    ] {
        let reply = client.get(&format!("/enc/{raw}?q=1")).await;
        assert_eq!((reply.status(), reply.text().as_str()), (200, slug), "{raw}");
    }
    assert_eq!(client.get("/enc/%zz").await.status(), 400);
}

#[tokio::test]
async fn axums_own_path_extractor_sees_the_same() {
    let client = Client::new(|| {
        Route::new("/[shop]/[...path]").get(
            async |axum::extract::Path((shop, path)): axum::extract::Path<(String, String)>| format!("{shop} {path}"),
        )
    });
    assert_eq!(client.get("/a%20b/c/d%2Fe").await.text(), "a b c/d/e");
}

#[tokio::test]
async fn an_optional_catch_all_matches_the_bare_prefix() {
    let client =
        Client::new(|| Route::new("/o/[[...s]]").get(async |Path(s): Path<Option<Vec<String>>>| format!("{s:?}")));
    assert_eq!(client.get("/o").await.text(), "None");
    assert_eq!(client.get("/o/a/b%2Fc").await.text(), r#"Some(["a", "b/c"])"#);
}

#[tokio::test]
async fn a_param_that_does_not_parse_is_an_empty_400() {
    let client = Client::new(|| Route::new("/[id]").get(async |Path(id): Path<u32>| id.to_string()));
    assert_eq!(client.get("/7").await.text(), "7");
    let reply = client.get("/x").await;
    assert_eq!(reply.status(), 400);
    assert!(is_empty(&reply));
}

#[tokio::test]
async fn axums_extractors_work() {
    #[derive(Deserialize)]
    struct Ping {
        ping: String,
    }
    let client = Client::new(|| {
        Route::new("/")
            .get(async |Query(query): Query<Ping>| query.ping)
            .post(async |Json(body): Json<Ping>| Json(body.ping))
            .put(async |Form(body): Form<Ping>| body.ping)
    });
    assert_eq!(client.get("/?ping=pong").await.text(), "pong");
    let request = |method: &str, content_type: &str, body: &str| {
        http::Request::builder()
            .method(method)
            .uri("/")
            .header("content-type", content_type)
            .body(body.to_owned())
            .unwrap()
    };
    let reply = client.send(request("POST", "application/json", r#"{"ping": "pong"}"#)).await;
    assert_eq!((reply.text().as_str(), reply.header("content-type")), (r#""pong""#, Some("application/json")));
    assert_eq!(client.send(request("PUT", "application/x-www-form-urlencoded", "ping=a+b")).await.text(), "a b");
}

#[tokio::test]
async fn a_large_body_reaches_axums_extractors() {
    let client = Client::new(|| Route::new("/").post(async |body: String| body.len().to_string()));
    let request = http::Request::post("/").body("x".repeat(4_000_000)).unwrap();
    assert_eq!(client.send(request).await.text(), "4000000");
}

#[tokio::test]
async fn a_get_has_no_body() {
    let client = Client::new(|| Route::new("/").get(async |mut request: Request| request.text().await));
    let request = http::Request::get("/").body("ignored".to_owned()).unwrap();
    assert_eq!(client.send(request).await.text(), "");
}

#[tokio::test]
async fn an_error_is_an_empty_500_that_tells_nothing() {
    let client = Client::new(|| {
        Route::new("/")
            .get(async || -> Result<String> { Ok("secret".parse::<u8>()?.to_string()) })
            .post(async || -> Result { Err(Error::msg("secret")) })
            .put(async || -> String { panic!("secret") })
            .patch(async || Response::text("secret").header("x-a", "\n"))
            .delete(async |_: Request| -> Result<Json<u8>> { Ok(Json("secret".parse()?)) })
            .options(async || Response::stream(stream::iter([Ok("secret"), Err(io::Error::other("secret"))])))
    });
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let reply = client.call(method, "/").await;
        assert_eq!(reply.status(), 500, "{method}");
        assert!(is_empty(&reply) && !reply.raw().to_string().contains("secret"), "{method}");
    }
}

#[derive(Deserialize)]
struct SecretOrder {
    #[expect(dead_code, reason = "only reading it matters")]
    secret_count: u8,
}

/// A connection of the user's, whose type no client should learn of.
#[derive(Clone)]
struct SecretPool;

/// Routes of which each fails in an extractor, with the request that it fails for and the status.
fn rejecting() -> Vec<(&'static str, Route, http::Request<&'static [u8]>, u16)> {
    use axum::extract::{Extension, Multipart, NestedPath, Path as AxumPath, RawForm};
    let post = |content_type: &str, body: &'static [u8]| {
        http::Request::post("/x?secret_count=secret")
            .header("content-type", content_type)
            .body(body)
            .expect("it is a valid request")
    };
    let (json, form) = ("application/json", "application/x-www-form-urlencoded");
    let multipart = "multipart/form-data; boundary=X";
    let route = || Route::new("/[id]");
    vec![
        ("Json, syntax", route().post(async |_: Json<SecretOrder>| ""), post(json, b"{secret"), 400),
        ("Json, data", route().post(async |_: Json<SecretOrder>| ""), post(json, b"{\"secret\": 1}"), 422),
        ("Json, type", route().post(async |_: Json<SecretOrder>| ""), post("text/plain", b"{}"), 415),
        ("Form, data", route().post(async |_: Form<SecretOrder>| ""), post(form, b"secret=1"), 422),
        ("Form, type", route().post(async |_: Form<SecretOrder>| ""), post(json, b"secret=1"), 415),
        ("RawForm", route().post(async |_: RawForm| ""), post(json, b"secret=1"), 415),
        ("Query", route().post(async |_: Query<SecretOrder>| ""), post(json, b""), 400),
        ("Path", route().post(async |_: Path<u8>| ""), post(json, b""), 400),
        ("Path, by name", route().post(async |_: Path<SecretOrder>| ""), post(json, b""), 400),
        ("axum's Path", route().post(async |_: AxumPath<u8>| ""), post(json, b""), 400),
        ("axum's Path, two", route().post(async |_: AxumPath<(u8, u8)>| ""), post(json, b""), 500),
        ("Extension", route().post(async |_: Extension<SecretPool>| ""), post(json, b""), 500),
        ("NestedPath", route().post(async |_: NestedPath| ""), post(json, b""), 500),
        ("String", route().post(async |_: String| ""), post("text/plain", b"secret \xFF"), 400),
        ("Multipart", route().post(async |_: Multipart| ""), post("multipart/form-data", b"secret"), 400),
        (
            "Multipart, a part",
            route().post(async |mut form: Multipart| form.next_field().await.map(|_| "")),
            post(multipart, b"--X\r\nsecret"),
            400,
        ),
        (
            "Multipart, with ?",
            route().post(async |mut form: Multipart| -> Result {
                Ok(form.next_field().await.map(|_| Response::empty())?)
            }),
            post(multipart, b"--X\r\nsecret"),
            400,
        ),
        (
            "Json, with ?",
            route().post(
                async |body: std::result::Result<Json<SecretOrder>, axum::extract::rejection::JsonRejection>| {
                    body.map(|_| "").map_err(Error::from)
                },
            ),
            post(json, b"{\"secret\": 1}"),
            422,
        ),
        (
            "Extension, with ?",
            route().post(
                async |pool: std::result::Result<
                    Extension<SecretPool>,
                    axum::extract::rejection::ExtensionRejection,
                >| { pool.map(|_| "").map_err(Error::from) },
            ),
            post(json, b""),
            500,
        ),
        (
            "request.json()",
            route().post(async |mut request: Request| -> Result<String> {
                request.json::<SecretOrder>().await.map(|_| String::new())
            }),
            post("", b"{\"secret\": 1}"),
            400,
        ),
    ]
}

#[tokio::test]
async fn no_text_of_a_rejection_reaches_a_client() {
    for source in [Source::Local, Source::Rest, Source::AlbSingle] {
        for (what, route, request, status) in rejecting() {
            let reply = Client::new(|| route).through(source).send(request).await;
            assert_eq!(reply.status(), status, "{source:?} {what}: {}", reply.text());
            assert!(is_empty(&reply), "{source:?} {what}: {}", reply.raw());
        }
    }
}

#[tokio::test]
async fn no_text_of_a_rejection_is_streamed_or_kept() {
    for (what, route, request, status) in rejecting() {
        let client = Client::new(|| route.streaming(true));
        let (parts, body) = request.into_parts();
        let mut reply = client.stream(http::Request::from_parts(parts, body)).await;
        assert_eq!(reply.head().status(), status, "{what}");
        assert!(reply.head().header("content-type").is_none() && reply.next().await.is_none(), "{what}");
    }
}

/// A value whose type refuses to be written, and says so in the words of the app.
struct Unwritable;

impl serde::Serialize for Unwritable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> std::result::Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("secret of SecretPool"))
    }
}

#[tokio::test]
async fn no_text_of_an_answer_that_cannot_be_written_reaches_a_client() {
    let keys = || std::collections::BTreeMap::from([(vec![1], 1)]);
    let routes = [
        Route::new("/").get(async || Json(Unwritable)),
        Route::new("/").get(async move || Json(keys())),
        Route::new("/").get(async || Response::json(&Unwritable)),
        Route::new("/").get(async move || axum::Json(keys())),
        Route::new("/").get(async || Form(1)),
        Route::new("/").get(async || Form(vec![("a", vec![1])])),
        Route::new("/").get(async || ([("a b", "1")], "")),
        Route::new("/").get(async || ([("a", "1\n")], "")),
    ];
    for (index, route) in routes.into_iter().enumerate() {
        let reply = Client::new(|| route).get("/").await;
        assert_eq!(reply.status(), 500, "{index}");
        assert!(is_empty(&reply), "{index}: {}", reply.raw());
    }
}

#[tokio::test]
async fn json_that_is_optional_is_none_without_a_type() {
    let seen = async |body: Option<Json<u8>>| body.map_or("none".to_owned(), |Json(number)| number.to_string());
    for (content_type, status, text) in
        [(None, 200, "none"), (Some("application/json"), 200, "7"), (Some("text/plain"), 415, "")]
    {
        let request = http::Request::post("/");
        let request = content_type.into_iter().fold(request, |request, it| request.header("content-type", it));
        let reply = Client::new(|| Route::new("/").post(seen)).send(request.body("7").unwrap()).await;
        assert_eq!((reply.status(), reply.text().as_str()), (status, text), "{content_type:?}");
    }
}

#[tokio::test]
async fn a_text_of_the_handler_s_own_is_sent_as_it_is() {
    for (status, text) in [
        (400, "Failed to find your order"),
        (404, "no such item"),
        (422, "Expected a number"),
        (500, "Missing request"),
        (503, "back at noon"),
        (200, "Missing request extension: is how axum begins"),
        (409, "Failed to deserialize query string: is how axum begins"),
    ] {
        let route = || Route::new("/").get(async move || (http::StatusCode::from_u16(status).unwrap(), text));
        let reply = call(route, "GET", "/").await;
        assert_eq!((reply.status(), reply.text().as_str()), (status, text));
        assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
    }
    // What a handler words itself is its own, although a rejection was the cause.
    let worded = async |body: std::result::Result<Json<u8>, axum::extract::rejection::JsonRejection>| {
        body.map(|_| "").map_err(|rejection| (rejection.status(), Json("a number, please")))
    };
    let reply = call(|| Route::new("/").post(worded), "POST", "/").await;
    assert_eq!((reply.status(), reply.text().as_str()), (415, "\"a number, please\""));
}

#[tokio::test]
async fn a_malformed_form_is_a_400() {
    let read =
        async |mut request: Request| -> Result<String> { Ok(request.form_data().await?.iter().count().to_string()) };
    let part = |head: &str| format!("--X\r\n{head}\r\n\r\nv\r\n--X--\r\n");
    let headers: String = (0..40).map(|number| format!("x-{number}: y\r\n")).collect();
    for (body, status) in [
        (part("Content-Disposition: form-data; name=\"a\""), 200),
        (part("Content-Disposition: form-data; name=\"\""), 200),
        (part("Content-Disposition: form-data"), 400),
        (part("Content-Disposition: form-data; filename=\"x\""), 400),
        (part("Content-Disposition: attachment; name=\"a\""), 400),
        (part("Content-Type: text/plain"), 400),
        (part(&format!("{headers}Content-Disposition: form-data; name=\"a\"")), 400),
        ("--X--\r\n".to_owned(), 200),
        ("--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv".to_owned(), 400),
        ("garbage".to_owned(), 400),
        (String::new(), 400),
    ] {
        let request = http::Request::post("/").header("content-type", "multipart/form-data; boundary=X");
        let reply = Client::new(|| Route::new("/").post(read)).send(request.body(body.clone()).unwrap()).await;
        assert_eq!(reply.status(), status, "{body:?}");
        assert!(status == 200 || is_empty(&reply), "{body:?}");
    }
}

#[tokio::test]
async fn spaces_around_a_header_of_a_request_are_no_part_of_it() {
    let seen = async |request: Request| format!("{:?}", request.header("x-tag"));
    for (sent, seen_as) in
        [(" a b\t", "Some(\"a b\")"), ("\t", "Some(\"\")"), ("né", "Some(\"né\")"), ("你", "Some(\"你\")")]
    {
        let event = serde_json::json!({
            "version": "2.0",
            "rawPath": "/",
            "headers": {"x-tag": sent},
            "requestContext": {"http": {"method": "GET"}, "domainName": "localhost"},
        });
        let reply = Client::new(|| Route::new("/").get(seen)).event(&event.to_string()).await.unwrap();
        assert_eq!(reply["body"], seen_as);
    }
}

#[tokio::test]
async fn urls_have_the_base_path_and_a_redirect_goes_where_it_says() {
    async fn get(request: Request) -> String {
        format!("{} {} {}", request.url(), request.path(), request.base_path())
    }
    let route = || Route::new("/items").get(get).post(async |_: Request| redirect("/login"));
    let client = Client::new(route).below("/shop");
    assert_eq!(client.get("/shop/items?x=1").await.text(), "http://localhost:9000/shop/items?x=1 /items /shop");
    assert_eq!(client.call("POST", "/shop/items").await.header("location"), Some("/login"));
    let at_the_root = Client::new(route).get("/items").await.text();
    assert_eq!(at_the_root, "http://localhost:9000/items /items ");
    let rest = Client::new(route).through(Source::Rest).get("/items").await.text();
    assert!(rest.ends_with(".amazonaws.com/prod/items /items /prod"), "{rest}");
    // Behind a CDN nobody sees the stage.
    let request =
        http::Request::get("/items").header("x-wharf-origin-secret", "s3cret").header("x-forwarded-host", "a.example");
    let client = Client::new(route).through(Source::Rest).behind_cdn("s3cret", true);
    assert_eq!(client.send(request.body("").unwrap()).await.text(), "https://a.example/items /items ");
}

#[tokio::test]
async fn an_error_may_have_another_status() {
    let client = Client::new(|| Route::new("/").get(async || -> Result { Err(Error::msg("x").with_status(409)) }));
    let reply = client.get("/").await;
    assert_eq!(reply.status(), 409);
    assert!(is_empty(&reply));
}

#[tokio::test]
async fn redirects_are_values_that_travel_through_question_marks() {
    async fn get(Path(to): Path<String>) -> Result {
        match to.as_str() {
            "value" => Ok(redirect("/somewhere?x=1")),
            "error" => Err(redirect("/login"))?,
            "permanent" => Err(permanent_redirect("https://example.com"))?,
            _ => None.ok_or_else(not_found)?,
        }
    }
    let client = Client::new(|| Route::new("/[to]").get(get).post(get));
    for (path, status, location) in [
        ("/value", 307, Some("/somewhere?x=1")),
        ("/error", 307, Some("/login")),
        ("/permanent", 308, Some("https://example.com")),
        ("/none", 404, None),
    ] {
        for method in ["GET", "POST"] {
            let reply = client.call(method, path).await;
            assert_eq!((reply.status(), reply.header("location")), (status, location), "{path}");
            assert!(is_empty(&reply));
        }
    }
}

#[tokio::test]
async fn cookies_are_sent_unless_the_handler_fails() {
    async fn get(Path(how): Path<String>) -> Result {
        cookies().set(Cookie::new("seen", "a b"));
        match how.as_str() {
            "ok" => Ok(Response::text("x").cookie(("other", "1"))),
            "same" => Ok(Response::text("x").cookie(("seen", "mine"))),
            "redirect" => Err(redirect("/"))?,
            "missing" => Err(not_found())?,
            "teapot" => Ok(Response::empty().status(404)),
            "panic" => panic!("no"),
            _ => Err(Error::msg("no")),
        }
    }
    let client = Client::new(|| Route::new("/[how]").get(get));
    for (path, sent) in [
        ("/ok", vec!["other=1; Path=/", "seen=a%20b; Path=/"]),
        ("/same", vec!["seen=mine; Path=/"]),
        ("/redirect", vec!["seen=a%20b; Path=/"]),
        ("/teapot", vec!["seen=a%20b; Path=/"]),
        ("/missing", vec![]),
        ("/panic", vec![]),
        ("/error", vec![]),
    ] {
        assert_eq!(client.get(path).await.cookies(), sent, "{path}");
    }
}

#[tokio::test]
async fn headers_and_cookies_are_seen_from_nested_calls() {
    fn nested() -> String {
        let theme = cookies().get("theme").map(|cookie| cookie.value().to_owned());
        format!("{:?} {:?}", headers().get("x-a").unwrap(), theme.unwrap_or_default())
    }
    let client = Client::new(|| Route::new("/").get(async || nested()));
    let request = http::Request::get("/").header("x-a", "1").header("cookie", "theme=dark%20blue").body(String::new());
    assert_eq!(client.send(request.unwrap()).await.text(), r#""1" "dark blue""#);
}

#[tokio::test]
async fn outside_a_request_they_panic_and_the_reply_is_a_500() {
    let client = Client::new(|| {
        Route::new("/").get(async || tokio::spawn(async { headers().len().to_string() }).await.unwrap())
    });
    assert_eq!(client.get("/").await.status(), 500);
    let panic = std::panic::catch_unwind(|| cookies().has("x")).unwrap_err();
    assert!(panic.downcast_ref::<String>().unwrap().starts_with("cookies() was called outside a request"));
}

#[tokio::test]
async fn bodies_are_exact() {
    let bytes: Vec<u8> = (0..=255).collect();
    let expected = bytes.clone();
    let client = Client::new(move || {
        Route::new("/")
            .get(async move || bytes)
            .post(async || Response::stream(stream::iter(["a", "b", "c"].map(Ok::<_, Infallible>))))
            .put(async || Response::new("no type"))
            .patch(async |body: axum::body::Bytes| body)
    });
    let reply = client.get("/").await;
    assert_eq!((reply.bytes(), reply.header("content-type")), (expected.clone(), Some("application/octet-stream")));
    assert_eq!(client.call("POST", "/").await.text(), "abc");
    assert!(client.call("PUT", "/").await.header("content-type").is_some());
    let echo = http::Request::patch("/").body(expected.clone()).unwrap();
    assert_eq!(client.send(echo).await.bytes(), expected);
}

#[tokio::test]
async fn statuses_without_a_body_have_none() {
    let client =
        Client::new(|| Route::new("/[code]").get(async |Path(code): Path<u16>| Response::text("body").status(code)));
    for code in [204, 205, 304] {
        let reply = client.get(&format!("/{code}")).await;
        assert_eq!(reply.status(), code);
        assert!(reply.raw().get("body").is_none() && is_empty(&reply), "{reply:?}");
    }
    for code in [200, 201, 418, 404, 500, 599] {
        assert_eq!(client.get(&format!("/{code}")).await.text(), "body");
    }
    assert_eq!(client.get("/199").await.status(), 500);
}

#[tokio::test]
async fn a_status_that_is_none_of_an_answer_is_a_500_whoever_made_it() {
    let client = Client::new(|| {
        Route::new("/[code]").get(async |Path(code): Path<u16>| (http::StatusCode::from_u16(code).unwrap(), "body"))
    });
    for code in [100, 199, 600, 999] {
        let reply = client.get(&format!("/{code}")).await;
        assert_eq!((reply.status(), reply.text().as_str()), (500, ""), "{code}");
    }
}

fn params(slug: &str) -> Params {
    let mut params = Params::default();
    params.push("slug", ParamValue::One(slug.to_owned()));
    params
}

fn frozen(slug: &str, revalidate: Revalidate) -> FrozenRoute {
    let headers = vec![("content-type".to_owned(), "text/plain".to_owned()), ("x-a".to_owned(), "\u{E9}".to_owned())];
    let body = b"frozen".to_vec();
    FrozenRoute {
        answers: vec![(params(slug), Frozen { status: 201, headers, body, revalidate, tags: Vec::new() })],
        live: Vec::new(),
        is_dynamic: false,
    }
}

fn state(reply: &Reply) -> (Option<&str>, Option<&str>) {
    (reply.header("x-wharf-cache"), reply.header("cache-control"))
}

/// What nobody keeps.
const LIVE: (Option<&str>, Option<&str>) = (None, Some("private, no-store"));

static RUNS: AtomicU32 = AtomicU32::new(0);

fn slugs() -> Route {
    Route::new("/s/[slug]")
        .get(async |Path(slug): Path<String>| match slug.as_str() {
            "counted" => RUNS.fetch_add(1, Ordering::Relaxed).to_string(),
            "private" => cookies().iter().count().to_string(),
            _ => slug,
        })
        .post(async || "posted")
        .static_params(async || vec!["a b"])
}

#[tokio::test]
async fn frozen_answers_are_replayed() {
    let client = Client::with_frozen(slugs, &frozen("a b", Revalidate::Never));
    let reply = client.get("/s/a%20b?ignored=1").await;
    assert_eq!((reply.status(), reply.text().as_str(), reply.header("x-a")), (201, "frozen", Some("é")));
    assert_eq!(state(&reply), (Some("HIT"), Some("s-maxage=31536000")));
    let head = client.call("HEAD", "/s/a%20b").await;
    assert_eq!((head.status(), head.header("content-length"), head.raw().get("body")), (201, Some("6"), None));
    let post = client.call("POST", "/s/a%20b").await;
    assert_eq!((post.text().as_str(), state(&post)), ("posted", LIVE));
}

#[tokio::test]
async fn a_head_of_its_own_is_run_beside_a_kept_get() {
    let route = || slugs().head(async || Response::empty().header("x-own", "1"));
    let client = Client::with_frozen(route, &frozen("a b", Revalidate::Never));
    let head = client.call("HEAD", "/s/a%20b").await;
    assert_eq!((head.status(), head.header("x-own"), state(&head)), (200, Some("1"), LIVE));
    assert_eq!(client.get("/s/a%20b").await.text(), "frozen");
}

#[tokio::test]
async fn other_methods_of_a_kept_path_are_refused() {
    let client = Client::with_frozen(slugs, &frozen("a b", Revalidate::Never));
    for path in ["/s/a%20b", "/s/other"] {
        let reply = client.call("DELETE", path).await;
        assert_eq!((reply.status(), reply.header("allow")), (405, Some("GET, HEAD, OPTIONS, POST")), "{path}");
        assert!(is_empty(&reply) && state(&reply) == LIVE, "{path}");
    }
}

#[tokio::test]
async fn unlisted_params_are_made_once_and_kept() {
    let client = Client::with_frozen(slugs, &frozen("a b", Revalidate::Never));
    let first = client.get("/s/counted").await;
    assert_eq!(state(&first), (Some("MISS"), Some("s-maxage=31536000")));
    let second = client.get("/s/counted").await;
    assert_eq!((second.text(), state(&second).0), (first.text(), Some("HIT")));
    let private = client.get("/s/private").await;
    assert_eq!((private.text().as_str(), state(&private)), ("0", LIVE));
}

#[tokio::test]
async fn without_dynamic_params_only_listed_ones_exist() {
    let client = Client::with_frozen(|| slugs().dynamic_params(false), &frozen("a b", Revalidate::Never));
    assert_eq!(client.get("/s/a%20b").await.status(), 201);
    for method in ["GET", "HEAD", "POST"] {
        assert_eq!(client.call(method, "/s/other").await.status(), 404, "{method}");
    }
    assert_eq!(call(|| slugs().dynamic_params(false), "GET", "/s/other").await.status(), 200);
}

#[tokio::test]
async fn a_dynamic_route_may_have_listed_params_only() {
    static HANDLED: AtomicU32 = AtomicU32::new(0);
    let handler = async || HANDLED.fetch_add(1, Ordering::Relaxed).to_string();
    let listed = FrozenRoute { live: vec![params("a b")], is_dynamic: true, ..FrozenRoute::default() };
    for dynamic in [Dynamic::Auto, Dynamic::ForceDynamic] {
        let route = || {
            let route = Route::new("/s/[slug]").dynamic(dynamic).dynamic_params(false);
            route.static_params(async || ["a b"]).get(handler).post(handler)
        };
        let client = Client::with_frozen(route, &listed);
        HANDLED.store(0, Ordering::Relaxed);
        for method in ["GET", "HEAD", "POST", "OPTIONS", "DELETE"] {
            assert_eq!(client.call(method, "/s/other").await.status(), 404, "{method}");
        }
        assert_eq!(HANDLED.load(Ordering::Relaxed), 0, "the handler was run");
        for text in ["0", "1"] {
            let reply = client.get("/s/a%20b").await;
            assert_eq!((reply.text().as_str(), state(&reply)), (text, LIVE), "nothing is kept");
        }
        assert_eq!(client.call("POST", "/s/a%20b").await.text(), "2");
        assert_eq!(client.call("DELETE", "/s/a%20b").await.status(), 405);
    }
}

static FAILS: AtomicU32 = AtomicU32::new(0);

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_renewed_stays() {
    let route = || {
        Route::new("/s/[slug]").revalidate(60).get(async || match FAILS.fetch_add(1, Ordering::Relaxed) {
            0 => Ok("renewed"),
            1 => Err(Error::msg("no")),
            2 => panic!("no"),
            _ => Ok("again"),
        })
    };
    let client = Client::with_frozen(route, &frozen("x", Revalidate::After(60)));
    let minute = std::time::Duration::from_secs(60);
    let fresh = Some("s-maxage=60, stale-while-revalidate=31535940");
    for (text, expected) in [("renewed", "MISS"), ("renewed", "HIT")] {
        let reply = client.get("/s/x").await;
        assert_eq!((reply.text().as_str(), state(&reply)), (text, (Some(expected), fresh)));
    }
    for _ in 0..2 {
        tokio::time::advance(minute).await;
        let reply = client.get("/s/x").await;
        assert_eq!((reply.status(), reply.text().as_str(), state(&reply).0), (200, "renewed", Some("STALE")));
    }
    tokio::time::advance(minute).await;
    let reply = client.get("/s/x").await;
    assert_eq!((reply.text().as_str(), state(&reply)), ("again", (Some("MISS"), fresh)));
}

#[tokio::test]
async fn a_forced_static_handler_gets_an_empty_request() {
    async fn get(request: Request) -> String {
        format!("{} {} {}", request.url(), request.headers().len(), cookies().iter().count())
    }
    let route = || Route::new("/f/[slug]").dynamic(Dynamic::ForceStatic).get(get);
    let client = Client::with_frozen(route, &FrozenRoute::default());
    let request = || http::Request::get("/f/a%20b?q=1").header("cookie", "a=1").body(String::new()).unwrap();
    let reply = client.send(request()).await;
    assert_eq!((reply.text().as_str(), state(&reply).0), ("http://localhost:3000/f/a%20b 0 0", Some("MISS")));
    assert_eq!(state(&client.send(request()).await).0, Some("HIT"));
    assert!(Client::new(route).send(request()).await.text().contains("q=1"));
}

fn many_fields() -> [(&'static str, String); 5] {
    let fields = |count| "a&".repeat(count);
    let part = |number| format!("--X\r\ncontent-disposition: form-data; name=\"{number}\"\r\n\r\n\r\n");
    let parts = |count| (0..count).map(part).collect::<String>() + "--X--\r\n";
    let headers = (0..40).map(|number| format!("x-{number}: 1\r\n")).collect::<String>();
    [
        ("application/x-www-form-urlencoded", fields(1000)),
        ("application/x-www-form-urlencoded", fields(1001)),
        ("multipart/form-data; boundary=X", parts(1000)),
        ("multipart/form-data; boundary=X", parts(1001)),
        ("multipart/form-data; boundary=X", format!("--X\r\n{headers}\r\n\r\n--X--\r\n")),
    ]
}

async fn post(client: &Client, content_type: &str, body: impl Into<axum::body::Body>) -> u16 {
    let request =
        http::Request::post("/").header("content-type", content_type).body(body.into()).expect("it is a valid request");
    client.send(request).await.status()
}

#[tokio::test]
async fn a_form_with_too_many_fields_is_a_413_and_a_part_with_too_many_headers_an_error() {
    let client = Client::new(|| {
        let read = async |mut request: Request| -> Result { Response::json(&request.form_data().await?.iter().len()) };
        Route::new("/").post(read)
    });
    let mut statuses = Vec::new();
    for (content_type, body) in many_fields() {
        statuses.push(post(&client, content_type, body).await);
    }
    assert_eq!(statuses[..4], [200, 413, 200, 413]);
    assert!(statuses[4] >= 400, "{statuses:?}");
}

#[tokio::test]
async fn axums_extractors_are_bounded_too() {
    let [_, (form, many), ..] = many_fields();
    let client = Client::new(|| {
        Route::new("/").post(async |Form(fields): Form<Vec<(String, String)>>| fields.len().to_string())
    });
    assert_eq!(post(&client, form, many).await, 413);
    let client = Client::new(|| Route::new("/").post(async |Json(value): Json<serde_json::Value>| Json(value)));
    assert_eq!(post(&client, "application/json", format!("[{}0]", "{},".repeat(99_999))).await, 200);
    assert_eq!(post(&client, "application/json", format!("[{}0]", "{},".repeat(100_000))).await, 413);
    let client =
        Client::new(|| Route::new("/").post(async |mut request: Request| request.json::<Vec<()>>().await.map(|_| "")));
    assert_eq!(post(&client, "text/plain", format!("[{}0]", "{},".repeat(100_000))).await, 413);
}

#[tokio::test]
async fn thousands_of_cookies_are_read_and_more_headers_than_any_source_takes_are_a_431() {
    let client = Client::new(|| Route::new("/").get(async || cookies().iter().count().to_string()));
    let get = async |count: usize| {
        let line: String = (0..count).map(|number| format!("{number};")).collect();
        client.send(http::Request::get("/").header("cookie", line).body("").unwrap()).await
    };
    assert_eq!(get(20_000).await.text(), "20000");
    assert_eq!(get(100_000).await.status(), 431);
}

#[tokio::test]
async fn a_path_of_too_many_parts_is_a_414() {
    let client =
        Client::new(|| Route::new("/[...path]").get(async |Path(path): Path<Vec<String>>| path.len().to_string()));
    assert_eq!(client.get(&"/a".repeat(30_000)).await.text(), "30000");
    assert_eq!(client.get(&"/a".repeat(40_000)).await.status(), 414);
}

#[tokio::test]
async fn a_stream_breaks_off_where_lambda_would_cut_it() {
    let piece = axum::body::Bytes::from(vec![b'x'; 1024 * 1024]);
    let endless = move || {
        let piece = piece.clone();
        Response::stream(stream::repeat_with(move || Ok::<_, Infallible>(piece.clone())))
    };
    let client = Client::new(move || Route::new("/").get(async move || endless()).streaming(true));
    let mut reply = client.stream(http::Request::get("/").body("").unwrap()).await;
    let mut pieces = 0;
    while reply.next().await.is_some() {
        pieces += 1;
    }
    assert!(pieces == 200 && reply.broke_off(), "{pieces}");
}

#[tokio::test]
async fn a_stream_that_is_sent_whole_is_dropped_once_it_cannot_fit() {
    static PIECES: AtomicU32 = AtomicU32::new(0);
    let endless = || {
        let pieces = stream::repeat_with(|| {
            PIECES.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Infallible>(vec![b'x'; 1024 * 1024])
        });
        Response::stream(pieces)
    };
    let forced = || Route::new("/").dynamic(Dynamic::ForceStatic).get(async move || endless());
    for client in [
        Client::new(|| Route::new("/").get(async move || endless())),
        Client::with_frozen(forced, &FrozenRoute::default()),
    ] {
        PIECES.store(0, Ordering::Relaxed);
        let reply = client.get("/").await;
        assert_eq!((reply.status(), reply.text().as_str()), (500, ""));
        let pieces = PIECES.swap(0, Ordering::Relaxed);
        assert!(pieces <= 7, "{pieces}");
        client.call("HEAD", "/").await;
        assert!(PIECES.load(Ordering::Relaxed) <= 7);
    }
}

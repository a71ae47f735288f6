//! Behaviours of Next.js that no other test shows, and the check that `BEHAVIOURS.md` names tests that exist.
#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::Path as FilePath,
};

use wharf::{
    Cookie, Error, Form, Request, Response, Result, cookies,
    entry::Route,
    forbidden, headers, http,
    testing::{Client, Reply},
    unauthorized,
};

async fn sent(route: impl FnOnce() -> Route, method: &str, content_type: Option<&str>, body: &[u8]) -> Reply {
    let mut request = http::Request::builder().method(method).uri("/");
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    Client::new(route).send(request.body(body.to_vec()).unwrap()).await
}

async fn echo_json(mut request: Request) -> Result {
    let value: serde_json::Value = request.json().await?;
    Response::json(&value)
}

#[tokio::test]
async fn json_is_read_whatever_its_type_and_method() {
    let route = || Route::new("/").post(echo_json).delete(echo_json).options(echo_json);
    for method in ["POST", "DELETE", "OPTIONS"] {
        for content_type in [None, Some("text/plain")] {
            let reply = sent(route, method, content_type, b"\xEF\xBB\xBF{\"a\": [1, 2]}").await;
            assert_eq!((reply.status(), reply.text().as_str()), (200, r#"{"a":[1,2]}"#), "{method}");
            assert_eq!(reply.header("content-type"), Some("application/json"));
        }
    }
}

#[tokio::test]
async fn malformed_json_is_a_400_or_what_the_handler_makes_of_it() {
    async fn caught(mut request: Request) -> Response {
        match request.json::<u8>().await {
            Ok(_) => Response::empty(),
            Err(_) => Response::text("no number").status(422),
        }
    }
    for body in ["", "{", "[1,]"] {
        let reply = sent(|| Route::new("/").post(echo_json), "POST", None, body.as_bytes()).await;
        assert_eq!((reply.status(), reply.text().as_str()), (400, ""), "{body}");
        let reply = sent(|| Route::new("/").post(caught), "POST", None, body.as_bytes()).await;
        assert_eq!((reply.status(), reply.text().as_str()), (422, "no number"), "{body}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_form_is_a_400_or_a_415() {
    let route = || {
        Route::new("/").post(async |mut request: Request| -> Result {
            Ok(Response::text(request.form_data().await?.iter().count().to_string()))
        })
    };
    for (content_type, status) in [
        (Some("application/x-www-form-urlencoded"), 200),
        (Some("Application/X-WWW-Form-Urlencoded; charset=utf-8"), 200),
        (Some("application/json"), 415),
        (Some("multipart/form-data"), 400),
        (None, 415),
    ] {
        let reply = sent(route, "POST", content_type, b"a=1&a=2").await;
        assert_eq!(reply.status(), status, "{content_type:?}");
        assert_eq!(reply.text(), if status == 200 { "2" } else { "" });
    }
}

#[tokio::test]
async fn an_empty_post_has_an_empty_body() {
    let route = || {
        Route::new("/").post(async |mut request: Request| -> Result {
            let text = request.text().await?;
            Ok(Response::text(format!("{text:?} {}", request.text().await.is_err())))
        })
    };
    assert_eq!(sent(route, "POST", None, b"").await.text(), "\"\" true");
}

#[tokio::test]
async fn header_names_have_no_case_and_both_ways_read_the_same() {
    let client = Client::new(|| {
        Route::new("/").get(async |request: Request| {
            assert_eq!(*request.headers(), *headers());
            format!("{:?} {:?} {:?}", request.header("X-Shelf"), request.header("x-shelf"), request.header("x-none"))
        })
    });
    let request = http::Request::get("/").header("X-SHELF", "7").body(String::new()).unwrap();
    assert_eq!(client.send(request).await.text(), r#"Some("7") Some("7") None"#);
}

#[tokio::test]
async fn the_parts_of_the_url_are_those_that_were_asked_for() {
    let client = Client::new(|| {
        Route::new("/[...path]").get(async |request: Request| {
            let url = request.url();
            let origin = url.origin().ascii_serialization();
            let port = url.port().unwrap_or_default();
            format!("{origin} {port} {} {:?} {}", url.path(), url.query(), request.raw_query())
        })
    });
    assert_eq!(
        client.get("/a/b?x=a%20y&c").await.text(),
        "http://localhost:9000 9000 /a/b Some(\"x=a%20y&c\") x=a%20y&c"
    );
}

#[tokio::test]
async fn a_value_that_is_no_json_is_a_500() {
    let map = || BTreeMap::from([((1, 2), "a key that is no text")]);
    let client = Client::new(move || Route::new("/").get(async move || -> Result { Response::json(&map()) }));
    let reply = client.get("/").await;
    assert_eq!((reply.status(), reply.text().as_str()), (500, ""));
}

#[tokio::test]
async fn a_json_answer_keeps_its_status_headers_and_own_type() {
    let client = Client::new(|| {
        Route::new("/").get(async || -> Result {
            let response = Response::json(&[1, 2])?.status(418).header("x-a", "1");
            Ok(response.content_type("application/problem+json"))
        })
    });
    let reply = client.get("/").await;
    assert_eq!((reply.status(), reply.text().as_str(), reply.header("x-a")), (418, "[1,2]", Some("1")));
    assert_eq!(reply.header("content-type"), Some("application/problem+json"));
}

#[tokio::test]
async fn a_redirect_is_normalized_and_keeps_what_is_added() {
    let client = Client::new(|| {
        Route::new("/")
            .get(async || Response::redirect("https://nextjs.org").header("x-a", "1"))
            .post(async || Response::redirect("/relative").status(303))
            .put(async || Response::redirect("/x").status(199))
    });
    let reply = client.get("/").await;
    assert_eq!((reply.status(), reply.header("location")), (307, Some("https://nextjs.org/")));
    assert_eq!((reply.header("x-a"), reply.text().as_str()), (Some("1"), ""));
    let reply = client.call("POST", "/").await;
    assert_eq!((reply.status(), reply.header("location")), (303, Some("/relative")));
    assert_eq!(client.call("PUT", "/").await.status(), 500);
}

#[tokio::test]
async fn every_kind_of_body_has_its_type() {
    let client = Client::new(|| {
        Route::new("/")
            .get(async || "text")
            .post(async || Response::bytes(vec![1]))
            .put(async || Form([("a", "b c")]))
            .patch(async || Response::empty())
            .delete(async || Response::html("<p>"))
    });
    for (method, content_type) in [
        ("GET", Some("text/plain; charset=utf-8")),
        ("POST", Some("application/octet-stream")),
        ("PUT", Some("application/x-www-form-urlencoded")),
        ("PATCH", None),
        ("DELETE", Some("text/html; charset=utf-8")),
    ] {
        assert_eq!(client.call(method, "/").await.header("content-type"), content_type, "{method}");
    }
    let names = client.get("/").await;
    assert_eq!(names.header_names().collect::<Vec<_>>(), ["cache-control", "content-type"]);
}

#[tokio::test]
async fn a_header_may_be_latin_1_or_utf_8_and_no_control_character() {
    let client = Client::new(|| {
        Route::new("/")
            .get(async || Response::empty().header("x-a", "café").header("x-b", "你"))
            .post(async || Response::empty().header("x-a", "a\u{0}"))
    });
    let reply = client.get("/").await;
    assert_eq!((reply.status(), reply.header("x-a"), reply.header("x-b")), (200, Some("café"), Some("你")));
    assert_eq!(client.call("POST", "/").await.status(), 500);
}

#[tokio::test]
async fn forbidden_and_unauthorized_are_empty_and_drop_cookies() {
    let client = Client::new(|| {
        Route::new("/")
            .get(async || -> Result {
                cookies().set(Cookie::new("a", "1"));
                Err(Error::from(unauthorized()))
            })
            .post(async || -> Result {
                cookies().set(Cookie::new("a", "1"));
                Ok(forbidden())
            })
    });
    for (method, status) in [("GET", 401), ("POST", 403)] {
        let reply = client.call(method, "/").await;
        assert_eq!((reply.status(), reply.text().as_str()), (status, ""));
        assert!(reply.cookies().is_empty() && reply.header("content-type").is_none());
    }
}

#[tokio::test]
async fn a_cookie_is_read_in_three_ways() {
    let client = Client::new(|| {
        Route::new("/").get(async |request: Request| {
            let value = cookies().get("a").map(|cookie| cookie.value().to_owned());
            let same = request.cookies().get("a").map(|cookie| cookie.value().to_owned());
            format!("{} {} {}", cookies().has("a"), value.as_deref() == Some("1"), value == same)
        })
    });
    let request = http::Request::get("/").header("cookie", "a=1").body(String::new()).unwrap();
    assert_eq!(client.send(request).await.text(), "true true true");
}

fn add_sources(folder: &FilePath, sources: &mut String) {
    for path in fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            add_sources(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

/// The names in backticks of the last column, which are those of tests.
#[test]
fn every_test_that_the_table_names_exists() {
    let root = FilePath::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(root.join("BEHAVIOURS.md")).unwrap();
    let mut sources = String::new();
    for folder in ["src", "tests", "../bundler/src", "../tests/tests"] {
        add_sources(&root.join(folder), &mut sources);
    }
    let defined: HashSet<_> = sources
        .lines()
        .filter_map(|line| line.trim_start().split_once("fn ").filter(|(front, _)| ["", "async "].contains(front)))
        .filter_map(|(_, rest)| rest.split_once('('))
        .map(|(name, _)| name)
        .collect();
    let rows = table.lines().filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit());
    let mut count = 0;
    for row in rows {
        count += 1;
        let shown = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap().trim();
        assert!(!shown.is_empty(), "{row}");
        // A fixture stands in parentheses behind the test that reads it.
        for name in shown.split('`').skip(1).step_by(2).filter(|name| !name.contains('/')) {
            assert!(defined.contains(name), "no test is named {name}: {row}");
        }
    }
    assert!(count >= 143, "{count} rows");
}

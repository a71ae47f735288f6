//! A function of several routes: which of them answers, and what each keeps of its own.

use std::convert::Infallible;

use futures_util::stream;
use wharf::{
    Path, Response, Result,
    config::Revalidate,
    contract::report::{Frozen, FrozenFunction, FrozenRoute},
    entry::Route,
    http::Request,
    pattern::{ParamValue, Params},
    revalidate_path,
    testing::{Client, Source},
};

fn lines() -> Response {
    Response::stream(stream::iter(["one", "two"].map(Ok::<_, Infallible>)))
}

/// In no order, as the adapter sorts them itself.
const ROUTES: [fn() -> Route; 6] = [
    || Route::new("/admin/[...rest]").get(async |Path(rest): Path<Vec<String>>| rest.join("+")),
    || Route::new("/admin/[id]").get(async |Path(id): Path<String>| id).post(async || "posted"),
    || {
        Route::new("/admin/users").get(async || "users").delete(async || -> Result<&'static str> {
            revalidate_path("/admin/items/a").await?;
            Ok("revalidated")
        })
    },
    || {
        let route = Route::new("/admin/items/[slug]").dynamic_params(false).static_params(async || ["a"]);
        route.get(async |Path(slug): Path<String>| format!("made {slug}"))
    },
    || Route::new("/admin/live").streaming(true).get(async || lines()),
    || Route::new("/admin/whole").get(async || lines()),
];

fn frozen() -> FrozenFunction {
    let mut params = Params::default();
    params.push("slug", ParamValue::One("a".to_owned()));
    let (headers, body) = (Vec::new(), b"built".to_vec());
    let frozen = Frozen { status: 200, headers, body, revalidate: Revalidate::Never, tags: Vec::new() };
    let items = FrozenRoute { answers: vec![(params, frozen)], ..FrozenRoute::default() };
    FrozenFunction([("/admin/items/[slug]".to_owned(), items)].into())
}

#[tokio::test]
async fn the_most_special_route_answers() {
    let client = Client::of_all(&ROUTES);
    for (path, body) in [
        ("/admin/users", "users"),
        ("/admin/other", "other"),
        ("/admin/users/7", "users+7"),
        ("/admin/items/a/b", "items+a+b"),
    ] {
        assert_eq!(client.get(path).await.text(), body, "{path}");
    }
}

#[tokio::test]
async fn the_methods_are_those_of_the_matched_route() {
    let client = Client::of_all(&ROUTES);
    for (path, allow) in [
        ("/admin/users", "DELETE, GET, HEAD, OPTIONS"),
        ("/admin/other", "GET, HEAD, OPTIONS, POST"),
        ("/admin/users/7", "GET, HEAD, OPTIONS"),
    ] {
        for (method, status) in [("OPTIONS", 204), ("PUT", 405), ("TRACE", 405)] {
            let reply = client.call(method, path).await;
            assert_eq!((reply.status(), reply.header("allow")), (status, Some(allow)), "{method} {path}");
        }
    }
    assert_eq!(client.call("POST", "/admin/other").await.text(), "posted");
}

/// An HTTP API says the same of a path that it has no route for.
#[tokio::test]
async fn an_unknown_path_is_answered_as_the_api_would() {
    let client = Client::of_all(&ROUTES);
    for method in ["GET", "POST", "PUT", "OPTIONS", "TRACE"] {
        for source in Source::ALL {
            let reply = Client::of_all(&ROUTES).through(source).call(method, "/admin").await;
            let body = (reply.status(), reply.header("content-type"), reply.text());
            let unknown = (404, Some("application/json"), r#"{"message":"Not Found"}"#.to_owned());
            assert_eq!(body, unknown, "{method} {source:?}");
        }
    }
    let head = client.call("HEAD", "/admin").await;
    assert_eq!((head.status(), head.text()), (404, String::new()));
}

#[tokio::test]
async fn what_is_frozen_belongs_to_one_route() {
    let client = Client::all_with_frozen(&ROUTES, &frozen());
    let got = async |path: &str| {
        let reply = client.get(path).await;
        (reply.status(), reply.header("x-wharf-cache").map(str::to_owned), reply.text())
    };
    let kept = |state: &str, body: &str| (200, Some(state.to_owned()), body.to_owned());
    assert_eq!(got("/admin/items/a").await, kept("HIT", "built"));
    assert_eq!(got("/admin/items/b").await, (404, None, String::new()), "DYNAMIC_PARAMS is false");
    assert_eq!(got("/admin/a").await, (200, None, "a".to_owned()), "another route has such params, too");
    // A route of the same function revalidates it at once.
    assert_eq!(client.call("DELETE", "/admin/users").await.text(), "revalidated");
    assert_eq!(got("/admin/items/a").await, kept("MISS", "made a"));
}

#[tokio::test]
async fn a_route_that_does_not_stream_is_sent_in_one_piece() {
    let client = Client::of_all(&ROUTES);
    let pieces = async |path: &str| {
        let mut reply = client.stream(Request::get(path).body("").unwrap()).await;
        let mut pieces = vec![reply.head().status().to_string()];
        while let Some(piece) = reply.next().await {
            pieces.push(String::from_utf8(piece.to_vec()).unwrap());
        }
        pieces
    };
    assert_eq!(pieces("/admin/live").await, ["200", "one", "two"]);
    assert_eq!(pieces("/admin/whole").await, ["200", "onetwo"]);
    assert_eq!(pieces("/admin/users").await, ["200", "users"]);
}

//! Routes in process: no socket, no emulator, and the same conversions as on Lambda.

use guide::routes::entry;
use serde_json::{Value, json};
use wharf::{http::Request, testing::Client};

#[tokio::test]
async fn an_item_is_found_by_its_slug() {
    let client = Client::new(entry::items_slug);
    let reply = client.get("/items/piranesi").await;
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.json::<Value>()["author"], "Susanna Clarke");
    assert_eq!(client.get("/items/nothing").await.status(), 404);
}

#[tokio::test]
async fn a_patch_keeps_what_it_does_not_name() {
    let change =
        Request::patch("/items/james").header("content-type", "application/json").body(r#"{"price_cents":900}"#);
    let reply = Client::new(entry::items_slug).send(change.unwrap()).await;
    assert_eq!(reply.json::<Value>(), json!({ "title": "James", "price_cents": 900 }));
}

#[tokio::test]
async fn what_is_put_into_the_cart_is_remembered_by_a_cookie() {
    let addition = Request::post("/api/cart")
        .header("content-type", "application/json")
        .header("cookie", "cart=solaris")
        .body(r#"{"slug":"james"}"#);
    let reply = Client::new(entry::api_cart).send(addition.unwrap()).await;
    assert_eq!(reply.json::<Value>(), json!({ "slugs": ["solaris", "james"] }));
    assert_eq!(reply.cookies(), ["cart=solaris.james; Path=/; HttpOnly; SameSite=lax"]);
}

#[tokio::test]
async fn without_a_session_the_account_redirects() {
    let reply = Client::new(entry::account).get("/account").await;
    assert_eq!((reply.status(), reply.header("location")), (307, Some("/")));
}

#[tokio::test]
async fn a_search_links_to_its_next_page() {
    let client = Client::new(entry::api_search);
    let page: Value = client.get("/api/search?title=the&genre=science-fiction").await.json();
    assert_eq!((&page["found"], &page["next"]), (&json!(2), &Value::Null));
    let page: Value = client.get("/api/search?page=1").await.json();
    let next = page["next"].as_str().unwrap();
    assert!(next.ends_with("/api/search?page=2"), "{next}");
}

#[tokio::test]
async fn the_shop_is_filtered_by_pairs() {
    let client = Client::new(entry::shop_filters);
    assert_eq!(client.get("/shop").await.json::<Vec<Value>>().len(), 7);
    let books: Value = client.get("/shop/genre/fantasy/year/2020").await.json();
    assert_eq!(books[0]["slug"], "piranesi");
    assert_eq!(client.get("/shop/genre").await.status(), 404);
}

#[tokio::test]
async fn a_form_needs_its_fields() {
    let client = Client::new(entry::api_contact);
    let form = |body: &'static str| {
        Request::post("/api/contact").header("content-type", "application/x-www-form-urlencoded").body(body).unwrap()
    };
    let receipt: Value = client.send(form("name=Ada+L.&email=ada%40example.com")).await.json();
    assert_eq!(receipt, json!({ "name": "Ada L.", "email": "ada@example.com" }));
    assert_eq!(client.send(form("name=Ada")).await.status(), 422);
}

#[tokio::test]
async fn a_preflight_is_answered_for_every_origin() {
    let reply = Client::new(entry::api_prices).call("OPTIONS", "/api/prices").await;
    assert_eq!((reply.status(), reply.header("access-control-allow-origin")), (204, Some("*")));
}

#[tokio::test]
async fn a_shelf_number_is_a_number() {
    let client = Client::new(entry::shelves_floor_number);
    assert_eq!(client.get("/shelves/1/0").await.json::<Vec<Value>>().len(), 2);
    assert_eq!(client.get("/shelves/1/x").await.status(), 400);
}

#[tokio::test]
async fn the_stream_names_every_book() {
    let recommendations = Client::new(entry::api_recommend).get("/api/recommend").await.text();
    assert_eq!(recommendations.lines().count(), 7);
}

#[tokio::test]
async fn without_its_warehouse_the_shop_says_so() {
    if std::env::var_os("UPSTREAM").is_some() {
        return;
    }
    assert_eq!(Client::new(entry::api_posts).get("/api/posts").await.status(), 503);
}

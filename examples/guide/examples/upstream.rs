//! A small warehouse to fetch from: it counts what it was asked for, so that one can see what the shop kept.
//!
//! `cargo run --example upstream` prints the address to put into `UPSTREAM`; `UPSTREAM_LISTEN` chooses it.

use std::{collections::BTreeMap, env, io, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::{Method, StatusCode, Uri},
    middleware::{self, Next},
    response::Response,
    routing::{any, get},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Mutex};

/// How often each path was asked for.
type Hits = Arc<Mutex<BTreeMap<String, u32>>>;

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = env::var("UPSTREAM_LISTEN").unwrap_or_else(|_| "127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, warehouse()).await
}

fn warehouse() -> Router {
    let hits = Hits::default();
    Router::new()
        .route("/products/{id}", get(product))
        .route("/posts", get(posts))
        .route("/data/{key}", any(keyed))
        .fallback(nothing)
        .layer(middleware::from_fn_with_state(hits.clone(), count))
        .route("/hits", get(all_hits))
        .with_state(hits)
}

async fn count(State(hits): State<Hits>, request: Request, next: Next) -> Response {
    *hits.lock().await.entry(request.uri().path().to_owned()).or_default() += 1;
    next.run(request).await
}

async fn product(State(hits): State<Hits>, uri: Uri, Path(id): Path<u32>) -> Json<Value> {
    Json(json!({ "id": id, "hits": hits.lock().await[uri.path()] }))
}

async fn posts() -> Json<Value> {
    Json(json!([{ "id": 1, "title": "The autumn list" }, { "id": 2, "title": "Lem at a hundred" }]))
}

async fn keyed(State(hits): State<Hits>, uri: Uri, method: Method, Path(key): Path<String>) -> Json<Value> {
    Json(json!({ "key": key, "hits": hits.lock().await[uri.path()], "method": method.as_str() }))
}

async fn all_hits(State(hits): State<Hits>) -> Json<BTreeMap<String, u32>> {
    Json(hits.lock().await.clone())
}

async fn nothing() -> (StatusCode, Json<Value>) {
    (StatusCode::NOT_FOUND, Json(json!({ "none": true })))
}

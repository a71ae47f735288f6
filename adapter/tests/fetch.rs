//! `fetch()` against an upstream that counts how often it is asked.
#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use wharf::{
    Cache, Path, Response, Result,
    config::{Dynamic, FetchCache, Revalidate},
    contract::report::FrozenRoute,
    entry::Route,
    fetch, revalidate_path, revalidate_tag,
    testing::Client,
};

/// Answers every request with how many there were; `/missing` with 404.
fn upstream() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let hits = Arc::new(AtomicU32::new(0));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, hits) = (stream.unwrap(), Arc::clone(&hits));
            thread::spawn(move || {
                let mut first = String::new();
                let mut lines = BufReader::new(stream.try_clone().unwrap());
                lines.read_line(&mut first).unwrap();
                while lines.by_ref().lines().next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                let status = if first.contains("/missing") { "404 Not Found" } else { "200 OK" };
                let body = format!("{} {}", first.split(' ').next().unwrap(), hits.fetch_add(1, Ordering::Relaxed) + 1);
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status}\r\nx-up: 1\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
            });
        }
    });
    format!("http://{address}")
}

fn route(upstream: &str) -> Route {
    let upstream = upstream.to_owned();
    Route::new("/[how]").get(async move |Path(how): Path<String>| -> Result<String> {
        let plain = fetch(format!("{upstream}/{how}#fragment"));
        let fetched = match how.as_str() {
            "cached" => plain.revalidate(60),
            "forced" => plain.cache(Cache::ForceCache),
            "fresh" => plain.cache(Cache::NoStore),
            "zero" => plain.revalidate(0),
            "post" => plain.method("POST").body("x"),
            "bad-header" => plain.header("a b", "x"),
            _ => plain,
        };
        fetched.await?.text().await
    })
}

async fn twice(client: &Client, path: &str) -> (String, String) {
    (client.get(path).await.text(), client.get(path).await.text())
}

fn pair(first: &str, second: &str) -> (String, String) {
    (first.to_owned(), second.to_owned())
}

#[tokio::test]
async fn for_one_request_only_what_asks_for_it_is_cached() {
    for (path, second) in
        [("/plain", "GET 2"), ("/fresh", "GET 2"), ("/zero", "GET 2"), ("/cached", "GET 1"), ("/forced", "GET 1")]
    {
        let upstream = upstream();
        let client = Client::new(|| route(&upstream));
        assert_eq!(twice(&client, path).await, pair("GET 1", second), "{path}");
    }
    let upstream = upstream();
    assert_eq!(twice(&Client::new(|| route(&upstream)), "/post").await, pair("POST 1", "POST 2"));
}

#[tokio::test]
async fn the_segment_decides() {
    for (fetch_cache, path, second) in [
        (FetchCache::Auto, "/plain", "GET 2"),
        (FetchCache::Auto, "/cached", "GET 1"),
        (FetchCache::Auto, "/fresh", "GET 2"),
        (FetchCache::ForceCache, "/plain", "GET 1"),
        (FetchCache::ForceCache, "/fresh", "GET 1"),
        (FetchCache::ForceNoStore, "/plain", "GET 2"),
        (FetchCache::DefaultCache, "/fresh", "GET 2"),
        (FetchCache::DefaultNoStore, "/plain", "GET 2"),
        (FetchCache::DefaultNoStore, "/cached", "GET 1"),
        (FetchCache::OnlyCache, "/cached", "GET 1"),
        (FetchCache::OnlyNoStore, "/fresh", "GET 2"),
        (FetchCache::ForceNoStore, "/cached", "GET 2"),
        (FetchCache::DefaultCache, "/plain", "GET 1"),
        (FetchCache::OnlyCache, "/plain", "GET 1"),
        (FetchCache::OnlyNoStore, "/plain", "GET 2"),
        // These break the rule of the segment.
        (FetchCache::OnlyCache, "/fresh", ""),
        (FetchCache::OnlyNoStore, "/cached", ""),
    ] {
        let upstream = upstream();
        let client = Client::new(|| route(&upstream).fetch_cache(fetch_cache));
        let (first, again) = twice(&client, path).await;
        assert_eq!(again, second, "{fetch_cache:?} {path}");
        assert_eq!(first.is_empty(), second.is_empty());
    }
}

#[tokio::test]
async fn a_fetch_shortens_the_life_of_what_is_kept() {
    let upstream = upstream();
    for (segment, path, shortest) in [
        (Revalidate::Never, "/cached", "s-maxage=60, stale-while-revalidate=31535940"),
        (100.into(), "/cached", "s-maxage=60, stale-while-revalidate=31535940"),
        (30.into(), "/cached", "s-maxage=30, stale-while-revalidate=31535970"),
        (100.into(), "/plain", "s-maxage=100, stale-while-revalidate=31535900"),
        (Revalidate::Never, "/plain", "s-maxage=31536000"),
    ] {
        let forced = || route(&upstream).dynamic(Dynamic::ForceStatic).revalidate(segment);
        let reply = Client::with_frozen(forced, &FrozenRoute::default()).get(path).await;
        assert_eq!(reply.header("cache-control"), Some(shortest), "{segment:?} {path}");
    }
}

#[tokio::test]
async fn an_uncached_fetch_is_not_kept() {
    let upstream = upstream();
    let listed = || route(&upstream).static_params(async || Vec::<String>::new());
    let client = Client::with_frozen(listed, &FrozenRoute::default());
    assert_eq!(twice(&client, "/fresh").await, pair("GET 1", "GET 2"));
    assert_eq!(client.get("/fresh").await.header("x-wharf-cache"), None);
    assert_eq!(twice(&client, "/plain").await, pair("GET 4", "GET 4"));
}

#[tokio::test]
async fn a_failed_fetch_is_an_error_that_names_the_url() {
    async fn get(Path(how): Path<String>) -> String {
        let url = if how == "relative" { "/x" } else { "http://127.0.0.1:1/x" };
        fetch(url).await.unwrap_err().to_string()
    }
    let client = Client::new(|| Route::new("/[how]").get(get));
    assert!(client.get("/relative").await.text().starts_with("fetch(\"/x\") needs a whole URL"));
    assert!(client.get("/refused").await.text().starts_with("fetch(\"http://127.0.0.1:1/x\") failed: "));
    let upstream = upstream();
    assert_eq!(Client::new(|| route(&upstream)).get("/bad-header").await.status(), 500);
}

#[tokio::test]
async fn the_upstreams_answer_can_be_handed_on() {
    let upstream = upstream();
    let client = Client::new(move || {
        Route::new("/").get(async move || -> Result { Ok(Response::from(fetch(format!("{upstream}/missing")).await?)) })
    });
    let reply = client.get("/").await;
    assert_eq!((reply.status(), reply.header("x-up"), reply.text().as_str()), (404, Some("1"), "GET 1"));
}

#[tokio::test]
async fn what_is_revalidated_is_fetched_again() {
    let upstream = upstream();
    let url = upstream.clone();
    let route = || {
        let get = async move |Path(how): Path<String>| -> Result<String> {
            fetch(format!("{url}/{how}")).revalidate(60).tags([how]).await?.text().await
        };
        let post = async |Path(how): Path<String>| -> Result<()> {
            match how.strip_prefix("tag-") {
                Some(tag) => revalidate_tag(tag).await,
                None => revalidate_path(&format!("/{how}")).await,
            }
        };
        Route::new("/[how]").get(get).post(post)
    };
    let client = Client::new(route).behind_cdn("s3cret", false);
    assert_eq!(twice(&client, "/a").await, pair("GET 1", "GET 1"));
    assert_eq!(twice(&client, "/b").await, pair("GET 2", "GET 2"));
    assert_eq!(client.call("POST", "/a").await.status(), 200);
    assert_eq!(twice(&client, "/a").await, pair("GET 3", "GET 3"));
    assert_eq!(client.call("POST", "/tag-b").await.status(), 200);
    assert_eq!(twice(&client, "/b").await, pair("GET 4", "GET 4"));
    assert_eq!(twice(&client, "/a").await, pair("GET 3", "GET 3"));
    // No clock is more than an hour ahead.
    let soon = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() + 60_000;
    for (secret, text) in [("wrong", "GET 3"), ("s3cret", "GET 5"), ("s3cret", "GET 5")] {
        let request = http::Request::get("/a").header("x-wharf-origin-secret", secret);
        let request = request.header("x-wharf-revalidated", soon.to_string()).body(String::new()).unwrap();
        assert_eq!(client.send(request).await.text(), text, "{secret}");
    }
}

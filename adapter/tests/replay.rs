//! Kept answers through the events that ask for them: conditional requests, stamps of the CDN, many at once.
#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use wharf::{
    Error, Response, Result,
    config::Revalidate,
    contract::report::{Frozen, FrozenRoute},
    entry::Route,
    headers, http,
    pattern::Params,
    testing::{Client, Reply},
};

const ETAG: &str = "\"5-";

fn frozen(status: u16, revalidate: Revalidate) -> FrozenRoute {
    let headers = ["content-type", "content-language"].map(|name| (name.to_owned(), "x".to_owned())).to_vec();
    let frozen = Frozen { status, headers, body: b"built".to_vec(), revalidate, tags: Vec::new() };
    FrozenRoute { answers: vec![(Params::EMPTY, frozen)], live: Vec::new(), is_dynamic: false }
}

/// Counts its runs.
fn counted(runs: &Arc<AtomicU32>) -> Route {
    let runs = Arc::clone(runs);
    Route::new("/").get(async move || (runs.fetch_add(1, Ordering::Relaxed) + 1).to_string())
}

async fn sent(client: &Client, method: &str, headers: &[(&str, &str)]) -> Reply {
    let request = http::Request::builder().method(method).uri("/");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    client.send(request.body(String::new()).unwrap()).await
}

fn state(reply: &Reply) -> Option<&str> {
    reply.header("x-wharf-cache")
}

#[tokio::test]
async fn a_client_that_has_the_answer_gets_a_304() {
    let client = Client::with_frozen(|| counted(&Arc::default()), &frozen(200, Revalidate::Never));
    let whole = sent(&client, "GET", &[]).await;
    let etag = whole.header("etag").unwrap();
    assert!(etag.starts_with(ETAG) && etag.is_ascii(), "{etag}");
    let weak = format!("\"other\", W/{etag}");
    for named in [etag, &weak, "*"] {
        for method in ["GET", "HEAD"] {
            let reply = sent(&client, method, &[("if-none-match", named)]).await;
            assert_eq!((reply.status(), reply.raw().get("body")), (304, None), "{method} {named}");
            let names: Vec<_> = reply.header_names().collect();
            assert_eq!(names, ["cache-control", "etag", "x-wharf-cache"]);
            assert_eq!(reply.header("etag"), Some(etag));
        }
    }
    for (name, value) in [("if-none-match", "\"other\""), ("if-modified-since", "Wed, 21 Oct 2099 07:28:00 GMT")] {
        let reply = sent(&client, "GET", &[(name, value)]).await;
        assert_eq!((reply.status(), reply.text().as_str()), (200, "built"), "{name}");
    }
    let head = sent(&client, "HEAD", &[]).await;
    assert_eq!((head.status(), head.header("etag"), head.header("content-length")), (200, Some(etag), Some("5")));
}

#[tokio::test]
async fn every_instance_has_the_same_etag_and_a_renewal_to_the_same_keeps_it() {
    let instance =
        || Client::with_frozen(|| Route::new("/").get(async || "built"), &frozen(200, Revalidate::After(60)));
    let first = sent(&instance(), "GET", &[]).await;
    let etag = first.header("etag").unwrap();
    let renewed = sent(&instance(), "GET", &[("if-none-match", etag)]).await;
    assert_eq!((renewed.status(), state(&renewed)), (304, Some("MISS")));
}

#[tokio::test]
async fn what_is_no_200_and_what_is_not_kept_has_no_etag_of_ours() {
    let redirect = Client::with_frozen(|| counted(&Arc::default()), &frozen(307, Revalidate::Never));
    let live = Client::new(|| counted(&Arc::default()));
    for (client, status) in [(redirect, 307), (live, 200)] {
        let reply = sent(&client, "GET", &[("if-none-match", "*")]).await;
        assert_eq!((reply.status(), reply.header("etag")), (status, None));
    }
}

#[tokio::test(start_paused = true)]
async fn many_requests_at_once_renew_an_answer_once() {
    let runs = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&runs);
    let slow = || {
        Route::new("/").revalidate(60).get(async move || {
            tokio::time::sleep(Duration::from_secs(5)).await;
            (counter.fetch_add(1, Ordering::Relaxed) + 1).to_string()
        })
    };
    let client = Client::with_frozen(slow, &frozen(200, Revalidate::After(60)));
    for round in ["1", "2"] {
        let asked = (0..20).map(|index| client.call(if index % 2 == 0 { "GET" } else { "HEAD" }, "/"));
        let replies = futures_util::future::join_all(asked).await;
        assert!(replies.iter().all(|reply| reply.status() == 200 && state(reply) == Some("MISS")));
        assert!(replies.iter().step_by(2).all(|reply| reply.text() == round));
        assert_eq!(runs.load(Ordering::Relaxed).to_string(), round);
        tokio::time::advance(Duration::from_secs(60)).await;
    }
}

fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()
}

#[tokio::test]
async fn what_is_older_than_the_stamp_of_the_cdn_is_renewed_once() {
    let client = Client::with_frozen(|| counted(&Arc::default()), &frozen(200, Revalidate::Never));
    let client = client.behind_cdn("s3cret", false);
    let before = now().to_string();
    let ask = async |stamp: &str| {
        let headers = [("x-wharf-origin-secret", "s3cret"), ("x-wharf-revalidated", stamp)];
        let reply = sent(&client, "GET", &headers).await;
        (state(&reply).unwrap().to_owned(), reply.text())
    };
    let pair = |state: &str, text: &str| (state.to_owned(), text.to_owned());
    assert_eq!(ask("never").await, pair("HIT", "built"));
    assert_eq!(ask(&before).await, pair("MISS", "1"));
    assert_eq!(ask(&before).await, pair("HIT", "1"));
    // The clock of who wrote it may be ahead.
    let ahead = (now() + 3_600_000).to_string();
    assert_eq!(ask(&ahead).await, pair("MISS", "2"));
    assert_eq!(ask(&ahead).await, pair("HIT", "2"));
}

#[tokio::test]
async fn a_stamp_without_the_secret_is_nothing() {
    let stamp = now().to_string();
    for secret in ["wrong", ""] {
        let client = || Client::with_frozen(|| counted(&Arc::default()), &frozen(200, Revalidate::Never));
        let headers = [("x-wharf-origin-secret", secret), ("x-wharf-revalidated", stamp.as_str())];
        for client in [client(), client().behind_cdn("s3cret", false)] {
            let reply = sent(&client, "GET", &headers).await;
            assert_eq!((reply.text().as_str(), state(&reply)), ("built", Some("HIT")));
        }
    }
}

#[tokio::test]
async fn a_handler_never_sees_the_stamp() {
    let client = Client::new(|| Route::new("/").get(async || format!("{:?}", headers().keys().collect::<Vec<_>>())));
    let client = client.behind_cdn("s3cret", false);
    for secret in ["s3cret", "wrong"] {
        let headers = [("x-wharf-origin-secret", secret), ("x-wharf-revalidated", "1"), ("x-seen", "1")];
        let text = sent(&client, "GET", &headers).await.text();
        assert!(text.contains("x-seen") && !text.contains("wharf"), "{text}");
    }
}

#[tokio::test]
async fn a_renewal_that_a_stamp_asks_for_and_that_fails_leaves_the_last_good_answer() {
    for fails in [|| Err(Error::msg("no")), || Ok(Response::empty().status(503))] {
        let route = || Route::new("/").get(async move || -> Result { fails() });
        let client = Client::with_frozen(route, &frozen(200, Revalidate::Never)).behind_cdn("s3cret", false);
        let stamp = now().to_string();
        let headers = [("x-wharf-origin-secret", "s3cret"), ("x-wharf-revalidated", stamp.as_str())];
        let reply = sent(&client, "GET", &headers).await;
        assert_eq!((reply.status(), reply.text().as_str(), state(&reply)), (200, "built", Some("STALE")));
        assert_eq!(reply.header("cache-control"), Some("s-maxage=30, stale-while-revalidate=31535970"));
    }
}

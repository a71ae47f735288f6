//! What caches are told of an answer, through every source of events: nothing is kept for others unless the app says so.
#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

use std::{
    io::Write,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use tracing_subscriber::fmt::MakeWriter;
use wharf::{
    Error, Path, Response, Result,
    config::{Dynamic, Revalidate},
    contract::report::{Frozen, FrozenRoute},
    cookies,
    entry::Route,
    forbidden, http, not_found,
    pattern::{ParamValue, Params},
    permanent_redirect, redirect,
    testing::{Client, Reply, Source},
    unauthorized,
};

const PRIVATE: &str = "private, no-store";

fn params(slug: &str) -> Params {
    let mut params = Params::default();
    params.push("slug", ParamValue::One(slug.to_owned()));
    params
}

fn listing(slug: &str, frozen: Frozen) -> FrozenRoute {
    FrozenRoute { answers: vec![(params(slug), frozen)], ..FrozenRoute::default() }
}

fn frozen(status: u16, revalidate: Revalidate) -> Frozen {
    Frozen { status, headers: Vec::new(), body: b"built".to_vec(), revalidate, tags: Vec::new() }
}

fn policy(reply: &Reply) -> &str {
    reply.header("cache-control").unwrap_or_default()
}

async fn live(Path(how): Path<String>) -> Result<Response> {
    Ok(match how.as_str() {
        "empty" => Response::empty(),
        "cookie" => {
            cookies().set(("session", "1"));
            Response::text("signed in")
        }
        "error" => return Err(Error::msg("no")),
        "panic" => panic!("no"),
        "missing" => return Err(not_found().into()),
        "forbidden" => return Err(forbidden().into()),
        "unauthorized" => return Err(unauthorized().into()),
        "redirect" => return Err(redirect("/to").into()),
        "moved" => return Err(permanent_redirect("/to").into()),
        "status-199" => Response::empty().status(199),
        "not-modified" => Response::empty().status(304),
        "part" => Response::text("p").status(206).header("content-range", "bytes 0-0/2"),
        "too-large" => Response::bytes(vec![0; 6_000_000]),
        "stream" => Response::stream(futures_util::stream::iter(["a", "b"].map(Ok::<_, std::io::Error>))),
        other => Response::text(other),
    })
}

#[tokio::test]
async fn what_nobody_keeps_leaves_private_from_every_source() {
    let route = || Route::new("/x/[how]").get(live).post(live).streaming(true);
    for source in Source::ALL {
        let client = Client::new(route).through(source).with_body_limit(1);
        for (method, target) in [
            ("GET", "/x/text"),
            ("HEAD", "/x/text"),
            ("POST", "/x/text"),
            ("GET", "/x/empty"),
            ("GET", "/x/cookie"),
            ("GET", "/x/error"),
            ("GET", "/x/panic"),
            ("GET", "/x/missing"),
            ("GET", "/x/forbidden"),
            ("GET", "/x/unauthorized"),
            ("GET", "/x/redirect"),
            ("GET", "/x/moved"),
            ("GET", "/x/status-199"),
            ("GET", "/x/not-modified"),
            ("GET", "/x/part"),
            ("GET", "/x/too-large"),
            ("GET", "/x/stream"),
            ("DELETE", "/x/text"),
            ("OPTIONS", "/x/text"),
            ("TRACE", "/x/text"),
            ("BREW", "/x/text"),
            ("GET", "/x//text"),
            ("GET", "/x/text/"),
            ("GET", "/nowhere"),
            ("GET", "/x/%00"),
            ("GET", "/x/.."),
        ] {
            let reply = client.call(method, target).await;
            assert_eq!(policy(&reply), PRIVATE, "{source:?} {method} {target}: {}", reply.status());
        }
        let large = http::Request::post("/x/text").body("two").unwrap();
        let reply = client.send(large).await;
        assert_eq!((reply.status(), policy(&reply)), (413, PRIVATE), "{source:?}");
        let guarded = Client::new(route).through(source).behind_cdn("s3cret", true);
        let reply = guarded.get("/x/text").await;
        assert_eq!((reply.status(), policy(&reply)), (403, PRIVATE), "{source:?}");
    }
    for (source, target) in [Source::Local, Source::FunctionUrl]
        .into_iter()
        .flat_map(|source| ["/x/stream", "/x/text", "/x/panic", "/nowhere", "/x//text"].map(|target| (source, target)))
    {
        let client = Client::new(route).through(source);
        let reply = client.stream(http::Request::get(target).body("").unwrap()).await;
        assert_eq!(policy(reply.head()), PRIVATE, "{source:?} {target}");
    }
}

#[tokio::test]
async fn what_the_app_says_of_an_answer_holds() {
    for own in ["public, max-age=60", "s-maxage=9, stale-while-revalidate=3", "no-cache", "private, max-age=60"] {
        let client = Client::new(move || {
            Route::new("/").get(async move || Response::text("x").header("cache-control", own)).streaming(true)
        });
        assert_eq!(policy(&client.get("/").await), own);
        let streamed = client.stream(http::Request::get("/").body("").unwrap()).await;
        assert_eq!(policy(streamed.head()), own);
    }
}

/// What was logged while it is the subscriber of this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Log {
    fn errors(&self) -> Vec<String> {
        let text = String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap();
        text.lines().filter(|line| line.contains("ERROR") && line.contains("cause=\"it ")).map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn a_cookie_is_not_shared_and_the_log_says_so_once() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let queued = |own: &'static str| {
        move || {
            let get = async move || {
                cookies().set(("session", "1"));
                Response::text("x").header("cache-control", own)
            };
            Route::new("/cart").get(get).streaming(true)
        }
    };
    let returned = |own: &'static str| {
        move || {
            let get = async move || Response::text("x").header("set-cookie", "session=1").header("cache-control", own);
            Route::new("/cart").get(get).streaming(true)
        }
    };
    for own in ["public, max-age=60", " S-MaxAge = 60", "max-age=1"] {
        for client in [Client::new(queued(own)), Client::new(returned(own))] {
            for method in ["GET", "HEAD"] {
                let reply = client.call(method, "/cart").await;
                assert_eq!(policy(&reply), PRIVATE, "{own}");
                assert_eq!(reply.cookies().len(), 1, "the cookie goes to the one whom it is for");
                let errors = log.errors();
                assert!(errors.len() == 1 && errors[0].contains("route=/cart"), "{errors:?}");
                assert!(errors[0].contains("sets a cookie") && errors[0].contains("cache-control"), "{errors:?}");
            }
            let streamed = client.stream(http::Request::get("/cart").body("").unwrap()).await;
            assert_eq!((policy(streamed.head()), log.errors().len()), (PRIVATE, 1));
        }
    }
    for own in ["private, max-age=60", "no-store"] {
        let reply = Client::new(queued(own)).get("/cart").await;
        assert_eq!((policy(&reply), log.errors().len()), (own, 0));
    }
}

/// Where the handler of a kept route sets a cookie, or says that its answer varies with the one who asks.
#[tokio::test]
async fn what_is_for_one_is_not_kept_for_all() {
    for (name, value) in
        [("set-cookie", "session=1"), ("vary", "*"), ("vary", "accept, Cookie"), ("vary", "authorization")]
    {
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        let route = move || {
            let runs = Arc::clone(&counted);
            let get = async move || {
                tokio::time::sleep(Duration::from_millis(10)).await;
                Response::text((runs.fetch_add(1, Ordering::Relaxed) + 1).to_string()).header(name, value)
            };
            Route::new("/s/[slug]").get(get).static_params(async || ["listed"])
        };
        let client = Client::with_frozen(route, &listing("other", frozen(200, Revalidate::Never)));
        let at_once = join_all((0..5).map(|_| client.get("/s/new"))).await;
        let mut texts: Vec<_> = at_once.iter().map(Reply::text).collect();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), 5, "{name}: one gets what was made for another");
        for reply in &at_once {
            assert_eq!((policy(reply), reply.header("x-wharf-cache")), (PRIVATE, None), "{name}");
        }
        assert_eq!(client.get("/s/new").await.text(), "6", "{name}");
        assert_eq!(client.call("HEAD", "/s/new").await.header("cache-control"), Some(PRIVATE), "{name}");
    }
}

#[tokio::test]
async fn a_force_static_answer_may_vary_but_sets_no_cookie() {
    let answering = |name: &'static str, value: &'static str| {
        move || {
            let get = async move || Response::text("x").header(name, value);
            Route::new("/s/[slug]").dynamic(Dynamic::ForceStatic).get(get)
        }
    };
    let kept = FrozenRoute::default();
    let varies = Client::with_frozen(answering("vary", "cookie"), &kept).get("/s/a").await;
    assert_eq!((policy(&varies), varies.header("x-wharf-cache")), ("s-maxage=31536000", Some("MISS")));
    let cookie = Client::with_frozen(answering("set-cookie", "a=1"), &kept).get("/s/a").await;
    assert_eq!((policy(&cookie), cookie.header("x-wharf-cache")), (PRIVATE, None));
}

#[tokio::test]
async fn a_frozen_cookie_is_not_replayed() {
    let mut with_cookie = frozen(200, Revalidate::Never);
    with_cookie.headers.push(("set-cookie".to_owned(), "session=1".to_owned()));
    let route = || Route::new("/s/[slug]").get(async || "live").static_params(async || ["a"]);
    let reply = Client::with_frozen(route, &listing("a", with_cookie)).get("/s/a").await;
    assert_eq!((reply.text().as_str(), reply.cookies().len()), ("live", 0));
}

static PUBLISHED: AtomicU32 = AtomicU32::new(0);

async fn page(Path(slug): Path<String>) -> Result<Response> {
    match slug.as_str() {
        "own" => Ok(Response::empty().status(404).header("cache-control", "s-maxage=600")),
        "own-private" => Ok(Response::empty().status(404).header("cache-control", "private")),
        "gone" => Ok(Response::empty().status(410)),
        "moved" => Err(redirect("/to").into()),
        _ if PUBLISHED.load(Ordering::Relaxed) == 0 => Err(not_found().into()),
        _ => Ok(Response::text("published")),
    }
}

#[tokio::test(start_paused = true)]
async fn a_404_is_kept_for_ten_seconds_and_then_asked_for_again() {
    for (revalidate, kept_for) in [(Revalidate::Never, 10), (Revalidate::After(60), 10), (Revalidate::After(5), 5)] {
        PUBLISHED.store(0, Ordering::Relaxed);
        let route = move || Route::new("/s/[slug]").revalidate(revalidate).get(page).static_params(async || ["listed"]);
        // As `cargo bundle` freezes what is listed.
        let built = listing("listed", frozen(404, revalidate.for_status(404)));
        let client = Client::with_frozen(route, &built);
        let expected = format!("s-maxage={kept_for}");
        for slug in ["listed", "unlisted"] {
            for (method, state) in [("GET", "MISS"), ("GET", "HIT"), ("HEAD", "HIT")] {
                let reply = client.call(method, &format!("/s/{slug}")).await;
                assert_eq!((reply.status(), policy(&reply)), (404, expected.as_str()), "{slug} {revalidate:?}");
                assert_eq!(reply.header("x-wharf-cache"), Some(state), "{slug} {revalidate:?}");
            }
        }
        PUBLISHED.store(1, Ordering::Relaxed);
        tokio::time::advance(Duration::from_secs(kept_for - 1)).await;
        assert_eq!(client.get("/s/unlisted").await.status(), 404);
        tokio::time::advance(Duration::from_secs(1)).await;
        for slug in ["listed", "unlisted"] {
            let reply = client.get(&format!("/s/{slug}")).await;
            assert_eq!((reply.text().as_str(), policy(&reply)), ("published", &*revalidate.cache_control()), "{slug}");
        }
    }
}

#[tokio::test]
async fn a_404_with_a_policy_of_its_own_keeps_it_and_other_errors_are_not_kept() {
    let route = || Route::new("/s/[slug]").get(page).static_params(async || ["listed"]);
    let client = Client::with_frozen(route, &FrozenRoute::default());
    for (slug, expected) in [
        ("own", (404, "s-maxage=600")),
        ("own-private", (404, "private")),
        ("gone", (410, PRIVATE)),
        ("moved", (307, "s-maxage=31536000")),
    ] {
        let reply = client.get(&format!("/s/{slug}")).await;
        assert_eq!((reply.status(), policy(&reply)), expected, "{slug}");
    }
}

#[tokio::test]
async fn params_that_do_not_exist_are_nobody_s_to_keep() {
    let route = || Route::new("/s/[slug]").dynamic_params(false).get(page).static_params(async || ["listed"]);
    let client = Client::with_frozen(route, &listing("listed", frozen(200, Revalidate::Never)));
    for method in ["GET", "HEAD", "POST"] {
        let reply = client.call(method, "/s/other").await;
        assert_eq!((reply.status(), policy(&reply)), (404, PRIVATE), "{method}");
    }
}

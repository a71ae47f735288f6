//! `revalidate_path()` and `revalidate_tag()`: what this instance keeps, and the key-value store of a CDN, which lives in
//! this test.
#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use wharf::{
    Path, Request, Result,
    config::{Dynamic, Revalidate},
    contract::report::{Frozen, FrozenRoute},
    cookies,
    entry::Route,
    pattern::{ParamValue, Params},
    revalidate_path, revalidate_tag,
    testing::Client,
};

/// Two items, `a` made from the tag `shop`.
fn frozen() -> FrozenRoute {
    let answer = |slug: &str, tags: &[&str]| {
        let mut params = Params::default();
        params.push("slug", ParamValue::One(slug.to_owned()));
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let body = b"built".to_vec();
        (params, Frozen { status: 200, headers: Vec::new(), body, revalidate: Revalidate::Never, tags })
    };
    FrozenRoute { answers: vec![answer("a", &["shop"]), answer("b b", &[])], live: Vec::new(), is_dynamic: false }
}

/// A POST revalidates what its body names, and answers with the error.
async fn post(mut request: Request) -> Result<String> {
    let name = request.text().await?;
    let done = match name.strip_prefix("tag:") {
        Some(tag) => revalidate_tag(tag).await,
        None => revalidate_path(&name).await,
    };
    Ok(done.map_or_else(|error| error.to_string(), |()| "done".to_owned()))
}

fn items(fails: bool) -> Route {
    let runs = Arc::new(AtomicU32::new(0));
    let get = async move || -> Result<String> {
        let run = runs.fetch_add(1, Ordering::Relaxed) + 1;
        if fails { Err(wharf::Error::msg("no")) } else { Ok(run.to_string()) }
    };
    Route::new("/items/[slug]").get(get).post(post)
}

async fn revalidated(client: &Client, name: &str) -> String {
    client.send(http::Request::post("/items/a").body(name.to_owned()).unwrap()).await.text()
}

/// The state and the body of an answer.
async fn got(client: &Client, path: &str) -> String {
    let reply = client.get(path).await;
    format!("{} {}", reply.header("x-wharf-cache").unwrap_or("none"), reply.text())
}

#[tokio::test]
async fn a_path_is_made_anew_by_the_next_request() {
    let client = Client::with_frozen(|| items(false), &frozen());
    assert_eq!(got(&client, "/items/b%20b").await, "HIT built");
    assert_eq!(revalidated(&client, "/items/b b").await, "done");
    assert_eq!(got(&client, "/items/a").await, "HIT built");
    assert_eq!(got(&client, "/items/b%20b").await, "MISS 1");
    assert_eq!(got(&client, "/items/b%20b").await, "HIT 1");
    assert_eq!(revalidated(&client, "/items//b%20%62/").await, "done");
    assert_eq!(got(&client, "/items/b%20b").await, "MISS 2");
}

#[tokio::test]
async fn a_tag_is_that_of_what_an_answer_was_made_from() {
    let client = Client::with_frozen(|| items(false), &frozen());
    for tag in ["tag:other", "tag:Shop", "/shop"] {
        assert_eq!(revalidated(&client, tag).await, "done");
        assert_eq!(got(&client, "/items/a").await, "HIT built", "{tag}");
    }
    assert_eq!(revalidated(&client, "tag:shop").await, "done");
    assert_eq!(got(&client, "/items/b%20b").await, "HIT built");
    assert_eq!(got(&client, "/items/a").await, "MISS 1");
    assert_eq!(got(&client, "/items/a").await, "HIT 1");
}

#[tokio::test]
async fn the_last_good_answer_stays_when_it_cannot_be_made_anew() {
    let client = Client::with_frozen(|| items(true), &frozen());
    revalidated(&client, "/items/a").await;
    for _ in 0..2 {
        assert_eq!(got(&client, "/items/a").await, "STALE built");
    }
}

#[tokio::test]
async fn what_is_no_path_and_no_tag_is_an_error() {
    let client = Client::with_frozen(|| items(false), &frozen());
    for (name, error) in [
        ("/items/[slug]", "this is a pattern; name the path of one page, with a value for each param"),
        ("items/a", "a path starts with `/`"),
        ("/items/a?x=1", "a path has no query and no fragment"),
        ("/items/%zz", "a `%` in the path does not start an escape"),
    ] {
        assert_eq!(revalidated(&client, name).await, format!("revalidate_path({name:?}): {error}"));
    }
    assert_eq!(revalidated(&client, "tag:").await, "revalidate_tag(\"\"): a tag is not empty");
    assert_eq!(got(&client, "/items/a").await, "HIT built");
}

#[tokio::test]
async fn a_get_that_revalidates_is_not_kept() {
    let route = || {
        Route::new("/items/[slug]").static_params(async || Vec::<String>::new()).get(async || -> Result<&str> {
            revalidate_path("/items/a").await?;
            Ok("done")
        })
    };
    let client = Client::with_frozen(route, &FrozenRoute::default());
    assert_eq!(got(&client, "/items/new").await, "none done");
    let forced = Client::with_frozen(|| route().dynamic(Dynamic::ForceStatic), &FrozenRoute::default());
    assert_eq!(forced.get("/items/new").await.status(), 500);
}

#[tokio::test]
async fn an_answer_that_is_being_made_meanwhile_is_made_again() {
    let (begun, go_on) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
    let (runs, gates) = (Arc::new(AtomicU32::new(0)), (Arc::clone(&begun), Arc::clone(&go_on)));
    let route = || {
        Route::new("/items/[slug]").post(post).get(async move |Path(_): Path<String>| {
            let run = runs.fetch_add(1, Ordering::Relaxed) + 1;
            if run == 1 {
                gates.0.notify_one();
                gates.1.notified().await;
            }
            run.to_string()
        })
    };
    let mut listed = frozen();
    listed.answers[0].1.revalidate = Revalidate::After(60);
    let client = Client::with_frozen(route, &listed);
    let meanwhile = async {
        begun.notified().await;
        revalidated(&client, "/items/a").await;
        go_on.notify_one();
    };
    let (first, ()) = tokio::join!(got(&client, "/items/a"), meanwhile);
    assert_eq!((first.as_str(), got(&client, "/items/a").await.as_str()), ("MISS 1", "MISS 2"));
    assert_eq!(got(&client, "/items/a").await, "HIT 2");
}

#[tokio::test]
async fn a_request_that_is_looked_at_before_may_revalidate() {
    let route = || {
        Route::new("/items/[slug]").static_params(async || Vec::<String>::new()).get(async || -> Result<String> {
            let visitors = cookies().iter().count();
            revalidate_tag("visitors").await?;
            Ok(visitors.to_string())
        })
    };
    assert_eq!(got(&Client::with_frozen(route, &FrozenRoute::default()), "/items/x").await, "none 0");
}

#[tokio::test]
async fn a_request_revalidates_a_thousand_times_and_no_more() {
    let route = || {
        Route::new("/all").post(async || -> Result<String> {
            for number in 0..2_000 {
                if let Err(error) = revalidate_path(&format!("/items/{number}")).await {
                    return Ok(error.to_string());
                }
            }
            Ok("done".to_owned())
        })
    };
    let client = Client::new(route);
    for _ in 0..2 {
        let told = client.call("POST", "/all").await.text();
        assert!(told.starts_with("revalidate_path(\"/items/1000\"): a request may revalidate 1000 paths"), "{told}");
    }
}

#[cfg(feature = "revalidate")]
mod queue {
    //! The API of SQS, as far as it is used.

    use std::{
        io::{BufRead, BufReader, Read, Write},
        net::{TcpListener, TcpStream},
        process::Command,
        sync::{Arc, Mutex},
        thread,
    };

    use super::*;

    const URL: &str = "https://sqs.eu-central-1.amazonaws.com/123456789012/shop-stamps";

    /// A request with its headers, names in lower case, and its body.
    #[derive(Debug, Clone)]
    struct Asked {
        line: String,
        headers: Vec<(String, String)>,
        body: String,
    }

    impl Asked {
        fn header(&self, name: &str) -> &str {
            self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
        }
    }

    fn read(stream: &TcpStream) -> Option<Asked> {
        let mut reader = BufReader::new(stream);
        let mut lines = reader.by_ref().lines();
        let line = lines.next()?.ok()?;
        let headers: Vec<_> = lines
            .map_while(|line| {
                let line = line.ok()?;
                let (name, value) = line.split_once(": ")?;
                Some((name.to_ascii_lowercase(), value.to_owned()))
            })
            .collect();
        let mut asked = Asked { line, headers, body: String::new() };
        let mut body = vec![0; asked.header("content-length").parse().unwrap_or(0)];
        reader.read_exact(&mut body).ok()?;
        asked.body = String::from_utf8(body).unwrap();
        Some(asked)
    }

    /// A queue that answers with these statuses, and then takes every message.
    fn queue(statuses: &[u16]) -> (String, Arc<Mutex<Vec<Asked>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let all = Arc::new(Mutex::new(Vec::new()));
        let (log, statuses) = (Arc::clone(&all), statuses.to_vec());
        thread::spawn(move || {
            let mut statuses = statuses.into_iter();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(asked) = read(&stream) else { continue };
                log.lock().unwrap().push(asked);
                let status = statuses.next().unwrap_or(200);
                let _ = write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}");
            }
        });
        (url, all)
    }

    /// Revalidates and prints what came of it, when the tests below start this program again.
    #[tokio::test]
    async fn child() {
        if let Ok(name) = std::env::var("WHARF_TEST_CHILD") {
            let told = revalidated(&Client::new(|| items(false)), &name).await;
            writeln!(std::io::stdout(), "<{told}>").unwrap();
        }
    }

    fn in_child(name: &str, endpoint: &str, url: &str) -> String {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["queue::child", "--exact", "--nocapture"]).env("WHARF_TEST_CHILD", name);
        command.env("WHARF_STAMP_QUEUE", url).env("AWS_ENDPOINT_URL_SQS", endpoint);
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
            command.env(name, name.to_lowercase());
        }
        let output = String::from_utf8(command.output().unwrap().stdout).unwrap();
        output.split(['<', '>']).nth(1).unwrap_or(&output).to_owned()
    }

    /// The message of a request.
    fn message(asked: &Asked) -> serde_json::Value {
        let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
        assert_eq!(body["QueueUrl"], URL);
        serde_json::from_str(body["MessageBody"].as_str().unwrap()).unwrap()
    }

    #[test]
    fn what_is_revalidated_is_told_to_the_queue_and_to_nothing_else() {
        let (url, all) = queue(&[]);
        assert_eq!(in_child("/items/an anchor", &url, URL), "done");
        let [asked] = <[Asked; 1]>::try_from(all.lock().unwrap().clone()).unwrap();
        assert_eq!(asked.line, "POST / HTTP/1.1");
        assert_eq!(asked.header("x-amz-target"), "AmazonSQS.SendMessage");
        assert_eq!(asked.header("content-type"), "application/x-amz-json-1.0");
        assert_eq!(asked.header("user-agent"), wharf::contract::report::STAMP_SENDER);
        assert_eq!(asked.header("x-amz-security-token"), "aws_session_token");
        let signature = asked.header("authorization");
        assert!(signature.starts_with("AWS4-HMAC-SHA256 Credential=aws_access_key_id/"), "{signature}");
        assert!(signature.contains("/eu-central-1/sqs/aws4_request, SignedHeaders=content-type;host;"), "{signature}");
        let message = message(&asked);
        assert_eq!(message["slot"], u16::from(wharf::contract::slot::Slot::of("path:/items/an%20anchor")));
        assert!(message["moment"].as_u64().unwrap() > 1_700_000_000_000, "milliseconds since 1970");
        assert_eq!(message.as_object().unwrap().len(), 2, "no text of the app");
    }

    #[test]
    fn a_tag_and_a_path_of_any_length_have_their_slots() {
        let long = format!("/items/{}", "x".repeat(5_000));
        for (name, subject) in [("tag:shop & more", "tag:shop%20%26%20more"), (&*long, &*format!("path:{long}"))] {
            let (url, all) = queue(&[]);
            assert_eq!(in_child(name, &url, URL), "done");
            assert_eq!(
                message(&all.lock().unwrap()[0])["slot"],
                u16::from(wharf::contract::slot::Slot::of(subject)),
                "{name}"
            );
        }
    }

    #[test]
    fn a_refusal_is_told_at_once_and_a_queue_that_cannot_now_is_tried_again() {
        let (url, all) = queue(&[403]);
        let error = in_child("/items/a", &url, URL);
        let told = "the queue of stamps did not take the message: it answered 403: {}";
        assert_eq!(error, format!("revalidate_path(\"/items/a\"): {told}"));
        assert_eq!(all.lock().unwrap().len(), 1);
        let (url, all) = queue(&[503, 500]);
        assert_eq!(in_child("/items/a", &url, URL), "done");
        assert_eq!(all.lock().unwrap().len(), 3);
        let (url, all) = queue(&[503; 9]);
        assert!(in_child("/items/a", &url, URL).ends_with("it answered 503: {}"));
        assert_eq!(all.lock().unwrap().len(), 3);
    }

    #[test]
    fn what_is_no_queue_is_not_asked() {
        let error = in_child("/items/a", "http://127.0.0.1:1", "shop-stamps");
        assert!(error.contains("`shop-stamps` is not the URL of a queue"), "{error}");
        let error = in_child("/items/a", "http://127.0.0.1:1", URL);
        assert!(error.contains("did not take the message: it cannot be asked"), "{error}");
    }
}

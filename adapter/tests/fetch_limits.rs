//! What bounds a `fetch()`, and what of it is told to others, against upstreams that misbehave.
#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant, SystemTime},
};

use wharf::{
    Fetch, Path, Result, contract::report::FrozenRoute, cookies, entry::Route, fetch, lambda_runtime::Context,
    testing::Client,
};

/// The heads of the requests that an upstream got, their first lines first.
type Heads = Arc<Mutex<Vec<String>>>;

/// An upstream that answers each request as this says, given the first line.
fn upstream(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> (String, Heads) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (answer, heads) = (Arc::new(answer), Heads::default());
    let seen = Arc::clone(&heads);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, answer, heads) = (stream.unwrap(), Arc::clone(&answer), Arc::clone(&heads));
            thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut head = String::new();
                while reader.read_line(&mut head).is_ok_and(|length| length > 2) {}
                let length = head
                    .to_ascii_lowercase()
                    .split_once("content-length: ")
                    .map_or(0, |(_, rest)| rest.lines().next().unwrap().parse().unwrap());
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                head.push_str(&String::from_utf8_lossy(&body));
                let first = head.lines().next().unwrap_or_default().to_owned();
                heads.lock().unwrap().push(head);
                answer(&first, &mut stream);
            });
        }
    });
    (format!("http://{address}"), seen)
}

fn reply(stream: &mut TcpStream, head: &str, body: &[u8]) {
    let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

async fn error(fetch: Fetch) -> String {
    fetch.await.unwrap_err().to_string()
}

#[tokio::test]
async fn an_upstream_that_never_answers_ends_in_an_error() {
    let (url, _) = upstream(|_, _| thread::sleep(Duration::from_secs(60)));
    let started = Instant::now();
    let text = error(fetch(&url).timeout(Duration::from_millis(200))).await;
    assert!(text.ends_with("failed: it took longer than 200 ms (Fetch::timeout)"), "{text}");
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn an_upstream_that_trickles_ends_in_an_error() {
    let (url, _) = upstream(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let text = error(fetch(&url).timeout(Duration::from_millis(300))).await;
    assert!(text.ends_with("it took longer than 300 ms (Fetch::timeout)"), "{text}");
}

#[tokio::test]
async fn a_fetch_ends_before_the_function() {
    let (url, _) = upstream(|_, _| thread::sleep(Duration::from_secs(60)));
    let client = Client::new(move || Route::new("/").get(async move || error(fetch(&url)).await));
    let mut invocation = Context::default();
    let end = SystemTime::now() + Duration::from_millis(1500);
    invocation.deadline = u64::try_from(end.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let text = client.invoked_with(invocation).get("/").await.text();
    assert!(text.contains("before the function itself runs out of time"), "{text}");
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit_and_no_further() {
    let written = Arc::new(Mutex::new(0_usize));
    let count = Arc::clone(&written);
    let (url, _) = upstream(move |first, stream| {
        if first.contains("/small") {
            return reply(stream, "200 OK", &[b'x'; 1000]);
        }
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 65_536]).is_ok() {
            *count.lock().unwrap() += 65_536;
        }
    });
    let text = error(fetch(&url)).await;
    assert!(text.ends_with("its body has more than 16777216 bytes (Fetch::body_limit)"), "{text}");
    assert!(*written.lock().unwrap() < 32 * 1024 * 1024);
    let small = format!("{url}/small");
    assert!(error(fetch(&small).body_limit(999)).await.contains("more than 999 bytes"));
    assert_eq!(fetch(&small).body_limit(1000).revalidate(60).await.unwrap().bytes().await.unwrap().len(), 1000);
    assert!(error(fetch(&small).body_limit(999).revalidate(60)).await.contains("more than 999 bytes"));
}

#[tokio::test]
async fn more_headers_than_fit_are_an_error() {
    let (url, _) = upstream(|first, stream| {
        let line =
            if first.contains("/long") { format!("x: {}", "x".repeat(2_000_000)) } else { "x: 1\r\n".repeat(10_000) };
        reply(stream, &format!("200 OK\r\n{line}"), b"");
    });
    for path in ["/long", "/many"] {
        assert!(fetch(format!("{url}{path}")).await.is_err(), "{path}");
    }
}

#[tokio::test]
async fn another_origin_gets_no_credentials_of_any_name() {
    let (other, seen) = upstream(|_, stream| reply(stream, "200 OK\r\nset-cookie: a=1", b"there"));
    let location = other.clone();
    let (url, _) = upstream(move |first, stream| {
        let to = if first.contains("/twice") { format!("{location}/x?a=1") } else { "/twice".to_owned() };
        reply(stream, &format!("307 Temporary Redirect\r\nlocation: {to}"), b"");
    });
    let secret = url.replace("http://", "http://user:CANARY@");
    let sent = fetch(format!("{secret}/path?key=CANARY")).method("POST").body("the body").header("x-api-key", "CANARY");
    let sent = sent.header("authorization", "CANARY").header("cookie", "CANARY").header("accept", "text/plain");
    assert_eq!(sent.header("referer", "http://CANARY/").await.unwrap().text().await.unwrap(), "there");
    fetch(&other).await.unwrap();
    let heads = seen.lock().unwrap();
    let head = heads[0].to_ascii_lowercase();
    assert!(!head.contains("canary") && !head.contains("referer") && !head.contains("authorization"), "{head}");
    assert!(
        head.starts_with("post /x?a=1 ") && head.contains("accept: text/plain") && head.ends_with("the body"),
        "{head}"
    );
    assert!(!heads[1].to_ascii_lowercase().contains("cookie"), "there are no cookies between fetches");
}

#[tokio::test]
async fn redirects_end() {
    let (url, seen) = upstream(|_, stream| reply(stream, "302 Found\r\nlocation: /again", b""));
    assert!(error(fetch(&url)).await.ends_with("failed: it was redirected more than 20 times"));
    assert_eq!(seen.lock().unwrap().len(), 21);
    for (location, text) in
        [("file:///etc/passwd", "a URL of the scheme `file`"), ("http://", "what is no URL"), ("ftp://x", "`ftp`")]
    {
        let (url, _) = upstream(move |_, stream| reply(stream, &format!("302 Found\r\nlocation: {location}"), b""));
        let error = error(fetch(&url)).await;
        assert!(error.contains(text), "{error}");
    }
    let (url, _) = upstream(|_, stream| reply(stream, "304 Not Modified\r\nlocation: /again", b""));
    assert_eq!(fetch(&url).await.unwrap().status(), 304);
}

/// All that is logged, by us and by the libraries below, whatever its level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(line)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_text_of_a_fetch_holds_a_key() {
    let log = Log::default();
    let lines = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
    subscriber.with_writer(move || lines.clone()).init();

    let (url, _) = upstream(|_, stream| reply(stream, "302 Found\r\nlocation: http://CANARY@127.0.0.1:1/?CANARY", b""));
    let secret = url.replace("http://", "http://user:CANARY@");
    for text in [
        error(fetch("http://user:CANARY@127.0.0.1:1/?key=CANARY#CANARY")).await,
        error(fetch(format!("{secret}/?CANARY"))).await,
        error(fetch("//user:CANARY@example.com/?CANARY")).await,
        error(fetch("http://user:CANARY@[/?CANARY")).await,
        error(fetch("http://user:CANARY@example.com/?CANARY").header("a b", "CANARY")).await,
        error(fetch("http://user:CANARY@example.com/?CANARY").header("a", "CANARY\n")).await,
        error(fetch("data:CANARY")).await,
        format!("{:?}", fetch("http://user:CANARY@example.com/?CANARY").header("a", "CANARY")),
        format!("{:?}", fetch("CANARY@example.com/?CANARY").body("CANARY")),
    ] {
        assert!(!text.contains("CANARY"), "{text}");
    }
    let stale = format!("{}/?CANARY", upstream(|_, stream| reply(stream, "200 OK", b"")).0);
    fetch(stale.replace("http://", "http://user:CANARY@")).revalidate(60).await.unwrap();
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("127.0.0.1"), "the libraries log as well");
    let told: Vec<_> = log.lines().filter(|line| line.contains("CANARY")).collect();
    assert!(told.is_empty(), "{told:#?}");
}

/// What is shared is one call; what a client sent is in none of its keys unless the handler put it there.
#[tokio::test]
async fn replies_of_two_keys_are_never_mixed() {
    let (url, _) = upstream(|first, stream| reply(stream, "200 OK", first.as_bytes()));
    let client = Client::with_frozen(
        move || {
            let get = async move |Path(who): Path<String>| -> Result<String> {
                let _ = cookies();
                fetch(format!("{url}/?{who}")).revalidate(60).await?.text().await
            };
            Route::new("/[who]").get(get)
        },
        &FrozenRoute::default(),
    );
    for who in ["a", "b", "a", "b"] {
        assert_eq!(client.get(&format!("/{who}")).await.text(), format!("GET /?{who} HTTP/1.1"));
    }
}

//! What the routes of `examples/guide` answer, each case stated once, however the request reaches the function.

use std::{fmt, fs};

use serde_json::{Value, json};

use crate::{HttpReply, HttpRequest, paths};

/// How a request reaches a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// As an event of an HTTP API, to the bundled function.
    HttpApi,
    /// As an event of a Function URL, to the bundled function.
    FunctionUrl,
    /// Over HTTP, through `cargo lambda watch`, to the function as `cargo run` compiles it.
    Watch,
}

impl Delivery {
    /// Whether answers that were made at build time are replayed. In development nothing is static.
    #[must_use]
    pub fn replays(self) -> bool {
        self != Self::Watch
    }
}

/// One request and what comes back.
#[derive(Debug, Clone)]
#[must_use]
pub struct Case {
    /// The route that answers it, as the app directory spells it.
    pub route: &'static str,
    /// The request.
    pub request: HttpRequest,
    status: u16,
    headers: Vec<(&'static str, Text)>,
    replay: Option<Replay>,
    body: Body,
    holds: Holds,
}

/// Under which deliveries a case holds: in development nothing is static, so a list of params or an empty request, which
/// are of the build, mean nothing there.
#[derive(Debug, Clone, Copy)]
enum Holds {
    Everywhere,
    Bundled,
    InDevelopment,
}

/// What a text has to be.
#[derive(Debug, Clone)]
enum Text {
    Absent,
    Exactly(String),
    StartsWith(&'static str),
}

/// How long a replayed answer may be kept.
#[derive(Debug, Clone, Copy)]
enum Replay {
    UntilTheNextBundle,
    Seconds(u32),
}

/// What a body has to be.
#[derive(Debug, Clone)]
enum Body {
    Empty,
    Exactly(Vec<u8>),
    Json(Value),
    /// The JSON list of the books with these slugs.
    Books(&'static [&'static str]),
    /// Something that is not the same every time.
    Checked(&'static str, fn(&HttpReply) -> bool),
}

impl Case {
    fn new(route: &'static str, request: HttpRequest) -> Self {
        Self {
            route,
            request,
            status: 200,
            headers: Vec::new(),
            replay: None,
            body: Body::Empty,
            holds: Holds::Everywhere,
        }
    }

    fn get(route: &'static str, target: &str) -> Self {
        Self::new(route, HttpRequest::get(target))
    }

    fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, Text::Exactly(value.to_owned())));
        self
    }

    fn header_starts(mut self, name: &'static str, start: &'static str) -> Self {
        self.headers.push((name, Text::StartsWith(start)));
        self
    }

    fn without(mut self, name: &'static str) -> Self {
        self.headers.push((name, Text::Absent));
        self
    }

    /// The answer was made at build time and is replayed where answers are.
    fn replayed(mut self, replay: Replay) -> Self {
        self.replay = Some(replay);
        self
    }

    fn text(self, text: &str) -> Self {
        self.header("content-type", "text/plain; charset=utf-8").bytes(text)
    }

    fn bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = Body::Exactly(bytes.into());
        self
    }

    fn json(mut self, value: Value) -> Self {
        self.body = Body::Json(value);
        self.header("content-type", "application/json")
    }

    fn books(mut self, slugs: &'static [&'static str]) -> Self {
        self.body = Body::Books(slugs);
        self.header("content-type", "application/json")
    }

    fn checked(mut self, what: &'static str, check: fn(&HttpReply) -> bool) -> Self {
        self.body = Body::Checked(what, check);
        self
    }

    fn bundled(mut self) -> Self {
        self.holds = Holds::Bundled;
        self
    }

    fn in_development(mut self) -> Self {
        self.holds = Holds::InDevelopment;
        self
    }

    /// Whether it says something about this delivery.
    #[must_use]
    pub fn holds(&self, delivery: Delivery) -> bool {
        match self.holds {
            Holds::Everywhere => true,
            Holds::Bundled => delivery.replays(),
            Holds::InDevelopment => !delivery.replays(),
        }
    }

    /// What is wrong with a reply, a line each; empty when nothing is.
    #[must_use]
    pub fn problems(&self, reply: &HttpReply, delivery: Delivery) -> Vec<String> {
        let mut problems = Vec::new();
        if reply.status != self.status {
            problems.push(format!("status {} instead of {}", reply.status, self.status));
        }
        for (name, expected) in self.headers.iter().cloned().chain(self.cache_headers(delivery)) {
            problems.extend(header_problem(name, &expected, &reply.all(name)));
        }
        problems.extend(self.body_problem(reply));
        problems.iter().map(|problem| format!("{self} ({delivery:?}): {problem}")).collect()
    }

    fn cache_headers(&self, delivery: Delivery) -> Vec<(&'static str, Text)> {
        match self.replay {
            Some(replay) if delivery.replays() => {
                vec![("cache-control", Text::Exactly(replay.cache_control())), ("x-wharf-cache", replay.marked())]
            }
            // What is not replayed is private unless its handler says otherwise.
            _ if self.headers.iter().any(|(name, _)| *name == "cache-control") => Vec::new(),
            None => vec![("cache-control", Text::Exactly("private, no-store".to_owned()))],
            _ => vec![("x-wharf-cache", Text::Absent)],
        }
    }

    fn body_problem(&self, reply: &HttpReply) -> Option<String> {
        let is_right = match &self.body {
            Body::Empty => reply.body.is_empty(),
            Body::Exactly(bytes) => reply.body == *bytes,
            Body::Json(value) => json_of(reply).as_ref() == Some(value),
            Body::Books(slugs) => slugs_of(reply).is_some_and(|found| found == *slugs),
            Body::Checked(_, check) => check(reply),
        };
        (!is_right).then(|| format!("body {:?} instead of {}", reply.text(), self.body))
    }
}

impl fmt::Display for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.request)
    }
}

impl fmt::Display for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("none"),
            Self::Exactly(bytes) => write!(formatter, "{:?}", String::from_utf8_lossy(bytes)),
            Self::Json(value) => write!(formatter, "{value}"),
            Self::Books(slugs) => write!(formatter, "the books {slugs:?}"),
            Self::Checked(what, _) => formatter.write_str(what),
        }
    }
}

impl Replay {
    /// The header that Next.js sends for a prerendered route, with a year as the longest time.
    fn cache_control(self) -> String {
        const YEAR: u32 = 31_536_000;
        match self {
            Self::UntilTheNextBundle => format!("s-maxage={YEAR}"),
            Self::Seconds(seconds) => format!("s-maxage={seconds}, stale-while-revalidate={}", YEAR - seconds),
        }
    }

    /// Whether it is still fresh after a while is not for a table to say.
    fn marked(self) -> Text {
        match self {
            Self::UntilTheNextBundle => Text::Exactly("HIT".to_owned()),
            Self::Seconds(_) => Text::StartsWith(""),
        }
    }
}

fn header_problem(name: &str, expected: &Text, found: &[&str]) -> Option<String> {
    let is_right = match (expected, found) {
        (Text::Absent, found) => found.is_empty(),
        (Text::Exactly(value), [found]) => found == value,
        (Text::StartsWith(start), [found]) => found.starts_with(start),
        (_, _) => false,
    };
    (!is_right).then(|| format!("{name}: {found:?} instead of {expected:?}"))
}

fn json_of(reply: &HttpReply) -> Option<Value> {
    serde_json::from_slice(&reply.body).ok()
}

fn slugs_of(reply: &HttpReply) -> Option<Vec<String>> {
    let books = json_of(reply)?;
    books.as_array()?.iter().map(|book| Some(book["slug"].as_str()?.to_owned())).collect()
}

const ALL_BOOKS: &[&str] = &[
    "solaris",
    "the-left-hand-of-darkness",
    "the-dispossessed",
    "the-name-of-the-rose",
    "jonathan-strange",
    "piranesi",
    "james",
];

/// What `/api/revalidate` wants to hear.
pub const REVALIDATE_SECRET: &str = "the cat sleeps in the biographies";

const FORM: &str = "application/x-www-form-urlencoded";

/// Every case of the guide.
#[must_use]
pub fn guide() -> Vec<Case> {
    [
        static_routes(),
        redirects(),
        dynamic_functions(),
        params(),
        queries(),
        bodies(),
        methods(),
        fetches(),
        revalidations(),
    ]
    .concat()
}

fn static_routes() -> Vec<Case> {
    use Replay::{Seconds, UntilTheNextBundle};
    let origin = "https://bookshop.example";
    let cover = fs::read(paths::example("guide").join("app/cover.png/cover.png")).expect("the guide has a cover");
    vec![
        Case::get("/api", "/api").replayed(UntilTheNextBundle).text("A bookshop's API. The books are at /api/books."),
        Case::get("/type", "/type").replayed(UntilTheNextBundle).json(json!([
            "fantasy",
            "literary",
            "mystery",
            "science-fiction"
        ])),
        Case::get("/2024", "/2024").replayed(UntilTheNextBundle).books(&["james"]),
        Case::get("/api/books", "/api/books").replayed(UntilTheNextBundle).books(ALL_BOOKS),
        Case::get("/api/pick", "/api/pick")
            .replayed(Seconds(60))
            .header("content-type", "application/json")
            .checked("the newest book", |reply| json_of(reply).is_some_and(|book| book["slug"] == "james")),
        Case::get("/api/opening-hours", "/api/opening-hours")
            .replayed(UntilTheNextBundle)
            .text("Monday to Saturday, 10:00 to 18:00"),
        Case::get("/api/opening-hours", "/api/opening-hours?day=sunday")
            .bundled()
            .replayed(UntilTheNextBundle)
            .text("Monday to Saturday, 10:00 to 18:00"),
        Case::get("/api/opening-hours", "/api/opening-hours?day=sunday").in_development().text("Closed."),
        Case::get("/cover.png", "/cover.png")
            .replayed(UntilTheNextBundle)
            .header("content-type", "image/png")
            .bytes(cover),
        Case::get("/robots.txt", "/robots.txt")
            .replayed(UntilTheNextBundle)
            .text(&format!("User-agent: *\nDisallow: /account\nSitemap: {origin}/sitemap.xml\n")),
        Case::get("/rss.xml", "/rss.xml")
            .replayed(UntilTheNextBundle)
            .header("content-type", "application/rss+xml")
            .checked("the feed of the three newest books", |reply| {
                let text = reply.text();
                text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel>")
                    && text.contains("<title>Jonathan Strange &amp; Mr Norrell</title>")
                    && text.matches("<item>").count() == 3
            }),
        Case::get("/sitemap.xml", "/sitemap.xml")
            .replayed(UntilTheNextBundle)
            .header("content-type", "application/xml")
            .checked("the addresses of all books", |reply| {
                reply.text().matches("<url><loc>").count() == ALL_BOOKS.len()
            }),
        Case::get("/api/prices", "/api/prices")
            .replayed(UntilTheNextBundle)
            .header("access-control-allow-origin", "*")
            .header("access-control-allow-methods", "GET, OPTIONS")
            .header("access-control-allow-headers", "content-type, authorization")
            .json(json!({
                "james": 1800,
                "jonathan-strange": 1550,
                "piranesi": 1000,
                "solaris": 1100,
                "the-dispossessed": 1300,
                "the-left-hand-of-darkness": 1250,
                "the-name-of-the-rose": 1400,
            })),
    ]
}

fn redirects() -> Vec<Case> {
    vec![
        Case::get("/blog", "/blog")
            .replayed(Replay::UntilTheNextBundle)
            .status(307)
            .header("location", "https://example.com/"),
        Case::get("/catalogue", "/catalogue")
            .replayed(Replay::UntilTheNextBundle)
            .status(308)
            .header("location", "/shop"),
        Case::get("/account", "/account").status(307).header("location", "/"),
        Case::new("/account", HttpRequest::get("/account").cookie("theme=dark").cookie("session=ada"))
            .header("cache-control", "private, no-store")
            .text("Signed in as ada."),
    ]
}

fn dynamic_functions() -> Vec<Case> {
    let cart = "/api/cart";
    vec![
        Case::get(cart, cart)
            .header("set-cookie", "cart=; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax")
            .json(json!({"slugs": []})),
        Case::new(cart, HttpRequest::get(cart).cookie("other=1").cookie("cart=solaris.nonsense"))
            .header("set-cookie", "cart=solaris; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax")
            .json(json!({"slugs": ["solaris"]})),
        Case::new(cart, HttpRequest::post(cart, "application/json", r#"{"slug":"piranesi"}"#).cookie("cart=solaris"))
            .header("set-cookie", "cart=solaris.piranesi; Path=/; HttpOnly; SameSite=lax")
            .json(json!({"slugs": ["solaris", "piranesi"]})),
        Case::new(cart, HttpRequest::post(cart, "application/json", r#"{"slug":"nonsense"}"#))
            .status(404)
            .without("set-cookie"),
        Case::new(cart, HttpRequest::new("DELETE", cart).cookie("cart=solaris"))
            .status(204)
            .header_starts("set-cookie", "cart=;"),
        Case::get("/api/locale", "/api/locale").header("content-language", "en").text("Welcome to the bookshop."),
        Case::new("/api/locale", HttpRequest::get("/api/locale").header("accept-language", "de-AT,en;q=0.5"))
            .header("content-language", "de")
            .header("vary", "accept-language")
            .text("Willkommen in der Buchhandlung."),
        Case::new("/api/locale", HttpRequest::get("/api/locale").header("accept-language", "pl"))
            .header("content-language", "pl")
            .text("Witamy w księgarni."),
    ]
}

fn params() -> Vec<Case> {
    use Replay::{Seconds, UntilTheNextBundle};
    let (items, authors, reports) = ("/items/[slug]", "/authors/[name]", "/reports/[decade]");
    let (shelves, docs, shop) = ("/shelves/[floor]/[number]", "/docs/[...path]", "/shop/[[...filters]]");
    vec![
        Case::get(items, "/items/solaris").replayed(UntilTheNextBundle).json(json!({
            "slug": "solaris",
            "title": "Solaris",
            "author": "Stanisław Lem",
            "year": 1961,
            "genre": "science-fiction",
            "price_cents": 1100,
        })),
        Case::get(authors, "/authors/Stanis%C5%82aw%20Lem").replayed(UntilTheNextBundle).books(&["solaris"]),
        Case::get(authors, "/authors/Ursula%20K.%20Le%20Guin")
            .replayed(UntilTheNextBundle)
            .books(&["the-left-hand-of-darkness", "the-dispossessed"]),
        Case::get(authors, "/authors/Nobody").bundled().status(404),
        Case::get(authors, "/authors/Nobody").in_development().books(&[]),
        Case::get(reports, "/reports/1960").replayed(Seconds(604_800)).json(json!({"decade": 1960, "books": 2})),
        Case::get(reports, "/reports/1850").bundled().status(404),
        Case::get(reports, "/reports/1850").in_development().json(json!({"decade": 1850, "books": 0})),
        Case::get(shelves, "/shelves/1/0").books(&["solaris", "the-left-hand-of-darkness"]),
        Case::get(shelves, "/shelves/1/3").books(&["james"]),
        Case::get(shelves, "/shelves/1/4").status(404),
        Case::get(shelves, "/shelves/1/x").status(400).checked("anything", |_| true),
        Case::get(docs, "/docs/returns").text("Within thirty days."),
        Case::get(docs, "/docs/returns/abroad").text("Within sixty days."),
        Case::get(docs, "/docs/nonsense").status(404),
        Case::get(shop, "/shop").books(ALL_BOOKS),
        Case::get(shop, "/shop/genre/fantasy").books(&["jonathan-strange", "piranesi"]),
        Case::get(shop, "/shop/genre/fantasy/year/2020").books(&["piranesi"]),
        Case::get(shop, "/shop/author/Susanna%20Clarke").books(&["jonathan-strange", "piranesi"]),
        Case::get(shop, "/shop/genre").status(404),
    ]
}

fn queries() -> Vec<Case> {
    let (search, export) = ("/api/search", "/api/export.csv");
    vec![
        Case::get(search, "/api/search?title=the").header("content-type", "application/json").checked(
            "the first two of three books and the address of the others",
            |reply| {
                let page = json_of(reply).unwrap_or_default();
                let next = page["next"].as_str().unwrap_or_default();
                page["found"] == 3
                    && page["books"][1]["slug"] == "the-dispossessed"
                    && next.starts_with("http")
                    && next.ends_with("/api/search?title=the&page=1")
            },
        ),
        Case::get(search, "/api/search?title=left+hand&genre=science%2Dfiction")
            .header("content-type", "application/json")
            .checked("one book", |reply| {
                let page = json_of(reply).unwrap_or_default();
                page["found"] == 1 && page["books"][0]["slug"] == "the-left-hand-of-darkness" && page["next"].is_null()
            }),
        Case::get(search, "/api/search?page=x").status(400).checked("anything", |_| true),
        Case::get(export, "/api/export.csv?genre=mystery")
            .header("content-type", "text/csv; charset=utf-8")
            .header("content-disposition", "attachment")
            .bytes("slug,title,price_cents\r\nthe-name-of-the-rose,\"The Name of the Rose\",1400\r\n"),
    ]
}

fn revalidations() -> Vec<Case> {
    let route = "/api/revalidate";
    let change = |secret: &str, change: &str| {
        let request = HttpRequest::post(route, "application/json", change).header("x-revalidate-secret", secret);
        Case::new(route, request)
    };
    vec![
        change("guess", r#"{"path":"/items/solaris"}"#).status(401),
        change(REVALIDATE_SECRET, r#"{"path":"/items/solaris"}"#).status(204),
        change(REVALIDATE_SECRET, r#"{"tag":"bestsellers"}"#).status(204),
    ]
}

fn bodies() -> Vec<Case> {
    let (orders, notes, contact, items) = ("/api/orders", "/api/notes", "/api/contact", "/items/[slug]");
    let json = "application/json";
    let multipart = "--wharf\r\ncontent-disposition: form-data; name=\"name\"\r\n\r\nAda\r\n--wharf\r\n\
                     content-disposition: form-data; name=\"email\"\r\n\r\nada@example.com\r\n--wharf--\r\n";
    let receipt = json!({"name": "Ada", "email": "ada@example.com"});
    let solaris = "/items/solaris";
    vec![
        Case::new(orders, HttpRequest::post(orders, json, r#"{"slug":"solaris","copies":3}"#))
            .status(201)
            .json(json!({"title": "Solaris", "total_cents": 3300})),
        Case::new(orders, HttpRequest::new("POST", orders).body(r#"{"slug":"solaris","copies":1}"#))
            .status(201)
            .json(json!({"title": "Solaris", "total_cents": 1100})),
        Case::new(orders, HttpRequest::post(orders, json, r#"{"slug":"nonsense","copies":1}"#)).status(404),
        Case::new(notes, HttpRequest::post(notes, "text/plain", "more Polish books, dziękuję"))
            .status(201)
            .text("Thank you for 4 words."),
        Case::new(contact, HttpRequest::post(contact, FORM, "name=Ada&email=ada%40example.com")).json(receipt.clone()),
        Case::new(contact, HttpRequest::post(contact, "multipart/form-data; boundary=wharf", multipart)).json(receipt),
        Case::new(contact, HttpRequest::post(contact, FORM, "name=Ada"))
            .status(422)
            .text("The form lacks the field email."),
        Case::new(items, with_json("PUT", solaris, r#"{"title":"Solaris","price_cents":900}"#))
            .json(json!({"title": "Solaris", "price_cents": 900})),
        Case::new(items, with_json("PATCH", solaris, r#"{"price_cents":900}"#))
            .json(json!({"title": "Solaris", "price_cents": 900})),
        Case::new(items, with_json("PUT", solaris, "{")).status(400).checked("anything", |_| true),
        Case::new(items, with_json("PUT", "/items/nonsense", r#"{"title":"x","price_cents":1}"#)).status(404),
        Case::new(items, HttpRequest::new("DELETE", solaris)).status(204),
        Case::new(items, HttpRequest::new("DELETE", "/items/nonsense")).status(404),
    ]
}

fn with_json(method: &str, target: &str, body: &str) -> HttpRequest {
    HttpRequest::new(method, target).header("content-type", "application/json").body(body)
}

fn methods() -> Vec<Case> {
    let (items, export) = ("/items/[slug]", "/api/export.csv");
    let all = "DELETE, GET, HEAD, OPTIONS, PATCH, PUT";
    vec![
        Case::new("/api", HttpRequest::new("HEAD", "/api"))
            .replayed(Replay::UntilTheNextBundle)
            .header("content-type", "text/plain; charset=utf-8"),
        Case::new("/docs/[...path]", HttpRequest::new("HEAD", "/docs/returns"))
            .header("content-type", "text/plain; charset=utf-8"),
        Case::new("/docs/[...path]", HttpRequest::new("HEAD", "/docs/nonsense")).status(404),
        Case::new(export, HttpRequest::new("HEAD", export))
            .header("x-rows", "7")
            .header("content-type", "text/csv; charset=utf-8"),
        Case::new("/api", HttpRequest::new("OPTIONS", "/api")).status(204).header("allow", "GET, HEAD, OPTIONS"),
        Case::new(items, HttpRequest::new("OPTIONS", "/items/solaris")).status(204).header("allow", all),
        Case::new("/api/orders", HttpRequest::new("OPTIONS", "/api/orders"))
            .status(204)
            .header("allow", "OPTIONS, POST"),
        Case::new("/api/prices", HttpRequest::new("OPTIONS", "/api/prices"))
            .status(204)
            .without("allow")
            .header("access-control-allow-origin", "*")
            .header("access-control-max-age", "86400"),
        Case::new("/api", HttpRequest::new("DELETE", "/api")).status(405).header("allow", "GET, HEAD, OPTIONS"),
        Case::new(items, HttpRequest::new("POST", "/items/solaris")).status(405).header("allow", all),
        Case::get("/api/orders", "/api/orders").status(405).header("allow", "OPTIONS, POST"),
        Case::new("/api/orders", HttpRequest::new("HEAD", "/api/orders")).status(405).header("allow", "OPTIONS, POST"),
    ]
}

fn fetches() -> Vec<Case> {
    let recommendations = "Solaris by Stanisław Lem\nThe Left Hand of Darkness by Ursula K. Le Guin\n\
                           The Dispossessed by Ursula K. Le Guin\nThe Name of the Rose by Umberto Eco\n\
                           Jonathan Strange & Mr Norrell by Susanna Clarke\nPiranesi by Susanna Clarke\n\
                           James by Percival Everett\n";
    let is_json = |case: Case| case.header("content-type", "application/json");
    vec![
        Case::get("/api/posts", "/api/posts").replayed(Replay::Seconds(60)).json(json!([
            {"id": 1, "title": "The autumn list"},
            {"id": 2, "title": "Lem at a hundred"},
        ])),
        is_json(Case::get("/api/bestsellers", "/api/bestsellers").replayed(Replay::Seconds(5_400)))
            .checked("the bestsellers", |reply| json_of(reply).is_some_and(|reply| reply["key"] == "bestsellers")),
        is_json(Case::get("/api/product", "/api/product?id=7"))
            .checked("product 7", |reply| json_of(reply).is_some_and(|reply| reply["id"] == 7)),
        Case::get("/api/product", "/api/product").status(400).text("The query lacks a numeric id."),
        is_json(Case::get("/api/stock/[slug]", "/api/stock/solaris"))
            .checked("the stock of one book", |reply| json_of(reply).is_some_and(|reply| reply["key"] == "solaris")),
        Case::get("/api/stock/[slug]", "/api/stock/nonsense").status(404),
        Case::get("/api/recommend", "/api/recommend").text(recommendations),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_reply_is_looked_at() {
        let case = Case::get("/a", "/a").header("x", "1").text("hello");
        let right = HttpReply {
            status: 200,
            headers: [
                ("x", "1"),
                ("content-type", "text/plain; charset=utf-8"),
                ("cache-control", "private, no-store"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
            body: b"hello".to_vec(),
        };
        let count = |change: fn(&mut HttpReply)| {
            let mut reply = right.clone();
            change(&mut reply);
            case.problems(&reply, Delivery::Watch).len()
        };
        assert_eq!(count(|_| {}), 0);
        assert_eq!(count(|reply| reply.status = 201), 1);
        assert_eq!(count(|reply| reply.headers[0].1 = "2".to_owned()), 1);
        assert_eq!(count(|reply| reply.headers.push(("x".to_owned(), "1".to_owned()))), 1);
        assert_eq!(count(|reply| reply.body.clear()), 1);
    }

    #[test]
    fn a_replayed_answer_is_marked_where_answers_are_replayed() {
        let case = Case::get("/a", "/a").replayed(Replay::UntilTheNextBundle);
        let reply = HttpReply { status: 200, headers: Vec::new(), body: Vec::new() };
        assert!(case.problems(&reply, Delivery::Watch).is_empty());
        assert_eq!(case.problems(&reply, Delivery::HttpApi).len(), 2);
    }
}

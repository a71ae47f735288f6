//! What a handler can answer, and what the client gets of it: the second half of the table.

use std::{collections::HashMap, io, sync::OnceLock};

use bytes::Bytes;
use futures_util::stream;
use serde_json::json;
use wharf::{
    Cookie, Error, Path, Response, Result, cookies, entry::Route, http::HeaderValue, not_found, permanent_redirect,
    redirect,
};

use crate::HttpReply;

/// `/reply/[name]`, with a GET alone, which answers as the row of this name says.
pub fn route() -> Route {
    Route::new("/reply/[name]").get(async |Path(name): Path<String>| -> Result {
        match row(&name) {
            Some(row) => (row.answer)(),
            None => Ok(not_found()),
        }
    })
}

/// What the client gets from the row of this name.
pub(super) fn told(name: &str) -> HttpReply {
    row(name).map_or_else(|| HttpReply { status: 404, headers: Vec::new(), body: Vec::new() }, |row| row.told.clone())
}

/// The same to a HEAD: no body, and how long it would be.
pub(super) fn head(mut told: HttpReply) -> HttpReply {
    if !told.body.is_empty() {
        told.headers.push(("content-length".to_owned(), told.body.len().to_string()));
        told.headers.sort_by(|(one, _), (other, _)| one.cmp(other));
        told.body.clear();
    }
    told
}

/// The names of all rows, and whether the length of the body is known before it is sent.
pub(super) fn names() -> impl Iterator<Item = (&'static str, bool)> {
    rows().iter().map(|row| (row.name, !row.name.starts_with("stream")))
}

fn row(name: &str) -> Option<&'static Row> {
    static BY_NAME: OnceLock<HashMap<&str, &Row>> = OnceLock::new();
    let by_name = BY_NAME.get_or_init(|| {
        let by_name: HashMap<_, _> = rows().iter().map(|row| (row.name, row)).collect();
        assert_eq!(by_name.len(), rows().len(), "two rows have one name");
        by_name
    });
    by_name.get(name).copied()
}

type Answer = Box<dyn Fn() -> Result + Send + Sync>;

struct Row {
    name: &'static str,
    answer: Answer,
    told: HttpReply,
}

/// A row: what the handler does, and the status, headers and body that come of it.
fn reply(
    name: &'static str,
    answer: impl Fn() -> Result + Send + Sync + 'static,
    (status, headers): (u16, &[(&str, &str)]),
    body: impl Into<Vec<u8>>,
) -> Row {
    let mut headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    headers.sort_by(|(one, _): &(String, String), (other, _)| one.cmp(other));
    Row { name, answer: Box::new(answer), told: HttpReply { status, headers, body: body.into() } }
}

fn rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let groups = [
            statuses(),
            types(),
            bodies(),
            without_body(),
            headers(),
            set_cookies(),
            redirects(),
            failures(),
            streams(),
        ];
        groups.into_iter().flatten().collect()
    })
}

const TEXT: (&str, &str) = ("content-type", "text/plain; charset=utf-8");
const BYTES: (&str, &str) = ("content-type", "application/octet-stream");

fn every_byte() -> Vec<u8> {
    (0..=255).collect()
}

/// What `gzip` makes of the text `zipped`.
const GZIPPED: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\xca\x2c\x28\x48\x4d\x01\x00\x57\x68\xc2\xe2\x06\x00\x00\x00";

/// Statuses with a name and without, each with a body.
fn statuses() -> Vec<Row> {
    let all = [
        ("status-200", 200),
        ("status-201", 201),
        ("status-202", 202),
        ("status-203", 203),
        ("status-206", 206),
        ("status-207", 207),
        ("status-208", 208),
        ("status-226", 226),
        ("status-299", 299),
        ("status-300", 300),
        ("status-301", 301),
        ("status-303", 303),
        ("status-305", 305),
        ("status-399", 399),
        ("status-400", 400),
        ("status-401", 401),
        ("status-402", 402),
        ("status-403", 403),
        ("status-404", 404),
        ("status-405", 405),
        ("status-409", 409),
        ("status-410", 410),
        ("status-412", 412),
        ("status-418", 418),
        ("status-422", 422),
        ("status-425", 425),
        ("status-429", 429),
        ("status-451", 451),
        ("status-499", 499),
        ("status-500", 500),
        ("status-501", 501),
        ("status-502", 502),
        ("status-503", 503),
        ("status-504", 504),
        ("status-511", 511),
        ("status-599", 599),
    ];
    all.map(|(name, status)| reply(name, move || Ok(Response::text("said").status(status)), (status, &[TEXT]), "said"))
        .into()
}

/// A content type never decides what becomes of the bytes.
fn types() -> Vec<Row> {
    let all = [
        ("type-html", "text/html; charset=utf-8"),
        ("type-css", "text/css"),
        ("type-csv", "text/csv; header=present"),
        ("type-events", "text/event-stream"),
        ("type-js", "application/javascript"),
        ("type-json", "application/json"),
        ("type-jsonl", "application/jsonl"),
        ("type-problem", "application/problem+json"),
        ("type-vendor", "application/vnd.api+json"),
        ("type-xml", "application/xml"),
        ("type-yaml", "application/yaml"),
        ("type-svg", "image/svg+xml"),
        ("type-png", "image/png"),
        ("type-woff", "font/woff2"),
        ("type-pdf", "application/pdf"),
        ("type-wasm", "application/wasm"),
        ("type-zip", "application/zip"),
        ("type-form", "application/x-www-form-urlencoded"),
        ("type-mixed", "multipart/mixed; boundary=\"a, b\""),
        ("type-unknown", "x/y"),
        ("type-loud", "TEXT/PLAIN"),
        ("type-empty", ""),
        ("type-odd", "no type at all;;"),
        ("type-latin", "text/plain; charset=iso-8859-1"),
        ("type-utf16", "text/plain; charset=utf-16le"),
    ];
    const NO_TEXT: &[u8] = b"\xFF\xFE\x00\xE9";
    let texts = all.map(|(name, value)| {
        reply(name, move || Ok(Response::new("né").content_type(value)), (200, &[("content-type", value)]), "né")
    });
    let binaries = [
        ("binary-text", "text/plain"),
        ("binary-latin", "text/plain; charset=iso-8859-1"),
        ("binary-json", "application/json"),
        ("binary-svg", "image/svg+xml"),
        ("binary-png", "image/png"),
        ("binary-form", "multipart/form-data; boundary=x"),
    ];
    let binaries = binaries.map(|(name, value)| {
        let answer = move || Ok(Response::new(Bytes::from_static(NO_TEXT)).content_type(value));
        reply(name, answer, (200, &[("content-type", value)]), NO_TEXT)
    });
    texts.into_iter().chain(binaries).collect()
}

fn bodies() -> Vec<Row> {
    let encoded = |name, encoding: &'static str, body: &'static [u8]| {
        let answer = move || Ok(Response::new(body).content_type("text/plain").header("content-encoding", encoding));
        reply(name, answer, (200, &[("content-encoding", encoding), ("content-type", "text/plain")]), body)
    };
    vec![
        reply("text", || Ok(Response::text("né 你 🚀\r\n\t")), (200, &[TEXT]), "né 你 🚀\r\n\t"),
        reply("text-quoted", || Ok(Response::text("\"\\/\u{8}\u{2028}")), (200, &[TEXT]), "\"\\/\u{8}\u{2028}"),
        reply("text-marked", || Ok(Response::text("\u{FEFF}x")), (200, &[TEXT]), "\u{FEFF}x"),
        reply("text-controls", || Ok(Response::text("\0\x01\x1b\x7f")), (200, &[TEXT]), "\0\x01\x1b\x7f"),
        reply("text-no-type", || Ok(Response::new("né")), (200, &[BYTES]), "né"),
        reply("text-like-base64", || Ok(Response::text("Zm9v")), (200, &[TEXT]), "Zm9v"),
        reply("text-big", || Ok(Response::text("é".repeat(100_000))), (200, &[TEXT]), "é".repeat(100_000)),
        reply(
            "json",
            || Response::json(&json!({"a": [1, 2.5, null, "é"]})),
            (200, &[("content-type", "application/json")]),
            r#"{"a":[1,2.5,null,"é"]}"#,
        ),
        reply("html", || Ok(Response::html("<p>")), (200, &[("content-type", "text/html; charset=utf-8")]), "<p>"),
        reply("bytes", || Ok(Response::bytes(every_byte())), (200, &[BYTES]), every_byte()),
        reply("bytes-no-type", || Ok(Response::new(every_byte())), (200, &[BYTES]), every_byte()),
        reply("bytes-one", || Ok(Response::bytes(vec![0x80])), (200, &[BYTES]), [0x80]),
        reply("bytes-that-are-text", || Ok(Response::bytes("text")), (200, &[BYTES]), "text"),
        reply("bytes-cut-in-a-letter", || Ok(Response::bytes(vec![b'a', 0xC3])), (200, &[BYTES]), b"a\xC3"),
        reply("bytes-big", || Ok(Response::bytes(every_byte().repeat(500))), (200, &[BYTES]), every_byte().repeat(500)),
        encoded("gzip", "gzip", GZIPPED),
        encoded("gzip-loud", "GZIP", GZIPPED),
        encoded("gzip-and-identity", "identity, gzip", GZIPPED),
        encoded("br-like-text", "br", b"looks like text"),
        encoded("identity", "identity", b"is text"),
        encoded("identity-of-bytes", "identity", b"\xFF\xD8"),
    ]
}

fn without_body() -> Vec<Row> {
    let etag = ("etag", "\"a\"");
    vec![
        reply("empty", || Ok(Response::empty()), (200, &[]), ""),
        reply("empty-text", || Ok(Response::text("")), (200, &[TEXT]), ""),
        reply("204", || Ok(Response::empty().status(204)), (204, &[]), ""),
        reply("204-with-a-body", || Ok(Response::text("x").status(204)), (204, &[]), ""),
        reply(
            "204-with-a-cookie",
            || Ok(Response::empty().status(204).header("set-cookie", "a=1")),
            (204, &[("set-cookie", "a=1")]),
            "",
        ),
        reply("205-with-a-body", || Ok(Response::text("x").status(205)), (205, &[]), ""),
        reply("304", || Ok(Response::empty().status(304).header("etag", "\"a\"")), (304, &[etag]), ""),
        reply("304-with-a-body", || Ok(Response::text("x").status(304).header("etag", "\"a\"")), (304, &[etag]), ""),
        reply("304-with-a-length", || Ok(Response::empty().status(304).header("content-length", "7")), (304, &[]), ""),
    ]
}

fn headers() -> Vec<Row> {
    let one = |name, header: &'static str, value: &'static str| {
        reply(
            name,
            move || Ok(Response::empty().header(header, value)),
            (200, &[(&header.to_ascii_lowercase(), value)]),
            "",
        )
    };
    let dropped = |name, header: &'static str, value: &'static str| {
        reply(name, move || Ok(Response::text("x").header(header, value)), (200, &[TEXT]), "x")
    };
    let raw = |name, bytes: &'static [u8], told: &'static str| {
        let answer = move || Ok(Response::empty().header("x-raw", HeaderValue::from_bytes(bytes)?));
        reply(name, answer, (200, &[("x-raw", told)]), "")
    };
    let repeated = |name, header: &'static str, values: &'static [&'static str]| {
        let answer = move || Ok(values.iter().fold(Response::empty(), |reply, value| reply.header(header, *value)));
        let lines: Vec<_> = values.iter().map(|value| (header, *value)).collect();
        reply(name, answer, (200, &lines), "")
    };
    let many: Vec<_> = (0..150).map(|number| (format!("x-{number:03}"), number.to_string())).collect();
    let lines: Vec<_> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer_many = {
        let many = many.clone();
        move || {
            Ok(many.iter().fold(Response::empty(), |reply, (name, value)| reply.header(name.as_str(), value.as_str())))
        }
    };
    vec![
        one("header", "x-a", "b"),
        one("header-loud", "X-Loud", "b"),
        one("header-empty", "x-empty", ""),
        one("header-commas", "x-list", "a, \"b, c\", d"),
        one("header-tab", "x-tab", "a\tb"),
        one("header-json", "x-json", "{\"a\": \"\\\"\"}"),
        one("header-date", "expires", "Thu, 01 Jan 1970 00:00:00 GMT"),
        one("header-etag", "etag", "W/\"a,b\""),
        one("header-cache", "cache-control", "public, s-maxage=60, stale-while-revalidate=30"),
        one("header-range", "content-range", "bytes 0-1/2"),
        one("header-disposition", "content-disposition", "attachment; filename*=UTF-8''%C3%A9.txt"),
        one("header-date-own", "date", "Thu, 01 Jan 1970 00:00:00 GMT"),
        one("header-hint", "x-lambda-http-content-encoding", "text"),
        reply(
            "header-long",
            || Ok(Response::empty().header("x-long", "y".repeat(8_000))),
            (200, &[("x-long", &"y".repeat(8_000))]),
            "",
        ),
        reply("headers-many", answer_many, (200, &lines), ""),
        raw("header-utf8", "café 你".as_bytes(), "café 你"),
        raw("header-latin", b"caf\xE9", "café"),
        raw("header-high-bytes", b"\x80\xFF", "\u{80}\u{FF}"),
        repeated("vary", "vary", &["accept", "origin"]),
        repeated("vary-same", "vary", &["accept", "accept"]),
        repeated("links", "link", &["</a>; rel=\"next, x\"", "</b>", "</c>; rel=prev"]),
        repeated("challenges", "www-authenticate", &["Basic realm=\"a, b\"", "Bearer"]),
        repeated("repeated-empty", "x-empty", &["", "a", ""]),
        dropped("hop-connection", "connection", "keep-alive"),
        dropped("hop-keep-alive", "keep-alive", "timeout=5"),
        dropped("hop-chunked", "transfer-encoding", "chunked"),
        dropped("hop-upgrade", "upgrade", "h2c"),
        dropped("hop-trailer", "trailer", "x-sum"),
    ]
}

fn set_cookies() -> Vec<Row> {
    fn setting(name: &'static str, cookies: &[String]) -> Row {
        let lines: Vec<_> = cookies.iter().map(|cookie| ("set-cookie", cookie.as_str())).collect();
        let told = (200, lines.as_slice());
        let cookies = cookies.to_vec();
        let answer = move || {
            Ok(cookies.iter().fold(Response::empty(), |reply, cookie| reply.header("set-cookie", cookie.as_str())))
        };
        reply(name, answer, told, "")
    }
    let numbered = |count: usize| (0..count).map(|number| format!("c{number}={number}; Path=/")).collect::<Vec<_>>();
    let given = |cookies: &[&str]| cookies.iter().map(|cookie| (*cookie).to_owned()).collect::<Vec<_>>();
    vec![
        setting("cookie", &given(&["a=1"])),
        setting(
            "cookie-expires",
            &given(&["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "b=2; Expires=Fri, 02 Jan 1970 00:00:00 GMT"]),
        ),
        setting(
            "cookie-attributes",
            &given(&["a=1; Path=/; Domain=a.example; Secure; HttpOnly; SameSite=lax; Partitioned"]),
        ),
        setting("cookie-same-name", &given(&["a=1; Path=/x", "a=2; Path=/y", "a=2; Path=/y"])),
        setting("cookie-empty", &given(&["a="])),
        setting("cookie-utf8", &given(&["a=café", "b=你"])),
        setting("cookies-3", &numbered(3)),
        setting("cookies-20", &numbered(20)),
        setting("cookies-512", &numbered(512)),
        setting("cookies-513", &numbered(513)),
        reply(
            "cookie-latin",
            || Ok(Response::empty().header("set-cookie", HeaderValue::from_bytes(b"a=\xE9")?)),
            (200, &[("set-cookie", "a=é")]),
            "",
        ),
        reply(
            "cookie-of-the-jar",
            || {
                cookies().set(("b", "x y"));
                cookies().delete("c");
                Ok(Response::text("x").cookie(Cookie::new("a", "é")))
            },
            (
                200,
                &[
                    TEXT,
                    ("set-cookie", "a=%C3%A9; Path=/"),
                    ("set-cookie", "b=x%20y; Path=/"),
                    ("set-cookie", "c=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
                ],
            ),
            "x",
        ),
        reply(
            "cookie-and-redirect",
            || {
                cookies().set(("a", "1"));
                Err(redirect("/login"))?
            },
            (307, &[("location", "/login"), ("set-cookie", "a=1; Path=/")]),
            "",
        ),
        reply(
            "cookie-and-not-found",
            || {
                cookies().set(("a", "1"));
                Ok(not_found())
            },
            (404, &[]),
            "",
        ),
        reply(
            "cookie-and-error",
            || {
                cookies().set(("a", "1"));
                Err(Error::msg("no"))
            },
            (500, &[]),
            "",
        ),
    ]
}

fn redirects() -> Vec<Row> {
    let to = |name, answer: fn() -> Response, status, location: &str| {
        reply(name, move || Ok(answer()), (status, &[("location", location)]), "")
    };
    vec![
        to("redirect", || redirect("/a?b=c#d"), 307, "/a?b=c#d"),
        to("redirect-elsewhere", || redirect("https://a.example/x y"), 307, "https://a.example/x%20y"),
        to("redirect-letters", || redirect("/é"), 307, "/%C3%A9"),
        to("redirect-split", || redirect("/a\r\nset-cookie: b=1"), 307, "/a%0D%0Aset-cookie:%20b=1"),
        to("redirect-relative", || redirect("../x"), 307, "../x"),
        to("redirect-for-good", || permanent_redirect("/new"), 308, "/new"),
        to("redirect-303", || Response::redirect("https://a.example").status(303), 303, "https://a.example/"),
        to("redirect-302", || Response::redirect("/x").status(302), 302, "/x"),
    ]
}

fn failures() -> Vec<Row> {
    let failed = |name, answer: fn() -> Result, status| reply(name, answer, (status, &[]), "");
    vec![
        failed("not-found", || Ok(not_found()), 404),
        failed("not-found-thrown", || Err(not_found())?, 404),
        failed("error", || Err(Error::msg("a secret of the log")), 500),
        failed("error-of-a-library", || Err(io::Error::other("no"))?, 500),
        failed("error-with-a-status", || Err(Error::msg("no").with_status(422)), 422),
        failed("panic", || panic!("the roof is on fire"), 500),
        failed("panic-of-anything", || std::panic::panic_any(7_u8), 500),
        failed("bad-status", || Ok(Response::text("x").status(199)), 500),
        failed("bad-status-600", || Ok(Response::text("x").status(600)), 500),
        failed("bad-header-name", || Ok(Response::text("x").header("a b", "c")), 500),
        failed("bad-header-value", || Ok(Response::text("x").header("a", "b\nc: d")), 500),
        failed("bad-header-nul", || Ok(Response::text("x").header("a", "b\0")), 500),
        failed("bad-type", || Ok(Response::text("x").content_type("a\r\nb: c")), 500),
    ]
}

fn streams() -> Vec<Row> {
    type Piece = std::result::Result<&'static [u8], io::Error>;
    fn streamed(pieces: Vec<Piece>) -> Result {
        Ok(Response::stream(stream::iter(pieces)).content_type("text/plain"))
    }
    let plain = ("content-type", "text/plain");
    vec![
        reply("stream", || streamed(vec![Ok(b"a"), Ok(b""), Ok(b"b")]), (200, &[plain]), "ab"),
        reply("stream-of-nothing", || streamed(vec![]), (200, &[plain]), ""),
        // The letter is cut in two.
        reply("stream-of-a-letter", || streamed(vec![Ok(b"\xC3"), Ok(b"\xA9")]), (200, &[plain]), "é"),
        reply("stream-that-fails", || streamed(vec![Ok(b"a"), Err(io::Error::other("no"))]), (500, &[]), ""),
        reply("stream-that-fails-at-once", || streamed(vec![Err(io::Error::other("no"))]), (500, &[]), ""),
    ]
}

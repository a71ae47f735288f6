//! What a client can send: the first half of the table.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};
use wharf::http::{Request, request::Builder};

use super::{Case, Function, SECRET, replies};

pub(super) fn cases() -> Vec<Case> {
    let groups = [methods(), targets(), headers(), cookies(), viewers(), bodies(), forms(), routing(), answered()];
    groups.into_iter().flatten().collect()
}

fn case(function: Function, request: Builder, body: impl Into<Bytes>) -> Case {
    let request = request.body(body.into()).unwrap_or_else(|error| panic!("the table holds no such request: {error}"));
    Case { function, request, form: Value::Null }
}

fn get(target: &str) -> Builder {
    Request::get(target)
}

/// A GET of the root with these header lines.
fn with(lines: &[(&str, &str)]) -> Builder {
    lines.iter().fold(get("/"), |request, (name, value)| request.header(*name, value.as_bytes()))
}

/// Methods are case-sensitive, and a route answers seven of them.
const METHODS: [&str; 22] = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "MKCOL",
    "PURGE",
    "QUERY",
    "M-SEARCH",
    "get",
    "Get",
    "post",
    "options",
    "trace",
    "X",
    "GETS",
    "!#$%&'*+-.^_`|~9",
];

fn methods() -> Vec<Case> {
    let bare = METHODS.map(|method| case(Function::Open, Request::builder().method(method).uri("/a%20b?x=1"), ""));
    // A GET and a HEAD have no body, whatever was sent.
    let with_body = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"].map(|method| {
        case(Function::Open, Request::builder().method(method).uri("/").header("content-type", "text/plain"), "né\r\n")
    });
    bare.into_iter().chain(with_body).collect()
}

const PATHS: [&str; 76] = [
    "/",
    "/a",
    "/a/b/c/d",
    "/A/a",
    "/a.b",
    "/.a",
    "/a.",
    "/...",
    "/.well-known/x",
    "/~user",
    "/index.html",
    "/0",
    // Signs that mean nothing in a path.
    "/a+b",
    "/a;b=c",
    "/;",
    "/a,b",
    "/a=b",
    "/a&b",
    "/a:b",
    "/@a",
    "/!$'()*",
    "/-._~",
    "/a|b",
    "/a^b",
    "/{a}",
    "/a\"b",
    "/a\\b",
    "/[a]",
    "/é",
    "/你/好",
    // Escapes.
    "/a%20b",
    "/%C3%A9",
    "/%c3%a9",
    "/%E4%BD%A0/%E5%A5%BD",
    "/%F0%9F%9A%80",
    "/%61%7e",
    "/%2B",
    "/%3B",
    "/%40",
    "/%5C",
    "/%5B%5D",
    "/%7C",
    "/%22",
    "/%3C%3E",
    "/%0A",
    "/%7F",
    "/%25",
    "/100%25",
    "/%2525",
    "/%252F",
    "/%E2%80%AE",
    "/a%20/%20b",
    // Escapes of what separates.
    "/a%2Fb",
    "/a%2fb/c",
    "/%2F",
    "/a%2F",
    "/a%2F%2Fb",
    "/a%3Fb/c",
    "/%3F",
    "/a%23b",
    // Malformed ones, and those that may not be matched.
    "/%",
    "/a%",
    "/%2",
    "/%zz",
    "/%C3",
    "/%FF",
    "/%C0%AF",
    "/%ED%A0%80",
    "/%00",
    "/a%00b",
    "/./a",
    "/a/..",
    "/a/../b",
    "/%2e%2E/a",
    // Empty parts.
    "/a/",
    "//a",
];

const MORE_PATHS: [&str; 8] =
    ["//", "/a//b", "/a///b//", "/a%20b//c/?x=1&y=%20", "/é/", "/a//%zz", "/a//..", "//evil.example/x/"];

const QUERIES: [&str; 62] = [
    // Pairs.
    "x=1",
    "x=1&y=2",
    "y=2&x=1",
    "x=1&x=2",
    "x=2&x=1",
    "x=1&y=2&x=3",
    "x=1&x=1",
    "X=1&x=2",
    "a=1&b=2&c=3&a=4&b=5",
    // What is missing.
    "",
    "x=",
    "=1",
    "=",
    "&",
    "x",
    "x&y",
    "x&x",
    "x&x=",
    "x=1&",
    "&x=1",
    "x=1&&y=2",
    "x=&y",
    "x==",
    "x=1=2",
    // Spaces and plus signs.
    "x=a+b",
    "x=a%20b",
    "x=a%2Bb",
    "a+b=1",
    "a%20b=1",
    "a+b=1&a%20b=2",
    "+",
    "x=+",
    // Escapes.
    "x=%C3%A9",
    "%C3%A9=x",
    "x=%c3%a9",
    "x=%41",
    "%78=1&x=2",
    "x=%26",
    "x=%3D",
    "x=%23",
    "x=%25",
    "x=%2525",
    "x=%00",
    "x=%0D%0A",
    // Malformed ones, which stay as they are.
    "x=%",
    "x=%zz",
    "%zz=1",
    "x=%2",
    "x=%FF",
    "x=%E4%BD",
    // Signs that mean nothing in a query.
    "x=1;y=2",
    "x[]=1&x[]=2",
    "x%5B%5D=1",
    "x[a]=1",
    "x=a/b?c",
    "u=https://a.example/?b=1",
    "?",
    "x=a,b&x=c",
    "x=a:b@c",
    "x='|\\^`{}",
    "x=é",
    "x=你&é=1",
];

fn targets() -> Vec<Case> {
    let long = [
        format!("/{}", "long".repeat(2_000)),
        format!("/{}", "a/".repeat(500)) + "b",
        format!("/{}", "%20".repeat(1_500)),
        format!("/?x={}", "long".repeat(2_000)),
        format!("/?{}x=1", "x=1&".repeat(300)),
    ];
    let paths = PATHS.iter().chain(&MORE_PATHS).map(|path| (*path).to_owned());
    let queries = QUERIES.map(|query| format!("/a?{query}"));
    paths.chain(queries).chain(long).map(|target| case(Function::Open, get(&target), "")).collect()
}

fn headers() -> Vec<Case> {
    let many: Vec<_> = (0..300).map(|number| (format!("x-{number:03}"), number.to_string())).collect();
    let many = many.iter().fold(get("/"), |request, (name, value)| request.header(name, value));
    let long = "long".repeat(2_000);
    let lines: [&[(&str, &str)]; 29] = [
        &[("x-tag", "one")],
        &[("X-Tag", "One")],
        &[("x-tag", "")],
        &[("x-tag", "one"), ("x-tag", "two")],
        &[("x-tag", "one"), ("x-other", "1"), ("x-tag", "two")],
        &[("x-tag", "one"), ("x-tag", "one")],
        &[("x-tag", ""), ("x-tag", "")],
        &[("x-tag", "a, b"), ("x-tag", "c")],
        &[("x-tag", "a, b; c=\"d, e\"")],
        &[("x-tag", "a\tb")],
        // Also what a client's single byte E9 comes as.
        &[("x-tag", "café")],
        &[("x-tag", "你好 🚀")],
        &[("x-tag", "\u{80}\u{FF}")],
        &[("x-tag", "{\"a\": \"\\\"\"}")],
        &[("x-tag", &long)],
        &[("!#$%&'*+-.^_`|~", "x")],
        &[("accept", "text/html,application/xml;q=0.9,*/*;q=0.8")],
        &[("accept", "text/html"), ("accept", "text/plain")],
        &[("accept-language", "de"), ("accept-encoding", "gzip, br")],
        &[("authorization", "Bearer a.b-c_d=")],
        &[("if-none-match", "W/\"a\", \"b\"")],
        &[("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT")],
        &[("range", "bytes=0-1")],
        &[("user-agent", "Mozilla/5.0 (X11; Linux x86_64)")],
        &[("content-length", "7")],
        &[("connection", "keep-alive"), ("te", "trailers")],
        &[("x-amzn-trace-id", "Root=1-2-3")],
        &[("x-http-method-override", "DELETE")],
        &[("x-wharf-origin-secret", SECRET)],
    ];
    let lines = lines.iter().map(|lines| with(lines));
    lines.chain([many]).map(|request| case(Function::Open, request, "")).collect()
}

fn cookies() -> Vec<Case> {
    let lines: [&[&str]; 34] = [
        &["a=1"],
        &["a=1; b=2"],
        &["b=2; a=1"],
        // The last one of a name counts.
        &["a=1; b=2; a=3"],
        &["a=1; A=2"],
        // Values are decoded; one that cannot be decoded takes only its cookie along.
        &["a=%20x"],
        &["a=%zz; b=1"],
        &["a=%FF; b=1"],
        &["a=1; a=%zz"],
        &["a=%2525"],
        &["a=%3B; b=%3D"],
        &["a=x+y"],
        &["%61=1"],
        // Without `=`.
        &["a"],
        &["a; b=1"],
        &["a=1; a"],
        // Odd ones.
        &["a=b=c"],
        &["a="],
        &["=v"],
        &["="],
        &["a=x y"],
        &["a=\"x\""],
        &["a=\"x; y\""],
        &["a = 1"],
        &["a=1;b=2"],
        &["a=1;  b=2"],
        &["; a=1;; b=2;"],
        &[";"],
        &[""],
        &["a=é; b=你"],
        &["a=1, b=2"],
        &["__Host-id=x.y-z_"],
        // Several lines.
        &["a=1", "b=2"],
        &["a=1; b=2", "a=3"],
    ];
    let request =
        |lines: &&[&str]| lines.iter().fold(get("/"), |request, line| request.header("cookie", line.as_bytes()));
    lines.iter().map(|lines| case(Function::Open, request(lines), "")).collect()
}

/// Where the request went, and where it came from.
fn viewers() -> Vec<Case> {
    let lines: [&[(&str, &str)]; 30] = [
        &[("host", "shop.example")],
        &[("host", "SHOP.example:8443")],
        &[("host", "localhost")],
        &[("host", "localhost:3000")],
        &[("host", "127.0.0.1")],
        &[("host", "[::1]:80")],
        &[("host", "")],
        &[("host", "a b")],
        &[("host", "a.example:99999")],
        &[("host", "[::1")],
        &[("host", "a.example/path")],
        &[("host", "user@a.example")],
        &[("host", "a.example?x")],
        &[("host", "a\\b")],
        &[("host", "é.example")],
        &[("x-forwarded-host", "shop.example")],
        &[("x-forwarded-host", "a b")],
        &[("x-forwarded-proto", "http")],
        &[("x-forwarded-proto", "gopher")],
        &[("x-forwarded-proto", "")],
        &[("x-forwarded-port", "8443")],
        &[("cloudfront-forwarded-proto", "http")],
        &[("forwarded", "for=1.2.3.4;proto=http;host=a.example")],
        &[("x-real-ip", "1.2.3.4")],
        &[("x-forwarded-for", "1.2.3.4")],
        &[("x-forwarded-for", "6.6.6.6, 1.2.3.4")],
        &[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "1.2.3.4")],
        &[("x-forwarded-for", "2001:db8::1")],
        &[("x-forwarded-for", "nobody")],
        &[("x-forwarded-for", "")],
    ];
    let open = lines.iter().map(|lines| case(Function::Open, with(lines), ""));
    let proven = lines
        .iter()
        .filter(|lines| lines[0].0 != "host")
        .map(|lines| case(Function::BehindCdn, with(lines).header("x-wharf-origin-secret", SECRET), ""));
    let told = [("x-forwarded-host", "shop.example"), ("x-forwarded-for", "1.2.3.4")];
    let secrets = [None, Some(SECRET), Some("S3cret"), Some("s3cre"), Some("")].into_iter().flat_map(|secret| {
        let request =
            || secret.into_iter().fold(with(&told), |request, it| request.header("x-wharf-origin-secret", it));
        [case(Function::BehindCdn, request(), ""), case(Function::CdnOnly, request(), "")]
    });
    // What did not come through the CDN is refused before anything else is looked at.
    let refused = ["/%zz", "//a", "/a/.."].map(|target| case(Function::CdnOnly, get(target), ""));
    open.chain(proven).chain(secrets).chain(refused).collect()
}

fn bodies() -> Vec<Case> {
    let every_byte: Vec<u8> = (0..=255).collect();
    let bodies: [(&str, &[u8]); 33] = [
        ("", b""),
        ("", b"x"),
        ("", "né\0".as_bytes()),
        ("", &every_byte),
        ("", b"\xFF"),
        ("", b"a\xC3"),
        ("text/plain", b""),
        ("text/plain", "né 你 🚀".as_bytes()),
        ("text/plain", b"a\r\nb\tc\\\"\x01\x7f"),
        ("text/plain", b"Zm9v"),
        ("text/plain", b"\xEF\xBB\xBFx"),
        ("text/plain", b"\xEF\xBB\xBF"),
        ("text/plain; charset=iso-8859-1", b"caf\xE9"),
        ("text/plain; charset=utf-16le", b"\xFF\xFEx\0"),
        ("application/json", b"{\"a\": [1, null, \"\\u00e9\"]}"),
        ("application/json", b"\xEF\xBB\xBF[1]"),
        ("application/json", b""),
        ("application/json", b"{"),
        ("application/json", b" 7 "),
        ("application/json", b"{\"a\": 1, \"a\": 2}"),
        ("application/json", b"12345678901234567890"),
        ("application/json; charset=utf-8", b"null"),
        ("application/problem+json", b"{}"),
        ("text/html", b"<p>"),
        ("application/xml", b"<a/>"),
        ("application/octet-stream", &every_byte),
        ("application/octet-stream", b"text"),
        ("image/png", b"\x89PNG\r\n\x1a\n"),
        ("application/grpc", b"\0\0\0\0\0"),
        ("no type", b"x"),
        ("TEXT/PLAIN", b"x"),
        ("text/plain", b" "),
        ("text/plain", b"null"),
    ];
    let typed = |content_type: &str| {
        let request = Request::post("/a?x=1");
        if content_type.is_empty() { request } else { request.header("content-type", content_type) }
    };
    let bodies = bodies.map(|(content_type, body)| case(Function::Open, typed(content_type), body.to_vec()));
    let big = [("text/plain", "é".repeat(100_000).into_bytes()), ("application/octet-stream", every_byte.repeat(500))]
        .map(|(content_type, body)| case(Function::Open, typed(content_type), body));
    let zipped = case(Function::Open, typed("text/plain").header("content-encoding", "gzip"), &b"\x1f\x8b\x08\0"[..]);
    bodies.into_iter().chain(big).chain([zipped]).collect()
}

fn forms() -> Vec<Case> {
    let urlencoded = [
        "",
        "a=1",
        "a=1&b=2&a=3",
        "a=x+y%20z",
        "a=%C3%A9&b=é",
        "a",
        "a=&=b&&c",
        "a=%zz",
        "a[]=1&a[]=2",
        "a=1;b=2",
        "a=1\r\n",
    ]
    .map(|body| (Value::Null, "application/x-www-form-urlencoded", body.as_bytes().to_vec()));
    let loud = (Value::Null, "Application/X-WWW-Form-Urlencoded; charset=UTF-8", b"a=\xFF".to_vec());
    let file = |name: &str, content_type: Option<&str>, bytes: &[u8]| json!({"name": name, "type": content_type, "bytes": STANDARD.encode(bytes)});
    let every_byte: Vec<u8> = (0..=255).collect();
    let text_type = Some("text/plain");
    let multipart = [
        (json!([["t", "hi"]]), multipart(&[("name=\"t\"", None, b"hi")])),
        (json!([["t", ""]]), multipart(&[("name=\"t\"", None, b"")])),
        (
            json!([["a", "1"], ["b", "é"], ["a", "2"]]),
            multipart(&[("name=\"a\"", None, b"1"), ("name=\"b\"", None, "é".as_bytes()), ("name=\"a\"", None, b"2")]),
        ),
        (json!([["t", "a\r\nb"]]), multipart(&[("name=\"t\"", None, b"a\r\nb")])),
        (json!([["é", "x"]]), multipart(&[("name=\"é\"", None, b"x")])),
        (
            json!([["f", file("a.bin", Some("image/png"), &every_byte)]]),
            multipart(&[("name=\"f\"; filename=\"a.bin\"", Some("image/png"), &every_byte)]),
        ),
        (
            json!([["f", file("a.txt", text_type, b"hi")], ["t", "x"]]),
            multipart(&[("name=\"f\"; filename=\"a.txt\"", text_type, b"hi"), ("name=\"t\"", None, b"x")]),
        ),
        (
            json!([["f", file("", Some("application/octet-stream"), b"")]]),
            multipart(&[("name=\"f\"; filename=\"\"", Some("application/octet-stream"), b"")]),
        ),
        (json!([["f", file("é 1.txt", None, b"x")]]), multipart(&[("name=\"f\"; filename=\"é 1.txt\"", None, b"x")])),
        (
            json!([["f", file("../x", text_type, b"x")], ["f", file("y", text_type, b"\r\n--X")]]),
            multipart(&[
                ("name=\"f\"; filename=\"../x\"", text_type, b"x"),
                ("name=\"f\"; filename=\"y\"", text_type, b"\r\n--X"),
            ]),
        ),
        (json!([]), b"--boundary--\r\n".to_vec()),
        // It breaks off, and is none.
        (Value::Null, b"--boundary\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\nhi".to_vec()),
    ]
    .map(|(fields, body)| (fields, "multipart/form-data; boundary=boundary", body));
    let unbounded = (Value::Null, "multipart/form-data", b"--boundary--".to_vec());
    let forms = urlencoded.into_iter().chain(multipart).chain([loud, unbounded]);
    forms
        .map(|(form, content_type, body)| {
            let request = Request::post("/form").header("content-type", content_type);
            Case { form, ..case(Function::Open, request, body) }
        })
        .collect()
}

/// A multipart body of these parts: what their disposition says, their content type, their bytes.
fn multipart(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (disposition, content_type, bytes) in parts {
        body.extend(format!("--boundary\r\nContent-Disposition: form-data; {disposition}\r\n").into_bytes());
        body.extend(content_type.map(|it| format!("Content-Type: {it}\r\n")).unwrap_or_default().into_bytes());
        body.extend([b"\r\n", *bytes, b"\r\n"].concat());
    }
    body.extend(b"--boundary--\r\n");
    body
}

/// Requests that reach no handler of the route `/reply/[name]`, and some that do.
fn routing() -> Vec<Case> {
    let targets = [
        "/",
        "/reply",
        "/reply/a/b",
        "/Reply/text",
        "/elsewhere/text",
        "/replies",
        "/reply/no-such-row",
        "/reply/te%78t",
        "/%72eply/text",
        "/reply/text?x=1",
        "//reply/text",
        "/reply//text/?x=1&y",
        "/reply/text%2F",
        "/reply%2Ftext",
        "/reply/text%3Fx",
        "/reply/%zz",
        "/reply/..",
        "/reply/%00",
    ]
    .map(|target| case(Function::Replies, get(target), ""));
    let methods = METHODS.iter().flat_map(|method| {
        // A path that is not the route's is not found, whatever the method.
        ["/reply/text?x=2", "/elsewhere", "/reply/text/"].map(|target| (method, target))
    });
    let methods =
        methods.map(|(method, target)| case(Function::Replies, Request::builder().method(*method).uri(target), ""));
    targets.into_iter().chain(methods).collect()
}

/// A GET of every row of [`replies`], and a HEAD where the length is known.
fn answered() -> Vec<Case> {
    let gets = replies::names().map(|(name, _)| ("GET", name));
    let heads = replies::names().filter(|(_, has_length)| *has_length).map(|(name, _)| ("HEAD", name));
    gets.chain(heads)
        .map(|(method, name)| Request::builder().method(method).uri(format!("/reply/{name}")))
        .map(|request| case(Function::Replies, request, ""))
        .collect()
}

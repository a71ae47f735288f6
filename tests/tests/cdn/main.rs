//! The CDN's function decides as the adapter would answer, for hostile requests too.
//!
//! The function of an app runs in QuickJS, with the key-value data of that app. For each request the adapter itself is
//! asked, in process, what it would answer: what the CDN answers alone has to be the same, an object has to be what its
//! function would send, and what goes on has to go to the function of the route that wins.

mod two_users;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{SystemTime, UNIX_EPOCH},
};

use percent_encoding::percent_decode_str;
use rquickjs::{Context, Function, Promise, Runtime};
use serde_json::{Value, json};
use wharf::{
    config::Revalidate,
    contract::{
        report::{Frozen, FrozenRoute},
        slot::Slot,
    },
    entry::Route,
    pattern::{ParamValue, Pattern, Segment},
    testing::{Client, Reply, Source},
};
use wharf_bundler::stages::{deploy::cdn, manifest::Manifest, package::object_key};

const METHODS: [&str; 7] = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];

/// A route of the app: its pattern, whether it streams, the paths that are frozen, and their time to live.
struct Site {
    pattern: &'static str,
    streams: bool,
    frozen: &'static [&'static str],
    revalidate: Revalidate,
    tags: &'static [&'static str],
}

const DYNAMIC: Site = Site { pattern: "", streams: false, frozen: &[], revalidate: Revalidate::Never, tags: &[] };

/// In match order.
const SITES: [Site; 14] = [
    Site { pattern: "/back/fixed/y", ..DYNAMIC },
    Site { pattern: "/back/[a]/x", ..DYNAMIC },
    Site { pattern: "/docs/[...path]", ..DYNAMIC },
    Site { pattern: "/items/fixed", ..DYNAMIC },
    Site {
        pattern: "/items/[slug]",
        frozen: &["/items/a", "/items/a%20b", "/items/c%2Fd", "/items/%C3%A9", "/items/fixed", "/items/x+y=$&@:,;%25"],
        ..DYNAMIC
    },
    Site { pattern: "/live/fixed", ..DYNAMIC },
    Site { pattern: "/live/[id]", streams: true, ..DYNAMIC },
    Site { pattern: "/live/[id]/[...rest]", streams: true, ..DYNAMIC },
    Site { pattern: "/news", frozen: &["/news"], revalidate: Revalidate::After(60), ..DYNAMIC },
    Site { pattern: "/objects/[id]", ..DYNAMIC },
    Site { pattern: "/robots.txt", frozen: &["/robots.txt"], ..DYNAMIC },
    Site { pattern: "/shop/[[...filters]]", ..DYNAMIC },
    Site { pattern: "/tagged", frozen: &["/tagged"], tags: &["shop", "other", "ü /"], ..DYNAMIC },
    Site { pattern: "/tick", frozen: &["/tick"], revalidate: Revalidate::After(60), tags: &["shop"], ..DYNAMIC },
];

/// The pages and public files, by path.
const FILES: [&str; 5] = ["/", "/style.css", "/a%20b.txt", "/%E5%86%99.txt", "/docs/logo.svg"];

impl Site {
    fn pattern(&self) -> Pattern {
        self.pattern.parse().expect("it is a pattern")
    }

    /// The name of its function: one that no other route has.
    fn function(&self) -> String {
        self.pattern.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '-' }).collect()
    }

    fn route(&self) -> Route {
        let route = Route::new(self.pattern).get(async || "live").post(async || "posted");
        if self.frozen.is_empty() { route } else { route.static_params(async || Vec::<String>::new()) }
    }

    fn frozen(&self, path: &str) -> Frozen {
        Frozen {
            status: 200,
            headers: vec![("content-type".to_owned(), "text/plain; charset=utf-8".to_owned())],
            body: format!("the answer at {path}\n").into_bytes(),
            revalidate: self.revalidate,
            tags: self.tags.iter().map(|tag| (*tag).to_owned()).collect(),
        }
    }

    /// The deployed function, which replays what is frozen.
    fn client(&self) -> Client {
        let route = || self.route();
        if self.frozen.is_empty() {
            return Client::new(route).through(Source::FunctionUrl);
        }
        let params = |path: &&str| self.pattern().matches(&borrowed(&parts(path))).expect("it is a path of the route");
        let answers = self.frozen.iter().map(|path| (params(path), self.frozen(path))).collect();
        Client::with_frozen(route, &FrozenRoute { answers, ..FrozenRoute::default() }).through(Source::FunctionUrl)
    }
}

fn parts(path: &str) -> Vec<String> {
    let parts = path.split('/').filter(|part| !part.is_empty());
    parts.map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect()
}

fn borrowed(parts: &[String]) -> Vec<&str> {
    parts.iter().map(String::as_str).collect()
}

fn object_headers(content_type: &str, cache_control: String) -> BTreeMap<String, String> {
    [("cache-control".to_owned(), cache_control), ("content-type".to_owned(), content_type.to_owned())].into()
}

/// What S3 holds: headers and body by key.
type Bucket = BTreeMap<String, (BTreeMap<String, String>, Vec<u8>)>;

/// The manifest of the app, as `cargo bundle` writes it, and the objects.
fn app() -> (Manifest, Bucket) {
    let mut bucket = Bucket::new();
    let mut objects = Vec::new();
    let mut store = |path: &str, headers: BTreeMap<String, String>, body: Vec<u8>, more: Value| {
        let key = object_key(&headers, &body);
        let mut object = json!({
            "path": path, "key": key, "file": key, "size": body.len(), "sha256": "", "status": 200, "headers": headers,
        });
        object.as_object_mut().expect("it is one").extend(more.as_object().expect("it is one").clone());
        objects.push(object);
        bucket.insert(key.clone(), (headers, body));
        key
    };
    for path in FILES {
        let headers = object_headers("text/plain", "public, max-age=0".to_owned());
        let _ = store(path, headers, path.into(), json!({"revalidate": false, "source": format!("public{path}")}));
    }
    let reason = json!({"code": "static-params", "text": "listed"});
    let routes: Vec<Value> = SITES
        .iter()
        .enumerate()
        .map(|(index, site)| {
            let answers = site.frozen.iter().map(|path| {
                let frozen = site.frozen(path);
                let is_first = winner(path) == Some(index);
                let headers = object_headers("text/plain; charset=utf-8", site.revalidate.cache_control());
                let more = json!({"revalidate": site.revalidate, "function": site.function(), "tags": site.tags});
                let object = is_first.then(|| store(path, headers, frozen.body, more));
                json!({
                    "path": path, "cache_key": format!("GET {path}"), "status": 200, "headers": [], "tags": site.tags,
                    "revalidate": site.revalidate, "object": object,
                })
            });
            let answers: Vec<Value> = answers.collect();
            json!({
                "pattern": site.pattern, "segments": [], "source": "app/route.rs", "function": site.function(),
                "dynamic_params": true, "streaming": site.streams,
                "methods": {"GET": {"class": "static", "reason": reason, "answers": answers}},
            })
        })
        .collect();
    let functions: BTreeMap<String, Value> = SITES
        .iter()
        .map(|site| {
            let mode = if site.streams { "response_stream" } else { "buffered" };
            let function = json!({
                "zip": "", "size": 1, "unzipped_size": 1, "sha256": "", "code_sha256": "", "runtime": "", "handler": "",
                "architecture": "x86_64", "memory": 1, "timeout": 1, "invoke_mode": mode, "description": "",
                "routes": [site.pattern], "sources": [],
            });
            (site.function(), function)
        })
        .collect();
    let manifest = json!({
        "format_version": 1, "generator": {"name": "", "version": ""},
        "app": {"name": "", "version": "", "wharf": ""}, "functions": functions, "routes": routes, "api": {},
        "objects": objects,
    });
    (serde_json::from_value(manifest).expect("it is a manifest"), bucket)
}

/// The route that answers a path.
fn winner(path: &str) -> Option<usize> {
    let parts = parts(path);
    SITES.iter().position(|site| site.pattern().matches(&borrowed(&parts)).is_some())
}

/// What an HTTP API takes for the best route: all parts given, then a greedy one with most of them
/// ([AWS](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html)).
fn api_route(path: &str) -> Option<usize> {
    let parts = parts(path);
    let rank = |site: &Site| {
        let pattern = site.pattern();
        let literals = pattern.segments().iter().filter(|segment| matches!(segment, Segment::Static(_))).count();
        let is_greedy =
            pattern.matches(&borrowed(&parts))?.iter().any(|(_, value)| matches!(value, ParamValue::Many(_)));
        Some((!is_greedy, pattern.segments().len(), literals))
    };
    SITES.iter().enumerate().filter_map(|(index, site)| Some((rank(site)?, index))).max().map(|(_, index)| index)
}

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Decision {
    Object(String),
    Api { stamp: Option<String> },
    FunctionUrl(String),
    Answer { status: u16, headers: BTreeMap<String, String> },
}

/// The distribution: the function and its data, in an engine.
struct Cdn {
    context: Context,
    data: Value,
    function: String,
}

impl Cdn {
    /// With stamps of these subjects.
    fn new(manifest: &Manifest, stamps: &[(&str, &str)]) -> Self {
        let files = cdn::files(manifest).expect("the CDN has room").files;
        let mut data: Value = serde_json::from_str(&files["cdn/key-values.json"]).expect("it is JSON");
        let stamps =
            stamps.iter().map(|(subject, value)| json!({"key": Slot::of(subject).to_string(), "value": value}));
        data["data"].as_array_mut().expect("it is a list").extend(stamps);
        let streams = manifest.functions.keys().map(|name| format!("stream-{name}"));
        data["origins"] = ["objects".to_owned(), "api".to_owned()].into_iter().chain(streams).collect();
        let function = files["cdn/viewer-request.js"].clone();
        let body = function.strip_prefix("import cf from 'cloudfront';").expect("its first line is the import");
        let script = format!("{}\n{body}", include_str!("cloudfront.js"));
        let context = Context::full(&Runtime::new().expect("an engine")).expect("a context");
        context.with(|ctx| {
            ctx.eval::<(), _>(script).expect("the function is JavaScript");
            let associate: Function = ctx.globals().get("associate").expect("it is there");
            associate.call::<_, ()>((data.to_string(),)).expect("the data are read");
        });
        Self { context, data, function }
    }

    /// The request as it leaves the function, or its answer.
    fn returned(&self, method: &str, target: &str, headers: &Value) -> Value {
        self.returned_with(method, target, headers, &json!({"session": {"value": "1"}}))
    }

    fn returned_with(&self, method: &str, target: &str, headers: &Value, cookies: &Value) -> Value {
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let parameters: BTreeMap<_, _> = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
            .map(|(name, value)| (name.into_owned(), json!({"value": value})))
            .collect();
        let request = json!({
            "method": method, "uri": path, "querystring": parameters, "headers": headers,
            "cookies": cookies,
        });
        let event = json!({"request": request, "query": query}).to_string();
        let returned = self.context.with(|ctx| {
            let decide: Function = ctx.globals().get("decide").expect("it is there");
            let promise: Promise = decide.call((event,)).expect("it is called");
            promise.finish::<String>().map_err(|_| format!("{method} {target}: {:?}", ctx.catch()))
        });
        serde_json::from_str(&returned.unwrap_or_else(|error| panic!("{error}"))).expect("it is JSON")
    }

    fn decide(&self, method: &str, target: &str) -> Decision {
        let returned = self.returned(method, target, &json!({"host": {"value": "shop.example"}}));
        decision(&returned)
    }
}

fn decision(returned: &Value) -> Decision {
    let (origin, returned) = (&returned["selected"], &returned["returned"]);
    let value = |header: &Value| header["value"].as_str().expect("a header has a value").to_owned();
    if let Some(status) = returned["statusCode"].as_u64() {
        let headers = returned["headers"].as_object().expect("it is an object").iter();
        let headers = headers.map(|(name, header)| (name.clone(), value(header))).collect();
        return Decision::Answer { status: status.try_into().expect("a status"), headers };
    }
    match origin.as_str().expect("an origin is selected") {
        "objects" => Decision::Object(returned["uri"].as_str().expect("a path")[1..].to_owned()),
        "api" => Decision::Api { stamp: returned["headers"].get("x-wharf-revalidated").map(value) },
        stream => Decision::FunctionUrl(stream.strip_prefix("stream-").expect("its prefix").to_owned()),
    }
}

/// What the adapter answered without a handler, with the headers that it gave.
fn answered(reply: &Reply) -> Decision {
    let names: Vec<String> = reply.header_names().map(str::to_owned).collect();
    let headers = names.into_iter().map(|name| (name.clone(), reply.header(&name).unwrap_or_default().to_owned()));
    Decision::Answer { status: reply.status(), headers: headers.collect() }
}

/// What is answered without a header of its own.
fn refused(status: u16) -> Decision {
    Decision::Answer { status, headers: [("cache-control".to_owned(), "private, no-store".to_owned())].into() }
}

/// A route at all paths with all methods: what the adapter refuses there, it refuses everywhere.
fn everywhere() -> Client {
    let route = || {
        Route::new("/[[...all]]")
            .get(async || "")
            .head(async || "")
            .options(async || "")
            .post(async || "")
            .put(async || "")
            .patch(async || "")
            .delete(async || "")
    };
    Client::new(route).through(Source::FunctionUrl)
}

fn paths() -> BTreeSet<String> {
    let mut paths: BTreeSet<String> =
        SITES.iter().flat_map(|site| site.frozen).map(|path| (*path).to_owned()).collect();
    paths.extend(FILES.map(str::to_owned));
    let more = [
        "/%61",
        "/items/%61",
        "/items/A",
        "/items/a/",
        "/items//a",
        "//items/a",
        "/items/a%20b/",
        "/items/a+b",
        "/items/c%2fd",
        "/items/c/d",
        "/items/%c3%a9",
        "/items/é",
        "/items/%E9",
        "/items/b",
        "/items",
        "/items/",
        "/items/..",
        "/items/.",
        "/items/%2e%2e",
        "/items/%2E",
        "/items/../robots.txt",
        "/items/...",
        "/items/%",
        "/items/%zz",
        "/items/%4",
        "/items/%00",
        "/items/a%00b",
        "/items/%C0%AF",
        "/items/%ED%A0%80",
        "/items/%252e%252e",
        "/items/%2561",
        "/items/x%2By%3D%24%26%40%3A%2C%3B%25",
        "/items/x+y=$&@:,;%25/",
        "/ITEMS/a",
        "/items/fixed/",
        "/items/fi%78ed",
        "//",
        "///",
        "//evil.example",
        "//evil.example/",
        "/\\evil.example",
        "/\\evil.example/",
        "/%5Cevil.example/",
        "///evil.example/%2e%2e",
        "//evil.example/%0d%0aset-cookie:%20a=1",
        "/%2F%2Fevil.example",
        "/%2fevil.example/",
        "/a b.txt",
        "/a%20b.txt/",
        "/style.css/",
        "/STYLE.css",
        "/%73tyle.css",
        "/style.css%00",
        "/style.css/..",
        "/docs",
        "/docs/",
        "/docs/a/b",
        "/docs/logo.svg/",
        "/docs/logo.svg/x",
        "/docs/%6Cogo.svg",
        "/shop",
        "/shop/a/b",
        "/shop/",
        "/live/fixed",
        "/live/1",
        "/live/1%2F2",
        "/live/1/2",
        "/live/f%69xed",
        "/live",
        "/live/",
        "/back/fixed/x",
        "/back/fixed/y",
        "/back/fixed/z",
        "/back/f%69xed/y",
        "/objects/0a1b",
        "/news/",
        "/nowhere",
        "/nowhere/",
        "/<>\"{}|^`",
        "/[slug]/",
        "/\u{1F600}/",
        "/toString",
        "/__proto__",
        "/constructor/",
        "/path:/",
        "/;a=b/",
        "/~!$'()*,:@",
    ];
    paths.extend(more.map(str::to_owned));
    paths
}

/// What has to become of a request, from the adapter, the files and the patterns.
fn expected(manifest: &Manifest, refusing: Decision, method: &str, path: &str) -> Decision {
    if !matches!(refusing, Decision::Answer { status: 200, .. }) {
        return refusing;
    }
    let is_read = method == "GET" || method == "HEAD";
    let object = manifest.objects.iter().find(|object| parts(&object.path) == parts(path));
    match (object, winner(path)) {
        (Some(object), _) if is_read && object.revalidate == Revalidate::Never => Decision::Object(object.key.clone()),
        (_, Some(index)) if SITES[index].streams => Decision::FunctionUrl(SITES[index].function()),
        _ => Decision::Api { stamp: None },
    }
}

#[tokio::test(flavor = "current_thread")]
async fn the_cdn_decides_as_the_adapter_answers() {
    let (manifest, bucket) = app();
    let cdn = Cdn::new(&manifest, &[]);
    let (everywhere, clients) = (everywhere(), SITES.each_ref().map(Site::client));
    let of_a_file = Client::new(|| Route::new("/[[...all]]").get(async || "")).through(Source::FunctionUrl);
    let mut requests = 0;
    for (path, method) in paths().iter().flat_map(|path| METHODS.map(|method| (path, method))) {
        for query in ["", "?", "?a=1&a=2&b=%20|", "?next=//evil.example&é=\u{7f}"] {
            requests += 1;
            let target = format!("{path}{query}");
            let about = format!("{method} {target}");
            let refusing = answered(&everywhere.call(method, &target).await);
            let file = FILES.iter().find(|file| parts(file) == parts(path));
            let is_refused = !matches!(refusing, Decision::Answer { status: 200, .. });
            let decision = cdn.decide(method, &target);
            if file.is_some() && !is_refused && !matches!(method, "GET" | "HEAD") {
                assert_eq!(decision, answered(&of_a_file.call(method, &target).await), "{about}");
                continue;
            }
            assert_eq!(decision, expected(&manifest, refusing, method, path), "{about}");
            let owner = winner(path);
            match (decision, owner) {
                (Decision::Answer { headers, .. }, _) => {
                    let location = headers.get("location");
                    assert!(location.is_none_or(|it| it.starts_with('/') && !it.starts_with("//")), "{about}");
                }
                (Decision::Object(key), owner) => {
                    let (headers, body) = &bucket[&key];
                    if let Some(index) = owner.filter(|_| file.is_none()) {
                        let reply = clients[index].call(method, &target).await;
                        assert_eq!(reply.status(), 200, "{about}");
                        for (name, value) in headers {
                            assert_eq!(reply.header(name), Some(value.as_str()), "{about}: {name}");
                        }
                        assert_eq!(reply.bytes(), if method == "HEAD" { Vec::new() } else { body.clone() }, "{about}");
                    }
                }
                // The API has decoded the path before it looks for a route.
                (Decision::Api { .. }, owner) if !path.to_ascii_lowercase().contains("%2f") => {
                    assert_eq!(api_route(path), owner, "{about}");
                }
                (Decision::Api { .. } | Decision::FunctionUrl(_), _) => {}
            }
        }
    }
    assert!(requests >= 300, "{requests}");
}

#[test]
fn a_stamp_sends_what_it_is_about_to_the_api() {
    let (manifest, _) = app();
    let stamped = |stamps: &[(&str, &str)], method: &str, path: &str| Cdn::new(&manifest, stamps).decide(method, path);
    let stamp = |text: &str| Decision::Api { stamp: Some(text.to_owned()) };
    let none = Decision::Api { stamp: None };
    let path = [("path:/items/a%20b", "1700000000001")];
    assert_eq!(stamped(&path, "GET", "/items/a%20%62"), stamp("1700000000001"));
    assert_eq!(stamped(&path, "HEAD", "/items/a%20b"), stamp("1700000000001"));
    assert_eq!(stamped(&path, "POST", "/items/a%20b"), none);
    assert!(matches!(stamped(&path, "GET", "/items/a"), Decision::Object(_)));
    let tags = [("tag:shop", "1700000000002"), ("tag:other", "1700000000003"), ("path:/tagged", "1700000000001")];
    assert_eq!(stamped(&tags, "GET", "/tagged"), stamp("1700000000003"));
    assert_eq!(stamped(&tags, "GET", "/tick"), stamp("1700000000002"), "an answer with a time to live has tags, too");
    assert_eq!(stamped(&tags, "GET", "/news"), none);
    assert_eq!(stamped(&[("path:/news", "1700000000001")], "GET", "/news"), stamp("1700000000001"));
    assert!(
        matches!(stamped(&[("path:/style.css", "1")], "GET", "/style.css"), Decision::Object(_)),
        "a file has no API"
    );
    let anything = [("tag:%C3%BC%20%2F", "1700000000004")];
    assert_eq!(stamped(&anything, "GET", "/tagged"), stamp("1700000000004"), "a tag may be any text");
}

#[test]
fn a_stamp_that_no_clock_can_have_said_is_none() {
    let (manifest, _) = app();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_millis();
    let stamped = |stamp: &str| Cdn::new(&manifest, &[("path:/items/a", stamp)]).decide("GET", "/items/a");
    let soon = (now + 60_000).to_string();
    assert_eq!(stamped(&soon), Decision::Api { stamp: Some(soon.clone()) }, "clocks differ");
    let far = (now + 2 * 3_600_000).to_string();
    let wrong =
        ["soon", "", "0", "-1", "1e12", "0x1", " 1700000000001", "1700000000001.5", "NaN", "Infinity", "{\"k\":\"x\"}"];
    for stamp in wrong.into_iter().chain([&*far, "99999999999999", "999999999999999999999"]) {
        assert!(matches!(stamped(stamp), Decision::Object(_)), "{stamp:?}");
    }
}

#[test]
fn the_cdn_and_the_adapter_choose_the_same_slots() {
    let (manifest, _) = app();
    let cdn = Cdn::new(&manifest, &[]);
    let long = "/x".repeat(4_000);
    let numbered = (0..2_000).map(|number| format!("path:/items/{number}"));
    let subjects = ["path:/", "tag:items", "tag:a%20b", "path:/%C3%A9/$&+,:;=@!*'()~", &long].map(str::to_owned);
    cdn.context.with(|ctx| {
        let slot_of: Function = ctx.globals().get("slotOf").expect("it is there");
        for subject in subjects.into_iter().chain(numbered) {
            let key: String = slot_of.call((subject.as_str(),)).expect("it is called");
            assert_eq!(key, Slot::of(&subject).to_string(), "{subject}");
        }
    });
}

#[test]
fn viewers_cannot_speak_for_the_cdn() {
    let (manifest, _) = app();
    let cdn = Cdn::new(&manifest, &[]);
    let forged = json!({
        "host": {"value": "shop.example"},
        "x-forwarded-host": {"value": "evil.example", "multiValue": [{"value": "evil.example"}, {"value": "b"}]},
        "x-forwarded-for": {"value": "127.0.0.1"},
        "x-forwarded-proto": {"value": "http"},
        "x-forwarded-prefix": {"value": "/evil"},
        "x-original-host": {"value": "evil.example"},
        "x-real-ip": {"value": "6.6.6.6"},
        "forwarded": {"value": "host=evil.example"},
        "x-wharf-origin-secret": {"value": "guess"},
        "x-wharf-revalidated": {"value": "1"},
        "cloudfront-forwarded-proto": {"value": "http"},
        "x-amz-expected-bucket-owner": {"value": "1"},
        "if-none-match": {"value": "\"e\""},
        "accept": {"value": "a", "multiValue": [{"value": "a"}, {"value": "b"}]},
    });
    let sent = cdn.returned("GET", "/nowhere?b=1&a=%20", &forged)["returned"].clone();
    assert_eq!(
        sent["headers"],
        json!({
            "host": {"value": "shop.example"},
            "x-forwarded-host": {"value": "shop.example"},
            "x-amz-expected-bucket-owner": {"value": "1"},
            "if-none-match": {"value": "\"e\""},
            "accept": forged["accept"],
        })
    );
    assert_eq!((&sent["uri"], &sent["querystring"]["a"]["value"]), (&json!("/nowhere"), &json!(" ")));
    assert_eq!(sent["cookies"]["session"]["value"], "1");

    let sent = cdn.returned("GET", "/style.css?b=1", &forged)["returned"].clone();
    let headers = json!({
        "host": {"value": "shop.example"},
        "if-none-match": {"value": "\"e\""},
        "x-wharf-revalidated": {"value": "never"},
    });
    assert_eq!(sent["headers"], headers);
    assert_eq!((&sent["querystring"], &sent["cookies"]), (&json!({}), &json!({})));
}

/// CloudFront's cache is asked by path, query and `x-wharf-revalidated`.
#[test]
fn the_path_of_an_object_is_another_entry_of_the_cache() {
    let (manifest, _) = app();
    let cdn = Cdn::new(&manifest, &[]);
    let Decision::Object(key) = cdn.decide("GET", "/style.css") else { panic!("it is an object") };
    let host = json!({"host": {"value": "shop.example"}, "x-wharf-revalidated": {"value": "never"}});
    let asked = cdn.returned("GET", &format!("/{key}"), &host);
    assert_eq!(asked["selected"], "api");
    assert!(asked["returned"]["headers"].get("x-wharf-revalidated").is_none());
}

#[test]
fn what_the_api_would_not_take_is_refused_before_it() {
    let (manifest, _) = app();
    let cdn = Cdn::new(&manifest, &[]);
    let decide = |path: &str, bytes: usize| {
        let value = "x".repeat(bytes / 2);
        let headers = json!({"host": {"value": "h"}, "x-a": {"value": value, "multiValue": [{"value": value}, {"value": value}]}});
        decision(&cdn.returned("GET", path, &headers))
    };
    let refused = refused(431);
    assert_eq!(decide("/news", 9_000), Decision::Api { stamp: None });
    assert_eq!(decide("/news", 10_000), refused);
    assert_eq!(decide(&format!("/news?{}", "q".repeat(5_000)), 5_000), refused);
    assert!(matches!(decide("/robots.txt", 10_000), Decision::Object(_)), "S3 never sees them");
}

#[test]
fn an_app_without_routes_answers_for_itself() {
    let (manifest, _) = app();
    let pages = Manifest { routes: Vec::new(), functions: BTreeMap::new(), ..manifest };
    let cdn = Cdn::new(&pages, &[]);
    assert!(matches!(cdn.decide("GET", "/"), Decision::Object(_)));
    assert_eq!(cdn.decide("GET", "/nowhere"), refused(404));
}

/// The runtime is no full JavaScript, and QuickJS is one
/// ([AWS](https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html)).
#[test]
fn the_function_keeps_to_what_the_runtime_knows() {
    let (manifest, _) = app();
    let cdn = Cdn::new(&manifest, &[]);
    assert!(cdn.function.len() < 10 * 1024, "{}", cdn.function.len());
    for construct in [
        " of ",
        "...",
        "class ",
        "??",
        "?.",
        "=> {}",
        "async (",
        "async_",
        "async function(",
        "yield",
        "import(",
        "eval(",
        "new Function",
        "setTimeout",
        "const {",
        "const [",
        "let {",
        "let [",
        "catch {",
        "await Promise",
        ".then(",
        "(await ",
        ", await ",
        "matchAll",
        "replaceAll",
        ".at(",
        "for await",
        "BigInt",
        "**=",
        "||=",
        "&&=",
        "#",
        "require(",
    ] {
        assert!(!cdn.function.contains(construct), "`{construct}` in:\n{}", cdn.function);
    }
    assert_eq!(cdn.function.matches("import ").count(), 1, "the one import is that of `cloudfront`");
}

#[test]
fn the_key_values_of_the_app() {
    let (manifest, _) = app();
    let mut data = Cdn::new(&manifest, &[]).data;
    let lines: Vec<String> = data["data"]
        .as_array_mut()
        .expect("it is a list")
        .iter()
        .map(|entry| format!("{} {}", entry["key"].as_str().unwrap_or(""), entry["value"].as_str().unwrap_or("")))
        .collect();
    insta::assert_snapshot!("key-values", lines.join("\n"));
}

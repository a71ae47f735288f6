//! What one user may see of another: the adapter and the CDN's function behind a model of CloudFront's cache, which has the
//! settings of the generated templates. Users ask for routes of each kind at the same time and one after another, while
//! origins fail and time goes by.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::{Instant, advance};
use wharf::{
    Error, Path, Response, Result,
    config::Revalidate,
    contract::report::{Frozen, FrozenRoute},
    cookies,
    entry::Route,
    headers, http, not_found,
    pattern::{ParamValue, Params, Pattern},
    redirect,
    testing::{Client, Source},
};
use wharf_bundler::stages::{
    deploy::{cdn, sam},
    manifest::Manifest,
};
use wharf_tests::{
    HttpReply,
    cloudfront::{Begun, Edge, Ended, Flight, Request, Settings},
    paths,
};

use super::{Cdn, borrowed, parts};

/// What the handlers look at beside the requests.
#[derive(Default)]
struct World {
    news_fail: AtomicBool,
    is_published: AtomicBool,
    tokens: AtomicU32,
}

/// What the handler saw of the one who asks, for nobody else.
fn mine() -> String {
    let headers = headers();
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("none").to_owned();
    let session = cookies().get("session").map_or_else(|| "none".to_owned(), |cookie| cookie.value().to_owned());
    format!("mine {} by {} as {session};", header("x-nonce"), header("authorization"))
}

/// With it in the body and in a header, as HEAD has no body.
fn answer() -> Response {
    Response::text(mine()).header("x-mine", mine())
}

async fn dynamic(Path(how): Path<String>) -> Result<Response> {
    Ok(match how.as_str() {
        "error" => return Err(Error::msg(mine())),
        "redirect" => return Err(redirect(format!("/of?{}", mine().replace(' ', "+"))).into()),
        "cookie" => {
            cookies().set(("fresh", mine()));
            answer()
        }
        "cookie-shared" => answer().header("set-cookie", "fresh=1").header("cache-control", "public, max-age=60"),
        "cookie-cdn" => answer().header("set-cookie", "fresh=1").header("cdn-cache-control", "max-age=60"),
        "zero" => answer().header("cache-control", "max-age=0, must-revalidate"),
        "no-cache" => answer().header("cache-control", "no-cache").header("etag", "\"same\""),
        "private" => answer().header("cache-control", "private, max-age=60"),
        "tagged" => answer().header("etag", "\"same\""),
        "varies" => answer().header("vary", "cookie"),
        "expires" => answer().header("expires", "Fri, 01 Jan 2100 00:00:00 GMT"),
        code => answer().status(code.parse().unwrap_or(200)),
    })
}

/// The owner has the session `ada`; anyone else is told that there is nothing.
async fn order() -> Response {
    let is_hers = cookies().get("session").is_some_and(|cookie| cookie.value() == "ada");
    answer().status(if is_hers { 200 } else { 404 })
}

async fn shared() -> Response {
    let nonce = headers().get("x-nonce").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    Response::text(format!("ours {nonce};")).header("cache-control", "public, max-age=5")
}

fn stream() -> Response {
    let pieces = [mine(), mine()].map(Ok::<_, std::io::Error>);
    Response::stream(futures_util::stream::iter(pieces)).header("x-mine", mine())
}

async fn item(world: Arc<World>, slug: String) -> Result<Response> {
    match slug.as_str() {
        "mine" => Ok(answer()),
        "mine-gone" => Ok(answer().status(404)),
        // Nothing of the request is looked at, and it is one client's all the same.
        "token" => {
            let token = world.tokens.fetch_add(1, Ordering::Relaxed);
            Ok(Response::empty().header("set-cookie", format!("token={token};")))
        }
        "varies" => Ok(Response::text("varies").header("vary", "Cookie")),
        "moved" => Err(redirect("/items/a").into()),
        "new" if !world.is_published.load(Ordering::Relaxed) => Err(not_found().into()),
        "gone" => Err(not_found().into()),
        other => Ok(Response::text(format!("the item {other}"))),
    }
}

const PATTERNS: [&str; 6] = ["/items/[slug]", "/live/[id]", "/me/[how]", "/news", "/orders/[id]", "/shared"];

const STREAMS: &str = "/live/[id]";

fn frozen(body: &str, revalidate: Revalidate) -> Frozen {
    let headers = vec![("content-type".to_owned(), "text/plain; charset=utf-8".to_owned())];
    Frozen { status: 200, headers, body: body.into(), revalidate, tags: Vec::new() }
}

fn slug(slug: &str) -> Params {
    let mut params = Params::default();
    params.push("slug", ParamValue::One(slug.to_owned()));
    params
}

/// The deployed function of a route.
fn client(pattern: &str, world: &Arc<World>) -> Client {
    let world = Arc::clone(world);
    let client = match pattern {
        "/items/[slug]" => {
            let route = move || {
                let world = Arc::clone(&world);
                let get = async move |Path(slug): Path<String>| item(Arc::clone(&world), slug).await;
                Route::new("/items/[slug]").get(get).static_params(async || ["a"])
            };
            let answers = vec![(slug("a"), frozen("the item a", Revalidate::Never))];
            Client::with_frozen(route, &FrozenRoute { answers, ..FrozenRoute::default() })
        }
        "/news" => {
            let route = move || {
                let world = Arc::clone(&world);
                let get = async move || {
                    if world.news_fail.load(Ordering::Relaxed) { Err(Error::msg("no news")) } else { Ok("the news") }
                };
                Route::new("/news").revalidate(20).get(get)
            };
            let answers = vec![(Params::EMPTY, frozen("the news", Revalidate::After(20)))];
            Client::with_frozen(route, &FrozenRoute { answers, ..FrozenRoute::default() })
        }
        "/me/[how]" => Client::new(|| Route::new("/me/[how]").get(dynamic).post(dynamic)),
        "/orders/[id]" => Client::new(|| Route::new("/orders/[id]").get(order)),
        "/shared" => Client::new(|| Route::new("/shared").get(shared)),
        STREAMS => Client::new(|| Route::new(STREAMS).streaming(true).get(async || stream())),
        other => panic!("there is no route {other}"),
    };
    client.through(Source::FunctionUrl)
}

/// The manifest of the app, as `cargo bundle` writes it.
fn manifest() -> Manifest {
    let name = |pattern: &str| pattern.replace(['/', '[', ']'], "");
    let functions = PATTERNS.map(|pattern| {
        let mode = if pattern == STREAMS { "response_stream" } else { "buffered" };
        let function = json!({
            "zip": "", "size": 1, "unzipped_size": 1, "sha256": "", "code_sha256": "", "runtime": "provided.al2023",
            "handler": "bootstrap", "architecture": "x86_64", "memory": 256, "timeout": 30, "invoke_mode": mode,
            "description": "", "routes": [pattern], "sources": [],
        });
        (name(pattern), function)
    });
    let segments = |pattern: &str| -> Vec<Value> {
        let parts = pattern.split('/').skip(1);
        parts
            .map(|part| match part.strip_prefix('[') {
                Some(param) => json!({"param": param.trim_end_matches(']')}),
                None => json!({"static": part}),
            })
            .collect()
    };
    let routes = PATTERNS.map(|pattern| {
        let answers = match pattern {
            "/items/[slug]" => vec![json!({
                "path": "/items/a", "cache_key": "GET /items/a", "status": 200, "headers": [], "revalidate": false,
                "object": "objects/a",
            })],
            "/news" => vec![json!({
                "path": "/news", "cache_key": "GET /news", "status": 200, "headers": [], "revalidate": 20,
            })],
            _ => Vec::new(),
        };
        let class = if answers.is_empty() { "dynamic" } else { "static" };
        let reason = json!({"code": "method", "text": ""});
        json!({
            "pattern": pattern, "segments": segments(pattern), "source": "app/route.rs", "function": name(pattern),
            "dynamic_params": true, "streaming": pattern == STREAMS,
            "methods": {"GET": {"class": class, "reason": reason, "answers": answers}},
        })
    });
    let object = |path: &str, key: &str, more: Value| {
        let mut object = json!({
            "path": path, "key": key, "file": key, "size": 1, "sha256": "", "status": 200, "revalidate": false,
            "headers": {"content-type": "text/plain; charset=utf-8", "cache-control": "s-maxage=31536000"},
        });
        object.as_object_mut().expect("it is one").extend(more.as_object().expect("it is one").clone());
        object
    };
    let api = PATTERNS.map(|pattern| (pattern.replace('[', "{").replace(']', "}"), name(pattern)));
    let manifest = json!({
        "format_version": 1, "generator": {"name": "", "version": ""},
        "app": {"name": "shop", "version": "", "wharf": ""},
        "functions": BTreeMap::from(functions), "routes": routes, "api": BTreeMap::from(api),
        "objects": [
            object("/items/a", "objects/a", json!({"function": "itemsslug"})),
            object("/style.css", "objects/style", json!({"source": "public/style.css"})),
        ],
    });
    serde_json::from_value(manifest).expect("it is a manifest")
}

/// The settings of SAM's template and of the Terraform module.
fn settings(manifest: &Manifest) -> [Settings; 2] {
    let files = cdn::files(manifest).expect("the CDN has room");
    let template = &sam::files(manifest, &files)["template.yaml"];
    let module = fs::read_to_string(paths::workspace_root().join("deploy/terraform/cdn.tf")).expect("it is there");
    [Settings::of_sam(template), Settings::of_terraform(&module)]
}

/// The settings that the templates had, when nothing was decided about errors and `authorization`.
fn undecided(settings: &Settings) -> Settings {
    Settings { keyed_headers: vec!["x-wharf-revalidated".to_owned()], error_ttls: BTreeMap::new(), ..settings.clone() }
}

/// Whose answer a target has to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// That of the one who asks.
    Own,
    /// Everyone's, or what the app lets others see.
    Shared,
}

const TARGETS: [(Kind, &str); 41] = [
    (Kind::Own, "/me/200"),
    (Kind::Own, "/me/200?q=1"),
    (Kind::Own, "/me/redirect"),
    (Kind::Own, "/me/cookie"),
    (Kind::Own, "/me/cookie-shared"),
    (Kind::Own, "/me/cookie-cdn"),
    (Kind::Own, "/me/zero"),
    (Kind::Own, "/me/no-cache"),
    (Kind::Own, "/me/private"),
    (Kind::Own, "/me/tagged"),
    (Kind::Own, "/me/varies"),
    (Kind::Own, "/me/expires"),
    (Kind::Own, "/me/201"),
    (Kind::Own, "/me/206"),
    (Kind::Own, "/me/302"),
    (Kind::Own, "/me/400"),
    (Kind::Own, "/me/403"),
    (Kind::Own, "/me/404"),
    (Kind::Own, "/me/405"),
    (Kind::Own, "/me/410"),
    (Kind::Own, "/me/412"),
    (Kind::Own, "/me/414"),
    (Kind::Own, "/me/415"),
    (Kind::Own, "/me/416"),
    (Kind::Own, "/me/500"),
    (Kind::Own, "/me/501"),
    (Kind::Own, "/me/502"),
    (Kind::Own, "/me/503"),
    (Kind::Own, "/me/504"),
    (Kind::Own, "/orders/7"),
    (Kind::Own, "/live/1"),
    (Kind::Own, "/items/mine"),
    (Kind::Own, "/items/mine-gone"),
    (Kind::Shared, "/me/error"),
    (Kind::Shared, "/shared"),
    (Kind::Shared, "/items/a"),
    (Kind::Shared, "/items/b"),
    (Kind::Shared, "/items/token"),
    (Kind::Shared, "/items/gone"),
    (Kind::Shared, "/news"),
    (Kind::Shared, "/nowhere"),
];

/// Numbers that look like chance, the same for the same seed
/// (Marsaglia, "Xorshift RNGs", <https://www.jstatsoft.org/article/view/v008i14>).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).expect("it is below the bound")
    }
}

/// How the origins are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Up,
    Unreachable,
    /// What stands in front of the functions answers 503.
    Failing,
}

struct Asked {
    nonce: String,
    authorization: Option<&'static str>,
    session: Option<&'static str>,
    kind: Kind,
    target: &'static str,
    request: Request,
    origin: String,
}

/// Changes what an origin answers.
type Mutation = fn(&mut HttpReply);

/// The distribution, its origins and those who ask.
struct Play<'p> {
    cdn: &'p Cdn,
    edge: Edge,
    world: Arc<World>,
    clients: Vec<(Pattern, Client)>,
    mutation: Mutation,
    forwards_cookies: bool,
    began: Instant,
    health: Health,
    asked: Vec<Asked>,
    flying: Vec<(Flight, usize, Request)>,
    tokens: BTreeSet<String>,
    last_status: u16,
    problems: BTreeSet<String>,
}

impl<'p> Play<'p> {
    fn new(cdn: &'p Cdn, settings: &Settings, mutation: Mutation) -> Self {
        let world = Arc::<World>::default();
        let route = |pattern: &str| (pattern.parse().expect("it is a pattern"), client(pattern, &world));
        Self {
            cdn,
            edge: Edge::new(settings.clone()),
            clients: PATTERNS.map(route).into(),
            world,
            mutation,
            forwards_cookies: settings.forwards_cookies,
            began: Instant::now(),
            health: Health::Up,
            asked: Vec::new(),
            flying: Vec::new(),
            tokens: BTreeSet::new(),
            last_status: 0,
            problems: BTreeSet::new(),
        }
    }

    fn now(&self) -> u64 {
        self.began.elapsed().as_secs()
    }

    /// The request of a viewer as it leaves the function.
    fn ask(&mut self, user: usize, method: &str, (kind, target): (Kind, &'static str)) {
        let (session, authorization) =
            [(Some("ada"), None), (None, Some("Bearer bob")), (Some("eve"), Some("Bearer eve")), (None, None)][user];
        let nonce = format!("n{}", self.asked.len());
        let mut headers = json!({"host": {"value": "shop.example"}, "x-nonce": {"value": nonce}});
        if let Some(authorization) = authorization {
            headers["authorization"] = json!({"value": authorization});
        }
        let sent = session.map_or_else(|| json!({}), |session| json!({"session": {"value": session}}));
        let returned = self.cdn.returned_with(method, target, &headers, &sent);
        let (origin, returned) = (&returned["selected"], &returned["returned"]);
        let headers = returned["headers"].as_object().expect("it goes on").iter();
        let value = |field: &Value| field["value"].as_str().expect("a header has a value").to_owned();
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let is_kept = returned["querystring"].as_object().is_some_and(|query| !query.is_empty());
        let request = Request {
            method: method.to_owned(),
            path: returned["uri"].as_str().expect("a path").to_owned(),
            query: if is_kept { query.to_owned() } else { String::new() },
            headers: headers.map(|(name, field)| (name.clone(), value(field))).collect(),
            cookies: returned["cookies"].get("session").map(|cookie| format!("session={}", value(cookie))),
        };
        let origin = origin.as_str().expect("an origin is selected").to_owned();
        self.asked.push(Asked { nonce, authorization, session, kind, target, request, origin });
        self.begin(self.asked.len() - 1);
    }

    fn begin(&mut self, viewer: usize) {
        match self.edge.begin(viewer, &self.asked[viewer].request, self.began.elapsed().as_secs()) {
            Begun::Answered(reply) => self.deliver(viewer, &reply, false),
            Begun::Waits => {}
            Begun::Asks(flight, request) => self.flying.push((flight, viewer, request)),
        }
    }

    async fn end(&mut self, index: usize) {
        let (flight, viewer, request) = self.flying.remove(index);
        let origin = self.asked[viewer].origin.clone();
        let answer = match self.health {
            Health::Unreachable => None,
            Health::Failing => {
                Some(HttpReply { status: 503, headers: Vec::new(), body: b"Service Unavailable".into() })
            }
            Health::Up => Some(self.answer(&origin, &request).await),
        };
        let now = self.now();
        let Ended { reply, served, released } = self.edge.end(flight, answer, now);
        self.deliver(viewer, &reply, self.health == Health::Up);
        for viewer in served {
            self.deliver(viewer, &reply, false);
        }
        for viewer in released {
            self.begin(viewer);
        }
    }

    async fn answer(&self, origin: &str, request: &Request) -> HttpReply {
        let mut reply = if origin == "objects" {
            let headers = [("cache-control", "s-maxage=31536000"), ("content-type", "text/plain; charset=utf-8")];
            let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            HttpReply { status: 200, headers, body: b"the item a".into() }
        } else {
            self.function(request).await
        };
        (self.mutation)(&mut reply);
        reply
    }

    async fn function(&self, request: &Request) -> HttpReply {
        let parts = parts(&request.path);
        let found = self.clients.iter().find(|(pattern, _)| pattern.matches(&borrowed(&parts)).is_some());
        let Some((_, client)) = found else {
            return HttpReply { status: 404, headers: Vec::new(), body: br#"{"message":"Not Found"}"#.into() };
        };
        let target = format!("{}?{}", request.path, request.query);
        let sent = http::Request::builder().method(request.method.as_str()).uri(target.trim_end_matches('?'));
        let cookies = request.cookies.as_ref().map(|cookies| ("cookie", cookies.as_str()));
        let lines = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(cookies);
        let sent = lines.fold(sent, |sent, (name, value)| sent.header(name, value));
        let reply = client.send(sent.body(String::new()).expect("it is a request")).await;
        HttpReply::from_payload_2(reply.raw()).expect("the adapter answers in the format")
    }

    /// Judges what a viewer gets; `is_healthy` when it comes from an origin that was asked for this very request.
    fn deliver(&mut self, viewer: usize, reply: &HttpReply, is_healthy: bool) {
        let Asked { nonce, authorization, session, kind, target, .. } = &self.asked[viewer];
        self.last_status = reply.status;
        let lines = reply.headers.iter().map(|(_, value)| value.replace('+', " ").replace("%20", " "));
        let text = lines.chain([reply.text()]).collect::<Vec<_>>().join("\n");
        let others = text.split("mine ").skip(1).any(|rest| rest.split([' ', ';']).next() != Some(nonce.as_str()));
        let mut problems = Vec::new();
        if others {
            problems.push("tells of another's request");
        }
        for token in text.split("token=").skip(1).filter_map(|rest| rest.split(';').next()) {
            if !self.tokens.insert(token.to_owned()) {
                problems.push("is another's cookie");
            }
        }
        let is_failure = reply.status >= 500 && !text.contains("mine ");
        if *kind == Kind::Own && !is_failure && !text.contains(&format!("mine {nonce} ")) {
            problems.push("is not the answer to this request");
        }
        if *kind == Kind::Own && is_healthy && text.contains("mine ") {
            if !text.contains(&format!(" by {}", authorization.unwrap_or("none"))) {
                problems.push("was made without `authorization`");
            }
            if self.forwards_cookies && !text.contains(&format!(" as {};", session.unwrap_or("none"))) {
                problems.push("was made without cookies");
            }
        }
        let problems = problems.into_iter().map(|problem| format!("{target}: {problem}"));
        self.problems.extend(problems.collect::<Vec<_>>());
    }

    /// Lets chance choose what happens, so many times. Few targets are asked for at a time, so that users meet.
    async fn chance(&mut self, chance: &mut Chance, steps: usize) {
        let first = chance.below(TARGETS.len());
        for _ in 0..steps {
            match chance.below(100) {
                0..55 => {
                    let target = TARGETS[(first + chance.below(3) + self.asked.len() / 16 * 3) % TARGETS.len()];
                    let other = if target.1.starts_with("/me/") { "POST" } else { "HEAD" };
                    let method = ["GET", "GET", "GET", "GET", "HEAD", other][chance.below(6)];
                    self.ask(chance.below(4), method, target);
                }
                55..85 if !self.flying.is_empty() => self.end(chance.below(self.flying.len())).await,
                85..93 => advance(Duration::from_secs(1 + chance.below(15) as u64)).await,
                93..97 => self.health = [Health::Up, Health::Up, Health::Unreachable, Health::Failing][chance.below(4)],
                97..99 => self.world.news_fail.store(chance.below(2) == 0, Ordering::Relaxed),
                _ => {}
            }
        }
        self.health = Health::Up;
        while !self.flying.is_empty() {
            self.end(0).await;
        }
    }
}

/// What goes wrong in so many plays, until this does.
async fn found(cdn: &Cdn, settings: &Settings, mutation: Mutation, sought: &str) -> BTreeSet<String> {
    let mut problems = BTreeSet::new();
    for seed in 1..=PLAYS {
        if problems.contains(sought) {
            break;
        }
        let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut play = Play::new(cdn, settings, mutation);
        play.chance(&mut chance, 400).await;
        assert!(play.asked.len() > 100);
        problems.append(&mut play.problems);
    }
    problems
}

async fn problems(cdn: &Cdn, settings: &Settings) -> BTreeSet<String> {
    found(cdn, settings, unchanged, "").await
}

const PLAYS: u64 = 20;

fn unchanged(_: &mut HttpReply) {}

/// As if the adapter said nothing where the app says nothing.
fn unsaid(reply: &mut HttpReply) {
    reply.headers.retain(|(name, value)| name != "cache-control" || value != "private, no-store");
}

#[test]
fn both_templates_set_what_the_decisions_need() {
    let [sam, terraform] = settings(&manifest());
    assert_eq!(sam, terraform);
    assert_eq!((sam.min_ttl, sam.default_ttl, sam.max_ttl), (0, 0, 31_536_000));
    assert_eq!(sam.keyed_headers, ["authorization", "x-wharf-revalidated"]);
    assert!(sam.forwards_cookies, "nobody waits for another's answer while cookies are forwarded");
    assert!(!sam.keyed_cookies && sam.keyed_query, "what is kept is kept for visitors with cookies, too");
    let statuses = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];
    assert_eq!(sam.error_ttls, statuses.map(|status| (status, 0)).into());
}

#[test]
fn without_an_api_nothing_is_kept_by_authorization() {
    let pages = Manifest { routes: Vec::new(), functions: BTreeMap::new(), api: BTreeMap::new(), ..manifest() };
    let template = &sam::files(&pages, &cdn::files(&pages).expect("the CDN has room"))["template.yaml"];
    assert_eq!(Settings::of_sam(template).keyed_headers, ["x-wharf-revalidated"]);
}

#[tokio::test(start_paused = true)]
async fn nobody_gets_what_depends_on_the_request_of_another() {
    let manifest = manifest();
    let cdn = Cdn::new(&manifest, &[]);
    let [sam, terraform] = settings(&manifest);
    assert_eq!(sam, terraform, "one play is of both");
    assert_eq!(problems(&cdn, &sam).await, BTreeSet::new());
}

/// That forwarded cookies rule it out to wait for another's answer is a second safeguard: the answers say enough.
#[tokio::test(start_paused = true)]
async fn who_waits_gets_an_answer_of_their_own_even_if_cookies_were_not_forwarded() {
    let manifest = manifest();
    let cdn = Cdn::new(&manifest, &[]);
    let [settings, _] = settings(&manifest);
    let settings = Settings { forwards_cookies: false, ..settings };
    assert_eq!(problems(&cdn, &settings).await, BTreeSet::new());
}

/// The model finds what each of them prevents.
#[tokio::test(start_paused = true)]
async fn no_safeguard_can_be_left_out() {
    let manifest = manifest();
    let cdn = Cdn::new(&manifest, &[]);
    let [decided, _] = settings(&manifest);
    let without_error_ttls = Settings { error_ttls: BTreeMap::new(), ..decided.clone() };
    let without_authorization = Settings { keyed_headers: undecided(&decided).keyed_headers, ..decided.clone() };
    let with_a_default = Settings { default_ttl: 60, ..decided.clone() };
    let without_cookies = Settings { forwards_cookies: false, ..decided.clone() };
    let cases: [(&str, Settings, Mutation, &str); 7] = [
        ("as it was", undecided(&decided), unsaid, "/me/200: tells of another's request"),
        ("no header, an origin that fails", decided.clone(), unsaid, "/me/200: tells of another's request"),
        ("no header, a stranger's 404", undecided(&decided), unsaid, "/orders/7: is not the answer to this request"),
        ("no header, a default time", with_a_default, unsaid, "/live/1: tells of another's request"),
        ("no header, nobody forwards cookies", without_cookies, unsaid, "/me/201: tells of another's request"),
        ("errors are kept", without_error_ttls, unchanged, "/me/500: tells of another's request"),
        ("no authorization", without_authorization, unchanged, "/me/200: was made without `authorization`"),
    ];
    for (what, settings, mutation, problem) in cases {
        let found = found(&cdn, &settings, mutation, problem).await;
        assert!(found.contains(problem), "{what}: {found:#?}");
    }
}

/// After how many seconds a page is there for everyone that was asked for before.
async fn seconds_to_publish(cdn: &Cdn, settings: &Settings, mutation: Mutation) -> Option<u64> {
    let mut play = Play::new(cdn, settings, mutation);
    play.ask(0, "GET", (Kind::Shared, "/items/new"));
    play.end(0).await;
    play.world.is_published.store(true, Ordering::Relaxed);
    for seconds in 0..1000 {
        play.ask(1, "GET", (Kind::Shared, "/items/new"));
        if !play.flying.is_empty() {
            play.end(0).await;
        }
        if play.last_status == 200 {
            return Some(seconds);
        }
        assert_eq!(play.last_status, 404);
        advance(Duration::from_secs(1)).await;
    }
    None
}

#[tokio::test(start_paused = true)]
async fn a_page_is_there_soon_after_it_was_published() {
    let manifest = manifest();
    let cdn = Cdn::new(&manifest, &[]);
    for settings in settings(&manifest) {
        // Ten seconds in the function, and ten at the edge.
        let seconds = seconds_to_publish(&cdn, &settings, unchanged).await;
        assert!(seconds.is_some_and(|seconds| seconds <= 20), "{seconds:?}");
        let for_a_year: Mutation = |reply| {
            for (_, value) in reply.headers.iter_mut().filter(|(name, _)| name == "cache-control") {
                *value = value.replace("s-maxage=10", "s-maxage=31536000");
            }
        };
        assert_eq!(seconds_to_publish(&cdn, &settings, for_a_year).await, None);
    }
}

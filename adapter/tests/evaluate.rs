//! The program that evaluates routes. This file has no test harness: started with the path of an assignment and of a
//! report it is that program, and otherwise it starts itself and looks at the reports.
#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

use std::{
    collections::BTreeMap,
    path::Path as FilePath,
    process::{Command, ExitCode},
    time::Duration,
};

use wharf::{
    Error, Path, Request, Response, Result,
    config::{Dynamic, Revalidate},
    contract::report::{
        AssignedRoute, Assignment, Evaluated, FrozenRoute, GetReport, NotRun, Outcome, ReportLine, RouteReport, Takes,
    },
    cookies,
    entry::{Route, evaluate},
    headers, not_found,
    pattern::Params,
    permanent_redirect, redirect,
    testing::{Client, Reply},
};

type Constructor = fn() -> Route;

async fn touching() -> String {
    let count = cookies().iter().count();
    std::future::pending::<()>().await;
    count.to_string()
}

fn nested_touch() -> usize {
    headers().len()
}

/// At build time the upstream is not even asked: nobody listens there.
#[cfg(feature = "fetch")]
async fn fetching() -> Result<String> {
    wharf::fetch("http://user:KEY@127.0.0.1:1/?key=KEY#KEY").cache(wharf::Cache::NoStore).await?.text().await
}

async fn forced(request: Request) -> String {
    format!("{} {} {}", request.url(), headers().len(), wharf::is_evaluating())
}

async fn by_params(Path((shop, path)): Path<(String, Vec<String>)>) -> Result<String> {
    match shop.as_str() {
        "gone" => Err(not_found())?,
        _ => Ok(format!("{shop}: {}", path.join("|"))),
    }
}

/// Only the listed params exist.
fn gated(pattern: &str) -> Route {
    Route::new(pattern).dynamic_params(false).static_params(async || ["2", "1", "2"])
}

fn answering(answer: fn() -> Response) -> Route {
    Route::new("/").get(async move || answer())
}

fn stream() -> Response {
    Response::stream(futures_util::stream::iter([&b"\xFF\0"[..], b"ab", b"\r\n"].map(Ok::<_, std::io::Error>)))
}

static ROUTES: &[(&str, Constructor)] = &[
    ("plain", || {
        Route::new("/plain")
            .revalidate(60)
            .get(async || Response::text("hi").status(201).header("x-a", "1").header("x-a", "2"))
    }),
    ("post", || Route::new("/post").post(async || "")),
    ("dynamic", || Route::new("/dynamic").dynamic(Dynamic::ForceDynamic).get(async || "")),
    ("zero", || Route::new("/zero").revalidate(0).get(async || "")),
    ("request", || Route::new("/request").get(forced)),
    ("unlisted", || Route::new("/u/[slug]").get(async || "")),
    ("touching", || Route::new("/touching").get(touching)),
    ("nested", || Route::new("/nested").get(async || nested_touch().to_string())),
    ("revalidating", || Route::new("/revalidating").get(async || wharf::revalidate_path("/x").await)),
    ("forced-revalidating", || {
        let get = async || wharf::revalidate_tag("x").await;
        Route::new("/forced-revalidating").dynamic(Dynamic::ForceStatic).get(get)
    }),
    ("forced", || Route::new("/forced/[a]").dynamic(Dynamic::ForceStatic).get(forced).static_params(async || ["x y"])),
    ("panicking", || Route::new("/panicking").get(async || -> String { panic!("no roof") })),
    ("failing", || Route::new("/failing").get(async || -> Result<String> { Ok("x".parse::<u8>()?.to_string()) })),
    ("refused", || Route::new("/refused").get(async || Response::text("x").status(503))),
    ("redirect", || Route::new("/redirect").get(async || redirect("/to"))),
    ("listed", || {
        Route::new("/l/[shop]/[...path]")
            .get(by_params)
            .static_params(async || vec![("a", vec!["x", "y"]), ("gone", vec!["z"]), ("a", vec!["x", "y"])])
    }),
    ("none", || Route::new("/n/[slug]").get(async || "").static_params(async || Vec::<String>::new())),
    ("bad-list", || Route::new("/b/[slug]").get(async || "").static_params(async || vec![vec![1]])),
    ("err-list", || {
        Route::new("/e/[slug]").get(async || "").static_params(async || Err::<Vec<String>, _>(Error::msg("no list")))
    }),
    ("kept-200", || answering(|| Response::html("<p>").header("x-a", "\u{E9}").header("x-a", "2"))),
    ("kept-201", || answering(|| Response::text("made").status(201))),
    ("kept-204", || answering(|| Response::text("dropped").status(204).header("x-a", "1"))),
    ("kept-304", || answering(|| Response::empty().status(304))),
    ("kept-308", || answering(|| permanent_redirect("/to"))),
    ("kept-404", || answering(|| Response::text("gone").status(404).header("x-a", "1"))),
    ("kept-own-policy", || answering(|| Response::text("x").header("cache-control", "public, max-age=7"))),
    ("kept-bytes", || answering(|| Response::bytes((0..=255).collect::<Vec<u8>>()))),
    ("kept-empty", || answering(Response::empty)),
    ("kept-stream", || answering(stream)),
    ("varies-all", || answering(|| Response::text("x").header("vary", "*"))),
    ("varies-cookie", || answering(|| Response::text("x").header("vary", "accept").header("vary", "a, Cookie"))),
    ("varies-authorization", || answering(|| Response::text("x").header("vary", "authorization"))),
    ("kept-varies-accept", || answering(|| Response::text("x").header("vary", "accept, accept-encoding"))),
    ("kept-varies-forced", || answering(|| Response::text("x").header("vary", "cookie")).dynamic(Dynamic::ForceStatic)),
    ("refused-400", || answering(|| Response::text("x").status(400))),
    ("refused-401", || answering(wharf::unauthorized)),
    ("refused-418", || answering(|| Response::text("x").status(418))),
    ("refused-500", || answering(|| Response::text("x").status(500))),
    ("refused-599", || answering(|| Response::text("x").status(599))),
    ("opt-in-without", || Route::new("/o/without").get(async || "")),
    ("opt-in-revalidate", || Route::new("/o/revalidate").revalidate(false).get(async || "")),
    ("opt-in-seconds", || Route::new("/o/seconds").revalidate(9).get(async || "")),
    ("opt-in-zero", || Route::new("/o/zero").revalidate(0).get(async || "")),
    ("opt-in-error", || Route::new("/o/error").dynamic(Dynamic::Error).get(async || "")),
    ("opt-in-forced", || Route::new("/o/forced").dynamic(Dynamic::ForceStatic).get(async || "")),
    ("opt-in-params", || Route::new("/o/[a]").get(async || "").static_params(async || ["1"])),
    ("gate-request", || gated("/g/[a]").get(forced)),
    ("gate-touching", || gated("/g/[a]").get(touching)),
    ("gate-post", || gated("/g/[a]").post(async || "")),
    ("gate-dynamic", || gated("/g/[a]").dynamic(Dynamic::ForceDynamic).get(async || "")),
    ("gate-static", || gated("/g/[a]").get(async || "")),
    ("no-gate-request", || gated("/g/[a]").dynamic_params(true).get(forced)),
    #[cfg(feature = "fetch")]
    ("fetching", || Route::new("/fetching").get(fetching)),
    ("pending", || Route::new("/pending").get(async || std::future::pending::<String>().await)),
    ("blocking", || {
        Route::new("/blocking").get(async || {
            std::thread::sleep(Duration::from_secs(30));
            "late"
        })
    }),
];

fn takes(name: &str) -> Option<Takes> {
    match name {
        "post" | "gate-post" => None,
        "request" | "forced" | "gate-request" | "no-gate-request" => Some(Takes::Request),
        "listed" => Some(Takes::Params),
        _ => Some(Takes::Nothing),
    }
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().collect();
    if arguments.get(1).is_some_and(|path| FilePath::new(path).is_file()) {
        return evaluate(ROUTES);
    }
    let reports = reports();
    check_what_is_not_run(&reports);
    check_single_outcomes(&reports);
    check_listed_params(&reports);
    check_kept_answers(&reports);
    check_refused_answers(&reports);
    check_answers_that_vary(&reports);
    check_opting_in(&reports);
    check_what_is_listed_without_a_static_get(&reports);
    check_bad_arguments();
    ExitCode::SUCCESS
}

fn reports() -> Vec<RouteReport> {
    let folder = tempfile::tempdir().unwrap();
    let (assignment, report) = (folder.path().join("assignment.json"), folder.path().join("report.jsonl"));
    let routes = ROUTES.iter().map(|(name, _)| AssignedRoute {
        route: (*name).to_owned(),
        get: takes(name),
        get_if_compiled: BTreeMap::new(),
        needs_opt_in: name.starts_with("opt-in"),
    });
    let content = Assignment { routes: routes.collect(), time_limit_seconds: 1, tries: 3, one_at_a_time: false };
    std::fs::write(&assignment, serde_json::to_vec(&content).unwrap()).unwrap();
    let started = std::time::Instant::now();
    let status = Command::new(std::env::current_exe().unwrap()).args([&assignment, &report]).status().unwrap();
    assert!(status.success());
    assert!(started.elapsed() < Duration::from_secs(20), "a handler that blocks must not hold the program up");
    let reports = std::fs::read_to_string(&report).unwrap();
    let reports = reports.lines().map(|line| serde_json::from_str(line).unwrap()).fold(Vec::new(), with_line);
    assert_eq!(reports.len(), ROUTES.len());
    reports
}

/// The runs of a route come after the line of the route itself, in any order.
fn with_line(mut reports: Vec<RouteReport>, line: ReportLine) -> Vec<RouteReport> {
    match line {
        ReportLine::Route(report) => reports.push(report),
        ReportLine::Begun { .. } | ReportLine::Done => {}
        ReportLine::Run { route, evaluated } => {
            let report = reports.iter_mut().find(|report| report.route == route).unwrap();
            let GetReport::Evaluated(runs) = &mut report.get else { panic!("{route} was run") };
            runs.push(evaluated);
            runs.sort_by(|left, right| left.params.cmp(&right.params));
        }
    }
    reports
}

fn get<'r>(reports: &'r [RouteReport], name: &str) -> &'r GetReport {
    &reports.iter().find(|report| report.route == name).unwrap().get
}

fn evaluated<'r>(reports: &'r [RouteReport], name: &str) -> &'r [Evaluated] {
    match get(reports, name) {
        GetReport::Evaluated(evaluated) => evaluated,
        other => panic!("{name}: {other:?}"),
    }
}

fn only<'r>(reports: &'r [RouteReport], name: &str) -> &'r Outcome {
    match evaluated(reports, name) {
        [only] => &only.outcome,
        other => panic!("{name}: {other:?}"),
    }
}

fn check_what_is_not_run(reports: &[RouteReport]) {
    for (name, reason) in [
        ("post", NotRun::NoGet),
        ("dynamic", NotRun::ForceDynamic),
        ("zero", NotRun::RevalidateZero),
        ("request", NotRun::TakesRequest),
        ("unlisted", NotRun::NoStaticParams),
    ] {
        assert_eq!(get(reports, name), &GetReport::NotRun(reason), "{name}");
    }
}

fn check_single_outcomes(reports: &[RouteReport]) {
    let Outcome::Frozen(plain) = only(reports, "plain") else { panic!("plain is static") };
    assert_eq!((plain.status, plain.body.as_slice(), plain.revalidate), (201, &b"hi"[..], 60.into()));
    let repeated: Vec<_> = plain.headers.iter().filter(|(name, _)| name == "x-a").map(|(_, value)| value).collect();
    assert_eq!(repeated, ["1", "2"]);

    let mut touching =
        vec![("touching", "cookies()"), ("nested", "headers()"), ("revalidating", "revalidate_path(\"/x\")")];
    if cfg!(feature = "fetch") {
        touching.push(("fetching", "fetch(\"http://127.0.0.1:1/?…\")"));
    }
    for (name, what) in touching {
        let Outcome::Touched(touch) = only(reports, name) else { panic!("{name} is dynamic") };
        assert_eq!(touch.what, what);
        assert!(touch.file.ends_with("tests/evaluate.rs") && touch.line > 1 && touch.column > 1, "{touch:?}");
    }

    assert_eq!(
        only(reports, "forced-revalidating"),
        &Outcome::Failed("revalidate_tag(\"x\"): an answer is being made that is kept for everyone".to_owned())
    );

    let Outcome::Frozen(forced) = only(reports, "forced") else { panic!("forced is static") };
    assert_eq!(forced.body, b"http://localhost:3000/forced/x%20y 0 true");

    let Outcome::Frozen(redirect) = only(reports, "redirect") else { panic!("a redirect is kept") };
    assert_eq!((redirect.status, redirect.headers.as_slice()), (307, &[("location".to_owned(), "/to".to_owned())][..]));

    assert_eq!(only(reports, "refused"), &Outcome::Refused(503));
    for (name, parts) in [
        ("panicking", ["no roof", "tests/evaluate.rs:"]),
        ("failing", ["invalid digit found in string", "invalid"]),
        ("pending", ["took longer than 1 s", "3 times"]),
        ("blocking", ["took longer than 1 s", "3 times"]),
    ] {
        let Outcome::Failed(text) = only(reports, name) else { panic!("{name} fails") };
        assert!(parts.iter().all(|part| text.contains(part)), "{name}: {text}");
    }
}

fn check_listed_params(reports: &[RouteReport]) {
    let [a, gone] = evaluated(reports, "listed") else { panic!("repeated params count once") };
    let Outcome::Frozen(frozen) = &a.outcome else { panic!("{a:?}") };
    assert_eq!(
        (frozen.body.as_slice(), a.params.to_string().as_str()),
        (&b"a: x|y"[..], r#"shop="a", path=["x", "y"]"#)
    );
    assert!(matches!(&gone.outcome, Outcome::Frozen(frozen) if frozen.status == 404 && frozen.revalidate == 10.into()));
    assert!(evaluated(reports, "none").is_empty());
    for (name, part) in [("bad-list", "must be text or a number"), ("err-list", "no list")] {
        assert!(matches!(get(reports, name), GetReport::StaticParamsFailed(text) if text.contains(part)));
    }
}

/// What is kept is answered as the handler answers: status, every header line and byte, with a policy for caches unless
/// it has its own.
fn check_kept_answers(reports: &[RouteReport]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let kept = ROUTES.iter().filter(|(name, _)| name.starts_with("kept-"));
    for (name, route) in kept {
        let Outcome::Frozen(frozen) = only(reports, name) else { panic!("{name} is kept") };
        let answers = FrozenRoute { answers: vec![(Params::EMPTY, frozen.clone())], ..FrozenRoute::default() };
        let replayed = runtime.block_on(Client::with_frozen(route, &answers).get("/"));
        let live = runtime.block_on(Client::new(route).get("/"));
        let answer = |reply: &Reply| (reply.status(), reply.raw().get("body").is_some(), reply.bytes());
        assert_eq!(answer(&replayed), answer(&live), "{name}");
        // What has a time to live is made anew first, as nobody knows when the bundle was made.
        let state = if frozen.revalidate == Revalidate::Never { "HIT" } else { "MISS" };
        assert_eq!((replayed.header("x-wharf-cache"), live.header("x-wharf-cache")), (Some(state), None), "{name}");
        let policy = match (live.header("cache-control"), frozen.status) {
            (Some("private, no-store"), 404) => Some("s-maxage=10"),
            (Some("private, no-store"), _) => Some("s-maxage=31536000"),
            (own, _) => own,
        };
        assert_eq!(replayed.header("cache-control"), policy, "{name}");
        assert_eq!(headers_of(&replayed), headers_of(&live), "{name}");
    }
}

/// Without those that only a kept answer has.
fn headers_of(reply: &Reply) -> Vec<(&str, Option<&str>)> {
    let names = reply.header_names().filter(|name| !["cache-control", "etag", "x-wharf-cache"].contains(name));
    names.map(|name| (name, reply.header(name))).collect()
}

fn check_refused_answers(reports: &[RouteReport]) {
    for (name, status) in ROUTES.iter().filter_map(|(name, _)| Some((name, name.strip_prefix("refused-")?))) {
        assert_eq!(only(reports, name), &Outcome::Refused(status.parse().unwrap()), "{name}");
    }
}

/// What is kept for everyone does not vary with the one who asks.
fn check_answers_that_vary(reports: &[RouteReport]) {
    for (name, header) in [("varies-all", "*"), ("varies-cookie", "Cookie"), ("varies-authorization", "authorization")]
    {
        assert_eq!(only(reports, name), &Outcome::Varies(header.to_owned()), "{name}");
    }
}

/// Next.js 15: `is-static-gen-enabled`.
fn check_opting_in(reports: &[RouteReport]) {
    assert_eq!(get(reports, "opt-in-without"), &GetReport::NotRun(NotRun::NotOptedIn));
    assert_eq!(get(reports, "opt-in-zero"), &GetReport::NotRun(NotRun::RevalidateZero));
    for name in ["opt-in-revalidate", "opt-in-seconds", "opt-in-error", "opt-in-forced", "opt-in-params"] {
        assert!(matches!(only(reports, name), Outcome::Frozen(_)), "{name}");
    }
}

fn check_what_is_listed_without_a_static_get(reports: &[RouteReport]) {
    let report = |name: &str| reports.iter().find(|report| report.route == name).unwrap();
    let listed = |name: &str| {
        let listed = report(name).listed.as_ref()?;
        Some(listed.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let both = Some(vec![r#"a="2""#.to_owned(), r#"a="1""#.to_owned()]);
    for name in ["gate-request", "gate-touching", "gate-post", "gate-dynamic", "gate-static"] {
        assert_eq!(listed(name), both, "{name}");
    }
    assert_eq!(listed("no-gate-request"), None, "nobody needs the list");
    assert_eq!(get(reports, "gate-request"), &GetReport::NotRun(NotRun::TakesRequest));
    assert_eq!(get(reports, "gate-post"), &GetReport::NotRun(NotRun::NoGet));
    assert!(evaluated(reports, "gate-touching").iter().all(|run| matches!(run.outcome, Outcome::Touched(_))));
}

fn check_bad_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let assignment = folder.path().join("assignment.json");
    for content in
        ["no JSON", r#"{"routes": [{"route": "unknown", "get": null}], "time_limit_seconds": 1, "tries": 1}"#]
    {
        std::fs::write(&assignment, content).unwrap();
        let report = folder.path().join("report.jsonl");
        let output = Command::new(std::env::current_exe().unwrap()).args([&assignment, &report]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be evaluated"));
    }
}

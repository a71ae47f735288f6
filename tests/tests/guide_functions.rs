//! The guide's functions as Lambda runs them: unpacked from their zips, invoked over the Runtime API.

use std::{path::Path, sync::OnceLock, time::Duration};

use wharf_tests::{
    Function, Guide, HttpRequest, Invocation, Upstream,
    artifact::Unpacked,
    events,
    expectations::{self, Delivery},
    guide::problems,
};

fn guide() -> &'static Guide {
    static GUIDE: OnceLock<Guide> = OnceLock::new();
    GUIDE.get_or_init(|| Guide::bundled(&Upstream::start()))
}

/// The function of a route, running.
struct Running {
    function: Function,
    // Held for its drop: the folder that the function runs in.
    _files: Unpacked,
}

fn start(route: &str, upstream: &Upstream) -> Running {
    let bundle = &guide().bundle;
    let files = bundle.unpack(bundle.function_of(route));
    Running { function: Function::start(&files.bootstrap(), Guide::variables(upstream)), _files: files }
}

fn check_all(delivery: Delivery) {
    let start = |bootstrap: &Path, upstream: &Upstream| Function::start(bootstrap, Guide::variables(upstream));
    let problems = problems(&guide().bundle, delivery, start);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_case_holds_behind_an_http_api() {
    check_all(Delivery::HttpApi);
}

#[test]
fn every_case_holds_behind_a_function_url() {
    check_all(Delivery::FunctionUrl);
}

#[test]
fn every_route_of_the_guide_has_a_case() {
    let cases = expectations::guide();
    for route in guide().bundle.routes() {
        assert!(cases.iter().any(|case| route["pattern"] == case.route), "{} has none", route["pattern"]);
    }
}

#[test]
fn an_answer_with_a_time_is_renewed_once_and_then_replayed() {
    let upstream = Upstream::start();
    let running = start("/api/bestsellers", &upstream);
    for state in ["MISS", "HIT", "HIT"] {
        let reply = running.function.invoke(&events::function_url(&HttpRequest::get("/api/bestsellers"))).http();
        assert_eq!((reply.status, reply.header("x-wharf-cache")), (200, Some(state)));
    }
    assert_eq!(upstream.hits().get("/data/bestsellers"), Some(&1));
}

/// As in Next.js 13: a plain `fetch` is cached where its answer is made to be kept, and a dynamic answer is not.
#[test]
fn a_fetch_of_a_dynamic_handler_reaches_the_upstream_each_time() {
    let upstream = Upstream::start();
    for (route, target) in [("/api/product", "/api/product?id=7"), ("/api/stock/[slug]", "/api/stock/solaris")] {
        let running = start(route, &upstream);
        for _ in 0..3 {
            assert_eq!(running.function.invoke(&events::function_url(&HttpRequest::get(target))).http().status, 200);
        }
    }
    assert_eq!(upstream.hits().get("/products/7"), Some(&3));
    assert_eq!(upstream.hits().get("/data/solaris"), Some(&3));
}

/// The recommendations are made 50 ms apart: whoever waited for all of them would get them at once.
#[test]
#[expect(clippy::print_stdout, reason = "what it measured is of interest, and a failure shows it")]
fn the_first_recommendation_arrives_before_the_second_is_made() {
    let upstream = Upstream::start();
    let running = start("/api/recommend", &upstream);
    let request = HttpRequest::get("/api/recommend");
    let invocation = running.function.invoke(&events::function_url(&request));
    let Invocation::Streamed(streamed) = invocation else { panic!("not in streaming mode: {invocation:?}") };
    let body: Vec<_> = streamed.pieces.iter().skip(2).collect();
    let times: Vec<_> = body.iter().map(|(at, _)| at.as_millis()).collect();
    println!("the pieces came after {times:?} ms");
    assert_eq!(body.len(), 7, "{streamed:?}");
    assert!(body[1].0 - body[0].0 >= Duration::from_millis(20), "{times:?}");

    let pattern = "/api/recommend".parse().expect("a pattern");
    let whole = running.function.invoke(&events::http_api(&request, &pattern));
    assert!(matches!(&whole, Invocation::Reply(_)), "{whole:?}");
    assert_eq!(whole.http().body, body.iter().flat_map(|(_, piece)| piece.clone()).collect::<Vec<_>>());
    assert_eq!(running.function.log().matches("only a Function URL").count(), 1, "{}", running.function.log());
}

#[test]
fn a_function_survives_a_strange_event() {
    let upstream = Upstream::start();
    let running = start("/api", &upstream);
    let mut strange = events::function_url(&HttpRequest::get("/api"));
    strange["headers"]["host"] = "a b".into();
    strange["headers"]["x-forwarded-proto"] = "not a scheme".into();
    strange["rawQueryString"] = "a=\" <>%zz".into();
    let _ = running.function.invoke(&strange);
    let _ = running.function.invoke(&serde_json::json!({"source": "aws.events"}));
    let reply = running.function.invoke(&events::function_url(&HttpRequest::get("/api"))).http();
    assert_eq!(reply.status, 200);
}

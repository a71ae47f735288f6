//! The guide's functions as Lambda runs them: unpacked from their zips, invoked over the Runtime API.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use serde_json::{Value, json};
use wharf::contract::slot::Slot;
use wharf_tests::{
    Function, Guide, HttpReply, HttpRequest, Invocation, Upstream,
    artifact::Unpacked,
    events,
    expectations::{self, Delivery},
    guide::problems,
    s3::{self, Gate},
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

/// The keys of a function's role, as Lambda puts them into its environment.
const KEYS: [(&str, &str); 3] =
    [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_SESSION_TOKEN", "token")];

fn with_keys(variables: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
    let keys = KEYS.map(|(name, value)| (name, value.to_owned()));
    variables.iter().cloned().chain(keys).collect()
}

/// SQS, of which moto is one.
fn sqs(action: &str, body: &Value) -> Value {
    let request = HttpRequest::post("/", "application/x-amz-json-1.0", body.to_string());
    s3::ask("sqs", request.header("x-amz-target", &format!("AmazonSQS.{action}"))).json()
}

/// The key-value store of a CDN, whose first write meets another one.
fn key_value_store() -> (Gate, Arc<Mutex<BTreeMap<String, String>>>) {
    let values: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
    let served = Arc::clone(&values);
    let gate = Gate::start(move |request, earlier| {
        let mut values = served.lock().expect("no rule panics");
        let (mut status, mut body) = (200, json!({}));
        if request.method == "POST" && earlier == 0 {
            status = 409;
        } else if request.method == "POST" {
            let update: Value = serde_json::from_slice(&request.body).expect("it is JSON");
            for put in update["Puts"].as_array().expect("it is a list") {
                let text = |name: &str| put[name].as_str().expect("it is a text").to_owned();
                values.insert(text("Key"), text("Value"));
            }
        } else if request.path().ends_with("/keys/stamp%3Anewest") {
            match values.get("stamp:newest") {
                Some(value) => body = json!({ "Value": value }),
                None => status = 404,
            }
        }
        let headers = vec![("etag".to_owned(), "V1".to_owned())];
        Some(HttpReply { status, headers, body: body.to_string().into_bytes() })
    });
    (gate, values)
}

/// From the function of a route through a queue to the store of the CDN, by the programs that Lambda runs.
#[test]
fn what_a_function_revalidates_is_written_by_the_stamp_writer() {
    let bundle = &guide().bundle;
    let queue = sqs("CreateQueue", &json!({ "QueueName": "guide-stamps" }))["QueueUrl"].clone();
    let url = queue.as_str().expect("it has a URL").to_owned();
    let variables = Guide::variables(&Upstream::start());
    let mut variables = with_keys(&variables);
    variables.extend([("WHARF_STAMP_QUEUE", url.clone()), ("AWS_ENDPOINT_URL", s3::endpoint().to_owned())]);
    // That of the scope which `s3::ask` claims: a queue is one of a region.
    variables.push(("AWS_REGION", "us-east-1".to_owned()));
    let files = bundle.unpack(bundle.function_of("/api/revalidate"));
    let function = Function::start(&files.bootstrap(), variables);
    let changes = [json!({ "path": "/items/an anchor" }), json!({ "tag": "bestsellers" }), json!({ "path": "/api" })];
    for change in &changes {
        let request = HttpRequest::post("/api/revalidate", "application/json", change.to_string());
        let request = request.header("x-revalidate-secret", expectations::REVALIDATE_SECRET);
        let reply = function.invoke(&events::function_url(&request)).http();
        assert_eq!(reply.status, 204, "{change}\n{}", function.log());
    }

    let received = sqs("ReceiveMessage", &json!({ "QueueUrl": url, "MaxNumberOfMessages": 10 }));
    let messages = received["Messages"].as_array().expect("there are some");
    let record = |message: &Value| json!({ "messageId": message["MessageId"], "body": message["Body"] });
    let records: Vec<Value> = messages.iter().map(record).collect();
    assert_eq!(records.len(), 3, "{received}");

    let zip = bundle.manifest()["stamp_writer"]["zip"].as_str().expect("there is a stamp writer");
    let files = Unpacked::from_zip(&bundle.folder().join(zip));
    let (store, values) = key_value_store();
    let mut variables = with_keys(&[]);
    variables.extend([
        ("WHARF_KEY_VALUE_STORE", "arn:aws:cloudfront::123456789012:key-value-store/0e-1f".to_owned()),
        ("AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE", store.endpoint().to_owned()),
    ]);
    let writer = Function::start(&files.bootstrap(), variables).limit(Duration::from_secs(30));
    let told = writer.invoke(&json!({ "Records": records }));
    assert!(matches!(&told, Invocation::Reply(reply) if *reply == json!({ "batchItemFailures": [] })), "{told:?}");
    let written: Vec<String> = values.lock().expect("no rule panics").keys().cloned().collect();
    let mut wanted =
        ["path:/items/an%20anchor", "tag:bestsellers", "path:/api"].map(|it| Slot::of(it).to_string()).to_vec();
    wanted.push("stamp:newest".to_owned());
    wanted.sort();
    assert_eq!(written, wanted, "{}", writer.log());
    assert_eq!(store.count("POST"), 2, "the first one met another writer");
    let told = writer.invoke(&json!({ "httpMethod": "GET" }));
    assert!(matches!(told, Invocation::Error(_)), "{told:?}");
}

/// A stamp writer that does not know where to write says so, and Lambda is told.
#[test]
fn a_stamp_writer_without_a_store_refuses_to_start() {
    let bundle = &guide().bundle;
    let zip = bundle.manifest()["stamp_writer"]["zip"].as_str().expect("there is a stamp writer");
    let files = Unpacked::from_zip(&bundle.folder().join(zip));
    let writer = Function::start(&files.bootstrap(), with_keys(&[]));
    assert!(writer.try_invoke(&json!({ "Records": [] })).is_err());
    assert!(writer.log().contains("WHARF_KEY_VALUE_STORE is not set"), "{}", writer.log());
}

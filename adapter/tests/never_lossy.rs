//! Nothing that comes in panics, and nothing that goes out is lost.
#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};
use wharf::{Request, Response, entry::Route, http, testing::Client};

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec(("[a-zA-Z0-9-]{1,8}", inner), 0..4).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn field() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "/version",
        "/rawPath",
        "/rawQueryString",
        "/cookies",
        "/headers",
        "/headers/host",
        "/headers/x-forwarded-proto",
        "/headers/x-forwarded-for",
        "/body",
        "/isBase64Encoded",
        "/requestContext",
        "/requestContext/http",
        "/requestContext/http/method",
        "/requestContext/http/sourceIp",
        "/requestContext/stage",
        "/requestContext/domainName",
    ])
}

/// A real event in which one field is anything.
fn event() -> impl Strategy<Value = Value> {
    (field(), json_value()).prop_map(|(field, value)| {
        let mut event: Value = serde_json::from_str(include_str!("events/function_url.json")).unwrap();
        *event.pointer_mut(field).unwrap() = value;
        event
    })
}

async fn look_at_everything(mut request: Request) -> String {
    let text = request.text().await.unwrap();
    format!("{} {:?} {:?} {:?} {text}", request.url(), request.query(), request.cookies(), request.client_ip())
}

fn header_value() -> impl Strategy<Value = http::HeaderValue> {
    let bytes = prop_oneof![0x20..=0x7Eu8, 0x80..=0xFFu8];
    vec(bytes, 0..12).prop_map(|bytes| http::HeaderValue::from_bytes(&bytes).unwrap())
}

/// What the reply says of some header bytes, as bytes again.
fn is_same(text: &str, bytes: &[u8]) -> bool {
    text.as_bytes() == bytes || text.chars().map(u32::from).eq(bytes.iter().map(|byte| u32::from(*byte)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_event_panics(event in prop_oneof![json_value(), event()]) {
        let client = Client::new(|| Route::new("/[[...all]]").get(look_at_everything).post(look_at_everything));
        if let Ok(reply) = block_on(client.event(&event.to_string())) {
            prop_assert!(reply["statusCode"] != 500, "{event}: {reply}");
        }
    }

    #[test]
    fn no_path_panics(path in any::<String>(), query in any::<String>(), domain in "localhost|a.example") {
        let mut event: Value = serde_json::from_str(include_str!("events/function_url.json")).unwrap();
        event["rawPath"] = path.into();
        event["rawQueryString"] = query.into();
        event["requestContext"]["domainName"] = domain.into();
        let client = Client::new(|| Route::new("/[[...all]]").get(look_at_everything).post(look_at_everything));
        let reply = block_on(client.event(&event.to_string())).unwrap();
        prop_assert!([200, 308, 400].contains(&reply["statusCode"].as_u64().unwrap()), "{reply}");
    }

    #[test]
    fn every_header_cookie_and_byte_arrives(
        values in vec(header_value(), 1..4),
        cookies in vec("[a-z]{1,4}=[!-+.-:<-~]{0,6}", 0..4),
        body in vec(any::<u8>(), 0..64),
        encoding in prop::option::of("gzip|identity"),
    ) {
        let (sent_values, sent_cookies, sent_body) = (values.clone(), cookies.clone(), body.clone());
        let client = Client::new(move || {
            Route::new("/").get(async move || {
                let response = sent_values.into_iter().fold(Response::bytes(sent_body), |reply, value| reply.header("x-v", value));
                let response = sent_cookies.iter().fold(response, |reply, cookie| reply.header("set-cookie", cookie.as_str()));
                encoding.iter().fold(response, |reply, encoding| reply.header("content-encoding", encoding.as_str()))
            })
        });
        let reply = block_on(client.get("/"));
        prop_assert_eq!(reply.status(), 200);
        prop_assert_eq!(reply.bytes(), body);
        prop_assert_eq!(json!(reply.cookies()), json!(cookies));
        // Values that are UTF-8 and values that are not may meet in one line; with one value it can be told exactly.
        let line = reply.header("x-v").unwrap();
        if let [value] = values.as_slice() {
            prop_assert!(is_same(line, value.as_bytes()), "{line:?} {value:?}");
        } else {
            prop_assert!(line.matches(", ").count() >= values.len() - 1);
        }
    }
}

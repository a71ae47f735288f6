//! Nothing that comes in panics, and nothing that goes out is lost.
#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};
use wharf::{
    Request, Response,
    entry::Route,
    http,
    testing::{Client, Source},
};

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

const EVENTS: [&str; 5] = [
    include_str!("events/function_url.json"),
    include_str!("events/rest.json"),
    include_str!("events/alb_single.json"),
    include_str!("events/alb_multi.json"),
    include_str!("events/vpc_lattice.json"),
];

/// The JSON pointers of all fields of a value.
fn fields(value: &Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<_> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.replace('/', "~1"), value)).collect(),
        Value::Array(values) => values.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (name, value) in children {
        let at = format!("{at}/{name}");
        fields(value, &at, found);
        found.push(at);
    }
}

/// A real event in which one field is anything.
fn event() -> impl Strategy<Value = Value> {
    (prop::sample::select(EVENTS.to_vec()), any::<prop::sample::Index>(), json_value()).prop_map(
        |(event, index, value)| {
            let mut event: Value = serde_json::from_str(event).unwrap();
            let mut pointers = Vec::new();
            fields(&event, "", &mut pointers);
            *event.pointer_mut(&pointers[index.index(pointers.len())]).unwrap() = value;
            event
        },
    )
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
        source in prop::sample::select(Source::ALL.to_vec()),
    ) {
        let (sent_values, sent_cookies, sent_body) = (values.clone(), cookies.clone(), body.clone());
        let client = Client::new(move || {
            Route::new("/").get(async move || {
                let response = Response::bytes(sent_body);
                let response = sent_values.into_iter().fold(response, |reply, value| reply.header("x-v", value));
                let cookies = sent_cookies.iter();
                let response = cookies.fold(response, |reply, cookie| reply.header("set-cookie", cookie.as_str()));
                encoding.iter().fold(response, |reply, encoding| reply.header("content-encoding", encoding.as_str()))
            })
        });
        let reply = block_on(client.through(source).get("/"));
        prop_assert_eq!(reply.status(), 200);
        prop_assert_eq!(reply.bytes(), body);
        prop_assert_eq!(json!(reply.cookies()), json!(cookies));
        // Values that are UTF-8 and values that are not may meet in one line; with one value it can be told exactly.
        let line = reply.header("x-v").unwrap();
        if let [value] = values.as_slice() {
            prop_assert!(is_same(line, value.as_bytes().trim_ascii()), "{line:?} {value:?}");
        } else {
            prop_assert!(line.matches(", ").count() >= values.len() - 1);
        }
    }
}

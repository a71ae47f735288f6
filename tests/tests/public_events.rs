//! The events that the crates `lambda_http` and `aws_lambda_events` publish with their sources: those that are HTTP
//! requests are accepted, all others are refused.
//!
//! The files are read where cargo unpacked the versions of `Cargo.lock`. A newer version with other files changes a
//! snapshot, so no file is passed over.

use std::{collections::BTreeMap, fs};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use wharf::testing::{Client, Reply};
use wharf_tests::{cargo, conformance::reflect};

/// The folders of events, each with its package.
const FOLDERS: [(&str, &str); 2] = [("aws_lambda_events", "src/fixtures"), ("lambda_http", "tests/data")];

/// By package and file name.
fn events() -> BTreeMap<String, String> {
    let files = FOLDERS.iter().flat_map(|(package, folder)| {
        let entries = fs::read_dir(cargo::dependency(package).join(folder)).expect("the package has the folder");
        entries.map(move |entry| (package, entry.expect("the folder can be read").path()))
    });
    let events = files.filter(|(_, path)| path.extension().is_some_and(|extension| extension == "json"));
    events
        .map(|(package, path)| {
            let name = path.file_stem().expect("a file has a name").display();
            (format!("{package}/{name}"), fs::read_to_string(&path).expect("an event is text"))
        })
        .collect()
}

/// What became of each event: a reply, or the text with which the invocation fails.
fn outcomes() -> BTreeMap<String, Result<Value, String>> {
    let client = Client::new(reflect::route);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime needs no more");
    events().into_iter().map(|(name, event)| (name, runtime.block_on(client.event(&event)))).collect()
}

/// What was read, or where the client was sent.
fn described(reply: &Reply) -> String {
    if reply.status() != 200 {
        return format!("answered {} with location {:?}", reply.status(), reply.header("location"));
    }
    let seen: Value = reply.json();
    let text = |field: &str| seen[field].as_str().unwrap_or("nobody").to_owned();
    let separator = if seen["raw_query"] == "" { "" } else { "?" };
    let headers = seen["headers"].as_array().map_or(0, Vec::len);
    let body = STANDARD.decode(text("body")).expect("it was encoded");
    [
        format!("{} {}{separator}{}", text("method"), text("path"), text("raw_query")),
        format!("  at {} from {}, context {}", text("url"), text("client_ip"), text("source")),
        format!("  {headers} headers, cookies {}", seen["cookies"]),
        format!("  body of {} bytes {:?}", body.len(), String::from_utf8_lossy(&body)),
    ]
    .join("\n")
}

fn assert_snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/public_events");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn every_http_request_is_accepted() {
    let accepted = outcomes().into_iter().filter_map(|(name, outcome)| Some((name, outcome.ok()?)));
    let accepted: Vec<_> =
        accepted.map(|(name, reply)| format!("{name}\n{}\n", described(&Reply::from(reply)))).collect();
    assert_snapshot("accepted", &format!("{} events\n\n{}", accepted.len(), accepted.join("\n")));
}

#[test]
fn everything_else_is_refused_with_a_reason() {
    let refused = outcomes().into_iter().filter_map(|(name, outcome)| Some((outcome.err()?, name)));
    let mut by_reason = BTreeMap::<String, Vec<String>>::new();
    for (reason, name) in refused {
        by_reason.entry(reason).or_default().push(name);
    }
    let texts = by_reason.iter().map(|(reason, names)| {
        let (count, names) = (names.len(), names.join("\n- "));
        format!("{count} events: {reason}\n- {names}\n")
    });
    assert_snapshot("refused", &texts.collect::<Vec<_>>().join("\n"));
}

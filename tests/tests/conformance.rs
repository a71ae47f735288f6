//! The conformance table, in process and through the real program of a function.

use std::{collections::BTreeMap, path::Path, thread};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use wharf::testing::Source;
use wharf_tests::{
    HttpReply, Invocation,
    conformance::{Case, DIFFERENCES, Function, cases, received},
};

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime needs no more").block_on(future)
}

/// What is wrong with the reply to a request; nothing when it is the expected one.
fn problem(case: &Case, source: Source, reply: &Value) -> Option<String> {
    let expected = Ok(case.expected(source).0);
    let reply = received(source, reply);
    (reply != expected)
        .then(|| format!("{source:?}: {case}\n  expected {}\n  got      {}", shown(&expected), shown(&reply)))
}

fn shown(reply: &Result<HttpReply, String>) -> String {
    let shown = match reply {
        Ok(reply) => format!("{} {:?} {}", reply.status, reply.headers, reply.text()),
        Err(error) => error.clone(),
    };
    shown.chars().take(1_500).collect()
}

#[track_caller]
fn assert_none(problems: &[String]) {
    let first = problems.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(problems.is_empty(), "{} problems, the first of them:\n{first}", problems.len());
}

/// The replies of a function in this process, in the order of its cases.
fn in_process(function: Function, source: Source, cases: &[Case]) -> Vec<Value> {
    let client = function.client(source);
    block_on(async {
        let mut replies = Vec::new();
        for case in cases {
            replies.push(client.send(case.request.clone()).await.raw().clone());
        }
        replies
    })
}

fn cases_of(function: Function) -> Vec<Case> {
    cases().into_iter().filter(|case| case.function == function).collect()
}

#[test]
fn every_source_tells_the_same_in_process() {
    let mut problems = Vec::new();
    for function in Function::ALL {
        let cases = cases_of(function);
        for source in Source::ALL {
            let replies = in_process(function, source, &cases);
            problems.extend(cases.iter().zip(&replies).filter_map(|(case, reply)| problem(case, source, reply)));
        }
    }
    assert_none(&problems);
}

#[test]
fn the_real_program_tells_the_same() {
    let problems = thread::scope(|scope| {
        let running = Function::ALL.map(|function| scope.spawn(move || problems_of_the_program(function)));
        running.into_iter().flat_map(|it| it.join().expect("its panic has been printed")).collect::<Vec<_>>()
    });
    assert_none(&problems);
}

fn problems_of_the_program(function: Function) -> Vec<String> {
    let program = Path::new(env!("CARGO_BIN_EXE_conformance-function"));
    let running = wharf_tests::Function::start(program, function.variables());
    let cases = cases_of(function);
    let mut problems = Vec::new();
    for source in Source::ALL {
        for (case, in_process) in cases.iter().zip(in_process(function, source, &cases)) {
            match running.invoke(&source.event(&case.request)) {
                Invocation::Reply(reply) if reply == in_process => problems.extend(problem(case, source, &reply)),
                other => {
                    problems.push(format!("{source:?}: {case}\n  in process {in_process}\n  got        {other:?}"));
                }
            }
        }
    }
    problems
}

/// Header names as old clients spell them, and every body as base64: nothing of that may be seen.
#[test]
fn another_spelling_of_an_event_is_the_same_event() {
    let mut problems = Vec::new();
    for case in cases().iter().filter(|case| case.function != Function::Replies) {
        for source in Source::ALL {
            let event = respelled(source.event(&case.request)).to_string();
            let reply = block_on(case.function.client(source).event(&event)).expect("it is a request still");
            problems.extend(problem(case, source, &reply));
        }
    }
    assert_none(&problems);
}

fn respelled(mut event: Value) -> Value {
    for field in ["headers", "multiValueHeaders"] {
        if let Some(headers) = event[field].as_object_mut() {
            *headers = std::mem::take(headers).into_iter().map(|(name, value)| (title_case(&name), value)).collect();
        }
    }
    if event["isBase64Encoded"] == false
        && let Some(body) = event["body"].as_str()
    {
        event["body"] = STANDARD.encode(body).into();
        event["isBase64Encoded"] = true.into();
    }
    event
}

fn title_case(name: &str) -> String {
    let words =
        name.split('-').map(|word| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)));
    words.map(Iterator::collect::<String>).collect::<Vec<_>>().join("-")
}

/// The whole list of what sources force, each with the first request that shows it.
#[test]
fn every_difference_is_forced_somewhere_and_named() {
    let mut shown = BTreeMap::<&str, (usize, String)>::new();
    for case in cases() {
        for source in Source::ALL {
            for difference in case.expected(source).1 {
                shown.entry(difference.what).or_insert_with(|| (0, case.to_string())).0 += 1;
            }
        }
    }
    let texts = DIFFERENCES.iter().map(|difference| {
        let (_, example) = shown.get(difference.what).unwrap_or_else(|| panic!("{} is never so", difference.what));
        format!("{}\n  {:?}\n  as {example}\n", difference.what, difference.sources)
    });
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/conformance");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("differences", texts.collect::<Vec<_>>().join("\n")));
}

#[test]
fn the_table_is_long_and_says_nothing_twice() {
    let cases = cases();
    let requests = cases.iter().filter(|case| case.function != Function::Replies).count();
    assert!(requests >= 250, "{requests} requests, and {} with those for the sake of the reply", cases.len());
    let said = |case: &Case| format!("{:?} {:?}", case.function, case.request);
    let mut said: Vec<_> = cases.iter().map(said).collect();
    said.sort();
    let twice: Vec<_> = said.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    assert!(twice.is_empty(), "twice: {twice:?}");
}

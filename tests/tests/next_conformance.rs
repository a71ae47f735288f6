//! The app in `tests/conformance` beside the Next.js app that it was ported from.
//!
//! Its functions are started as Lambda starts them and are sent all requests. What they answer is compared with what is
//! committed, and, where that is at hand, with what Next.js answered.

use std::{
    collections::{BTreeMap, VecDeque},
    env, fs,
    sync::{Mutex, PoisonError},
    thread,
};

use percent_encoding::percent_decode_str;
use wharf::pattern::Pattern;
use wharf_tests::{
    Function, Project,
    artifact::Bundle,
    events,
    next::{self, Case, CountingUpstream, Recorded, Reply, differences},
};

/// How many functions run at the same time. Most of them wait.
const AT_ONCE: usize = 6;

#[test]
fn functions_answer_as_committed() {
    let expected = next::read();
    let given = given(&expected);
    if updates() {
        return next::write(&given);
    }
    assert_none(expected.iter().zip(&given).filter(|(expected, given)| expected != given).map(|(expected, given)| {
        format!("{}\n  expected {:?}\n  got      {:?}", given.id, expected.reply, given.reply)
    }));
}

#[test]
fn what_differs_from_next_is_listed() {
    let cases = next::read();
    let Some(recorded) = Recorded::all() else { return };
    assert_none(recorded.iter().filter(|recorded| !is_known(recorded, &cases)).map(|recorded| recorded.id.clone()));
    let table = differences::table(&cases, &recorded).unwrap_or_else(|error| panic!("{error}"));
    if updates() {
        return fs::write(differences::path(), table).expect("the checkout can be written");
    }
    assert!(table == differences::committed(), "DIFFERENCES.md is stale: it would be\n{table}");
}

fn updates() -> bool {
    env::var_os("UPDATE_EXPECTATIONS").is_some()
}

/// Whether a recorded request is sent as it was, or stands in the list of those that cannot be.
fn is_known(recorded: &Recorded, cases: &[Case]) -> bool {
    let is_excused = differences::NOT_PORTED.iter().any(|(ids, _)| ids.contains(&recorded.id.as_str()));
    is_excused != cases.iter().any(|case| recorded.is_of(case))
}

#[track_caller]
fn assert_none(problems: impl Iterator<Item = String>) {
    let problems: Vec<_> = problems.collect();
    assert!(problems.is_empty(), "{} of them:\n{}", problems.len(), problems.join("\n"));
}

/// The cases with the replies that the functions give.
fn given(cases: &[Case]) -> Vec<Case> {
    let upstream = CountingUpstream::start();
    let project = Project::conformance();
    let _output = project.bundle().envs(upstream.variables()).run().succeeded();
    let bundle = Bundle::open(&project.output());
    let sequences: Mutex<VecDeque<_>> = Mutex::new(by_function(&bundle, cases).into());
    let replies = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((function, cases)) = { lock(&sequences).pop_front() } {
                    let files = bundle.unpack(&function);
                    let running = Function::start(&files.bootstrap(), upstream.variables());
                    for (index, case) in cases {
                        thread::sleep(case.wait());
                        let reply = running.invoke(&events::function_url(&case.request())).http();
                        lock(&replies).insert(index, Reply::of(&reply, &upstream.base()));
                    }
                }
            });
        }
    });
    let mut replies = replies.into_inner().unwrap_or_else(PoisonError::into_inner);
    cases.iter().enumerate().map(|(index, case)| Case { reply: replies.remove(&index), ..case.clone() }).collect()
}

/// The cases, numbered, of each function: what it is asked is a sequence. Those that wait longest come first.
fn by_function<'c>(bundle: &Bundle, cases: &'c [Case]) -> Vec<(String, Vec<(usize, &'c Case)>)> {
    let mut patterns: Vec<Pattern> =
        bundle.routes().iter().filter_map(|it| it["pattern"].as_str()?.parse().ok()).collect();
    patterns.sort();
    let mut sequences = BTreeMap::<String, Vec<_>>::new();
    for (index, case) in cases.iter().enumerate() {
        let pattern = routed(&patterns, case).map_or_else(|| case.route.clone(), ToString::to_string);
        sequences.entry(bundle.function_of(&pattern).to_owned()).or_default().push((index, case));
    }
    let mut sequences: Vec<_> = sequences.into_iter().collect();
    sequences.sort_by_key(|(_, cases)| std::cmp::Reverse(cases.iter().map(|(_, case)| case.wait_ms).sum::<u64>()));
    sequences
}

/// The route that an API would send a request to, by its decoded path.
fn routed<'p>(patterns: &'p [Pattern], case: &Case) -> Option<&'p Pattern> {
    let request = case.request();
    let parts: Vec<_> = request.path().split('/').skip(1).filter(|part| !part.is_empty()).collect();
    let parts: Vec<_> = parts.iter().map(|part| percent_decode_str(part).decode_utf8_lossy()).collect();
    let parts: Vec<&str> = parts.iter().map(|part| &**part).collect();
    patterns.iter().find(|pattern| pattern.matches(&parts).is_some())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

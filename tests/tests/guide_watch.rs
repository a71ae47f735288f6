//! The guide under the real `cargo lambda watch`, asked over HTTP.

use std::time::Duration;

use wharf_tests::{
    Guide, HttpRequest, Upstream, Watch,
    expectations::{self, Delivery},
};

#[test]
#[expect(clippy::print_stdout, reason = "what it measured is of interest, and a failure shows it")]
fn every_case_holds_under_watch() {
    let upstream = Upstream::start();
    let guide = Guide::bundled(&upstream);
    let watch = Watch::start(&guide.bundle.package(), guide.project.root(), Guide::variables(&upstream));
    let client = watch.client();
    let mut problems = Vec::new();
    for case in expectations::guide().into_iter().filter(|case| case.holds(Delivery::Watch)) {
        match client.try_send(&case.request) {
            Ok(reply) => problems.extend(case.problems(&reply, Delivery::Watch)),
            Err(error) => problems.push(format!("{case} (Watch): {error}")),
        }
    }
    assert!(problems.is_empty(), "{}\n{}", problems.join("\n"), watch.log());

    let pieces = client.pieces(&HttpRequest::get("/api/recommend")).unwrap_or_else(|error| panic!("{error}"));
    let times: Vec<_> = pieces.iter().map(|(at, _)| at.as_millis()).collect();
    println!("the pieces of the stream came after {times:?} ms");
    assert!(pieces.len() >= 2 && pieces[1].0 - pieces[0].0 >= Duration::from_millis(20), "{times:?}");
}

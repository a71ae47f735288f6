//! The guide under the real `cargo lambda watch`, asked over HTTP.

use wharf_tests::{
    Guide, Upstream, Watch,
    expectations::{self, Delivery},
};

#[test]
fn every_case_holds_under_watch() {
    let upstream = Upstream::start();
    let guide = Guide::bundled(&upstream);
    let watch = Watch::start(&guide.bundle.package(), guide.project.root(), upstream.variables());
    let client = watch.client();
    let mut problems = Vec::new();
    for case in expectations::guide().into_iter().filter(|case| case.holds(Delivery::Watch)) {
        match client.try_send(&case.request) {
            Ok(reply) => problems.extend(case.problems(&reply, Delivery::Watch)),
            Err(error) => problems.push(format!("{case} (Watch): {error}")),
        }
    }
    assert!(problems.is_empty(), "{}\n{}", problems.join("\n"), watch.log());
}

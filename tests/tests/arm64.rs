//! The guide, bundled for arm64 on this machine, and its functions as arm64 runs them.
#![cfg(target_arch = "x86_64")]

use std::{fs, path::Path, time::Duration};

use serde_json::Value;
use wharf_bundler::{architecture::Architecture, stages::package::bootstrap};
use wharf_tests::{
    Arm64, Guide, Project, Upstream,
    artifact::Bundle,
    bundle_command::{difference, tree},
    expectations::Delivery,
    guide::problems_of,
};

/// Everything is compiled by another rustc than for the other tests, and most of it twice.
const COMPILE_LIMIT: Duration = Duration::from_secs(1800);

/// Starting a program that is translated as it runs takes a while on a busy machine.
const INVOCATION_LIMIT: Duration = Duration::from_secs(60);

/// One route of each kind: static, with params, with a catch-all, with cookies, with a form, with TLS in it. Of the others only
/// the program is looked at, as each starts slowly under QEMU.
const ASKED: [&str; 6] = ["/api", "/items/[slug]", "/docs/[...path]", "/api/cart", "/api/contact", "/api/posts"];

/// Its answer tells the number of requests, so no two evaluations agree.
const COUNTING: &str = "app/api/bestsellers/route.rs";

#[test]
fn the_guide_is_bundled_for_arm64_and_answers_there() {
    let Some(machine) = Arm64::installed() else { return };
    let project = Project::example("guide");
    let upstream = Upstream::start();
    let bundle = |output: &Path| {
        let command = project.bundle().output(output).arg("--arch").arg("arm64");
        command.envs(upstream.variables()).envs(machine.variables()).limit(COMPILE_LIMIT).run().succeeded()
    };
    let output = bundle(&project.output());
    assert_eq!(output.stderr, "");
    let arm64 = Bundle::open(&project.output());
    every_bootstrap_is_for_arm64(&arm64);

    let start = |bootstrap: &Path, upstream: &Upstream| {
        machine.start(bootstrap, Guide::variables(upstream)).limit(INVOCATION_LIMIT)
    };
    let problems = problems_of(|route| ASKED.contains(&route), &arm64, Delivery::HttpApi, start);
    assert!(problems.is_empty(), "{}", problems.join("\n"));

    let x86_64 = Guide::bundled(&upstream).bundle;
    what_was_evaluated_is_the_same(&arm64, &x86_64);

    // One edit, one zip: here too.
    let before = tree(&project.path("target/bundle/functions"));
    project.edit("app/docs/[...path]/route.rs", "Within sixty days.", "Within ninety days.");
    let _ = bundle(&project.output());
    let mut changed = difference(&before, &tree(&project.path("target/bundle/functions")));
    changed.retain(|zip| zip != "api-bestsellers.zip");
    assert_eq!(changed, ["docs-path.zip"]);
}

fn every_bootstrap_is_for_arm64(bundle: &Bundle) {
    assert!(bundle.functions().len() > 30, "{:?}", bundle.functions());
    for function in bundle.functions() {
        assert_eq!(bundle.manifest()["functions"][function]["architecture"], "arm64", "{function}");
        let program = fs::read(bundle.unpack(function).bootstrap()).expect("a zip has a bootstrap");
        // The machine of an ELF header: 183 is AArch64.
        assert_eq!(program[18..20], [183, 0], "{function}");
        assert_eq!(bootstrap::check(&program, Architecture::Arm64), Ok(()), "{function}");
    }
}

/// Everything but the programs: what is frozen, what is exported, and what the manifest says of methods.
fn what_was_evaluated_is_the_same(arm64: &Bundle, x86_64: &Bundle) {
    let counting = |entry: &Value| entry["source"] == COUNTING || entry["path"] == "/api/bestsellers";
    let rest = |entries: &[Value]| entries.iter().filter(|entry| !counting(entry)).cloned().collect::<Vec<_>>();
    assert_eq!(rest(arm64.routes()), rest(x86_64.routes()));
    assert_eq!(rest(arm64.objects()), rest(x86_64.objects()));
    let frozen = |bundle: &Bundle, function: &str| fs::read(bundle.unpack(function).folder().join("frozen.bin")).ok();
    let functions = arm64.functions().into_iter().filter(|name| *name != arm64.function_of("/api/bestsellers"));
    for function in functions {
        assert!(frozen(arm64, function) == frozen(x86_64, function), "{function} has another frozen.bin");
    }
}

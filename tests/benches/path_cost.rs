//! What a further path costs to evaluate, whether all cores work, and what memory it takes.
//!
//! `cargo bench --package wharf-tests --bench path_cost` prints it, with the load of the machine. It starts itself as the
//! program that the bundler starts: with one route of 1,000 and of 2,000 listed paths, of 64 KiB each, and with 300
//! routes whose handlers compute. Then it bundles an app of 1,000 and of 2,000 listed paths, of 1 KiB each, for what the
//! stages after that cost.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};
use wharf::{
    contract::report::{AssignedRoute, Assignment, Takes},
    entry::{Route, evaluate},
};
use wharf_tests::{ProcessGroup, Project, process_group::cpu_seconds_of_children};

const LIMIT: Duration = Duration::from_secs(600);
/// Tells the started program how many params to list.
const PATHS: &str = "WHARF_BENCH_PATHS";
const ROUTES: usize = 300;
const BODY: usize = 64 * 1024;

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if let [assignment, report] = arguments.as_slice()
        && assignment.is_file()
    {
        return program(report);
    }
    let load = fs::read_to_string("/proc/loadavg").expect("Linux has it");
    let cores = std::thread::available_parallelism().expect("there are processors");
    println!("{cores} cores, load {}", load.split(' ').next().unwrap_or_default());
    let few = Run::of("listed", 1, 1_000);
    let many = Run::of("listed", 1, 2_000);
    println!("1,000 paths: {few}\n2,000 paths: {many}");
    let further = |figure: fn(&Run) -> f64| figure(&many) - figure(&few);
    println!("one more path: {:.3} ms, {:.3} ms of CPU", further(|run| run.wall), further(|run| run.cpu));
    let routes = Run::of("computing", ROUTES, 0);
    println!("{ROUTES} routes that compute: {routes}; {:.2} cores at work", routes.cpu / routes.wall);
    let project = Project::from_files("bench-paths", &[("app/[number]/route.rs", LISTED)]);
    let bundled = |paths: usize| {
        let started = Instant::now();
        let _ = project.bundle().env(PATHS, paths.to_string()).limit(LIMIT).run().succeeded();
        started.elapsed().as_secs_f64()
    };
    // The first run compiles.
    let [_, few, many] = [1, 1_000, 2_000].map(bundled);
    println!("cargo bundle: {few:.2} s for 1,000 paths, {many:.2} s for 2,000: {:.3} ms for one more", many - few);
    ExitCode::SUCCESS
}

/// What the bundler starts.
fn program(report: &Path) -> ExitCode {
    let names: Vec<String> = (0..ROUTES).map(|number| format!("computing-{number}")).collect();
    let computing = names.iter().map(|name| (name.as_str(), computing as fn() -> Route));
    let routes: Vec<_> = computing.chain([("listed-0", listed as fn() -> Route)]).collect();
    let code = evaluate(&routes);
    let status = fs::read_to_string("/proc/self/status").expect("Linux has it");
    fs::write(report.with_extension("status"), status).expect("the folder can be written");
    code
}

fn listed() -> Route {
    let paths = std::env::var(PATHS).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let route = Route::new("/[number]").get(async |wharf::Path(number): wharf::Path<u32>| vec![number as u8; BODY]);
    route.static_params(move || async move { (0..paths).collect::<Vec<u32>>() })
}

/// Its counterpart in an app.
const LISTED: &str = r#"
pub async fn generate_static_params() -> Vec<u32> {
    let paths = std::env::var("WHARF_BENCH_PATHS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    (0..paths).collect()
}

pub async fn get(wharf::Path(number): wharf::Path<u32>) -> String {
    format!("{number:01024}")
}
"#;

/// A few milliseconds of one core.
fn computing() -> Route {
    Route::new("/").get(async || {
        let hash = (0..10_000).fold([0; 32], |hash: [u8; 32], _| Sha256::digest(hash).into());
        hash.to_vec()
    })
}

/// The figures of one run of the program.
struct Run {
    /// Seconds.
    wall: f64,
    /// Seconds.
    cpu: f64,
    /// The most memory that it had, in MiB.
    peak: f64,
}

impl Run {
    fn of(kind: &str, routes: usize, paths: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let (assignment, report) = (folder.path().join("assignment.json"), folder.path().join("report.jsonl"));
        let assigned = |number| AssignedRoute {
            route: format!("{kind}-{number}"),
            get: Some(Takes::Params),
            get_if_compiled: BTreeMap::new(),
            needs_opt_in: false,
        };
        let content = Assignment {
            routes: (0..routes).map(assigned).collect(),
            time_limit_seconds: 60,
            tries: 3,
            one_at_a_time: false,
        };
        fs::write(&assignment, serde_json::to_vec(&content).expect("it is JSON")).expect("the folder can be written");
        let mut program = Command::new(std::env::current_exe().expect("a program has a path"));
        program.args([&assignment, &report]).env(PATHS, paths.to_string());
        let (cpu, started) = (cpu_seconds_of_children(), Instant::now());
        let _ = ProcessGroup::run(&mut program, LIMIT).succeeded();
        let (wall, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds_of_children() - cpu);
        let lines = fs::read_to_string(&report).expect("it has a report").lines().count();
        assert_eq!(lines, routes + if kind == "listed" { paths } else { routes }, "a line a route and a run");
        let status = fs::read_to_string(report.with_extension("status")).expect("the program wrote it");
        Self { wall, cpu, peak: peak(&status) }
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:.2} s, {:.2} s of CPU, at most {:.0} MiB", self.wall, self.cpu, self.peak)
    }
}

/// `VmHWM` of `proc(5)`.
fn peak(status: &str) -> f64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kibibytes.expect("Linux tells it") / 1024.0
}

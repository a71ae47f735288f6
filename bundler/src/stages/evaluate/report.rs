//! The report of the program that evaluates routes, read while it is written.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{ErrorKind, Read},
    path::PathBuf,
};

use wharf::{
    contract::report::{GetReport, Outcome, ReportLine, RouteReport},
    pattern::Params,
};

use crate::diagnostic::{failure::Failure, keyless::keyless};

/// The report so far.
pub(super) struct ReportFile {
    path: PathBuf,
    file: Option<File>,
    /// The start of a line whose end is not written yet.
    rest: Vec<u8>,
    lines: Lines,
}

/// What its lines say.
#[derive(Default)]
struct Lines {
    routes: BTreeMap<String, RouteReport>,
    begun: Vec<Begun>,
    is_complete: bool,
}

/// What the program was at: a run of the GET handler of a route, or its `generate_static_params`, which has no params.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Begun {
    pub(super) route: String,
    pub(super) params: Option<Params>,
}

/// Why the report cannot be read.
pub(super) enum ReadError {
    Io(Failure),
    Line(serde_json::Error),
}

impl ReportFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, file: None, rest: Vec::new(), lines: Lines::default() }
    }

    /// Reads what is new, and names the route of each line.
    pub(super) fn read(&mut self, mut on_line: impl FnMut(&str)) -> Result<(), ReadError> {
        let io = |error| ReadError::Io(Failure::io("read", &self.path)(error));
        if self.file.is_none() {
            match File::open(&self.path) {
                Ok(file) => self.file = Some(file),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(io(error)),
            }
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut chunk = vec![0; 64 * 1024];
        loop {
            let count = file.read(&mut chunk).map_err(io)?;
            if count == 0 {
                return Ok(());
            }
            let mut new = &chunk[..count];
            while let Some(end) = new.iter().position(|byte| *byte == b'\n') {
                self.rest.extend_from_slice(&new[..end]);
                new = &new[end + 1..];
                let line = serde_json::from_slice(&self.rest).map_err(ReadError::Line)?;
                self.rest.clear();
                if let Some(route) = self.lines.add(line) {
                    on_line(&route);
                }
            }
            self.rest.extend_from_slice(new);
        }
    }

    /// Whether the program said that it was done: a handler may end it with any status.
    pub(super) fn is_complete(&self) -> bool {
        self.lines.is_complete
    }

    /// What was begun and has no end.
    pub(super) fn into_unfinished(self) -> Vec<Begun> {
        self.lines.begun
    }

    /// By name.
    pub(super) fn into_routes(self) -> BTreeMap<String, RouteReport> {
        self.lines.routes
    }
}

impl Lines {
    /// Adds a line; gives the name of the route that it says something of.
    fn add(&mut self, line: ReportLine) -> Option<String> {
        match line {
            ReportLine::Begun { route, params } => {
                self.begun.push(Begun { route, params });
                None
            }
            ReportLine::Route(mut report) => {
                if let GetReport::StaticParamsFailed(error) = &mut report.get {
                    *error = keyless(error).into_owned();
                }
                let route = report.route.clone();
                self.end(&route, None);
                self.routes.insert(route.clone(), report);
                Some(route)
            }
            ReportLine::Run { route, mut evaluated } => {
                match &mut evaluated.outcome {
                    Outcome::Failed(error) => *error = keyless(error).into_owned(),
                    Outcome::Touched(touch) => touch.what = keyless(&touch.what).into_owned(),
                    Outcome::Frozen(_) | Outcome::Refused(_) | Outcome::Varies(_) => {}
                }
                self.end(&route, Some(&evaluated.params));
                // The line of the route stands before those of its runs.
                if let Some(GetReport::Evaluated(runs)) = self.routes.get_mut(&route).map(|report| &mut report.get) {
                    runs.push(evaluated);
                }
                Some(route)
            }
            ReportLine::Done => {
                self.is_complete = true;
                None
            }
        }
    }

    fn end(&mut self, route: &str, params: Option<&Params>) {
        self.begun.retain(|begun| begun.route != route || begun.params.as_ref() != params);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use wharf::{
        config::SegmentConfig,
        contract::report::{Evaluated, Outcome},
    };

    use super::*;

    #[test]
    fn half_a_line_waits_for_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.jsonl");
        let mut report = ReportFile::new(path.clone());
        assert!(report.read(|_| ()).is_ok());
        let route = ReportLine::Route(RouteReport {
            route: "a".to_owned(),
            config: SegmentConfig::default(),
            compiled: Vec::new(),
            listed: None,
            get: GetReport::Evaluated(Vec::new()),
        });
        let run = ReportLine::Run {
            route: "a".to_owned(),
            evaluated: Evaluated { params: Params::EMPTY, outcome: Outcome::Refused(500) },
        };
        let text = [route, run].map(|line| serde_json::to_string(&line).unwrap() + "\n").concat();
        let mut file = File::create(path).unwrap();
        let mut count = 0;
        for part in text.as_bytes().chunks(7) {
            file.write_all(part).unwrap();
            assert!(report.read(|_| count += 1).is_ok());
        }
        assert_eq!(count, 2);
        assert!(matches!(&report.into_routes()["a"].get, GetReport::Evaluated(runs) if runs.len() == 1));
        file.write_all(b"no JSON\n").unwrap();
    }

    #[test]
    fn what_has_no_end_is_what_ended_the_program() {
        let mut report = ReportFile::new(PathBuf::new());
        let begin = |route: &str, params| ReportLine::Begun { route: route.to_owned(), params };
        report.lines.add(begin("listing", None));
        report.lines.add(begin("running", Some(Params::EMPTY)));
        report.lines.add(begin("done", Some(Params::EMPTY)));
        let evaluated = Evaluated { params: Params::EMPTY, outcome: Outcome::Refused(500) };
        report.lines.add(ReportLine::Run { route: "done".to_owned(), evaluated });
        assert!(!report.is_complete());
        let unfinished: Vec<_> = report.into_unfinished().into_iter().map(|begun| begun.route).collect();
        assert_eq!(unfinished, ["listing", "running"]);
    }
}

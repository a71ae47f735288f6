//! The report of the program that evaluates routes, read while it is written.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{ErrorKind, Read},
    path::PathBuf,
};

use wharf::report::{GetReport, ReportLine, RouteReport};

use crate::failure::Failure;

/// The report so far.
pub(super) struct ReportFile {
    path: PathBuf,
    file: Option<File>,
    /// The start of a line whose end is not written yet.
    rest: Vec<u8>,
    routes: BTreeMap<String, RouteReport>,
}

/// Why the report cannot be read.
pub(super) enum ReadError {
    Io(Failure),
    Line(serde_json::Error),
}

impl ReportFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, file: None, rest: Vec::new(), routes: BTreeMap::new() }
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
                on_line(add(&mut self.routes, line).as_str());
            }
            self.rest.extend_from_slice(new);
        }
    }

    /// By name.
    pub(super) fn into_routes(self) -> BTreeMap<String, RouteReport> {
        self.routes
    }
}

/// Adds a line; gives the name of its route.
fn add(routes: &mut BTreeMap<String, RouteReport>, line: ReportLine) -> String {
    match line {
        ReportLine::Route(report) => {
            let route = report.route.clone();
            routes.insert(route.clone(), report);
            route
        }
        ReportLine::Run { route, evaluated } => {
            // The line of the route stands before those of its runs.
            if let Some(GetReport::Evaluated(runs)) = routes.get_mut(&route).map(|report| &mut report.get) {
                runs.push(evaluated);
            }
            route
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use wharf::{
        config::SegmentConfig,
        pattern::Params,
        report::{Evaluated, Outcome},
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
}

//! What the bundler and the program that it evaluates routes with say to each other.
//!
//! The bundler writes an [`Assignment`] as JSON and starts the program with the paths of that file and of the report;
//! the program appends a [`ReportLine`] for each route, and for each run of a handler as it begins and is done, so that it holds
//! no more answers than it runs handlers at once. Handlers may print what they like meanwhile.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contract::{
    config::{Revalidate, SegmentConfig},
    pattern::Params,
};

/// What is to be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The routes.
    pub routes: Vec<AssignedRoute>,
    /// How long one run of a handler may take, in seconds.
    pub time_limit_seconds: u64,
    /// How often a run that exceeded the limit is tried in all.
    pub tries: u32,
    /// Whether no two handlers run at the same time.
    #[serde(default)]
    pub one_at_a_time: bool,
}

/// One route of an [`Assignment`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignedRoute {
    /// The route's name.
    pub route: String,
    /// What its GET handler takes; `None` when it has no GET handler.
    pub get: Option<Takes>,
    /// What GET handlers with a condition take, by the numbers that the program knows them by; one at most is compiled.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub get_if_compiled: BTreeMap<u32, Takes>,
    /// Whether its GET is dynamic unless the segment config or `generate_static_params` says otherwise.
    #[serde(default)]
    pub needs_opt_in: bool,
}

/// What a handler's signature takes from the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Takes {
    /// No arguments.
    Nothing,
    /// Only the params of the path.
    Params,
    /// Something else of the request.
    Request,
}

/// A line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportLine {
    /// A route, with no runs yet. It stands before the lines of its runs.
    Route(RouteReport),
    /// What is run now. Its end is the line of the route, or that of the run.
    Begun {
        /// The route's name.
        route: String,
        /// The params of the run; `None` of `generate_static_params`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        params: Option<Params>,
    },
    /// A run of the GET handler of a route.
    Run {
        /// The route's name.
        route: String,
        /// What came of it.
        evaluated: Evaluated,
    },
    /// The last line of a report that is complete.
    Done,
}

/// What came of one route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteReport {
    /// The route's name.
    pub route: String,
    /// Its segment config, as rustc evaluated it.
    pub config: SegmentConfig,
    /// The numbers of the items with a condition that rustc compiled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compiled: Vec<u32>,
    /// The params that `generate_static_params` listed, each once; `None` when it was not called, as nothing needs them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<Vec<Params>>,
    /// Whether its GET handler was run, and what came of it.
    pub get: GetReport,
}

/// What came of a route's GET handler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GetReport {
    /// It was not run.
    NotRun(NotRun),
    /// It was run, once for each listed path; the list is empty when `generate_static_params` returned none.
    Evaluated(Vec<Evaluated>),
    /// `generate_static_params` failed, with this text.
    StaticParamsFailed(String),
}

/// Why a GET handler was not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotRun {
    /// The route has no GET handler.
    NoGet,
    /// `DYNAMIC = Dynamic::ForceDynamic`.
    ForceDynamic,
    /// `STREAMING = true`.
    Streaming,
    /// `REVALIDATE = 0`.
    RevalidateZero,
    /// Its signature takes the request.
    TakesRequest,
    /// The pattern has params, and there is no `generate_static_params`.
    NoStaticParams,
    /// The app wants a GET to opt in, and this one does not.
    NotOptedIn,
}

/// One run of a GET handler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluated {
    /// The params that it was given.
    pub params: Params,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// An answer that can be replayed.
    Frozen(Frozen),
    /// The handler looked at the request.
    Touched(Touch),
    /// The answer's status, 400 or above and not 404, is not one to keep.
    Refused(u16),
    /// The answer says that it is not the same for everyone: `*`, `authorization` or `cookie` in its `Vary`.
    Varies(String),
    /// The handler failed, panicked or took too long; the text says which.
    Failed(String),
}

/// Where a handler looked at the request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Touch {
    /// What it called: `cookies()`, `headers()`, `fetch("https://…")`.
    pub what: String,
    /// The file of the call, as rustc names it.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// Its column, from 1.
    pub column: u32,
}

/// An answer that was made at build time: what the function replays and what an object is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// The status, 200 to 599.
    pub status: u16,
    /// Every header line, in order, names in lower case. A value is text; bytes above 0x7F stand as Latin-1.
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(with = "body_as_base64")]
    pub body: Vec<u8>,
    /// The shortest of the segment's and the fetches' times.
    pub revalidate: Revalidate,
    /// The tags of the fetches that it used, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// What was made at build time: for each route of a function that needs it, by its pattern as text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FrozenFunction(pub BTreeMap<String, FrozenRoute>);

/// The answers that a function replays for a route.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FrozenRoute {
    /// By the decoded params, sorted.
    pub answers: Vec<(Params, Frozen)>,
    /// Params that `generate_static_params` lists and whose answer was not one to keep: the handler answers them.
    pub live: Vec<Params>,
    /// Whether GET is dynamic: nothing is kept then, and the params are only listed as `DYNAMIC_PARAMS` is false.
    pub is_dynamic: bool,
}

/// What the first line of the file of a [`FrozenFunction`] holds: all but the bodies.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FrozenIndex(pub BTreeMap<String, IndexedRoute>);

/// A [`FrozenRoute`] whose bodies are elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct IndexedRoute {
    /// As those of the [`FrozenRoute`].
    pub answers: Vec<(Params, IndexedAnswer)>,
    /// As those of the [`FrozenRoute`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub live: Vec<Params>,
    /// As that of the [`FrozenRoute`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_dynamic: bool,
}

/// A [`Frozen`] answer whose body is elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexedAnswer {
    /// As that of the [`Frozen`] answer.
    pub status: u16,
    /// As those of the [`Frozen`] answer.
    pub headers: Vec<(String, String)>,
    /// Where the body is.
    pub body: BodyPlace,
    /// As that of the [`Frozen`] answer.
    pub revalidate: Revalidate,
    /// As those of the [`Frozen`] answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// Where a body is, behind the first line of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyPlace {
    /// The bytes in front of it.
    pub start: u64,
    /// Its bytes.
    pub length: u64,
}

impl FrozenFunction {
    /// The file that holds it: a line of JSON with a [`FrozenIndex`], and the bodies, each once. So a function reads a body
    /// when it is asked for, and holds none in memory.
    ///
    /// # Errors
    ///
    /// None that can be provoked: all of it is text, numbers and bytes.
    pub fn to_file(&self) -> serde_json::Result<Vec<u8>> {
        let (mut bodies, mut places) = (Vec::new(), BTreeMap::new());
        let mut place = |body| {
            *places.entry(body).or_insert_with(|| {
                let start = bodies.len() as u64;
                bodies.extend_from_slice(body);
                BodyPlace { start, length: body.len() as u64 }
            })
        };
        let mut index = FrozenIndex::default();
        for (pattern, route) in &self.0 {
            let answer = |frozen: &'_ Frozen, body| IndexedAnswer {
                status: frozen.status,
                headers: frozen.headers.clone(),
                body,
                revalidate: frozen.revalidate,
                tags: frozen.tags.clone(),
            };
            let answers = route.answers.iter();
            let answers = answers.map(|(params, frozen)| (params.clone(), answer(frozen, place(&*frozen.body))));
            let indexed =
                IndexedRoute { answers: answers.collect(), live: route.live.clone(), is_dynamic: route.is_dynamic };
            index.0.insert(pattern.clone(), indexed);
        }
        let mut file = serde_json::to_vec(&index)?;
        file.push(b'\n');
        file.append(&mut bodies);
        Ok(file)
    }
}

impl FrozenIndex {
    /// The bytes of all bodies.
    #[must_use]
    pub fn bodies_end(&self) -> u64 {
        let places = self.0.values().flat_map(|route| &route.answers).map(|(_, answer)| answer.body);
        places.map(|place| place.start.saturating_add(place.length)).max().unwrap_or_default()
    }
}

/// The name of the file that holds a [`FrozenFunction`].
pub const FROZEN_FILE: &str = "frozen.bin";

/// What a function calls itself when it sends stamps to the queue of the stamp writer. A program that holds this text may
/// do so, and gets the right to it where it is deployed; from one that does not, the linker has dropped what sends.
pub const STAMP_SENDER: &str = "wharf-stamp-sender";

mod body_as_base64 {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(body: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(body))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_line_round_trips() {
        let frozen = Frozen {
            status: 200,
            headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
            body: vec![0, 255],
            revalidate: Revalidate::Never,
            tags: Vec::new(),
        };
        let evaluated = Evaluated { params: Params::default(), outcome: Outcome::Frozen(frozen) };
        let report = ReportLine::Run { route: "robots-txt".to_owned(), evaluated };
        let line = serde_json::to_string(&report).unwrap();
        assert!(!line.contains('\n'));
        assert_eq!(serde_json::from_str::<ReportLine>(&line).unwrap(), report);
    }
}

//! Stage 8: [`Packed`] → [`Described`]. The manifest: the only input of everything that deploys, serves or runs a bundle.
//!
//! Readers ignore fields that they do not know, and refuse a `format_version` that they do not know.

pub mod http_api;

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use wharf::{
    Method,
    config::{Revalidate, SegmentConfig},
    contract::report::{Evaluated, Frozen, Outcome},
    pattern::{ParamValue, Segment},
};

use crate::{
    stages::{
        deploy::sbom,
        discover::PolicyStatement,
        evaluate::{Class, EvaluatedRoute, Reason},
        generate::STAMP_WRITER,
        package::{ObjectOrigin, Packed, PackedFunction, PackedObject},
        plan::{Function, Plan, Route},
    },
    url_path::UrlPath,
};

/// The version of the manifest's format; raised when an old reader would misunderstand a new manifest.
pub const FORMAT_VERSION: u32 = 1;

/// The memory of a function that declares none, in MB. Lambda gives CPU in proportion to memory; below this, TLS alone
/// takes noticeable time.
const DEFAULT_MEMORY: u32 = 256;

/// The timeout of a function that declares none, in seconds: as long as an HTTP API waits.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
const DEFAULT_TIMEOUT: u32 = 30;

/// A bundle that is complete but for the files that deploy it.
#[derive(Debug)]
pub struct Described {
    /// The zips and objects.
    pub packed: Packed,
    /// What they are.
    pub manifest: Manifest,
}

/// The description of a bundle: `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// The version of this format: 1.
    pub format_version: u32,
    /// The program that made the bundle.
    pub generator: Generator,
    /// The package that was bundled.
    pub app: AppEntry,
    /// The functions, by name.
    pub functions: BTreeMap<String, FunctionEntry>,
    /// The function that writes stamps to the CDN's key-value store, and the only one that may. It is there if one of
    /// `functions` revalidates. It answers no route: it reads batches of a queue, to which those functions send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp_writer: Option<StampWriterEntry>,
    /// The routes, in match order: the first that matches a path answers it.
    pub routes: Vec<RouteEntry>,
    /// The routes of an HTTP API: each path in its grammar, as `/items/{slug}`, with the function that answers `ANY` of it.
    /// They are fewer than those of `routes` where a function has all paths below one.
    pub api: BTreeMap<String, String>,
    /// The objects, sorted by path.
    pub objects: Vec<ObjectEntry>,
    /// The path of the list of crates that are in the functions, in the format CycloneDX.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sbom: Option<String>,
}

/// The program that made the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Generator {
    /// `wharf-bundler`
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The package that was bundled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppEntry {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The version of its dependency `wharf`.
    pub wharf: String,
    /// The names of the environment variables that each deployment sets, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<String>,
    /// The files of the package that each function has beside its program, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub included: Vec<String>,
}

/// A Lambda function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionEntry {
    /// The path of its zip in the bundle.
    pub zip: String,
    /// The size of the zip, in bytes.
    pub size: u64,
    /// The size of what it holds, in bytes.
    pub unzipped_size: u64,
    /// The SHA-256 of the zip, in hexadecimal digits.
    pub sha256: String,
    /// The same in base64, as Lambda reports it.
    pub code_sha256: String,
    /// The Lambda runtime: `provided.al2023`.
    pub runtime: String,
    /// The Lambda handler setting: `bootstrap`.
    pub handler: String,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// MB.
    pub memory: u32,
    /// Seconds.
    pub timeout: u32,
    /// How its Function URL is to be configured.
    pub invoke_mode: InvokeMode,
    /// Whether it calls `revalidate_path` or `revalidate_tag` and tells the CDN: it then needs the URL of the queue of the
    /// `stamp_writer` as `WHARF_STAMP_QUEUE`, and the right to send messages there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revalidates: bool,
    /// The names of the variables that it has besides those of all functions, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<String>,
    /// How many of it run at once, at most and whatever others do, unless a deployment says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved_concurrency: Option<u32>,
    /// What it may do besides what every function may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy_statements: Vec<PolicyStatement>,
    /// The regions that its routes prefer; empty when they say nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preferred_region: Vec<String>,
    /// What it is, for people, in at most 256 characters: its route file, or the folder of its routes.
    pub description: String,
    /// The patterns of the routes that it answers, in match order.
    pub routes: Vec<String>,
    /// The route files that it is made of, relative to the package, in the same order.
    pub sources: Vec<String>,
}

/// The Lambda function that writes stamps. Its events are batches of an SQS queue, its answers name the messages that
/// failed (`ReportBatchItemFailures`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StampWriterEntry {
    /// The path of its zip in the bundle.
    pub zip: String,
    /// The size of the zip, in bytes.
    pub size: u64,
    /// The size of what it holds, in bytes.
    pub unzipped_size: u64,
    /// The SHA-256 of the zip, in hexadecimal digits.
    pub sha256: String,
    /// The same in base64, as Lambda reports it.
    pub code_sha256: String,
    /// The Lambda runtime: `provided.al2023`.
    pub runtime: String,
    /// The Lambda handler setting: `bootstrap`.
    pub handler: String,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// MB.
    pub memory: u32,
    /// Seconds.
    pub timeout: u32,
    /// What it is, for people.
    pub description: String,
    /// The most messages of a batch.
    pub batch_size: u32,
    /// How long a batch is waited for, in seconds.
    pub batch_window: u32,
}

/// How a function replies ([AWS](https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvokeMode {
    /// Whole.
    Buffered,
    /// While it makes the answer, through a Function URL with `InvokeMode: RESPONSE_STREAM`; whole through anything else.
    ResponseStream,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RouteEntry {
    /// The pattern as text: `/items/[slug]`.
    pub pattern: String,
    /// The pattern as segments, decoded.
    pub segments: Vec<SegmentEntry>,
    /// The route file, relative to the package.
    pub source: String,
    /// The function that answers it.
    pub function: String,
    /// Whether params that are not listed are answered.
    pub dynamic_params: bool,
    /// Whether bodies that are streams are sent while they are made, through the Function URL.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub streaming: bool,
    /// The methods that it answers; any other gets 405 with these in `Allow`.
    pub methods: BTreeMap<String, MethodEntry>,
}

/// One part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SegmentEntry {
    /// A literal part, decoded.
    Static(String),
    /// One part, by the param's name.
    Param(String),
    /// One part or more.
    CatchAll(String),
    /// Any number of parts.
    OptionalCatchAll(String),
}

/// A method of a route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MethodEntry {
    /// Who answers it.
    pub class: Class,
    /// Why.
    pub reason: Reason,
    /// `REVALIDATE` of the route: seconds, or false; absent when the route says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "revalidate_schema")]
    pub revalidate: Option<Revalidate>,
    /// The answers that were made at build time, by path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<AnswerEntry>,
}

/// An answer that was made at build time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AnswerEntry {
    /// The path, with escapes.
    pub path: String,
    /// Method and path, by which caches know it.
    pub cache_key: String,
    /// The params, decoded: text, or a list of a catch-all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, serde_json::Value>,
    /// The status.
    pub status: u16,
    /// The header lines in order.
    pub headers: Vec<(String, String)>,
    /// The bytes of its body in the JSON with which a function replies, of which Lambda takes 6 MB in all: those of the
    /// text with its escapes, or of base64.
    #[serde(default)]
    pub reply_size: u64,
    /// Seconds, or false for "until the next bundle".
    #[schemars(schema_with = "revalidate_schema")]
    pub revalidate: Revalidate,
    /// The tags of the fetches that it was made from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The key of its object; absent when no object can hold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Why no object can hold it; the function alone replays it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_exported: Option<String>,
}

/// An object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ObjectEntry {
    /// The path of its URL, with escapes.
    pub path: String,
    /// Its key in S3, behind the prefix of a deployment: `objects/` and the SHA-256 of its headers and its body, in
    /// hexadecimal digits. The hash is that of a line `name: value` for each of `headers`, sorted by name and ended by
    /// one line feed, then an empty line, then the body. Several paths may share a key; what stands there never changes.
    pub key: String,
    /// The path of its body in the bundle: the same as `key`.
    pub file: String,
    /// Bytes.
    pub size: u64,
    /// The SHA-256 of its body, in hexadecimal digits.
    pub sha256: String,
    /// 200.
    pub status: u16,
    /// Its headers, all of which S3 stores.
    pub headers: BTreeMap<String, String>,
    /// Seconds, or false for "until the next bundle".
    #[schemars(schema_with = "revalidate_schema")]
    pub revalidate: Revalidate,
    /// The tags of the fetches that it was made from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The function whose GET it is; absent for a page or a file of `public/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// The file that it is, relative to the package; absent for the GET of a function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

fn revalidate_schema(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({
        "anyOf": [{ "const": false }, { "type": "integer", "minimum": 0, "maximum": u32::MAX }, { "type": "null" }]
    })
}

impl Manifest {
    /// The text of `manifest.json`.
    #[must_use]
    pub fn text(&self) -> String {
        pretty(self)
    }
}

impl MethodEntry {
    /// Whether it is answered from what was made at build time.
    #[must_use]
    pub fn is_static(&self) -> bool {
        self.class == Class::Static
    }
}

impl RouteEntry {
    /// The answers of all of its methods that were made at build time.
    pub fn answers(&self) -> impl Iterator<Item = &AnswerEntry> {
        self.methods.values().flat_map(|method| &method.answers)
    }
}

impl AnswerEntry {
    /// The header lines that it is sent with: its own, and a policy for caches when it has none.
    #[must_use]
    pub fn sent_headers(&self) -> Vec<(String, String)> {
        let mut headers = self.headers.clone();
        if !headers.iter().any(|(name, _)| name == "cache-control") {
            headers.push(("cache-control".to_owned(), self.revalidate.cache_control_for(self.status)));
        }
        headers
    }
}

/// The published JSON Schema of [`Manifest`].
#[must_use]
pub fn schema() -> String {
    pretty(&schemars::schema_for!(Manifest))
}

/// The keys of what is printed here are all text, so that it always has a JSON form.
fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).map(|text| text + "\n").unwrap_or_default()
}

/// Describes.
#[must_use]
pub fn run(packed: Packed) -> Described {
    let plan = &packed.evaluation.binaries.sources.plan;
    let functions =
        plan.functions.iter().map(|function| (function.name.to_string(), function_entry(function, &packed)));
    let manifest = Manifest {
        format_version: FORMAT_VERSION,
        generator: Generator { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        app: app_entry(plan),
        functions: functions.collect(),
        stamp_writer: packed.stamp_writer.as_ref().map(|zip| stamp_writer_entry(zip, plan)),
        routes: plan.routes.iter().map(|route| route_entry(route, &packed)).collect(),
        api: http_api::routes(plan.routes.iter().map(|route| (route.file.pattern.clone(), route.function.as_str()))),
        objects: packed.objects.iter().map(|(path, object)| object_entry(path, object)).collect(),
        sbom: Some(sbom::FILE.to_owned()),
    };
    Described { manifest, packed }
}

fn app_entry(plan: &Plan) -> AppEntry {
    let project = &plan.project;
    AppEntry {
        name: project.name.clone(),
        version: project.version.clone(),
        wharf: project.wharf.clone().unwrap_or_default(),
        environment: project.settings.environment.iter().cloned().collect(),
        included: plan.included.iter().map(|file| file.path.clone()).collect(),
    }
}

/// The path of a function's zip in the bundle.
#[must_use]
pub fn zip_path(function: &str) -> String {
    format!("functions/{function}.zip")
}

/// The settings that routes of one function ask for hold for all of them, so the largest wins.
fn function_entry(function: &Function, packed: &Packed) -> FunctionEntry {
    let plan = &packed.evaluation.binaries.sources.plan;
    let routes: Vec<&Route> = plan.routes_of(&function.name).collect();
    let configs: Vec<&SegmentConfig> =
        routes.iter().map(|route| &packed.evaluation.routes[&route.name].report.config).collect();
    let largest =
        |value: fn(&SegmentConfig) -> u32| configs.iter().map(|config| value(config)).max().unwrap_or_default();
    let zip = &packed.functions[&function.name];
    let settings = plan.project.settings.functions.get(function.name.as_str()).cloned().unwrap_or_default();
    FunctionEntry {
        zip: zip_path(function.name.as_str()),
        size: zip.size,
        unzipped_size: zip.unzipped,
        sha256: zip.sha256.hex(),
        code_sha256: zip.sha256.base64(),
        runtime: "provided.al2023".to_owned(),
        handler: "bootstrap".to_owned(),
        architecture: plan.architecture().to_string(),
        memory: largest(|config| config.memory.unwrap_or(DEFAULT_MEMORY)),
        timeout: largest(|config| config.max_duration.unwrap_or(DEFAULT_TIMEOUT)),
        invoke_mode: if configs.iter().any(|config| config.streaming) {
            InvokeMode::ResponseStream
        } else {
            InvokeMode::Buffered
        },
        revalidates: zip.revalidates,
        environment: settings.environment.into_iter().collect(),
        reserved_concurrency: settings.reserved_concurrency,
        policy_statements: settings.policy_statements,
        preferred_region: preferred_region(&configs),
        description: description(function, &routes),
        routes: routes.iter().map(|route| route.file.pattern.to_string()).collect(),
        sources: routes.iter().map(|route| route.file.path.clone()).collect(),
    }
}

/// A batch takes a second or two; the writer gives up after 25, and says then what is left.
fn stamp_writer_entry(zip: &PackedFunction, plan: &Plan) -> StampWriterEntry {
    StampWriterEntry {
        zip: zip_path(STAMP_WRITER),
        size: zip.size,
        unzipped_size: zip.unzipped,
        sha256: zip.sha256.hex(),
        code_sha256: zip.sha256.base64(),
        runtime: "provided.al2023".to_owned(),
        handler: "bootstrap".to_owned(),
        architecture: plan.architecture().to_string(),
        memory: DEFAULT_MEMORY,
        timeout: 30,
        description: "Writes what was revalidated to the key-value store of the CDN".to_owned(),
        // 1,000 messages are at most 21 updates of the store, and 1 MB of an event, of which Lambda takes 6.
        batch_size: 1_000,
        // The shortest with more than ten messages a batch.
        batch_window: 1,
    }
}

/// Those of the first route that prefers any: the stage before has refused routes that prefer others.
fn preferred_region(configs: &[&SegmentConfig]) -> Vec<String> {
    let preferring = configs.iter().find(|config| !config.preferred_region.0.is_empty());
    preferring.map(|config| config.preferred_region.0.clone()).unwrap_or_default()
}

/// <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>
const LONGEST_DESCRIPTION: usize = 256;

fn description(function: &Function, routes: &[&Route]) -> String {
    let text = match &function.folder {
        Some(folder) if routes.len() > 1 => format!("{folder}, {} routes", routes.len()),
        _ => routes.first().map(|route| route.file.path.clone()).unwrap_or_default(),
    };
    text.chars().take(LONGEST_DESCRIPTION).collect()
}

fn route_entry(route: &Route, packed: &Packed) -> RouteEntry {
    let evaluated = &packed.evaluation.routes[&route.name];
    let method = |(method, (class, reason)): (&Method, &(Class, Reason))| {
        let is_get = *method == Method::Get;
        let entry = MethodEntry {
            class: *class,
            reason: reason.clone(),
            revalidate: evaluated.report.config.revalidate.filter(|_| is_get),
            answers: if is_get { answers(route, evaluated, packed) } else { Vec::new() },
        };
        (method.to_string(), entry)
    };
    RouteEntry {
        pattern: route.file.pattern.to_string(),
        segments: route.file.pattern.segments().iter().map(segment_entry).collect(),
        source: route.file.path.clone(),
        function: route.function.to_string(),
        dynamic_params: evaluated.report.config.dynamic_params,
        streaming: evaluated.report.config.streaming,
        methods: evaluated.classes.iter().map(method).collect(),
    }
}

fn segment_entry(segment: &Segment) -> SegmentEntry {
    match segment.clone() {
        Segment::Static(text) => SegmentEntry::Static(text),
        Segment::Param(name) => SegmentEntry::Param(name),
        Segment::CatchAll(name) => SegmentEntry::CatchAll(name),
        Segment::OptionalCatchAll(name) => SegmentEntry::OptionalCatchAll(name),
    }
}

fn answers(route: &Route, evaluated: &EvaluatedRoute, packed: &Packed) -> Vec<AnswerEntry> {
    evaluated.frozen().into_iter().filter_map(|run| answer(route, run, packed)).collect()
}

fn answer(route: &Route, run: &Evaluated, packed: &Packed) -> Option<AnswerEntry> {
    let Outcome::Frozen(frozen) = &run.outcome else { return None };
    let path = UrlPath::new(route.file.pattern.fill(&run.params)?);
    let params = run.params.iter().map(|(name, value)| {
        let value = match value {
            ParamValue::One(text) => text.clone().into(),
            ParamValue::Many(list) => list.clone().into(),
        };
        (name.to_owned(), value)
    });
    let not_exported = packed.not_exported.get(&(route.name.clone(), path.clone())).cloned();
    Some(AnswerEntry {
        path: path.to_string(),
        cache_key: format!("GET {path}"),
        params: params.collect(),
        status: frozen.status,
        headers: frozen.headers.clone(),
        reply_size: reply_size(frozen) as u64,
        revalidate: frozen.revalidate,
        tags: frozen.tags.clone(),
        object: not_exported.is_none().then(|| Some(packed.objects.get(&path)?.key.clone())).flatten(),
        not_exported,
    })
}

/// As the adapter replies: text where nothing can be lost, and else base64.
fn reply_size(frozen: &Frozen) -> usize {
    let encodes = |(name, value): &(String, String)| name == "content-encoding" && value != "identity";
    match str::from_utf8(&frozen.body) {
        // Infallible: a text has a JSON form.
        Ok(text) if !frozen.headers.iter().any(encodes) => serde_json::to_string(text).unwrap_or_default().len(),
        _ => frozen.body.len().div_ceil(3) * 4 + 2,
    }
}

fn object_entry(path: &UrlPath, object: &PackedObject) -> ObjectEntry {
    let (function, source) = match &object.origin {
        ObjectOrigin::Function(name) => (Some(name.to_string()), None),
        ObjectOrigin::File(path) => (None, Some(path.clone())),
    };
    ObjectEntry {
        path: path.to_string(),
        key: object.key.clone(),
        file: object.key.clone(),
        size: object.size,
        sha256: object.sha256.hex(),
        status: 200,
        headers: object.headers.clone(),
        revalidate: object.revalidate,
        tags: object.tags.clone(),
        function,
        source,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::stages::evaluate::{Location, ReasonCode};

    /// The manifest of an app with one route, whose GET lists one path.
    pub(crate) fn manifest() -> Manifest {
        let answer = AnswerEntry {
            path: "/items/a%20b".to_owned(),
            cache_key: "GET /items/a%20b".to_owned(),
            params: [("slug".to_owned(), "a b".into())].into(),
            status: 200,
            headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
            reply_size: 9,
            revalidate: Revalidate::After(60),
            tags: Vec::new(),
            object: Some("objects/0a1b".to_owned()),
            not_exported: None,
        };
        let source = "app/items/[slug]/route.rs".to_owned();
        let location = Some(Location { file: source.clone(), line: 9 });
        let reason = Reason { code: ReasonCode::StaticParams, text: "listed".to_owned(), location };
        let get = MethodEntry { class: Class::Static, reason, revalidate: None, answers: vec![answer] };
        let function = FunctionEntry {
            zip: zip_path("items-slug"),
            size: 1,
            unzipped_size: 2,
            sha256: String::new(),
            code_sha256: String::new(),
            runtime: "provided.al2023".to_owned(),
            handler: "bootstrap".to_owned(),
            architecture: "x86_64".to_owned(),
            memory: 256,
            timeout: 30,
            invoke_mode: InvokeMode::Buffered,
            revalidates: false,
            environment: Vec::new(),
            reserved_concurrency: None,
            policy_statements: Vec::new(),
            preferred_region: Vec::new(),
            description: source.clone(),
            routes: vec!["/items/[slug]".to_owned()],
            sources: vec![source.clone()],
        };
        let route = RouteEntry {
            pattern: "/items/[slug]".to_owned(),
            segments: vec![SegmentEntry::Static("items".to_owned()), SegmentEntry::Param("slug".to_owned())],
            source,
            function: "items-slug".to_owned(),
            dynamic_params: false,
            streaming: false,
            methods: [("GET".to_owned(), get)].into(),
        };
        Manifest {
            format_version: FORMAT_VERSION,
            generator: Generator { name: String::new(), version: String::new() },
            app: AppEntry {
                name: "shop".to_owned(),
                version: "0.1.0".to_owned(),
                wharf: "0.1.0".to_owned(),
                environment: Vec::new(),
                included: Vec::new(),
            },
            functions: [("items-slug".to_owned(), function)].into(),
            stamp_writer: None,
            routes: vec![route],
            api: [("/items/{slug}".to_owned(), "items-slug".to_owned())].into(),
            objects: Vec::new(),
            sbom: None,
        }
    }

    /// Run with `UPDATE_SCHEMA=1` to write the schema anew after a change of the manifest.
    #[test]
    fn the_published_schema_is_that_of_the_type() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/manifest.schema.json");
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(path, schema()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), schema(), "the manifest changed; see the doc of this test");
    }
}

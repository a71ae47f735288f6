//! What AWS limits, and how much of it a bundle uses: told before anything is uploaded.

mod report;
mod rules;

use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};
use wharf::config::Revalidate;

pub use report::{diagnostics, text};
pub use rules::{Kind, Rule, Target, Unit};

use super::{
    cdn::{self, Cdn},
    sam,
};
use crate::stages::{
    manifest::{AnswerEntry, FunctionEntry, InvokeMode, Manifest, RouteEntry},
    package::metadata_bytes,
};

/// Where everything is, when nothing in particular uses the most.
const APP: &str = "app";

/// A limit, and how much of it a bundle uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// What AWS allows.
    pub rule: &'static Rule,
    /// How much is used, by what uses the most.
    pub used: u64,
    /// What uses the most: a file of the package or of the bundle.
    pub place: String,
    /// What else is above the limit.
    pub others: Vec<String>,
}

impl Limit {
    /// A limit of everything together.
    fn total(rule: &'static Rule, used: u64) -> Self {
        Self { rule, used, place: APP.to_owned(), others: Vec::new() }
    }

    /// A limit of each of several; the first of those that use the most.
    fn largest<'a>(rule: &'static Rule, uses: impl IntoIterator<Item = (u64, &'a str)>) -> Self {
        let (mut used, mut place) = (0, APP);
        let mut above = Vec::new();
        for (next, at) in uses {
            if next > used {
                (used, place) = (next, at);
            }
            if next > rule.allowed && !above.contains(&at) {
                above.push(at);
            }
        }
        let others = above.into_iter().filter(|at| *at != place).map(str::to_owned).collect();
        Self { rule, used, place: place.to_owned(), others }
    }

    /// Whether more is used than AWS allows.
    #[must_use]
    pub fn is_exceeded(&self) -> bool {
        self.used > self.rule.allowed
    }
}

/// As a line of `--message-format json` holds it.
impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { rule, used, place, .. } = self;
        let mut limit = serializer.serialize_struct("Limit", 8)?;
        limit.serialize_field("name", rule.name)?;
        limit.serialize_field("used", used)?;
        limit.serialize_field("allowed", &rule.allowed)?;
        limit.serialize_field("unit", &rule.unit)?;
        limit.serialize_field("kind", &rule.kind)?;
        limit.serialize_field("target", &rule.target)?;
        limit.serialize_field("place", place)?;
        limit.serialize_field("source", rule.page)?;
        limit.end()
    }
}

/// All limits, by the service that has them. Without the files of the CDN, which need not fit, those of the manifest.
#[must_use]
pub fn of(manifest: &Manifest, cdn: Option<&Cdn>) -> Vec<Limit> {
    let mut limits = of_the_api(manifest);
    limits.extend(of_functions(manifest));
    limits.extend(of_the_distribution(manifest));
    if let Some(cdn) = cdn {
        limits.extend(of_files(cdn));
        limits.extend(of_stacks(&sam::stacks(manifest, cdn)));
    }
    limits
}

fn of_the_api(manifest: &Manifest) -> Vec<Limit> {
    // A function that streams may have routes that do not, as may every other.
    let waited_for = manifest.routes.iter().filter(|route| !route.streaming).filter_map(|route| {
        let entry = manifest.functions.get(&route.function)?;
        Some((entry.timeout.into(), source(entry)))
    });
    let headers = answers(manifest).map(|(route, answer)| (head(answer), &*route.source));
    vec![
        Limit::total(&rules::ROUTES, manifest.api.len() as u64),
        Limit::total(&rules::INTEGRATIONS, manifest.functions.len() as u64),
        Limit::largest(&rules::WAIT, waited_for),
        Limit::largest(&rules::HEADERS, headers),
    ]
}

fn of_functions<'m>(manifest: &'m Manifest) -> Vec<Limit> {
    let each = |rule, used: fn(&FunctionEntry) -> u64| {
        Limit::largest(rule, manifest.functions.values().map(|entry| (used(entry), source(entry))))
    };
    let names =
        manifest.functions.iter().map(|(name, entry)| (sam::names::length(manifest, name) as u64, source(entry)));
    let reply = |(route, answer): (&'m RouteEntry, &AnswerEntry)| (answer.reply_size + head(answer), &*route.source);
    let (of_s3, of_functions): (Vec<_>, Vec<_>) = answers(manifest).partition(|(_, answer)| is_of_s3(answer));
    vec![
        Limit::largest(&rules::NAME, names),
        each(&rules::ZIP, |entry| entry.size),
        each(&rules::UNZIPPED, |entry| entry.unzipped_size),
        Limit::total(&rules::ALL_ZIPS, all_zips(manifest)),
        Limit::total(&rules::VARIABLES, environment(manifest) as u64),
        each(&rules::TIMEOUT, |entry| entry.timeout.into()),
        each(&rules::MEMORY, |entry| entry.memory.into()),
        Limit::largest(&rules::FROZEN, frozen(manifest)),
        Limit::largest(&rules::REPLY, of_functions.into_iter().map(reply)),
        Limit::largest(&rules::REPLY_WITHOUT_CDN, of_s3.into_iter().map(reply)),
        Limit::total(&rules::ROLES, manifest.functions.len() as u64 + u64::from(manifest.stamp_writer.is_some())),
    ]
}

fn of_the_distribution(manifest: &Manifest) -> Vec<Limit> {
    let streaming = manifest.functions.values().filter(|entry| entry.invoke_mode == InvokeMode::ResponseStream);
    let origins = 1 + usize::from(!manifest.routes.is_empty()) + streaming.count();
    let metadata = manifest.objects.iter().map(|object| {
        let function = object.function.as_ref().and_then(|name| manifest.functions.get(name));
        (metadata_bytes(&object.headers) as u64, object.source.as_deref().or(function.map(source)).unwrap_or(APP))
    });
    vec![
        Limit::total(&rules::ORIGINS, origins as u64),
        Limit::total(&rules::BEHAVIORS, 1),
        Limit::largest(&rules::METADATA, metadata),
    ]
}

fn of_files(cdn: &Cdn) -> Vec<Limit> {
    let file =
        |rule, path: &'static str| Limit::largest(rule, cdn.files.get(path).map(|text| (text.len() as u64, path)));
    let data: KeyValues =
        cdn.files.get(cdn::KEY_VALUES).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let entry = |rule, bytes: fn(&KeyValue) -> usize| {
        Limit::largest(rule, data.data.iter().map(|entry| (bytes(entry) as u64, cdn::KEY_VALUES)))
    };
    vec![
        file(&rules::VIEWER_REQUEST, cdn::VIEWER_REQUEST),
        file(&rules::KEY_VALUES, cdn::KEY_VALUES),
        entry(&rules::KEY, |entry| entry.key.len()),
        entry(&rules::VALUE, |entry| entry.value.len()),
    ]
}

/// The data that a KeyValueStore imports.
#[derive(Debug, Default, Deserialize)]
struct KeyValues {
    data: Vec<KeyValue>,
}

#[derive(Debug, Deserialize)]
struct KeyValue {
    key: String,
    value: String,
}

fn of_stacks(stacks: &[sam::Stack]) -> Vec<Limit> {
    let each = |rule, used: fn(&sam::Stack) -> usize| {
        Limit::largest(rule, stacks.iter().map(|stack| (used(stack) as u64, &*stack.file)))
    };
    let all = stacks.iter().map(|stack| stack.resources as u64).sum();
    let mut limits = vec![
        each(&rules::RESOURCES, |stack| stack.resources),
        each(&rules::PARAMETERS, |stack| stack.parameters),
        each(&rules::OUTPUTS, |stack| stack.outputs),
        each(&rules::TEMPLATE, |stack| stack.bytes),
    ];
    if stacks.len() > 1 {
        limits.insert(1, Limit::total(&rules::ALL_RESOURCES, all));
    }
    limits
}

fn source(entry: &FunctionEntry) -> &str {
    entry.sources.first().map_or(APP, String::as_str)
}

/// How much of the memory that a function has for it is taken by what it knows of its frozen answers, in percent.
fn frozen(manifest: &Manifest) -> Vec<(u64, &str)> {
    /// A function with `fetch` that has answered once, and what a large request adds for a moment.
    const PROGRAM: u64 = 48 << 20;
    /// Measured: 30,000 answers with a param, two headers and a tag took 65 MiB, while they were read.
    const ANSWER: u64 = 2048;
    let of = |name: &str, entry: &'_ FunctionEntry| {
        let known = answers(manifest).filter(|(route, _)| route.function == *name);
        let bytes: u64 = known.map(|(_, answer)| ANSWER + 3 * head(answer)).sum();
        let free = ((u64::from(entry.memory) << 20) / 4 * 3).saturating_sub(PROGRAM).max(1);
        bytes.saturating_mul(100).div_ceil(free)
    };
    manifest.functions.iter().map(|(name, entry)| (of(name, entry), source(entry))).collect()
}

/// What was made at build time.
fn answers(manifest: &Manifest) -> impl Iterator<Item = (&RouteEntry, &AnswerEntry)> {
    manifest.routes.iter().flat_map(|route| route.answers().map(move |answer| (route, answer)))
}

/// Whether the CDN takes it from S3, and never asks the function.
fn is_of_s3(answer: &AnswerEntry) -> bool {
    answer.object.is_some() && answer.revalidate == Revalidate::Never
}

/// The bytes of the header lines, each `name: value` and a line's end.
fn head(answer: &AnswerEntry) -> u64 {
    answer.sent_headers().iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>() as u64
}

fn all_zips(manifest: &Manifest) -> u64 {
    let functions = manifest.functions.values().map(|entry| entry.size);
    functions.chain(manifest.stamp_writer.iter().map(|writer| writer.size)).sum()
}

/// As long as one can be: a name has 80 characters
/// ([AWS](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html)).
const URL_OF_A_QUEUE: usize = "https://sqs.ap-southeast-4.amazonaws.com/123456789012/".len() + 80;

/// The names of the app's variables, and what the templates set besides.
fn environment(manifest: &Manifest) -> usize {
    let of_the_app: usize = manifest.app.environment.iter().map(String::len).sum();
    let own = |entry: &FunctionEntry| entry.environment.iter().map(String::len).sum();
    let of_one: usize = manifest.functions.values().map(own).max().unwrap_or_default();
    // Two of them while the secret is changed.
    let secret = "WHARF_ORIGIN_SECRET".len() + "WHARF_ORIGIN_SECRET_ROTATION".len() + 2 * 64;
    let revalidates = manifest.functions.values().any(|entry| entry.revalidates);
    let queue = if revalidates { "WHARF_STAMP_QUEUE".len() + URL_OF_A_QUEUE } else { 0 };
    of_the_app + of_one + secret + queue + "WHARF_REQUIRE_ORIGIN1".len()
}

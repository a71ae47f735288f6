//! Stage 7: [`Evaluation`] → [`Packed`]. Zips and objects; the bundle in place is not touched yet.

pub mod bootstrap;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{Cursor, Write},
    num::NonZero,
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
};

use sha2::{Digest, Sha256};
use wharf::{
    Method,
    config::Revalidate,
    contract::report::{FROZEN_FILE, Frozen, FrozenFunction, FrozenRoute, Outcome, STAMP_SENDER},
};
use zip::{CompressionMethod, ZipWriter, result::ZipResult, write::SimpleFileOptions};

use self::bootstrap::Unfit;
use crate::{
    architecture::Architecture,
    diagnostic::failure::Failure,
    effects::{
        input, interrupt,
        output::{self, Staging},
        shell::Shell,
    },
    stages::{
        compile::Binaries,
        discover::AppFile,
        evaluate::{EvaluatedRoute, Evaluation},
        plan::{ExportedFile, FunctionName, Plan, Route, RouteName},
    },
    url_path::UrlPath,
};

/// The zips and objects.
#[derive(Debug)]
pub struct Packed {
    /// What they were made from.
    pub evaluation: Evaluation,
    /// The zip of each function.
    pub functions: BTreeMap<FunctionName, PackedFunction>,
    /// The zip of the function that writes stamps to the CDN's store, if one of the others revalidates.
    pub stamp_writer: Option<PackedFunction>,
    /// The objects, by path.
    pub objects: BTreeMap<UrlPath, PackedObject>,
    /// Why a static answer is no object, by the route that replays it and the path.
    pub not_exported: BTreeMap<(RouteName, UrlPath), String>,
}

/// The zip of a function.
#[derive(Debug, Clone)]
pub struct PackedFunction {
    /// Where it is kept, in the work folder.
    pub zip: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Bytes of all that it holds.
    pub unzipped: u64,
    /// The SHA-256 of its bytes.
    pub sha256: Hash,
    /// Whether it sends stamps to the queue of the stamp writer.
    pub revalidates: bool,
}

/// A SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hash([u8; 32]);

impl Hash {
    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// In hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        self.first_hex(self.0.len())
    }

    /// The first bytes in hexadecimal digits, for names that need not hold all of it.
    #[must_use]
    pub fn first_hex(&self, bytes: usize) -> String {
        self.0.iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
    }

    /// In base64, as Lambda reports it for its code.
    #[must_use]
    pub fn base64(&self) -> String {
        use base64::{Engine, engine::general_purpose::STANDARD};
        STANDARD.encode(self.0)
    }
}

/// An object: a body that is uploaded as it is.
#[derive(Debug, Clone)]
pub struct PackedObject {
    /// What it is called, here and in S3: see [`object_key`].
    pub key: String,
    /// The bytes of its body, which stands in the staging folder at `key`.
    pub size: u64,
    /// The SHA-256 of the body.
    pub sha256: Hash,
    /// Its headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// How long it is fresh.
    pub revalidate: Revalidate,
    /// The tags of the fetches that it was made from.
    pub tags: Vec<String>,
    /// Where it comes from.
    pub origin: ObjectOrigin,
}

impl PackedObject {
    /// Writes the body to the staging folder, so that only one body is in memory at a time.
    fn stage(
        staging: &Staging,
        headers: BTreeMap<String, String>,
        body: &[u8],
        revalidate: Revalidate,
        tags: Vec<String>,
        origin: ObjectOrigin,
    ) -> Result<Self, Failure> {
        let key = object_key(&headers, body);
        staging.write(&key, body)?;
        Ok(Self { key, size: body.len() as u64, sha256: Hash::of(body), headers, revalidate, tags, origin })
    }
}

/// The key of an object, which is also its path in the bundle: `objects/` and the SHA-256 of all that is sent. The input
/// of the hash is written like the head of an HTTP message: a line `name: value` for each header, sorted by name and
/// ended by one line feed, then an empty line, then the body. No header holds a line feed, so no two objects have the
/// same input.
///
/// An object is thus never overwritten with another: a new answer is a new key, and a key can be cached for ever.
#[must_use]
pub fn object_key(headers: &BTreeMap<String, String>, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    for (name, value) in headers {
        hash.update(format!("{name}: {value}\n"));
    }
    hash.update(b"\n");
    hash.update(body);
    format!("objects/{}", Hash(hash.finalize().into()).hex())
}

/// Where an object comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectOrigin {
    /// A GET of this function.
    Function(FunctionName),
    /// This file of the package.
    File(String),
}

/// What S3 stores with an object and sends with it, but for `expires`, which neither `object_store` nor the AWS provider of
/// Terraform knows. <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>
const STORABLE: [&str; 5] =
    ["cache-control", "content-disposition", "content-encoding", "content-language", "content-type"];

/// The bytes of their names and values. The same page.
pub(crate) const MOST_METADATA: usize = 2048;

/// Packs.
///
/// # Errors
///
/// When Lambda could not start a function, when a file cannot be read or written, or when interrupted.
pub fn run(evaluation: Evaluation, shell: &Shell) -> Result<Packed, Failure> {
    let (functions, stamp_writer) = zips(&evaluation, shell)?;
    let mut objects = BTreeMap::new();
    let mut not_exported = BTreeMap::new();
    let plan = &evaluation.binaries.sources.plan;
    let staging = &evaluation.binaries.staging;
    for route in &plan.routes {
        for run in evaluation.routes[&route.name].frozen() {
            let (Some(parts), Outcome::Frozen(frozen)) = (route.file.pattern.fill(&run.params), &run.outcome) else {
                continue;
            };
            interrupt::check()?;
            let in_the_way = in_the_way(route, &parts, plan);
            let path = UrlPath::new(parts);
            match in_the_way.or_else(|| obstacle(frozen)) {
                Some(reason) => {
                    not_exported.insert((route.name.clone(), path), reason);
                }
                None => {
                    objects.insert(path, object(staging, &route.function, frozen)?);
                }
            }
        }
    }
    for exported in &plan.files {
        interrupt::check()?;
        objects.insert(exported.path.clone(), file_object(staging, exported)?);
    }
    Ok(Packed { functions, stamp_writer, objects, not_exported, evaluation })
}

/// What else answers the path: S3 would answer a HEAD as the GET, and a list of params may name the path of a file, or
/// that of a route that wins.
fn in_the_way(route: &Route, parts: &[String], plan: &Plan) -> Option<String> {
    if route.file.handlers.contains_key(&Method::Head) {
        return Some("HEAD has a handler of its own".to_owned());
    }
    let file = plan.files.iter().find(|file| file.path.parts() == parts);
    if let Some(file) = file {
        return Some(format!("`{}` has its path", file.file.path));
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let first = plan.routes.iter().find(|other| other.file.pattern.matches(&parts).is_some())?;
    (first.name != route.name).then(|| format!("`{}` answers its path", first.file.pattern))
}

/// Why S3 cannot hold an answer.
fn obstacle(frozen: &Frozen) -> Option<String> {
    if frozen.status != 200 {
        return Some(format!("its status is {}, and an object answers 200", frozen.status));
    }
    let names: Vec<_> = frozen.headers.iter().map(|(name, _)| name.as_str()).collect();
    let odd = |name: &&&str| !matches!(**name, "content-length" | "etag") && !STORABLE.contains(name);
    if let Some(name) = names.iter().find(odd) {
        return Some(format!("an object has no header `{name}`"));
    }
    let repeated = names.iter().enumerate().find(|(index, name)| names[..*index].contains(name));
    if let Some((_, name)) = repeated {
        return Some(format!("its header `{name}` is repeated"));
    }
    if let Some((name, _)) = frozen.headers.iter().find(|(_, value)| !value.is_ascii()) {
        return Some(format!("its header `{name}` is not ASCII"));
    }
    let bytes = metadata_bytes(&object_headers(frozen));
    (bytes > MOST_METADATA).then(|| format!("its headers have {bytes} bytes, and those of an object {MOST_METADATA}"))
}

/// What S3 counts of the headers of an object.
pub(crate) fn metadata_bytes(headers: &BTreeMap<String, String>) -> usize {
    headers.iter().map(|(name, value)| name.len() + value.len()).sum()
}

fn object(staging: &Staging, function: &FunctionName, frozen: &Frozen) -> Result<PackedObject, Failure> {
    let origin = ObjectOrigin::Function(function.clone());
    let tags = frozen.tags.clone();
    PackedObject::stage(staging, object_headers(frozen), &frozen.body, frozen.revalidate, tags, origin)
}

fn object_headers(frozen: &Frozen) -> BTreeMap<String, String> {
    let storable = frozen.headers.iter().filter(|(name, _)| STORABLE.contains(&name.as_str()));
    let mut headers: BTreeMap<_, _> = storable.cloned().collect();
    // As the function answers: a body without a type is bytes, and an answer without a policy gets one.
    headers.entry("content-type".to_owned()).or_insert_with(|| "application/octet-stream".to_owned());
    headers.entry("cache-control".to_owned()).or_insert_with(|| frozen.revalidate.cache_control_for(frozen.status));
    headers
}

fn file_object(staging: &Staging, exported: &ExportedFile) -> Result<PackedObject, Failure> {
    let body = input::read(&exported.file.absolute)?;
    let guess = mime_guess::from_path(exported.file.file_name()).first_or_octet_stream();
    let is_text = guess.type_() == mime_guess::mime::TEXT || guess.subtype() == "javascript";
    let content_type = if is_text && guess.get_param("charset").is_none() {
        format!("{guess}; charset=utf-8")
    } else {
        guess.to_string()
    };
    let headers = [("content-type", content_type), ("cache-control", "public, max-age=0".to_owned())];
    let headers = headers.map(|(name, value)| (name.to_owned(), value)).into();
    let origin = ObjectOrigin::File(exported.file.path.clone());
    PackedObject::stage(staging, headers, &body, Revalidate::Never, Vec::new(), origin)
}

/// The zips of the functions, and that of the function that writes stamps.
type Zips = (BTreeMap<FunctionName, PackedFunction>, Option<PackedFunction>);

/// Zips all functions, on all cores. What a zip is made from names it, so that an unchanged one is only looked up.
fn zips(evaluation: &Evaluation, shell: &Shell) -> Result<Zips, Failure> {
    let progress = shell.progress("Packing");
    let folder = evaluation.binaries.sources.work.join("zips");
    let plan = &evaluation.binaries.sources.plan;
    let read = |file: &AppFile| Ok(IncludedFile { path: file.path.clone(), bytes: input::read(&file.absolute)? });
    let included = plan.included.iter().map(read).collect::<Result<Vec<_>, Failure>>()?;
    let queue = Mutex::new(plan.functions.iter());
    let worker = || {
        let mut done = BTreeMap::new();
        loop {
            let next = queue.lock().map(|mut queue| queue.next()).unwrap_or_default();
            let Some(function) = next else { return Ok(done) };
            let binary = &evaluation.binaries.deployed[&function.name];
            let routes = plan.routes_of(&function.name).map(|route| (route, &evaluation.routes[&route.name]));
            let beside = Beside { frozen: frozen_file(routes), included: &included };
            let packed = packed_function(binary, plan.architecture(), &beside, &folder)?;
            done.insert(function.name.clone(), packed);
        }
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let results: Vec<Result<BTreeMap<_, _>, Failure>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let mut packed = BTreeMap::new();
    for result in results {
        packed.extend(result?);
    }
    progress.finish();
    let packed = all_fit(packed, plan)?;
    let stamp_writer = stamp_writer(&packed, evaluation, &folder)?;
    let kept: BTreeSet<String> = packed
        .values()
        .chain(&stamp_writer)
        .filter_map(|function| Some(function.zip.file_name()?.to_str()?.to_owned()))
        .collect();
    output::keep_only(&folder, &kept)?;
    Ok((packed, stamp_writer))
}

fn stamp_writer(
    functions: &BTreeMap<FunctionName, PackedFunction>,
    evaluation: &Evaluation,
    folder: &Path,
) -> Result<Option<PackedFunction>, Failure> {
    let Binaries { stamp_writer, sources, .. } = &evaluation.binaries;
    let Some(binary) = stamp_writer.as_ref().filter(|_| functions.values().any(|function| function.revalidates)) else {
        return Ok(None);
    };
    let nothing = Beside { frozen: None, included: &[] };
    match packed_function(binary, sources.plan.architecture(), &nothing, folder)? {
        Ok(packed) => Ok(Some(packed)),
        Err(reason) => {
            let message = "Lambda could not run the program that writes stamps".to_owned();
            let place = sources.plan.routes.first().map_or("app", |route| route.file.path.as_str());
            Err(Failure::Target { message, diagnostics: bootstrap::diagnostics(vec![(place, reason)]) })
        }
    }
}

/// Refuses functions that Lambda could not start, all of them at once.
fn all_fit(
    mut packed: BTreeMap<FunctionName, Result<PackedFunction, Unfit>>,
    plan: &Plan,
) -> Result<BTreeMap<FunctionName, PackedFunction>, Failure> {
    let (mut fit, mut unfit) = (BTreeMap::new(), Vec::new());
    for (name, result) in plan.functions.iter().filter_map(|function| packed.remove_entry(&function.name)) {
        match result {
            Ok(function) => drop(fit.insert(name, function)),
            Err(reason) => {
                let route = plan.routes_of(&name).next();
                unfit.push((route.map_or("app", |route| &route.file.path), reason));
            }
        }
    }
    if unfit.is_empty() {
        return Ok(fit);
    }
    let message = "Lambda could not run what was compiled".to_owned();
    Err(Failure::Target { message, diagnostics: bootstrap::diagnostics(unfit) })
}

/// What a function has beside its program.
struct Beside<'a> {
    frozen: Option<Vec<u8>>,
    /// Sorted by path.
    included: &'a [IncludedFile],
}

/// A file that a function finds at the path that it has in the package: the working directory is that of the program.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>
struct IncludedFile {
    path: String,
    bytes: Vec<u8>,
}

impl Beside<'_> {
    fn bytes(&self) -> usize {
        self.frozen.iter().chain(self.included.iter().map(|file| &file.bytes)).map(Vec::len).sum()
    }
}

/// Raised when the same contents would be zipped into other bytes.
const ZIP_FORMAT: &[u8] = b"wharf zip 1";

/// The zip of a program, unless Lambda could not start it.
fn packed_function(
    binary: &Path,
    architecture: Architecture,
    beside: &Beside<'_>,
    folder: &Path,
) -> Result<Result<PackedFunction, Unfit>, Failure> {
    interrupt::check()?;
    let bootstrap = fs::read(binary).map_err(Failure::io("read", binary))?;
    if let Err(reason) = bootstrap::check(&bootstrap, architecture) {
        return Ok(Err(reason));
    }
    let mut contents = Sha256::new();
    let included = beside.included.iter().flat_map(|file| [file.path.as_bytes(), &file.bytes]);
    for part in [ZIP_FORMAT, &bootstrap, beside.frozen.as_deref().unwrap_or_default()].into_iter().chain(included) {
        contents.update((part.len() as u64).to_le_bytes());
        contents.update(part);
    }
    let path = folder.join(format!("{}.zip", Hash(contents.finalize().into()).hex()));
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(_) => {
            let bytes =
                zip(&bootstrap, beside).map_err(|error| Failure::io("zip", binary)(std::io::Error::other(error)))?;
            output::write(&path, &bytes)?;
            bytes
        }
    };
    Ok(Ok(PackedFunction {
        zip: path,
        size: bytes.len() as u64,
        unzipped: (bootstrap.len() + beside.bytes()) as u64,
        sha256: Hash::of(&bytes),
        revalidates: memchr::memmem::find(&bootstrap, STAMP_SENDER.as_bytes()).is_some(),
    }))
}

/// The file of what a function replays; none when that is nothing.
fn frozen_file<'a>(routes: impl Iterator<Item = (&'a Route, &'a EvaluatedRoute)>) -> Option<Vec<u8>> {
    let frozen =
        routes.filter_map(|(route, evaluated)| Some((route.file.pattern.to_string(), frozen_route(evaluated)?)));
    let frozen: BTreeMap<_, _> = frozen.collect();
    if frozen.is_empty() { None } else { FrozenFunction(frozen).to_file().ok() }
}

/// The answers that a route replays; none without a static GET, whose handler is always run, though with
/// `DYNAMIC_PARAMS = false` only for the params that are listed. A static GET without any answer yet has some all the
/// same: the adapter then knows that answers may be kept.
fn frozen_route(route: &EvaluatedRoute) -> Option<FrozenRoute> {
    if !route.is_static() {
        let listed = route.report.listed.as_ref().filter(|_| !route.report.config.dynamic_params)?;
        let mut live = listed.clone();
        live.sort();
        return Some(FrozenRoute { live, is_dynamic: true, ..FrozenRoute::default() });
    }
    let mut frozen_route = FrozenRoute::default();
    for run in route.runs() {
        match &run.outcome {
            Outcome::Frozen(frozen) => frozen_route.answers.push((run.params.clone(), frozen.clone())),
            Outcome::Touched(_) | Outcome::Varies(_) | Outcome::Refused(_) | Outcome::Failed(_) => {
                frozen_route.live.push(run.params.clone());
            }
        }
    }
    Some(frozen_route)
}

/// The same contents give the same bytes: the date is the format's first one, 1 January 1980.
fn zip(bootstrap: &[u8], beside: &Beside<'_>) -> ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(zip::DateTime::default());
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("bootstrap", options.unix_permissions(0o755))?;
    writer.write_all(bootstrap)?;
    let frozen = beside.frozen.as_ref().map(|frozen| (FROZEN_FILE, frozen));
    let included = beside.included.iter().map(|file| (file.path.as_str(), &file.bytes));
    for (path, bytes) in frozen.into_iter().chain(included) {
        writer.start_file(path, options.unix_permissions(0o644))?;
        writer.write_all(bytes)?;
    }
    Ok(writer.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frozen(status: u16, headers: &[(&str, &str)]) -> Frozen {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Frozen { status, headers, body: Vec::new(), revalidate: Revalidate::Never, tags: Vec::new() }
    }

    fn reason(frozen: &Frozen) -> Option<String> {
        obstacle(frozen)
    }

    #[test]
    fn what_s3_cannot_hold_stays_with_the_function() {
        assert_eq!(reason(&frozen(200, &[("content-type", "text/plain"), ("content-length", "3")])), None);
        assert!(reason(&frozen(404, &[])).is_some());
        assert!(reason(&frozen(200, &[("expires", "0")])).is_some_and(|reason| reason.contains("`expires`")));
        assert!(reason(&frozen(200, &[("x-custom", "1")])).is_some_and(|reason| reason.contains("x-custom")));
        assert!(reason(&frozen(200, &[("cache-control", "a"), ("cache-control", "b")])).is_some());
        assert!(reason(&frozen(200, &[("content-language", "é")])).is_some());
        let long = "x".repeat(MOST_METADATA);
        assert!(
            reason(&frozen(200, &[("content-disposition", &long)]))
                .is_some_and(|reason| reason.contains("have 2133 bytes"))
        );
    }

    fn key(headers: &[(&str, &str)], body: &[u8]) -> String {
        object_key(&headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(), body)
    }

    /// The first is that of `printf 'content-type: text/plain\n\nhello' | sha256sum`.
    #[test]
    fn objects_that_differ_in_a_header_have_two_keys() {
        let hello = key(&[("content-type", "text/plain")], b"hello");
        assert_eq!(hello, "objects/02d2fdc4b5f5d6c355a55a92598f8249a5012fafeb74b2406526d22fd7be8e96");
        assert_ne!(hello, key(&[("content-type", "text/html")], b"hello"));
        assert_ne!(hello, key(&[("content-type", "text/plain"), ("expires", "0")], b"hello"));
        assert_ne!(hello, key(&[], b"content-type: text/plain\n\nhello"));
        assert_ne!(hello, key(&[("content-type", "text/plain")], b"hello\n"));
    }

    #[test]
    fn the_same_contents_give_the_same_zip() {
        let included = [IncludedFile { path: "content/post.md".to_owned(), bytes: b"# Post".to_vec() }];
        let beside = Beside { frozen: Some(b"{}".to_vec()), included: &included };
        let one = zip(b"binary", &beside).unwrap();
        assert_eq!(one, zip(b"binary", &beside).unwrap());
        assert_eq!(beside.bytes(), 8);
        let mut archive = zip::ZipArchive::new(Cursor::new(one)).unwrap();
        let bootstrap = archive.by_name("bootstrap").unwrap();
        assert_eq!(bootstrap.unix_mode().unwrap() & 0o777, 0o755);
        assert_eq!(bootstrap.last_modified(), Some(zip::DateTime::default()));
        drop(bootstrap);
        let names: Vec<_> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert_eq!(names, ["bootstrap", FROZEN_FILE, "content/post.md"]);
    }
}

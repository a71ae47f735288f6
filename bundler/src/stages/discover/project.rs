//! What cargo says of the package.

use std::{
    io,
    ops::Range,
    path::{Path, PathBuf},
    process::Command,
};

use cargo_metadata::{Metadata, MetadataCommand, Package, TargetKind};

use super::settings::{self, Settings};
use crate::{
    diagnostic::{Code, Diagnostic, Label, Source, failure::Failure, keyless::keyless},
    effects::{
        command, input,
        options::{CargoSettings, Options, normalized},
    },
};

/// The package that is bundled.
#[derive(Debug)]
pub struct Project {
    /// The package's name.
    pub name: String,
    /// The package's version.
    pub version: String,
    /// The folder of its `Cargo.toml`.
    pub root: PathBuf,
    /// Its `Cargo.toml`.
    pub manifest: ProjectFile,
    /// The `Cargo.toml` of its workspace: the same one when it has none around it.
    pub workspace_manifest: ProjectFile,
    /// Its library; `None` when it has none that a binary can use.
    pub library: Option<Library>,
    /// Its `[package.metadata.wharf]`.
    pub settings: Settings,
    /// The version of its dependency `wharf`.
    pub wharf: Option<String>,
    /// Whether its feature `revalidate` is on, as far as cargo tells without the features of the command line.
    pub can_revalidate: bool,
    /// Where cargo writes.
    pub target_directory: PathBuf,
    /// What the user's settings of cargo say.
    pub cargo: CargoSettings,
}

impl Project {
    /// A label at a value of the package's manifest, or at the header of its table `[package]` where none is named, or none
    /// is there.
    #[must_use]
    pub fn label_at(&self, keys: &[&str], text: impl Into<String>) -> Label {
        let source = self.manifest.source();
        let place =
            manifest_span(self, keys).filter(|_| !keys.is_empty()).unwrap_or_else(|| header(&source, "[package]"));
        Label::new(&source, place, text)
    }

    /// A path that rustc names, as people know it: `app/api/route.rs` for `./src/../app/api/route.rs`.
    #[must_use]
    pub fn shown_path(&self, path: &str) -> String {
        let absolute = normalized(&self.root.join(path));
        let relative = pathdiff::diff_paths(&absolute, &self.root).unwrap_or(absolute);
        relative.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
    }

    /// What rustc says, with the paths of route files as people know them.
    #[must_use]
    pub fn with_shown_paths(&self, text: &str) -> String {
        let Some(library) = &self.library else { return text.to_owned() };
        let folder = Path::new(&library.file.path).parent().unwrap_or(Path::new(""));
        let up = vec![".."; folder.components().count()].join("/");
        let folder = folder.display();
        text.replace(&format!("./{folder}/{up}/"), "")
            .replace(&format!(" ./{folder}/"), &format!(" {folder}/"))
            .replace(&format!("{}/", self.root.display()), "")
    }
}

/// The library of the package.
#[derive(Debug)]
pub struct Library {
    /// The name by which Rust code names it.
    pub name: String,
    /// Its root file: `src/lib.rs`.
    pub file: ProjectFile,
}

/// A file outside of the app directory.
#[derive(Debug, Clone)]
pub struct ProjectFile {
    /// Where it is.
    pub absolute: PathBuf,
    /// Relative to the package, with `/`, where it is below it.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl ProjectFile {
    fn read(absolute: &Path, root: &Path) -> Result<Self, Failure> {
        let text = String::from_utf8(input::read(absolute)?).map_err(|error| {
            Failure::io("read", absolute)(io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
        })?;
        let relative = pathdiff::diff_paths(absolute, root).unwrap_or_else(|| absolute.to_owned());
        let path = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        Ok(Self { absolute: absolute.to_owned(), path, text })
    }

    /// The file as something to point a diagnostic at.
    #[must_use]
    pub fn source(&self) -> Source {
        Source::file(self.path.as_str(), self.text.as_str())
    }
}

/// Asks cargo for the package, and says what is wrong with it.
pub(super) fn find(options: &Options, diagnostics: &mut Vec<Diagnostic>) -> Result<Project, Failure> {
    let metadata = metadata(options)?;
    let package = choose(&metadata, options)?;
    let root: PathBuf = package.manifest_path.parent().map(Into::into).unwrap_or_default();
    let workspace_manifest = metadata.workspace_root.join("Cargo.toml");
    let manifest = ProjectFile::read(package.manifest_path.as_std_path(), &root)?;
    let project = Project {
        name: package.name.to_string(),
        version: package.version.to_string(),
        settings: settings::read(&manifest, diagnostics),
        manifest,
        workspace_manifest: ProjectFile::read(workspace_manifest.as_std_path(), &root)?,
        library: library(package, &root)?,
        wharf: dependency_version(&metadata, package, "wharf"),
        cargo: CargoSettings::of(&root)?,
        can_revalidate: dependency_features(&metadata, package, "wharf").iter().any(|name| name == "revalidate"),
        target_directory: options.target_dir.clone().unwrap_or_else(|| metadata.target_directory.clone().into()),
        root,
    };
    diagnostics.extend(problems(&project));
    Ok(project)
}

/// Where cargo writes.
pub(super) fn target_directory(options: &Options) -> Result<PathBuf, Failure> {
    metadata(options).map(|metadata| metadata.target_directory.into())
}

fn metadata(options: &Options) -> Result<Metadata, Failure> {
    let finished = command::capture(metadata_command(options), || ())?;
    if !finished.status.success() {
        let message = keyless(finished.stderr.trim().trim_start_matches("error: ")).into_owned();
        let help = help(&message).to_owned();
        return Err(Failure::Project { message, help });
    }
    MetadataCommand::parse(finished.stdout).map_err(|error| Failure::Project {
        message: format!("cargo's description of the package makes no sense: {error}"),
        help: "check that `cargo --version` is the one you expect".to_owned(),
    })
}

/// What to do, by what cargo says.
fn help(message: &str) -> &'static str {
    let says = |text: &str| message.contains(text);
    if says("--locked") || says("--frozen") && says("lock file") {
        "run `cargo generate-lockfile`, or any cargo command without `--locked`, and commit Cargo.lock"
    } else if says("offline") || says("--frozen") {
        "run `cargo fetch` once with a network, so that all crates are there"
    } else if says("could not find `Cargo.toml`") || says("manifest path") {
        "name the package's Cargo.toml with `--manifest-path`, or start one with `cargo new --lib`"
    } else {
        "`cargo metadata` in the same folder says the same; correct what it names"
    }
}

fn metadata_command(options: &Options) -> Command {
    let mut metadata = MetadataCommand::new();
    metadata.cargo_path(&options.cargo).current_dir(&options.directory);
    if let Some(path) = &options.manifest_path {
        metadata.manifest_path(path);
    }
    // The crates of other systems need not be there: none is compiled.
    let target = options.arch.unwrap_or_default().target();
    let platforms = ["--filter-platform", "host-tuple", "--filter-platform", target];
    metadata.other_options(platforms.iter().chain(&options.cargo_flags).map(ToString::to_string).collect::<Vec<_>>());
    metadata.cargo_command()
}

fn choose<'a>(metadata: &'a Metadata, options: &Options) -> Result<&'a Package, Failure> {
    let members = metadata.workspace_packages();
    if let Some(name) = &options.package {
        return members.into_iter().find(|package| *package.name == *name).ok_or_else(|| Failure::Project {
            message: format!("the workspace has no package `{name}`"),
            help: format!("choose one of {}", names(&metadata.workspace_packages())),
        });
    }
    if let Some(package) = metadata.root_package() {
        return Ok(package);
    }
    match members.iter().filter(|package| has_app(package)).copied().collect::<Vec<_>>().as_slice() {
        [only] => Ok(only),
        [] => Err(Failure::Project {
            message: "no package of the workspace has an `app` folder".to_owned(),
            help: format!("add one to a package, and choose it with `--package`: {}", names(&members)),
        }),
        several => Err(Failure::Project {
            message: "several packages of the workspace have an `app` folder".to_owned(),
            help: format!("choose one with `--package`: {}", names(several)),
        }),
    }
}

fn has_app(package: &Package) -> bool {
    package.manifest_path.with_file_name("app").is_dir()
}

fn names(packages: &[&Package]) -> String {
    let mut names: Vec<_> = packages.iter().map(|package| format!("`{}`", package.name)).collect();
    names.sort();
    names.join(", ")
}

fn library(package: &Package, root: &Path) -> Result<Option<Library>, Failure> {
    let usable = |target: &&cargo_metadata::Target| {
        target.kind.iter().any(|kind| matches!(kind, TargetKind::Lib | TargetKind::RLib))
    };
    let Some(target) = package.targets.iter().find(usable) else { return Ok(None) };
    let file = ProjectFile::read(target.src_path.as_std_path(), root)?;
    Ok(Some(Library { name: target.name.replace('-', "_"), file }))
}

/// The version of the package that `package` knows by this name.
fn dependency_version(metadata: &Metadata, package: &Package, name: &str) -> Option<String> {
    let node = metadata.resolve.as_ref()?.nodes.iter().find(|node| node.id == package.id)?;
    let dependency = node.deps.iter().find(|dependency| dependency.name == name)?;
    let found = metadata.packages.iter().find(|package| package.id == dependency.pkg)?;
    Some(found.version.to_string())
}

/// The features of the package that `package` knows by this name, with those that others ask for.
fn dependency_features(metadata: &Metadata, package: &Package, name: &str) -> Vec<String> {
    let nodes = metadata.resolve.as_ref().map(|resolve| resolve.nodes.as_slice()).unwrap_or_default();
    let of_package = nodes.iter().find(|node| node.id == package.id);
    let dependency = of_package.and_then(|node| node.deps.iter().find(|dependency| dependency.name == name));
    let node = dependency.and_then(|dependency| nodes.iter().find(|node| node.id == dependency.pkg));
    node.map(|node| node.features.iter().map(ToString::to_string).collect()).unwrap_or_default()
}

/// What is wrong with the package itself.
fn problems(project: &Project) -> Vec<Diagnostic> {
    [no_library(project), no_wharf(project), panic_abort(project)].into_iter().flatten().collect()
}

/// The first place of a table's header, or the start of the file.
fn header(source: &Source, header: &str) -> Range<usize> {
    source.text.find(header).map_or(0..0, |start| start..start + header.len())
}

fn no_library(project: &Project) -> Option<Diagnostic> {
    if project.library.is_some() {
        return None;
    }
    let source = project.manifest.source();
    if let Some(kind) =
        manifest_span(project, &["lib", "crate-type"]).or_else(|| manifest_span(project, &["lib", "proc-macro"]))
    {
        return Some(Diagnostic::new(
            Code::NoLibrary,
            format!("the library of the package `{}` is of a kind that no binary can call", project.name),
            Label::new(&source, kind, "not the plain kind, `lib`"),
            "remove the line, or add `\"lib\"` to the kinds",
        ));
    }
    Some(Diagnostic::new(
        Code::NoLibrary,
        format!("the package `{}` has no library", project.name),
        Label::new(&source, header(&source, "[package]"), "has neither `src/lib.rs` nor a `[lib]`"),
        "create `src/lib.rs` with the line `pub mod routes;`",
    ))
}

/// Where a value of the package's manifest stands.
fn manifest_span(project: &Project, keys: &[&str]) -> Option<Range<usize>> {
    let manifest = toml_edit::Document::parse(project.manifest.text.as_str()).ok()?;
    keys.iter().try_fold(manifest.as_item(), |item, key| item.get(key))?.span()
}

fn no_wharf(project: &Project) -> Option<Diagnostic> {
    if project.wharf.is_some() {
        return None;
    }
    let source = project.manifest.source();
    if let Some((name, place)) = renamed_wharf(project) {
        return Some(Diagnostic::new(
            Code::NoWharf,
            format!("the package `{}` knows `wharf` under another name", project.name),
            Label::new(&source, place, format!("known as `{name}`")),
            "name the dependency `wharf`: the generated code calls it so",
        ));
    }
    let place = match header(&source, "[dependencies]") {
        none if none.is_empty() => header(&source, "[package]"),
        found => found,
    };
    Some(Diagnostic::new(
        Code::NoWharf,
        format!("the package `{}` does not depend on `wharf`", project.name),
        Label::new(&source, place, "no dependency named `wharf` here"),
        "run `cargo add wharf`",
    ))
}

/// The name by which the package knows `wharf`, and where it says so.
fn renamed_wharf(project: &Project) -> Option<(String, Range<usize>)> {
    let manifest = toml_edit::Document::parse(project.manifest.text.as_str()).ok()?;
    manifest.as_table().get("dependencies")?.as_table_like()?.iter().find_map(|(name, dependency)| {
        let package = dependency.get("package")?;
        (package.as_str() == Some("wharf")).then_some((name.to_owned(), package.span()?))
    })
}

fn panic_abort(project: &Project) -> Option<Diagnostic> {
    let manifest = toml_edit::Document::parse(project.workspace_manifest.text.as_str()).ok()?;
    let item = manifest.as_table().get("profile")?.get("release")?.get("panic")?;
    if item.as_str() != Some("abort") {
        return None;
    }
    let source = project.workspace_manifest.source();
    Some(Diagnostic::new(
        Code::PanicAbort,
        "the release profile ends the process at the first panic",
        Label::new(&source, item.span().unwrap_or(0..0), "one bad request would end the environment of all others"),
        "remove `panic = \"abort\"`",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_of_other_systems_need_not_be_there() {
        let options = Options { cargo_flags: vec!["--offline"], ..Options::from_environment().unwrap() };
        let command = metadata_command(&options);
        let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
        assert!(arguments.windows(2).any(|pair| pair == ["--filter-platform", "host-tuple"]), "{arguments:?}");
        assert!(arguments.iter().any(|argument| argument == "--offline"), "{arguments:?}");
    }

    #[test]
    fn the_help_fits_what_cargo_says() {
        for (message, start) in [
            ("could not find `Cargo.toml` in `/x` or any parent directory", "name the package's"),
            ("manifest path `x/Cargo.toml` does not exist", "name the package's"),
            (
                "failed to download `a v1.0.0`\n\nCaused by:\n  attempting to make an HTTP request, but --offline was specified",
                "run `cargo fetch`",
            ),
            (
                "cannot update the lock file /x/Cargo.lock because --locked was passed to prevent this",
                "run `cargo generate",
            ),
            (
                "cannot create the lock file /x/Cargo.lock because --frozen was passed to prevent this",
                "run `cargo generate",
            ),
            ("failed to parse manifest at `/x/Cargo.toml`", "`cargo metadata`"),
        ] {
            assert!(help(message).starts_with(start), "{message}: {}", help(message));
        }
    }
}

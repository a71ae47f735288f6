//! The files that leave this machine as they are: those of `public/`, for everyone to read, and those that `include` packs
//! into functions.
//!
//! Only what somebody put there on purpose is one of them. A folder also holds what systems and editors leave in it, and a
//! link may lead to what was never meant to be read.

use std::{
    fs::{self, Metadata},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use globset::{GlobBuilder, GlobMatcher};
use wharf::contract::report::FROZEN_FILE;

use super::{
    AppFile, Project, dangling_link, hidden_character, not_a_file, not_utf8,
    settings::{Entry, Settings},
    sorted_names,
};
use crate::{
    diagnostic::{Code, Diagnostic, Label, failure::Failure},
    effects::interrupt,
};

/// The largest object that S3 takes in one piece, in bytes.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html>
const MOST_BYTES: u64 = 5 << 30;

/// How many names of files one warning lists.
const MOST_LISTED: usize = 100;

/// Files that leave this machine, and what was found with them.
#[derive(Debug, Default)]
pub(super) struct Published {
    /// Sorted by path.
    pub(super) files: Vec<AppFile>,
    /// What is no reason to stop.
    pub(super) warnings: Vec<Diagnostic>,
}

/// The files below `public/`.
pub(super) fn public(project: &Project, diagnostics: &mut Vec<Diagnostic>) -> Result<Published, Failure> {
    let Settings { public_include, .. } = &project.settings;
    let is_kept = |path: &str, name: &str| {
        let below = path.strip_prefix("public/").unwrap_or(path);
        public_include.iter().any(|entry| entry.text == name || entry.text == below)
    };
    let mut walk = Walk::new(project, &is_kept, &|_| true)?;
    walk.entry("public")?;
    let help = "remove them, or list what is to be published in `public-include` of `[package.metadata.wharf]`";
    Ok(walk.finish("`public/`", help, diagnostics))
}

/// A page is published too, and may be a link, or stand below one.
pub(super) fn check_pages(
    project: &Project,
    pages: &[AppFile],
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<(), Failure> {
    let walk = Walk::new(project, &|_, _| false, &|_| true)?;
    for AppFile { path, absolute, .. } in pages {
        let real = absolute.canonicalize().map_err(Failure::io("read", absolute))?;
        let reason = walk.is_link(path, &real).then(|| walk.obstacle(&real)).flatten();
        let name = path.rsplit('/').next().unwrap_or_default();
        diagnostics.extend(reason.map(|reason| refused_link(path, name, reason)));
    }
    Ok(())
}

/// The files that `include` names.
pub(super) fn included(project: &Project, diagnostics: &mut Vec<Diagnostic>) -> Result<Published, Failure> {
    let mut all = Published::default();
    for entry in &project.settings.include {
        // A pattern that is none was refused with the settings.
        let Some(pattern) = Pattern::of(&entry.text) else { continue };
        let is_kept = |_: &str, name: &str| pattern.names(name);
        let is_wanted = |path: &str| pattern.matches(path);
        let mut walk = Walk::new(project, &is_kept, &is_wanted)?;
        walk.entry(&pattern.start())?;
        let help = "remove them, or name them in a pattern of their own";
        let found = walk.finish(&format!("`{}`", entry.text), help, diagnostics);
        if found.files.is_empty() {
            all.warnings.push(no_match(entry, project));
        }
        all.files.extend(found.files);
        all.warnings.extend(found.warnings);
    }
    all.files.sort();
    all.files.dedup();
    diagnostics.extend(all.files.iter().filter(|file| OURS.contains(&file.path.as_str())).map(taken));
    Ok(all)
}

/// The names that a function has for its own files.
const OURS: [&str; 2] = ["bootstrap", FROZEN_FILE];

fn taken(file: &AppFile) -> Diagnostic {
    Diagnostic::new(
        Code::SettingValue,
        format!("the setting `include` packs `{}`, which is the name of a file that a function has already", file.path),
        Label::path(&file.path, &file.path, "cannot stand beside it"),
        "rename the file, or leave it out of the pattern",
    )
}

fn no_match(entry: &Entry, project: &Project) -> Diagnostic {
    Diagnostic::new(
        Code::IncludeNoMatch,
        format!("`{}` matches no file", entry.text),
        Label::new(&project.manifest.source(), entry.span.clone(), "nothing of this name beside Cargo.toml"),
        "correct the pattern, which is relative to the folder of Cargo.toml, or remove it",
    )
}

/// A pattern of `include`.
pub(super) struct Pattern {
    text: String,
    /// What it matches, and what is below that.
    matchers: [GlobMatcher; 2],
}

impl Pattern {
    /// `None` for what is no pattern of paths below the package.
    pub(super) fn of(text: &str) -> Option<Self> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let is_plain = text.split('/').all(|part| !matches!(part, "" | "." | ".."));
        let matcher =
            |text: &str| GlobBuilder::new(text).literal_separator(true).build().ok().map(|glob| glob.compile_matcher());
        let matchers = [matcher(text)?, matcher(&format!("{text}/**"))?];
        is_plain.then(|| Self { text: text.to_owned(), matchers })
    }

    fn matches(&self, path: &str) -> bool {
        self.matchers.iter().any(|matcher| matcher.is_match(path))
    }

    /// Whether one of its parts is this name, so that it is meant although it is hidden.
    fn names(&self, name: &str) -> bool {
        self.text.split('/').any(|part| part == name)
    }

    /// The file or folder that all matches are, or are below: empty for the package.
    fn start(&self) -> String {
        let is_literal = |part: &&str| !part.contains(['*', '?', '[', '{', '\\']);
        self.text.split('/').take_while(is_literal).collect::<Vec<_>>().join("/")
    }
}

struct Walk<'a> {
    project: &'a Project,
    /// Without links.
    root: PathBuf,
    /// Whether a file or folder counts although its name is one that is left out: by its path and its name.
    is_kept: &'a dyn Fn(&str, &str) -> bool,
    is_wanted: &'a dyn Fn(&str) -> bool,
    files: Vec<AppFile>,
    left_out: Vec<String>,
    diagnostics: Vec<Diagnostic>,
    /// The real paths of the folders from the first to here, by which a loop of links is noticed.
    above: Vec<PathBuf>,
}

impl<'a> Walk<'a> {
    fn new(
        project: &'a Project,
        is_kept: &'a dyn Fn(&str, &str) -> bool,
        is_wanted: &'a dyn Fn(&str) -> bool,
    ) -> Result<Self, Failure> {
        let root = project.root.canonicalize().map_err(Failure::io("read", &project.root))?;
        let (files, left_out, diagnostics, above) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Ok(Self { project, root, is_kept, is_wanted, files, left_out, diagnostics, above })
    }

    /// A file or folder, by its path in the package; nothing where there is none.
    fn entry(&mut self, path: &str) -> Result<(), Failure> {
        interrupt::check()?;
        let absolute = self.project.root.join(path);
        let name = path.rsplit('/').next().unwrap_or_default();
        let kind = match fs::symlink_metadata(&absolute) {
            Ok(kind) => kind,
            // A file may be gone by now, and a pattern or `public/` is there for nothing.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
            Err(error) => return Err(Failure::io("read", &absolute)(error)),
        };
        // The folders of a link may stand in the middle of a path that a pattern starts with.
        let Ok(real) = absolute.canonicalize() else {
            self.diagnostics.extend((self.is_wanted)(path).then(|| dangling_link(&absolute, path, name)));
            return Ok(());
        };
        if self.is_link(path, &real)
            && let Some(reason) = self.obstacle(&real)
        {
            self.diagnostics.push(refused_link(path, name, reason));
            return Ok(());
        }
        let kind = if kind.is_symlink() { fs::metadata(&real).map_err(Failure::io("read", &absolute))? } else { kind };
        if (self.is_wanted)(path) {
            self.diagnostics.extend(hidden_character(path, name));
        }
        if kind.is_dir() {
            return self.folder(path, real);
        }
        if (self.is_wanted)(path) {
            self.file(path, real, &kind);
        }
        Ok(())
    }

    fn folder(&mut self, path: &str, real: PathBuf) -> Result<(), Failure> {
        if self.above.contains(&real) {
            let name = path.rsplit('/').next().unwrap_or_default();
            self.diagnostics.push(super::link_loop(path, name));
            return Ok(());
        }
        let names = sorted_names(&real)?;
        self.above.push(real);
        for name in names {
            let Ok(name) = name.into_string().map_err(|name| self.diagnostics.push(not_utf8(path, &name))) else {
                continue;
            };
            let inner = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            if self.is_written_by_cargo(&self.project.root.join(&inner)) {
                continue;
            }
            if is_left_over(&name) && !(self.is_kept)(&inner, &name) {
                self.left_out.extend((self.is_wanted)(&inner).then_some(inner));
                continue;
            }
            self.entry(&inner)?;
        }
        self.above.pop();
        Ok(())
    }

    fn file(&mut self, path: &str, real: PathBuf, kind: &Metadata) {
        let name = path.rsplit('/').next().unwrap_or_default();
        if !kind.is_file() {
            self.diagnostics.push(not_a_file(path, name, false));
        } else if kind.len() > MOST_BYTES {
            self.diagnostics.push(too_large(path, name));
        } else {
            // The folders are those below the first, `public`.
            let folders = path.split('/').skip(1).map(str::to_owned);
            let mut folders: Vec<_> = folders.collect();
            folders.pop();
            self.files.push(AppFile { path: path.to_owned(), folders, absolute: real });
        }
    }

    /// Whether the way to a file leads through a link.
    fn is_link(&self, path: &str, real: &Path) -> bool {
        self.root.join(path) != real
    }

    /// Why what a link leads to is not published: it was made for something else, and the link may be a mistake, or somebody
    /// else's.
    fn obstacle(&self, real: &Path) -> Option<&'static str> {
        let Ok(inner) = real.strip_prefix(&self.root) else {
            return Some("leads out of the package");
        };
        let mut parts = inner.components().map(|part| part.as_os_str().to_string_lossy());
        if self.is_written_by_cargo(real) {
            return Some("leads to what cargo writes");
        }
        let mut path = String::new();
        for name in parts.clone() {
            path.push_str(&name);
            // What is allowed below `public/` is allowed through a link too; nothing else becomes so.
            let is_kept = path.starts_with("public/") && (self.is_kept)(&path, &name);
            if is_left_over(&name) && !is_kept {
                return Some("leads to a hidden file or a leftover");
            }
            path.push('/');
        }
        let name = parts.next_back().unwrap_or_default();
        let is_code = inner.extension().is_some_and(|extension| extension == "rs")
            || matches!(name.as_ref(), "" | "Cargo.toml" | "Cargo.lock");
        is_code.then_some("leads to the code of the package")
    }

    fn is_written_by_cargo(&self, path: &Path) -> bool {
        let targets = [&self.project.target_directory, &self.root.join("target"), &self.project.root.join("target")];
        // A package may itself stand in a target directory, as one that a test makes does.
        targets.into_iter().any(|target| path.starts_with(target) && !self.root.starts_with(target))
    }

    fn finish(mut self, folder: &str, help: &str, diagnostics: &mut Vec<Diagnostic>) -> Published {
        diagnostics.append(&mut self.diagnostics);
        Published { files: self.files, warnings: left_out(&self.left_out, folder, help).into_iter().collect() }
    }
}

/// What systems, editors and tools leave in a folder, beside everything that is hidden.
/// `.well-known` is a folder of URLs: <https://www.rfc-editor.org/rfc/rfc8615>.
fn is_left_over(name: &str) -> bool {
    const NAMES: [&str; 6] =
        ["thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "$recycle.bin", "system volume information"];
    const ENDS: [&str; 8] = ["~", ".swp", ".swo", ".swx", ".bak", ".orig", ".rej", ".tmp"];
    let name = name.to_ascii_lowercase();
    (name.starts_with('.') && name != ".well-known")
        || NAMES.contains(&name.as_str())
        || ENDS.iter().any(|end| name.ends_with(end))
        || (name.len() > 1 && name.starts_with('#') && name.ends_with('#'))
        || name.starts_with("~$")
}

fn left_out(paths: &[String], folder: &str, help: &str) -> Option<Diagnostic> {
    let (first, others) = paths.split_first()?;
    let label = |path: &String| Label::path(path, path.rsplit('/').next().unwrap_or_default(), "left out");
    let message = match others.len() {
        0 => format!("one file or folder of {folder} is left out, as it is hidden or a leftover"),
        count => format!("{} files and folders of {folder} are left out, as they are hidden or leftovers", count + 1),
    };
    let warning = Diagnostic::new(Code::LeftOut, message, label(first), help);
    Some(others.iter().take(MOST_LISTED - 1).map(label).fold(warning, Diagnostic::also))
}

fn refused_link(path: &str, name: &str, reason: &str) -> Diagnostic {
    Diagnostic::new(
        Code::RefusedLink,
        format!("the link `{path}` {reason}"),
        Label::path(path, name, "what it leads to is not published"),
        "replace it by the file or folder that is meant, or remove it",
    )
}

fn too_large(path: &str, name: &str) -> Diagnostic {
    Diagnostic::new(
        Code::FileTooLarge,
        format!("`{path}` has more than 5 GiB"),
        Label::path(path, name, "no object of S3 can be put from it in one piece"),
        "make it smaller, or upload it to a place of its own",
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::{fs::symlink, net::UnixListener};

    use super::*;
    use crate::{
        effects::options::CargoSettings,
        stages::discover::{ProjectFile, settings},
    };

    /// A package with these files, whose manifest ends with these settings.
    fn package(settings: &str, files: &[&str]) -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "text").unwrap();
        }
        let manifest = ProjectFile {
            absolute: folder.path().join("Cargo.toml"),
            path: "Cargo.toml".to_owned(),
            text: format!("[package.metadata.wharf]\n{settings}\n"),
        };
        let mut diagnostics = Vec::new();
        let project = Project {
            name: "app".to_owned(),
            version: "0.1.0".to_owned(),
            root: folder.path().to_owned(),
            settings: settings::read(&manifest, &mut diagnostics),
            workspace_manifest: manifest.clone(),
            manifest,
            library: None,
            can_revalidate: false,
            wharf: None,
            target_directory: folder.path().join("out"),
            cargo: CargoSettings::default(),
        };
        assert_eq!(diagnostics, []);
        (folder, project)
    }

    fn paths(published: &Published) -> Vec<&str> {
        published.files.iter().map(|file| file.path.as_str()).collect()
    }

    fn codes(diagnostics: &[Diagnostic]) -> Vec<Code> {
        diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
    }

    #[test]
    fn what_the_patterns_match_is_packed_once_and_sorted() {
        let files = [
            "content/b.md",
            "content/a/c.md",
            "content/.git/x",
            "data.json",
            "out/x.md",
            "target/y.md",
            ".env",
            "z.md",
        ];
        let (_folder, project) = package(r#"include = ["**/*.md", "content/**", "data.json", "nothing"]"#, &files);
        let mut diagnostics = Vec::new();
        let found = included(&project, &mut diagnostics).unwrap();
        assert_eq!(diagnostics, []);
        assert_eq!(paths(&found), ["content/a/c.md", "content/b.md", "data.json", "z.md"]);
        assert_eq!(codes(&found.warnings), [Code::LeftOut, Code::IncludeNoMatch]);
    }

    #[test]
    fn a_hidden_file_is_packed_where_a_pattern_names_it() {
        let (_folder, project) = package(r#"include = ["data/.schema", "data/*"]"#, &["data/.schema", "data/.env"]);
        let found = included(&project, &mut Vec::new()).unwrap();
        assert_eq!(paths(&found), ["data/.schema"]);
    }

    #[test]
    fn no_pattern_leads_out_of_the_package_or_over_what_a_function_has() {
        let (folder, project) =
            package(r#"include = ["content/**", "bootstrap", "frozen.json"]"#, &["bootstrap", "content/a"]);
        symlink("/etc/hostname", folder.path().join("content/host")).unwrap();
        symlink("..", folder.path().join("content/all")).unwrap();
        UnixListener::bind(folder.path().join("content/socket")).unwrap();
        let mut diagnostics = Vec::new();
        let found = included(&project, &mut diagnostics).unwrap();
        assert_eq!(codes(&diagnostics), [Code::RefusedLink, Code::RefusedLink, Code::NotAFile, Code::SettingValue]);
        assert_eq!(codes(&found.warnings), [Code::IncludeNoMatch]);
    }

    #[test]
    fn a_folder_that_is_a_link_is_a_link_for_all_that_is_in_it() {
        let (folder, project) = package("include = [\"content\"]", &["public/x", "shared/a", "shared/.key"]);
        symlink("shared", folder.path().join("content")).unwrap();
        let found = included(&project, &mut Vec::new()).unwrap();
        assert_eq!((paths(&found), codes(&found.warnings)), (vec!["content/a"], vec![Code::LeftOut]));
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("key"), "text").unwrap();
        fs::remove_dir_all(folder.path().join("public")).unwrap();
        symlink(outside.path(), folder.path().join("public")).unwrap();
        let mut diagnostics = Vec::new();
        let found = public(&project, &mut diagnostics).unwrap();
        assert_eq!((paths(&found), codes(&diagnostics)), (vec![], vec![Code::RefusedLink]));
    }

    #[test]
    fn what_is_allowed_by_name_is_published_and_nothing_else() {
        let files = [
            "public/.nojekyll",
            "public/a/.nojekyll",
            "public/b.bak",
            "public/a/b.bak",
            "public/.well-known/x",
            ".env",
        ];
        let (folder, project) = package(r#"public-include = [".nojekyll", "a/b.bak", ".env"]"#, &files);
        symlink("../.env", folder.path().join("public/env")).unwrap();
        let mut diagnostics = Vec::new();
        let found = public(&project, &mut diagnostics).unwrap();
        let wanted = ["public/.nojekyll", "public/.well-known/x", "public/a/.nojekyll", "public/a/b.bak"];
        assert_eq!((paths(&found), codes(&found.warnings)), (wanted.into(), vec![Code::LeftOut]));
        assert_eq!(codes(&diagnostics), [Code::RefusedLink]);
        assert_eq!(found.files[2].folders, ["a"]);
    }

    #[test]
    fn leftovers_have_names_of_their_own() {
        for name in [
            ".env",
            ".env.local",
            ".git",
            ".DS_Store",
            ".htaccess",
            ".#x",
            "style.css~",
            "a.swp",
            "A.SWO",
            "#a#",
            "Thumbs.db",
            "desktop.ini",
            "__MACOSX",
            "a.orig",
            "a.rej",
            "a.bak",
            "~$a.docx",
        ] {
            assert!(is_left_over(name), "{name}");
        }
        for name in [".well-known", "a.env", "git", "#", "#a", "a#", "a~b", "robots.txt", "swp", "favicon.ico"] {
            assert!(!is_left_over(name), "{name}");
        }
    }

    #[test]
    fn a_pattern_matches_files_and_what_is_below_folders() {
        let matches = |pattern: &str, path: &str| Pattern::of(pattern).unwrap().matches(path);
        for (pattern, path) in [
            ("content/**", "content/a.md"),
            ("content/**", "content/a/b.md"),
            ("content", "content/a/b.md"),
            ("content/", "content/a.md"),
            ("content/*.md", "content/a.md"),
            ("content/*.{md,txt}", "content/a.txt"),
            ("**/*.sql", "a.sql"),
            ("**/*.sql", "db/a/b.sql"),
            ("data.json", "data.json"),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        assert!(!matches("content/*.md", "content/a/b.md"));
        assert!(!matches("content", "contents/a.md"));
        for wrong in ["", "/etc/passwd", "../x", "a/../b", "./a", "a//b", "[a", "a/{b"] {
            assert!(Pattern::of(wrong).is_none(), "{wrong}");
        }
        let start = |pattern: &str| Pattern::of(pattern).unwrap().start();
        assert_eq!(["content/**", "a/b.md", "**", "a/b*/c"].map(start), ["content", "a/b.md", "", "a"]);
    }
}

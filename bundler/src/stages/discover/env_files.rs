//! The variables of `.env` files, for the program that evaluates routes. No artifact gets them.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File},
    io::{self, ErrorKind, Read},
    os::unix::fs::FileTypeExt,
    path::Path,
    sync::mpsc,
    thread,
    time::Duration,
};

use super::dotenv;
use crate::{
    diagnostic::{Code, Diagnostic, Label, Source, failure::Failure},
    effects::interrupt,
};

/// The files that `next build` reads, the stronger ones first.
/// <https://nextjs.org/docs/app/guides/environment-variables#environment-variable-load-order>
const FILES: [&str; 4] = [".env.production.local", ".env.local", ".env.production", ".env"];

/// The longest variable that Linux hands to a program, with its name. <https://man7.org/linux/man-pages/man2/execve.2.html>
const MOST_BYTES: usize = 128 * 1024;

/// What the files set.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// By name, without those that the user's shell sets to the same.
    pub(super) values: BTreeMap<String, String>,
    /// Of lines that Next.js reads otherwise than they look, without a word.
    pub(super) warnings: Vec<Diagnostic>,
}

/// Reads the files in the folder of the package, as `@next/env` does: what a file sets is seen by those after it, and what
/// the user's shell sets wins.
pub(super) fn read(
    root: &Path,
    shell: &BTreeMap<OsString, OsString>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Variables, Failure> {
    let text = |text: &OsString| text.to_string_lossy().into_owned();
    let shell: BTreeMap<String, String> = shell.iter().map(|(name, value)| (text(name), text(value))).collect();
    let mut process = shell.clone();
    let mut first = BTreeMap::new();
    let mut warnings = Vec::new();
    for name in FILES {
        let Some(bytes) = bytes(&root.join(name))? else { continue };
        let Ok(text) = String::from_utf8(bytes) else {
            diagnostics.push(not_utf8(name));
            continue;
        };
        let file = dotenv::File::parse(&text);
        let expanded = match file.expand(&process) {
            Ok(expanded) => expanded,
            Err(dotenv::Endless(index)) => {
                diagnostics.push(endless(name, &file, index));
                continue;
            }
        };
        let impossible = expanded.values.iter().position(|(name, value)| !can_be_set(name, value));
        diagnostics.extend(impossible.map(|index| impossible_value(name, &file, index)));
        warnings.extend(unread(name, &file));
        warnings.extend(unclosed(name, &file));
        warnings.extend(expanded.lossy.first().map(|index| lossy(name, &file, *index)));
        for (variable, value) in expanded.values {
            process.insert(variable.clone(), value.clone());
            if !shell.contains_key(&variable) {
                first.entry(variable).or_insert(value);
            }
        }
    }
    process.extend(first);
    let values = process.into_iter().filter(|(name, value)| shell.get(name) != Some(value)).collect();
    Ok(Variables { values, warnings })
}

/// The bytes of a file, or of a pipe, as password managers make one in the place of a file; nothing else is read.
fn bytes(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let read = match fs::metadata(path) {
        Ok(kind) if kind.is_file() => fs::read(path),
        Ok(kind) if kind.file_type().is_fifo() => read_pipe(path)?,
        Ok(_) => return Ok(None),
        Err(error) => Err(error),
    };
    match read {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::io("read", path)(error)),
    }
}

/// Whoever writes to the pipe may ask a person first, and Ctrl-C has to end that too.
fn read_pipe(path: &Path) -> Result<io::Result<Vec<u8>>, Failure> {
    let (sender, receiver) = mpsc::channel();
    let path = path.to_owned();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|mut pipe| pipe.read_to_end(&mut bytes));
        // An interrupted run is not interested any more.
        let _ = sender.send(read.map(|_| bytes));
    });
    loop {
        match receiver.recv_timeout(Duration::from_millis(25)) {
            Ok(read) => return Ok(read),
            Err(_) => interrupt::check()?,
        }
    }
}

fn can_be_set(name: &str, value: &str) -> bool {
    name.len() + value.len() + 2 <= MOST_BYTES && !value.contains('\0')
}

fn not_utf8(name: &str) -> Diagnostic {
    Diagnostic::new(
        Code::EnvFile,
        format!("`{name}` is not UTF-8"),
        Label::path(name, name, "holds a byte of another encoding"),
        "save the file as UTF-8",
    )
}

fn endless(name: &str, file: &dotenv::File, index: usize) -> Diagnostic {
    Diagnostic::new(
        Code::EnvFile,
        format!("a value in `{name}` names itself"),
        assigned(name, file, index, "its value has no end"),
        "name another variable, or write `\\$` for a dollar sign that is meant as one",
    )
}

fn impossible_value(name: &str, file: &dotenv::File, index: usize) -> Diagnostic {
    Diagnostic::new(
        Code::EnvFile,
        format!("`{name}` has a value that no variable can have"),
        assigned(name, file, index, "more than 128 KiB, or with a NUL in it"),
        "keep the value in a file, and the path of the file in the variable",
    )
}

/// Nothing of the lines is shown but what may be a name: they can hold a secret, and what is printed ends up in logs.
fn unread(name: &str, file: &dotenv::File) -> Option<Diagnostic> {
    let start = *file.unread.first()?;
    let shown = shown(file.text[start..].lines().next().unwrap_or_default());
    let message = match file.unread.len() {
        1 => format!("a line of `{name}` is not read"),
        count => format!("{count} lines of `{name}` are not read"),
    };
    Some(Diagnostic::new(
        Code::EnvLine,
        message,
        label(name, file, start, shown, "neither `NAME=value` nor a comment"),
        "write `NAME=value`, with quotes around a value of several lines, or remove the line",
    ))
}

fn unclosed(name: &str, file: &dotenv::File) -> Option<Diagnostic> {
    let index = file.assignments.iter().position(|assignment| assignment.is_unclosed)?;
    Some(Diagnostic::new(
        Code::EnvLine,
        format!("a value in `{name}` starts with a quote that is a part of it"),
        assigned(name, file, index, "nothing closes the quote, or something stands behind it"),
        "close the quote at the end of the value, or put quotes of another kind around all of it",
    ))
}

fn lossy(name: &str, file: &dotenv::File, index: usize) -> Diagnostic {
    Diagnostic::new(
        Code::EnvLine,
        format!("a value in `{name}` names a variable that nothing sets"),
        assigned(name, file, index, "`$` and the name behind it are dropped from its value"),
        "write `\\$` for a dollar sign that is meant as one, also within quotes, or give a default: `${NAME:-}`",
    )
}

/// A label at the name of a variable.
fn assigned(name: &str, file: &dotenv::File, index: usize, text: &str) -> Label {
    let assignment = &file.assignments[index];
    label(name, file, assignment.place.start, &assignment.name, text)
}

/// A label at a part of a file of which nothing else is shown.
fn label(name: &str, file: &dotenv::File, start: usize, shown: &str, text: &str) -> Label {
    let before: String = file.text[..start].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
    let source = Source::file(name, format!("{before}{shown}…"));
    Label::new(&source, start..start + shown.trim_end().len(), text)
}

/// What stands before the first `=` of a line, when it looks like a name; a line of an encoded key does not.
fn shown(line: &str) -> &str {
    let is_of_a_name = |char: char| char.is_alphanumeric() || matches!(char, '_' | '.' | ' ');
    line.split_once('=').map(|(name, _)| name).filter(|name| name.chars().all(is_of_a_name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::discover::dotenv::recorded;

    fn of<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
        shell: &BTreeMap<String, String>,
    ) -> (Variables, Vec<Diagnostic>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let mut diagnostics = Vec::new();
        let shell = shell.iter().map(|(name, value)| (name.into(), value.into())).collect();
        (read(folder.path(), &shell, &mut diagnostics).unwrap(), diagnostics)
    }

    #[test]
    fn every_file_is_read_as_next_build_reads_it() {
        let table = recorded();
        assert!(table.len() >= 60);
        for line in table {
            let files = line.files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
            let (variables, diagnostics) = of(files, &line.shell);
            assert_eq!(variables.values, line.expected, "{}: {:?}", line.name, line.files);
            let refused: Vec<_> = diagnostics.iter().map(|diagnostic| &*diagnostic.primary().source.path).collect();
            assert_eq!(refused, line.refused, "{}", line.name);
        }
    }

    #[test]
    fn a_doubtful_line_is_pointed_at_and_no_value_is_shown() {
        for (text, line, marked) in [
            ("A=1\nB C = 2\nC=3\n", 2, "B C"),
            ("A=1\n\n=x\n", 3, ""),
            ("A=1\r\nB=\"2\r\nC=3\r\n", 2, "B"),
            ("# x y\nA=\"1\n2\"\nB='x' y\n", 4, "B"),
            ("A=1\nMIIEow+/IBAAKC==\n", 2, ""),
            ("B 2", 1, ""),
            ("A=1\nB=x$x\n", 2, "B"),
            ("A=1\nB=$C\nC=2$B\n", 2, "B"),
            ("A=1\nB=2\0\n", 2, "B"),
        ] {
            let (variables, diagnostics) = of([(".env", text)], &BTreeMap::new());
            let found = [variables.warnings, diagnostics].concat();
            let [diagnostic] = found.as_slice() else { panic!("{text}: {found:?}") };
            let label = diagnostic.primary();
            assert_eq!((label.line_column().0, &label.source.text[label.span.clone()]), (line, marked), "{text}");
            assert!(!label.source.text.contains(|char: char| char.is_ascii_digit() || char == 'x'), "{label:?}");
        }
    }

    #[test]
    fn a_value_that_no_program_can_be_started_with_is_refused() {
        let (_, diagnostics) = of([(".env", format!("A={}", "x".repeat(MOST_BYTES)).as_str())], &BTreeMap::new());
        assert_eq!(diagnostics.len(), 1);
        let (variables, diagnostics) =
            of([(".env", format!("A={}", "x".repeat(MOST_BYTES - 3)).as_str())], &BTreeMap::new());
        assert_eq!(diagnostics, []);
        let status = std::process::Command::new("true").envs(variables.values).status();
        assert!(status.is_ok_and(|status| status.success()));
    }

    #[test]
    fn a_pipe_is_read_and_a_folder_is_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".env.local")).unwrap();
        let pipe = folder.path().join(".env");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
        let writer = thread::spawn(move || fs::write(pipe, "A=1\n"));
        let variables = read(folder.path(), &BTreeMap::new(), &mut Vec::new()).unwrap();
        writer.join().unwrap().unwrap();
        assert_eq!(variables.values["A"], "1");
    }
}

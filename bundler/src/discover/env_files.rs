//! The variables of `.env` files, for the program that evaluates routes. No artifact gets them.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    io::{Cursor, ErrorKind},
    path::Path,
};

use crate::{
    diagnostic::{Code, Diagnostic, Label, Source},
    failure::Failure,
};

/// The files that `next build` reads, the stronger ones behind.
/// <https://nextjs.org/docs/app/guides/environment-variables#environment-variable-load-order>
const FILES: [&str; 4] = [".env", ".env.production", ".env.local", ".env.production.local"];

/// Reads the files in the folder of the package. What the user's shell sets is left out: it wins.
pub(super) fn read(
    root: &Path,
    shell: &BTreeSet<OsString>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut text = String::new();
    for name in FILES {
        let path = root.join(name);
        match fs::read_to_string(&path) {
            Ok(found) => {
                let found = found.trim_start_matches('\u{feff}');
                diagnostics.extend(malformed(name, found));
                text.push_str(found);
                text.push('\n');
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::InvalidData => diagnostics.push(Diagnostic::new(
                Code::EnvFile,
                format!("`{name}` is not UTF-8"),
                Label::path(name, name, "holds a byte of another encoding"),
                "save the file as UTF-8",
            )),
            Err(error) => return Err(Failure::io("read", &path)(error)),
        }
    }
    // Read as one text, so that a stronger file can build on what a weaker one says. Of two equal names the later wins.
    let variables: BTreeMap<_, _> = dotenvy::from_read_iter(Cursor::new(text)).filter_map(Result::ok).collect();
    Ok(variables.into_iter().filter(|(name, _)| !shell.contains(&OsString::from(name))).collect())
}

/// The first line that assigns nothing and is no comment. Nothing of it is shown but what may be a name: it can hold a
/// secret, and what is printed ends up in logs.
fn malformed(name: &str, text: &str) -> Option<Diagnostic> {
    if is_readable(text) {
        return None;
    }
    let mut starts = text.match_indices('\n').map(|(end, _)| end + 1).rev();
    let start = starts.find(|start| is_readable(&text[..*start])).unwrap_or_default();
    let name_of_variable = shown(text[start..].lines().next().unwrap_or_default());
    let before: String = text[..start].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
    let source = Source::file(name, format!("{before}{name_of_variable}…"));
    Some(Diagnostic::new(
        Code::EnvFile,
        format!("`{name}` cannot be read"),
        Label::new(&source, start..start + name_of_variable.trim_end().len(), "neither `NAME=value` nor a comment"),
        "write `NAME=value`, with quotes around a value that holds white space or `#`",
    ))
}

fn is_readable(text: &str) -> bool {
    dotenvy::from_read_iter(Cursor::new(text)).all(|variable| variable.is_ok())
}

/// What stands before the first `=` of a line, when it looks like a name; a line of an encoded key does not.
fn shown(line: &str) -> &str {
    let is_of_a_name = |char: char| char.is_alphanumeric() || matches!(char, '_' | '.' | ' ');
    line.split_once('=').map(|(name, _)| name).filter(|name| name.chars().all(is_of_a_name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)], shell: &[&str]) -> (BTreeMap<String, String>, Vec<Diagnostic>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let mut diagnostics = Vec::new();
        let shell = shell.iter().map(OsString::from).collect();
        (read(folder.path(), &shell, &mut diagnostics).unwrap(), diagnostics)
    }

    #[test]
    fn the_shell_wins_over_local_over_production_over_all() {
        let files = [
            (".env", "A=env\nB=env\nC=env\nD=env\nE=env\n"),
            (".env.production", "B=production\nC=production\nD=production\nE=production\n"),
            (".env.local", "C=local\nD=local\nE=local\n"),
            (".env.production.local", "D=both\nE=both\n"),
            (".env.development", "A=development\n"),
            (".env.test", "A=test\n"),
        ];
        let (variables, diagnostics) = of(&files, &["E"]);
        let shown: Vec<_> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(shown, ["A=env", "B=production", "C=local", "D=both"]);
        assert_eq!(diagnostics, []);
    }

    #[test]
    fn quotes_comments_and_earlier_names_are_understood() {
        let text = "# a comment\nexport WHARF_T_HOST=db\nWHARF_T_URL=\"postgres://${WHARF_T_HOST}/x\" # why\n\n\
                    WHARF_T_RAW='$WHARF_T_HOST'\nWHARF_T_EMPTY=\n";
        let (variables, _) = of(&[(".env", text), (".env.local", "WHARF_T_MORE=${WHARF_T_HOST}/2\n")], &[]);
        assert_eq!(variables["WHARF_T_URL"], "postgres://db/x");
        assert_eq!(variables["WHARF_T_RAW"], "$WHARF_T_HOST");
        assert_eq!(variables["WHARF_T_EMPTY"], "");
        assert_eq!(variables["WHARF_T_MORE"], "db/2");
    }

    #[test]
    fn a_malformed_line_is_pointed_at_and_its_value_is_not_shown() {
        for (text, line, marked) in [
            ("A=1\nB C = 2\nC=3\n", 2, "B C"),
            ("A=1\n\n=x\n", 3, ""),
            ("A=1\nB=\"2\nC=3\n", 2, "B"),
            ("# x y\nA=\"1\n2\"\nB=x y\n", 4, "B"),
            ("A=1\nMIIEow/+IBAAKC==\n", 2, ""),
            ("B 2", 1, ""),
        ] {
            let (_, diagnostics) = of(&[(".env", text)], &[]);
            let [diagnostic] = diagnostics.as_slice() else { panic!("{text}: {diagnostics:?}") };
            let label = diagnostic.primary();
            assert_eq!((label.line_column().0, &text[label.span.clone()]), (line, marked), "{text}");
            assert!(!label.source.text.contains(|char: char| char.is_ascii_digit() || char == 'x'), "{label:?}");
        }
    }
}

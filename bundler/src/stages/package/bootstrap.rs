//! Whether Lambda can start a `bootstrap`: a look at its bytes, before they are packed.

use std::{collections::BTreeMap, fmt};

use object::{
    Endianness,
    elf::{self, DT_NEEDED, EM_AARCH64, EM_X86_64, ET_DYN, ET_EXEC, Machine, SHT_DYNSYM, VER_FLG_WEAK},
    read::elf::{Dyn, FileHeader, ProgramHeader, SectionTable, Sym},
};

use crate::{
    architecture::Architecture,
    diagnostic::{Code, Diagnostic, Label},
    stages::compile::toolchain::RUNTIME_GLIBC,
};

/// How many symbols a message names.
const SHOWN_SYMBOLS: usize = 5;

/// Why Lambda cannot start a bootstrap.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unfit {
    /// It is no 64-bit ELF program, or a broken one.
    NotAProgram(String),
    /// It is for other processors.
    Architecture {
        /// What it is for.
        found: String,
        /// What the function runs on.
        wanted: Architecture,
    },
    /// It asks for a dynamic loader that the runtime does not have.
    Interpreter {
        /// The path of the loader.
        found: String,
        /// The path of the loader that there is.
        wanted: &'static str,
    },
    /// It needs a shared library that the runtime does not promise.
    Library(String),
    /// It needs what only a newer glibc than that of the runtime has.
    Glibc {
        /// The newest version that it needs, without `GLIBC_`.
        version: String,
        /// The symbols that it needs of any such version, sorted.
        symbols: Vec<String>,
    },
}

/// Looks at the bytes of a bootstrap for an architecture.
///
/// # Errors
///
/// With the first reason for which Lambda could not start it.
///
/// ```
/// use wharf_bundler::{architecture::Architecture, stages::package::bootstrap::{self, Unfit}};
///
/// let refused = bootstrap::check(b"#!/bin/sh\n", Architecture::Arm64);
/// assert!(matches!(refused, Err(Unfit::NotAProgram(_))));
/// ```
pub fn check(bytes: &[u8], architecture: Architecture) -> Result<(), Unfit> {
    let header = Header::parse(bytes)?;
    let endian = header.endian()?;
    if ![ET_EXEC, ET_DYN].contains(&header.e_type(endian)) {
        return Err(Unfit::NotAProgram("it is not linked".to_owned()));
    }
    let machine = header.e_machine(endian);
    if machine != machine_of(architecture) || endian != Endianness::Little {
        return Err(Unfit::Architecture { found: machine_name(machine), wanted: architecture });
    }
    for segment in header.program_headers(endian, bytes)? {
        let wanted = interpreter_of(architecture);
        if let Some(found) = segment.interpreter(endian, bytes)?.filter(|found| *found != wanted.as_bytes()) {
            return Err(Unfit::Interpreter { found: lossy(found), wanted });
        }
    }
    let sections = header.sections(endian, bytes)?;
    check_libraries(&sections, endian, bytes)?;
    check_glibc(&sections, endian, bytes)
}

/// The shared libraries of glibc and of GCC, which `provided.al2023` has as Amazon Linux 2023 has them. What else its image
/// holds is no promise: that for containers and that of functions differ.
/// <https://docs.aws.amazon.com/linux/al2023/ug/lambda.html>
const LIBRARIES: [&str; 11] = [
    "libc.so.6",
    "libm.so.6",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "libutil.so.1",
    "libresolv.so.2",
    "libanl.so.1",
    "libgcc_s.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
];

fn check_libraries(sections: &SectionTable<'_, Header>, endian: Endianness, bytes: &[u8]) -> Result<(), Unfit> {
    let Some((entries, strings)) = sections.dynamic(endian, bytes)? else { return Ok(()) };
    let strings = sections.strings(endian, bytes, strings)?;
    for entry in entries.iter().filter(|entry| entry.d_tag(endian) == DT_NEEDED) {
        let name = lossy(entry.string(endian, strings)?);
        if !LIBRARIES.contains(&name.as_str()) {
            return Err(Unfit::Library(name));
        }
    }
    Ok(())
}

type Header = elf::FileHeader64<Endianness>;

/// glibc refuses to load a program that needs a version which it does not define, whether or not the symbol is ever
/// called. A version that is marked as weak only makes it warn: the program asks whether the symbol is there.
fn check_glibc(sections: &SectionTable<'_, Header>, endian: Endianness, bytes: &[u8]) -> Result<(), Unfit> {
    let Some((needs, strings)) = sections.gnu_verneed(endian, bytes)? else { return Ok(()) };
    let strings = sections.strings(endian, bytes, strings)?;
    let mut too_new = BTreeMap::new();
    for need in needs {
        let (_, versions) = need?;
        for version in versions {
            let version = version?;
            let name = lossy(version.name(endian, strings)?);
            if !version.vna_flags.get(endian).contains(VER_FLG_WEAK) && is_too_new(&name) {
                too_new.insert(version.vna_other(endian).index(), name);
            }
        }
    }
    let Some(version) = too_new.values().max_by_key(|name| numbers(name)) else { return Ok(()) };
    let mut needed = Vec::new();
    if let Some(versions) = sections.versions(endian, bytes)? {
        let symbols = sections.symbols(endian, bytes, SHT_DYNSYM)?;
        for (index, symbol) in symbols.enumerate() {
            if too_new.contains_key(&versions.version_index(endian, index).index()) {
                needed.push(lossy(symbol.name(endian, symbols.strings())?));
            }
        }
    }
    needed.sort();
    Err(Unfit::Glibc { version: version.trim_start_matches("GLIBC_").to_owned(), symbols: needed })
}

/// Whether the runtime's glibc does not define a version: `GLIBC_2.36`, or a feature of the loader, all of which are
/// newer, as `GLIBC_ABI_DT_RELR` of 2.36. Versions of other libraries have other names.
fn is_too_new(version: &str) -> bool {
    version.starts_with("GLIBC_ABI_") || numbers(version).is_some_and(|needed| Some(needed) > numbers(RUNTIME_GLIBC))
}

fn numbers(version: &str) -> Option<Vec<u32>> {
    let digits = version.strip_prefix("GLIBC_").unwrap_or(version);
    digits.split('.').map(|number| number.parse().ok()).collect()
}

const fn machine_of(architecture: Architecture) -> Machine {
    match architecture {
        Architecture::X86_64 => EM_X86_64,
        Architecture::Arm64 => EM_AARCH64,
    }
}

fn machine_name(machine: Machine) -> String {
    let known = [Architecture::X86_64, Architecture::Arm64];
    let found = known.into_iter().find(|known| machine_of(*known) == machine);
    found.map_or_else(|| format!("the machine {}", machine.0), |known| known.to_string())
}

/// The dynamic loader's path is a part of each processor's ABI. A program that is linked statically names none.
const fn interpreter_of(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 => "/lib64/ld-linux-x86-64.so.2",
        Architecture::Arm64 => "/lib/ld-linux-aarch64.so.1",
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl From<object::Error> for Unfit {
    fn from(error: object::Error) -> Self {
        Self::NotAProgram(error.to_string())
    }
}

impl Unfit {
    const fn code(&self) -> Code {
        match self {
            Self::NotAProgram(_) => Code::NotAProgram,
            Self::Architecture { .. } => Code::OtherArchitecture,
            Self::Interpreter { .. } => Code::Interpreter,
            Self::Library(_) => Code::MissingLibrary,
            Self::Glibc { .. } => Code::GlibcTooNew,
        }
    }

    fn help(&self) -> String {
        match self {
            Self::NotAProgram(_) | Self::Architecture { .. } => {
                "look for a `linker`, a `target` or `rustflags` in .cargo/config.toml and in the variables CARGO_… and \
                 RUSTFLAGS, and remove it"
                    .to_owned()
            }
            Self::Interpreter { wanted, .. } => {
                format!("use another linker, link with `-Wl,--dynamic-linker={wanted}`, or bundle with `--zigbuild`")
            }
            Self::Library(_) => {
                "have the crate that links it link it statically, often by a feature such as `vendored`, \
                                 `bundled` or `static`, or use a crate that is written in Rust, as rustls for TLS"
                    .to_owned()
            }
            Self::Glibc { .. } => format!(
                "bundle with `--zigbuild`, which links against {RUNTIME_GLIBC} (`pip install cargo-zigbuild`), or on a \
                 system with a glibc that is not newer, as Amazon Linux 2023 or Debian 11"
            ),
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAProgram(reason) => write!(formatter, "the bootstrap is no 64-bit ELF program: {reason}"),
            Self::Architecture { found, wanted } => {
                write!(formatter, "the bootstrap is for {found}, and the function runs on {wanted}")
            }
            Self::Interpreter { found, .. } => {
                write!(formatter, "the bootstrap asks for the loader `{found}`, which Lambda does not have")
            }
            Self::Library(name) => {
                write!(
                    formatter,
                    "the bootstrap needs the shared library `{name}`, which Lambda does not promise to have"
                )
            }
            Self::Glibc { version, symbols } => {
                let needed = of_symbols(symbols);
                write!(formatter, "the bootstrap needs glibc {version}{needed}, and the runtime has {RUNTIME_GLIBC}")
            }
        }
    }
}

fn of_symbols(symbols: &[String]) -> String {
    let shown: Vec<String> = symbols.iter().take(SHOWN_SYMBOLS).map(|symbol| format!("`{symbol}`")).collect();
    match symbols.len().saturating_sub(SHOWN_SYMBOLS) {
        _ if shown.is_empty() => String::new(),
        0 => format!(" for {}", shown.join(", ")),
        more => format!(" for {} and {more} more symbols", shown.join(", ")),
    }
}

/// One diagnostic for each reason, at the first of the functions that it holds for. A function is told by the path of a
/// route file.
pub(crate) fn diagnostics<'a>(unfit: impl IntoIterator<Item = (&'a str, Unfit)>) -> Vec<Diagnostic> {
    let mut by_reason: BTreeMap<Unfit, Vec<&str>> = BTreeMap::new();
    for (path, reason) in unfit {
        by_reason.entry(reason).or_default().push(path);
    }
    by_reason.into_iter().map(|(reason, paths)| diagnostic(&reason, &paths)).collect()
}

fn diagnostic(reason: &Unfit, paths: &[&str]) -> Diagnostic {
    let text = match paths.len() - 1 {
        0 => "the function of this route".to_owned(),
        1 => "the function of this route, and one more".to_owned(),
        more => format!("the function of this route, and {more} more"),
    };
    Diagnostic::new(reason.code(), reason.to_string(), Label::path(paths[0], paths[0], text), reason.help())
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use super::*;

    /// A program as rustc links them here: this test.
    fn own() -> Vec<u8> {
        fs::read(env::current_exe().unwrap()).unwrap()
    }

    /// The parts of a 64-bit ELF program that are looked at, and nothing else: an interpreter, and one symbol of a
    /// version of glibc.
    struct Program {
        machine: Machine,
        interpreter: &'static str,
        version: &'static str,
        flags: u16,
        library: &'static str,
    }

    impl Default for Program {
        fn default() -> Self {
            Self {
                machine: EM_AARCH64,
                interpreter: "/lib/ld-linux-aarch64.so.1",
                version: "GLIBC_2.17",
                flags: 0,
                library: "libm.so.6",
            }
        }
    }

    impl Program {
        fn bytes(&self) -> Vec<u8> {
            let mut strings = b"\0libc.so.6\0arc4random\0".to_vec();
            let version = strings.len() as u32;
            strings.extend(self.version.bytes().chain([0]));
            let library = strings.len() as u64;
            strings.extend(self.library.bytes().chain([0]));
            let dynamic = le64(&[1, 1, 1, library, 0, 0]);
            let verneed =
                [&le16(&[1, 1])[..], &le32(&[1, 16, 0]), &le32(&[0]), &le16(&[self.flags, 2]), &le32(&[version, 0])];
            let symbols = [&[0; 24][..], &le32(&[11]), &[0x12, 0, 0, 0], &[0; 16]].concat();
            let parts = [
                format!("{}\0", self.interpreter).into_bytes(),
                strings,
                verneed.concat(),
                le16(&[0, 2]),
                symbols,
                dynamic,
            ];
            const START: usize = 64 + 56;
            let offset = |index: usize| START + parts[..index].iter().map(Vec::len).sum::<usize>();
            let sections = [(0, 0, 0), (3, 1, 0), (0x6fff_fffe, 2, 1), (0x6fff_ffff, 3, 4), (11, 4, 1), (6, 5, 1)];
            let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
            bytes.extend(le16(&[ET_DYN.0, self.machine.0]));
            bytes.extend(le32(&[1]));
            bytes.extend(le64(&[0, 64, offset(parts.len()) as u64]));
            bytes.extend(le32(&[0]));
            bytes.extend(le16(&[64, 56, 1, 64, sections.len() as u16, 1]));
            let length = parts[0].len() as u64;
            bytes.extend(le32(&[3, 4]));
            bytes.extend(le64(&[START as u64, 0, 0, length, length, 1]));
            bytes.extend(parts.concat());
            for (kind, part, link) in sections {
                let place = if part == 0 { [0, 0] } else { [offset(part) as u64, parts[part].len() as u64] };
                let entry = [(11, 24), (6, 16)].into_iter().find(|(of, _)| *of == kind).map_or(0, |(_, size)| size);
                bytes.extend(le32(&[0, kind]));
                bytes.extend(le64(&[0, 0, place[0], place[1]]));
                bytes.extend(le32(&[link, 1]));
                bytes.extend(le64(&[1, entry]));
            }
            bytes
        }
    }

    fn le16(numbers: &[u16]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    fn le32(numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    fn le64(numbers: &[u64]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    fn of_arm64(program: &Program) -> Result<(), Unfit> {
        check(&program.bytes(), Architecture::Arm64)
    }

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn a_program_of_this_machine_runs_on_its_own_architecture_alone() {
        let here = Architecture::default();
        let other = if here == Architecture::Arm64 { Architecture::X86_64 } else { Architecture::Arm64 };
        // Where this test is linked against a newer glibc, that is the only thing that may be in the way.
        assert!(matches!(check(&own(), here), Ok(()) | Err(Unfit::Glibc { .. })));
        assert_eq!(check(&own(), other), Err(Unfit::Architecture { found: here.to_string(), wanted: other }));
    }

    #[test]
    fn what_the_runtime_has_is_enough() {
        for version in ["GLIBC_2.17", "GLIBC_2.2.5", "GLIBC_2.34", "GLIBC_2.4", "GLIBC_PRIVATE", "GCC_14.0.0"] {
            assert_eq!(of_arm64(&Program { version, ..Program::default() }), Ok(()), "{version}");
        }
    }

    #[test]
    fn a_newer_glibc_is_told_with_the_symbol_that_needs_it() {
        for (version, shown) in [("GLIBC_2.36", "2.36"), ("GLIBC_3.0", "3.0"), ("GLIBC_2.34.1", "2.34.1")] {
            let unfit = Unfit::Glibc { version: shown.to_owned(), symbols: vec!["arc4random".to_owned()] };
            assert_eq!(of_arm64(&Program { version, ..Program::default() }), Err(unfit));
        }
        let relative = of_arm64(&Program { version: "GLIBC_ABI_DT_RELR", ..Program::default() });
        assert!(matches!(relative, Err(Unfit::Glibc { .. })));
    }

    #[test]
    fn a_symbol_that_may_be_missing_needs_no_glibc() {
        let weak = Program { version: "GLIBC_2.39", flags: VER_FLG_WEAK.0, ..Program::default() };
        assert_eq!(of_arm64(&weak), Ok(()));
    }

    #[test]
    fn a_library_that_the_runtime_does_not_promise_is_refused() {
        for library in LIBRARIES {
            assert_eq!(of_arm64(&Program { library, ..Program::default() }), Ok(()), "{library}");
        }
        for library in ["libpq.so.5", "libssl.so.3", "libstdc++.so.6", "/opt/libc.so.6", ""] {
            let unfit = Err(Unfit::Library(library.to_owned()));
            assert_eq!(of_arm64(&Program { library, ..Program::default() }), unfit, "{library}");
        }
    }

    #[test]
    fn another_loader_is_refused() {
        let interpreter = "/lib/ld-musl-aarch64.so.1";
        let found = of_arm64(&Program { interpreter, ..Program::default() });
        assert!(matches!(found, Err(Unfit::Interpreter { found, .. }) if found == interpreter));
    }

    #[test]
    fn other_processors_are_named_as_lambda_names_them() {
        let found = |machine| of_arm64(&Program { machine, ..Program::default() });
        let unfit = |found: &str| Err(Unfit::Architecture { found: found.to_owned(), wanted: Architecture::Arm64 });
        assert_eq!(found(EM_X86_64), unfit("x86_64"));
        assert_eq!(found(Machine(243)), unfit("the machine 243"));
    }

    #[test]
    fn what_is_no_whole_program_is_refused() {
        let whole = Program::default().bytes();
        let not_elf: [&[u8]; 4] = [b"", b"#!/bin/sh\n", b"\x7fELF", b"MZ\0\0"];
        let truncated = (0..whole.len()).map(|length| &whole[..length]);
        for bytes in not_elf.into_iter().chain(truncated) {
            assert!(check(bytes, Architecture::Arm64).is_err(), "{} bytes", bytes.len());
        }
    }

    /// Every byte in turn is made the worst: no number of the file can be believed.
    #[test]
    fn hostile_bytes_do_no_harm() {
        let whole = Program { version: "GLIBC_2.36", ..Program::default() }.bytes();
        for (index, value) in (0..whole.len()).flat_map(|index| [0, 1, 0x7f, 0x80, 0xff].map(|value| (index, value))) {
            let mut bytes = whole.clone();
            bytes[index] = value;
            let _ = check(&bytes, Architecture::Arm64);
        }
        assert!(of_arm64(&Program { version: "GLIBC_2.36", ..Program::default() }).is_err());
    }

    #[test]
    fn only_a_few_symbols_are_named() {
        let symbols: Vec<String> = ('a'..='h').map(String::from).collect();
        assert_eq!(of_symbols(&symbols[..1]), " for `a`");
        assert_eq!(of_symbols(&symbols), " for `a`, `b`, `c`, `d`, `e` and 3 more symbols");
        assert_eq!(of_symbols(&[]), "");
    }
}

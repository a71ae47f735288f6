//! The file of frozen answers beside `bootstrap`. What is in it but for the bodies is read when the function starts;
//! bodies stay in the file, and in the cache of the operating system, until they are asked for.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::Path,
    sync::Mutex,
};

use bytes::Bytes;

use crate::{
    contract::report::{BodyPlace, FROZEN_FILE, FrozenFunction, FrozenIndex},
    handler::scope::lock,
};

/// What a function replays.
#[derive(Debug, Default)]
pub(crate) struct FrozenFile {
    pub(crate) index: FrozenIndex,
    pub(crate) bodies: Bodies,
}

/// Where the bodies are.
#[derive(Debug)]
pub(crate) enum Bodies {
    /// In a file, from this byte on.
    File { file: Mutex<File>, start: u64 },
    /// In memory, as in a test.
    Memory(Bytes),
}

impl Default for Bodies {
    fn default() -> Self {
        Self::Memory(Bytes::new())
    }
}

impl FrozenFile {
    /// Reads the file in a folder; without one, everything is live.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let file = match File::open(folder.join(FROZEN_FILE)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let length = file.metadata()?.len();
        let mut reader = BufReader::new(file);
        let (index, start) = read_index(&mut reader)?;
        if index.bodies_end() > length.saturating_sub(start) {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("{FROZEN_FILE} is cut")));
        }
        Ok(Self { index, bodies: Bodies::File { file: Mutex::new(reader.into_inner()), start } })
    }

    /// What such a file would hold.
    pub(crate) fn of(function: &FrozenFunction) -> io::Result<Self> {
        let content = Bytes::from(function.to_file()?);
        let (index, start) = read_index(&mut &content[..])?;
        let start = usize::try_from(start).map_err(io::Error::other)?;
        Ok(Self { index, bodies: Bodies::Memory(content.slice(start..)) })
    }
}

fn read_index(reader: &mut impl BufRead) -> io::Result<(FrozenIndex, u64)> {
    let mut line = Vec::new();
    let start = reader.read_until(b'\n', &mut line)?;
    Ok((serde_json::from_slice(&line)?, start as u64))
}

impl Bodies {
    /// A read of a file that is a part of the function takes microseconds, which is why it is no task of its own.
    pub(crate) fn read(&self, place: BodyPlace) -> io::Result<Bytes> {
        let length = usize::try_from(place.length).map_err(io::Error::other)?;
        match self {
            Self::File { file, start } => {
                let mut body = vec![0; length];
                let mut file = lock(file);
                file.seek(SeekFrom::Start(start + place.start))?;
                file.read_exact(&mut body)?;
                Ok(body.into())
            }
            Self::Memory(bodies) => {
                let start = usize::try_from(place.start).map_err(io::Error::other)?;
                let end = start.checked_add(length).filter(|end| *end <= bodies.len());
                Ok(bodies.slice(start..end.ok_or(io::ErrorKind::UnexpectedEof)?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{
        config::Revalidate,
        pattern::{ParamValue, Params},
        report::{Frozen, FrozenRoute},
    };

    fn function(bodies: &[&[u8]]) -> FrozenFunction {
        let answers = bodies.iter().enumerate().map(|(slug, body)| {
            let mut params = Params::default();
            params.push("slug", ParamValue::One(slug.to_string()));
            let headers = vec![("x-a".to_owned(), "line\nend".to_owned())];
            let (body, tags) = (body.to_vec(), vec!["t".to_owned()]);
            (params, Frozen { status: 200, headers, body, revalidate: Revalidate::Never, tags })
        });
        FrozenFunction(
            [("/[slug]".to_owned(), FrozenRoute { answers: answers.collect(), ..FrozenRoute::default() })].into(),
        )
    }

    #[test]
    fn bodies_are_read_from_their_places() {
        let bodies: [&[u8]; 5] = [b"one", b"", b"\n\0\xFF", b"one", b"last"];
        let function = function(&bodies);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FROZEN_FILE), function.to_file().unwrap()).unwrap();
        for frozen in [FrozenFile::open(folder.path()).unwrap(), FrozenFile::of(&function).unwrap()] {
            let answers = &frozen.index.0["/[slug]"].answers;
            let read = answers.iter().map(|(_, answer)| frozen.bodies.read(answer.body).unwrap());
            assert_eq!(read.collect::<Vec<_>>(), bodies);
            assert!(frozen.bodies.read(BodyPlace { start: 0, length: 1000 }).is_err());
        }
        let length = function.to_file().unwrap().len();
        assert_eq!(
            length,
            function_of_index_only(&function) + "one\n\0\u{FF}last".chars().count(),
            "the same body is there once"
        );
    }

    fn function_of_index_only(function: &FrozenFunction) -> usize {
        function.to_file().unwrap().iter().position(|byte| *byte == b'\n').unwrap() + 1
    }

    #[test]
    fn without_a_file_nothing_is_frozen_and_a_cut_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(FrozenFile::open(folder.path()).unwrap().index.0.is_empty());
        let content = function(&[b"body"]).to_file().unwrap();
        for length in [0, 10, content.len() - 1] {
            std::fs::write(folder.path().join(FROZEN_FILE), &content[..length]).unwrap();
            assert!(FrozenFile::open(folder.path()).is_err(), "{length}");
        }
    }
}

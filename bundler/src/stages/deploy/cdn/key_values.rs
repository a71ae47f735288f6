//! `cdn/key-values.json`: what the CDN knows of each path, in the format that a KeyValueStore imports
//! ([AWS](https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/kvs-with-functions-create-s3-kvp.html)).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use wharf::{Method, config::Revalidate, pattern::Pattern};

use crate::{
    diagnostic::{Code, Diagnostic, Label},
    stages::manifest::{AnswerEntry, Manifest, ObjectEntry, RouteEntry},
    url_path::UrlPath,
};

/// The longest key, in bytes. <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html>
const LONGEST_KEY: usize = 512;

/// The longest value, in bytes. The same page.
const LONGEST_VALUE: usize = 1024;

/// The bytes of all keys and values, as they stand in the file. A store takes 5 MB; the rest is left to the stamps of what
/// the app revalidates, of which there are 8,192 at most.
const ROOM: usize = 4_500_000;

/// What the CDN knows of a path.
#[derive(Debug, Clone, Copy, Serialize)]
struct Value<'m> {
    /// The key of the object that a GET or HEAD is answered with; absent when the API answers.
    #[serde(rename = "k", skip_serializing_if = "Option::is_none")]
    object: Option<&'m str>,
    /// The methods of `Allow`, where no function stands behind the object.
    #[serde(rename = "m", skip_serializing_if = "Option::is_none")]
    allow: Option<&'m str>,
    /// The tags of the fetches that the answer was made from.
    #[serde(rename = "t", skip_serializing_if = "<[String]>::is_empty")]
    tags: &'m [String],
}

/// A line of the file.
#[derive(Serialize)]
struct KeyValue<'m> {
    key: &'m str,
    value: String,
}

/// Why there is no entry for a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Obstacle {
    Key(usize),
    Value(usize),
    Room,
}

impl Obstacle {
    fn text(self) -> String {
        match self {
            Self::Key(bytes) => format!("its path has {bytes} bytes, and a key has {LONGEST_KEY} at most"),
            Self::Value(bytes) => format!("its tags make {bytes} bytes, and a value has {LONGEST_VALUE} at most"),
            Self::Room => format!("there is room for {ROOM} bytes only"),
        }
    }
}

/// The lines of the file, and how much of the store is left.
#[derive(Default)]
struct Store {
    lines: BTreeMap<String, String>,
    bytes: usize,
}

impl Store {
    fn add(&mut self, path: &str, value: &Value<'_>) -> Result<(), Obstacle> {
        // Infallible: a map of texts has a JSON form.
        let value = serde_json::to_string(value).unwrap_or_default();
        if path.len() > LONGEST_KEY {
            return Err(Obstacle::Key(path.len()));
        }
        if value.len() > LONGEST_VALUE {
            return Err(Obstacle::Value(value.len()));
        }
        let line = serde_json::to_string(&KeyValue { key: path, value }).unwrap_or_default();
        // A comma and a line feed.
        let bytes = self.bytes + line.len() + 2;
        if bytes > ROOM {
            return Err(Obstacle::Room);
        }
        self.bytes = bytes;
        self.lines.insert(path.to_owned(), line);
        Ok(())
    }

    fn text(&self) -> String {
        let lines: Vec<&str> = self.lines.values().map(String::as_str).collect();
        format!("{{\"data\":[\n{}\n]}}\n", lines.join(",\n"))
    }
}

/// The text of the file, and what stays with the API for want of room. What has no function has to fit: nobody else
/// would answer it.
pub(super) fn text(manifest: &Manifest) -> Result<(String, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut store = Store::default();
    let allow = Method::allow(&Method::answered(&[Method::Get].into()));
    let files = manifest.objects.iter().filter(|object| object.function.is_none());
    let without_entry: Vec<_> = files
        .filter_map(|file| {
            let value = Value { object: Some(&file.key), allow: Some(&allow), tags: &[] };
            Some((file, store.add(&file.path, &value).err()?))
        })
        .collect();
    if !without_entry.is_empty() {
        return Err(refused(&without_entry));
    }
    let left: Vec<_> = answers(manifest)
        .into_iter()
        .filter_map(|(route, path, value)| Some((route, path, store.add(path, &value).err()?)))
        .collect();
    Ok((store.text(), left_to_the_api(&left).into_iter().collect()))
}

/// The answers that the CDN knows something of. Those with a time to live are not taken from S3, since only their
/// function renews them.
fn answers(manifest: &Manifest) -> Vec<(&RouteEntry, &str, Value<'_>)> {
    let files: BTreeSet<&str> =
        manifest.objects.iter().filter(|object| object.function.is_none()).map(|object| &*object.path).collect();
    let patterns: Vec<Option<Pattern>> = manifest.routes.iter().map(|route| route.pattern.parse().ok()).collect();
    // A list of params may name a path that another route answers.
    let is_at = |index: usize, path: &str| {
        let Some(path) = UrlPath::parse(path) else { return false };
        let parts: Vec<&str> = path.parts().iter().map(String::as_str).collect();
        let matches = |pattern: &Option<Pattern>| pattern.as_ref().is_some_and(|it| it.matches(&parts).is_some());
        patterns.iter().position(matches) == Some(index)
    };
    let mut answers = Vec::new();
    for (index, route) in manifest.routes.iter().enumerate() {
        for answer in route.answers() {
            let value = Value { object: kept_object(answer), allow: None, tags: &answer.tags };
            let is_told = value.object.is_some() || !value.tags.is_empty();
            if is_told && !files.contains(&*answer.path) && is_at(index, &answer.path) {
                answers.push((route, &*answer.path, value));
            }
        }
    }
    answers
}

fn kept_object(answer: &AnswerEntry) -> Option<&str> {
    answer.object.as_deref().filter(|_| answer.revalidate == Revalidate::Never)
}

fn refused(files: &[(&ObjectEntry, Obstacle)]) -> Vec<Diagnostic> {
    let (crowded, odd): (Vec<_>, Vec<_>) = files.iter().partition(|(_, obstacle)| *obstacle == Obstacle::Room);
    let refuse = |file: &ObjectEntry, message: String, help: &str| {
        let source = file.source.as_deref().unwrap_or(&file.path);
        let name = source.rsplit('/').next().unwrap_or(source);
        Diagnostic::new(Code::FileNotServed, message, Label::path(source, name, "no function answers it instead"), help)
    };
    let odd = odd.iter().map(|(file, obstacle)| {
        refuse(
            file,
            format!("the CDN cannot look up a file: {}", obstacle.text()),
            "give it or its folders a shorter name",
        )
    });
    let crowded = crowded.first().map(|(file, obstacle)| {
        let message = format!("the CDN cannot look up {} files: {}", crowded.len(), obstacle.text());
        refuse(file, message, "move files to a bucket of their own, or give them shorter paths")
    });
    odd.chain(crowded).collect()
}

fn left_to_the_api(left: &[(&RouteEntry, &str, Obstacle)]) -> Option<Diagnostic> {
    let (route, path, obstacle) = left.first()?;
    let count = if left.len() == 1 { "one answer".to_owned() } else { format!("{} answers", left.len()) };
    Some(Diagnostic::new(
        Code::LeftToTheApi,
        format!("the CDN leaves {count} to the API: {}", obstacle.text()),
        Label::path(&route.source, "route.rs", format!("answers {}", shortened(path))),
        "nothing, if that is fast enough; else give the params in `generate_static_params` shorter values, list fewer of \
         them, or tag less",
    ))
}

fn shortened(path: &str) -> String {
    match path.char_indices().nth(60) {
        Some((end, _)) => format!("`{}…`", &path[..end]),
        None => format!("`{path}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::manifest::tests::manifest;

    /// The manifest of an app with one route, whose GET lists these paths of one part, made from these tags.
    fn listing(paths: &[&str], revalidate: Revalidate, tags: &[&str]) -> Manifest {
        let mut manifest = manifest();
        let get = manifest.routes[0].methods.get_mut("GET").unwrap();
        let answer = |path: &&str| AnswerEntry {
            path: (*path).to_owned(),
            object: Some("objects/0a1b".to_owned()),
            revalidate,
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            ..get.answers[0].clone()
        };
        get.answers = paths.iter().map(answer).collect();
        manifest
    }

    fn with_file(manifest: Manifest, path: &str) -> Manifest {
        let file = ObjectEntry {
            path: path.to_owned(),
            key: "objects/2c3d".to_owned(),
            file: "objects/2c3d".to_owned(),
            size: 1,
            sha256: String::new(),
            status: 200,
            headers: BTreeMap::new(),
            revalidate: Revalidate::Never,
            tags: Vec::new(),
            function: None,
            source: Some(format!("public{path}")),
        };
        let objects = manifest.objects.iter().cloned().chain([file]).collect();
        Manifest { objects, ..manifest }
    }

    /// Keys and values, and what is left to the API.
    fn data(manifest: &Manifest) -> (Vec<(String, String)>, Vec<Diagnostic>) {
        let (text, warnings) = text(manifest).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let text = |line: &serde_json::Value, name: &str| line[name].as_str().unwrap().to_owned();
        let lines = json["data"].as_array().unwrap().iter();
        (lines.map(|line| (text(line, "key"), text(line, "value"))).collect(), warnings)
    }

    fn values(manifest: &Manifest) -> Vec<(String, String)> {
        let (values, warnings) = data(manifest);
        assert_eq!(warnings, []);
        values
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_is_never_renewed_is_an_object() {
        let manifest = listing(&["/items/b%20c", "/items/a"], Revalidate::Never, &[]);
        let object = r#"{"k":"objects/0a1b"}"#;
        assert_eq!(values(&manifest), pairs(&[("/items/a", object), ("/items/b%20c", object)]));
    }

    #[test]
    fn what_has_a_time_to_live_is_left_to_its_function() {
        assert_eq!(values(&listing(&["/items/a"], Revalidate::After(60), &[])), []);
        let tagged = listing(&["/items/a"], Revalidate::After(60), &["shop"]);
        assert_eq!(values(&tagged), pairs(&[("/items/a", r#"{"t":["shop"]}"#)]));
        let kept = listing(&["/items/a"], Revalidate::Never, &["shop", "\"q\""]);
        assert_eq!(values(&kept), pairs(&[("/items/a", r#"{"k":"objects/0a1b","t":["shop","\"q\""]}"#)]));
    }

    #[test]
    fn a_file_tells_its_methods_and_wins_over_an_answer() {
        let manifest = with_file(listing(&["/items/a"], Revalidate::Never, &[]), "/items/a");
        let value = r#"{"k":"objects/2c3d","m":"GET, HEAD, OPTIONS"}"#;
        assert_eq!(values(&manifest), pairs(&[("/items/a", value)]));
    }

    #[test]
    fn a_path_of_another_route_is_not_an_answer_of_this_one() {
        let mut manifest = listing(&["/items/a", "/items/b"], Revalidate::Never, &[]);
        let fixed =
            RouteEntry { pattern: "/items/b".to_owned(), methods: BTreeMap::new(), ..manifest.routes[0].clone() };
        manifest.routes.insert(0, fixed);
        assert_eq!(values(&manifest).into_iter().map(|(key, _)| key).collect::<Vec<_>>(), ["/items/a"]);
    }

    #[test]
    fn an_answer_that_finds_no_room_is_left_to_the_api() {
        let long = format!("/items/{}", "x".repeat(LONGEST_KEY));
        let (values, warnings) = data(&listing(&["/items/a", &long], Revalidate::Never, &[]));
        assert_eq!(values.len(), 1);
        assert!(warnings[0].message.contains("leaves one answer to the API: its path has 519 bytes"), "{warnings:?}");

        let tag = "x".repeat(LONGEST_VALUE);
        let (values, warnings) = data(&listing(&["/items/a", "/items/b"], Revalidate::Never, &[&tag]));
        assert_eq!(values, []);
        assert!(warnings[0].message.contains("leaves 2 answers to the API: its tags make"), "{warnings:?}");
    }

    #[test]
    fn the_store_is_never_overfilled() {
        let paths: Vec<String> = (0..40_000).map(|number| format!("/items/{number:0100}")).collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let manifest = with_file(listing(&paths, Revalidate::Never, &[]), "/style.css");
        let (values, warnings) = data(&manifest);
        assert!(text(&manifest).unwrap().0.len() <= ROOM + 20);
        assert!(values.iter().any(|(key, _)| key == "/style.css"), "what has no other answer comes first");
        let message = format!("the CDN leaves {} answers to the API: there is room", 40_001 - values.len());
        assert!(warnings[0].message.starts_with(&message), "{warnings:?}");
    }

    #[test]
    fn a_file_that_finds_no_room_is_refused() {
        let long = format!("/{}", "x".repeat(LONGEST_KEY));
        let refused = text(&with_file(manifest(), &long)).unwrap_err();
        assert_eq!(refused[0].code, Code::FileNotServed);

        let file = with_file(manifest(), "/x").objects.remove(0);
        let objects = (0..9_000).map(|number| ObjectEntry { path: format!("/{number:0500}"), ..file.clone() });
        let manifest = Manifest { objects: objects.collect(), ..manifest() };
        let refused = text(&manifest).unwrap_err();
        assert_eq!(refused.len(), 1);
        assert!(refused[0].message.ends_with("files: there is room for 4500000 bytes only"), "{refused:?}");
    }
}

//! The maps of an event, headers or query parameters, as lines: in their order and with every repetition.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, MapAccess, SeqAccess, Visitor},
};

/// Name and value, as often as they were sent. A value may be a text or a list of texts.
#[derive(Debug, Default)]
pub(super) struct Lines(Vec<(String, String)>);

/// As many lines are read, and one more: more headers than [`http::HeaderMap`] holds, and more pairs than fit a query, so
/// that what is left out is always refused.
const MOST: usize = 1 << 15;

impl Lines {
    fn push(&mut self, name: &str, value: String) {
        if self.0.len() <= MOST {
            self.0.push((name.to_owned(), value));
        }
    }

    pub(super) fn into_vec(self) -> Vec<(String, String)> {
        self.0
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The headers of a map of lists and of a map of single values. The first wins; what stands in the second alone is
/// kept.
pub(super) fn headers(multi: Option<Lines>, single: Option<Lines>) -> Vec<(String, String)> {
    merged(multi, single, str::to_ascii_lowercase)
}

/// The same for query parameters, whose names have a case.
pub(super) fn parameters(multi: Option<Lines>, single: Option<Lines>) -> Vec<(String, String)> {
    merged(multi, single, str::to_owned)
}

fn merged(multi: Option<Lines>, single: Option<Lines>, key: fn(&str) -> String) -> Vec<(String, String)> {
    let mut lines = multi.unwrap_or_default().0;
    let known: HashSet<_> = lines.iter().map(|(name, _)| key(name)).collect();
    lines.extend(single.into_iter().flat_map(Lines::into_vec).filter(|(name, _)| !known.contains(&key(name))));
    lines
}

/// The value of the header of this name that was sent last.
pub(super) fn last<'l>(lines: &'l [(String, String)], name: &str) -> Option<&'l str> {
    lines.iter().rev().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// The address that the front end itself saw: the last one that was written to `X-Forwarded-For`. A load balancer may
/// add the port to it
/// ([AWS](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html)).
pub(super) fn source_ip(lines: &[(String, String)]) -> Option<String> {
    let address = last(lines, "x-forwarded-for")?.rsplit(',').next()?.trim();
    let socket = address.parse::<std::net::SocketAddr>().ok();
    Some(socket.map_or_else(|| address.to_owned(), |socket| socket.ip().to_string()))
}

/// The query of pairs that are still encoded.
pub(super) fn raw_query(pairs: &[(String, String)]) -> String {
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Map)
    }
}

struct Map;

impl<'de> Visitor<'de> for Map {
    type Value = Lines;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map of lines")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Lines, A::Error> {
        let mut lines = Lines(Vec::with_capacity(16));
        while let Some(name) = map.next_key()? {
            map.next_value_seed(Values { name, lines: &mut lines })?;
        }
        Ok(lines)
    }
}

/// One value or several of one name.
struct Values<'l> {
    name: String,
    lines: &'l mut Lines,
}

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text or a list of texts")
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.lines.push(&self.name, value.to_owned());
        Ok(())
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<(), E> {
        self.lines.push(&self.name, value);
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        while let Some(value) = values.next_element()? {
            self.lines.push(&self.name, value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(json: &str) -> Option<Lines> {
        Some(serde_json::from_str(json).unwrap())
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn order_and_repetitions_are_kept() {
        let lines = lines(r#"{"z": ["1", "2"], "a": "3", "none": null, "empty": [], "z": "4"}"#).unwrap();
        assert_eq!(lines.into_vec(), pairs(&[("z", "1"), ("z", "2"), ("a", "3"), ("z", "4")]));
        assert!(serde_json::from_str::<Lines>(r#"{"a": 1}"#).is_err());
    }

    #[test]
    fn lists_win_and_nothing_else_is_dropped() {
        let (multi, single) = (r#"{"A": ["1", "2"]}"#, r#"{"a": "2", "b": "3"}"#);
        assert_eq!(headers(lines(multi), lines(single)), pairs(&[("A", "1"), ("A", "2"), ("b", "3")]));
        assert_eq!(parameters(lines(multi), lines(single)), pairs(&[("A", "1"), ("A", "2"), ("a", "2"), ("b", "3")]));
    }

    #[test]
    fn the_address_is_the_one_that_the_front_end_saw() {
        for (header, address) in [
            ("1.2.3.4, 203.0.113.7", "203.0.113.7"),
            ("203.0.113.7:4711", "203.0.113.7"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
        ] {
            assert_eq!(source_ip(&pairs(&[("X-Forwarded-For", header)])).as_deref(), Some(address));
        }
    }
}

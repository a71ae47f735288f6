//! JSON as it stands there: a map keeps the order of its fields, and fields that are repeated.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number,
    Text(String),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

impl Json {
    /// A field of a map, `Null` when it is missing; `None` when it is repeated, or this is no map.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        let Self::Map(fields) = self else { return None };
        let mut found = fields.iter().filter(|(other, _)| other == name).map(|(_, value)| value);
        let first = found.next();
        found.next().is_none().then_some(first.unwrap_or(&Self::Null))
    }

    /// A field that may be a text; `None` when it is anything else.
    pub(super) fn text(&self, name: &str) -> Option<Option<&str>> {
        match self.field(name)? {
            Self::Null => Some(None),
            Self::Text(text) => Some(Some(text)),
            _ => None,
        }
    }

    /// A field that may be a flag.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.field(name)? {
            Self::Null => Some(false),
            Self::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        *self == Self::Null
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
        Ok(Json::Bool(flag))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = values.next_element()? {
            list.push(value);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let mut map = Vec::new();
        while let Some(field) = fields.next_entry()? {
            map.push(field);
        }
        Ok(Json::Map(map))
    }
}

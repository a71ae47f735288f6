//! `Path`: the params of the path, as the type that a handler asks for.

use std::fmt;

use axum::{extract::FromRequestParts, response::IntoResponse};
use http::{StatusCode, request::Parts};
use serde::{
    Deserializer,
    de::{
        self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::{SeqDeserializer, StrDeserializer},
    },
    forward_to_deserialize_any,
};

use crate::{
    contract::pattern::{ParamValue, Params},
    handler::mark::Cause,
};

/// The params of the path: the decoded parts that the pattern's dynamic segments captured.
///
/// | pattern | what to ask for |
/// | --- | --- |
/// | `[slug]` | `Path<String>`, `Path<u32>`, anything that is read from one text |
/// | several | a tuple in the order of the URL, or a struct or map by name |
/// | `[...path]` | `Path<Vec<String>>` |
/// | `[[...path]]` | `Path<Option<Vec<String>>>`, `None` for the bare prefix |
///
/// A value that cannot be read as its type is answered with 400.
///
/// ```
/// use serde::Deserialize;
/// use wharf::Path;
///
/// #[derive(Deserialize)]
/// pub struct Place {
///     shop: u32,
///     path: Vec<String>,
/// }
///
/// pub async fn get(Path(place): Path<Place>) -> String {
///     format!("{}: {}", place.shop, place.path.join(" / "))
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Path<T>(pub T);

impl<T> std::ops::Deref for Path<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = PathRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PathRejection> {
        parts.extensions.get::<Params>().map_or_else(|| read(&Params::EMPTY), read).map(Path)
    }
}

fn read<T: DeserializeOwned>(params: &Params) -> Result<T, PathRejection> {
    T::deserialize(ParamsDeserializer(params)).map_err(|error| PathRejection(error.0))
}

/// The params of the path cannot be read as the type that the handler asks for. Answered with an empty 400; the text
/// goes to the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathRejection(String);

impl fmt::Display for PathRejection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for PathRejection {}

impl IntoResponse for PathRejection {
    fn into_response(self) -> axum::response::Response {
        Cause::new(self.0).into_reply(StatusCode::BAD_REQUEST)
    }
}

#[derive(Debug)]
struct ParamsError(String);

impl fmt::Display for ParamsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for ParamsError {}

impl de::Error for ParamsError {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self(text.to_string())
    }
}

struct ParamsDeserializer<'de>(&'de Params);

impl<'de> ParamsDeserializer<'de> {
    /// The only param, for types that are made of one.
    fn only(&self) -> Result<ParamDeserializer<'de>, ParamsError> {
        let mut params = self.0.iter();
        match (params.next(), params.next()) {
            (Some((name, value)), None) => Ok(ParamDeserializer::new(name, value)),
            (None, _) => Err(ParamsError("the path has no params".to_owned())),
            (Some(_), Some(_)) => {
                Err(ParamsError(format!("the path has {} params, and the handler asks for one", self.0.iter().len())))
            }
        }
    }

    fn is_one_list(&self) -> bool {
        self.0.iter().len() == 1 && self.0.iter().all(|(_, value)| matches!(value, ParamValue::Many(_)))
    }
}

macro_rules! from_the_only_param {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            self.only()?.$method(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for ParamsDeserializer<'de> {
    type Error = ParamsError;

    from_the_only_param! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32
        deserialize_f64 deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_identifier
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.is_empty() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.is_one_list() {
            return self.only()?.deserialize_seq(visitor);
        }
        visitor.visit_seq(InOrder { params: self.0, next: 0 })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Self::Error> {
        if self.is_one_list() && length > 1 {
            return self.only()?.deserialize_seq(visitor);
        }
        let count = self.0.iter().len();
        // The param of an optional catch-all that matched nothing is the one that may lack.
        if count > length || count + 1 < length {
            return Err(ParamsError(format!("the path has {count} params, and the handler asks for {length}")));
        }
        visitor.visit_seq(InOrder { params: self.0, next: 0 })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_map(ByName { params: self.0, next: 0 })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.only()?.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_unit()
    }
}

struct InOrder<'de> {
    params: &'de Params,
    next: usize,
}

impl<'de> SeqAccess<'de> for InOrder<'de> {
    type Error = ParamsError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ParamsError> {
        let index = self.next;
        self.next += 1;
        match self.params.iter().nth(index) {
            Some((name, value)) => seed.deserialize(ParamDeserializer::new(name, value)).map(Some),
            // Only a tuple asks on, and its length was checked.
            None if index == self.params.iter().len() => seed
                .deserialize(Absent)
                .map(Some)
                .or_else(|error| if error.0 == NOT_OPTIONAL { Ok(None) } else { Err(error) }),
            None => Ok(None),
        }
    }
}

struct ByName<'de> {
    params: &'de Params,
    next: usize,
}

impl<'de> MapAccess<'de> for ByName<'de> {
    type Error = ParamsError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ParamsError> {
        let Some((name, _)) = self.params.iter().nth(self.next) else { return Ok(None) };
        let name: StrDeserializer<'de, ParamsError> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, ParamsError> {
        let Some((name, value)) = self.params.iter().nth(self.next) else {
            return Err(ParamsError("a value was asked for before its name".to_owned()));
        };
        self.next += 1;
        seed.deserialize(ParamDeserializer::new(name, value))
    }
}

const NOT_OPTIONAL: &str = "a param is missing that is not optional";

/// The param of an optional catch-all that matched nothing.
struct Absent;

impl<'de> Deserializer<'de> for Absent {
    type Error = ParamsError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(ParamsError(NOT_OPTIONAL.to_owned()))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_none()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_seq(SeqDeserializer::<_, ParamsError>::new(std::iter::empty::<&str>()))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// One param.
#[derive(Clone, Copy)]
struct ParamDeserializer<'de> {
    name: &'de str,
    value: Value<'de>,
}

#[derive(Clone, Copy)]
enum Value<'de> {
    One(&'de str),
    Many(&'de [String]),
}

impl<'de> ParamDeserializer<'de> {
    fn new(name: &'de str, value: &'de ParamValue) -> Self {
        let value = match value {
            ParamValue::One(text) => Value::One(text),
            ParamValue::Many(parts) => Value::Many(parts),
        };
        Self { name, value }
    }

    fn one(&self) -> Result<&'de str, ParamsError> {
        match self.value {
            Value::One(text) => Ok(text),
            Value::Many(_) => {
                Err(ParamsError(format!("the param `{}` is a list, and the handler asks for one value", self.name)))
            }
        }
    }

    fn parse<T: std::str::FromStr>(&self, expected: &str) -> Result<T, ParamsError> {
        let text = self.one()?;
        text.parse().map_err(|_| ParamsError(format!("the param `{}` is {text:?}, which is no {expected}", self.name)))
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $type:ty,)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            visitor.$visit(self.parse::<$type>(stringify!($type))?)
        })*
    };
}

impl<'de> Deserializer<'de> for ParamDeserializer<'de> {
    type Error = ParamsError;

    parsed! {
        deserialize_bool visit_bool bool,
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_i128 visit_i128 i128,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
        deserialize_u128 visit_u128 u128,
        deserialize_f32 visit_f32 f32,
        deserialize_f64 visit_f64 f64,
        deserialize_char visit_char char,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.value {
            Value::One(text) => visitor.visit_borrowed_str(text),
            Value::Many(_) => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_borrowed_str(self.one()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_borrowed_bytes(self.one()?.as_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.value {
            Value::Many(parts) => visitor.visit_seq(List { name: self.name, parts: parts.iter() }),
            Value::One(text) => {
                Err(ParamsError(format!("the param `{}` is {text:?}, and the handler asks for a list", self.name)))
            }
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Self::Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_enum(self.one()?.into_deserializer())
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { unit unit_struct map struct identifier }
}

/// The parts of a catch-all; each is read like a param of its own, so that `Vec<u32>` works.
struct List<'de> {
    name: &'de str,
    parts: std::slice::Iter<'de, String>,
}

impl<'de> SeqAccess<'de> for List<'de> {
    type Error = ParamsError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ParamsError> {
        let Some(part) = self.parts.next() else { return Ok(None) };
        seed.deserialize(ParamDeserializer { name: self.name, value: Value::One(part) }).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::Deserialize;

    use super::*;

    fn params(pairs: &[(&str, ParamValue)]) -> Params {
        let mut params = Params::default();
        pairs.iter().for_each(|(name, value)| params.push(*name, value.clone()));
        params
    }

    fn one(text: &str) -> ParamValue {
        ParamValue::One(text.to_owned())
    }

    fn many(parts: &[&str]) -> ParamValue {
        ParamValue::Many(parts.iter().map(|part| (*part).to_owned()).collect())
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        New,
        Old,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Place {
        shop: u32,
        path: Option<Vec<String>>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Id(u64);

    #[test]
    fn one_param_is_read_as_what_it_is() {
        let kind = params(&[("kind", one("old"))]);
        let params = params(&[("slug", one("42"))]);
        assert_eq!(read::<String>(&params).unwrap(), "42");
        assert_eq!(read::<u32>(&params).unwrap(), 42);
        assert_eq!(read::<Id>(&params).unwrap(), Id(42));
        assert_eq!(read::<(u8,)>(&params).unwrap(), (42,));
        assert_eq!(read::<Option<u8>>(&params).unwrap(), Some(42));
        assert_eq!(read::<HashMap<String, u8>>(&params).unwrap()["slug"], 42);
        assert_eq!(read::<Vec<String>>(&params).unwrap(), ["42"]);
        assert_eq!(read::<serde_json::Value>(&params).unwrap(), serde_json::json!({"slug": "42"}));
        assert_eq!(read::<Kind>(&kind).unwrap(), Kind::Old);
    }

    #[test]
    fn several_are_a_tuple_or_a_struct() {
        let params = params(&[("shop", one("7")), ("path", many(&["a", "b/c"]))]);
        let path = vec!["a".to_owned(), "b/c".to_owned()];
        assert_eq!(read::<(u32, Vec<String>)>(&params).unwrap(), (7, path.clone()));
        assert_eq!(read::<Place>(&params).unwrap(), Place { shop: 7, path: Some(path) });
    }

    #[test]
    fn a_catch_all_is_a_list() {
        let params = params(&[("path", many(&["1", "2"]))]);
        assert_eq!(read::<Vec<String>>(&params).unwrap(), ["1", "2"]);
        assert_eq!(read::<Vec<u8>>(&params).unwrap(), [1, 2]);
        assert_eq!(read::<(u8, u8)>(&params).unwrap(), (1, 2));
        assert_eq!(read::<(Vec<u8>,)>(&params).unwrap(), (vec![1, 2],));
    }

    #[test]
    fn an_optional_catch_all_of_nothing_is_none() {
        assert_eq!(read::<Option<Vec<String>>>(&Params::EMPTY).unwrap(), None);
        assert_eq!(read::<Vec<String>>(&Params::EMPTY).unwrap(), Vec::<String>::new());
        let params = params(&[("shop", one("7"))]);
        assert_eq!(read::<(u32, Option<Vec<String>>)>(&params).unwrap(), (7, None));
        assert_eq!(read::<(u32, Vec<String>)>(&params).unwrap(), (7, Vec::new()));
        assert_eq!(read::<Place>(&params).unwrap(), Place { shop: 7, path: None });
    }

    #[test]
    fn what_does_not_fit_says_why() {
        let slug = params(&[("slug", one("x"))]);
        assert_eq!(read::<u32>(&slug).unwrap_err().0, "the param `slug` is \"x\", which is no u32");
        let list = params(&[("path", many(&["a"]))]);
        assert_eq!(
            read::<String>(&list).unwrap_err().0,
            "the param `path` is a list, and the handler asks for one value"
        );
        let two = params(&[("a", one("1")), ("b", one("2"))]);
        assert_eq!(read::<String>(&two).unwrap_err().0, "the path has 2 params, and the handler asks for one");
        assert!(read::<(u8, u8, u8, u8)>(&two).unwrap_err().0.contains("asks for 4"));
        assert!(read::<(u8, u8, u8)>(&two).is_err());
        assert!(read::<Kind>(&slug).unwrap_err().0.contains("unknown variant"));
    }
}

//! What `generate_static_params` returns, as the params of a pattern.

use serde::Serialize;
use serde_json::Value;

use crate::{
    contract::pattern::{ParamValue, Params, Pattern, Segment},
    handler::error::Error,
};

/// What `generate_static_params` may return: a `Vec` or an array of params, or a `Result` of one.
///
/// The params of one path are text or a number for one `[slug]`, a tuple for several, a struct or map by name, a
/// `Vec<String>` for a catch-all, an `Option<Vec<String>>` for an optional one.
///
/// ```
/// pub async fn generate_static_params() -> Vec<(&'static str, u32)> {
///     vec![("books", 1), ("books", 2)]
/// }
/// ```
pub trait IntoStaticParams {
    /// One value a path.
    ///
    /// # Errors
    ///
    /// The text of what failed.
    fn into_static_params(self) -> Result<Vec<Value>, String>;
}

impl<T: Serialize> IntoStaticParams for Vec<T> {
    fn into_static_params(self) -> Result<Vec<Value>, String> {
        self.iter().map(|value| serde_json::to_value(value).map_err(|error| error.to_string())).collect()
    }
}

impl<T: Serialize, const N: usize> IntoStaticParams for [T; N] {
    fn into_static_params(self) -> Result<Vec<Value>, String> {
        Vec::from(self).into_static_params()
    }
}

impl<P: IntoStaticParams, E: Into<Error>> IntoStaticParams for Result<P, E> {
    fn into_static_params(self) -> Result<Vec<Value>, String> {
        self.map_err(|error| error.into().chain())?.into_static_params()
    }
}

/// The params that one returned value stands for.
pub(crate) fn params_of(pattern: &Pattern, value: &Value) -> Result<Params, String> {
    let segments: Vec<_> = pattern.segments().iter().filter(|segment| segment.param().is_some()).collect();
    let values = match (value, segments.as_slice()) {
        (Value::Object(fields), _) => by_name(fields, &segments)?,
        (value, [_]) => vec![value],
        (Value::Array(values), _) if values.len() == segments.len() => values.iter().collect(),
        _ => return Err(format!("`{value}` does not name the {} params of `{pattern}`", segments.len())),
    };
    let mut params = Params::default();
    for (segment, value) in segments.into_iter().zip(values) {
        push(&mut params, segment, value)?;
    }
    Ok(params)
}

fn by_name<'v>(fields: &'v serde_json::Map<String, Value>, segments: &[&Segment]) -> Result<Vec<&'v Value>, String> {
    let names: Vec<_> = segments.iter().filter_map(|segment| segment.param()).collect();
    if let Some(unknown) = fields.keys().find(|key| !names.contains(&key.as_str())) {
        return Err(format!("there is no param `{unknown}`; there is {}", names.join(", ")));
    }
    Ok(names.iter().map(|name| fields.get(*name).unwrap_or(&Value::Null)).collect())
}

fn push(params: &mut Params, segment: &Segment, value: &Value) -> Result<(), String> {
    let name = segment.param().unwrap_or_default();
    match (segment, value) {
        (Segment::OptionalCatchAll(_), Value::Null) => {}
        (Segment::OptionalCatchAll(_), Value::Array(parts)) if parts.is_empty() => {}
        (Segment::CatchAll(_) | Segment::OptionalCatchAll(_), Value::Array(parts)) if !parts.is_empty() => {
            let parts: Result<_, _> = parts.iter().map(|part| text(name, part)).collect();
            params.push(name, ParamValue::Many(parts?));
        }
        (Segment::CatchAll(_) | Segment::OptionalCatchAll(_), _) => {
            return Err(format!("the param `{name}` must be a list of one part or more, and is `{value}`"));
        }
        (_, Value::Null) => return Err(format!("the param `{name}` is missing")),
        _ => params.push(name, ParamValue::One(text(name, value)?)),
    }
    Ok(())
}

fn text(name: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) if text.is_empty() => Err(format!("the param `{name}` is empty")),
        // No request reaches them: the adapter refuses such paths.
        Value::String(text) if text == "." || text == ".." || text.contains('\0') => {
            Err(format!("the param `{name}` is {text:?}, which no path can have"))
        }
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(format!("the param `{name}` must be text or a number, and is `{value}`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(pattern: &str, value: &Value) -> Result<String, String> {
        params_of(&pattern.parse().unwrap(), value).map(|params| params.to_string())
    }

    #[test]
    fn every_shape_is_read() {
        for (pattern, value, params) in [
            ("/[slug]", json!("a b"), r#"slug="a b""#),
            ("/[id]", json!(7), r#"id="7""#),
            ("/[id]", json!({"id": 7}), r#"id="7""#),
            ("/[a]/[b]", json!(["x", 1]), r#"a="x", b="1""#),
            ("/[a]/[b]", json!({"b": 1, "a": "x"}), r#"a="x", b="1""#),
            ("/[...p]", json!(["x", "y"]), r#"p=["x", "y"]"#),
            ("/[a]/[...p]", json!(["x", ["y"]]), r#"a="x", p=["y"]"#),
            ("/[[...p]]", json!(null), ""),
            ("/[[...p]]", json!([]), ""),
            ("/[[...p]]", json!({}), ""),
            ("/[[...p]]", json!(["x"]), r#"p=["x"]"#),
        ] {
            assert_eq!(of(pattern, &value).unwrap(), params, "{pattern} {value}");
        }
    }

    #[test]
    fn what_does_not_fit_says_why() {
        for (pattern, value, text) in [
            ("/[slug]", json!(""), "the param `slug` is empty"),
            ("/[slug]", json!(["a"]), "must be text or a number"),
            ("/[a]/[b]", json!(["x"]), "does not name the 2 params of `/[a]/[b]`"),
            ("/[a]/[b]", json!({"a": "x"}), "the param `b` is missing"),
            ("/[a]", json!({"a": "x", "c": 1}), "there is no param `c`; there is a"),
            ("/[...p]", json!([]), "must be a list of one part or more"),
            ("/[...p]", json!("x"), "must be a list of one part or more"),
            ("/[a]", json!(".."), "which no path can have"),
        ] {
            let error = of(pattern, &value).unwrap_err();
            assert!(error.contains(text), "{error}");
        }
    }

    #[test]
    fn an_error_is_told_with_its_sources() {
        let failed: Result<Vec<String>, _> = "x".parse::<u8>().map(|_| Vec::new());
        assert_eq!(failed.into_static_params().unwrap_err(), "invalid digit found in string");
    }
}

//! From the text of a definition to JSON: substitutions, and no field twice.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::fields::{Invalid, Result};

/// Reads the text, with each `${Name}` in it replaced.
pub(super) fn read(definition: &str, substitutions: &[(&str, &str)]) -> Result<Value> {
    let text = substitute(definition, substitutions)?;
    serde_json::from_str::<Strict>(&text)
        .map(|Strict(value)| value)
        .map_err(|error| Invalid::new("", format!("is not JSON: {error}")))
}

/// As CloudFormation does it: on the text, once. A name without a value or a value without a use is a mistake.
fn substitute(definition: &str, substitutions: &[(&str, &str)]) -> Result<String> {
    let mut used = BTreeSet::new();
    let mut text = String::with_capacity(definition.len());
    let mut rest = definition;
    while let Some(start) = rest.find("${") {
        let (before, after) = (&rest[..start], &rest[start + 2..]);
        let end = after
            .find('}')
            .ok_or_else(|| Invalid::new("", "has a `${` without an end"))?;
        let name = &after[..end];
        let (_, value) = substitutions
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| Invalid::new("", format!("nothing is given for ${{{name}}}")))?;
        used.insert(name);
        text.push_str(before);
        text.push_str(value);
        rest = &after[end + 1..];
    }
    text.push_str(rest);
    match substitutions.iter().find(|(name, _)| !used.contains(name)) {
        None => Ok(text),
        Some((name, _)) => Err(Invalid::new("", format!("has no ${{{name}}}"))),
    }
}

/// A JSON value in which no object has a field twice; `serde_json` would keep the last of them without a word.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> std::result::Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number is too large"))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> std::result::Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = sequence.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> std::result::Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((name, Strict(value))) = entries.next_entry::<String, Strict>()? {
            if map.contains_key(&name) {
                return Err(A::Error::custom(format!(
                    "the field {name:?} is there twice"
                )));
            }
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_name_is_replaced_wherever_it_is_and_only_once() {
        let value = read(
            r#"{"a": "${A}-${B}-${A}", "b": [1, -2, 1.5, null, true]}"#,
            &[("A", "${B}"), ("B", "x")],
        );
        assert_eq!(
            value.unwrap(),
            json!({"a": "${B}-x-${B}", "b": [1, -2, 1.5, null, true]})
        );
    }

    #[test]
    fn mistakes_in_the_text_are_told() {
        type Substitutions = &'static [(&'static str, &'static str)];
        let cases: [(&str, Substitutions, &str); 6] = [
            (r#"{"a": "${A}"}"#, &[], "nothing is given for ${A}"),
            (
                r#"{"a": "${A"}"#,
                &[("A", "")],
                "nothing is given for ${A\"}",
            ),
            (r#""${A""#, &[("A", "")], "has a `${` without an end"),
            (r#"{}"#, &[("A", "x")], "has no ${A}"),
            (r#"{"a": 1,}"#, &[], "is not JSON"),
            (
                r#"{"a": {"b": 1, "b": 2}}"#,
                &[],
                "the field \"b\" is there twice",
            ),
        ];
        for (text, substitutions, problem) in cases {
            let error = read(text, substitutions).unwrap_err().to_string();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}

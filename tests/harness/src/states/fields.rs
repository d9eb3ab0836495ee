//! A JSON object that is read field by field: what nobody asked for is an error.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

/// What is wrong with a definition, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// As `States.Sync.Retry[0].MaxAttempts`; empty for the document itself.
    pub place: String,
    /// In words.
    pub problem: String,
}

impl Invalid {
    pub(super) fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            problem: problem.into(),
        }
    }
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = match self.place.as_str() {
            "" => "the definition",
            place => place,
        };
        write!(formatter, "{place}: {}", self.problem)
    }
}

impl std::error::Error for Invalid {}

pub(super) type Result<T> = std::result::Result<T, Invalid>;

/// An object whose fields are taken out one after another.
#[derive(Debug)]
pub(super) struct Fields {
    place: String,
    fields: Map<String, Value>,
}

impl Fields {
    pub(super) fn new(value: Value, place: &str) -> Result<Self> {
        match value {
            Value::Object(fields) => Ok(Self {
                place: place.to_owned(),
                fields,
            }),
            _ => Err(Invalid::new(place, "must be an object")),
        }
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Where a field of this object is.
    pub(super) fn at(&self, name: &str) -> String {
        match self.place.as_str() {
            "" => name.to_owned(),
            place => format!("{place}.{name}"),
        }
    }

    pub(super) fn invalid(&self, name: &str, problem: impl Into<String>) -> Invalid {
        Invalid::new(self.at(name), problem)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.fields.remove(name)
    }

    pub(super) fn required(&mut self, name: &str) -> Result<Value> {
        self.take(name)
            .ok_or_else(|| self.invalid(name, "is missing"))
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.invalid(name, "must be a string")),
        }
    }

    pub(super) fn required_text(&mut self, name: &str) -> Result<String> {
        self.text(name)?
            .ok_or_else(|| self.invalid(name, "is missing"))
    }

    pub(super) fn whole(&mut self, name: &str, range: RangeInclusive<u64>) -> Result<Option<u64>> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        match value.as_u64() {
            Some(number) if range.contains(&number) => Ok(Some(number)),
            _ => Err(self.invalid(
                name,
                format!(
                    "must be an integer from {} to {}",
                    range.start(),
                    range.end()
                ),
            )),
        }
    }

    /// The elements of an array that must have some, each with its place.
    pub(super) fn list(&mut self, name: &str) -> Result<Vec<(String, Value)>> {
        match self.take(name) {
            Some(Value::Array(values)) if !values.is_empty() => Ok(values
                .into_iter()
                .enumerate()
                .map(|(index, value)| (format!("{}[{index}]", self.at(name)), value))
                .collect()),
            _ => Err(self.invalid(name, "must be an array that is not empty")),
        }
    }

    /// What is left: for objects whose fields have names of the author's choice.
    pub(super) fn rest(self) -> Map<String, Value> {
        self.fields
    }

    /// Ends the reading: nothing may be left.
    pub(super) fn done(self) -> Result<()> {
        match self.fields.keys().next() {
            None => Ok(()),
            Some(name) => Err(self.invalid(name, "is not known here")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_that_nobody_asked_for_is_an_error_with_its_place() {
        let mut fields = Fields::new(json!({"a": 1, "b": "x"}), "States.X").unwrap();
        assert_eq!(fields.whole("a", 0..=1).unwrap(), Some(1));
        let error = fields.done().unwrap_err();
        assert_eq!(error.to_string(), "States.X.b: is not known here");
    }

    #[test]
    fn values_of_another_type_are_errors() {
        let fields = || {
            Fields::new(
                json!({"n": 1.5, "s": 1, "l": [], "big": 100, "neg": -1}),
                "",
            )
            .unwrap()
        };
        let problems = [
            fields().whole("n", 0..=9).unwrap_err(),
            fields().whole("big", 0..=9).unwrap_err(),
            fields().whole("neg", 0..=9).unwrap_err(),
            fields().text("s").unwrap_err(),
            fields().required_text("none").unwrap_err(),
            fields().required("none").unwrap_err(),
            fields().list("l").unwrap_err(),
            fields().list("none").unwrap_err(),
            Fields::new(json!([]), "").unwrap_err(),
        ];
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "n: must be an integer from 0 to 9",
                "big: must be an integer from 0 to 9",
                "neg: must be an integer from 0 to 9",
                "s: must be a string",
                "none: is missing",
                "none: is missing",
                "l: must be an array that is not empty",
                "none: must be an array that is not empty",
                "the definition: must be an object",
            ]
        );
    }
}

//! Payload templates: JSON in which a field whose name ends in `.$` is evaluated.

use serde_json::{Map, Value};

use super::execution::Failure;
use super::expression::{Expression, Scope};
use super::fields::{Invalid, Result};

/// A template, read once.
#[derive(Debug)]
pub(super) enum Template {
    Fixed(Value),
    Object(Vec<(String, Template)>),
    Array(Vec<Template>),
    /// With the name of its field as it is written.
    Evaluated(String, Expression),
}

impl Template {
    /// The value of `Parameters` and its like, which must be an object.
    pub(super) fn parse(value: Value, place: &str) -> Result<Self> {
        match value {
            Value::Object(_) => Self::read(value, place),
            _ => Err(Invalid::new(place, "must be an object")),
        }
    }

    fn read(value: Value, place: &str) -> Result<Self> {
        match value {
            Value::Object(fields) => Self::read_object(fields, place),
            Value::Array(values) => values
                .into_iter()
                .enumerate()
                .map(|(index, value)| Self::read(value, &format!("{place}[{index}]")))
                .collect::<Result<_>>()
                .map(Self::Array),
            value => Ok(Self::Fixed(value)),
        }
    }

    fn read_object(fields: Map<String, Value>, place: &str) -> Result<Self> {
        let mut templates: Vec<(String, Self)> = Vec::with_capacity(fields.len());
        for (field, value) in fields {
            let place = format!("{place}.{field}");
            let (name, template) = match (field.strip_suffix(".$"), value) {
                (Some(name), Value::String(text)) => {
                    let expression = Expression::parse(&text)
                        .map_err(|problem| Invalid::new(&place, problem))?;
                    (name.to_owned(), Self::Evaluated(field, expression))
                }
                (Some(_), _) => return Err(Invalid::new(place, "must be a string")),
                (None, value) => (field, Self::read(value, &place)?),
            };
            if templates.iter().any(|(known, _)| *known == name) {
                return Err(Invalid::new(place, "is there with and without `.$`"));
            }
            templates.push((name, template));
        }
        Ok(Self::Object(templates))
    }

    pub(super) fn evaluate(&self, scope: &mut Scope<'_>) -> std::result::Result<Value, Failure> {
        match self {
            Self::Fixed(value) => Ok(value.clone()),
            Self::Evaluated(field, expression) => expression.evaluate(field, scope),
            Self::Array(templates) => templates
                .iter()
                .map(|template| template.evaluate(scope))
                .collect(),
            Self::Object(templates) => templates
                .iter()
                .map(|(name, template)| Ok((name.clone(), template.evaluate(scope)?)))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::random::Random;
    use super::*;

    fn evaluate(template: Value) -> std::result::Result<Value, Failure> {
        let template = Template::parse(template, "P").unwrap();
        template.evaluate(&mut Scope {
            input: &json!({"a": 1}),
            context: &json!({"State": {"Name": "Here"}}),
            random: &mut Random::new(1),
        })
    }

    #[test]
    fn only_fields_that_end_in_dollar_are_evaluated_at_any_depth() {
        let template = json!({
            "plain": "$.a", "a.$": "$.a", "list": [{"b.$": "$$.State.Name"}, "$.a", 1, [{"c.$": "States.Array($.a)"}]],
            "deep": {"er": {"whole.$": "$"}}, "empty": {},
        });
        let expected = json!({
            "plain": "$.a", "a": 1, "list": [{"b": "Here"}, "$.a", 1, [{"c": [1]}]],
            "deep": {"er": {"whole": {"a": 1}}}, "empty": {},
        });
        assert_eq!(evaluate(template).unwrap(), expected);
    }

    #[test]
    fn a_failure_names_the_field() {
        let failure = evaluate(json!({"x": [{"y.$": "$.none"}]})).unwrap_err();
        assert!(failure.cause.contains("for the field 'y.$'"), "{failure:?}");
    }

    #[test]
    fn templates_that_cannot_be_read_are_errors_with_their_place() {
        let cases = [
            (json!([]), "P: must be an object"),
            (json!("$.a"), "P: must be an object"),
            (json!({"a": [{"b.$": 1}]}), "P.a[0].b.$: must be a string"),
            (
                json!({"a.$": "nothing"}),
                "P.a.$: the function \"nothing\" is neither a path nor a function",
            ),
            (
                json!({"a.$": "States.Nope()"}),
                "P.a.$: the function \"States.Nope()\" has the name \"States.Nope\", which is not known here",
            ),
            (
                json!({"a": 1, "a.$": "$"}),
                "P.a.$: is there with and without `.$`",
            ),
        ];
        for (template, problem) in cases {
            assert_eq!(
                Template::parse(template, "P").unwrap_err().to_string(),
                problem
            );
        }
    }
}

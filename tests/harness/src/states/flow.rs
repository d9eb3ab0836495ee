//! How data flow through a state: `InputPath`, `Parameters`, the state's work, `ResultSelector`, `ResultPath`, `OutputPath`.

use serde_json::{Map, Value};

use super::execution::Failure;
use super::expression::{Scope, select};
use super::fields::{Fields, Result};
use super::path::Path;
use super::policy::{DATA_LIMIT, target};
use super::random::Random;
use super::template::Template;

/// What AWS lets a state take in or give out, in bytes.
const LIMIT: usize = 256 * 1024;

/// The fields of a state that say how data flow through it.
#[derive(Debug)]
pub(super) struct Flow {
    /// `None` for null: an empty object.
    input: Option<Path>,
    parameters: Option<Template>,
    selector: Option<Template>,
    /// `None` for null: the result is dropped.
    result: Option<Path>,
    output: Option<Path>,
}

impl Flow {
    /// Takes the fields that a state of this type may have.
    pub(super) fn take(fields: &mut Fields, kind: &str) -> Result<Self> {
        let paths = kind != "Fail";
        let parameters = matches!(kind, "Task" | "Pass");
        let selector = matches!(kind, "Task" | "Map");
        Ok(Self {
            input: filter(fields, "InputPath", paths)?,
            parameters: template(fields, "Parameters", parameters)?,
            selector: template(fields, "ResultSelector", selector)?,
            result: match parameters || selector {
                true => target(fields, "ResultPath")?,
                false => Some(Path::whole()),
            },
            output: filter(fields, "OutputPath", paths)?,
        })
    }

    pub(super) fn has_parameters(&self) -> bool {
        self.parameters.is_some()
    }

    /// What the state works with.
    pub(super) fn effective(
        &self,
        raw: &Value,
        context: &Value,
        random: &mut Random,
    ) -> std::result::Result<Value, Failure> {
        let input = apply(&self.input, "InputPath", raw, context, random)?;
        within_limit(shape(&self.parameters, input, context, random)?)
    }

    /// What the state gives, from what it was given and the result of its work.
    pub(super) fn finish(
        &self,
        raw: &Value,
        result: Value,
        context: &Value,
        random: &mut Random,
    ) -> std::result::Result<Value, Failure> {
        let result = shape(&self.selector, result, context, random)?;
        let combined = put(&self.result, raw, result)?;
        within_limit(apply(
            &self.output,
            "OutputPath",
            &combined,
            context,
            random,
        )?)
    }
}

/// Puts a result where the path says, into the input as it came.
pub(super) fn put(
    path: &Option<Path>,
    raw: &Value,
    result: Value,
) -> std::result::Result<Value, Failure> {
    let Some(path) = path else {
        return Ok(raw.clone());
    };
    path.put(raw.clone(), result).ok_or_else(|| {
        Failure::new(
            "States.ResultPathMatchFailure",
            format!(
                "Unable to apply ReferencePath {} to input {raw}",
                path.text()
            ),
        )
    })
}

fn filter(fields: &mut Fields, name: &str, allowed: bool) -> Result<Option<Path>> {
    match allowed.then(|| fields.take(name)).flatten() {
        None => Ok(Some(Path::whole())),
        Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Path::parse(&text)
            .map(Some)
            .map_err(|problem| fields.invalid(name, problem)),
        Some(_) => Err(fields.invalid(name, "must be a path or null")),
    }
}

fn template(fields: &mut Fields, name: &str, allowed: bool) -> Result<Option<Template>> {
    allowed
        .then(|| fields.take(name))
        .flatten()
        .map(|value| Template::parse(value, &fields.at(name)))
        .transpose()
}

fn apply(
    path: &Option<Path>,
    field: &str,
    value: &Value,
    context: &Value,
    random: &mut Random,
) -> std::result::Result<Value, Failure> {
    let scope = Scope {
        input: value,
        context,
        random,
    };
    match path {
        Some(path) => select(path, field, &scope),
        None => Ok(Value::Object(Map::new())),
    }
}

fn shape(
    template: &Option<Template>,
    value: Value,
    context: &Value,
    random: &mut Random,
) -> std::result::Result<Value, Failure> {
    match template {
        None => Ok(value),
        Some(template) => template.evaluate(&mut Scope {
            input: &value,
            context,
            random,
        }),
    }
}

/// AWS refuses what is too large.
pub(super) fn within_limit(value: Value) -> std::result::Result<Value, Failure> {
    match value.to_string().len() {
        ..=LIMIT => Ok(value),
        size => Err(Failure::new(
            DATA_LIMIT,
            format!("{size} bytes are more than the {LIMIT} that a state may take in or give out."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn flow(fields: Value, kind: &str) -> Result<Flow> {
        let mut fields = Fields::new(fields, "S")?;
        let flow = Flow::take(&mut fields, kind)?;
        fields.done().map(|()| flow)
    }

    #[test]
    fn data_pass_through_the_fields_in_order() {
        let raw = json!({"in": {"a": 1}, "kept": 2});
        let context = json!({"State": {"Name": "Here"}});
        let result = json!({"r": [1, 2]});
        for (fields, effective, finished) in [
            (json!({}), raw.clone(), result.clone()),
            (
                json!({"InputPath": "$.in"}),
                json!({"a": 1}),
                result.clone(),
            ),
            (
                json!({"InputPath": null, "OutputPath": null}),
                json!({}),
                json!({}),
            ),
            (
                json!({"InputPath": "$$.State"}),
                json!({"Name": "Here"}),
                result.clone(),
            ),
            (
                json!({"InputPath": "$.in", "Parameters": {"x.$": "$.a", "n.$": "$$.State.Name"}}),
                json!({"x": 1, "n": "Here"}),
                result.clone(),
            ),
            (json!({"ResultPath": null}), raw.clone(), raw.clone()),
            (
                json!({"InputPath": "$.in", "ResultPath": "$.out"}),
                json!({"a": 1}),
                json!({"in": {"a": 1}, "kept": 2, "out": {"r": [1, 2]}}),
            ),
            (
                json!({"ResultSelector": {"last.$": "$.r[-1]"}, "ResultPath": "$.in.b"}),
                raw.clone(),
                json!({"in": {"a": 1, "b": {"last": 2}}, "kept": 2}),
            ),
            (
                json!({"ResultPath": "$.in.b", "OutputPath": "$.in.b.r[*]"}),
                raw.clone(),
                json!([1, 2]),
            ),
        ] {
            let flow = flow(fields.clone(), "Task").unwrap();
            let random = &mut Random::new(1);
            assert_eq!(
                flow.effective(&raw, &context, random).unwrap(),
                effective,
                "{fields}"
            );
            assert_eq!(
                flow.finish(&raw, result.clone(), &context, random).unwrap(),
                finished,
                "{fields}"
            );
        }
    }

    #[test]
    fn what_cannot_be_applied_is_an_error_of_the_execution() {
        let raw = json!("text");
        for (fields, error) in [
            (json!({"InputPath": "$.none"}), "States.Runtime"),
            (json!({"Parameters": {"x.$": "$.none"}}), "States.Runtime"),
            (
                json!({"Parameters": {"x.$": "States.MathAdd($, 1)"}}),
                "States.IntrinsicFailure",
            ),
            (
                json!({"ResultSelector": {"x.$": "$.none"}}),
                "States.Runtime",
            ),
            (
                json!({"ResultPath": "$.x"}),
                "States.ResultPathMatchFailure",
            ),
            (json!({"OutputPath": "$.none"}), "States.Runtime"),
        ] {
            let flow = flow(fields.clone(), "Task").unwrap();
            let random = &mut Random::new(1);
            let failure = flow
                .effective(&raw, &Value::Null, random)
                .and_then(|_| flow.finish(&raw, json!({}), &Value::Null, random))
                .unwrap_err();
            assert_eq!(failure.error, error, "{fields}");
        }
    }

    #[test]
    fn data_beyond_the_limit_of_aws_are_refused() {
        let flow = flow(json!({}), "Pass").unwrap();
        let random = &mut Random::new(1);
        for (length, fits) in [(LIMIT - 2, true), (LIMIT - 1, false)] {
            let value = json!("x".repeat(length));
            let effective = flow.effective(&value, &Value::Null, random);
            assert_eq!(effective.is_ok(), fits);
            let finished = flow.finish(&Value::Null, value, &Value::Null, random);
            assert_eq!(
                finished.map_err(|failure| failure.error).err().as_deref(),
                (!fits).then_some(DATA_LIMIT)
            );
        }
    }

    #[test]
    fn a_state_has_only_the_fields_of_its_type() {
        for (field, value, kinds) in [
            ("InputPath", json!("$"), "Task Map Pass Wait Choice Succeed"),
            (
                "OutputPath",
                json!("$"),
                "Task Map Pass Wait Choice Succeed",
            ),
            ("Parameters", json!({}), "Task Pass"),
            ("ResultSelector", json!({}), "Task Map"),
            ("ResultPath", json!("$"), "Task Map Pass"),
        ] {
            for kind in ["Task", "Map", "Pass", "Wait", "Choice", "Succeed", "Fail"] {
                let allowed = kinds.split(' ').any(|allowed| allowed == kind);
                let taken = flow(json!({field: value}), kind);
                assert_eq!(taken.is_ok(), allowed, "{field} {kind}");
            }
        }
        assert!(flow(json!({"InputPath": "a"}), "Task").is_err());
        assert!(flow(json!({"InputPath": 1}), "Task").is_err());
        assert!(flow(json!({"ResultPath": 1}), "Task").is_err());
        assert!(flow(json!({"ResultPath": "$$.a"}), "Task").is_err());
    }
}

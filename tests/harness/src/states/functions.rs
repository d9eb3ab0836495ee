//! The intrinsic functions (<https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html>), those we use.

use serde_json::{Map, Value};

use super::expression::Expression;
use super::random::Random;

/// AWS calculates in 32 bits.
const NUMBERS: std::ops::RangeInclusive<i64> = i32::MIN as i64..=i32::MAX as i64;

/// A function whose name and number of arguments are known to be right.
#[derive(Debug, PartialEq)]
pub(super) enum Function {
    /// With the pieces of the template between its arguments.
    Format(Vec<String>),
    StringToJson,
    JsonToString,
    JsonMerge,
    Array,
    ArrayContains,
    ArrayGetItem,
    ArrayLength,
    MathAdd,
    MathRandom,
    Uuid,
}

impl Function {
    pub(super) fn new(
        name: &str,
        arguments: &[Expression],
        format: Option<Vec<String>>,
    ) -> Result<Self, String> {
        let (function, counts) = match name.strip_prefix("States.").unwrap_or_default() {
            "Format" => {
                let pieces = format.ok_or("has nothing to format")?;
                let count = pieces.len() - 1;
                (Self::Format(pieces), count..=count)
            }
            "StringToJson" => (Self::StringToJson, 1..=1),
            "JsonToString" => (Self::JsonToString, 1..=1),
            "JsonMerge" => (Self::JsonMerge, 3..=3),
            "Array" => (Self::Array, 0..=usize::MAX),
            "ArrayContains" => (Self::ArrayContains, 2..=2),
            "ArrayGetItem" => (Self::ArrayGetItem, 2..=2),
            "ArrayLength" => (Self::ArrayLength, 1..=1),
            "MathAdd" => (Self::MathAdd, 2..=2),
            "MathRandom" => (Self::MathRandom, 2..=3),
            "UUID" => (Self::Uuid, 0..=0),
            _ => return Err(format!("has the name {name:?}, which is not known here")),
        };
        if !counts.contains(&arguments.len()) {
            return Err(format!("has a wrong number of arguments for {name}"));
        }
        let merges_deeply = function == Self::JsonMerge
            && !matches!(arguments, [.., Expression::Literal(Value::Bool(false))]);
        if merges_deeply {
            return Err("must merge with `false`: AWS has no deep merge".to_owned());
        }
        Ok(function)
    }

    /// Whether AWS allows it where only a string is of use.
    pub(super) fn may_give_text(&self) -> bool {
        matches!(
            self,
            Self::Format(_) | Self::JsonToString | Self::ArrayGetItem | Self::Uuid
        )
    }

    pub(super) fn apply(
        &self,
        arguments: Vec<Value>,
        random: &mut Random,
    ) -> Result<Value, String> {
        match (self, arguments.as_slice()) {
            (Self::Format(pieces), values) => format(pieces, values).map(Value::String),
            (Self::StringToJson, [Value::String(text)]) => from_text(text),
            (Self::JsonToString, [value]) => Ok(Value::String(value.to_string())),
            (Self::JsonMerge, [Value::Object(first), Value::Object(second), _]) => {
                Ok(Value::Object(merge(first, second)))
            }
            (Self::Array, _) => Ok(Value::Array(arguments)),
            (Self::ArrayContains, [Value::Array(list), value]) => Ok(list.contains(value).into()),
            (Self::ArrayGetItem, [Value::Array(list), index]) => index
                .as_u64()
                .and_then(|index| list.get(usize::try_from(index).ok()?))
                .cloned()
                .ok_or_else(|| format!("there is no item {index} among {}", list.len())),
            (Self::ArrayLength, [Value::Array(list)]) => Ok(list.len().into()),
            (Self::MathAdd, [one, other]) => {
                let sum = number(one)? + number(other)?;
                let fits = NUMBERS.contains(&sum);
                fits.then(|| sum.into())
                    .ok_or_else(|| format!("{sum} is out of range"))
            }
            (Self::MathRandom, [start, end]) => between(number(start)?, number(end)?, random),
            (Self::MathRandom, [start, end, seed]) => {
                let mut seeded = Random::new(number(seed)?.unsigned_abs());
                between(number(start)?, number(end)?, &mut seeded)
            }
            (Self::Uuid, []) => Ok(random.uuid().into()),
            (_, arguments) => Err(format!(
                "its arguments are of a wrong type: {}",
                Value::from(arguments)
            )),
        }
    }
}

fn format(pieces: &[String], values: &[Value]) -> Result<String, String> {
    let mut text = String::new();
    let mut values = values.iter();
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 {
            match values.next().unwrap_or(&Value::Null) {
                Value::String(value) => text.push_str(value),
                value @ (Value::Array(_) | Value::Object(_)) => {
                    return Err(format!("{value} cannot be put into a string"));
                }
                value => text.push_str(&value.to_string()),
            }
        }
        text.push_str(piece);
    }
    Ok(text)
}

/// Blank text is null, as AWS has it.
fn from_text(text: &str) -> Result<Value, String> {
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(text).map_err(|error| format!("{text:?} is not JSON: {error}"))
}

fn merge(first: &Map<String, Value>, second: &Map<String, Value>) -> Map<String, Value> {
    let mut merged = first.clone();
    merged.extend(second.clone());
    merged
}

/// AWS rounds fractions; we never mean to have any.
fn number(value: &Value) -> Result<i64, String> {
    value
        .as_i64()
        .filter(|number| NUMBERS.contains(number))
        .ok_or_else(|| format!("{value} is not an integer of 32 bits"))
}

/// From the start to just before the end.
fn between(start: i64, end: i64, random: &mut Random) -> Result<Value, String> {
    let width = u64::try_from(end - start).unwrap_or_default();
    if width == 0 {
        return Err(format!("there is no number from {start} to before {end}"));
    }
    let offset = i64::try_from(random.below(width)).unwrap_or_default();
    Ok((start + offset).into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::expression::Scope;
    use super::*;

    fn evaluate(text: &str, seed: u64) -> Result<Value, String> {
        let input = json!({"text": "{\"a\": [1, null]}", "o": {"a": {"x": 1}, "b": 1}, "p": {"a": {"y": 2}}, "l": [1, "x", {"k": 1}], "f": 1.5});
        let mut scope = Scope {
            input: &input,
            context: &Value::Null,
            random: &mut Random::new(seed),
        };
        Expression::parse(text)
            .unwrap_or_else(|problem| panic!("{problem}"))
            .evaluate("f.$", &mut scope)
            .map_err(|failure| failure.error)
    }

    #[test]
    fn each_function_does_what_its_documentation_says() {
        let cases = [
            ("States.Format('{}-{}-{}', 'a', 1, 1.5)", json!("a-1-1.5")),
            ("States.StringToJson($.text)", json!({"a": [1, null]})),
            ("States.StringToJson('\"x\"')", json!("x")),
            ("States.StringToJson(' ')", json!(null)),
            ("States.JsonToString($.o)", json!(r#"{"a":{"x":1},"b":1}"#)),
            ("States.JsonToString('x')", json!("\"x\"")),
            (
                "States.JsonMerge($.o, $.p, false)",
                json!({"a": {"y": 2}, "b": 1}),
            ),
            ("States.Array(1, $.l)", json!([1, [1, "x", {"k": 1}]])),
            ("States.ArrayContains($.l, 'x')", json!(true)),
            ("States.ArrayContains($.l, 'y')", json!(false)),
            ("States.ArrayContains($.l[*].k, 1)", json!(true)),
            (
                "States.ArrayContains($.none[*], 1)",
                json!("States.Runtime"),
            ),
            ("States.ArrayGetItem($.l, 0)", json!(1)),
            ("States.ArrayLength($.l)", json!(3)),
            ("States.ArrayLength(States.Array())", json!(0)),
            ("States.MathAdd(2, -3)", json!(-1)),
            ("States.MathAdd(2147483646, 1)", json!(2_147_483_647)),
            ("States.MathRandom(5, 6)", json!(5)),
        ];
        for (text, expected) in cases {
            let value = evaluate(text, 1).unwrap_or_else(Value::String);
            assert_eq!(value, expected, "{text}");
        }
    }

    #[test]
    fn arguments_of_no_use_are_a_failure_of_the_function() {
        for text in [
            "States.Format('{}', $.o)",
            "States.Format('{}', $.l)",
            "States.StringToJson('{')",
            "States.StringToJson(1)",
            "States.JsonMerge($.o, $.l, false)",
            "States.ArrayContains('x', 'x')",
            "States.ArrayGetItem($.l, 3)",
            "States.ArrayGetItem($.l, -1)",
            "States.ArrayGetItem($.l, '0')",
            "States.ArrayLength($.o)",
            "States.MathAdd(1, '1')",
            "States.MathAdd(1, $.f)",
            "States.MathAdd(2147483647, 1)",
            "States.MathAdd(2147483648, -1)",
            "States.MathRandom(5, 5)",
            "States.MathRandom(6, 5)",
            "States.MathRandom(1, 2, 'x')",
        ] {
            let failed = evaluate(text, 1);
            assert_eq!(failed, Err("States.IntrinsicFailure".to_owned()), "{text}");
        }
    }

    #[test]
    fn chance_is_decided_by_the_seed() {
        for text in ["States.MathRandom(-5, 1000000)", "States.UUID()"] {
            assert_eq!(evaluate(text, 1), evaluate(text, 1), "{text}");
            assert_ne!(evaluate(text, 1), evaluate(text, 2), "{text}");
        }
        let seeded = "States.MathRandom(0, 1000000, 7)";
        assert_eq!(evaluate(seeded, 1), evaluate(seeded, 2));
    }

    #[test]
    fn a_random_number_is_at_least_the_start_and_below_the_end() {
        let numbers: Vec<i64> = (0..200)
            .map(|seed| {
                evaluate("States.MathRandom(-1, 2)", seed)
                    .unwrap()
                    .as_i64()
                    .unwrap()
            })
            .collect();
        assert_eq!(numbers.iter().min(), Some(&-1));
        assert_eq!(numbers.iter().max(), Some(&1));
    }

    #[test]
    fn wrong_names_and_numbers_of_arguments_are_found_at_once() {
        for text in [
            "States.StringToJson()",
            "States.JsonToString(1, 2)",
            "States.JsonMerge($, $)",
            "States.JsonMerge($, $, true)",
            "States.JsonMerge($, $, $.deep)",
            "States.ArrayContains($)",
            "States.ArrayGetItem($)",
            "States.ArrayLength()",
            "States.MathAdd(1)",
            "States.MathRandom(1)",
            "States.MathRandom(1, 2, 3, 4)",
            "States.UUID(1)",
            "States.Hash('x', 'MD5')",
            "Array()",
        ] {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
    }
}

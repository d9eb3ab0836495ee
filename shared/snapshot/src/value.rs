//! Decodes the free data of a message into JSON.

use prost_types::value::Kind;
use prost_types::{Struct, Value as Message};
use serde_json::{Map, Number, Value};

/// The JSON object of a structure.
pub(crate) fn structure(fields: Struct) -> Map<String, Value> {
    fields.fields.into_iter().map(|(key, v)| (key, value(v))).collect()
}

fn value(v: Message) -> Value {
    match v.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(flag)) => flag.into(),
        Some(Kind::NumberValue(n)) => number(n),
        Some(Kind::StringValue(text)) => text.into(),
        Some(Kind::ListValue(list)) => list.values.into_iter().map(value).collect(),
        Some(Kind::StructValue(fields)) => structure(fields).into(),
    }
}

/// A whole number without a fraction: the message has only floating point, in which 7 is 7.0.
fn number(n: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if n.fract() == 0.0 && n.abs() < EXACT {
        return Value::from(n as i64);
    }
    Number::from_f64(n).map_or(Value::Null, Value::Number)
}

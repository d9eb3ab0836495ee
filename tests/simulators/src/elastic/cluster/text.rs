//! How the server writes JSON: objects that are keyed by name in any order, and numbers as Java prints them.

use std::io;

use serde::Serialize;
use serde_json::{
    Value,
    ser::{CompactFormatter, Formatter, Serializer},
};

use crate::elastic::options::Numbers;

/// `{"name": value, …}` in the order given.
pub(crate) fn keyed(pairs: &[(String, Value)], numbers: Numbers) -> String {
    let entries: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), written(value, numbers)))
        .collect();
    format!("{{{}}}", entries.join(","))
}

fn written(value: &Value, numbers: Numbers) -> String {
    let mut out = Vec::new();
    let done = match numbers {
        Numbers::Java => value.serialize(&mut Serializer::with_formatter(&mut out, Java)),
        Numbers::Plain => {
            value.serialize(&mut Serializer::with_formatter(&mut out, CompactFormatter))
        }
    };
    // Writing a value into memory does not fail.
    done.ok()
        .and_then(|()| String::from_utf8(out).ok())
        .unwrap_or_default()
}

/// `Double.toString`.
struct Java;

impl Formatter for Java {
    fn write_f64<W: ?Sized + io::Write>(&mut self, out: &mut W, value: f64) -> io::Result<()> {
        let size = value.abs();
        if size == 0.0 || (1e-3..1e7).contains(&size) {
            return write!(out, "{value:?}");
        }
        let text = format!("{value:E}");
        let (digits, exponent) = text.split_once('E').unwrap_or((&text, "0"));
        let point = if digits.contains('.') { "" } else { ".0" };
        write!(out, "{digits}{point}E{exponent}")
    }
}

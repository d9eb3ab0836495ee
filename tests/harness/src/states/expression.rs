//! Paths, intrinsic functions, and templates that hold them.

use serde_json::Value;

use super::Failure;

/// `$.a['b'][0]` or `$$.a`, a path into the data or the context, or a function of paths, functions and constants.
pub(super) enum Expression<'a> {
    Path(bool, Vec<Step<'a>>),
    Call(Function, Vec<Self>),
    /// The others are only arguments.
    Text(&'a str),
    Index(usize),
    False,
}

pub(super) enum Step<'a> {
    Key(&'a str),
    Index(usize),
    /// `[?(@.a == 'b')]`
    Filter(&'a str, &'a str),
}

#[derive(Clone, Copy)]
pub(super) enum Function {
    ArrayGetItem,
    Format,
    JsonMerge,
    JsonToString,
    StringSplit,
    StringToJson,
}

const HOLE: &str = "{}";

impl<'a> Expression<'a> {
    /// Reads an expression; `None` if it is not known here.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        if text.starts_with('$') {
            return path(text);
        }
        let (found, rest) = argument(text)?;
        (rest.is_empty() && found.is_value()).then_some(found)
    }

    fn is_value(&self) -> bool {
        matches!(self, Self::Path(..) | Self::Call(..))
    }

    fn evaluate(&self, data: &Value, context: &Value) -> Option<Value> {
        match self {
            Self::Path(is_context, steps) => {
                follow(steps, if *is_context { context } else { data })
            }
            Self::Call(function, given) => {
                let given = given.iter().map(|one| one.evaluate(data, context));
                call(*function, &given.collect::<Option<Vec<_>>>()?)
            }
            Self::Text(text) => Some((*text).into()),
            Self::Index(index) => Some((*index).into()),
            Self::False => Some(false.into()),
        }
    }
}

fn follow(steps: &[Step<'_>], mut found: &Value) -> Option<Value> {
    for step in steps {
        found = match step {
            Step::Key(name) => found.get(name)?,
            Step::Index(index) => found.get(index)?,
            Step::Filter(name, text) => {
                let rows = found.as_array()?.iter();
                return Some(rows.filter(|row| row[name] == **text).cloned().collect());
            }
        };
    }
    Some(found.clone())
}

/// The value of a function whose arguments were found to be good when it was read.
fn call(function: Function, given: &[Value]) -> Option<Value> {
    let first = given.first()?;
    Some(match function {
        Function::ArrayGetItem => first.get(usize::try_from(given[1].as_u64()?).ok()?)?.clone(),
        Function::Format => first.as_str()?.replace(HOLE, given[1].as_str()?).into(),
        Function::JsonMerge => {
            let mut merged = first.as_object()?.clone();
            merged.extend(given[1].as_object()?.clone());
            merged.into()
        }
        Function::JsonToString => first.to_string().into(),
        Function::StringSplit => {
            let parts = first.as_str()?.split(given[1].as_str()?);
            parts.filter(|part| !part.is_empty()).collect()
        }
        Function::StringToJson => serde_json::from_str(first.as_str()?).ok()?,
    })
}

/// Reads a value or constant in front of a text.
fn argument(text: &str) -> Option<(Expression<'_>, &str)> {
    if text.starts_with('$') {
        let (before, rest) = text.split_at(text.find([',', ')'])?);
        // No public example of a function shows a path with brackets in it.
        return (!before.contains('[')).then(|| path(before)).flatten().map(|one| (one, rest));
    }
    if let Some(text) = text.strip_prefix('\'') {
        let (text, rest) = text.split_once('\'')?;
        return (!text.contains('\\')).then_some((Expression::Text(text), rest));
    }
    if let Some(rest) = text.strip_prefix("false") {
        return Some((Expression::False, rest));
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        let (number, rest) = text.split_at(text.find([',', ')'])?);
        return Some((Expression::Index(number.parse().ok()?), rest));
    }
    let (name, mut rest) = text.strip_prefix("States.")?.split_once('(')?;
    let mut given = Vec::new();
    loop {
        let (one, after) = argument(rest)?;
        given.push(one);
        rest = match after.strip_prefix(", ") {
            Some(next) => next,
            None => break rest = after.strip_prefix(')')?,
        };
    }
    Some((Expression::Call(function(name, &given)?, given), rest))
}

/// The function with this name, if it has these arguments.
fn function(name: &str, given: &[Expression<'_>]) -> Option<Function> {
    use Expression::{False, Index, Text};
    let has_one_hole = |text: &str| {
        let around = text.split_once(HOLE);
        around.is_some_and(|(before, after)| {
            !before.contains(['{', '}']) && !after.contains(['{', '}'])
        })
    };
    let values = given.iter().filter(|one| one.is_value()).count();
    Some(match (name, given, values) {
        ("ArrayGetItem", [_, Index(_)], 1) => Function::ArrayGetItem,
        ("Format", [Text(text), _], 1) if has_one_hole(text) => Function::Format,
        // AWS merges only shallowly.
        ("JsonMerge", [_, _, False], 2) => Function::JsonMerge,
        ("JsonToString", [_], 1) => Function::JsonToString,
        ("StringSplit", [_, Text(text)], 1) if text.len() == 1 => Function::StringSplit,
        ("StringToJson", [_], 1) => Function::StringToJson,
        _ => return None,
    })
}

fn path(text: &str) -> Option<Expression<'_>> {
    let path = text.strip_prefix('$')?;
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    let (is_context, mut steps) = (rest != path, Vec::new());
    while !rest.is_empty() {
        let (next, after) = step(rest)?;
        steps.push(next);
        rest = after;
    }
    Some(Expression::Path(is_context, steps))
}

fn step(path: &str) -> Option<(Step<'_>, &str)> {
    if let Some(name) = path.strip_prefix('.') {
        let (name, rest) = name.split_at(name.find(['.', '[']).unwrap_or(name.len()));
        return Some((Step::Key(word(name)?), rest));
    }
    let (inner, rest) = path.strip_prefix('[')?.split_once(']')?;
    let step = match inner.strip_prefix("?(@.") {
        Some(filter) => {
            let (name, text) = filter.strip_suffix("')")?.split_once(" == '")?;
            Step::Filter(word(name)?, word(text)?)
        }
        None => match inner.parse() {
            Ok(index) => Step::Index(index),
            Err(_) => Step::Key(word(inner.strip_prefix('\'')?.strip_suffix('\'')?)?),
        },
    };
    Some((step, rest))
}

pub(super) fn word(text: &str) -> Option<&str> {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    (!text.is_empty() && text.chars().all(good)).then_some(text)
}

pub(super) fn evaluate(text: &Value, data: &Value, context: &Value) -> Result<Value, Failure> {
    let expression = text.as_str().and_then(Expression::parse);
    let value = expression.and_then(|expression| expression.evaluate(data, context));
    value.ok_or_else(|| Failure::new("States.Runtime", format!("no {text} in {data}")))
}

pub(super) fn fill(template: &Value, data: &Value, context: &Value) -> Result<Value, Failure> {
    let field = |(name, value): (&String, &Value)| match name.strip_suffix(".$") {
        Some(name) => Ok((name.to_owned(), evaluate(value, data, context)?)),
        None => Ok((name.clone(), fill(value, data, context)?)),
    };
    match template {
        Value::Object(fields) => fields.iter().map(field).collect(),
        Value::Array(items) => items.iter().map(|item| fill(item, data, context)).collect(),
        value => Ok(value.clone()),
    }
}

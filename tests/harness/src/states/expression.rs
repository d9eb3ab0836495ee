//! Paths, intrinsic functions, and templates that hold them.

use serde_json::Value;

use super::Failure;

/// `$.a['b'][0]` or `$$.a`, a path into the data or the context, or a function of one.
pub(super) struct Expression<'a> {
    function: &'a str,
    is_context: bool,
    steps: Vec<Step<'a>>,
}

enum Step<'a> {
    Key(&'a str),
    Index(usize),
    /// `[?(@.a == 'b')]`
    Filter(&'a str, &'a str),
}

const FORMAT: (&str, &str) = ("States.Format('", "{}',");

impl<'a> Expression<'a> {
    /// Reads an expression; `None` if it is not known here.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (mut function, mut path) = ("", text);
        if !text.starts_with('$') {
            (function, path) = text.strip_suffix(')')?.rsplit_once(['(', ' '])?;
            let is_format = || {
                let before = function.strip_prefix(FORMAT.0)?.strip_suffix(FORMAT.1)?;
                // No public example shows a path with brackets in it.
                (!before.contains(['{', '\'', '\\']) && !path.contains('[')).then_some(())
            };
            match function {
                "States.StringToJson" | "States.JsonToString" => {}
                _ => is_format()?,
            }
        }
        let path = path.strip_prefix('$')?;
        let mut rest = path.strip_prefix('$').unwrap_or(path);
        let (is_context, mut steps) = (rest != path, Vec::new());
        while !rest.is_empty() {
            let (next, after) = step(rest)?;
            steps.push(next);
            rest = after;
        }
        Some(Self { function, is_context, steps })
    }

    fn evaluate(&self, data: &Value, context: &Value) -> Option<Value> {
        let mut found = if self.is_context { context } else { data };
        for step in &self.steps {
            found = match step {
                Step::Key(name) => found.get(name)?,
                Step::Index(index) => found.get(index)?,
                Step::Filter(name, text) => {
                    let rows = found.as_array()?.iter();
                    return Some(rows.filter(|row| row[name] == **text).cloned().collect());
                }
            };
        }
        match self.function {
            "" => Some(found.clone()),
            "States.JsonToString" => Some(found.to_string().into()),
            "States.StringToJson" => serde_json::from_str(found.as_str()?).ok(),
            format => {
                Some(format.trim_start_matches(FORMAT.0).replace(FORMAT.1, found.as_str()?).into())
            }
        }
    }
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

//! The rules of a Choice state.

use serde_json::Value;

use super::execution::Failure;
use super::expression::{Scope, select};
use super::fields::{Fields, Invalid, Result};
use super::path::Path;
use super::time::timestamp_of;

/// What must hold.
#[derive(Debug)]
pub(super) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Test(Path, Test),
}

/// What must hold for the value of a variable.
#[derive(Debug)]
pub(super) enum Test {
    Present(bool),
    Is(Type, bool),
    Matches(String),
    Compare(Type, Relation, Operand),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Type {
    Null,
    Boolean,
    Numeric,
    String,
    Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Relation {
    Equals,
    LessThan,
    LessThanEquals,
    GreaterThan,
    GreaterThanEquals,
}

#[derive(Debug)]
pub(super) enum Operand {
    Value(Value),
    /// With the name of the operator, for the message.
    Path(String, Path),
}

impl Condition {
    /// What is left of a rule when its `Next` is taken out.
    pub(super) fn parse(mut fields: Fields) -> Result<Self> {
        if let Some(value) = fields.take("Not") {
            let inner = Fields::new(value, &fields.at("Not"))?;
            fields.done()?;
            return Ok(Self::Not(Box::new(Self::parse(inner)?)));
        }
        for (name, combine) in [("And", Self::And as fn(_) -> _), ("Or", Self::Or)] {
            if fields.has(name) {
                let conditions = fields
                    .list(name)?
                    .into_iter()
                    .map(|(place, value)| Self::parse(Fields::new(value, &place)?))
                    .collect::<Result<_>>()?;
                fields.done()?;
                return Ok(combine(conditions));
            }
        }
        let variable = fields.required_text("Variable")?;
        let variable =
            Path::definite(&variable).map_err(|problem| fields.invalid("Variable", problem))?;
        let place = fields.place().to_owned();
        let mut operators = fields.rest().into_iter();
        let (Some((name, value)), None) = (operators.next(), operators.next()) else {
            return Err(Invalid::new(place, "must have exactly one operator"));
        };
        Test::parse(&name, value)
            .map(|test| Self::Test(variable, test))
            .map_err(|problem| Invalid::new(format!("{place}.{name}"), problem))
    }

    pub(super) fn holds(&self, scope: &Scope<'_>) -> std::result::Result<bool, Failure> {
        match self {
            Self::Not(condition) => condition.holds(scope).map(|holds| !holds),
            Self::And(conditions) => find(conditions, false, scope).map(|found| !found),
            Self::Or(conditions) => find(conditions, true, scope),
            Self::Test(variable, test) => {
                let value = variable.select(scope.input, scope.context);
                match (test, value) {
                    (Test::Present(wanted), value) => Ok(value.is_some() == *wanted),
                    (test, Some(value)) => test.holds(&value, scope),
                    (_, None) => Err(Failure::runtime(format!(
                        "Invalid path '{}': The choice state's condition path references an invalid value.",
                        variable.text()
                    ))),
                }
            }
        }
    }
}

/// Whether a condition is found that gives `wanted`; those after it are not looked at.
fn find(
    conditions: &[Condition],
    wanted: bool,
    scope: &Scope<'_>,
) -> std::result::Result<bool, Failure> {
    for condition in conditions {
        if condition.holds(scope)? == wanted {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Test {
    fn parse(name: &str, value: Value) -> std::result::Result<Self, String> {
        let unknown = || "is not known here".to_owned();
        if let Some(what) = name.strip_prefix("Is") {
            let wanted = value.as_bool().ok_or("must be true or false")?;
            return match what {
                "Present" => Ok(Self::Present(wanted)),
                what => Type::parse(what)
                    .map(|what| Self::Is(what, wanted))
                    .ok_or_else(unknown),
            };
        }
        if name == "StringMatches" {
            let pattern = value.as_str().ok_or("must be a string")?;
            return Ok(Self::Matches(pattern.to_owned()));
        }
        let relation_at = ["LessThan", "GreaterThan", "Equals"]
            .iter()
            .find_map(|relation| name.find(relation))
            .ok_or_else(unknown)?;
        let (what, relation) = name.split_at(relation_at);
        let what = Type::parse(what)
            .filter(|what| *what != Type::Null)
            .ok_or_else(unknown)?;
        let by_path = relation.strip_suffix("Path");
        let relation = Relation::parse(by_path.unwrap_or(relation))
            .filter(|relation| what != Type::Boolean || *relation == Relation::Equals)
            .ok_or_else(unknown)?;
        let operand = match (by_path, value) {
            (Some(_), Value::String(text)) => {
                Operand::Path(name.to_owned(), Path::definite(&text)?)
            }
            (Some(_), _) => return Err("must be a path".to_owned()),
            (None, value) if what.has(&value) => Operand::Value(value),
            (None, _) => return Err("has a value of another type".to_owned()),
        };
        Ok(Self::Compare(what, relation, operand))
    }

    fn holds(&self, value: &Value, scope: &Scope<'_>) -> std::result::Result<bool, Failure> {
        match self {
            Self::Present(wanted) => Ok(*wanted),
            Self::Is(what, wanted) => Ok(what.has(value) == *wanted),
            Self::Matches(pattern) => Ok(value.as_str().is_some_and(|text| matches(pattern, text))),
            Self::Compare(what, relation, Operand::Value(operand)) => {
                Ok(what.compare(*relation, value, operand))
            }
            Self::Compare(what, relation, Operand::Path(name, path)) => {
                Ok(what.compare(*relation, value, &select(path, name, scope)?))
            }
        }
    }
}

impl Type {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "Null" => Some(Self::Null),
            "Boolean" => Some(Self::Boolean),
            "Numeric" => Some(Self::Numeric),
            "String" => Some(Self::String),
            "Timestamp" => Some(Self::Timestamp),
            _ => None,
        }
    }

    fn has(self, value: &Value) -> bool {
        match self {
            Self::Null => value.is_null(),
            Self::Boolean => value.is_boolean(),
            Self::Numeric => value.is_number(),
            Self::String => value.is_string(),
            Self::Timestamp => timestamp_of(value).is_some(),
        }
    }

    /// Values of another type compare as false, whatever the relation.
    fn compare(self, relation: Relation, value: &Value, operand: &Value) -> bool {
        let ordering = match self {
            Self::Null => None,
            Self::Boolean => order(value.as_bool(), operand.as_bool()),
            Self::String => order(value.as_str(), operand.as_str()),
            Self::Timestamp => order(timestamp_of(value), timestamp_of(operand)),
            Self::Numeric => match (value.as_i64(), operand.as_i64()) {
                (Some(value), Some(operand)) => Some(value.cmp(&operand)),
                _ => order(value.as_f64(), operand.as_f64()),
            },
        };
        ordering.is_some_and(|ordering| relation.allows(ordering))
    }
}

fn order<T: PartialOrd>(value: Option<T>, operand: Option<T>) -> Option<std::cmp::Ordering> {
    value?.partial_cmp(&operand?)
}

impl Relation {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "Equals" => Some(Self::Equals),
            "LessThan" => Some(Self::LessThan),
            "LessThanEquals" => Some(Self::LessThanEquals),
            "GreaterThan" => Some(Self::GreaterThan),
            "GreaterThanEquals" => Some(Self::GreaterThanEquals),
            _ => None,
        }
    }

    fn allows(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Equals => ordering.is_eq(),
            Self::LessThan => ordering.is_lt(),
            Self::LessThanEquals => ordering.is_le(),
            Self::GreaterThan => ordering.is_gt(),
            Self::GreaterThanEquals => ordering.is_ge(),
        }
    }
}

/// Whether the text is as the pattern, in which `*` stands for any text and `\*` for an asterisk.
fn matches(pattern: &str, text: &str) -> bool {
    let mut letters = pattern.chars();
    match letters.next() {
        None => text.is_empty(),
        Some('*') => text
            .char_indices()
            .map(|(position, _)| position)
            .chain([text.len()])
            .any(|position| matches(letters.as_str(), &text[position..])),
        Some(letter) => {
            let letter = match letter {
                '\\' => letters.next().unwrap_or('\\'),
                letter => letter,
            };
            text.strip_prefix(letter)
                .is_some_and(|text| matches(letters.as_str(), text))
        }
    }
}

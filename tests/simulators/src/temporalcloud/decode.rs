//! Strict reading of request bodies into the stored form: lowerCamelCase, enum names, defaults left out.

use serde_json::{Map, Value};

use super::{
    refusal::Refusal,
    schema::{Enumeration, Field, Kind, Message},
    version::{ENUMS, Version},
};

/// Reads bodies for one pinned version.
pub(crate) struct Decoder {
    pub(crate) version: Version,
    /// What was ignored although the client should not have sent it.
    pub(crate) notes: Vec<String>,
}

/// `someName` as `some_name`.
pub(crate) fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

impl Decoder {
    /// Reads a whole body.
    pub(crate) fn body(
        &mut self,
        message: &Message,
        value: &Value,
    ) -> Result<Map<String, Value>, Refusal> {
        self.message(message, value, "body")
    }

    fn message(
        &mut self,
        message: &Message,
        value: &Value,
        path: &str,
    ) -> Result<Map<String, Value>, Refusal> {
        let Value::Object(given) = value else {
            return Err(Refusal::violation(format!("{path}: expected an object")));
        };
        let mut out = Map::new();
        for (key, value) in given {
            let path = format!("{path}.{key}");
            let (field, twin) = find(message, key)
                .ok_or_else(|| Refusal::violation(format!("unknown field {path}")))?;
            if out.contains_key(field.name) && !twin {
                // Either both casings of one name, or an enum beside its string, which the enum then overrides.
                if given.contains_key(field.name)
                    && given.contains_key(&snake(field.name))
                    && snake(field.name) != field.name
                {
                    return Err(Refusal::violation(format!("{path} is given twice")));
                }
                out.remove(field.name);
            }
            if field.since > self.version {
                // *Unknown*: whether a field newer than the pinned version is refused or ignored. Taken: ignored.
                self.notes
                    .push(format!("{path} is newer than the pinned API version"));
                continue;
            }
            if value.is_null() {
                continue;
            }
            match (&field.kind, twin) {
                (Kind::Enum(kind), true) => {
                    if !out.contains_key(field.name) {
                        out.insert(field.name.to_owned(), string_twin(kind, value, &path)?);
                    }
                }
                (Kind::Enum(_), false) if self.version < ENUMS => {
                    self.notes
                        .push(format!("{path} is newer than the pinned API version"));
                }
                (kind, _) => {
                    if let Some(value) = self.value(kind, value, &path)? {
                        out.insert(field.name.to_owned(), value);
                    }
                }
            }
        }
        Ok(out)
    }

    /// `None` for a default value.
    fn value(&mut self, kind: &Kind, value: &Value, path: &str) -> Result<Option<Value>, Refusal> {
        let wrong = |expected: &str| Refusal::violation(format!("{path}: expected {expected}"));
        Ok(match kind {
            Kind::Text | Kind::Time => {
                let text = value.as_str().ok_or_else(|| wrong("a string"))?;
                (!text.is_empty()).then(|| value.clone())
            }
            Kind::Int => {
                let number = value
                    .as_i64()
                    .or_else(|| value.as_str()?.parse().ok())
                    .ok_or_else(|| wrong("an integer"))?;
                (number != 0).then(|| Value::from(number))
            }
            Kind::Bool => value
                .as_bool()
                .ok_or_else(|| wrong("a boolean"))?
                .then_some(Value::Bool(true)),
            Kind::Enum(kind) => {
                let name = enum_name(kind, value).ok_or_else(|| wrong("a known enum value"))?;
                (Some(&name) != kind.names.first()).then(|| Value::from(name))
            }
            Kind::Part(message) => {
                let fields = self.message(message, value, path)?;
                (!fields.is_empty()).then_some(Value::Object(fields))
            }
            Kind::Form(message) | Kind::Choice(message) => {
                Some(Value::Object(self.message(message, value, path)?))
            }
            Kind::List(kind) => {
                let items = value.as_array().ok_or_else(|| wrong("a list"))?;
                let mut out = Vec::new();
                for (i, item) in items.iter().enumerate() {
                    out.push(
                        self.value(kind, item, &format!("{path}[{i}]"))?
                            .ok_or_else(|| wrong("no empty items"))?,
                    );
                }
                (!out.is_empty()).then_some(Value::Array(out))
            }
            Kind::Map(kind) => {
                let items = value.as_object().ok_or_else(|| wrong("a map"))?;
                let mut out = Map::new();
                for (key, item) in items {
                    // An entry exists by its key, even with an empty value.
                    let item = self.value(kind, item, &format!("{path}[{key}]"))?;
                    out.insert(
                        key.clone(),
                        item.unwrap_or_else(|| Value::Object(Map::new())),
                    );
                }
                (!out.is_empty()).then_some(Value::Object(out))
            }
            Kind::Any => Some(value.clone()),
        })
    }
}

/// The field of that name in either casing, and whether the name is that of its deprecated string twin.
fn find<'a>(message: &'a Message, key: &str) -> Option<(&'a Field, bool)> {
    let named = |name: &str| {
        message
            .fields
            .iter()
            .find(|field| field.name == name || snake(field.name) == name)
    };
    if let Some(field) = named(key) {
        return Some((field, false));
    }
    let field = named(
        key.strip_suffix("Deprecated")
            .or_else(|| key.strip_suffix("_deprecated"))?,
    )?;
    matches!(field.kind, Kind::Enum(kind) if !kind.twins.is_empty()).then_some((field, true))
}

/// The name of an enum given by name or number. A name from the future is one the server knows and the published
/// definitions do not: a client that sends back what it read must get through.
fn enum_name(kind: &Enumeration, value: &Value) -> Option<&'static str> {
    if let Some(name) = value.as_str() {
        return kind
            .names
            .iter()
            .copied()
            .chain([kind.future])
            .find(|known| *known == name);
    }
    kind.names
        .get(usize::try_from(value.as_u64()?).ok()?)
        .copied()
}

fn string_twin(kind: &Enumeration, value: &Value, path: &str) -> Result<Value, Refusal> {
    let position = kind
        .twins
        .iter()
        .position(|twin| value.as_str() == Some(twin));
    let name = position
        .and_then(|i| kind.names.get(i))
        .ok_or_else(|| Refusal::violation(format!("{path}: unknown value")))?;
    Ok(Value::from(*name))
}

/// Leaves out whatever means the same as being absent, so that two specs can be compared.
pub(crate) fn prune(message: &Message, value: &Value) -> Map<String, Value> {
    let mut out = Map::new();
    for (key, value) in value.as_object().into_iter().flatten() {
        let kind = message
            .fields
            .iter()
            .find(|field| field.name == key)
            .map_or(&Kind::Any, |field| &field.kind);
        let kept = match kind {
            Kind::Part(inner) => {
                Some(Value::Object(prune(inner, value))).filter(|v| v != &Value::Object(Map::new()))
            }
            Kind::Form(inner) | Kind::Choice(inner) => {
                (!value.is_null()).then(|| Value::Object(prune(inner, value)))
            }
            // An entry stays, however empty.
            Kind::Map(Kind::Part(inner)) => {
                let entries = value.as_object().into_iter().flatten();
                let entries: Map<_, _> = entries
                    .map(|(key, entry)| (key.clone(), Value::Object(prune(inner, entry))))
                    .collect();
                (!entries.is_empty()).then_some(Value::Object(entries))
            }
            Kind::Map(_) | Kind::List(_) | Kind::Any => {
                Some(value.clone()).filter(|v| !is_default(kind, v))
            }
            _ => (!is_default(kind, value)).then(|| value.clone()),
        };
        if let Some(value) = kept {
            out.insert(key.clone(), value);
        }
    }
    out
}

/// Whether a stored value is its type's default.
pub(crate) fn is_default(kind: &Kind, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(b) => !b,
        Value::Number(n) => n.as_i64() == Some(0),
        Value::String(s) => {
            s.is_empty() || matches!(kind, Kind::Enum(e) if e.names.first() == Some(&s.as_str()))
        }
        Value::Array(items) => items.is_empty(),
        Value::Object(items) => items.is_empty() && matches!(kind, Kind::Map(_)),
    }
}

/// Puts back what a client of this version cannot express and therefore cannot have meant to clear.
pub(crate) fn preserve(
    message: &Message,
    stored: &Value,
    new: &mut Map<String, Value>,
    version: Version,
) {
    for field in message.fields {
        let Some(old) = stored.get(field.name) else {
            continue;
        };
        if field.since > version {
            new.insert(field.name.to_owned(), old.clone());
            continue;
        }
        match (&field.kind, new.get_mut(field.name)) {
            (
                Kind::Part(inner) | Kind::Form(inner) | Kind::Choice(inner),
                Some(Value::Object(present)),
            ) => {
                preserve(inner, old, present, version);
            }
            // *Unknown*: what becomes of such a field when the object around it is left out. Taken: it survives.
            (Kind::Part(inner), None) => {
                let mut rest = Map::new();
                preserve(inner, old, &mut rest, version);
                if !rest.is_empty() {
                    new.insert(field.name.to_owned(), Value::Object(rest));
                }
            }
            _ => {}
        }
    }
}

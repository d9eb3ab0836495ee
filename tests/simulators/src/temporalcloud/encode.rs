//! Writing answers: casing, default values, enums and their deprecated strings.
//!
//! *Unknown*: which casing and which default values the gateway emits. All combinations are valid JSON encodings of
//! the messages, so a client has to read every one of them: the options choose.

use serde_json::{Map, Value};

use super::{
    decode::{is_default, snake},
    options::{Casing, Defaults},
    schema::{Enumeration, Field, Kind, Message},
    version::{ENUMS, Pinned},
};

/// How to write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encoder {
    pub(crate) casing: Casing,
    pub(crate) defaults: Defaults,
    pub(crate) pinned: Pinned,
}

impl Encoder {
    /// Writes a message from its stored form.
    pub(crate) fn message(&self, message: &Message, value: &Value) -> Value {
        let Value::Object(stored) = value else {
            return value.clone();
        };
        let mut out = Map::new();
        for field in message.fields {
            // *Unknown*: whether answers leave out fields newer than the pinned version. Taken: they do.
            if field.since <= self.pinned.version {
                self.field(field, stored.get(field.name), &mut out);
            }
        }
        // What a test added by hand and the table does not know goes out as it is.
        for (key, value) in stored {
            if !message.fields.iter().any(|field| field.name == key) {
                out.insert(key.clone(), value.clone());
            }
        }
        Value::Object(out)
    }

    fn name(&self, name: &str) -> String {
        match self.casing {
            Casing::Camel => name.to_owned(),
            Casing::Snake => snake(name),
        }
    }

    fn field(&self, field: &Field, stored: Option<&Value>, out: &mut Map<String, Value>) {
        let stored = stored.filter(|value| !is_default(&field.kind, value));
        if let Kind::Enum(kind) = &field.kind {
            return self.enumeration(field.name, kind, stored, out);
        }
        let value = match stored {
            Some(value) => Some(self.value(&field.kind, value)),
            None => self.default(&field.kind),
        };
        if let Some(value) = value {
            out.insert(self.name(field.name), value);
        }
    }

    fn value(&self, kind: &Kind, value: &Value) -> Value {
        match kind {
            Kind::Part(message) | Kind::Form(message) | Kind::Choice(message) => {
                self.message(message, value)
            }
            Kind::List(kind) => Value::Array(
                value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|item| self.value(kind, item))
                    .collect(),
            ),
            // The keys of a map are data and keep their casing.
            Kind::Map(kind) => Value::Object(
                value
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(key, item)| (key.clone(), self.value(kind, item)))
                    .collect(),
            ),
            Kind::Text | Kind::Int | Kind::Bool | Kind::Time | Kind::Enum(_) | Kind::Any => {
                value.clone()
            }
        }
    }

    fn default(&self, kind: &Kind) -> Option<Value> {
        match (self.defaults, kind) {
            (Defaults::Omitted, _) | (_, Kind::Choice(_) | Kind::Any) => None,
            (Defaults::Null, _) | (_, Kind::Part(_) | Kind::Form(_) | Kind::Time) => {
                Some(Value::Null)
            }
            (_, Kind::Text) => Some(Value::from("")),
            (_, Kind::Int) => Some(Value::from(0)),
            (_, Kind::Bool) => Some(Value::from(false)),
            (_, Kind::List(_)) => Some(Value::Array(Vec::new())),
            (_, Kind::Map(_)) => Some(Value::Object(Map::new())),
            (_, Kind::Enum(kind)) => kind.names.first().map(|name| Value::from(*name)),
        }
    }

    /// Strings only below the version that brought enums, both for the date-style version, enums only above.
    fn enumeration(
        &self,
        name: &str,
        kind: &'static Enumeration,
        stored: Option<&Value>,
        out: &mut Map<String, Value>,
    ) {
        let enums = self.pinned.version >= ENUMS;
        let strings = !kind.twins.is_empty() && (!enums || self.pinned.both);
        if (enums || kind.twins.is_empty())
            && let Some(value) = stored.cloned().or_else(|| self.default(&Kind::Enum(kind)))
        {
            out.insert(self.name(name), value);
        }
        if strings {
            let position = stored.and_then(|value| {
                kind.names
                    .iter()
                    .position(|known| value.as_str() == Some(known))
            });
            let twin = position
                .and_then(|i| kind.twins.get(i))
                .map(|twin| Value::from(*twin))
                .or_else(|| self.default(&Kind::Text));
            if let Some(twin) = twin {
                out.insert(self.name(&format!("{name}Deprecated")), twin);
            }
        }
    }
}

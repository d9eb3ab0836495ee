//! Which fields of two records differ.

use serde::Serialize;
use serde_json::Value;

/// A field with two values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Field {
    /// Its name; a part of a larger value is named with dots, such as `profile.department`.
    pub name: String,
    /// What it was.
    pub old: Value,
    /// What it is.
    pub new: Value,
}

/// Collects the fields that differ, going down into objects and no further.
pub(super) fn differing(name: &str, old: &Value, new: &Value, fields: &mut Vec<Field>) {
    if old == new {
        return;
    }
    let (Value::Object(was), Value::Object(is)) = (old, new) else {
        fields.push(Field {
            name: name.to_owned(),
            old: old.clone(),
            new: new.clone(),
        });
        return;
    };
    let added = is.keys().filter(|key| !was.contains_key(*key));
    for key in was.keys().chain(added) {
        let inner = if name.is_empty() {
            key.clone()
        } else {
            format!("{name}.{key}")
        };
        let value = |of: &serde_json::Map<String, Value>| of.get(key).cloned().unwrap_or_default();
        differing(&inner, &value(was), &value(is), fields);
    }
}

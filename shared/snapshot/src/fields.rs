//! The fields in which two records differ.

use serde::Serialize;
use serde_json::Value;

/// A field with two values.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the other fields are self-explanatory")]
pub struct FieldDifference {
    /// Its name, with dots within a larger value: `profile.department`.
    pub name: String,
    pub old: Value,
    pub new: Value,
}

/// Collects the fields that differ. Objects are compared field by field, other values as a whole.
pub(crate) fn differing(name: &str, old: &Value, new: &Value, fields: &mut Vec<FieldDifference>) {
    if old == new {
        return;
    }
    let (Value::Object(was), Value::Object(is)) = (old, new) else {
        fields.push(FieldDifference { name: name.to_owned(), old: old.clone(), new: new.clone() });
        return;
    };
    let added = is.keys().filter(|key| !was.contains_key(*key));
    for key in was.keys().chain(added) {
        let inner = match name {
            "" => key.clone(),
            _ => format!("{name}.{key}"),
        };
        let null = &Value::Null;
        let (old, new) = (was.get(key).unwrap_or(null), is.get(key).unwrap_or(null));
        differing(&inner, old, new, fields);
    }
}

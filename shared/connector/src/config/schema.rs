//! The configuration keys in the form of Baton's tools.

use serde_json::{Value, json};

use super::field::{Field, FieldKind, list};

/// A connector's configuration keys, as Baton's `config` command shows them (`c1.config.v1.Configuration`).
pub fn schema(display_name: &str, fields: &[Field]) -> Value {
    let fields: Vec<Value> = fields.iter().map(field_schema).collect();
    json!({"displayName": display_name, "fields": fields})
}

fn field_schema(field: &Field) -> Value {
    let mut out = json!({
        "name": field.key,
        "displayName": field.display_name,
        "description": field.description,
    });
    if field.required {
        out["isRequired"] = true.into();
    }
    if field.kind.is_secret() {
        out["isSecret"] = true.into();
    }
    let mut kind = json!({});
    if let Some(default) = field.default {
        kind["defaultValue"] = match field.kind {
            FieldKind::Flag => (default == "true").into(),
            FieldKind::Any(_) => list(default).collect::<Vec<_>>().into(),
            _ => default.into(),
        };
    }
    let name = match field.kind {
        FieldKind::Flag => "boolField",
        FieldKind::Any(_) => "stringSliceField",
        _ => "stringField",
    };
    if name != "boolField" && field.required {
        kind["rules"]["isRequired"] = true.into();
    }
    match field.kind {
        FieldKind::Choice(options) => kind["rules"]["in"] = json!(options),
        FieldKind::Url => kind["rules"]["wellKnown"] = "WELL_KNOWN_STRING_URI".into(),
        _ => {}
    }
    out[name] = kind;
    out
}

//! Reading the body of a user that is to be written, field by field in the order sent. The first thing that is wrong is
//! the one that is answered.

use serde_json::{Map, Value};

use super::{fields::Fields, refusal::Refusal};

/// What a body says.
pub(crate) struct Written {
    pub(crate) roles: Option<Vec<String>>,
    pub(crate) full_name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) metadata: Option<Map<String, Value>>,
    pub(crate) enabled: bool,
    pub(crate) password: Option<String>,
}

/// Reads the body of `PUT /_security/user/{name}`.
pub(crate) fn parse(name: &str, body: &[u8]) -> Result<Written, Refusal> {
    let fields: Fields = serde_json::from_slice(body).map_err(|error| {
        let reason = error.to_string();
        Refusal::new(400, "x_content_parse_exception", reason.clone()).wrong(reason)
    })?;
    // What is not there is null, except that a user is enabled.
    let mut written = Written {
        roles: None,
        full_name: None,
        email: None,
        metadata: None,
        enabled: true,
        password: None,
    };
    for (field, value) in fields.0 {
        written.read(name, &field, value)?;
    }
    Ok(written)
}

impl Written {
    fn read(&mut self, name: &str, field: &str, value: Value) -> Result<(), Refusal> {
        match (field, value) {
            ("username", Value::String(text)) if text == name => {}
            ("username", Value::String(_)) => {
                return Err(Refusal::violation(format!(
                    "[username] in source does not match the username provided [{name}]"
                )));
            }
            ("roles", value) => self.roles = Some(roles(value)?),
            ("full_name", Value::String(text)) => self.full_name = Some(text),
            ("email", Value::String(text)) => self.email = Some(text),
            ("full_name" | "email", Value::Null) => {}
            ("metadata", Value::Object(metadata)) => self.metadata = Some(metadata),
            ("enabled", Value::Bool(enabled)) => self.enabled = enabled,
            ("password", Value::String(text)) => self.password = Some(password(text)?),
            // A hash has a length of its own.
            ("password_hash", Value::String(text)) => self.password = Some(text),
            (field, value) => return Err(unexpected(field, &value)),
        }
        Ok(())
    }
}

fn unexpected(field: &str, value: &Value) -> Refusal {
    let kind = match field {
        "username" | "full_name" | "email" | "password" | "password_hash" => "string",
        "metadata" => "object",
        "enabled" => "boolean",
        _ => {
            return Refusal::parse(format!(
                "failed to parse add user request. unexpected field [{field}]"
            ));
        }
    };
    let found = token(value);
    Refusal::parse(format!(
        "expected field [{field}] to be of type {kind}, but found [{found}] instead"
    ))
}

/// A value as the server's reader calls it.
fn token(value: &Value) -> &'static str {
    match value {
        Value::Null => "VALUE_NULL",
        Value::Bool(_) => "VALUE_BOOLEAN",
        Value::Number(_) => "VALUE_NUMBER",
        Value::String(_) => "VALUE_STRING",
        Value::Array(_) => "START_ARRAY",
        Value::Object(_) => "START_OBJECT",
    }
}

/// Roles are a list, or a text in which commas separate them.
fn roles(value: Value) -> Result<Vec<String>, Refusal> {
    let list = match value {
        Value::String(text) if text.is_empty() => return Ok(Vec::new()),
        Value::String(text) => return Ok(text.split(',').map(str::to_owned).collect()),
        Value::Array(list) => list,
        other => {
            let found = if other.is_null() {
                "null"
            } else {
                token(&other)
            };
            return Err(Refusal::parse(format!(
                "could not parse [roles] field. expected a string array but found {found} value instead"
            )));
        }
    };
    let names = list.into_iter().map(|item| match item {
        Value::String(name) => Ok(name),
        other => Err(Refusal::parse(format!(
            "could not parse [roles] field. expected a string array but one of the values in the array is [{}]",
            token(&other)
        ))),
    });
    names.collect()
}

fn password(text: String) -> Result<String, Refusal> {
    if text.chars().count() >= 6 {
        return Ok(text);
    }
    let errors = ["passwords must be at least [6] characters long".to_owned()];
    Err(Refusal::invalid("validation_exception", &errors))
}

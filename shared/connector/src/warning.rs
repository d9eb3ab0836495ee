//! Warnings: information for the operator about a run that did not fail.

use std::fmt::Display;

use rollcall_model::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Information for the operator about a run that did not fail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// The stable code, in UpperCamelCase.
    pub code: String,
    /// One sentence.
    pub message: String,
}

impl Warning {
    /// A warning.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code: code.as_str().to_owned(), message: message.into() }
    }

    /// The value of `field` in the row named `row` could not be read, and was left out.
    pub fn unreadable(row: impl Display, field: &str) -> Self {
        Self::new(
            Code::UnreadableField,
            format!("`{field}` of {row} is not in the documented form and was left out"),
        )
    }

    /// A part of the tenant could not be read: it is listed in the warnings and in the manifest's blind spots.
    pub fn blind_spot(message: impl Into<String>) -> Self {
        Self::new(Code::BlindSpot, message)
    }
}

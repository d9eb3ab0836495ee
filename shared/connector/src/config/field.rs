//! The configuration keys that a connector declares.

/// A configuration key that a connector declares.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name, in lower case with dashes.
    pub key: &'static str,
    /// Its name for people.
    pub display_name: &'static str,
    /// Its help text.
    pub description: &'static str,
    /// The form of its value.
    pub kind: FieldKind,
    /// Whether every connection requires it.
    pub required: bool,
    /// Its value if it is not given.
    pub default: Option<&'static str>,
}

impl Field {
    /// A required key.
    pub const fn required(
        key: &'static str,
        display_name: &'static str,
        description: &'static str,
        kind: FieldKind,
    ) -> Self {
        Self { required: true, ..Self::optional(key, display_name, description, kind) }
    }

    /// An optional key.
    pub const fn optional(
        key: &'static str,
        display_name: &'static str,
        description: &'static str,
        kind: FieldKind,
    ) -> Self {
        Self { key, display_name, description, kind, required: false, default: None }
    }

    /// The same key with a default value.
    #[must_use]
    pub const fn with_default(self, value: &'static str) -> Self {
        let default = Some(value);
        Self { default, ..self }
    }
}

/// The form of a value. A check returns what is wrong as the end of a sentence.
#[derive(Debug, Clone, Copy)]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A credential, which no log, error or record shows.
    Secret,
    /// A credential that passes this check, which must not quote it.
    CheckedSecret(fn(&str) -> Result<(), String>),
    /// A vendor's address, see [`vendor_url`](super::vendor_url).
    Url,
    /// `true` or `false`.
    Flag,
    /// One of these.
    Choice(&'static [&'static str]),
    /// Any of these, separated by commas or blanks.
    Any(&'static [&'static str]),
    /// Text that passes this check.
    Checked(fn(&str) -> Result<(), String>),
    /// A list of objects, each with these fields; in an environment variable, as JSON.
    Table(&'static [Field]),
}

impl FieldKind {
    pub(super) fn is_secret(self) -> bool {
        matches!(self, Self::Secret | Self::CheckedSecret(_) | Self::Table(_))
    }
}

/// The elements of a [`FieldKind::Any`].
pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c.is_whitespace()).filter(|one| !one.is_empty())
}

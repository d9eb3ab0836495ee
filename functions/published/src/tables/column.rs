//! A column of a table: its description, and how it is read from a record.

use jiff::Timestamp;
use serde_json::Value;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A list or an object, as JSON text.
    Json,
    /// True or false.
    Flag,
    /// A time in UTC, to the millisecond.
    Time,
}

impl Kind {
    /// The name of the type in Athena, as the Glue catalog stores it.
    pub fn athena(self) -> &'static str {
        match self {
            Self::Text | Self::Json => "string",
            Self::Flag => "boolean",
            Self::Time => "timestamp",
        }
    }
}

/// The description of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// What it contains.
    pub doc: &'static str,
}

/// A value of a row; a table has no empty texts, lists or objects.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "see Kind")]
pub enum Cell<'a> {
    Text(&'a str),
    Json(Value),
    Flag(bool),
    Time(Timestamp),
}

/// A column of a table that is made of records of type `R`.
pub(super) struct Column<R> {
    pub(super) description: Description,
    read: Read<R>,
}

/// Reads the value of a column from a record.
enum Read<R> {
    Text(fn(&R) -> &str),
    Json(fn(&R) -> Value),
    Flag(fn(&R) -> Option<bool>),
    Time(fn(&R) -> Option<Timestamp>),
}

impl<R> Column<R> {
    pub(super) const fn text(name: &'static str, doc: &'static str, read: fn(&R) -> &str) -> Self {
        Self::new(name, Kind::Text, doc, Read::Text(read))
    }

    pub(super) const fn json(name: &'static str, doc: &'static str, read: fn(&R) -> Value) -> Self {
        Self::new(name, Kind::Json, doc, Read::Json(read))
    }

    pub(super) const fn flag(
        name: &'static str,
        doc: &'static str,
        read: fn(&R) -> Option<bool>,
    ) -> Self {
        Self::new(name, Kind::Flag, doc, Read::Flag(read))
    }

    pub(super) const fn time(
        name: &'static str,
        doc: &'static str,
        read: fn(&R) -> Option<Timestamp>,
    ) -> Self {
        Self::new(name, Kind::Time, doc, Read::Time(read))
    }

    const fn new(name: &'static str, kind: Kind, doc: &'static str, read: Read<R>) -> Self {
        Self { description: Description { name, kind, doc }, read }
    }

    /// The value of a record; `None` if it is unknown or empty.
    pub(super) fn of<'a>(&self, record: &'a R) -> Option<Cell<'a>> {
        match self.read {
            Read::Text(read) => {
                let text = read(record);
                (!text.is_empty()).then_some(Cell::Text(text))
            }
            Read::Json(read) => match read(record) {
                Value::Null => None,
                Value::Array(list) if list.is_empty() => None,
                Value::Object(fields) if fields.is_empty() => None,
                value => Some(Cell::Json(value)),
            },
            Read::Flag(read) => read(record).map(Cell::Flag),
            Read::Time(read) => read(record).map(Cell::Time),
        }
    }
}

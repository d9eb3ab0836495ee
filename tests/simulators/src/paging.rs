//! The common part of all vendors' lists: order, pages, and opaque cursors.

use serde_json::Value;

use crate::{kit::Common, random::Random};

/// Order of lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ordering {
    /// As the vendor documents it, or the likeliest where it does not.
    #[default]
    Documented,
    /// The other way round.
    Reversed,
    /// Any order, the same for all pages of a list.
    Shuffled(u64),
}

impl Ordering {
    /// Puts a list that is in documented order into this one.
    pub(crate) fn arrange<T>(self, items: &mut [T]) {
        match self {
            Self::Documented => {}
            Self::Reversed => items.reverse(),
            Self::Shuffled(seed) => Random::new(seed).shuffle(items),
        }
    }
}

/// The beginning of a page. A cursor is only valid for its list, with the same filters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The list's [`name`].
    pub(crate) list: String,
    pub(crate) offset: usize,
    /// How many empty pages came before, so that none has the cursor of another.
    pub(crate) empty: usize,
}

impl Place {
    /// The beginning of a list.
    pub(crate) fn beginning(list: String) -> Self {
        Self { list, ..Self::default() }
    }

    /// A cursor: hexadecimal digits.
    pub(crate) fn write(&self) -> String {
        hex::encode(format!("{}|{}|{}", self.empty, self.offset, self.list))
    }

    /// The place that a cursor leads to.
    pub(crate) fn read(cursor: &str) -> Option<Self> {
        let text = String::from_utf8(hex::decode(cursor).ok()?).ok()?;
        let mut parts = text.splitn(3, '|');
        Some(Self {
            empty: parts.next()?.parse().ok()?,
            offset: parts.next()?.parse().ok()?,
            list: parts.next()?.to_owned(),
        })
    }

    /// The rows of the page that begins here, of a list in documented order, and where the next page begins. A page has
    /// `size` rows unless a test sets another size.
    pub(crate) fn cut<T>(
        &self,
        mut rows: Vec<T>,
        size: usize,
        options: &Common,
    ) -> (Vec<T>, Option<Self>) {
        options.ordering.arrange(&mut rows);
        let is_empty = self.empty < options.empty_pages;
        let size = match is_empty {
            true => 0,
            false => options.force_page_size.unwrap_or(size).max(1),
        };
        let end = self.offset.saturating_add(size);
        let next = (is_empty || end < rows.len()).then(|| Self {
            offset: end,
            empty: self.empty + usize::from(is_empty),
            ..self.clone()
        });
        let rows = rows.into_iter().skip(self.offset).take(size).collect();
        (rows, next)
    }
}

/// Whether lists have a page without rows that leads to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyPage {
    /// No.
    Never,
    /// The first one: the rows come on the pages after it.
    First,
    /// The last one, and it leads to itself.
    Last,
    /// One between any two others: what the caller may not see was left out after the list was cut.
    Between,
    /// All, and each leads to another one.
    All,
}

impl EmptyPage {
    /// The rows of a page that begins at `from`, or is the first one, and where the next one begins.
    pub(crate) fn cut<T>(
        self,
        items: Vec<T>,
        from: Option<usize>,
        size: usize,
    ) -> (Vec<T>, Option<usize>) {
        let gap = |n: usize| match self {
            Self::Between if n > 0 && n.is_multiple_of(size) => size,
            _ => 0,
        };
        let items = items.into_iter().enumerate();
        // An omitted row is an empty place.
        let places = items.flat_map(|(n, item)| (0..gap(n)).map(|_| None).chain([Some(item)]));
        let places: Vec<Option<T>> = places.collect();
        let (begin, total) = (from.unwrap_or_default(), places.len());
        let end = begin.saturating_add(size);
        let (begin, next) = match self {
            Self::All => (total, Some(end)),
            Self::First if from.is_none() => (total, Some(0)),
            Self::Last => (begin, Some(end.min(total))),
            _ => (begin, (end < total).then_some(end)),
        };
        let rows = places.into_iter().skip(begin).take(size).flatten();
        (rows.collect(), next)
    }
}

/// A list's name: its path and its filters, which are all parameters but these.
pub(crate) fn name(path: &str, query: &str, paging: &[&str]) -> String {
    let filter = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        !pair.is_empty() && !paging.contains(&name)
    };
    let mut filters: Vec<_> = query.split('&').filter(filter).collect();
    filters.sort_unstable();
    format!("{path}?{}", filters.join("&"))
}

/// Rows by id, as the API has them, but for the id where that is the key.
pub type Rows = std::collections::BTreeMap<String, Value>;

/// The row with its id.
pub(crate) fn with_id(id: &str, row: &Value) -> Value {
    let mut row = row.clone();
    row["id"] = Value::from(id);
    row
}

/// Changes fields of a row; null removes one.
pub(crate) fn patch(row: &mut Value, fields: &Value) {
    for (name, value) in fields.as_object().into_iter().flatten() {
        match (value, row.as_object_mut()) {
            (Value::Null, Some(row)) => _ = row.remove(name),
            _ => row[name] = value.clone(),
        }
    }
}

/// Changes what was found, if it was.
pub(crate) fn edit<T>(found: Option<&mut T>, change: impl FnOnce(&mut T)) {
    if let Some(found) = found {
        change(found);
    }
}

//! Paths: `$.a['b'][0]`, `$$.State.Name`, `$.list[*].name`.
//!
//! A definite path selects one value or nothing. Any other selects an array, which may be empty; but its definite beginning
//! must exist, as in AWS.

use serde_json::{Map, Value};
use serde_json_path::JsonPath;

/// A path, read once.
#[derive(Debug)]
pub(super) struct Path {
    text: String,
    of_context: bool,
    steps: Vec<Step>,
    /// What follows the first step that may select several values.
    rest: Option<JsonPath>,
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Member(String),
    Index(i64),
}

impl Path {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = |problem: &str| format!("the path {text:?} {problem}");
        let after = text
            .strip_prefix('$')
            .ok_or_else(|| wrong("does not begin with $"))?;
        let (of_context, mut left) = match after.strip_prefix('$') {
            Some(left) => (true, left),
            None => (false, after),
        };
        let mut steps = Vec::new();
        while let Some((step, after)) = step(left) {
            steps.push(step);
            left = after;
        }
        let rest = match left {
            "" => None,
            left if selects_several(left) => Some(
                JsonPath::parse(&format!("${left}"))
                    .map_err(|error| wrong(&format!("cannot be read: {error}")))?,
            ),
            left => return Err(wrong(&format!("cannot be read from {left:?} on"))),
        };
        Ok(Self {
            text: text.to_owned(),
            of_context,
            steps,
            rest,
        })
    }

    /// A path that selects one value.
    pub(super) fn definite(text: &str) -> Result<Self, String> {
        let path = Self::parse(text)?;
        if !path.is_definite() {
            return Err(format!("the path {text:?} may select several values"));
        }
        Ok(path)
    }

    /// A path that says where a value is put.
    pub(super) fn target(text: &str) -> Result<Self, String> {
        let path = Self::definite(text)?;
        if path.of_context {
            return Err(format!("nothing can be put at {text:?}"));
        }
        Ok(path)
    }

    /// `$`: everything.
    pub(super) fn whole() -> Self {
        Self {
            text: "$".to_owned(),
            of_context: false,
            steps: Vec::new(),
            rest: None,
        }
    }

    pub(super) fn is_definite(&self) -> bool {
        self.rest.is_none()
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn select(&self, input: &Value, context: &Value) -> Option<Value> {
        let mut value = if self.of_context { context } else { input };
        for step in &self.steps {
            value = match step {
                Step::Member(name) => value.as_object()?.get(name)?,
                Step::Index(index) => value.as_array().and_then(|list| at(list, *index))?,
            };
        }
        Some(match &self.rest {
            None => value.clone(),
            Some(rest) => Value::Array(rest.query(value).all().into_iter().cloned().collect()),
        })
    }

    /// Puts `value` where the path says, making the objects on the way; `None` where that is not possible.
    pub(super) fn put(&self, mut target: Value, value: Value) -> Option<Value> {
        let mut place = &mut target;
        for step in &self.steps {
            place = match step {
                Step::Member(name) => place
                    .as_object_mut()?
                    .entry(name.clone())
                    .or_insert_with(|| Value::Object(Map::new())),
                Step::Index(index) => place
                    .as_array_mut()?
                    .get_mut(usize::try_from(*index).ok()?)?,
            };
        }
        *place = value;
        Some(target)
    }
}

/// The first step of the text and what follows it; `None` where the text does not begin with a definite step.
fn step(text: &str) -> Option<(Step, &str)> {
    if let Some(after) = text.strip_prefix('.') {
        let end = after
            .find(|letter: char| {
                !(letter.is_ascii_alphanumeric() || letter == '_' || !letter.is_ascii())
            })
            .unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        let starts_well = name.starts_with(|letter: char| !letter.is_ascii_digit());
        return starts_well.then(|| (Step::Member(name.to_owned()), after));
    }
    let inside = text.strip_prefix('[')?;
    if let Some(quote @ ('\'' | '"')) = inside.chars().next() {
        let (name, after) = quoted(&inside[1..], quote)?;
        return Some((Step::Member(name), after.strip_prefix(']')?));
    }
    let (index, after) = inside.split_once(']')?;
    Some((Step::Index(index.parse().ok()?), after))
}

/// A quoted name up to its closing quote, and what follows it.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut letters = text.char_indices();
    while let Some((position, letter)) = letters.next() {
        match letter {
            '\\' => match letters.next()?.1 {
                escaped @ ('\\' | '\'' | '"') => name.push(escaped),
                _ => return None,
            },
            letter if letter == quote => return Some((name, &text[position + 1..])),
            letter => name.push(letter),
        }
    }
    None
}

/// Whether the text begins with a step that may select several values, and has filters only in the form that AWS knows.
fn selects_several(text: &str) -> bool {
    let several = match text.strip_prefix('[') {
        None => text.starts_with(".*") || text.starts_with(".."),
        Some(inside) => {
            let list = inside.split(']').next().unwrap_or_default();
            inside.starts_with('*') || inside.starts_with("?(") || list.contains([':', ','])
        }
    };
    several && !text.replace("[?(", "").contains("[?")
}

/// The element at an index, which counts from the end when it is negative.
fn at(list: &[Value], index: i64) -> Option<&Value> {
    let index = match usize::try_from(index) {
        Ok(index) => index,
        Err(_) => list
            .len()
            .checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?,
    };
    list.get(index)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_definite_path_selects_one_value_or_nothing() {
        let input = json!({"a": {"b-c": [1, {"d": null}]}, "ä": 2, "x.y": 3, "it's": 4, "_1": 5});
        let context = json!({"State": {"Name": "Here"}});
        let cases = [
            ("$", Some(input.clone())),
            ("$.a['b-c'][0]", Some(json!(1))),
            ("$.a[\"b-c\"][1].d", Some(json!(null))),
            ("$.a['b-c'][-1]", Some(json!({"d": null}))),
            ("$.a['b-c'][-3]", None),
            ("$.a['b-c'][2]", None),
            ("$.a.b", None),
            ("$.ä", Some(json!(2))),
            ("$['x.y']", Some(json!(3))),
            (r"$['it\'s']", Some(json!(4))),
            ("$._1", Some(json!(5))),
            ("$.ä.x", None),
            ("$[0]", None),
            ("$$.State.Name", Some(json!("Here"))),
            ("$$", Some(context.clone())),
            ("$$.a", None),
        ];
        for (text, expected) in cases {
            let path = Path::definite(text).unwrap();
            assert_eq!(path.select(&input, &context), expected, "{text}");
            assert_eq!(path.text(), text);
        }
    }

    #[test]
    fn any_other_path_selects_an_array_whose_definite_beginning_must_exist() {
        let input = json!({"list": [{"n": 1, "s": "a"}, {"n": 2}, {"m": 3}], "o": {"p": 7}});
        let cases = [
            ("$.list[*].n", Some(json!([1, 2]))),
            ("$.list[*].none", Some(json!([]))),
            ("$.none[*].n", None),
            ("$.o.*", Some(json!([7]))),
            ("$..n", Some(json!([1, 2]))),
            ("$.list[0:2]", Some(json!([{"n": 1, "s": "a"}, {"n": 2}]))),
            ("$.list[0,2].m", Some(json!([3]))),
            ("$.list[?(@.n == 2)]", Some(json!([{"n": 2}]))),
            ("$.list[?(@.s == 'a')].n", Some(json!([1]))),
            ("$.list[?(@.n > 5)]", Some(json!([]))),
        ];
        for (text, expected) in cases {
            let path = Path::parse(text).unwrap();
            assert_eq!(path.select(&input, &Value::Null), expected, "{text}");
            assert!(Path::definite(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_path_is_an_error() {
        for text in [
            "",
            "a",
            ".a",
            "$a",
            "$.",
            "$.a-b",
            "$.1",
            "$ .a",
            "$.a b",
            "$[ 0 ]",
            "$[x]",
            "$['a'",
            "$['a' ]",
            "$[",
            "$.a[?@.b]",
            "$.a[?(@.b]",
            r"$['\n']",
            "$.a.length()",
            "$$$",
        ] {
            assert!(Path::parse(text).is_err(), "{text}");
        }
        assert!(Path::target("$$.a").is_err());
        assert!(Path::target("$.a[*]").is_err());
    }

    #[test]
    fn a_value_is_put_where_the_path_says() {
        let cases = [
            ("$", json!({"a": 1}), Some(json!("new"))),
            ("$", json!(3), Some(json!("new"))),
            (
                "$.a",
                json!({"a": 1, "b": 2}),
                Some(json!({"a": "new", "b": 2})),
            ),
            (
                "$.x.y",
                json!({"a": 1}),
                Some(json!({"a": 1, "x": {"y": "new"}})),
            ),
            (
                "$.l[1].x",
                json!({"l": [1, {}]}),
                Some(json!({"l": [1, {"x": "new"}]})),
            ),
            ("$.l[2]", json!({"l": [1, {}]}), None),
            ("$.l[-1]", json!({"l": [1]}), None),
            ("$.a.b", json!({"a": 1}), None),
            ("$.a", json!("text"), None),
            ("$.a", json!(null), None),
        ];
        for (text, target, expected) in cases {
            let put = Path::target(text).unwrap().put(target, json!("new"));
            assert_eq!(put, expected, "{text}");
        }
    }
}

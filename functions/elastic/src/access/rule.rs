//! The rules of role mappings, evaluated for a person of whom little is known.
//!
//! A rule is a Boolean expression over the person who signs in: name, groups, realm, and more. Usually only the name or
//! one group is known, so an expression is true, false or unknown. Grammar:
//! <https://www.elastic.co/guide/en/elasticsearch/reference/current/role-mapping-resources.html>.

use std::collections::BTreeSet;

use serde_json::Value;

/// The value of a rule, ordered so that `any` is the maximum and `all` the minimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    No,
    Unknown,
    Yes,
}

/// The person for whom a rule is evaluated.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Who<'a> {
    /// Somebody of this name; groups and everything else are unknown.
    Named(&'a str),
    /// Anybody who is in this group; everything else is unknown.
    InGroup(&'a str),
    /// Somebody in none of these groups: of this name, or of a name that no rule spells out. Everything else is unknown.
    Outside { name: Option<&'a str>, groups: &'a BTreeSet<String> },
}

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rule {
    Any(Vec<Self>),
    All(Vec<Self>),
    Except(Box<Self>),
    /// A field of the person (`username`, `groups`, `dn`, `realm.name`, `metadata.…`) equals one of these values.
    Field(String, Vec<Test>),
    /// Outside the grammar.
    NotUnderstood,
}

/// A value that a field is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    Exact(String),
    /// A pattern with `*` and `?`.
    Wildcard(String),
    /// A regular expression in Lucene's syntax, or a value that is not text. It is not evaluated here.
    Undecided(String),
    /// `null`: the person does not have the field.
    Missing,
}

/// The people and groups that a rule names.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Named {
    pub(crate) users: BTreeSet<String>,
    pub(crate) groups: BTreeSet<String>,
    pub(crate) user_patterns: BTreeSet<String>,
    pub(crate) group_patterns: BTreeSet<String>,
}

impl Rule {
    pub(crate) fn parse(json: &Value) -> Self {
        let parsed = only_entry(json).and_then(|(key, value)| match key {
            "any" => Some(Self::Any(Self::parse_list(value)?)),
            "all" => Some(Self::All(Self::parse_list(value)?)),
            "except" => Some(Self::Except(Box::new(Self::parse(value)))),
            "field" => {
                let (name, value) = only_entry(value)?;
                let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                let tests = values.iter().map(Test::parse).collect();
                Some(Self::Field(name.to_owned(), tests))
            }
            _ => None,
        });
        parsed.unwrap_or(Self::NotUnderstood)
    }

    fn parse_list(json: &Value) -> Option<Vec<Self>> {
        Some(json.as_array()?.iter().map(Self::parse).collect())
    }

    /// Evaluates the rule.
    pub(crate) fn is_true_of(&self, who: Who<'_>) -> Truth {
        use Who::{InGroup, Named, Outside};
        match self {
            // `any` of nothing is false, and `all` of nothing is true.
            Self::Any(rules) => any(rules, |rule| rule.is_true_of(who)),
            Self::All(rules) => {
                let each = rules.iter().map(|rule| rule.is_true_of(who));
                each.min().unwrap_or(Truth::Yes)
            }
            Self::Except(rule) => match rule.is_true_of(who) {
                Truth::No => Truth::Yes,
                Truth::Unknown => Truth::Unknown,
                Truth::Yes => Truth::No,
            },
            Self::Field(field, tests) => match (field.as_str(), who) {
                ("username", Named(name) | Outside { name: Some(name), .. }) => {
                    any(tests, |test| test.matches(name))
                }
                ("username", Outside { name: None, .. }) => any(tests, Test::matches_other_names),
                ("username", InGroup(_)) => any(tests, Test::matches_any_name),
                // Other groups of the same people may match where this one does not.
                ("groups", InGroup(group)) => {
                    any(tests, |test| test.matches(group)).max(Truth::Unknown)
                }
                ("groups", Outside { groups, .. }) => any(tests, |test| match test {
                    Test::Exact(group) if groups.contains(group) => Truth::No,
                    _ => Truth::Unknown,
                }),
                _ => Truth::Unknown,
            },
            Self::NotUnderstood => Truth::Unknown,
        }
    }

    /// The names, groups and patterns of the rule. Patterns count only if they include somebody.
    pub(crate) fn named(&self) -> Named {
        let mut named = Named::default();
        self.collect(true, &mut named);
        named
    }

    fn collect(&self, lets_in: bool, into: &mut Named) {
        match self {
            Self::Any(rules) | Self::All(rules) => {
                rules.iter().for_each(|r| r.collect(lets_in, into));
            }
            Self::Except(rule) => rule.collect(!lets_in, into),
            Self::Field(field, tests) => {
                let (names, patterns) = match field.as_str() {
                    "username" => (&mut into.users, &mut into.user_patterns),
                    "groups" => (&mut into.groups, &mut into.group_patterns),
                    _ => return,
                };
                for test in tests {
                    match test {
                        Test::Exact(name) => names.insert(name.clone()),
                        Test::Wildcard(text) | Test::Undecided(text) if lets_in => {
                            patterns.insert(text.clone())
                        }
                        _ => false,
                    };
                }
            }
            Self::NotUnderstood => {}
        }
    }

    /// Whether all of it follows the grammar.
    pub(crate) fn is_understood(&self) -> bool {
        match self {
            Self::Any(rules) | Self::All(rules) => rules.iter().all(Self::is_understood),
            Self::Except(rule) => rule.is_understood(),
            Self::Field(..) => true,
            Self::NotUnderstood => false,
        }
    }

    /// The condition in plain words. Long lists are shortened: the rules themselves are complete.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::Any(rules) if rules.is_empty() => "nobody".into(),
            Self::All(rules) if rules.is_empty() => "everybody".into(),
            Self::Any(rules) => joined(rules, " or ", Self::as_part),
            Self::All(rules) => joined(rules, " and ", Self::as_part),
            Self::Except(rule) => format!("not ({})", rule.in_words()),
            Self::Field(field, tests) => joined(tests, " or ", |test| match test {
                Test::Exact(text) => format!("{field} is {text:?}"),
                Test::Wildcard(text) | Test::Undecided(text) => format!("{field} matches {text:?}"),
                Test::Missing => format!("{field} is missing"),
            }),
            Self::NotUnderstood => "something that Rollcall does not understand".into(),
        }
    }

    /// The same as a part of another rule: with parentheses around several parts.
    fn as_part(&self) -> String {
        let parts = match self {
            Self::Any(rules) | Self::All(rules) => rules.len(),
            Self::Field(_, tests) => tests.len(),
            Self::Except(_) | Self::NotUnderstood => 1,
        };
        match parts {
            0 | 1 => self.in_words(),
            _ => format!("({})", self.in_words()),
        }
    }
}

/// Several parts or values are alternatives.
fn any<T>(parts: &[T], is_true: impl Fn(&T) -> Truth) -> Truth {
    parts.iter().map(is_true).max().unwrap_or(Truth::No)
}

fn joined<T>(parts: &[T], separator: &str, in_words: impl Fn(&T) -> String) -> String {
    const SHOWN: usize = 10;
    let mut list: Vec<String> = parts.iter().take(SHOWN).map(in_words).collect();
    if parts.len() > SHOWN {
        list.push(format!("{} more", parts.len() - SHOWN));
    }
    list.join(separator)
}

impl Test {
    fn parse(json: &Value) -> Self {
        let is_regex = |text: &str| text.len() > 1 && text.starts_with('/') && text.ends_with('/');
        match json {
            Value::Null => Self::Missing,
            Value::String(text) if is_regex(text) => Self::Undecided(text.clone()),
            Value::String(text) if text.contains('*') => Self::Wildcard(text.clone()),
            // *Unknown*: whether a question mark alone makes a pattern. It is left undecided.
            Value::String(text) if text.contains('?') => Self::Undecided(text.clone()),
            Value::String(text) => Self::Exact(text.clone()),
            // *Unknown*: whether a number equals the same digits as text.
            other => Self::Undecided(other.to_string()),
        }
    }

    fn matches(&self, name: &str) -> Truth {
        match self {
            Self::Exact(text) if text == name => Truth::Yes,
            Self::Wildcard(pattern) if matches(pattern, name) => Truth::Yes,
            Self::Exact(_) | Self::Wildcard(_) | Self::Missing => Truth::No,
            Self::Undecided(_) => Truth::Unknown,
        }
    }

    /// Whether it matches a name that no rule spells out.
    fn matches_other_names(&self) -> Truth {
        match self {
            Self::Exact(_) => Truth::No,
            other => other.matches_any_name(),
        }
    }

    /// Whether it matches every name.
    fn matches_any_name(&self) -> Truth {
        match self {
            Self::Wildcard(pattern) if pattern.bytes().all(|b| b == b'*') => Truth::Yes,
            Self::Missing => Truth::No,
            _ => Truth::Unknown,
        }
    }
}

/// Whether a pattern with `*` (anything), `?` (any character) and `\` (the next character itself) covers the whole name.
fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut at, mut read) = (0, 0);
    // The last `*`, and how much of the name is read when it stands for one more character.
    let mut star = None;
    while read < name.len() {
        let width = match (pattern.get(at), pattern.get(at + 1)) {
            (Some('*'), _) => {
                star = Some((at + 1, read + 1));
                at += 1;
                continue;
            }
            (Some('?'), _) => Some(1),
            (Some('\\'), next) => (next == Some(&name[read])).then_some(2),
            (expected, _) => (expected == Some(&name[read])).then_some(1),
        };
        match (width, star) {
            (Some(width), _) => (at, read) = (at + width, read + 1),
            (None, Some((after, next))) => {
                star = Some((after, next + 1));
                (at, read) = (after, next);
            }
            (None, None) => return false,
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

fn only_entry(json: &Value) -> Option<(&str, &Value)> {
    let object = json.as_object().filter(|object| object.len() == 1)?;
    object.iter().next().map(|(key, value)| (key.as_str(), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of_bob(rule: Value) -> Truth {
        Rule::parse(&rule).is_true_of(Who::Named("bob"))
    }

    #[test]
    fn a_name_is_covered_not_covered_or_unknown() {
        let is_bob = json!({"field": {"username": "bob"}});
        let is_eve = json!({"field": {"username": "eve"}});
        let in_group = json!({"field": {"groups": "cn=x"}});
        for (rule, expected) in [
            (is_bob.clone(), Truth::Yes),
            (is_eve.clone(), Truth::No),
            (in_group.clone(), Truth::Unknown),
            (json!({"field": {"username": ["eve", "bob"]}}), Truth::Yes),
            (json!({"field": {"username": ["eve", null]}}), Truth::No),
            (json!({"field": {"username": 7}}), Truth::Unknown),
            (json!({"field": {"username": "b*"}}), Truth::Yes),
            (json!({"field": {"username": "*x*"}}), Truth::No),
            (json!({"field": {"username": "Bob"}}), Truth::No),
            (json!({"field": {"username": "/b.b/"}}), Truth::Unknown),
            (json!({"field": {"realm.name": "saml1"}}), Truth::Unknown),
            (json!({"field": {"metadata.a": "b"}}), Truth::Unknown),
            (json!({"field": {"dn": "*"}}), Truth::Unknown),
            (json!({"any": [is_eve, is_bob]}), Truth::Yes),
            (json!({"any": [is_eve, in_group]}), Truth::Unknown),
            (json!({"all": [is_bob, in_group]}), Truth::Unknown),
            (json!({"all": [is_eve, in_group]}), Truth::No),
            (json!({"all": [is_bob, {"except": is_eve}]}), Truth::Yes),
            (json!({"all": [is_bob, {"except": is_bob}]}), Truth::No),
            (json!({"all": [is_bob, {"except": in_group}]}), Truth::Unknown),
            (
                json!({"all": [{"any": [is_bob, is_eve]}, {"except": {"all": [is_bob, is_eve]}}]}),
                Truth::Yes,
            ),
            (json!({"any": []}), Truth::No),
            (json!({"all": []}), Truth::Yes),
            (json!({"field": {}}), Truth::Unknown),
            (json!({"some": []}), Truth::Unknown),
            // Two keys, two fields, and no object.
            (json!({"any": [is_bob], "all": [is_bob]}), Truth::Unknown),
            (json!({"field": {"username": "bob", "groups": "cn=x"}}), Truth::Unknown),
            (json!("username"), Truth::Unknown),
            (json!(null), Truth::Unknown),
        ] {
            assert_eq!(of_bob(rule.clone()), expected, "{rule}");
        }
    }

    #[test]
    fn a_group_is_covered_by_itself_only_if_nothing_else_matters() {
        let in_group = json!({"field": {"groups": ["cn=x", "cn=y"]}});
        let of_group = |rule: &Value| Rule::parse(rule).is_true_of(Who::InGroup("cn=x"));
        for (rule, expected) in [
            (in_group.clone(), Truth::Yes),
            (json!({"field": {"groups": "cn=z"}}), Truth::Unknown),
            (json!({"any": [{"field": {"username": "bob"}}, in_group]}), Truth::Yes),
            (json!({"all": [{"field": {"realm.name": "saml1"}}, in_group]}), Truth::Unknown),
            (json!({"all": [{"field": {"username": "*"}}, in_group]}), Truth::Yes),
            (json!({"all": [in_group, {"except": in_group}]}), Truth::No),
        ] {
            assert_eq!(of_group(&rule), expected, "{rule}");
        }
    }

    #[test]
    fn somebody_who_is_not_named_is_covered_not_covered_or_nobody_can_tell() {
        let shown = BTreeSet::from(["cn=x".to_owned()]);
        let of_unnamed = |rule: &Value| {
            Rule::parse(rule).is_true_of(Who::Outside { name: None, groups: &shown })
        };
        for (rule, expected) in [
            (json!({"all": []}), Truth::Yes),
            (json!({"any": []}), Truth::No),
            (json!({"field": {"username": "*"}}), Truth::Yes),
            (json!({"field": {"username": "b*"}}), Truth::Unknown),
            (json!({"field": {"username": "/b.*/"}}), Truth::Unknown),
            (json!({"field": {"username": ["bob", null]}}), Truth::No),
            (json!({"field": {"realm.name": "saml1"}}), Truth::Unknown),
            (json!({"field": {"groups": "cn=x"}}), Truth::No),
            (json!({"field": {"groups": ["cn=x", "cn=y"]}}), Truth::Unknown),
            (json!({"field": {"groups": "*"}}), Truth::Unknown),
            (json!({"all": [{"field": {"username": "bob"}}, {"field": {"dn": "*"}}]}), Truth::No),
            (json!({"all": [{"except": {"field": {"username": "bob"}}}]}), Truth::Yes),
            (json!({"sometimes": []}), Truth::Unknown),
        ] {
            assert_eq!(of_unnamed(&rule), expected, "{rule}");
        }
    }

    #[test]
    fn a_condition_is_written_in_plain_words() {
        for (rule, expected) in [
            (json!({"all": []}), "everybody"),
            (json!({"any": []}), "nobody"),
            (json!({"field": {"realm.name": "saml1"}}), r#"realm.name is "saml1""#),
            (
                json!({"all": [
                    {"any": [{"field": {"groups": ["g1", "h*"]}}, {"field": {"metadata.a": 7}}]},
                    {"except": {"field": {"username": ["bob", null]}}},
                    {"x": 1},
                ]}),
                concat!(
                    r#"((groups is "g1" or groups matches "h*") or metadata.a matches "7") and "#,
                    r#"not (username is "bob" or username is missing) and something that Rollcall does not understand"#
                ),
            ),
        ] {
            assert_eq!(Rule::parse(&rule).in_words(), expected, "{rule}");
        }
        let many: Vec<String> = (0..10_000).map(|n| format!("u{n}")).collect();
        let words = Rule::parse(&json!({"field": {"username": many}})).in_words();
        assert!(words.ends_with(r#"username is "u9" or 9990 more"#), "{words}");
    }

    #[test]
    fn names_are_found_at_any_depth_and_patterns_where_they_include_somebody() {
        let rule = Rule::parse(&json!({"all": [
            {"any": [{"field": {"username": ["a b", "c*", "/d/"]}}, {"field": {"groups": ["g1", "h*"]}}]},
            {"except": {"field": {"username": ["e", "f*"]}}},
            {"except": {"all": [{"except": {"field": {"username": "g*"}}}]}},
        ]}));
        assert!(rule.is_understood());
        let set = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        let expected = Named {
            users: set(&["a b", "e"]),
            groups: set(&["g1"]),
            user_patterns: set(&["c*", "/d/", "g*"]),
            group_patterns: set(&["h*"]),
        };
        assert_eq!(rule.named(), expected);
        assert!(!Rule::parse(&json!({"all": [{"x": 1}]})).is_understood());
    }

    #[test]
    fn a_wildcard_stands_for_anything() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abb", false),
            ("*b*", "abc", true),
            ("a*?c", "abc", true),
            ("a*?c", "ac", false),
            (r"a\*", "a*", true),
            (r"a\*", "ab", false),
            ("a*b*c", "axbxbc", true),
            ("*ab", "aab", true),
            ("*a?b", "aaab", true),
            (r"*\a", "ba", true),
            (r"a\", "a", false),
            ("**", "x", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}

//! The rules of role mappings, evaluated for somebody of whom little is known.
//!
//! A rule is a Boolean expression over whoever signs in: name, groups, realm, and more. Of most people only the name is
//! known, or one group; so an expression is true, false or unknown. Grammar:
//! <https://www.elastic.co/guide/en/elasticsearch/reference/current/role-mapping-resources.html>.

use std::collections::BTreeSet;

use serde_json::Value;

/// What a rule says of somebody. In this order, so that `any` is the greatest and `all` the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    No,
    Unknown,
    Yes,
}

impl Truth {
    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
            Self::Yes => Self::No,
        }
    }
}

/// Who a rule is evaluated for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Who<'a> {
    /// Somebody of this name; groups and everything else are unknown.
    Named(&'a str),
    /// Anybody who is in this group; everything else is unknown.
    InGroup(&'a str),
    /// Somebody who is in none of these groups: of this name, or of a name that no rule spells out. Everything else is
    /// unknown.
    Outside {
        name: Option<&'a str>,
        groups: &'a BTreeSet<String>,
    },
}

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rule {
    Any(Vec<Self>),
    All(Vec<Self>),
    Except(Box<Self>),
    Username(Vec<Test>),
    Groups(Vec<Test>),
    /// Another field of the person, by its name: the distinguished name, the realm, metadata.
    Other(String, Vec<Test>),
    /// Not of the grammar.
    Strange,
}

/// So many parts of a list are put into words.
const MOST_IN_WORDS: usize = 10;

/// What a value is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    /// The value itself.
    Exact(String),
    /// With `*` and `?`.
    Wildcard(String),
    /// A regular expression of Lucene's kind, or a value that is no text. It is not evaluated here.
    Undecided(String),
    /// The value is missing.
    Missing,
}

/// Who is named in a rule.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Named {
    pub(crate) usernames: BTreeSet<String>,
    pub(crate) groups: BTreeSet<String>,
    /// What stands for names that cannot be listed.
    pub(crate) patterns: BTreeSet<String>,
    /// The same of groups.
    pub(crate) group_patterns: BTreeSet<String>,
}

impl Rule {
    pub(crate) fn parse(json: &Value) -> Self {
        let Some((key, value)) = only_field(json) else {
            return Self::Strange;
        };
        let rules = || {
            let items = value.as_array()?;
            Some(items.iter().map(Self::parse).collect())
        };
        match key {
            "any" => rules().map_or(Self::Strange, Self::Any),
            "all" => rules().map_or(Self::Strange, Self::All),
            "except" => Self::Except(Box::new(Self::parse(value))),
            "field" => Self::field(value),
            _ => Self::Strange,
        }
    }

    fn field(json: &Value) -> Self {
        let Some((name, value)) = only_field(json) else {
            return Self::Strange;
        };
        let tests = match value {
            Value::Array(values) => values.iter().map(Test::parse).collect(),
            value => vec![Test::parse(value)],
        };
        match name {
            "username" => Self::Username(tests),
            "groups" => Self::Groups(tests),
            other => Self::Other(other.to_owned(), tests),
        }
    }

    /// What the rule says of somebody.
    pub(crate) fn says(&self, who: Who<'_>) -> Truth {
        let each = |rules: &[Self]| rules.iter().map(|r| r.says(who)).collect::<Vec<_>>();
        match self {
            // None of nothing is true, and all of nothing are.
            Self::Any(rules) => each(rules).into_iter().max().unwrap_or(Truth::No),
            Self::All(rules) => each(rules).into_iter().min().unwrap_or(Truth::Yes),
            Self::Except(rule) => rule.says(who).not(),
            Self::Username(tests) => match who {
                Who::Named(name)
                | Who::Outside {
                    name: Some(name), ..
                } => either(tests, |test| test.of_name(name)),
                Who::Outside { name: None, .. } => either(tests, Test::of_unnamed),
                Who::InGroup(_) => either(tests, Test::of_anybody),
            },
            Self::Groups(tests) => match who {
                // Other groups of the same people may match where this one does not.
                Who::InGroup(group) => {
                    either(tests, |test| test.of_name(group)).max(Truth::Unknown)
                }
                Who::Outside { groups, .. } => either(tests, |test| test.outside(groups)),
                Who::Named(_) => Truth::Unknown,
            },
            Self::Other(..) | Self::Strange => Truth::Unknown,
        }
    }

    /// Everybody who is named.
    pub(crate) fn named(&self) -> Named {
        let mut named = Named::default();
        self.collect(true, &mut named);
        named
    }

    /// Whether all of it is of the grammar.
    pub(crate) fn is_understood(&self) -> bool {
        match self {
            Self::Any(rules) | Self::All(rules) => rules.iter().all(Self::is_understood),
            Self::Except(rule) => rule.is_understood(),
            Self::Strange => false,
            Self::Username(_) | Self::Groups(_) | Self::Other(..) => true,
        }
    }

    /// The condition in plain words. Of long lists it has the beginning: the whole is in the rules themselves.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Any(rules) if rules.is_empty() => "nobody".into(),
            Self::All(rules) if rules.is_empty() => "everybody".into(),
            Self::Any(rules) => in_words(rules, "or", Self::words_within),
            Self::All(rules) => in_words(rules, "and", Self::words_within),
            Self::Except(rule) => format!("not ({})", rule.words()),
            Self::Username(tests) => in_words(tests, "or", |test| test.words("username")),
            Self::Groups(tests) => in_words(tests, "or", |test| test.words("groups")),
            Self::Other(field, tests) => in_words(tests, "or", |test| test.words(field)),
            Self::Strange => "something that Rollcall does not understand".into(),
        }
    }

    /// The same inside another rule.
    fn words_within(&self) -> String {
        let words = self.words();
        let parts = match self {
            Self::Any(rules) | Self::All(rules) => rules.len(),
            Self::Username(tests) | Self::Groups(tests) | Self::Other(_, tests) => tests.len(),
            Self::Except(_) | Self::Strange => 1,
        };
        match parts {
            0 | 1 => words,
            _ => format!("({words})"),
        }
    }

    /// Names and groups wherever they are, since each is evaluated; patterns only where they let somebody in.
    fn collect(&self, lets_in: bool, into: &mut Named) {
        match self {
            Self::Any(rules) | Self::All(rules) => {
                rules.iter().for_each(|r| r.collect(lets_in, into));
            }
            Self::Except(rule) => rule.collect(!lets_in, into),
            Self::Username(tests) => {
                for test in tests {
                    match test {
                        Test::Exact(name) => into.usernames.insert(name.clone()),
                        Test::Wildcard(text) | Test::Undecided(text) if lets_in => {
                            into.patterns.insert(text.clone())
                        }
                        Test::Wildcard(_) | Test::Undecided(_) | Test::Missing => false,
                    };
                }
            }
            Self::Groups(tests) => {
                for test in tests {
                    match test {
                        Test::Exact(name) => into.groups.insert(name.clone()),
                        Test::Wildcard(text) | Test::Undecided(text) if lets_in => {
                            into.group_patterns.insert(text.clone())
                        }
                        Test::Wildcard(_) | Test::Undecided(_) | Test::Missing => false,
                    };
                }
            }
            Self::Other(..) | Self::Strange => {}
        }
    }
}

/// Several values are alternatives.
fn either(tests: &[Test], says: impl Fn(&Test) -> Truth) -> Truth {
    tests.iter().map(says).max().unwrap_or(Truth::No)
}

fn in_words<T>(parts: &[T], between: &str, words: impl Fn(&T) -> String) -> String {
    let mut list: Vec<String> = parts.iter().take(MOST_IN_WORDS).map(words).collect();
    match parts.len().saturating_sub(MOST_IN_WORDS) {
        0 => {}
        more => list.push(format!("{more} more")),
    }
    list.join(&format!(" {between} "))
}

impl Test {
    fn parse(json: &Value) -> Self {
        match json {
            Value::Null => Self::Missing,
            Value::String(text) if is_regex(text) => Self::Undecided(text.clone()),
            Value::String(text) if text.contains('*') => Self::Wildcard(text.clone()),
            // *Unknown*: whether a question mark alone makes a pattern. Either way it is decided by nobody here.
            Value::String(text) if text.contains('?') => Self::Undecided(text.clone()),
            Value::String(text) => Self::Exact(text.clone()),
            // *Unknown*: whether a number equals the same digits as text.
            other => Self::Undecided(other.to_string()),
        }
    }

    fn of_name(&self, name: &str) -> Truth {
        match self {
            Self::Exact(text) if text == name => Truth::Yes,
            Self::Exact(_) | Self::Missing => Truth::No,
            Self::Wildcard(pattern) if matches(pattern, name) => Truth::Yes,
            Self::Wildcard(_) => Truth::No,
            Self::Undecided(_) => Truth::Unknown,
        }
    }

    /// Of somebody whose name is none of those that stand for themselves.
    fn of_unnamed(&self) -> Truth {
        match self {
            Self::Exact(_) => Truth::No,
            other => other.of_anybody(),
        }
    }

    /// Of somebody who is in none of these groups.
    fn outside(&self, groups: &BTreeSet<String>) -> Truth {
        match self {
            Self::Exact(group) if groups.contains(group) => Truth::No,
            _ => Truth::Unknown,
        }
    }

    fn words(&self, field: &str) -> String {
        match self {
            Self::Exact(text) => format!("{field} is {text:?}"),
            Self::Wildcard(text) | Self::Undecided(text) => format!("{field} matches {text:?}"),
            Self::Missing => format!("{field} is missing"),
        }
    }

    /// Of somebody who has a name, whatever it is.
    fn of_anybody(&self) -> Truth {
        match self {
            Self::Wildcard(pattern) if pattern.bytes().all(|b| b == b'*') => Truth::Yes,
            Self::Missing => Truth::No,
            _ => Truth::Unknown,
        }
    }
}

fn is_regex(text: &str) -> bool {
    text.len() > 1 && text.starts_with('/') && text.ends_with('/')
}

/// Whether a pattern with `*` (anything), `?` (any character) and `\` (the next one itself) covers a name.
fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // The places in the pattern that the name so far leads to.
    let mut at = BTreeSet::from([0]);
    let skip_stars = |at: &mut BTreeSet<usize>| {
        let mut more: Vec<usize> = at.iter().copied().collect();
        while let Some(i) = more.pop() {
            if pattern.get(i) == Some(&'*') && at.insert(i + 1) {
                more.push(i + 1);
            }
        }
    };
    skip_stars(&mut at);
    for c in name {
        let step = |i: &usize| match pattern.get(*i)? {
            '*' => Some(*i),
            '?' => Some(i + 1),
            '\\' => (pattern.get(i + 1) == Some(&c)).then_some(i + 2),
            expected => (*expected == c).then_some(i + 1),
        };
        at = at.iter().filter_map(step).collect();
        skip_stars(&mut at);
    }
    at.contains(&pattern.len())
}

fn only_field(json: &Value) -> Option<(&str, &Value)> {
    let object = json.as_object().filter(|o| o.len() == 1)?;
    let (key, value) = object.iter().next()?;
    Some((key, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of_bob(rule: Value) -> Truth {
        Rule::parse(&rule).says(Who::Named("bob"))
    }

    #[test]
    fn a_name_is_covered_not_covered_or_nobody_can_tell() {
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
            (
                json!({"all": [is_bob, {"except": in_group}]}),
                Truth::Unknown,
            ),
            (
                json!({"all": [{"any": [is_bob, is_eve]}, {"except": {"all": [is_bob, is_eve]}}]}),
                Truth::Yes,
            ),
            (json!({"any": []}), Truth::No),
            (json!({"all": []}), Truth::Yes),
            (json!({"field": {}}), Truth::Unknown),
            (json!({"some": []}), Truth::Unknown),
            (json!(null), Truth::Unknown),
        ] {
            assert_eq!(of_bob(rule.clone()), expected, "{rule}");
        }
    }

    #[test]
    fn a_group_is_covered_by_itself_only_if_nothing_else_matters() {
        let in_group = json!({"field": {"groups": ["cn=x", "cn=y"]}});
        let of_group = |rule: &Value| Rule::parse(rule).says(Who::InGroup("cn=x"));
        for (rule, expected) in [
            (in_group.clone(), Truth::Yes),
            (json!({"field": {"groups": "cn=z"}}), Truth::Unknown),
            (
                json!({"any": [{"field": {"username": "bob"}}, in_group]}),
                Truth::Yes,
            ),
            (
                json!({"all": [{"field": {"realm.name": "saml1"}}, in_group]}),
                Truth::Unknown,
            ),
            (
                json!({"all": [{"field": {"username": "*"}}, in_group]}),
                Truth::Yes,
            ),
            (json!({"all": [in_group, {"except": in_group}]}), Truth::No),
        ] {
            assert_eq!(of_group(&rule), expected, "{rule}");
        }
    }

    #[test]
    fn somebody_who_is_not_named_is_covered_not_covered_or_nobody_can_tell() {
        let shown = BTreeSet::from(["cn=x".to_owned()]);
        let of_unnamed = |rule: &Value| {
            Rule::parse(rule).says(Who::Outside {
                name: None,
                groups: &shown,
            })
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
            (
                json!({"field": {"groups": ["cn=x", "cn=y"]}}),
                Truth::Unknown,
            ),
            (json!({"field": {"groups": "*"}}), Truth::Unknown),
            (
                json!({"all": [{"field": {"username": "bob"}}, {"field": {"dn": "*"}}]}),
                Truth::No,
            ),
            (
                json!({"all": [{"except": {"field": {"username": "bob"}}}]}),
                Truth::Yes,
            ),
            (json!({"sometimes": []}), Truth::Unknown),
        ] {
            assert_eq!(of_unnamed(&rule), expected, "{rule}");
        }
    }

    #[test]
    fn a_condition_is_said_in_plain_words() {
        for (rule, expected) in [
            (json!({"all": []}), "everybody"),
            (json!({"any": []}), "nobody"),
            (
                json!({"field": {"realm.name": "saml1"}}),
                r#"realm.name is "saml1""#,
            ),
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
            assert_eq!(Rule::parse(&rule).words(), expected, "{rule}");
        }
        let many: Vec<String> = (0..10_000).map(|n| format!("u{n}")).collect();
        let words = Rule::parse(&json!({"field": {"username": many}})).words();
        assert!(
            words.ends_with(r#"username is "u9" or 9990 more"#),
            "{words}"
        );
    }

    #[test]
    fn whoever_is_named_is_found_at_any_depth_and_patterns_where_they_let_somebody_in() {
        let rule = Rule::parse(&json!({"all": [
            {"any": [{"field": {"username": ["a b", "c*", "/d/"]}}, {"field": {"groups": ["g1", "h*"]}}]},
            {"except": {"field": {"username": ["e", "f*"]}}},
            {"except": {"all": [{"except": {"field": {"username": "g*"}}}]}},
        ]}));
        assert!(rule.is_understood());
        let set = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        let expected = Named {
            usernames: set(&["a b", "e"]),
            groups: set(&["g1"]),
            patterns: set(&["c*", "/d/", "g*"]),
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
            ("**", "x", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}

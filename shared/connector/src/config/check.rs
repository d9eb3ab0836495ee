//! Checks the content of a secret against the fields that a connector declares.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret, SecretString};

use super::address::vendor_url;
use super::entries::{self, Entries, SecretValue};
use super::field::{Field, FieldKind, list};
use super::values::Config;
use crate::{Code, Error, ErrorType, Warning};

/// Keys of a Baton pod's secret that concern only the pod and are ignored.
const POD_KEYS: &str = "client-id client-secret provisioning ticketing file host-id c1-api-host log-level log-format log-path \
    skip-full-sync task-concurrency workers parallel-sync storage-engine c1z-temp-dir tmpdir config-path \
    http-timeout-seconds health-check health-check-port health-check-bind-address otel-collector-endpoint \
    otel-tracing-disabled otel-logging-disabled";

impl Config {
    /// Checks the content of a secret. One error names everything that is wrong; a warning names unknown keys and never
    /// shows their values.
    pub fn check(fields: &[Field], raw: &Entries) -> Result<(Self, Vec<Warning>), Error> {
        let mut problems = Problems::default();
        let (config, mut unknown) = Self::read(fields, raw, &mut problems);
        if !problems.is_empty() {
            let is_nested =
                |key: &&str| matches!(raw.get(key), Some(SecretValue::Other("an object")));
            if unknown.iter().any(is_nested) {
                problems.add([], "keys nested inside another key are not read");
            }
            return Err(problems.into_error());
        }
        unknown.retain(|key| !POD_KEYS.split(' ').any(|known| known == canonical(key)));
        let unknown = unknown.join(", ");
        let message = || format!("the secret contains unknown keys, which are ignored: {unknown}");
        let warning = (!unknown.is_empty()).then(|| Warning::new(Code::UnknownKeys, message()));
        Ok((config, warning.into_iter().collect()))
    }

    /// Takes the values that fit the fields, adds mismatches to `problems`, and returns the keys without a field.
    fn read<'a>(
        fields: &[Field],
        raw: &'a Entries,
        problems: &mut Problems,
    ) -> (Self, Vec<&'a str>) {
        let mut config = Self::default();
        let mut unknown = Vec::new();
        let mut given: BTreeMap<String, &SecretString> = BTreeMap::new();
        for (key, value) in raw.iter() {
            let name = canonical(key);
            let Some(field) = fields.iter().find(|f| f.key == name) else {
                unknown.push(key);
                continue;
            };
            let problem = match (value, field.kind) {
                (SecretValue::Text(text), _) => {
                    let new = text.expose_secret();
                    let differs = |old: &SecretString| old.expose_secret() != new;
                    let old = given.insert(name, text);
                    old.is_some_and(differs)
                        .then(|| "is given twice, with different values".to_owned())
                }
                (SecretValue::Table(rows), FieldKind::Table(fields)) => {
                    config.take_table(field.key, fields, rows, problems);
                    None
                }
                (SecretValue::Table(_), _) => Some("must be text, not a list".into()),
                (SecretValue::Other(found), FieldKind::Table(_)) => {
                    Some(format!("must be a list of objects, not {found}"))
                }
                (SecretValue::Other(found), _) => Some(format!("must be text, not {found}")),
            };
            if let Some(problem) = problem {
                problems.add([field.key], format!("`{}` {problem}", field.key));
            }
        }
        for field in fields {
            config.take(field, given.remove(field.key), problems);
        }
        (config, unknown)
    }

    fn take_table(
        &mut self,
        key: &'static str,
        fields: &[Field],
        rows: &[Entries],
        problems: &mut Problems,
    ) {
        if self.tables.contains_key(key) {
            problems.add([key], format!("`{key}` is given twice"));
        }
        let mut table = Vec::new();
        for (n, row) in rows.iter().enumerate() {
            let mut of_row = Problems::default();
            let (config, unknown) = Self::read(fields, row, &mut of_row);
            // No pod has such lists: an unknown key in one is a typing error.
            let unknown = unknown.iter().map(|key| format!("the key `{key}` is unknown"));
            for problem in of_row.clauses.into_iter().chain(unknown) {
                problems.add([key], format!("`{key}` no. {}: {problem}", n + 1));
            }
            table.push(config);
        }
        self.tables.insert(key, table);
    }

    fn take(&mut self, field: &Field, given: Option<&SecretString>, problems: &mut Problems) {
        let given = given.map(|text| text.expose_secret().trim());
        let Some(text) = given.filter(|text| !text.is_empty()).or(field.default) else {
            if field.required && !self.tables.contains_key(field.key) {
                problems.add([field.key], format!("`{}` is missing", field.key));
            }
            return;
        };
        let checked = match field.kind {
            FieldKind::Table(fields) => match entries::parse_table(text) {
                Some(rows) => return self.take_table(field.key, fields, &rows, problems),
                None => Err("must be a list of objects, as JSON".into()),
            },
            kind => check(kind, text),
        };
        match checked {
            Err(problem) => problems.add([field.key], format!("`{}` {problem}", field.key)),
            Ok(()) if field.kind.is_secret() => {
                self.secret.insert(field.key, text.into());
            }
            Ok(()) => {
                self.plain.insert(field.key, text.to_owned());
            }
        }
    }
}

/// Checks a value. The error is the end of a sentence.
fn check(kind: FieldKind, text: &str) -> Result<(), String> {
    let wrong = match kind {
        FieldKind::Text | FieldKind::Table(_) => None,
        FieldKind::Secret => return printable(text),
        FieldKind::CheckedSecret(check) => return printable(text).and_then(|()| check(text)),
        FieldKind::Url => return vendor_url(text).map(drop),
        FieldKind::Checked(check) => return check(text),
        FieldKind::Flag => (!matches!(text, "true" | "false")).then(|| "`true` or `false`".into()),
        FieldKind::Choice(options) => {
            (!options.contains(&text)).then(|| format!("one of {}", options.join(", ")))
        }
        FieldKind::Any(options) => list(text)
            .find(|one| !options.contains(one))
            .map(|one| format!("a list of {}, not `{one}`", options.join(", "))),
    };
    wrong.map_or(Ok(()), |wrong| Err(format!("must be {wrong}")))
}

/// A key is sent in a header: a line break or a blank in it is a pasting error.
fn printable(text: &str) -> Result<(), String> {
    match text.chars().all(|c| c.is_ascii_graphic()) {
        true => Ok(()),
        false => Err("contains blanks or other characters that a key cannot contain".to_owned()),
    }
}

/// What is wrong with a configuration.
#[derive(Debug, Default)]
pub struct Problems {
    keys: BTreeSet<&'static str>,
    clauses: Vec<String>,
}

impl Problems {
    /// Adds a clause about these keys.
    pub fn add(&mut self, keys: impl IntoIterator<Item = &'static str>, clause: impl Into<String>) {
        self.keys.extend(keys);
        self.clauses.push(clause.into());
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.clauses.is_empty()
    }

    /// The error that names all of them.
    pub fn into_error(self) -> Error {
        Error::new(
            ErrorType::Misconfigured,
            Code::BadConfiguration,
            format!("the configuration is not usable: {}", self.clauses.join("; ")),
            "Correct these keys in the connection's secret and run again.",
        )
        .with_keys(self.keys)
    }
}

/// The environment variable of a key: `BATON_API_KEY` for `api-key`.
pub fn variable(key: &str) -> String {
    format!("BATON_{}", key.to_ascii_uppercase().replace('-', "_"))
}

/// The key of an environment variable; any other text as it is.
fn canonical(key: &str) -> String {
    match key.strip_prefix("BATON_") {
        Some(rest) => rest.to_ascii_lowercase().replace('_', "-"),
        None => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const FIELDS: &[Field] = &[
        Field::required("api-key", "API key", "", FieldKind::Secret),
        Field::optional("base-url", "Base URL", "", FieldKind::Url)
            .with_default("https://api.example.com"),
        Field::optional("role", "Role", "", FieldKind::Choice(&["read", "write"]))
            .with_default("read"),
    ];

    fn check(raw: Value) -> Result<(Config, Vec<Warning>), Error> {
        let raw = raw.as_object().expect("an object").clone();
        Config::check(FIELDS, &raw.into_iter().collect())
    }

    #[test]
    fn a_pod_secret_can_be_pasted_unchanged() {
        let raw =
            json!({"BATON_API_KEY": "k1\n", "BATON_CLIENT_ID": "x", "BATON_PROVISIONING": true});
        let (config, warnings) = check(raw).expect("usable");
        assert_eq!(config.secret("api-key").expect("given").expose_secret(), "k1");
        assert_eq!(config.text("role"), Some("read"));
        assert!(warnings.is_empty());
    }

    #[test]
    fn a_secret_that_is_not_required_may_be_missing() {
        let optional = Field { key: "second-key", required: false, ..FIELDS[0] };
        let read = |raw: Value| {
            let raw = raw.as_object().expect("an object").clone();
            let checked = Config::check(&[optional], &raw.into_iter().collect());
            let given = checked.expect("usable").0.secret_if_given("second-key").cloned();
            given.map(|secret| secret.expose_secret().to_owned())
        };
        assert_eq!(read(json!({"second-key": "k2"})), Some("k2".into()));
        assert_eq!(read(json!({"second-key": " "})), None);
        assert_eq!(read(json!({})), None);
    }

    #[test]
    fn unknown_keys_are_named_and_their_values_are_not() {
        let (_, warnings) = check(json!({"api-key": "k", "apikey": "hunter2"})).expect("usable");
        let text = format!("{warnings:?}");
        assert!(text.contains("apikey") && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let raw = json!({"api-key": "two words", "base-url": "http://example.com", "role": "god"});
        let text = check(raw).expect_err("unusable").to_string();
        for part in [
            "`api-key` contains blanks",
            "`base-url` must begin with https://",
            "`role` must be one of read, write",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("two words"));
        let text = check(json!({})).expect_err("unusable").to_string();
        assert!(text.contains("`api-key` is missing"), "{text}");
        let text =
            check(json!({"api-key": "a", "BATON_API_KEY": "b"})).expect_err("unusable").to_string();
        assert!(text.contains("twice"), "{text}");
        let text = check(json!({"api-key": ["a"]})).expect_err("unusable").to_string();
        assert!(text.contains("not a list"), "{text}");
        let text = check(json!({"hunter2": {"api-key": "a"}})).expect_err("unusable");
        let text = text.to_string();
        assert!(text.contains("keys nested inside another key are not read"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn a_list_of_objects_is_checked_row_by_row() {
        const ROW: &[Field] = &[FIELDS[0], FIELDS[2]];
        let table =
            Field { key: "places", kind: FieldKind::Table(ROW), required: true, ..FIELDS[0] };
        let read = |raw: Value| {
            let raw = raw.as_object().expect("an object").clone();
            Config::check(&[table], &raw.into_iter().collect())
        };
        let rows = json!([{"api-key": "k1"}, {"api-key": "k2", "role": "write"}]);
        for given in [json!({"places": rows}), json!({"BATON_PLACES": rows.to_string()})] {
            let config = read(given).expect("usable").0;
            let found: Vec<_> = config
                .table("places")
                .iter()
                .map(|row| {
                    let key = row.secret("api-key").expect("a key").expose_secret();
                    (key, row.text("role"))
                })
                .collect();
            assert_eq!(found, [("k1", Some("read")), ("k2", Some("write"))]);
        }
        for (given, expected) in [
            (json!({}), "`places` is missing"),
            (json!({"places": "hunter2"}), "`places` must be a list of objects, as JSON"),
            (
                json!({"places": {"api-key": "hunter2"}}),
                "`places` must be a list of objects, not an object",
            ),
            (json!({"places": ["hunter2"]}), "`places` must be a list of objects, not a list"),
            (json!({"places": [{}]}), "`places` no. 1: `api-key` is missing"),
            (
                json!({"places": [{"api-key": "k"}, {"api-key": "hunter 2"}]}),
                "`places` no. 2: `api-key` contains blanks",
            ),
            (
                json!({"places": [{"api-key": "k", "rule": "hunter2"}]}),
                "`places` no. 1: the key `rule` is unknown",
            ),
            (
                json!({"places": [{"api-key": "k"}], "BATON_PLACES": "[]"}),
                "`places` is given twice",
            ),
        ] {
            let text = read(given).expect_err("unusable").to_string();
            assert!(text.contains(expected), "{text}");
            assert!(!text.contains("hunter"), "{text}");
        }
    }
}

//! What a connection is told: the keys of its secret, checked against what the connector takes.
//!
//! Keys are read in the connector's own spelling (`api-key`) and in that of the environment of a Baton pod
//! (`BATON_API_KEY`), so that the `stringData` of an existing Kubernetes secret can be pasted unchanged.

pub mod entries;
mod forms;

use std::collections::BTreeMap;
use std::fmt;

use crate::Code;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::{Host, Url};

use crate::{Error, ErrorType, Warning};
use entries::{Entries, Entry};

/// Keys that a Baton pod's secret may hold for the pod alone: known, and ignored.
const POD_KEYS: &[&str] = &[
    "client-id",
    "client-secret",
    "provisioning",
    "ticketing",
    "file",
    "host-id",
    "c1-api-host",
    "log-level",
    "log-format",
    "log-path",
    "skip-full-sync",
    "task-concurrency",
    "workers",
    "parallel-sync",
    "storage-engine",
    "c1z-temp-dir",
    "tmpdir",
    "config-path",
    "http-timeout-seconds",
    "health-check",
    "health-check-port",
    "health-check-bind-address",
    "otel-collector-endpoint",
    "otel-tracing-disabled",
    "otel-logging-disabled",
];

/// A key that a connector takes.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name, in lower case with dashes.
    pub key: &'static str,
    /// Its name for people.
    pub display_name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// What its value looks like.
    pub kind: FieldKind,
    /// Whether a connection cannot do without it.
    pub required: bool,
    /// What it is when it is not given.
    pub default: Option<&'static str>,
}

impl Field {
    /// A key that a connection cannot do without.
    pub const fn required(
        key: &'static str,
        display_name: &'static str,
        description: &'static str,
        kind: FieldKind,
    ) -> Self {
        Self {
            required: true,
            ..Self::optional(key, display_name, description, kind)
        }
    }

    /// A key that may be left out.
    pub const fn optional(
        key: &'static str,
        display_name: &'static str,
        description: &'static str,
        kind: FieldKind,
    ) -> Self {
        Self {
            key,
            display_name,
            description,
            kind,
            required: false,
            default: None,
        }
    }

    /// The same with a value for when it is not given.
    #[must_use]
    pub const fn with_default(self, value: &'static str) -> Self {
        Self {
            default: Some(value),
            ..self
        }
    }
}

/// What a value looks like.
#[derive(Debug, Clone, Copy)]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A credential: kept out of every log, error and record.
    Secret,
    /// A credential that this finds nothing wrong with; what is wrong is said as the end of a sentence, without quoting it.
    CheckedSecret(fn(&str) -> Result<(), String>),
    /// Where a vendor is: https, or http on this machine.
    Url,
    /// `true` or `false`.
    Flag,
    /// One of these.
    Choice(&'static [&'static str]),
    /// Any of these, with commas or blanks between them.
    Any(&'static [&'static str]),
    /// Text that this finds nothing wrong with; what is wrong is said as the end of a sentence.
    Checked(fn(&str) -> Result<(), String>),
    /// A list of objects, each with these fields; where only text can be given, the same as JSON.
    Table(&'static [Field]),
}

impl FieldKind {
    fn is_secret(self) -> bool {
        matches!(self, Self::Secret | Self::CheckedSecret(_) | Self::Table(_))
    }
}

/// A connection's checked configuration.
#[derive(Clone, Default)]
pub struct Config {
    plain: BTreeMap<&'static str, String>,
    secret: BTreeMap<&'static str, SecretString>,
    tables: BTreeMap<&'static str, Vec<Self>>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("plain", &self.plain)
            .field("secret", &self.secret.keys())
            .field("tables", &self.tables)
            .finish()
    }
}

impl Config {
    /// Checks what a secret holds. All that is wrong comes in one error; what is merely unknown comes as warnings, by
    /// name and never by value.
    pub fn check(fields: &[Field], raw: &Entries) -> Result<(Self, Vec<Warning>), Error> {
        let mut problems = Vec::new();
        let (config, unknown) = Self::read(fields, raw, &mut problems);
        if !problems.is_empty() {
            let is_nested = |key: &str| matches!(raw.get(key), Some(Entry::Other("an object")));
            if unknown.iter().any(|key| is_nested(key)) {
                problems.push("keys inside another key are not read".into());
            }
            return Err(bad(&problems));
        }
        let unknown: Vec<_> = unknown
            .into_iter()
            .filter(|key| !POD_KEYS.contains(&canonical(key).as_str()))
            .collect();
        let warnings = (!unknown.is_empty()).then(|| {
            Warning::new(
                Code::UnknownKeys,
                format!(
                    "the secret holds keys that nothing reads: {}",
                    unknown.join(", ")
                ),
            )
        });
        Ok((config, warnings.into_iter().collect()))
    }

    /// Takes what fits the fields, and says what does not; keys that no field has come back.
    fn read<'a>(
        fields: &[Field],
        raw: &'a Entries,
        problems: &mut Vec<String>,
    ) -> (Self, Vec<&'a str>) {
        let mut config = Self::default();
        let mut unknown = Vec::new();
        let mut given: BTreeMap<String, SecretString> = BTreeMap::new();
        for (key, entry) in raw.iter() {
            let name = canonical(key);
            let Some(field) = fields.iter().find(|f| f.key == name) else {
                unknown.push(key);
                continue;
            };
            match (entry, field.kind) {
                (Entry::Text(text), _) => {
                    let differs =
                        |other: &SecretString| other.expose_secret() != text.expose_secret();
                    if given.get(&name).is_some_and(differs) {
                        problems.push(format!("`{name}` is given twice, with different values"));
                    }
                    given.insert(name, text.clone());
                }
                (Entry::Table(rows), FieldKind::Table(fields)) => {
                    config.take_table(field.key, fields, rows, problems);
                }
                (Entry::Table(_), _) => problems.push(format!("`{name}` must be text, not a list")),
                (Entry::Other(found), FieldKind::Table(_)) => {
                    problems.push(format!("`{name}` must be a list of objects, not {found}"));
                }
                (Entry::Other(found), _) => {
                    problems.push(format!("`{name}` must be text, not {found}"));
                }
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
        problems: &mut Vec<String>,
    ) {
        if self.tables.contains_key(key) {
            problems.push(format!("`{key}` is given twice"));
        }
        let mut table = Vec::new();
        for (n, row) in rows.iter().enumerate() {
            let mut of_row = Vec::new();
            let (config, unknown) = Self::read(fields, row, &mut of_row);
            // No pod ever had such a list: what is unknown in it is mistyped.
            of_row.extend(
                unknown
                    .iter()
                    .map(|key| format!("the key `{key}` is unknown")),
            );
            problems.extend(of_row.iter().map(|p| format!("`{key}` no. {}: {p}", n + 1)));
            table.push(config);
        }
        self.tables.insert(key, table);
    }

    fn take(&mut self, field: &Field, given: Option<SecretString>, problems: &mut Vec<String>) {
        let given = given.filter(|text| !text.expose_secret().trim().is_empty());
        let Some(text) = given.or_else(|| field.default.map(SecretString::from)) else {
            if field.required && !self.tables.contains_key(field.key) {
                problems.push(format!("`{}` is missing", field.key));
            }
            return;
        };
        let text = text.expose_secret().trim();
        let problem = match field.kind {
            FieldKind::Table(fields) => match entries::parse_table(text) {
                Some(rows) => {
                    self.take_table(field.key, fields, &rows, problems);
                    return;
                }
                None => Some("must be a list of objects, as JSON".into()),
            },
            kind => problem_of(kind, text),
        };
        match problem {
            Some(problem) => problems.push(format!("`{}` {problem}", field.key)),
            None if field.kind.is_secret() => {
                self.secret.insert(field.key, text.into());
            }
            None => {
                self.plain.insert(field.key, text.to_owned());
            }
        }
    }

    /// The value of a key that is no secret.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.plain.get(key).map(String::as_str)
    }

    /// The value of a key that is required or has a default: [`Config::check`] saw to it that it is there.
    pub fn required(&self, key: &str) -> Result<&str, Error> {
        self.text(key).ok_or_else(|| undeclared(key))
    }

    /// The values of a list that has a default, in the order of `options`.
    pub fn any(
        &self,
        key: &str,
        options: &'static [&'static str],
    ) -> Result<Vec<&'static str>, Error> {
        let given: Vec<&str> = list(self.required(key)?).collect();
        let chosen = options.iter().filter(|option| given.contains(option));
        Ok(chosen.copied().collect())
    }

    /// Whether a flag is set.
    pub fn flag(&self, key: &str) -> bool {
        self.text(key) == Some("true")
    }

    /// The value of a required secret.
    pub fn secret(&self, key: &str) -> Result<&SecretString, Error> {
        self.secret_if_given(key).ok_or_else(|| undeclared(key))
    }

    /// The value of a secret that a connection can do without.
    pub fn secret_if_given(&self, key: &str) -> Option<&SecretString> {
        self.secret.get(key)
    }

    /// The rows of a list of objects: none if it is not given.
    pub fn table(&self, key: &str) -> &[Self] {
        self.tables.get(key).map_or(&[], Vec::as_slice)
    }

    /// The value of a required address.
    pub fn url(&self, key: &str) -> Result<Url, Error> {
        vendor_url(self.required(key)?).map_err(|_| undeclared(key))
    }
}

/// What is wrong with a value, as the end of a sentence.
fn problem_of(kind: FieldKind, text: &str) -> Option<String> {
    match kind {
        FieldKind::Text | FieldKind::Table(_) => None,
        FieldKind::Secret => unprintable(text),
        FieldKind::CheckedSecret(check) => unprintable(text).or_else(|| check(text).err()),
        FieldKind::Url => vendor_url(text).err(),
        FieldKind::Flag => {
            (!matches!(text, "true" | "false")).then(|| "must be `true` or `false`".to_owned())
        }
        FieldKind::Choice(options) => {
            (!options.contains(&text)).then(|| format!("must be one of {}", options.join(", ")))
        }
        FieldKind::Any(options) => list(text)
            .find(|one| !options.contains(one))
            .map(|one| format!("must be of {}, not `{one}`", options.join(", "))),
        FieldKind::Checked(check) => check(text).err(),
    }
}

/// A key goes into a header: a line break or a blank inside is a mistake in pasting.
fn unprintable(text: &str) -> Option<String> {
    let printable = text.chars().all(|c| c.is_ascii_graphic());
    (!printable).then(|| "holds blanks or characters that no key has".to_owned())
}

/// The error for a configuration with these problems, each a clause.
pub fn bad(problems: &[String]) -> Error {
    Error::new(
        ErrorType::Misconfigured,
        Code::BadConfiguration,
        format!("the configuration is not usable: {}", problems.join("; ")),
        "Correct these keys in the connection's secret and run again.",
    )
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c.is_whitespace())
        .filter(|one| !one.is_empty())
}

fn undeclared(key: &str) -> Error {
    Error::internal(
        Code::UndeclaredKey,
        format!("the connector reads `{key}` without declaring it"),
    )
}

fn canonical(key: &str) -> String {
    match key.strip_prefix("BATON_") {
        Some(rest) => rest.to_ascii_lowercase().replace('_', "-"),
        None => key.to_owned(),
    }
}

/// Reads a vendor's address. Plain http is for this machine alone; nothing but scheme, host, port and path is allowed.
pub fn vendor_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .map_err(|e| format!("is not a URL such as https://api.example.com ({e})"))?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err("names no host".into()),
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return Err("must begin with https:// (http is for this machine alone)".into()),
        other => return Err(format!("must begin with https://, not {other}:")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user name or password".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not hold a query or fragment".into());
    }
    Ok(url)
}

/// The keys that a connector takes, as Baton's `config` command shows them (`c1.config.v1.Configuration`).
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
    let mut rules = json!({});
    if field.required {
        rules["isRequired"] = true.into();
    }
    match field.kind {
        FieldKind::Choice(options) => rules["in"] = json!(options),
        FieldKind::Url => rules["wellKnown"] = "WELL_KNOWN_STRING_URI".into(),
        FieldKind::Text
        | FieldKind::Secret
        | FieldKind::CheckedSecret(_)
        | FieldKind::Flag
        | FieldKind::Any(_)
        | FieldKind::Checked(_)
        | FieldKind::Table(_) => {}
    }
    let is_flag = matches!(field.kind, FieldKind::Flag);
    if rules.as_object().is_some_and(|r| !r.is_empty()) && !is_flag {
        kind["rules"] = rules;
    }
    let name = match field.kind {
        FieldKind::Flag => "boolField",
        FieldKind::Any(_) => "stringSliceField",
        _ => "stringField",
    };
    out[name] = kind;
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[Field] = &[
        Field {
            key: "api-key",
            display_name: "API key",
            description: "",
            kind: FieldKind::Secret,
            required: true,
            default: None,
        },
        Field {
            key: "base-url",
            display_name: "Base URL",
            description: "",
            kind: FieldKind::Url,
            required: false,
            default: Some("https://api.example.com"),
        },
        Field {
            key: "role",
            display_name: "Role",
            description: "",
            kind: FieldKind::Choice(&["read", "write"]),
            required: false,
            default: Some("read"),
        },
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
        assert_eq!(
            config.secret("api-key").expect("given").expose_secret(),
            "k1"
        );
        assert_eq!(config.text("role"), Some("read"));
        assert!(warnings.is_empty());
    }

    #[test]
    fn a_secret_that_is_not_required_may_be_missing() {
        let optional = Field {
            key: "second-key",
            required: false,
            ..FIELDS[0]
        };
        let read = |raw: Value| {
            let raw = raw.as_object().expect("an object").clone();
            let checked = Config::check(&[optional], &raw.into_iter().collect());
            let given = checked
                .expect("usable")
                .0
                .secret_if_given("second-key")
                .cloned();
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
        assert!(
            text.contains("apikey") && !text.contains("hunter2"),
            "{text}"
        );
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let raw = json!({"api-key": "two words", "base-url": "http://example.com", "role": "god"});
        let text = check(raw).expect_err("unusable").to_string();
        for part in [
            "`api-key` holds blanks",
            "`base-url` must begin with https://",
            "`role` must be one of read, write",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("two words"));
        let text = check(json!({})).expect_err("unusable").to_string();
        assert!(text.contains("`api-key` is missing"), "{text}");
        let text = check(json!({"api-key": "a", "BATON_API_KEY": "b"}))
            .expect_err("unusable")
            .to_string();
        assert!(text.contains("twice"), "{text}");
        let text = check(json!({"api-key": ["a"]}))
            .expect_err("unusable")
            .to_string();
        assert!(text.contains("not a list"), "{text}");
        let text = check(json!({"hunter2": {"api-key": "a"}})).expect_err("unusable");
        let text = text.to_string();
        assert!(
            text.contains("keys inside another key are not read"),
            "{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn a_list_of_objects_is_checked_row_by_row() {
        const ROW: &[Field] = &[FIELDS[0], FIELDS[2]];
        let table = Field {
            key: "places",
            kind: FieldKind::Table(ROW),
            required: true,
            ..FIELDS[0]
        };
        let read = |raw: Value| {
            let raw = raw.as_object().expect("an object").clone();
            Config::check(&[table], &raw.into_iter().collect())
        };
        let rows = json!([{"api-key": "k1"}, {"api-key": "k2", "role": "write"}]);
        for given in [
            json!({"places": rows}),
            json!({"BATON_PLACES": rows.to_string()}),
        ] {
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
            (
                json!({"places": "hunter2"}),
                "`places` must be a list of objects, as JSON",
            ),
            (
                json!({"places": {"api-key": "hunter2"}}),
                "`places` must be a list of objects, not an object",
            ),
            (
                json!({"places": ["hunter2"]}),
                "`places` must be a list of objects, not a list",
            ),
            (
                json!({"places": [{}]}),
                "`places` no. 1: `api-key` is missing",
            ),
            (
                json!({"places": [{"api-key": "k"}, {"api-key": "hunter 2"}]}),
                "`places` no. 2: `api-key` holds blanks",
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

    #[test]
    fn addresses_are_https_or_this_machine() {
        for good in [
            "https://saas-api.tmprl.cloud",
            "http://127.0.0.1:8233",
            "http://localhost:1",
            "http://[::1]:2",
        ] {
            assert!(vendor_url(good).is_ok(), "{good}");
        }
        for bad in [
            "saas-api.tmprl.cloud:443",
            "127.0.0.1:80",
            "http://example.com",
            "http://127.0.0.1.example.com",
            "ftp://127.0.0.1",
            "https://u:p@example.com",
            "https://example.com?x=1",
            "",
        ] {
            assert!(vendor_url(bad).is_err(), "{bad}");
        }
    }
}

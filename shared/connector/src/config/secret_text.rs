//! The text formats of secrets. An ambiguous format is refused by name, never guessed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

type Keys = Map<String, Value>;

/// What is wrong, as the end of a sentence. It quotes nothing from the secret, not even what looks like a key.
type Problem = String;

/// Reads a secret: UTF-8 or UTF-16 text, with or without a byte-order mark, that is a JSON object, `KEY=VALUE` lines, or a
/// Kubernetes Secret.
pub(super) fn read(bytes: &[u8]) -> Result<Keys, Problem> {
    let text = decode(bytes)?;
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(keys)) => of_object(keys),
        // As from `jq -R` or a second `json.dumps`.
        Ok(Value::String(text)) => match serde_json::from_str(&text) {
            Ok(Value::Object(keys)) => of_object(keys),
            _ => Err("it is JSON, but not an object".into()),
        },
        Ok(_) => Err("it is JSON, but not an object".into()),
        Err(e) => of_lines(&text, &e),
    }
}

/// PowerShell and Windows editors write UTF-16, and a byte-order mark even before UTF-8.
fn decode(bytes: &[u8]) -> Result<String, Problem> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let pairs = bytes.chunks_exact(2);
        let is_whole = pairs.remainder().is_empty();
        let units: Vec<u16> = pairs.map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16(&units).ok().filter(|_| is_whole)
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        _ => String::from_utf8(bytes.to_vec()).ok(),
    };
    text.ok_or_else(|| "it is not text (neither UTF-8 nor UTF-16 with a byte-order mark)".into())
}

/// Unwraps the keys.
fn of_object(keys: Keys) -> Result<Keys, Problem> {
    if keys.contains_key("apiVersion") && keys.contains_key("kind") {
        return of_kubernetes(keys);
    }
    let only = keys.iter().next().filter(|_| keys.len() == 1);
    let Some((name, Value::Object(inner))) = only else {
        return Ok(keys);
    };
    match name.as_str() {
        "stringData" => {}
        // With `kind: Secret` this is base64; without, it may already be decoded, or come from elsewhere.
        "data" if is_all_base64(inner) => {
            return Err("its keys are nested under `data`, and their values may be base64: store the decoded keys themselves, or the whole Kubernetes Secret with `apiVersion` and `kind`".into());
        }
        "data" if inner.values().any(Value::is_object) => {
            return Err("its keys are nested under `data` more than once, as Vault prints them: store only the innermost object".into());
        }
        "data" => {}
        // It may be a key of the connector whose value has another form.
        _ => return Ok(keys),
    }
    Ok(inner.clone())
}

/// Whether some values are base64 and the others are empty.
fn is_all_base64(keys: &Keys) -> bool {
    let is_empty = |value: &&Value| value.is_null() || value.as_str() == Some("");
    keys.values().any(is_base64) && keys.values().filter(|v| !is_empty(v)).all(is_base64)
}

/// `data` holds base64; `stringData` holds text and takes precedence
/// (<https://kubernetes.io/docs/concepts/configuration/secret/#restriction-names-data>).
fn of_kubernetes(mut object: Keys) -> Result<Keys, Problem> {
    if object.get("kind").and_then(Value::as_str) != Some("Secret") {
        return Err("it is a Kubernetes object, but not of the kind `Secret`".into());
    }
    let mut part = |name: &str| match object.remove(name) {
        None | Some(Value::Null) => Ok(Keys::new()),
        Some(Value::Object(keys)) => Ok(keys),
        Some(_) => Err(format!("`{name}` of the Kubernetes Secret is not an object")),
    };
    let mut keys = Keys::new();
    for (key, value) in part("data")? {
        let text = unbase64(&value).ok_or(
            "`data` of the Kubernetes Secret contains a value that is not base64-encoded text",
        )?;
        keys.insert(key, text.into());
    }
    keys.extend(part("stringData")?);
    Ok(keys)
}

fn unbase64(value: &Value) -> Option<String> {
    let encoded: String = value.as_str()?.split_whitespace().collect();
    String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
}

/// Whether this is the base64 of text that a configuration may hold.
fn is_base64(value: &Value) -> bool {
    let is_text = |c: char| !c.is_control() || c.is_whitespace();
    unbase64(value).is_some_and(|text| !text.is_empty() && text.chars().all(is_text))
}

/// Reads `KEY=VALUE` lines, as in `.env` files and `docker --env-file`.
fn of_lines(text: &str, not_json: &serde_json::Error) -> Result<Keys, Problem> {
    let lines = text.lines().map(str::trim).enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let lines: Vec<(usize, &str)> = lines.map(|(n, line)| (n + 1, line)).collect();
    if !lines.iter().any(|(_, line)| assignment(line).is_some()) {
        let position = format!("(line {}, column {})", not_json.line(), not_json.column());
        return Err(match lines.as_slice() {
            [] => "it is not JSON: it is empty".into(),
            lines if lines.iter().all(|(_, line)| is_yaml(line)) => {
                format!("it is not JSON {position}, but looks like YAML")
            }
            [(_, line)] if !line.starts_with(['{', '[', '"']) => {
                format!("it is not JSON {position}, but a bare value without its key")
            }
            _ => format!("it is not JSON {position}"),
        });
    }
    let mut keys = Keys::new();
    for (n, line) in lines {
        let (key, value) = assignment(line).ok_or_else(|| {
            format!("it has KEY=VALUE lines, but line {n} is not one (keys are like BATON_API_KEY or api-key, and a value ends with its line)")
        })?;
        let value = unquoted(value).map_err(|why| format!("the value in line {n} {why}"))?;
        if keys.insert(key.to_owned(), value.into()).is_some() {
            return Err(format!("line {n} repeats a key"));
        }
    }
    Ok(keys)
}

/// Splits a line. A key is in upper case, or in lower case with dashes: a bare credential in base64 that ends with `=`
/// is not taken for one, and so is never named as an unknown key.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    let (key, value) = line.split_once('=')?;
    let (key, value) = (key.trim_end(), value.trim());
    let made_of = |also: char, letters: fn(&char) -> bool| {
        let fits = |c: char| letters(&c) || c.is_ascii_digit() || c == also;
        key.starts_with(|c| letters(&c)) && key.chars().all(fits)
    };
    let is_key = made_of('_', char::is_ascii_uppercase) || made_of('-', char::is_ascii_lowercase);
    let is_padding = value.chars().all(|c| c == '=');
    (is_key && key.len() <= 64 && (!is_padding || value.is_empty() && key.contains(['_', '-'])))
        .then_some((key, value))
}

/// The value of a line. One that a shell, a `.env` library and Docker read differently is refused.
fn unquoted(value: &str) -> Result<String, &'static str> {
    let inside = |quote: char| {
        let (inside, after) = value.strip_prefix(quote)?.rsplit_once(quote)?;
        let after = after.trim_start();
        (after.is_empty() || after.starts_with('#')).then_some(inside)
    };
    const AMBIGUOUS: &str =
        "has `$`, `\\` or a backtick, which tools read differently: enclose it in single quotes";
    if value.starts_with('\'') {
        let inside = inside('\'').filter(|inside| !inside.contains('\''));
        let owned = inside.map(str::to_owned);
        return owned.ok_or("has no closing quote");
    }
    if value.starts_with('"') {
        let inside = inside('"').ok_or("has no closing quote")?;
        // JSON and shells agree on these two characters.
        let plain = inside.replace("\\\"", "").replace("\\\\", "");
        if plain.contains('"') {
            return Err("has a quote inside its quotes");
        }
        if plain.contains(['$', '`', '\\']) {
            return Err(AMBIGUOUS);
        }
        return Ok(inside.replace("\\\"", "\"").replace("\\\\", "\\"));
    }
    let end = value.find(" #").unwrap_or(value.len());
    let value = value[..end].trim_end();
    if value.contains(['$', '`', '\\']) {
        return Err(AMBIGUOUS);
    }
    if value.contains(['"', '\'']) && !value.starts_with(['{', '[']) {
        return Err("contains a quote: enclose all of it in quotes of the other kind");
    }
    Ok(value.to_owned())
}

fn is_yaml(line: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let key = |key: &str| !key.is_empty() && key.chars().all(fits);
    line == "---" || line.strip_suffix(':').is_some_and(key) || {
        line.split_once(": ").is_some_and(|(name, _)| key(name))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use crate::config::entries::{SecretValue, parse};

    /// The keys and values of a secret, sorted.
    fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
        let entries = parse(bytes, "here").unwrap_or_else(|e| panic!("{e}"));
        let text = |value: &SecretValue| match value {
            SecretValue::Text(text) => text.expose_secret().to_owned(),
            other => format!("{other:?}"),
        };
        let pairs = entries.iter();
        pairs.map(|(key, value)| (key.to_owned(), text(value))).collect()
    }

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(unit).collect()
    }

    #[test]
    fn a_secret_is_read_in_each_form_that_means_one_thing() {
        let json = r#"{"api-key": "hunter2", "role": "read"}"#;
        let manifest = r#"{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"},
            "data": {"api-key": "aHVudGVyMg==", "role": "d3JpdGU="}, "stringData": {"role": "read"}}"#;
        for bytes in [
            json.as_bytes().to_vec(),
            format!("\u{feff}{json}\r\n").into_bytes(),
            utf16(json, u16::to_le_bytes),
            utf16(json, u16::to_be_bytes),
            serde_json::to_vec(json).expect("JSON"),
            format!(r#"{{"data": {json}}}"#).into_bytes(),
            format!(r#"{{"stringData": {json}}}"#).into_bytes(),
            manifest.as_bytes().to_vec(),
            b"api-key=hunter2\nrole=read".to_vec(),
            b"# key\r\n\r\nexport api-key = 'hunter2' # mine\r\nrole=\"read\"\r\n".to_vec(),
            b"\xef\xbb\xbfapi-key=hunter2 # mine\nrole=read\n".to_vec(),
        ] {
            let expected = [("api-key", "hunter2"), ("role", "read")];
            let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
            assert_eq!(pairs(&bytes), expected, "{}", String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn a_value_in_a_line_is_what_every_tool_reads() {
        for (value, expected) in [
            ("a=b==", "a=b=="),
            ("a#b", "a#b"),
            ("", ""),
            (r#"'a$b\c"d'"#, r#"a$b\c"d"#),
            (r#""a\"b\\c""#, r#"a"b\c"#),
            (r#"[{"api-key":"x"}]"#, r#"[{"api-key":"x"}]"#),
        ] {
            let line = format!("BATON_API_KEY={value}");
            assert_eq!(pairs(line.as_bytes()), [("BATON_API_KEY".into(), expected.into())]);
        }
    }

    #[test]
    fn any_other_form_is_named_and_never_quoted() {
        for (text, expected) in [
            ("", "it is empty"),
            (" \n# hunter2\n", "it is empty"),
            ("hunter2", "a bare value"),
            ("aHVudGVyMg==", "a bare value"),
            ("JBSWY3DPEHUNTER2====", "a bare value"),
            ("deadbeef0hunter2=", "a bare value"),
            ("{\"api-key\": hunter2}", "it is not JSON (line 1, column 13)"),
            ("{\"api-key\": \"hunter2\",}", "it is not JSON"),
            ("\"hunter2\"", "not an object"),
            ("[\"hunter2\"]", "not an object"),
            ("api-key: hunter2", "YAML"),
            ("apiVersion: v1\nkind: Secret\nstringData:\n  api-key: hunter2", "YAML"),
            ("role=read\nhunter2", "line 2 is not one"),
            ("role=read\nhunter2==", "line 2 is not one"),
            ("api-key='hunter2", "line 1 has no closing quote"),
            ("api-key=\"hunter2", "line 1 has no closing quote"),
            ("api-key=hunter2$x", "single quotes"),
            ("api-key=\"hunter2\\n\"", "single quotes"),
            ("api-key=it's-hunter2", "contains a quote"),
            ("api-key=hunter2\napi-key=hunter2", "repeats a key"),
            (r#"{"data": {"api-key": "aHVudGVyMg=="}}"#, "may be base64"),
            (r#"{"data": {"api-key": "aHVudGVyMg==", "role": "", "id": null}}"#, "may be base64"),
            (r#"{"data": {"data": {"api-key": "hunter2"}, "metadata": {}}}"#, "as Vault prints"),
            (r#"{"apiVersion": "v1", "kind": "hunter2", "data": {}}"#, "not of the kind"),
            (r#"{"apiVersion": "v1", "kind": "Secret", "data": {"a": "hunter2!"}}"#, "base64"),
            (r#"{"apiVersion": "v1", "kind": "Secret", "data": "hunter2"}"#, "is not an object"),
        ] {
            let error = parse(text.as_bytes(), "here").map(|_| ()).expect_err(text);
            assert_eq!(error.code(), "MalformedSecret");
            assert!(error.to_string().contains(expected), "{text}: {error}");
            let shown = format!("{error:?}").to_lowercase();
            assert!(!shown.contains("hunter2") && !shown.contains("ahvudgvymg"), "{shown}");
        }
        for bytes in [&b"\xff\xfeh"[..], b"\x80hunter2"] {
            let error = parse(bytes, "here").map(|_| ()).expect_err("no text");
            assert!(error.to_string().contains("not text"), "{error}");
        }
    }
}

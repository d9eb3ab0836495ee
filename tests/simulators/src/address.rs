//! Strict reading of addresses: paths and queries are decoded by hand. Errors say what is wrong with them.

use percent_encoding::percent_decode_str;

/// The decoded segments of a path.
pub(crate) fn segments(path: &str) -> Result<Vec<String>, String> {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split('/').map(decoded).collect()
}

fn decoded(text: &str) -> Result<String, String> {
    // Nobody escapes like that on purpose: it is a name that was put into an address as it is.
    let mut escapes = text.split('%').skip(1);
    if !escapes.all(|rest| is_hex(rest.get(..2))) {
        return Err("a percent sign in the address is not escaped".to_owned());
    }
    let text =
        percent_decode_str(text).decode_utf8().map_err(|_| "the address is not valid UTF-8")?;
    Ok(text.into_owned())
}

fn is_hex(digits: Option<&str>) -> bool {
    digits.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

/// The parameters of a query.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the query; only these parameters are allowed, each once. A name that ends in `*` may be repeated.
    pub(crate) fn parse(query: &str, allowed: &[&'static str]) -> Result<Self, String> {
        let mut found: Vec<(String, String)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if value.is_empty() {
                return Err(format!("query parameter {name} has no value"));
            }
            let (name, value) =
                (decoded(&name.replace('+', " "))?, decoded(&value.replace('+', " "))?);
            let known = allowed.iter().find(|known| known.trim_end_matches('*') == name);
            let known = known.ok_or_else(|| format!("unknown query parameter {name}"))?;
            if *known == name && found.iter().any(|(other, _)| *other == name) {
                return Err(format!("query parameter {name} is given twice"));
            }
            found.push((name, value));
        }
        Ok(Self(found))
    }

    /// A parameter that is there.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of a parameter.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

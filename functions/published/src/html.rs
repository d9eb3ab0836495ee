//! Pages in one file that load nothing: the parts that must be right for a text of a vendor to stay text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rollcall_connector::Error;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The hash of a script or style for a content security policy (<https://www.w3.org/TR/CSP3/#framework-directive-source-list>).
pub fn policy_hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}

/// A value as JSON within a `script` element. Without `<`, it cannot end its element.
pub fn script_json(value: &impl Serialize) -> Result<String, Error> {
    let json = serde_json::to_string(value).map_err(Error::not_json)?;
    Ok(json.replace('<', "\\u003c"))
}

/// A text within an element or a quoted attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_neither_its_element_nor_its_attribute() {
        assert_eq!(escaped("\"'><b>&"), "&quot;&#39;&gt;&lt;b&gt;&amp;");
        let json = script_json(&"</script><!--").expect("JSON");
        assert_eq!(json, r#""\u003c/script>\u003c!--""#);
        let hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        assert_eq!(policy_hash(""), hash, "the SHA-256 of nothing");
    }
}

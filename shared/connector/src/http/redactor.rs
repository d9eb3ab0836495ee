//! Redacts a vendor's text before it is shown: short, and without credentials.
//!
//! A vendor may quote the request that it refuses, credential included. Errors end up in logs, alarms and audit
//! records, so every vendor text passes through here first.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use percent_encoding::utf8_percent_encode;
use secrecy::{ExposeSecret, SecretString};

use super::call::SEGMENT;

/// The maximum length of a quotation, in characters.
const LONGEST: usize = 300;
/// Replaces what is left out.
const LEFT_OUT: &str = "…";
/// The minimum length of a derived form that is redacted: a shorter one could be an ordinary word.
const SHORTEST: usize = 12;

/// The texts that must not be quoted, the longest first: one may be a part of another.
pub(super) struct Redactor(Vec<SecretString>);

impl Redactor {
    /// Redacts these credentials in quotations: verbatim, decoded, in a URL, and in JSON or a quoted string.
    pub(super) fn without<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let mut forms: Vec<String> = secrets
            .into_iter()
            .flat_map(|secret| forms(secret.expose_secret()))
            .flat_map(|form| {
                let in_url = utf8_percent_encode(&form, SEGMENT).to_string();
                let in_json = form.replace('\\', r"\\").replace('"', "\\\"");
                let in_cautious_json = in_json.replace('/', r"\/");
                [form, in_url, in_json, in_cautious_json]
            })
            .filter(|form| !form.is_empty())
            .collect();
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Self(forms.into_iter().map(SecretString::from).collect())
    }

    /// A quotation. Credentials are replaced before the text is cut, which could leave part of one.
    pub(super) fn quote(&self, text: &str) -> String {
        shortened(&self.cleaned(text))
    }

    /// The address of a redirect without query and fragment, which often contain a token.
    pub(super) fn quote_address(&self, text: &str) -> String {
        let cleaned = self.cleaned(text);
        let end = cleaned.find(['?', '#']).unwrap_or(cleaned.len());
        shortened(cleaned.get(..end).unwrap_or_default())
    }

    fn cleaned(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret.expose_secret(), LEFT_OUT))
    }
}

/// A credential in each form that a vendor may quote: verbatim, in either alphabet of Base64 (RFC 4648) with or without
/// padding, decoded, and the secret of `name:secret`.
fn forms(secret: &str) -> Vec<String> {
    let unpadded = secret.trim_end_matches('=');
    // Some keys begin with a word for their kind: `essu_…`.
    let without_word = unpadded.split_once('_').map(|(_, rest)| rest);
    let encoded: Vec<&str> = [unpadded].into_iter().chain(without_word).collect();
    let decoded: Vec<String> = encoded.iter().copied().filter_map(decoded).collect();
    let texts = decoded.iter().map(String::as_str).chain([secret]);
    let after_name = texts.filter_map(|text| text.split_once(':').map(|(_, secret)| secret));
    let mut derived: Vec<String> = after_name.map(str::to_owned).collect();
    for text in encoded.into_iter().chain([secret]) {
        derived.push(text.to_owned());
        derived.push(text.replace('+', "-").replace('/', "_"));
        derived.push(text.replace('-', "+").replace('_', "/"));
    }
    derived.extend(decoded);
    derived.retain(|form| form.chars().count() >= SHORTEST);
    derived.push(secret.to_owned());
    derived
}

/// Decodes a credential that is Base64 without padding.
fn decoded(unpadded: &str) -> Option<String> {
    let usual = unpadded.replace('-', "+").replace('_', "/");
    let text = String::from_utf8(STANDARD_NO_PAD.decode(usual).ok()?).ok()?;
    (!text.chars().any(char::is_control)).then_some(text)
}

fn shortened(text: &str) -> String {
    if text.chars().nth(LONGEST).is_none() {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(LONGEST - 1).collect();
    short.push_str(LEFT_OUT);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(secrets: &[&str]) -> Redactor {
        let secrets: Vec<SecretString> = secrets.iter().map(|s| (*s).into()).collect();
        Redactor::without(&secrets)
    }

    #[test]
    fn a_credential_is_left_out_in_every_form() {
        let words = words(&["a+b/c\"d", ""]);
        for (text, expected) in [
            (r#"no key a+b/c"d."#, "no key …."),
            ("/login/a%2Bb%2Fc%22d", "/login/…"),
            (r#"invalid type: string "a+b/c\"d""#, r#"invalid type: string "…""#),
            (r#"{"key":"a+b\/c\"d"}"#, r#"{"key":"…"}"#),
            ("nothing of it", "nothing of it"),
            ("", ""),
        ] {
            assert_eq!(words.quote(text), expected);
        }
    }

    #[test]
    fn a_credential_is_left_out_decoded_and_in_either_alphabet() {
        // `key-id:a?secret>of~the~key`: the encoded form has a `+` and a `/`.
        let encoded = "a2V5LWlkOmE/c2VjcmV0Pm9mfnRoZX5rZXk+";
        let secret = "a?secret>of~the~key>";
        let plain = format!("key-id:{secret}");
        assert_eq!(STANDARD_NO_PAD.encode(&plain), "a2V5LWlkOmE/c2VjcmV0Pm9mfnRoZX5rZXk+");
        let url_safe = encoded.replace('+', "-").replace('/', "_");
        let prefixed = format!("essu_{encoded}");
        for sent in [encoded, url_safe.as_str(), &format!("{encoded}=="), &prefixed] {
            let words = words(&[sent]);
            for quoted in [encoded, &url_safe, &plain, secret] {
                assert_eq!(words.quote(&format!("[{quoted}]")), "[…]", "{sent}: {quoted}");
            }
            // The name is none of it.
            assert_eq!(words.quote("key-id"), "key-id");
        }
        assert_eq!(words(&[&plain]).quote(secret), "…");
    }

    #[test]
    fn no_ordinary_word_is_left_out() {
        // `id:password`, `a:b`, and what is the Base64 of no text.
        let words = words(&["aWQ6cGFzc3dvcmQ=", "YTpi", "bkua_0123456789abcdef"]);
        for text in ["the password of a:b", "id:passwords and", "YT"] {
            assert_eq!(words.quote(text), text);
        }
    }

    #[test]
    fn of_two_credentials_the_longer_one_is_left_out_whole() {
        assert_eq!(words(&["abc", "abcdef"]).quote("abcdef abc"), "… …");
    }

    #[test]
    fn a_quotation_ends_after_three_hundred_characters_and_with_no_half_of_a_credential() {
        let words = words(&["hunter2"]);
        let exact = "ä".repeat(300);
        assert_eq!(words.quote(&exact), exact);
        let cut = words.quote(&format!("{}hunter2 and more", "ä".repeat(296)));
        assert_eq!(cut, format!("{}… a…", "ä".repeat(296)));
        assert_eq!(cut.chars().count(), 300);
    }

    #[test]
    fn an_address_ends_with_its_path() {
        let words = words(&["is?this"]);
        for (text, expected) in [
            ("https://a.example/b?token=1#c", "https://a.example/b"),
            ("/b#c?d", "/b"),
            ("https://a.example/is?this/b", "https://a.example/…/b"),
        ] {
            assert_eq!(words.quote_address(text), expected);
        }
    }
}

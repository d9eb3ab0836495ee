//! The words of a query.

/// A word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Name(String),
    Sign(char),
    Text(String),
    Number(i64),
}

/// Splits a query into words. Errors say what is wrong.
pub(crate) fn tokens(query: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = query;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            ' ' | '\t' | '\r' | '\n' | ',' | '\u{feff}' => first.len_utf8(),
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '{' | '}' | '(' | ')' | ':' | '$' | '!' => {
                tokens.push(Token::Sign(first));
                1
            }
            '"' => {
                let (text, length) = text(rest)?;
                tokens.push(Token::Text(text));
                length
            }
            '-' | '0'..='9' => {
                let length = run(rest, |c| c == '-' || c.is_ascii_digit());
                let digits = rest.get(..length).unwrap_or_default();
                let number = digits.parse();
                tokens.push(Token::Number(
                    number.map_err(|_| format!("{digits} is not a number"))?,
                ));
                length
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                let length = run(rest, |c| c == '_' || c.is_ascii_alphanumeric());
                tokens.push(Token::Name(
                    rest.get(..length).unwrap_or_default().to_owned(),
                ));
                length
            }
            other => return Err(format!("Parse error on {other:?}")),
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(tokens)
}

/// How far the characters are of a kind.
fn run(text: &str, of: impl Fn(char) -> bool) -> usize {
    text.find(|c| !of(c)).unwrap_or(text.len())
}

/// A text in quotes, and its length with them. It is written as in JSON.
fn text(rest: &str) -> Result<(String, usize), String> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '"' if !escaped => {
                let quoted = rest.get(..=at).unwrap_or_default();
                let text = serde_json::from_str(quoted).map_err(|error| error.to_string())?;
                return Ok((text, at + 1));
            }
            _ => escaped = c == '\\' && !escaped,
        }
    }
    Err("Parse error: a text has no end".to_owned())
}

//! How intrinsic functions are written: names, parentheses, literals.

use serde_json::{Number, Value};

use super::expression::Expression;
use super::functions::Function;
use super::path::Path;

/// How deep AWS lets functions be nested.
const DEPTH: usize = 10;

/// Reads a function with its arguments.
pub(super) fn call(text: &str) -> Result<Expression, String> {
    let mut reader = Reader { text, left: text };
    let call = reader.call(1)?;
    match reader.left {
        "" => Ok(call),
        left => Err(reader.wrong(&format!("goes on after its end: {left:?}"))),
    }
}

struct Reader<'a> {
    text: &'a str,
    left: &'a str,
}

impl<'a> Reader<'a> {
    fn wrong(&self, problem: &str) -> String {
        format!("the function {:?} {problem}", self.text)
    }

    fn skip_spaces(&mut self) {
        self.left = self.left.trim_start_matches(' ');
    }

    fn accept(&mut self, letter: char) -> bool {
        let found = self.left.strip_prefix(letter);
        self.left = found.unwrap_or(self.left);
        found.is_some()
    }

    /// Everything up to a letter for which `ends` holds.
    fn word(&mut self, ends: impl Fn(char) -> bool) -> &'a str {
        let (word, left) = self
            .left
            .split_at(self.left.find(ends).unwrap_or(self.left.len()));
        self.left = left;
        word
    }

    fn call(&mut self, depth: usize) -> Result<Expression, String> {
        if depth > DEPTH {
            return Err(self.wrong("is nested too deep"));
        }
        let begins = self.left;
        let name = self.word(|letter| !(letter.is_ascii_alphanumeric() || letter == '.'));
        if !self.accept('(') {
            return Err(self.wrong("is neither a path nor a function"));
        }
        let (format, arguments) = self.arguments(name, depth)?;
        let function =
            Function::new(name, &arguments, format).map_err(|problem| self.wrong(&problem))?;
        let text = begins[..begins.len() - self.left.len()].to_owned();
        Ok(Expression::Call {
            text,
            function,
            arguments,
        })
    }

    /// The arguments up to the closing parenthesis; the template of `States.Format` apart from them.
    fn arguments(
        &mut self,
        name: &str,
        depth: usize,
    ) -> Result<(Option<Vec<String>>, Vec<Expression>), String> {
        let mut arguments = Vec::new();
        self.skip_spaces();
        if self.accept(')') {
            return Ok((None, arguments));
        }
        let mut format = None;
        if name == "States.Format" {
            format = Some(self.template()?);
        } else {
            arguments.push(self.argument(depth)?);
        }
        loop {
            self.skip_spaces();
            if self.accept(')') {
                return Ok((format, arguments));
            }
            if !self.accept(',') {
                return Err(self.wrong(&format!("has no comma before {:?}", self.left)));
            }
            self.skip_spaces();
            arguments.push(self.argument(depth)?);
        }
    }

    fn argument(&mut self, depth: usize) -> Result<Expression, String> {
        match self.left.chars().next() {
            Some('\'') => {
                let text: String = self.string()?.into_iter().map(Letter::get).collect();
                Ok(Expression::Literal(text.into()))
            }
            Some('$') => {
                let path = self.path();
                Path::parse(path).map(Expression::Path)
            }
            Some('S') => self.call(depth + 1),
            _ => {
                let word = self.word(|letter| matches!(letter, ',' | ')' | ' '));
                literal(word)
                    .map(Expression::Literal)
                    .ok_or_else(|| self.wrong(&format!("has an argument that is none: {word:?}")))
            }
        }
    }

    /// A path ends at a comma or parenthesis outside of its brackets and quotes.
    fn path(&mut self) -> &'a str {
        let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
        let end = self.left.find(|letter: char| {
            let ends = depth == 0 && quote.is_none() && matches!(letter, ',' | ')' | ' ');
            match (quote, letter) {
                _ if escaped => escaped = false,
                (Some(_), '\\') => escaped = true,
                (Some(open), letter) if letter == open => quote = None,
                (None, '\'' | '"') => quote = Some(letter),
                (None, '[') => depth += 1,
                (None, ']') => depth = depth.saturating_sub(1),
                _ => {}
            }
            ends
        });
        let (path, left) = self.left.split_at(end.unwrap_or(self.left.len()));
        self.left = left;
        path
    }

    /// The template of `States.Format`, cut at each `{}`.
    fn template(&mut self) -> Result<Vec<String>, String> {
        if !self.left.starts_with('\'') {
            return Err(self.wrong("has no literal string to format"));
        }
        let mut pieces = Vec::new();
        let mut piece = String::new();
        let mut letters = self.string()?.into_iter().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                Letter::Plain('{') if letters.next_if_eq(&Letter::Plain('}')).is_some() => {
                    pieces.push(std::mem::take(&mut piece));
                }
                Letter::Plain('{' | '}') => {
                    return Err(self.wrong("has a brace that is neither `{}` nor escaped"));
                }
                letter => piece.push(letter.get()),
            }
        }
        pieces.push(piece);
        Ok(pieces)
    }

    /// A string in single quotes. A backslash may stand before a quote, a brace or another backslash.
    fn string(&mut self) -> Result<Vec<Letter>, String> {
        let mut string = Vec::new();
        let mut letters = self.left.char_indices().skip(1);
        while let Some((position, letter)) = letters.next() {
            match letter {
                '\'' => {
                    self.left = &self.left[position + 1..];
                    return Ok(string);
                }
                '\\' => match letters.next() {
                    Some((_, escaped @ ('\'' | '{' | '}' | '\\'))) => {
                        string.push(Letter::Escaped(escaped));
                    }
                    _ => return Err(self.wrong("has a backslash before what needs none")),
                },
                letter => string.push(Letter::Plain(letter)),
            }
        }
        Err(self.wrong("has a string without an end"))
    }
}

/// A letter of a string; braces mean something else when they are escaped.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Letter {
    Plain(char),
    Escaped(char),
}

impl Letter {
    fn get(self) -> char {
        match self {
            Self::Plain(letter) | Self::Escaped(letter) => letter,
        }
    }
}

fn literal(word: &str) -> Option<Value> {
    match word {
        "null" => Some(Value::Null),
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        word => word
            .parse()
            .ok()
            .map(|number: Number| Value::Number(number)),
    }
}

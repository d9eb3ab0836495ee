//! The form of a query. Fragments, directives and other names for fields are not needed and not known.

use std::collections::BTreeMap;

use serde_json::Value;

use super::lexer::{Token, tokens};

/// A query.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// Names and types of its variables.
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) selection: Vec<Node>,
}

/// A field that is selected.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) arguments: Vec<(String, Argument)>,
    pub(crate) selection: Vec<Node>,
}

/// The value of an argument.
#[derive(Debug)]
pub(crate) enum Argument {
    Literal(Value),
    Variable(String),
}

/// Reads a query. Errors say what is wrong.
pub(crate) fn parse(query: &str) -> Result<Document, String> {
    let mut parser = Parser {
        tokens: tokens(query)?,
        at: 0,
    };
    let mut document = Document::default();
    if let Some(Token::Name(word)) = parser.peek() {
        if word != "query" {
            return Err(format!("Parse error on {word:?}: only queries are known"));
        }
        parser.at += 1;
        if let Some(Token::Name(_)) = parser.peek() {
            parser.at += 1;
        }
        if parser.eat('(') {
            document.variables = parser.variables()?;
        }
    }
    document.selection = parser.selection()?;
    match parser.peek() {
        None => Ok(document),
        Some(token) => Err(format!("Parse error on {token:?}: the query is over")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    /// Passes a sign if it is the next one.
    fn eat(&mut self, sign: char) -> bool {
        let found = self.peek() == Some(&Token::Sign(sign));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: char) -> Result<(), String> {
        if self.eat(sign) {
            return Ok(());
        }
        let found = self.peek();
        Err(format!("Parse error on {found:?}: expected {sign:?}"))
    }

    fn name(&mut self) -> Result<String, String> {
        match self.tokens.get(self.at) {
            Some(Token::Name(name)) => {
                self.at += 1;
                Ok(name.clone())
            }
            other => Err(format!("Parse error on {other:?}: expected a name")),
        }
    }

    /// After the bracket: `$name: Type!`, …, and the bracket.
    fn variables(&mut self) -> Result<BTreeMap<String, String>, String> {
        let mut variables = BTreeMap::new();
        while !self.eat(')') {
            self.expect('$')?;
            let name = self.name()?;
            self.expect(':')?;
            let mut of = self.name()?;
            if self.eat('!') {
                of.push('!');
            }
            if variables.insert(name.clone(), of).is_some() {
                return Err(format!("There can only be one variable named {name:?}"));
            }
        }
        Ok(variables)
    }

    fn selection(&mut self) -> Result<Vec<Node>, String> {
        self.expect('{')?;
        let mut fields: Vec<Node> = Vec::new();
        while !self.eat('}') {
            let field = self.field()?;
            if fields.iter().any(|other| other.name == field.name) {
                return Err(format!("Field {:?} is selected twice", field.name));
            }
            fields.push(field);
        }
        if fields.is_empty() {
            return Err("Parse error on \"}\": nothing is selected".to_owned());
        }
        Ok(fields)
    }

    fn field(&mut self) -> Result<Node, String> {
        let name = self.name()?;
        let mut arguments = Vec::new();
        if self.eat('(') {
            while !self.eat(')') {
                let name = self.name()?;
                self.expect(':')?;
                arguments.push((name, self.argument()?));
            }
        }
        let nested = self.peek() == Some(&Token::Sign('{'));
        let selection = if nested {
            self.selection()?
        } else {
            Vec::new()
        };
        Ok(Node {
            name,
            arguments,
            selection,
        })
    }

    fn argument(&mut self) -> Result<Argument, String> {
        if self.eat('$') {
            return self.name().map(Argument::Variable);
        }
        let value = match self.peek() {
            Some(Token::Text(text)) => Value::from(text.as_str()),
            Some(Token::Number(number)) => Value::from(*number),
            Some(Token::Name(name)) if name == "null" => Value::Null,
            other => return Err(format!("Parse error on {other:?}: expected a value")),
        };
        self.at += 1;
        Ok(Argument::Literal(value))
    }
}

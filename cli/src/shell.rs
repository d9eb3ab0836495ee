//! Commands for people to copy: what to run next.

use std::borrow::Cow;
use std::fmt::{Display, Formatter, Result};

/// A command line whose words are quoted for a POSIX shell.
pub(crate) struct CommandLine(String);

impl CommandLine {
    /// `rollcall` with these words.
    pub(crate) fn new(words: &[&str]) -> Self {
        let line = Self("rollcall".to_owned());
        words.iter().fold(line, |line, word| line.word(word))
    }

    /// Adds a word.
    pub(crate) fn word(self, word: &str) -> Self {
        Self(format!("{self} {}", quoted(word)))
    }

    /// Adds an option with its value, if there is one.
    pub(crate) fn option(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.word(name).word(value),
            None => self,
        }
    }
}

impl Display for CommandLine {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(&self.0)
    }
}

/// A word as a POSIX shell reads it back. No argument of a program holds a NUL, which alone cannot be quoted.
pub(crate) fn quoted(word: &str) -> Cow<'_, str> {
    shlex::try_quote(word).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_the_words_of_a_command() {
        let words = ["a:b/c", "", "two words", "it's", "$HOME", "a\\b\n", "›"];
        let line = words.iter().fold(CommandLine::new(&["sync"]), |line, w| {
            line.option("--x", Some(*w)).option("--no", None)
        });
        let read = shlex::split(&line.to_string()).expect("words");
        let expected: Vec<&str> = words.iter().flat_map(|word| ["--x", word]).collect();
        assert_eq!(read[..2], ["rollcall", "sync"]);
        assert_eq!(read[2..], expected);
    }
}

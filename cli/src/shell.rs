//! Commands for people to copy: what to run next.

use std::fmt::Write;

/// A command line with everything quoted that a shell would take apart.
pub(crate) struct CommandLine(String);

impl CommandLine {
    /// `rollcall` with these words.
    pub(crate) fn new(words: &[&str]) -> Self {
        let line = Self("rollcall".to_owned());
        words.iter().fold(line, |line, word| line.word(word))
    }

    /// Adds a word.
    pub(crate) fn word(mut self, word: &str) -> Self {
        // Writing to a string cannot fail.
        let _ = write!(self.0, " {}", quoted(word));
        self
    }

    /// Adds an option with its value, if there is one.
    pub(crate) fn option(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.word(name).word(value),
            None => self,
        }
    }
}

impl std::fmt::Display for CommandLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A word as a POSIX shell reads it back.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_what_was_meant() {
        for (word, expected) in [
            ("a:b/c", "a:b/c"),
            ("", "''"),
            ("two words", "'two words'"),
            ("it's", r"'it'\''s'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
        let line = CommandLine::new(&["sync", "x"])
            .option("--store", Some("a b"))
            .option("--no", None);
        assert_eq!(line.to_string(), "rollcall sync x --store 'a b'");
    }
}

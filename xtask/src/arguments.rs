//! Flags of a command: `--name value`, `--name=value`, `--switch` and words, taken one by one; what is left over
//! is an error, so that a misspelt flag never passes for its default.

use std::str::FromStr;

use crate::failure::{Failure, Result};

/// The words after the command's name that nobody has taken yet.
#[derive(Debug)]
pub(crate) struct Arguments {
    words: Vec<String>,
}

impl Arguments {
    /// Starts from the words as typed.
    pub(crate) fn new(words: Vec<String>) -> Self {
        Self { words }
    }

    /// Takes a flag without a value; true when it was there.
    pub(crate) fn switch(&mut self, name: &str) -> bool {
        let before = self.words.len();
        self.words.retain(|word| word != name);
        self.words.len() != before
    }

    /// Takes a flag with a value.
    pub(crate) fn value(&mut self, name: &str) -> Result<Option<String>> {
        let joined = format!("{name}=");
        let Some(at) = self.words.iter().position(|word| word == name || word.starts_with(&joined)) else {
            return Ok(None);
        };
        let word = self.words.remove(at);
        if let Some(value) = word.strip_prefix(&joined) {
            return Ok(Some(value.to_owned()));
        }
        if at < self.words.len() {
            return Ok(Some(self.words.remove(at)));
        }
        Err(Failure::new(format!("{name} needs a value")))
    }

    /// Takes a flag with a value of a given kind, such as a number.
    pub(crate) fn parsed<T: FromStr>(&mut self, name: &str) -> Result<Option<T>> {
        let Some(text) = self.value(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| Failure::new(format!("{name} cannot be `{text}`")))
    }

    /// Takes the next word that is not a flag.
    pub(crate) fn word(&mut self) -> Option<String> {
        let at = self.words.iter().position(|word| !word.starts_with('-'))?;
        Some(self.words.remove(at))
    }

    /// Takes everything left, for a command that passes it on.
    pub(crate) fn rest(&mut self) -> Vec<String> {
        std::mem::take(&mut self.words)
    }

    /// Fails when a word was not understood.
    pub(crate) fn finish(&self) -> Result<()> {
        match self.words.first() {
            None => Ok(()),
            Some(word) => Err(Failure::new(format!("`{word}` is not understood here"))
                .hint("`cargo xtask COMMAND --help` lists the flags")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> Arguments {
        Arguments::new(line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn both_spellings_of_a_value_are_read_and_words_keep_their_order() {
        let mut typed = arguments("python --port 80 --log=a.txt --gzip");
        assert_eq!(typed.parsed::<u16>("--port"), Ok(Some(80)));
        assert_eq!(typed.value("--log"), Ok(Some("a.txt".to_owned())));
        assert!(typed.switch("--gzip"));
        assert!(!typed.switch("--gzip"));
        assert_eq!(typed.word().as_deref(), Some("python"));
        assert_eq!(typed.finish(), Ok(()));
    }

    #[test]
    fn a_flag_nobody_took_a_missing_value_and_a_bad_number_are_errors() {
        assert!(arguments("--prot 80").finish().is_err());
        assert!(arguments("--port").value("--port").is_err());
        assert!(arguments("--port many").parsed::<u16>("--port").is_err());
    }
}

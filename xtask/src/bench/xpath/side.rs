//! An engine under measurement: a process on one core that is asked a line at a time.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::super::field::CRAWLER_CORE;
use crate::failure::{Context as _, Failure, Result};

/// The process. It is ended when this is dropped.
#[derive(Debug)]
pub(super) struct Side {
    name: &'static str,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Drop for Side {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One answer: what was found and what an evaluation cost.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measured {
    pub(super) nanoseconds: f64,
    /// Count, hash and kind of the result.
    pub(super) found: (u64, u64, String),
}

impl Side {
    /// Starts a program on the core of measurements.
    pub(super) fn start(name: &'static str, words: &[String]) -> Result<Self> {
        let mut command = Command::new("taskset");
        command.args(["-c", &CRAWLER_CORE.to_string()]).args(words);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context(format!("start the side {name}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::new(format!("the side {name} has no pipes")));
        };
        Ok(Self { name, child, input, output: BufReader::new(output) })
    }

    /// Asks a line and waits for the line that answers.
    pub(super) fn ask(&mut self, question: &str) -> Result<String> {
        let asking = || format!("ask the side {} `{question}`", self.name);
        writeln!(self.input, "{question}").and_then(|()| self.input.flush()).context(asking())?;
        let mut line = String::new();
        self.output.read_line(&mut line).context(asking())?;
        if line.is_empty() {
            return Err(Failure::new(format!("the side {} ended at `{question}`", self.name)));
        }
        Ok(line.trim_end().to_owned())
    }

    /// `first` or `warm`, and the expression.
    pub(super) fn measure(&mut self, how: &str, expression: &str) -> Result<Measured> {
        let said = self.ask(&format!("{how} {expression}"))?;
        measured(&said).ok_or_else(|| Failure::new(format!("{} on `{expression}`: {said}", self.name)))
    }
}

/// `NANOSECONDS TIMES COUNT HASH KIND`
fn measured(said: &str) -> Option<Measured> {
    let mut words = said.split(' ');
    let nanoseconds = words.next()?.parse().ok()?;
    let _times: u64 = words.next()?.parse().ok()?;
    let found = (words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?.to_owned());
    Some(Measured { nanoseconds, found })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_and_an_error_is_none() {
        let found = (3, 77, "nodes".to_owned());
        assert_eq!(measured("12.5 8 3 77 nodes"), Some(Measured { nanoseconds: 12.5, found }));
        assert_eq!(measured("error no such function"), None);
        assert_eq!(measured(""), None);
    }
}

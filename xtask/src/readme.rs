//! `cargo xtask readme`: the help shown in README.md is the help the command prints.
//!
//! A line `<!-- help: lycosa crawl -->` names a command; the fenced block after it holds what that command prints
//! for `--help`.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::arguments::Arguments;
use crate::console::say;
use crate::failure::{Context as _, Failure, Result};
use crate::test::Verdict;
use crate::workspace;

pub(crate) const SUMMARY: &str = "Check (or --fix) the help blocks of README.md.";
pub(crate) const HELP: &str = "
Usage: cargo xtask readme [--fix]

Builds the command and compares each fenced block that follows a line
`<!-- help: lycosa … -->` with what that command prints for --help.

  --fix   rewrite the blocks instead of failing";

/// The file with the blocks.
const README: &str = "README.md";

/// The command.
pub(crate) fn run(arguments: &mut Arguments) -> Result<()> {
    let fix = arguments.switch("--fix");
    arguments.finish()?;
    blocks_match(fix).map(|_| ())
}

/// The check among the tests.
pub(crate) fn check() -> Result<Verdict> {
    blocks_match(false)
}

fn blocks_match(fix: bool) -> Result<Verdict> {
    let path = workspace::root().join(README);
    if !path.is_file() {
        say(&format!("skipped: there is no {README}"));
        return Ok(Verdict::Skipped);
    }
    let text = fs::read_to_string(&path).context(format!("read {README}"))?;
    let found = blocks(&text)?;
    let binary = workspace::build_lycosa(false)?;
    let mut fixed = text.clone();
    // From the end, so that the places of earlier blocks stay right.
    for block in found.iter().rev() {
        let help = help(&binary, &block.command)?;
        if text[block.content.clone()] == help {
            continue;
        }
        if !fix {
            return Err(Failure::new(format!(
                "the help of `{}` in {README} is not what it prints",
                block.command
            ))
            .hint("cargo xtask readme --fix"));
        }
        fixed.replace_range(block.content.clone(), &help);
        say(&format!("rewrote the help of `{}`", block.command));
    }
    if fixed != text {
        fs::write(&path, fixed).context(format!("write {README}"))?;
    }
    say(&format!("{} help blocks read", found.len()));
    Ok(Verdict::Passed)
}

/// What a command prints for `--help`, without spaces at line ends.
fn help(binary: &Path, command: &str) -> Result<String> {
    let words = command.split_whitespace().skip(1);
    let mut asked = Command::new(binary);
    asked.args(words).arg("--help").stdin(Stdio::null()).env("NO_COLOR", "1").env_remove("COLUMNS");
    let answer = asked.output().context(format!("start `{command} --help`"))?;
    if !answer.status.success() {
        return Err(Failure::new(format!("`{command} --help` ended with {}", answer.status)));
    }
    let text = String::from_utf8_lossy(&answer.stdout);
    Ok(text.trim_end().lines().fold(String::new(), |all, line| all + line.trim_end() + "\n"))
}

/// A marked block: the command it shows and where its content is.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    command: String,
    content: Range<usize>,
}

/// Every marked block of a text, in order.
fn blocks(text: &str) -> Result<Vec<Block>> {
    let mut found = Vec::new();
    let mut marked: Option<String> = None;
    let mut open: Option<usize> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        let is_fence = trimmed.starts_with("```");
        match (&marked, open) {
            (Some(command), Some(start)) if is_fence => {
                found.push(Block { command: command.clone(), content: start..at });
                (marked, open) = (None, None);
            }
            (Some(_), None) if is_fence => open = Some(at + line.len()),
            (Some(command), None) if !trimmed.is_empty() => {
                return Err(Failure::new(format!(
                    "no fenced block follows the mark of `{command}` in {README}"
                )));
            }
            (None, _) => marked = command_of(trimmed),
            _ => {}
        }
        at += line.len();
    }
    match marked {
        None => Ok(found),
        Some(command) => Err(Failure::new(format!("the block of `{command}` in {README} has no end"))),
    }
}

fn command_of(line: &str) -> Option<String> {
    let inside = line.strip_prefix("<!-- help:")?.strip_suffix("-->")?;
    Some(inside.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_blocks_are_found_and_others_left_alone() {
        let text = "# A\n```sh\nother\n```\n<!-- help: lycosa crawl -->\n\n```text\nUsage\n  x\n```\n";
        let found = blocks(text).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].command, "lycosa crawl");
        assert_eq!(&text[found[0].content.clone()], "Usage\n  x\n");
    }

    #[test]
    fn a_mark_without_a_block_and_a_block_without_an_end_are_errors() {
        assert!(blocks("<!-- help: lycosa -->\ntext\n").is_err());
        assert!(blocks("<!-- help: lycosa -->\n```\ntext\n").is_err());
    }
}

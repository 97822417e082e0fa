//! `cargo xtask torture`: kills and sabotages crawls, and checks that nothing was lost or doubled.
//!
//! The work is done by a test program of the workspace, `lycosa-torture`; this builds it and passes the flags on.

use crate::arguments::Arguments;
use crate::failure::Result;
use crate::test::Verdict;
use crate::workspace;

pub(crate) const SUMMARY: &str = "Kill and sabotage crawls at random and compare with the oracle.";
pub(crate) const HELP: &str = "
Usage: cargo xtask torture [FLAGS]

Builds the test program `lycosa-torture` and runs it with the same flags,
such as --cycles N, --minutes N, --seed N, --sabotage NAME (or `all`).";

/// The program that does the work.
const PROGRAM: &str = "lycosa-torture";
/// What `cargo xtask test` runs: sound crawls that must pass and every built-in defect, which must not.
const SHORT: &[&str] = &["--cycles", "200", "--minutes", "5", "--sabotage", "all"];

/// The command.
pub(crate) fn run(arguments: &mut Arguments) -> Result<()> {
    torture(&arguments.rest())
}

/// The short run among the tests.
pub(crate) fn short() -> Result<Verdict> {
    let words: Vec<String> = SHORT.iter().map(|word| (*word).to_owned()).collect();
    torture(&words).map(|()| Verdict::Passed)
}

fn torture(words: &[String]) -> Result<()> {
    workspace::run(workspace::cargo(["run", "--quiet", "--package", PROGRAM, "--"]).args(words))
}

//! `cargo xtask torture`: kills and sabotages crawls, and checks that nothing was lost or doubled.
//!
//! The work is done by a test program of the workspace, `lycosa-torture`; this builds it and passes the flags on.

use std::process::Stdio;

use crate::arguments::Arguments;
use crate::console::say;
use crate::failure::{Context as _, Failure, Result};
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
const SHORT: &[&str] = &["--cycles", "20", "--minutes", "4", "--sabotage", "all"];

/// The command.
pub(crate) fn run(arguments: &mut Arguments) -> Result<()> {
    match torture(&arguments.rest())? {
        Verdict::Passed => Ok(()),
        Verdict::Skipped => Err(Failure::new("there is nothing to run yet")),
    }
}

/// The short run among the tests.
pub(crate) fn short() -> Result<Verdict> {
    torture(&SHORT.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
}

/// Runs the program when the workspace has it.
fn torture(words: &[String]) -> Result<Verdict> {
    if !exists()? {
        say(&format!("skipped: the workspace has no program `{PROGRAM}` yet"));
        return Ok(Verdict::Skipped);
    }
    let mut command = workspace::cargo(["run", "--quiet", "--bin", PROGRAM, "--"]);
    workspace::run(command.args(words))?;
    Ok(Verdict::Passed)
}

/// Whether a package of the workspace builds the program.
fn exists() -> Result<bool> {
    let mut command = workspace::cargo(["metadata", "--no-deps", "--format-version", "1"]);
    let answer = command.stderr(Stdio::inherit()).output().context("start cargo metadata")?;
    let metadata: serde_json::Value = serde_json::from_slice(&answer.stdout)
        .map_err(|error| Failure::new(format!("could not read cargo metadata: {error}")))?;
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut targets = packages.iter().flat_map(|package| package["targets"].as_array().into_iter().flatten());
    Ok(targets.any(|target| target["name"] == PROGRAM))
}

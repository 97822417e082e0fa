//! `cargo xtask soak`: very many requests with faults, after which nothing may be left open.
//!
//! The work is done by the test `soak` of the library; this builds it optimised and tells it how long to run.

use crate::arguments::Arguments;
use crate::failure::Result;
use crate::workspace;

pub(crate) const SUMMARY: &str = "Send 100,000 requests with faults and check that nothing leaks.";
pub(crate) const HELP: &str = "
Usage: cargo xtask soak [FLAGS]

Three requests in ten meet a reset, a wrong length, a stalled chunk or a
cancellation at a random moment; a quarter goes over HTTP/2, where streams are
reset and connections say goodbye as well. At the end every counter of the ledger is
zero, descriptors and tasks are where they began, and memory is within 5 % of
what it was after the first 10,000.

  --requests N  (default 100000)
  --seed N      another choice of faults (default 1)";

/// The command.
pub(crate) fn run(arguments: &mut Arguments) -> Result<()> {
    let requests: u64 = arguments.parsed("--requests")?.unwrap_or(100_000);
    let seed: u64 = arguments.parsed("--seed")?.unwrap_or(1);
    arguments.finish()?;
    let words =
        ["test", "--quiet", "--release", "--package", "lycosa", "--test", "soak", "--", "--nocapture"];
    let mut command = workspace::cargo(words);
    command.env("LYCOSA_SOAK_REQUESTS", requests.to_string()).env("LYCOSA_SOAK_SEED", seed.to_string());
    workspace::run(&mut command)
}

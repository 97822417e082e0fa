//! `cargo xtask web`: crawls a web of any size that is computed from a hash, and compares with the oracle.
//!
//! The work is done by a test program of the workspace, `lycosa-webcheck`; this builds it optimised and passes the
//! flags on.

use crate::arguments::Arguments;
use crate::failure::Result;
use crate::workspace;

pub(crate) const SUMMARY: &str = "Crawl a computed web under virtual time and compare with the oracle.";
pub(crate) const HELP: &str = "
Usage: cargo xtask web [FLAGS]

Builds the test program `lycosa-webcheck` optimised and runs it with the same
flags, such as --pages N, --seed N, --by frontier|engine,
--store memory|embedded|durable, --seen-memory BYTES. With --recrawl DAYS it visits pages again for
so many virtual days and tells how fresh they were kept.";

/// The command.
pub(crate) fn run(arguments: &mut Arguments) -> Result<()> {
    let words = ["run", "--quiet", "--release", "--package", "lycosa-webcheck", "--"];
    workspace::run(workspace::cargo(words).args(arguments.rest()))
}

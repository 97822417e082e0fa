//! `cargo xtask fuzz xpath`: random expressions, answered by our engine and two of other make.
//!
//! The work is done by a test program of the workspace, `lycosa-xpath-check`; this builds it and passes the flags on.

use crate::arguments::Arguments;
use crate::failure::{Failure, Result};
use crate::{debian, workspace};

pub(crate) const SUMMARY: &str = "Compare XPath with two other engines over random expressions.";
pub(crate) const HELP: &str = "
Usage: cargo xtask fuzz xpath [FLAGS]

Makes expressions of all of XPath 1.0 out of the names, values and words of
random documents and of real pages, and has them answered by this engine, by
libxml2 (in python3-lxml) and by the crate xpath-eval. Where ours stands alone,
the case is made small and shown. A short run is part of `cargo xtask test`.

  --cases N  (default 100000)
  --seed N   other documents and expressions (default 1)";

/// The program that does the work.
const PROGRAM: &str = "lycosa-xpath-check";

/// The command.
pub(crate) fn run(arguments: &mut Arguments) -> Result<()> {
    let what = arguments.word().unwrap_or_default();
    if what != "xpath" {
        return Err(
            Failure::new(format!("nothing called `{what}` can be fuzzed")).hint("cargo xtask fuzz xpath")
        );
    }
    debian::provide(debian::TEST_NEEDS)?;
    let words = ["run", "--quiet", "--release", "--package", PROGRAM, "--", "fuzz"];
    workspace::run(workspace::cargo(words).args(arguments.rest()))
}

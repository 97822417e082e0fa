//! How the command ends: one code for each way, so that scripts can tell them apart.

use std::process::ExitCode;

/// The ways to end. The numbers are documented in the README and in `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything asked for was done.
    Done = 0,
    /// Something failed: the state, an output, the network, a page that was asked for by name, all of a crawl's seeds.
    Failed = 1,
    /// The command line, the configuration or a seed is wrong; nothing was started.
    Usage = 2,
    /// A budget (`--max-pages`, `--max-time`, …) ended the crawl; URLs are left, `--resume` goes on.
    Budget = 3,
    /// Ctrl-C or SIGTERM ended the crawl; `--resume` goes on.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The paragraph that every `--help` of a crawling command ends with.
pub(crate) const HELP: &str = "Exit codes: 0 done, 1 failed, 2 bad usage, 3 stopped by a budget (go on with --resume), \
130 interrupted (go on with --resume).";

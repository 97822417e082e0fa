//! `lycosa-webcheck`: crawls a web of many hosts that is computed from a hash, under a clock that jumps to the next
//! moment at which anything is due, and compares what the servers were asked for with an oracle.
//!
//! Two crawlers: the real engine, which reads the markup and robots.txt (`by_engine`, over `transport`), and a loop
//! straight over the `Frontier` trait, which takes both from the web and so is as fast as the frontier
//! (`by_frontier`). Either works on any frontier (`store`). The crawl over real sockets is among the tests.
//!
//! With `--recrawl` the engine goes on visiting pages for many virtual days, and the freshness of what it holds is
//! compared with what could be had (`recrawl`).
//!
//! Order of reading: `arguments`, `run`, then the two crawlers.

mod arguments;
mod by_engine;
mod by_frontier;
mod clock;
#[cfg(test)]
mod history_tests;
mod identities;
mod memory;
mod recrawl;
mod run;
mod store;
#[cfg(test)]
mod tests;
mod transport;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    let done = match arguments.recrawl {
        Some(days) => recrawl::run(&arguments, days),
        None => run::run(&arguments),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            run::tell(&format!("the check itself failed: {error}"));
            ExitCode::FAILURE
        }
    }
}

//! `lycosa-torture`: crawls a synthetic web, kills the crawl at random moments, takes unsynced bytes away, fills the
//! disk, resumes, and compares what is left with an oracle. Built-in defects (`--sabotage`) show that it can fail.
//!
//! The engine, the embedded frontier and the file sinks are the real ones; below them lie a disk, a web and a clock
//! of its own. The killing of the real command by the real system is tested beside that command.
//!
//! Order of reading: `run` (what is run how often), `plan` (what happens in one crawl), `crawl` and `life`, then the
//! judges: `observer` while it runs, `judge` at its end. `sabotage` has the defects.

mod arguments;
mod counts;
mod crawl;
mod database;
mod dice;
mod disk;
mod frozen;
mod items;
mod judge;
mod life;
mod mount;
mod observer;
mod output;
mod output_life;
mod plan;
mod point;
mod run;
mod sabotage;
mod switch;
mod time;
mod verdict;
mod watched;
mod web;
mod wide;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    match run::run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            run::tell(&format!("the torture itself failed: {}", crawl::in_full(&error)));
            ExitCode::FAILURE
        }
    }
}

//! The `lycosa` command: reads the command line, calls the library, prints. It decides nothing about crawling.

mod cmd;
mod demo_site;
mod exit;
mod interrupt;
mod output;
mod progress;
mod summary;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let line = match cmd::CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) => {
            // Help and version are data for standard output, mistakes go to standard error; clap knows which.
            drop(error.print());
            return if error.use_stderr() { exit::Exit::Usage } else { exit::Exit::Done }.into();
        }
    };
    match cmd::run(line) {
        Ok(exit) => exit.into(),
        Err(error) => output::fail(&error).into(),
    }
}

//! The `lycosa` command: reads the command line, calls the library, prints. It decides nothing about crawling.

mod cmd;
mod demo_site;
mod exit;
mod interrupt;
mod misuse;
mod output;
mod progress;
mod summary;
mod waits;

use std::process::ExitCode;

use clap::Parser;

/// A crawl makes and lets go of millions of small things on all threads, and lives for days: this one is quicker at it
/// than the system's and leaves fewer holes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let line = match cmd::CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) if error.use_stderr() => return output::misused(&error).into(),
        Err(help) => {
            // Help and version are data: they go to standard output, and a reader that went away is no failure.
            drop(help.print());
            return exit::Exit::Done.into();
        }
    };
    match cmd::run(line) {
        Ok(exit) => exit.into(),
        Err(error) => output::fail(&error).into(),
    }
}

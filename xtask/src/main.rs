//! The developer's commands, run as `cargo xtask COMMAND`.
//!
//! One file per command; what several of them need lives beside them: [`console`] prints, [`arguments`] reads
//! flags, [`workspace`] finds the checkout and runs cargo, [`debian`] installs what tests need. Nothing here is
//! part of the crawler, and no crate of the workspace depends on it.

mod arguments;
mod bench;
mod console;
mod counts;
mod debian;
mod failure;
mod fuzz;
mod readme;
mod site;
mod site_check;
mod soak;
mod test;
mod tidy;
mod torture;
mod train;
mod web;
mod workspace;

use std::process::ExitCode;

use crate::arguments::Arguments;
use crate::failure::{Failure, Result};

/// A command's name, the line shown for it in the overview, and what runs it.
struct Command {
    name: &'static str,
    summary: &'static str,
    help: &'static str,
    run: fn(&mut Arguments) -> Result<()>,
}

/// Every command, in the order of the overview.
const COMMANDS: &[Command] = &[
    Command { name: "test", summary: test::SUMMARY, help: test::HELP, run: test::run },
    Command { name: "site", summary: site::SUMMARY, help: site::HELP, run: site::run },
    Command {
        name: "site-check",
        summary: site_check::SUMMARY,
        help: site_check::HELP,
        run: site_check::run,
    },
    Command { name: "torture", summary: torture::SUMMARY, help: torture::HELP, run: torture::run },
    Command { name: "web", summary: web::SUMMARY, help: web::HELP, run: web::run },
    Command { name: "soak", summary: soak::SUMMARY, help: soak::HELP, run: soak::run },
    Command { name: "fuzz", summary: fuzz::SUMMARY, help: fuzz::HELP, run: fuzz::run },
    Command { name: "bench", summary: bench::SUMMARY, help: bench::HELP, run: bench::run },
    Command { name: "train", summary: train::SUMMARY, help: train::HELP, run: train::run },
    Command { name: "readme", summary: readme::SUMMARY, help: readme::HELP, run: readme::run },
    Command { name: "tidy", summary: tidy::SUMMARY, help: tidy::HELP, run: tidy::run },
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
    if matches!(name.as_str(), "" | "-h" | "--help" | "help") {
        console::say(&overview());
        return ExitCode::SUCCESS;
    }
    match dispatch(&name, words.collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            console::complain(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Finds the command and runs it, or prints its help.
fn dispatch(name: &str, words: Vec<String>) -> Result<()> {
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        return Err(Failure::new(format!("there is no command `{name}`"))
            .hint("`cargo xtask --help` lists the commands"));
    };
    let mut arguments = Arguments::new(words);
    if arguments.switch("--help") || arguments.switch("-h") {
        console::say(&format!("{}\n\n{}", command.summary, command.help.trim()));
        return Ok(());
    }
    (command.run)(&mut arguments)
}

/// The list of commands.
fn overview() -> String {
    let mut text = String::from("Usage: cargo xtask COMMAND [FLAGS]\n\nCommands:\n");
    for command in COMMANDS {
        text.push_str(&format!("  {:<11} {}\n", command.name, command.summary));
    }
    text.push_str("\n`cargo xtask COMMAND --help` explains one command.");
    text
}

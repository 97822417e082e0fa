//! The commands, one file each: its arguments and what it does.

mod config;
mod content;
mod conversation;
mod crawl;
mod ctl;
mod demo;
mod explain;
mod extract;
mod fetch;
pub(crate) mod frontier;
mod http;
mod page;
mod query;
mod shell;
mod source;
mod states;
mod structured;
mod xpath;

use clap::{Parser, Subcommand};
use lycosa::{Error, ErrorKind, Result};

use crate::exit::Exit;

/// Lycosa crawls web sites: politely, resumably, with every record written exactly once.
#[derive(Debug, Parser)]
#[command(name = "lycosa", version, max_term_width = 100, after_help = crate::exit::HELP)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Crawl(Box<crawl::Args>),
    Fetch(Box<fetch::Args>),
    Query(query::Args),
    Extract(extract::Args),
    Shell(Box<shell::Args>),
    Frontier(Box<frontier::Args>),
    Explain(explain::Args),
    Ctl(ctl::Args),
    Demo(demo::Args),
    Config(config::Args),
}

/// Runs the command on a runtime of its own.
pub(crate) fn run(line: CommandLine) -> Result<Exit> {
    if let Command::Config(args) = line.command {
        return config::run(&args);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|cause| {
        Error::new(ErrorKind::Internal, "the runtime could not be started").with_source(cause)
    })?;
    let exit = runtime.block_on(async {
        match line.command {
            Command::Crawl(args) => crawl::run(*args).await,
            Command::Fetch(args) => fetch::run(*args).await,
            Command::Query(args) => query::run(args).await,
            Command::Extract(args) => extract::run(args).await,
            Command::Shell(args) => shell::run(*args).await,
            Command::Frontier(args) => frontier::run(*args).await,
            Command::Explain(args) => explain::run(&args),
            Command::Ctl(args) => ctl::run(&args),
            Command::Demo(args) => demo::run(args).await,
            Command::Config(args) => config::run(&args),
        }
    });
    // What may be left is the system looking up a name, which nothing can cancel and nobody waits for.
    runtime.shutdown_background();
    exit
}

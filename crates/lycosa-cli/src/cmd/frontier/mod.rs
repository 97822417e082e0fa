//! `lycosa frontier`: look into a crawl that stands still, and change by hand what it will do.

mod change;
mod check;
mod kinds;
mod list;
mod stats;

use std::path::PathBuf;
use std::time::Duration;

use lycosa::control::Order;
use lycosa::crawler::stopped::HostOrder;
use lycosa::{Error, Result};

pub(super) use self::change::unmet;
pub(super) use self::list::lastmod;
pub(crate) use self::stats::moment;
pub(super) use self::stats::{revisits, say_history_is_damaged, span};
use super::states::StateArg;
use crate::exit::Exit;

/// Look into the state of a stopped crawl, or change by hand what it will do.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    state: StateArg,
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "The reading commands (stats, hosts, check, pending, dead, export) change nothing and work on a copy \
that cannot be written. While a crawl runs in the folder, ask it with `lycosa ctl`.";

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Counts, budgets, sizes on disk, age and versions
    Stats {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Hosts with what waits, their delay and the rule that gives it, and why they rest
    Hosts(list::HostsArgs),
    /// Read every file of the state, and its outputs, and compare every checksum: is anything damaged?
    Check {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// URLs that wait
    Pending(list::PendingArgs),
    /// URLs that ended failed, blocked or excluded, with the reason
    Dead(list::DeadArgs),
    /// Write every URL with its state, one JSON object a line, for `import`
    Export {
        /// Write here instead of standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// JSON it is anyway
        #[arg(long, hide = true)]
        json: bool,
    },
    /// Take in an export or a list of URLs, into a state that is there or a new one (then with --state)
    Import {
        /// The file; `-` is standard input
        file: PathBuf,
    },
    /// Let URLs that failed, or were left out, be fetched again, each once, as a new visit
    Requeue(change::RequeueArgs),
    /// Let the site of a host rest, over restarts too
    Block(BlockArgs),
    /// End every rest of the site of a host
    Unblock {
        /// The host
        host: String,
    },
}

/// Which host rests, and for how long.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct BlockArgs {
    /// The host
    host: String,
    /// For this long, such as 90m or 7d [default: until it is unblocked]
    #[arg(long = "for", value_name = "TIME")]
    span: Option<String>,
}

impl BlockArgs {
    /// For how long, if that was said.
    fn span(&self) -> Result<Option<Duration>> {
        self.span.as_deref().map(change::time).transpose()
    }

    /// The order to a running crawl.
    pub(super) fn order(&self) -> Result<Order> {
        let milliseconds = self.span()?.map(|span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX));
        Ok(Order::Block { host: self.host.clone(), milliseconds })
    }
}

/// What hosts are sorted by.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Sort {
    Pending,
    Done,
    Failed,
    Delay,
    Next,
}

impl From<Sort> for HostOrder {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Pending => Self::Pending,
            Sort::Done => Self::Done,
            Sort::Failed => Self::Failed,
            Sort::Delay => Self::Delay,
            Sort::Next => Self::Next,
        }
    }
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<Exit> {
    let state = &args.state;
    match args.command {
        Command::Stats { json } => stats::run(&state.folder()?, json),
        Command::Check { json } => check::run(&state.folder()?, json),
        Command::Hosts(list) => list::hosts(&state.folder()?, &list),
        Command::Pending(list) => list::pending(&state.folder()?, &list),
        Command::Dead(list) => list::dead(&state.folder()?, &list),
        Command::Export { output, .. } => list::export(&state.folder()?, output.as_deref()),
        Command::Import { file } => {
            let folder = match state.named() {
                Some(_) => state.folder()?,
                None => state.folder().map_err(needs_name)?,
            };
            change::import(&folder, &file).await
        }
        Command::Requeue(args) => change::requeue(&state.folder()?, args).await,
        Command::Block(args) => change::block(&state.folder()?, &args).await,
        Command::Unblock { host } => change::unblock(&state.folder()?, &host).await,
    }
}

fn needs_name(error: Error) -> Error {
    error.with_hint("name the folder of the state to make, or to add to, with --state")
}

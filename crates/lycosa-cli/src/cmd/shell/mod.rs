//! `lycosa shell`: a page to ask questions of, at a prompt or from a script.
//!
//! `line` reads what a person wrote, `session` carries it out: `walk` goes from page to page, `ask` puts questions, `tell`
//! says what a page holds, `view` opens it, `aside` lets Ctrl-C leave all of that. `shown` bounds answers. `editor` is the prompt, with `complete`, `names` and
//! `history`; without a terminal, lines come from standard input or the command line.

mod aside;
mod ask;
mod complete;
mod editor;
mod help;
mod history;
mod line;
mod names;
mod page;
mod paths;
mod session;
mod shown;
mod tell;
mod view;
mod walk;

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
use std::path::PathBuf;

use lycosa::{Error, ErrorKind, Result};

use self::history::History;
use self::session::{Session, Step};
use super::fetch::{self, CharsetChoice};
use super::http::Http;
use super::page::Reading;
use crate::exit::Exit;
use crate::output;

/// Try selectors, expressions and rules on a page, at a prompt.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// A file or an http(s) URL to begin with; with --execute also `-` for standard input
    #[arg(value_name = "URL|FILE")]
    source: Option<String>,
    /// Carry out this command and leave; repeatable
    #[arg(short = 'e', long, value_name = "COMMAND", allow_hyphen_values = true)]
    execute: Vec<String>,
    /// Neither read nor write the history of commands
    #[arg(long)]
    no_history: bool,
    /// The file of `rules`
    #[arg(long, value_name = "FILE", default_value = "lycosa.toml")]
    config: PathBuf,
    /// Set one option of that file by its name; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// The URL of a page that comes from a file, for links and rules
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The label of the pages, as a follow rule would give it
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
    #[command(flatten)]
    reading: Reading,
    /// Read pages as this charset, such as koi8-r, whatever they declare; `auto` finds out
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = fetch::charset)]
    charset: CharsetChoice,
    #[command(flatten)]
    http: Http,
}

const AFTER_HELP: &str = "\
Examples:
  lycosa shell https://example.com/             a prompt; `help` lists its commands
  lycosa shell page.html -e 'css h1' -e links   two commands, no prompt
  echo 'xpath count(//a)' | lycosa shell page.html
  lycosa shell page.html --config shop.toml     `rules` shows what these take, and why

Tab completes commands, files and the names on the page; Ctrl-C cancels, Ctrl-D leaves. Without a terminal, commands \
come from standard input, a line each. Ends with the code of the last command that failed: 1 when nothing was found, as \
grep does, or a page could not be had; 2 when a command was wrong. Commands are kept in ~/.local/state/lycosa/history \
(below $XDG_STATE_HOME, if set), those that hold a password are not. User and cookie go to the origin of the first URL \
alone. robots.txt is not consulted: these are requests made by a person, not a crawl.";

/// The longest line of a script, in bytes.
const LONGEST: u64 = 64 << 10;

/// Runs the command.
pub(crate) async fn run(mut args: Args) -> Result<Exit> {
    let (source, commands) = (args.source.take(), std::mem::take(&mut args.execute));
    let is_prompt = commands.is_empty() && io::stdin().is_terminal() && io::stdout().is_terminal();
    if commands.is_empty() && source.as_deref() == Some("-") {
        return Err(Error::new(ErrorKind::Usage, "standard input cannot be both the page and the commands")
            .with_hint("give the commands with -e, or the page as a file"));
    }
    let history = if args.no_history || !is_prompt { None } else { History::standard() };
    let mut session = Session::new(args, is_prompt)?;
    let begun = match &source {
        Some(source) => session.begin(source).await,
        None => Ok(Exit::Done),
    };
    let begun = match begun {
        Err(error) if error.kind() == ErrorKind::Cancelled => {
            output::say("interrupted");
            Exit::Interrupted
        }
        // The beginning of a page is there to be looked at, as the page of an error is.
        Err(error) if session.page().is_some() => output::fail(&error),
        begun => begun?,
    };
    if is_prompt {
        output::say("robots.txt is not consulted; `help` lists the commands, Ctrl-D leaves");
        return editor::converse(&mut session, history).await;
    }
    if begun == Exit::Interrupted {
        return Ok(begun);
    }
    let mut script = if commands.is_empty() { Script::Input } else { Script::Given(commands.into_iter()) };
    script.carry_out(&mut session, begun).await
}

/// Where commands come from without a prompt.
enum Script {
    Given(std::vec::IntoIter<String>),
    Input,
}

impl Script {
    /// Carries out every command; a failure is remembered, and the next one goes on.
    async fn carry_out(&mut self, session: &mut Session, begun: Exit) -> Result<Exit> {
        let mut exit = begun;
        loop {
            let line = match self.next(session).await {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(exit),
                Err(error) if error.kind() == ErrorKind::Cancelled => return Ok(Exit::Interrupted),
                Err(error) => return Err(error),
            };
            match session.run(&line).await {
                Step::Quit => return Ok(exit),
                Step::Done(Exit::Interrupted) => return Ok(Exit::Interrupted),
                Step::Done(Exit::Done) => {}
                Step::Done(failed) => exit = failed,
            }
        }
    }

    async fn next(&mut self, session: &mut Session) -> Result<Option<String>> {
        match self {
            Self::Given(lines) => Ok(lines.next()),
            Self::Input => session.interrupts.aside(|_| read_line()).await?,
        }
    }
}

/// The next line of standard input.
fn read_line() -> Result<Option<String>> {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().take(LONGEST + 1).read_until(b'\n', &mut bytes);
    read.map_err(|cause| Error::io("reading standard input", cause))?;
    if bytes.len() as u64 > LONGEST {
        return Err(Error::new(ErrorKind::Usage, "a line of standard input is longer than 64 KiB")
            .with_hint("each line is one command"));
    }
    Ok((!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).into_owned()))
}

//! A session: the page at hand and what was asked of it, and the carrying out of one line. Whatever takes time runs
//! beside it, and Ctrl-C leaves it behind.

use std::path::PathBuf;
use std::sync::Arc;

use lycosa::crawler::single::Single;
use lycosa::{Error, ErrorKind, Result};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use super::aside::{Interrupts, broken_off};
use super::ask::{self, Query};
use super::line::{self, Command};
use super::page::Page;
use super::shown::Answer;
use super::walk::{Place, Walk, resolve};
use super::{Args, help, tell, view};
use crate::cmd::page::say_unread;
use crate::cmd::{fetch, source};
use crate::exit::Exit;
use crate::output;

/// URLs that were entered and are remembered, for their hosts.
const ENTERED: usize = 1_000;

/// What a line led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Done(Exit),
    Quit,
}

pub(super) struct Session {
    args: Arc<Args>,
    single: Arc<Single>,
    pub(super) interrupts: Interrupts,
    /// What a person wrote whole: the first has the secrets, and their hosts may be private.
    entered: Vec<Url>,
    walk: Walk,
    last: Arc<Answer>,
    query: Option<Query>,
    rules: PathBuf,
    /// Whether a person sits before it: answers are cut to a screen.
    is_screen: bool,
}

impl Session {
    pub(super) fn new(args: Args, is_screen: bool) -> Result<Self> {
        let single = Single::new(args.http.options(&args.reading, args.charset)?)?;
        Ok(Self {
            rules: args.config.clone(),
            args: Arc::new(args),
            single: Arc::new(single),
            interrupts: Interrupts::listen()?,
            entered: Vec::new(),
            walk: Walk::default(),
            last: Arc::default(),
            query: None,
            is_screen,
        })
    }

    pub(super) fn page(&self) -> Option<&Arc<Page>> {
        self.walk.now()
    }

    /// Gets the page that the command line names.
    ///
    /// # Errors
    /// When it cannot be had.
    pub(super) async fn begin(&mut self, source: &str) -> Result<Exit> {
        if source::is_url(source) {
            return self.fetch(source).await;
        }
        let url = self.args.url.as_deref().map(crate::cmd::extract::absolute).transpose()?;
        self.read(source.to_owned(), url).await
    }

    /// Carries out a line, and says what goes wrong.
    pub(super) async fn run(&mut self, line: &str) -> Step {
        let page = self.walk.now().cloned();
        let is_element = |name: &str| page.as_ref().is_some_and(|page| page.has_element(name));
        let done = match line::parse(line, is_element) {
            Ok(None) => Ok(Exit::Done),
            Ok(Some(Command::Quit)) => return Step::Quit,
            Ok(Some(command)) => self.carry_out(command).await,
            Err(error) => Err(error),
        };
        Step::Done(done.unwrap_or_else(|error| match error.kind() {
            ErrorKind::Cancelled => {
                output::say("interrupted");
                Exit::Interrupted
            }
            _ => output::fail(&error),
        }))
    }

    async fn carry_out(&mut self, command: Command) -> Result<Exit> {
        match command {
            Command::Fetch(target) => self.fetch(&target).await,
            Command::Back if self.walk.back() => self.arrive(),
            Command::Forward if self.walk.forward() => self.arrive(),
            Command::Back => self.show(Answer::nothing("there is no page before this one")).await,
            Command::Forward => self.show(Answer::nothing("there is no page to go forward to")).await,
            Command::Help(None) => self.show(Answer::of(&help::list())).await,
            Command::Help(Some(name)) => self.show(Answer::of(&help::of(&name)?)).await,
            Command::All => self.print(false).await,
            Command::Rules(file) => {
                if let Some(file) = file {
                    self.rules = PathBuf::from(file);
                }
                let (file, args) = (self.rules.clone(), self.args.clone());
                self.ask(move |page, _| tell::rules(page, &file, &args.set, args.label.as_deref())).await
            }
            Command::Css(text) => self.query(Query::css(&text)?).await,
            Command::XPath(text) => self.query(Query::xpath(&text, &self.args.reading)?).await,
            Command::Html(Some(number)) => {
                let query = self.query.clone().ok_or_else(|| {
                    Error::new(ErrorKind::Usage, "nothing was asked yet whose match could be shown")
                        .with_hint("`css SELECTOR` or `xpath EXPRESSION` first")
                })?;
                self.ask(move |page, _| query.markup(page, number)).await
            }
            told => {
                let is_screen = self.is_screen;
                self.ask(move |page, stop| tell_of(told, page, is_screen, stop)).await
            }
        }
    }

    async fn query(&mut self, query: Query) -> Result<Exit> {
        self.query = Some(query.clone());
        let is_screen = self.is_screen;
        self.ask(move |page, stop| query.answer(page, is_screen, stop)).await
    }

    /// Puts a question to the page, beside the prompt, and shows the answer.
    async fn ask(
        &mut self,
        question: impl FnOnce(&Page, &CancellationToken) -> Result<Answer> + Send + 'static,
    ) -> Result<Exit> {
        let page = self.walk.now().cloned().ok_or_else(|| {
            Error::new(ErrorKind::Usage, "there is no page yet").with_hint("`fetch URL|FILE` gets one")
        })?;
        let answer = self.interrupts.aside(move |stop| question(&page, stop)).await?;
        self.show(answer?).await
    }

    async fn show(&mut self, answer: Answer) -> Result<Exit> {
        self.last = Arc::new(answer);
        self.print(self.is_screen).await
    }

    async fn print(&mut self, short: bool) -> Result<Exit> {
        let answer = self.last.clone();
        let exit = if answer.is_failure { Exit::Failed } else { Exit::Done };
        self.interrupts.aside(move |stop| answer.print(short, stop)).await??;
        Ok(exit)
    }

    async fn fetch(&mut self, target: &str) -> Result<Exit> {
        source::check(target)?;
        let (target, page) = (target.to_owned(), self.walk.now().cloned());
        match self.interrupts.aside(move |_| resolve(&target, page.as_deref())).await?? {
            Place::File(name) if name == "-" => {
                Err(Error::new(ErrorKind::Usage, "standard input is where commands come from")
                    .with_hint("`lycosa shell - -e COMMAND` asks a page from there"))
            }
            Place::File(name) => self.read(name, None).await,
            Place::Url { url, is_entered } => {
                let is_new = is_entered && self.entered.len() < ENTERED && !self.entered.contains(&url);
                self.entered.extend(is_new.then(|| url.clone()));
                let (single, entered) = (self.single.clone(), self.entered.clone());
                // A task of its own, which reads and decodes while Ctrl-C is listened to, and ends when it is dropped.
                let fetched = self.interrupts.unless(async move {
                    AbortOnDropHandle::new(tokio::spawn(
                        async move { single.fetch_among(url, &entered).await },
                    ))
                    .await
                });
                let fetched = fetched.await?.map_err(|cause| broken_off(&cause))?;
                let fetched = fetched.map_err(|error| fetch::told(source::raisable(error)))?;
                say_unread(fetched.is_text(), fetched.content_type.as_deref());
                let (error, status) = (fetched.error.clone(), fetched.status);
                self.walk.go(self.interrupts.aside(move |_| Page::fetched(fetched)).await?);
                self.arrive()?;
                if let Some(page) = self.walk.now().filter(|_| status >= 400 && !self.is_screen) {
                    output::say(&format!("note: {} answered {status}", output::shortened(&page.name)));
                }
                match error {
                    Some(error) => Err(source::raisable(error)),
                    None => Ok(if status >= 400 { Exit::Failed } else { Exit::Done }),
                }
            }
        }
    }

    async fn read(&mut self, name: String, url: Option<Url>) -> Result<Exit> {
        let args = self.args.clone();
        let page =
            self.interrupts.aside(move |_| Page::read(&name, url, &args.reading, args.charset)).await??;
        self.walk.go(page);
        self.arrive()
    }

    fn arrive(&mut self) -> Result<Exit> {
        self.query = None;
        if let Some(page) = self.walk.now().filter(|_| self.is_screen) {
            output::say(&page.headline());
        }
        Ok(Exit::Done)
    }
}

/// The commands that are one question each.
fn tell_of(command: Command, page: &Page, is_screen: bool, stop: &CancellationToken) -> Result<Answer> {
    match command {
        Command::Regex { pattern, in_source } => ask::regex(page, &pattern, in_source, stop),
        Command::Json(path) => ask::json(page, &path, stop),
        Command::Links(pattern) => tell::links(page, pattern.as_deref(), is_screen, stop),
        Command::Text => Ok(tell::text(page)),
        Command::Headers => tell::headers(page),
        Command::Facts => Ok(Answer::of(&page.facts())),
        Command::Structured => tell::structured(page),
        Command::View { file, keep } => view::view(page, file.as_deref(), keep),
        _ => Ok(Answer::of(page.text())),
    }
}

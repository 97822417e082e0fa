//! The prompt of a person: lines with editing, completion and history. Reading waits on a thread of its own, so that the
//! runtime goes on.

use std::time::Duration;

use lycosa::{Error, ErrorKind, Result};
use rustyline::error::ReadlineError;
use rustyline::history::MemHistory;
use rustyline::{ColorMode, CompletionType, Config, Editor as LineEditor};

use super::complete::Helper;
use super::history::{self, History};
use super::session::{Session, Step};
use crate::exit::Exit;
use crate::output;

const PROMPT: &str = "lycosa> ";
/// How long a line may take to be written into the history.
const PATIENCE: Duration = Duration::from_secs(2);

type Lines = LineEditor<Helper, MemHistory>;

/// Reads and carries out lines until the person leaves.
///
/// # Errors
/// When there is no terminal to read from.
pub(super) async fn converse(session: &mut Session, history: Option<History>) -> Result<Exit> {
    let mut history = Remembered { history };
    let mut editor = editor(&mut history)?;
    loop {
        let (back, read) = ask(editor, session).await?;
        editor = back;
        let line = match read {
            Ok(line) => line,
            Err(ReadlineError::Interrupted | ReadlineError::Signal(_)) => continue,
            Err(ReadlineError::Eof) => return Ok(Exit::Done),
            Err(ReadlineError::Io(cause)) if cause.kind() == std::io::ErrorKind::InvalidData => {
                output::say("note: the line is not UTF-8 and was not read");
                continue;
            }
            // The terminal went away.
            Err(ReadlineError::Io(_)) => return Ok(Exit::Failed),
            Err(cause) => return Err(unreadable(cause)),
        };
        if let Some(line) = history::keepable(&line)
            && editor.add_history_entry(&line).is_ok_and(|is_new| is_new)
        {
            history.add(line).await;
        }
        // A paste may bring several.
        for line in line.lines() {
            if session.run(line).await == Step::Quit {
                return Ok(Exit::Done);
            }
        }
    }
}

/// Waits for a line. The editor goes to the thread that waits, and comes back.
async fn ask(mut editor: Lines, session: &mut Session) -> Result<(Lines, rustyline::Result<String>)> {
    if let Some(helper) = editor.helper_mut() {
        helper.page = session.page().cloned();
    }
    let task = tokio::task::spawn_blocking(move || {
        let read = editor.readline(PROMPT);
        (editor, read)
    });
    let read = session.interrupts.despite(task).await;
    read.map_err(|cause| Error::new(ErrorKind::Internal, format!("the prompt broke off: {cause}")))
}

fn editor(history: &mut Remembered) -> Result<Lines> {
    let has_colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let color = if has_colours { ColorMode::Enabled } else { ColorMode::Disabled };
    let config = Config::builder()
        .max_history_size(history::LINES)
        .and_then(|config| config.history_ignore_dups(true))
        .map_err(unreadable)?
        .color_mode(color)
        .completion_type(CompletionType::List)
        .auto_add_history(false)
        .build();
    let lines = MemHistory::with_config(&config);
    let mut editor = LineEditor::with_history(config, lines).map_err(unreadable)?;
    editor.set_helper(Some(Helper { page: None, has_colours }));
    for line in history.read() {
        editor.add_history_entry(line).map_err(unreadable)?;
    }
    Ok(editor)
}

fn unreadable(cause: ReadlineError) -> Error {
    Error::new(ErrorKind::Internal, "the terminal cannot be read").with_source(cause)
}

/// The history, until it fails: then a note, and the shell goes on without it.
struct Remembered {
    history: Option<History>,
}

impl Remembered {
    fn read(&mut self) -> Vec<String> {
        let read = self
            .history
            .as_ref()
            .map(|history| history.read().map_err(|cause| (history.path().display().to_string(), cause)));
        match read {
            None => Vec::new(),
            Some(Ok(lines)) => lines,
            Some(Err((path, cause))) => {
                self.give_up(&path, &cause);
                Vec::new()
            }
        }
    }

    /// Ctrl-C in the meantime is for the command that follows.
    async fn add(&mut self, line: String) {
        let Some(history) = self.history.take() else { return };
        let path = history.path().display().to_string();
        let added = tokio::task::spawn_blocking(move || history.add(&line).map(|()| history));
        match tokio::time::timeout(PATIENCE, added).await {
            Ok(Ok(Ok(history))) => self.history = Some(history),
            Ok(Ok(Err(cause))) => self.give_up(&path, &cause),
            Ok(Err(cause)) => self.give_up(&path, &cause.into()),
            Err(elapsed) => self.give_up(&path, &elapsed.into()),
        }
    }

    fn give_up(&mut self, path: &str, cause: &std::io::Error) {
        self.history = None;
        output::say(&format!("note: no history is kept: {path}: {cause}"));
    }
}

//! Words to people: data goes to standard output, everything else to standard error.
//!
//! A reader that goes away (`| head`) is no failure; it ends the output quietly.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write};

use lycosa::error::Phase;
use lycosa::{Error, ErrorKind};

use crate::exit::Exit;

/// Writes to standard output. `false` when nobody reads any more.
///
/// # Errors
/// Any failure but a closed pipe.
pub(crate) fn data(bytes: &[u8]) -> Result<bool, Error> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Error::io("writing to standard output", error)),
    }
}

/// Writes what was read in pages to standard output: as it is into files and pipes, to a terminal without what that would
/// obey. `false` when nobody reads any more.
///
/// # Errors
/// Any failure but a closed pipe.
pub(crate) fn read_text(text: &str) -> Result<bool, Error> {
    if io::stdout().is_terminal() { data(plain(text).as_bytes()) } else { data(text.as_bytes()) }
}

/// Lines without what a terminal would obey; tabs stay.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(['\t', '\n']) {
        return printable(text);
    }
    let parts = text.split_inclusive(['\t', '\n']).map(|part| {
        let end = part.len() - usize::from(part.ends_with(['\t', '\n']));
        printable(&part[..end]).into_owned() + &part[end..]
    });
    Cow::Owned(parts.collect())
}

/// Says one line or several on standard error, without control characters: what is said may repeat what a server
/// sent. When even that is closed, there is nobody to tell.
pub(crate) fn say(lines: &str) {
    let mut error = io::stderr().lock();
    for line in lines.split('\n') {
        drop(writeln!(error, "{}", printable(line)));
    }
}

/// A text of strangers for a terminal: control characters, and those that turn the direction of writing round, as
/// escapes such as `\u{1b}`. Unprintable is what could move the cursor, ring, recolour or hide the rest.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let is_harmful = |character: char| {
        character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_harmful(character) {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

/// So many characters of what was given are repeated in an error.
const SHOWN: usize = 200;

/// What was given, as an error repeats it: a long text cut, with `…` at its end.
pub(crate) fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// A sentence that may repeat a long text in its middle: its beginning and its end.
fn without_middle(sentence: &str) -> Cow<'_, str> {
    let tail = sentence.char_indices().rev().nth(SHOWN - 1);
    match (sentence.char_indices().nth(SHOWN), tail) {
        (Some((head, _)), Some((tail, _))) if head < tail => {
            Cow::Owned(format!("{}…{}", &sentence[..head], &sentence[tail..]))
        }
        _ => Cow::Borrowed(sentence),
    }
}

/// Says what is wrong with the command line, in the shape of every other failure.
///
/// clap's own text has the same facts over several paragraphs: what is wrong, tips, the usage.
pub(crate) fn misused(error: &clap::Error) -> Exit {
    let text = error.render().to_string();
    let said = text.split("\nUsage:").next().unwrap_or_default();
    let (mut what, mut tips) = (Vec::new(), Vec::new());
    for line in said.lines().map(str::trim).filter(|line| !line.is_empty()) {
        // The hint says the same.
        if line.starts_with("For more information, try") {
            continue;
        }
        match line.strip_prefix("tip: ") {
            Some(tip) => tips.push(tip),
            None => what.push(line.strip_prefix("error: ").unwrap_or(line)),
        }
    }
    // `lycosa` without a command answers with the help, which is no single mistake.
    if !text.starts_with("error: ") {
        say(text.trim_end());
        return Exit::Usage;
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some((what, hint)) = crate::misuse::explained(error, &words) {
        say(&format!("lycosa: {}", without_middle(&what)));
        say(&format!("  hint: {hint}"));
        return Exit::Usage;
    }
    say(&format!("lycosa: {}", without_middle(&what.join(" "))));
    match tips.as_slice() {
        [] => say("  hint: --help after the command lists what can be given"),
        tips => tips.iter().for_each(|tip| say(&format!("  hint: {tip}"))),
    }
    Exit::Usage
}

/// Says what failed, and the hint on a line of its own; answers the code to end with.
pub(crate) fn fail(error: &Error) -> Exit {
    let phase = error.phase().filter(|phase| on_the_network(*phase));
    let phase = phase.map(|phase| format!(" (in phase {phase})")).unwrap_or_default();
    say(&format!("lycosa: {error}{phase}"));
    if let Some(hint) = error.hint() {
        say(&format!("  hint: {hint}"));
    }
    match error.kind() {
        ErrorKind::Usage | ErrorKind::Config | ErrorKind::Url => Exit::Usage,
        _ => Exit::Failed,
    }
}

fn on_the_network(phase: Phase) -> bool {
    use Phase::{Connect, Dns, FirstByte, Idle, Proxy, Tls, Total};
    matches!(phase, Dns | Connect | Proxy | Tls | FirstByte | Idle | Total)
}

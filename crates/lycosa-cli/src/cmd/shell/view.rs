//! The page in a browser, or in a file for one: UTF-8, with a `<base>` before everything else, so that its images load.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lycosa::{Error, Result};
use lycosa_dom::DocumentKind;

use super::page::Page;
use super::shown::Answer;

/// The program that opens a file, and whether there is a display without a variable that says so.
#[cfg(target_os = "macos")]
const OPENER: &str = "open";
#[cfg(target_os = "macos")]
const HAS_DISPLAY_ALWAYS: bool = true;
#[cfg(not(target_os = "macos"))]
const OPENER: &str = "xdg-open";
#[cfg(not(target_os = "macos"))]
const HAS_DISPLAY_ALWAYS: bool = false;

/// Files that are tried before a temporary name is given up.
const TRIES: u32 = 1_000;

/// Saves the page, and opens it if there is a display, unless it is to be kept alone.
///
/// # Errors
/// When it cannot be saved; a file that is there is not written over.
pub(super) fn view(page: &Page, file: Option<&str>, keep: bool) -> Result<Answer> {
    let bytes = standalone(page);
    let path = match file {
        Some(name) => {
            save(Path::new(name), &bytes, 0o666).map(|()| PathBuf::from(name)).map_err(|cause| {
                let is_there = cause.kind() == io::ErrorKind::AlreadyExists;
                let error = Error::io(format!("saving {name}"), cause);
                if is_there { error.with_hint("name a file that is not there yet") } else { error }
            })?
        }
        None => temporary(page, &bytes)?,
    };
    let path = std::path::absolute(&path).unwrap_or(path);
    let place = path.display();
    Ok(Answer::of(&match keep {
        true => format!("saved {place}"),
        false => match open(&path) {
            Ok(true) => format!("opened {place}"),
            Ok(false) => format!("no display; saved {place}"),
            Err(cause) => format!("no browser could be opened ({cause}); saved {place}"),
        },
    }))
}

fn temporary(page: &Page, bytes: &[u8]) -> Result<PathBuf> {
    let ending = match page.document().kind() {
        DocumentKind::Xml => "xml",
        DocumentKind::Html => "html",
    };
    let folder = std::env::temp_dir();
    for number in 1..=TRIES {
        let path = folder.join(format!("lycosa-view-{}-{number}.{ending}", std::process::id()));
        match save(&path, bytes, 0o600) {
            Ok(()) => return Ok(path),
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
            Err(cause) => return Err(Error::io(format!("saving {}", path.display()), cause)),
        }
    }
    let cause = io::Error::from(io::ErrorKind::AlreadyExists);
    Err(Error::io(format!("saving a page in {}", folder.display()), cause))
}

fn save(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(bytes)
}

/// Opens a file with the program that the desktop has for it. `false` when there is no display.
fn open(path: &Path) -> io::Result<bool> {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !HAS_DISPLAY_ALWAYS && !is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY") {
        return Ok(false);
    }
    let mut command = Command::new(OPENER);
    // A group of its own: Ctrl-C at the prompt is not for the browser.
    command.arg(path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let mut child = command.spawn()?;
    // Some openers end with the browser; whoever waits for them here is not missed when the shell ends.
    std::thread::spawn(move || child.wait());
    Ok(true)
}

/// The page as it can stand alone. XML stays as it came.
fn standalone(page: &Page) -> Vec<u8> {
    if page.document().kind() == DocumentKind::Xml {
        return page.body().to_vec();
    }
    let base = page.base();
    with_base(page.text(), base.as_str()).into_bytes()
}

/// A page with its charset and its address before anything it says itself: the first of each counts. They stand behind
/// the document type, where a browser puts them into the head.
fn with_base(text: &str, address: &str) -> String {
    let text = text.trim_start_matches('\u{feff}');
    let (before, after) = text.split_at(behind_doctype(text));
    let address = address.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!("{before}<meta charset=\"utf-8\"><base href=\"{address}\">{after}")
}

/// Where the document type ends; 0 when there is none before the first element.
fn behind_doctype(text: &str) -> usize {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let end = match rest {
            _ if rest.starts_with("<!--") => "-->",
            _ if rest.starts_with("<?") => ">",
            _ => break,
        };
        let Some((_, after)) = rest.split_once(end) else { return 0 };
        rest = after;
    }
    let is_doctype = rest.get(..9).is_some_and(|begin| begin.eq_ignore_ascii_case("<!doctype"));
    let end = rest.find('>').filter(|_| is_doctype);
    end.map_or(0, |end| text.len() - rest.len() + end + 1)
}

#[cfg(test)]
mod tests {
    use lycosa_dom::{Document, ParseOptions, Quirks};

    use super::*;

    #[test]
    fn the_address_stands_before_what_the_page_says_itself() {
        for (page, quirks) in [
            ("<!DOCTYPE html><html lang=en><head><base href=/x/><title>T</title></head><p>a", Quirks::None),
            ("\u{feff}<!-- c --> <?xml version='1.0'?><!doctype html><title>T</title><p>a", Quirks::None),
            ("<title>T</title><p>a", Quirks::Quirks),
            ("<p>a", Quirks::Quirks),
            ("", Quirks::Quirks),
            ("<!-- <!doctype html>", Quirks::Quirks),
        ] {
            let saved = with_base(page, "http://a.test/?a&b\"");
            let document = Document::parse_html(&saved, ParseOptions::default());
            assert_eq!(document.base_href(), Some("http://a.test/?a&b\""), "{saved}");
            assert_eq!(document.quirks(), quirks, "{saved}");
            assert_eq!(document.title().is_some(), page.contains("<title>"), "{saved}");
        }
    }
}

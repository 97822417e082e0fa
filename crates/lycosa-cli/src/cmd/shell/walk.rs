//! From page to page: where a target leads, and the way back and forth.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use lycosa::crawler::single::entered;
use lycosa::{Error, ErrorKind, Result};
use url::Url;

use super::page::Page;
use crate::cmd::source;
use crate::output;

/// Pages that are kept on either side, and the bytes of their bodies together.
const PAGES: usize = 20;
const BYTES: usize = 256 << 20;

/// Where a target leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// `is_entered`: a person wrote it whole; else a page led there.
    Url {
        url: Url,
        is_entered: bool,
    },
    File(String),
}

/// Finds what is meant: a number of a link, a URL, a reference from a fetched page, a file.
///
/// # Errors
/// When there is no such link, it is nothing that can be fetched, or a fetched page leads to a file.
pub(super) fn resolve(target: &str, page: Option<&Page>) -> Result<Place> {
    if let (Ok(number), Some(page)) = (target.parse::<usize>(), page) {
        let link = page.links().iter().find(|link| link.position == number).ok_or_else(|| {
            Error::new(ErrorKind::Usage, format!("the page has no link {number}"))
                .with_hint("`links` lists them with their numbers")
        })?;
        return led(link.url.clone(), page);
    }
    if source::is_url(target) {
        return entered(target).map(|url| Place::Url { url, is_entered: true });
    }
    match page {
        Some(page) if page.answer().is_some() && !target.starts_with("file:") => {
            let url = page.base().join(target).map_err(|cause| {
                let shown = output::shortened(target);
                Error::new(ErrorKind::Url, format!("`{shown}` leads nowhere from {}: {cause}", page.url))
                    .with_hint("give a URL, a reference such as /about, or the number of a link")
            })?;
            led(url, page)
        }
        page => file(target, page),
    }
}

/// Where a page leads. What comes from the network may not name files of this machine.
fn led(url: Url, page: &Page) -> Result<Place> {
    if url.scheme() != "file" {
        return entered(url.as_str()).map(|url| Place::Url { url, is_entered: false });
    }
    let path = url.to_file_path().ok().and_then(|path| path.to_str().map(str::to_owned));
    match path.filter(|_| page.answer().is_none()) {
        Some(path) => Ok(Place::File(path)),
        None => Err(Error::new(ErrorKind::Usage, "a fetched page leads to a file of this machine")
            .with_hint("if that is meant, write the whole file: URL yourself")),
    }
}

/// A file by its name, by its URL, or beside the page; else perhaps a host.
fn file(target: &str, page: Option<&Page>) -> Result<Place> {
    if let Some(path) = Url::parse(target).ok().filter(|url| url.scheme() == "file") {
        let path = path.to_file_path().ok().and_then(|path| path.to_str().map(str::to_owned));
        return path.map(Place::File).ok_or_else(|| {
            Error::new(ErrorKind::Usage, format!("`{}` names no file", output::shortened(target)))
                .with_hint("write file:///path/to/page.html, or the path alone")
        });
    }
    if Path::new(target).exists() {
        return Ok(Place::File(target.to_owned()));
    }
    let beside = page.and_then(Page::folder).map(|folder| folder.join(target)).filter(|path| path.exists());
    let name = beside.and_then(|path| path.to_str().map(str::to_owned));
    // What is not there is an error of whoever reads it, with a hint when it looks like a host.
    Ok(Place::File(name.unwrap_or_else(|| target.to_owned())))
}

/// The pages before and behind the one at hand.
#[derive(Debug, Default)]
pub(super) struct Walk {
    before: VecDeque<Arc<Page>>,
    now: Option<Arc<Page>>,
    behind: VecDeque<Arc<Page>>,
}

impl Walk {
    pub(super) fn now(&self) -> Option<&Arc<Page>> {
        self.now.as_ref()
    }

    /// Goes on to a page; the way forward is forgotten.
    pub(super) fn go(&mut self, page: Page) {
        self.behind.clear();
        self.before.extend(self.now.replace(Arc::new(page)));
        let weight = |pages: &VecDeque<Arc<Page>>| pages.iter().map(|page| page.body().len()).sum::<usize>();
        while self.before.len() > PAGES || weight(&self.before) > BYTES {
            self.before.pop_front();
        }
    }

    /// Goes back. `false` when there is nowhere to go.
    pub(super) fn back(&mut self) -> bool {
        let Some(page) = self.before.pop_back() else { return false };
        self.behind.extend(self.now.replace(page));
        true
    }

    /// Undoes going back. `false` when there is nothing to undo.
    pub(super) fn forward(&mut self) -> bool {
        let Some(page) = self.behind.pop_back() else { return false };
        self.before.extend(self.now.replace(page));
        true
    }
}

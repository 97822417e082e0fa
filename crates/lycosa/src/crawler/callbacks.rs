//! The user's closures, in the order they were given, behind the engine's [`Hooks`].

use std::fmt;

use http::HeaderMap;
use lycosa_dom::{NodeRef, Selector};

use super::page::PageContext;
use crate::engine::Hooks;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Findings, Item, Page, Request};

type OnRequest = Box<dyn Fn(&mut Request) -> bool + Send + Sync>;
type OnResponse = Box<dyn Fn(&Request, u16, &HeaderMap) + Send + Sync>;
type OnPage = Box<dyn Fn(&mut PageContext<'_>) -> Result<()> + Send + Sync>;
type OnElement = Box<dyn Fn(NodeRef<'_>, &mut PageContext<'_>) + Send + Sync>;
type OnItem = Box<dyn Fn(&mut Item) -> bool + Send + Sync>;
type OnError = Box<dyn Fn(&Request, &Error) + Send + Sync>;

/// What runs on a page: a closure for the whole page, or one for every element a selector matches.
enum PageCallback {
    Whole(OnPage),
    Elements(Selector, OnElement),
}

/// The closures of one crawl.
#[derive(Default)]
pub(super) struct Callbacks {
    request: Vec<OnRequest>,
    response: Vec<OnResponse>,
    page: Vec<PageCallback>,
    item: Vec<OnItem>,
    error: Vec<OnError>,
    /// The first selector that could not be read; told when the crawl is built.
    broken: Option<Error>,
}

impl fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callbacks").field("page", &self.page.len()).finish_non_exhaustive()
    }
}

impl Callbacks {
    pub(super) fn on_request(&mut self, hook: OnRequest) {
        self.request.push(hook);
    }

    pub(super) fn on_response(&mut self, hook: OnResponse) {
        self.response.push(hook);
    }

    pub(super) fn on_page(&mut self, hook: OnPage) {
        self.page.push(PageCallback::Whole(hook));
    }

    pub(super) fn on_html(&mut self, selector: &str, hook: OnElement) {
        match Selector::parse(selector) {
            Ok(selector) => self.page.push(PageCallback::Elements(selector, hook)),
            Err(cause) => {
                let error = Error::new(
                    ErrorKind::Usage,
                    format!("the selector `{selector}` cannot be read: {cause}"),
                );
                self.broken.get_or_insert(error);
            }
        }
    }

    pub(super) fn on_item(&mut self, hook: OnItem) {
        self.item.push(hook);
    }

    pub(super) fn on_error(&mut self, hook: OnError) {
        self.error.push(hook);
    }

    /// The mistake made while the closures were given, if any.
    pub(super) fn check(&mut self) -> Result<()> {
        self.broken.take().map_or(Ok(()), Err)
    }
}

impl Hooks for Callbacks {
    fn on_request(&self, request: &mut Request) -> bool {
        self.request.iter().all(|hook| hook(request))
    }

    fn on_response(&self, request: &Request, status: u16, headers: &HeaderMap) {
        self.response.iter().for_each(|hook| hook(request, status, headers));
    }

    fn on_page(&self, page: &Page<'_>, findings: &mut Findings) -> Result<()> {
        let mut context = PageContext::new(page, findings);
        for callback in &self.page {
            match callback {
                PageCallback::Whole(hook) => hook(&mut context)?,
                PageCallback::Elements(selector, hook) => {
                    let Some(document) = page.document else { continue };
                    for element in document.select(selector) {
                        hook(element, &mut context);
                    }
                }
            }
        }
        Ok(())
    }

    fn on_item(&self, item: &mut Item) -> bool {
        self.item.iter().all(|hook| hook(item))
    }

    fn on_error(&self, request: &Request, error: &Error) {
        self.error.iter().for_each(|hook| hook(request, error));
    }
}

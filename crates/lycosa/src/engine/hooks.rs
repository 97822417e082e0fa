//! Hooks: what user code sees and may decide on the way. Synchronous, on the worker, before the commit.
//!
//! Hooks observe or handle; they never wrap the network (that is a middleware) and never record (that is
//! telemetry). A hook may run again for the same URL after a crash; a panic in one ends that URL with a typed
//! failure and the crawl goes on.

use http::HeaderMap;

use crate::error::{Error, Result};
use crate::model::{Findings, Item, Page, Request};

/// The arrows of a journey on which user code can stand. Every method has a default that does nothing.
pub trait Hooks: Send + Sync + std::fmt::Debug {
    /// Before a request is sent; may change its headers and facts. `false` excludes the URL
    /// (but robots.txt, without which nothing on its host could be asked for, is asked for all the same).
    fn on_request(&self, request: &mut Request) -> bool {
        let _ = request;
        true
    }

    /// When the head of an answer is there, whatever its status.
    fn on_response(&self, request: &Request, status: u16, headers: &HeaderMap) {
        let _ = (request, status, headers);
    }

    /// When a page is parsed, after the extractors: may add links and items to `findings`, or take some away.
    ///
    /// # Errors
    /// Whatever the user's code reports; the URL then ends as failed. After an
    /// [`ErrorKind::Output`](crate::error::ErrorKind::Output), something that had to be written and could not, the
    /// crawl ends with that error instead, and a resumed one begins with the URL again.
    fn on_page(&self, page: &Page<'_>, findings: &mut Findings) -> Result<()> {
        let _ = (page, findings);
        Ok(())
    }

    /// For every item about to be committed; may change it. `false` drops it.
    fn on_item(&self, item: &mut Item) -> bool {
        let _ = item;
        true
    }

    /// When a URL could not be had, for good.
    fn on_error(&self, request: &Request, error: &Error) {
        let _ = (request, error);
    }
}

/// No hooks.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHooks;

impl Hooks for NoHooks {}

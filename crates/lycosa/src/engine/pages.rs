//! Pages handed to a reader of the crawl: owned, after their commit, bounded, with back-pressure.

use bytes::Bytes;
use http::HeaderMap;
use tokio::sync::mpsc;

use crate::model::{Item, Request};

/// A committed page as the library's stream yields it. It owns its text; the document is built when asked for.
#[derive(Clone, Debug)]
pub struct CommittedPage {
    /// The request that led to it.
    pub request: std::sync::Arc<Request>,
    /// The URL that answered.
    pub url: url::Url,
    /// The status, 2xx.
    pub status: u16,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body, content codings undone.
    pub body: Bytes,
    /// The body as text.
    pub text: String,
    /// What was extracted.
    pub items: Vec<Item>,
}

/// The writing end of a page stream.
pub type PageFeed = mpsc::Sender<CommittedPage>;

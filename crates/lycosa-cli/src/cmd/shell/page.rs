//! The page at hand, fetched or from a file, in one shape; what is worked out about it is kept.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use http::HeaderMap;
use lycosa::Result;
use lycosa::crawler::single::{Fetched, charset_told};
use lycosa::extract::{PageLink, declared_base, page_links};
use lycosa_dom::{DecodeOptions, Document};
use url::Url;

use super::names::Names;
use crate::cmd::fetch::{self, CharsetChoice};
use crate::cmd::page::{Reading, cut};
use crate::cmd::source;
use crate::output;

/// A page to ask.
#[derive(Debug)]
pub(super) struct Page {
    /// What it is called: its address or its file.
    pub(super) name: String,
    /// Its address; of a file its own unless another is given.
    pub(super) url: Url,
    content: Content,
    links: OnceLock<Vec<PageLink>>,
    names: OnceLock<Arc<Names>>,
}

#[derive(Debug)]
enum Content {
    Fetched(Box<Fetched>),
    File(Box<Local>),
}

/// A file that was read.
#[derive(Debug)]
struct Local {
    bytes: Vec<u8>,
    text: String,
    charset: String,
    document: Document,
    headers: HeaderMap,
}

impl Page {
    /// What was fetched, parsed. Takes its time.
    pub(super) fn fetched(fetched: Fetched) -> Self {
        let url = fetched.url.clone();
        // The tree is made here, and not when the first question waits for it.
        let _ = fetched.document();
        Self::new(url.to_string(), url, Content::Fetched(Box::new(fetched)))
    }

    /// Reads and parses a file, or standard input for `-`. Blocks.
    ///
    /// # Errors
    /// When it cannot be read or is too large.
    pub(super) fn read(
        name: &str,
        url: Option<Url>,
        reading: &Reading,
        charset: CharsetChoice,
    ) -> Result<Self> {
        let bytes = source::bytes(name, reading.max_body)?;
        let options = DecodeOptions { charset: charset.0, ..DecodeOptions::default() };
        let (told, encoding, text) = match lycosa_dom::decode_with(&bytes, &options) {
            Ok(decoded) => (charset_told(&decoded), decoded.charset, decoded.text.into_owned()),
            Err(_malformed) => (String::new(), "UTF-8", String::new()),
        };
        let document = reading.document_of(name, &text).in_charset(encoding);
        let local = Local { bytes, text, charset: told, document, headers: HeaderMap::new() };
        let url = match url {
            Some(url) => url,
            None => file_url(name)?,
        };
        Ok(Self::new(name.to_owned(), url, Content::File(Box::new(local))))
    }

    fn new(name: String, url: Url, content: Content) -> Self {
        Self { name, url, content, links: OnceLock::new(), names: OnceLock::new() }
    }

    /// The answer it came with; none for files.
    pub(super) fn answer(&self) -> Option<&Fetched> {
        match &self.content {
            Content::Fetched(fetched) => Some(fetched),
            Content::File(_) => None,
        }
    }

    pub(super) fn document(&self) -> &Document {
        match &self.content {
            Content::Fetched(fetched) => fetched.document(),
            Content::File(local) => &local.document,
        }
    }

    pub(super) fn text(&self) -> &str {
        match &self.content {
            Content::Fetched(fetched) => fetched.text(),
            Content::File(local) => &local.text,
        }
    }

    pub(super) fn body(&self) -> &[u8] {
        match &self.content {
            Content::Fetched(fetched) => &fetched.body,
            Content::File(local) => &local.bytes,
        }
    }

    /// 200 for files.
    pub(super) fn status(&self) -> u16 {
        self.answer().map_or(200, |fetched| fetched.status)
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        match &self.content {
            Content::Fetched(fetched) => &fetched.headers,
            Content::File(local) => &local.headers,
        }
    }

    pub(super) fn media_type(&self) -> Option<&str> {
        self.answer()?.content_type.as_deref()
    }

    /// The address that relative ones are resolved with.
    pub(super) fn base(&self) -> Url {
        declared_base(self.document(), &self.url).unwrap_or_else(|| self.url.clone())
    }

    pub(super) fn links(&self) -> &[PageLink] {
        self.links.get_or_init(|| page_links(self.document(), &self.url))
    }

    /// The names that completion offers.
    pub(super) fn names(&self) -> Arc<Names> {
        self.names.get_or_init(|| Arc::new(Names::of(self.document()))).clone()
    }

    pub(super) fn has_element(&self, name: &str) -> bool {
        self.document().nodes().any(|node| node.is_element() && node.name() == name)
    }

    /// The folder of a page that is a file.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        let is_file = self.answer().is_none() && self.name != "-";
        let path = std::path::absolute(&self.name).ok().filter(|_| is_file)?;
        path.parent().map(PathBuf::from)
    }

    /// One line about it, for the moment it is there.
    pub(super) fn headline(&self) -> String {
        let title =
            self.document().title().map(|title| super::shown::line_of(&title, 80)).unwrap_or_default();
        let status = self.answer().map(|fetched| format!("{} ", fetched.status)).unwrap_or_default();
        let size = self.body().len();
        format!("{status}{}  {size} bytes  {title}", output::shortened(&self.name)).trim_end().to_owned()
    }

    /// What is known of it, a line each.
    pub(super) fn facts(&self) -> String {
        let local = match &self.content {
            Content::Fetched(fetched) => return fetch::facts(fetched, true),
            Content::File(local) => local,
        };
        let mut lines = vec![format!("* file: {}", self.name), format!("* url: {}", self.url)];
        lines.push(format!("* charset: {}", local.charset));
        lines.extend(local.document.title().map(|title| format!("* title: {title}")));
        lines.extend(cut(&local.document).map(|reason| format!("* tree: cut ({reason})")));
        lines.push(format!("* bytes: {}", local.bytes.len()));
        lines.join("\n")
    }
}

/// The address of a file; that of standard input stands for one.
fn file_url(name: &str) -> Result<Url> {
    let path = std::path::absolute(name).ok().filter(|_| name != "-");
    match path.and_then(|path| Url::from_file_path(path).ok()) {
        Some(url) => Ok(url),
        None => crate::cmd::extract::absolute("file:///-"),
    }
}

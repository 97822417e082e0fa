//! One request made by a person: fetches a URL and follows its redirects, each hop through the address guard.
//!
//! No frontier, no robots.txt, no politeness; nothing is stored.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use lycosa_dom::{Charset, Confidence, DecodeOptions, Decoded, Document, DocumentKind};
use tokio::time::Instant;
use url::Url;

use super::build::{cache, check_cache, client_options, middlewares, retry_policy};
use super::cookies;
use super::options::{Options, RetryOptions};
pub use super::reading::document;
use super::reading::{begins_with_markup, is_unspecific};
pub use super::witness::Conversation;
use super::witness::Witness;
use crate::clock::SystemClock;
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::extract::{PageLink, declared_base, page_links};
use crate::fetch::{AddressGuard, Client, HttpVersion};
use crate::ledger::Ledger;
use crate::middleware::{Place, insert};
use crate::model::{
    Answer, Clock, Exchange, Facts, FetchLimits, Hop, Middleware, Next, Request, Response, SessionId,
};
use crate::proxies::{ProxyOptions, ProxyPool};
use crate::session::{Profile, Session, SessionPool};
use crate::telemetry::Telemetry;

/// Redirects followed.
const MAX_REDIRECTS: usize = 10;

/// Choices of a single fetch; `None` means the default.
#[derive(Clone, Debug, Default)]
pub struct SingleOptions {
    /// Extra headers.
    pub headers: Vec<(String, String)>,
    /// The `User-Agent`.
    pub user_agent: Option<String>,
    /// Basic authentication at the URL's own origin.
    pub user: Option<(String, String)>,
    /// A `Cookie` header at the URL's own origin.
    pub cookie: Option<String>,
    /// A file of cookies to begin with: `cookies.txt` of Netscape, or JSON.
    pub cookie_file: Option<PathBuf>,
    /// A file to write the cookies to after each fetch: JSON if its name ends in `.json`, else `cookies.txt`.
    pub cookie_jar: Option<PathBuf>,
    /// Proxies, which take turns.
    pub proxies: Vec<String>,
    /// Whether, without `proxies`, those of the environment are used.
    pub proxy_from_env: bool,
    /// Time for everything. Default 120 s.
    pub timeout: Option<Duration>,
    /// Bytes of the body. Default 64 MiB.
    pub max_body: Option<u64>,
    /// The charset of the text, whatever is declared.
    pub charset: Option<Charset>,
    /// What the page is parsed as, whatever is declared.
    pub kind: Option<DocumentKind>,
    /// Whether certificates are not checked.
    pub insecure: bool,
    /// Further certificate authorities.
    pub cacert: Option<PathBuf>,
    /// Which HTTP is spoken.
    pub http_version: HttpVersion,
    /// A folder where answers are kept and used again as RFC 9111 says.
    pub cache: Option<PathBuf>,
    /// Whether the cache answers alone; what it cannot answer fails.
    pub offline: bool,
    /// DNS servers to ask instead of the system's, as `ADDRESS` or `ADDRESS:PORT`.
    pub dns_servers: Vec<String>,
}

/// Fetches single URLs.
#[derive(Debug)]
pub struct Single {
    options: Options,
    timeout: Duration,
    clock: Arc<dyn Clock>,
    session: Arc<Session>,
    cookie_jar: Option<PathBuf>,
    charset: Option<Charset>,
    kind: Option<DocumentKind>,
}

/// What came back.
#[derive(Debug)]
pub struct Fetched {
    /// The URL that answered.
    pub url: Url,
    /// The redirects that led there.
    pub chain: Vec<Hop>,
    /// The status.
    pub status: u16,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body, content codings undone; what arrived before `error`.
    pub body: Bytes,
    /// Bytes of the body on the wire.
    pub wire_bytes: u64,
    /// The connection's facts.
    pub facts: Facts,
    /// Time from the head of the last answer to the end of its body.
    pub body_time: Duration,
    /// Time for everything.
    pub elapsed: Duration,
    /// Every request and the head of its answer, redirects included.
    pub conversations: Vec<Conversation>,
    /// What went wrong beside the fetch, such as a cache that could not be written.
    pub notes: Vec<String>,
    /// The declared content type.
    pub content_type: Option<String>,
    /// The charset of a text and how it was found; none for other content.
    pub charset: Option<String>,
    /// The title of a HTML page.
    pub title: Option<String>,
    /// Why the body is not whole.
    pub error: Option<Error>,
    kind: Option<DocumentKind>,
    text: String,
    /// The name of the charset alone.
    encoding: &'static str,
    document: OnceLock<Document>,
}

impl Single {
    /// A client with these choices.
    ///
    /// # Errors
    /// When the choices cannot be met (a cookie file that cannot be read, no network and no cache).
    pub fn new(single: SingleOptions) -> Result<Self> {
        let clock = SystemClock::new();
        let jar = single.cookie_file.map(|file| cookies::read(&file, clock.now())).transpose()?;
        let pool = SessionPool::default();
        pool.put(Session::new(SessionId::default(), Profile::default(), jar.unwrap_or_default()))?;
        let session = pool.acquire(SessionId::default(), "")?;
        let timeout = single.timeout.unwrap_or(Duration::from_secs(120));
        let proxies = (!single.proxies.is_empty())
            .then(|| Arc::new(ProxyPool::new(single.proxies, ProxyOptions::default())));
        let mut options = Options {
            headers: single.headers,
            user_agent: single.user_agent,
            user: single.user,
            cookie: single.cookie,
            proxies,
            proxy_from_env: single.proxy_from_env,
            insecure: single.insecure,
            cacert: single.cacert,
            http_version: single.http_version,
            dns_servers: single.dns_servers,
            cache: single.cache,
            offline: single.offline,
            retry: RetryOptions { retries: 0, ..RetryOptions::default() },
            sessions: Some(Arc::new(pool)),
            ..Options::default()
        };
        check_cache(&options)?;
        options.max_body = single.max_body.unwrap_or(options.max_body);
        options.timeouts.total = timeout;
        let (cookie_jar, charset, kind) = (single.cookie_jar, single.charset, single.kind);
        Ok(Self { options, timeout, clock: Arc::new(clock), session, cookie_jar, charset, kind })
    }

    /// Fetches a URL. A bare host means `http://`.
    ///
    /// # Errors
    /// When no answer came, the redirects lead nowhere, or the cookies cannot be written. A body that broke off is no error: see
    /// [`Fetched::error`].
    pub async fn fetch(&self, url: &str) -> Result<Fetched> {
        let seed = entered(url)?;
        self.fetch_among(seed.clone(), &[seed]).await
    }

    /// Fetches a URL on a walk from page to page, for which a person entered these URLs.
    ///
    /// Only hosts that were entered may have private addresses, and only the origin of the first gets user, cookie and
    /// secret headers.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub async fn fetch_among(&self, url: Url, entered: &[Url]) -> Result<Fetched> {
        let started = Instant::now();
        let mut options = self.options.clone();
        options.seeds = entered.to_vec();
        options.typed_seeds = entered.len();
        let guard = Arc::new(super::build::guard(&options)?);
        options.seeds.truncate(1);
        options.typed_seeds = options.typed_seeds.min(1);
        let ledger = Ledger::default();
        let client = Client::new(client_options(&options, &self.clock, ledger.clone())?)?;
        let telemetry = Telemetry::default();
        let cache = cache(&options, &self.clock, &telemetry)?;
        let retry = retry_policy(&options, telemetry.clone());
        let mut stack = middlewares(&options, &retry, cache, &self.clock, ledger)?;
        let witness = Witness::default();
        insert(&mut stack, Place::Innermost, Arc::new(witness.clone()))?;
        let follow = self.follow(&client, &stack, guard, url.clone());
        let followed = tokio::time::timeout(self.timeout, follow).await;
        let result = match followed {
            Ok(Ok((url, chain, response))) => {
                let mut fetched = self.read(url, chain, response, started).await;
                fetched.conversations = witness.told();
                fetched.notes = telemetry.snapshot().problems.into_keys().collect();
                Ok(fetched)
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(Error::timeout(Phase::Total, started.elapsed(), self.timeout).at_url(url.as_str())),
        };
        client.close().await;
        if let Some(file) = &self.cookie_jar {
            let jar = self.session.jar().clone();
            cookies::write(file, &jar, self.clock.now())?;
        }
        result
    }

    async fn follow(
        &self,
        client: &Client,
        stack: &[Arc<dyn Middleware>],
        guard: Arc<AddressGuard>,
        mut url: Url,
    ) -> Result<(Url, Vec<Hop>, Response)> {
        let mut chain: Vec<Hop> = Vec::new();
        // Hops before the last one that set a cookie: with another cookie the same URL may answer otherwise.
        let mut before_cookie = 0;
        loop {
            let request =
                Arc::new(Request { chain: chain.clone(), ..Request::get(crate::scope::spelling(&url)) });
            let exchange = Exchange {
                request,
                url: url.clone(),
                headers: HeaderMap::new(),
                policy: guard.clone(),
                limits: FetchLimits {
                    wire: self.options.max_body,
                    decoded: self.options.max_body,
                    ..FetchLimits::default()
                },
                proxy: None,
            };
            let answer =
                Next::new(stack, client).run(exchange).await.map_err(|error| error.at_url(url.as_str()))?;
            let response = match answer {
                Answer::Response(response) => *response,
                Answer::Retry { reason, .. } => {
                    return Err(Error::new(ErrorKind::Disconnected, reason).at_url(url.as_str()));
                }
            };
            let Some(target) = redirect(&response, &url)? else { return Ok((url, chain, response)) };
            chain.push(Hop { url: crate::scope::spelling(&url), status: response.status });
            if chain.len() > MAX_REDIRECTS {
                return Err(Error::new(ErrorKind::Redirect, format!("more than {MAX_REDIRECTS} redirects")));
            }
            if response.headers.contains_key(http::header::SET_COOKIE) {
                before_cookie = chain.len();
            }
            let since = chain.iter().skip(before_cookie);
            if since.into_iter().any(|hop| *hop.url == *crate::scope::spelling(&target)) {
                return Err(Error::new(ErrorKind::Redirect, format!("a redirect loop at {target}"))
                    .at_url(url.as_str())
                    .with_hint("a page that answers with itself often waits for a cookie: try --cookie"));
            }
            url = target;
        }
    }

    async fn read(&self, url: Url, chain: Vec<Hop>, response: Response, started: Instant) -> Fetched {
        let content_type = response.header("content-type").map(std::borrow::Cow::into_owned);
        let Response { status, headers, body, facts } = response;
        let head_at = Instant::now();
        let (body, end) = body.read().await;
        let mut fetched = Fetched {
            url,
            chain,
            status,
            headers,
            body,
            wire_bytes: end.wire_bytes,
            facts,
            body_time: head_at.elapsed(),
            elapsed: started.elapsed(),
            conversations: Vec::new(),
            notes: Vec::new(),
            content_type,
            charset: None,
            title: None,
            error: end.error,
            kind: self.kind,
            text: String::new(),
            encoding: "utf-8",
            document: OnceLock::new(),
        };
        fetched.decode(self.charset);
        fetched
    }
}

fn redirect(response: &Response, url: &Url) -> Result<Option<Url>> {
    if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = response.headers.get(http::header::LOCATION) else { return Ok(None) };
    let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
    let target = url.join(location.trim()).map_err(|cause| {
        Error::new(ErrorKind::Redirect, format!("a redirect to `{location}`"))
            .at_url(url.as_str())
            .with_source(cause)
    })?;
    if !matches!(target.scheme(), "http" | "https") {
        return Err(Error::new(ErrorKind::Redirect, format!("a redirect to {target}")).at_url(url.as_str()));
    }
    Ok(Some(target))
}

/// A URL as a person enters it: a bare host means `http://`.
///
/// # Errors
/// When it is none, is not of http or https, or holds a password.
pub fn entered(text: &str) -> Result<Url> {
    crate::seed::parse_as("", text)
}

/// The charset for people: how it was found, and what is odd about it.
#[must_use]
pub fn charset_told(decoded: &Decoded<'_>) -> String {
    let mut told = format!("{} (by {}", decoded.charset, decoded.source.as_str());
    if let Some(declared) = decoded.declared.as_deref().filter(|_| decoded.is_overruled) {
        told.push_str(&format!(", {declared} was declared"));
    }
    if decoded.confidence == Confidence::Guess {
        told.push_str(", a guess");
    }
    if let Some(unknown) = &decoded.unknown_label {
        told.push_str(&format!(", {unknown} is outside the Encoding standard"));
    }
    if decoded.malformed > 0 {
        told.push_str(&format!(", {} malformed", decoded.malformed));
    }
    told.push(')');
    told
}

impl Fetched {
    /// Whether a redirect led from an encrypted connection to an open one.
    #[must_use]
    pub fn is_downgraded(&self) -> bool {
        Hop::downgraded(&self.chain, self.url.as_str())
    }

    fn decode(&mut self, charset: Option<Charset>) {
        let is_text = charset.is_some()
            || self.kind.is_some()
            || self.content_type.as_deref().is_some_and(is_unspecific) && begins_with_markup(&self.body)
            || self.content_type.as_deref().is_none_or(|kind| {
                let kind = kind.to_ascii_lowercase();
                kind.starts_with("text/")
                    || kind.contains("xml")
                    || kind.contains("json")
                    || kind.contains("javascript")
            });
        if !is_text {
            return;
        }
        let tld = self.url.host_str().and_then(|host| host.rsplit_once('.')).map(|(_, tld)| tld);
        let transport = self.content_type.as_deref();
        let options = DecodeOptions { transport, tld, charset, ..DecodeOptions::default() };
        let Ok(decoded) = lycosa_dom::decode_with(&self.body, &options) else { return };
        self.charset = Some(charset_told(&decoded));
        self.encoding = decoded.charset;
        self.text = decoded.text.into_owned();
        if self.content_type.as_deref().is_none_or(|kind| kind.to_ascii_lowercase().contains("html")) {
            self.title = self.document().title().map(std::borrow::Cow::into_owned);
        }
    }

    /// The body as text; empty for content that is no text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the content was read as text, and so can be a page.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.charset.is_some()
    }

    /// The document, parsed as [`document`] says.
    #[must_use]
    pub fn document(&self) -> &Document {
        self.document.get_or_init(|| {
            document(&self.text, self.kind, self.content_type.as_deref()).in_charset(self.encoding)
        })
    }

    /// The text a person would see.
    #[must_use]
    pub fn visible_text(&self) -> String {
        self.document().root().visible_text()
    }

    /// The page's links to other pages, absolute, in document order, each once.
    #[must_use]
    pub fn links(&self) -> Vec<Url> {
        let document = self.document();
        let base = declared_base(document, &self.url);
        let base = base.as_ref().unwrap_or(&self.url);
        let mut seen = std::collections::HashSet::new();
        let links = document.links().filter(|link| link.kind.is_navigation());
        links.filter_map(|link| base.join(link.href).ok()).filter(|url| seen.insert(url.clone())).collect()
    }

    /// Everything the page refers to, absolute, in document order, with kind, text and relation.
    #[must_use]
    pub fn page_links(&self) -> Vec<PageLink> {
        page_links(self.document(), &self.url)
    }
}

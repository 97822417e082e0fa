//! A private HTTP cache on disk (RFC 9111), next to the fetch: it sees the request as it would be sent.
//!
//! `rules` says what may be stored and used, `control` reads `Cache-Control`, `store` keeps entries in files,
//! `entry` is their format, `tee` copies a body while it is read. An entry belongs to one session and to one set of
//! credentials (`Authorization`, `Cookie`): what one of them got is never given to another. One variant of a URL is
//! kept. Left out: answering `HEAD`, ranges and conditional requests (they pass by), `stale-while-revalidate`.
//!
//! Trouble with the disk never fails a request: the entry counts as missing, and the report says so once.

mod control;
mod entry;
mod rules;
mod store;
mod tee;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_LOCATION, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION};
use http::{HeaderMap, Method};
use tokio::sync::Semaphore;
use url::Url;

use self::control::Directives;
use self::entry::{Entry, Head};
use self::store::Store;
use self::tee::{Copied, Tee};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    Answer, Body, BoxFuture, CacheUse, Clock, Exchange, Facts, Middleware, Next, Response, Timestamp,
    field_text,
};
use crate::telemetry::Telemetry;

/// File operations under way at once.
const AT_ONCE: usize = 8;

/// Bytes of the body of a redirect or failure that are read ahead: the engine does not read such bodies.
const AHEAD: usize = 64 << 10;

/// The cache.
#[derive(Clone, Debug)]
pub struct Cache(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    offline: bool,
    telemetry: Telemetry,
    places: Semaphore,
}

impl Cache {
    /// The name of this middleware.
    pub const NAME: &'static str = "cache";

    /// Opens the cache in this folder and makes it when there is none. It keeps at most `max_bytes`; what was not
    /// used for longest goes first. With `offline` it answers alone, and what it cannot answer is
    /// [`ErrorKind::Offline`].
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the folder cannot be made or read.
    pub fn open(
        folder: &Path,
        max_bytes: u64,
        offline: bool,
        clock: Arc<dyn Clock>,
        telemetry: Telemetry,
    ) -> Result<Self> {
        let store = Store::open(folder, max_bytes, clock.now()).map_err(|cause| {
            Error::io(format!("opening the cache in {}", folder.display()), cause)
                .with_hint("name a folder that can be written with --cache")
        })?;
        Ok(Self(Arc::new(Inner { store, clock, offline, telemetry, places: Semaphore::new(AT_ONCE) })))
    }

    /// Works on the store outside the runtime's own threads; `None` when that fails.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store, Timestamp) -> std::io::Result<T> + Send + 'static,
    ) -> Option<T> {
        let _place = self.0.places.acquire().await.ok()?;
        let inner = self.0.clone();
        let done = tokio::task::spawn_blocking(move || work(&inner.store, inner.clock.now())).await;
        match done {
            Ok(Ok(value)) => Some(value),
            Ok(Err(error)) => {
                self.0.telemetry.problem(format!("the cache could not be used: {error}"));
                None
            }
            Err(_) => None,
        }
    }

    async fn find(&self, exchange: &Exchange) -> Option<Entry> {
        let key = self.0.store.key(exchange);
        let limit = exchange.limits.decoded;
        let entry = self.on_disk(move |store, now| store.read(&key, limit, now)).await.flatten()?;
        (self.0.store.fits(&entry.head, &exchange.headers)).then_some(entry)
    }

    async fn keep(&self, exchange: &Exchange, head: Head, pieces: Vec<Bytes>) {
        let key = self.0.store.key(exchange);
        self.on_disk(move |store, now| store.write(&key, &head, &pieces, now)).await;
    }

    async fn forget(&self, exchange: &Exchange) {
        let key = self.0.store.key(exchange);
        self.on_disk(move |store, _| store.remove(&key)).await;
    }

    async fn serve(&self, mut exchange: Exchange, next: Next<'_>) -> Result<Answer> {
        if !rules::concerns(&exchange) {
            return self.pass_by(exchange, next).await;
        }
        let wish = Directives::of_request(&exchange.headers);
        let found = self.find(&exchange).await;
        let now = self.0.clock.now();
        let alone = self.0.offline || wish.has("only-if-cached");
        if let Some(entry) = &found {
            let usable = rules::is_usable(&entry.head, &wish, now);
            if usable || (self.0.offline && rules::is_usable_offline(&entry.head, now)) {
                let how = if self.0.offline { CacheUse::Offline } else { CacheUse::Hit };
                return Ok(answer(entry.clone(), how, now));
            }
        }
        if alone {
            return Err(offline(&exchange, found.is_some()));
        }
        let plain = exchange.clone();
        if let Some(entry) = &found {
            ask_for_news(&mut exchange.headers, &entry.head.headers);
        }
        let requested = self.0.clock.now();
        let result = next.run(exchange).await;
        match (result, found) {
            (Ok(Answer::Response(response)), Some(entry)) if response.status == 304 => {
                match rules::refreshed(&entry.head, &response.headers, requested, self.0.clock.now()) {
                    Some(head) => {
                        Ok(self.revalidated(&plain, Entry { head, ..entry }, &response.facts).await)
                    }
                    // The 304 is about another body than ours.
                    None => {
                        self.forget(&plain).await;
                        let answer = next.run(plain.clone()).await?;
                        Ok(self.arrived(plain, answer, false, requested).await)
                    }
                }
            }
            (Ok(Answer::Response(response)), Some(entry))
                if matches!(response.status, 500 | 502..=504)
                    && rules::is_usable_after_error(&entry.head, &wish, now) =>
            {
                Ok(answer(entry, CacheUse::Hit, now))
            }
            (Err(_), Some(entry)) if rules::is_usable_after_error(&entry.head, &wish, now) => {
                Ok(answer(entry, CacheUse::Hit, now))
            }
            (result, found) => Ok(self.arrived(plain, result?, found.is_some(), requested).await),
        }
    }

    /// A request that no entry answers and that leaves none; one that changes something makes entries invalid.
    async fn pass_by(&self, exchange: Exchange, next: Next<'_>) -> Result<Answer> {
        if self.0.offline {
            return Err(offline(&exchange, false));
        }
        let asked = exchange.clone();
        let answer = next.run(exchange).await?;
        for url in outdated(&asked, &answer) {
            self.forget(&Exchange { url, ..asked.clone() }).await;
        }
        Ok(answer)
    }

    async fn revalidated(&self, asked: &Exchange, entry: Entry, facts: &Facts) -> Answer {
        self.keep(asked, entry.head.clone(), vec![entry.body.clone()]).await;
        let mut response = stored_response(entry, CacheUse::Revalidated, self.0.clock.now());
        response.facts = Facts { cache: Some(CacheUse::Revalidated), ..facts.clone() };
        Answer::Response(Box::new(response))
    }

    /// An answer that came over the network: copied while it is read, when it may be kept.
    async fn arrived(&self, asked: Exchange, answer: Answer, replaces: bool, requested: Timestamp) -> Answer {
        let Answer::Response(mut response) = answer else { return answer };
        response.facts.cache = Some(CacheUse::Miss);
        let received = self.0.clock.now();
        let keepable = rules::may_store(&asked, response.status, &response.headers);
        let Some(vary) = keepable.then(|| self.0.store.vary(&response.headers, &asked.headers)).flatten()
        else {
            if replaces && response.status < 400 {
                self.forget(&asked).await;
            }
            return Answer::Response(response);
        };
        let headers = rules::end_to_end(&response.headers);
        let head = Head { status: response.status, headers, requested, received, vary };
        let cache = self.clone();
        let most = usize::try_from(self.0.store.largest()).unwrap_or(usize::MAX);
        let keep: Copied =
            Box::new(move |pieces| Box::pin(async move { cache.keep(&asked, head, pieces).await }));
        let body = std::mem::replace(&mut response.body, Body::full(Bytes::new()));
        let mut tee = Tee::new(body, most, keep);
        if !(200..300).contains(&response.status) {
            tee.read_ahead(AHEAD).await;
        }
        response.body = Body::new(tee);
        Answer::Response(response)
    }
}

impl Middleware for Cache {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn handle<'a>(&'a self, exchange: Exchange, next: Next<'a>) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(self.serve(exchange, next))
    }
}

/// The URLs whose entries an answer to an unsafe request makes invalid (RFC 9111 §4.4): its own, and those that it
/// names at the same origin.
fn outdated(asked: &Exchange, answer: &Answer) -> Vec<Url> {
    let Answer::Response(response) = answer else { return Vec::new() };
    if asked.request.method.is_safe() || !(200..400).contains(&response.status) {
        return Vec::new();
    }
    let named = [LOCATION, CONTENT_LOCATION].into_iter().filter_map(|name| response.headers.get(name));
    let targets = named.filter_map(|value| asked.url.join(field_text(value).trim()).ok());
    let same = targets.filter(|url| url.origin() == asked.url.origin());
    std::iter::once(asked.url.clone()).chain(same).collect()
}

fn answer(entry: Entry, how: CacheUse, now: Timestamp) -> Answer {
    Answer::Response(Box::new(stored_response(entry, how, now)))
}

/// The stored answer, with the `Age` it has now (RFC 9111 §5.1).
fn stored_response(entry: Entry, how: CacheUse, now: Timestamp) -> Response {
    let age = rules::age(&entry.head, now);
    let Entry { head, body } = entry;
    let mut headers = head.headers;
    headers.insert(http::header::AGE, age.into());
    let facts = Facts { cache: Some(how), ..Facts::default() };
    Response { status: head.status, headers, body: Body::full(body), facts }
}

/// Adds the validators of a stored answer to a request.
fn ask_for_news(request: &mut HeaderMap, stored: &HeaderMap) {
    for (validator, condition) in [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)] {
        if let Some(value) = stored.get(validator) {
            request.insert(condition, value.clone());
        }
    }
}

fn offline(exchange: &Exchange, is_stale: bool) -> Error {
    let why = match (is_stale, exchange.request.method == Method::GET) {
        (true, _) => "the cache has this only in a state that may not be used unasked",
        (false, true) => "the cache does not have this, and the network is not to be used",
        (false, false) => "only the network can answer this, and it is not to be used",
    };
    Error::new(ErrorKind::Offline, why)
        .at_url(exchange.url.as_str())
        .with_hint("crawl once without --offline to fill the cache")
}

//! Sessions around the fetch: each exchange goes with one, and takes along that one's cookies, headers and proxy.
//!
//! Stands next to the fetch, so it sees every answer as it came: each hop of a redirect (a fetch never follows)
//! and each answer that leads to a retry. The session's id goes into the request, which is what divides the
//! connection pool, and into the answer's facts, by which a redirect goes on with it. A `Cookie` field that was set
//! further out (by the user, the request or the credentials) is sent first, and the jar's cookies of other names
//! follow in the same field.

use std::sync::Arc;

use http::header::{COOKIE, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::domain::{registrable, same_site};
use crate::error::{ErrorKind, Result};
use crate::model::{
    Answer, BoxFuture, CacheUse, Clock, Exchange, Middleware, Next, Request, RequestKind, SessionId,
};
use crate::profiles::laid_over;
use crate::session::{CookieRequest, Ended, Session, SessionPool};

/// Gives every exchange its session.
#[derive(Debug)]
pub struct Sessions {
    pool: Arc<SessionPool>,
    clock: Arc<dyn Clock>,
}

impl Sessions {
    /// The name of this middleware.
    pub const NAME: &'static str = "session";

    /// With the sessions of this pool; cookies age by this clock.
    #[must_use]
    pub fn new(pool: Arc<SessionPool>, clock: Arc<dyn Clock>) -> Self {
        Self { pool, clock }
    }

    fn assign(&self, exchange: &mut Exchange) -> Result<Arc<Session>> {
        let site = exchange.url.host_str().map(registrable).unwrap_or_default();
        let session = self.pool.acquire(exchange.request.session, site)?;
        if session.id() != exchange.request.session {
            exchange.request = Arc::new(Request { session: session.id(), ..(*exchange.request).clone() });
        }
        if exchange.proxy.is_none() {
            exchange.proxy.clone_from(&session.profile().proxy);
        }
        dress(exchange, &session.profile().headers);
        self.take_cookies(exchange, &session);
        Ok(session)
    }

    fn take_cookies(&self, exchange: &mut Exchange, session: &Session) {
        let mut jar = session.jar();
        if jar.is_empty() {
            return;
        }
        let request = &exchange.request;
        let asked = CookieRequest {
            url: &exchange.url,
            same_site: found_on_same_site(request, &exchange.url),
            safe: request.method.is_safe(),
            now: self.clock.now(),
        };
        let given = exchange.headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect::<Vec<_>>();
        let given = (!given.is_empty()).then(|| given.join(&b"; "[..]));
        let field = jar.header(asked, given.as_deref());
        drop(jar);
        if let Some(Ok(mut value)) = field.map(|field| HeaderValue::from_bytes(&field)) {
            value.set_sensitive(true);
            exchange.headers.insert(COOKIE, value);
        }
    }

    fn keep_cookies(&self, session: &Session, url: &Url, headers: &HeaderMap) {
        let mut fields = headers.get_all(SET_COOKIE).iter().peekable();
        if fields.peek().is_none() {
            return;
        }
        let (mut jar, now) = (session.jar(), self.clock.now());
        for field in fields {
            // A cookie that is refused is simply not there, as in a browser.
            let _ = jar.store(field.as_bytes(), url, now);
        }
    }

    /// How an exchange ended. What a robots.txt is answered says nothing about the session.
    fn ended(&self, kind: RequestKind, answer: &Result<Answer>) -> Ended {
        match answer {
            Ok(_) if kind == RequestKind::Robots => Ended::Answered,
            Ok(Answer::Response(response)) if response.facts.cache.is_some_and(CacheUse::is_local) => {
                Ended::Unsent
            }
            Ok(Answer::Response(response)) if self.pool.is_block(response.status) => Ended::Blocked,
            Ok(Answer::Retry { status: Some(status), .. }) if self.pool.is_block(*status) => Ended::Blocked,
            Ok(_) => Ended::Answered,
            Err(error) => match error.kind() {
                ErrorKind::Deferred | ErrorKind::AddressRefused | ErrorKind::Cancelled => Ended::Unsent,
                _ => Ended::Failed,
            },
        }
    }
}

/// Puts a session's header fields before the others, in their order. What the single request brought along keeps
/// its value.
fn dress(exchange: &mut Exchange, profile: &HeaderMap) {
    if profile.is_empty() {
        return;
    }
    let own = |name: &str| exchange.request.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    let is_kept = |name: &HeaderName| {
        let nameless = *name == USER_AGENT && profile.get(name).is_none_or(HeaderValue::is_empty);
        (nameless || own(name.as_str())) && exchange.headers.contains_key(name)
    };
    let mut fields = HeaderMap::with_capacity(profile.len() + exchange.headers.len());
    for name in profile.keys() {
        let from = if is_kept(name) { &exchange.headers } else { profile };
        for value in from.get_all(name) {
            fields.append(name, value.clone());
        }
    }
    exchange.headers = laid_over(fields, std::mem::take(&mut exchange.headers));
}

/// Whether the page that led here is of the same site, or there is none.
fn found_on_same_site(request: &Request, url: &Url) -> bool {
    let parent = request.parent.as_deref();
    parent.is_none_or(|parent| Url::parse(parent).is_ok_and(|parent| same_site(&parent, url)))
}

impl Middleware for Sessions {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn blocked(&self, session: SessionId, status: u16) -> bool {
        // What the status said was noted when it came.
        !self.pool.is_block(status) && self.pool.blocked(session)
    }

    fn handle<'a>(&'a self, mut exchange: Exchange, next: Next<'a>) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            let session = self.assign(&mut exchange)?;
            let (url, kind) = (exchange.url.clone(), exchange.request.kind);
            let mut answer = next.run(exchange).await;
            if let Ok(Answer::Response(response)) = &mut answer {
                // What a cache kept was said some time ago: its cookies may have been replaced since.
                if !response.facts.cache.is_some_and(CacheUse::is_local) {
                    self.keep_cookies(&session, &url, &response.headers);
                }
                response.facts.session = Some(session.id());
            }
            if self.pool.report(&session, self.ended(kind, &answer)) {
                next.forget(session.id());
            }
            answer
        })
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod bleeding_tests;

//! Sessions: cookies, proxy, headers and connections that belong together and to nobody else.
//!
//! A [`Session`] is one identity towards servers: a [`Jar`] of its own, perhaps a proxy and header fields of its
//! own, and, by its [`SessionId`], its own part of the connection pool and of the TLS tickets. A [`SessionPool`]
//! decides which session a request goes with. Pure: time is an argument, and what is counted is told to it. The
//! `session` middleware joins it to exchanges.
//!
//! `set_cookie` and `date` read what servers send, `jar` stores and chooses, `cookie_file` turns jars into text and
//! back.
//!
//! ```
//! # use std::sync::Arc;
//! use lycosa::session::{Rotation, SessionOptions, SessionPool};
//!
//! let pool = Arc::new(SessionPool::new(SessionOptions {
//!     rotation: Rotation::RoundRobin,
//!     max_uses: Some(100),
//!     ..SessionOptions::default()
//! }));
//! let crawler = lycosa::Crawler::new("https://example.org").options(|options| options.sessions = Some(pool.clone()));
//! ```
//!
//! Jars live in memory: a crawl that is resumed begins with empty ones unless they were saved.

mod cookie;
mod cookie_file;
mod date;
mod jar;
mod matching;
mod octets;
mod pool;
mod set_cookie;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::HeaderMap;

pub use cookie::{Cookie, SameSite};
pub use cookie_file::{CookieFileError, CookiesTxt};
pub use jar::{CookieRequest, Jar, JarLimits, Refusal};
pub use pool::{Ended, Retirement, Rotation, SessionOptions, SessionPool, SessionStats};

use crate::model::{ProxyUrl, SessionId};

/// What a session has besides its cookies.
#[derive(Clone, Default)]
pub struct Profile {
    /// Header fields in place of the crawl's own of these names; fields of a single request stand above them. They
    /// go to every host, so a secret of one site has no place here.
    pub headers: HeaderMap,
    /// The proxy in place of the crawl's own.
    pub proxy: Option<ProxyUrl>,
}

impl Profile {
    /// Its `User-Agent`, when it has one of its own.
    #[must_use]
    pub fn user_agent(&self) -> Option<String> {
        let value = self.headers.get(http::header::USER_AGENT)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned()).filter(|agent| !agent.is_empty())
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.keys().collect();
        f.debug_struct("Profile").field("headers", &names).field("proxy", &self.proxy).finish()
    }
}

/// One identity towards servers.
#[derive(Debug)]
pub struct Session {
    id: SessionId,
    profile: Profile,
    jar: Mutex<Jar>,
    /// The one jar of all sessions, for the test that must notice.
    #[cfg(test)]
    shared: Option<std::sync::Arc<Mutex<Jar>>>,
}

impl Session {
    /// A session with this jar.
    #[must_use]
    pub fn new(id: SessionId, profile: Profile, jar: Jar) -> Self {
        Self {
            id,
            profile,
            jar: Mutex::new(jar),
            #[cfg(test)]
            shared: None,
        }
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Its proxy and header fields.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Its cookies, locked: not to be held over an await.
    pub fn jar(&self) -> MutexGuard<'_, Jar> {
        #[cfg(test)]
        if let Some(shared) = &self.shared {
            return shared.lock().unwrap_or_else(PoisonError::into_inner);
        }
        self.jar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

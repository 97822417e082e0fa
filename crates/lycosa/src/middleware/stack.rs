//! The order of the middlewares, in one list.

use std::collections::HashSet;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};

use super::{Cache, Credentials, Headers, Proxies, Retry, Sessions};
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::Ledger;
use crate::model::{Clock, Middleware, Origin};
use crate::politeness::RetryPolicy;
use crate::profiles::HostProfiles;
use crate::proxies::ProxyRoutes;
use crate::session::SessionPool;

/// The built-in middlewares by name, as an exchange meets them; sessions, cache and proxies only when there are such.
pub const ORDER: [&str; 6] = [
    // ▲ the engine: first to see the exchange, last to see the answer
    Retry::NAME,
    Headers::NAME,
    Credentials::NAME,
    Sessions::NAME,
    // Inside the sessions: what it holds is of one session, and a variant may depend on its cookies.
    Cache::NAME,
    // Inside the sessions, whose own proxies come first and whose ids stick to one; inside the retries, whose next
    // attempt is to go through another; next to the fetch, whose failures alone tell of a proxy's health.
    Proxies::NAME,
    // ▼ the fetch: last to see the exchange, first to see the answer
];

/// What the built-in middlewares are made of.
#[derive(Clone, Debug, Default)]
pub struct StackOptions {
    /// Instead of [`USER_AGENT`](super::USER_AGENT).
    pub user_agent: Option<String>,
    /// The profiles of certain hosts, which come before `user_agent` and `fields` there.
    pub hosts: HostProfiles,
    /// The user's header fields, in order. `Authorization` and `Cookie` go to the seeds' origins only.
    pub fields: Vec<(HeaderName, HeaderValue)>,
    /// Name and password for basic authentication at the seeds' origins.
    pub user: Option<(String, String)>,
    /// Cookies for the seeds' origins, `name=value; name=value`.
    pub cookie: Option<String>,
    /// The origins of the seeds.
    pub seeds: HashSet<Origin>,
    /// The retry policy.
    pub retry: Arc<RetryPolicy>,
    /// The sessions, with their cookies. None keeps no cookies, and [`Sessions`] is left out of the stack.
    pub sessions: Option<Arc<SessionPool>>,
    /// The cache; none answers when there is none.
    pub cache: Option<Cache>,
    /// The proxies of exchanges that bring none of their own. None leaves [`Proxies`] out of the stack.
    pub proxies: Option<ProxyRoutes>,
}

/// The built-in middlewares, outermost first, in [`ORDER`].
///
/// # Errors
/// [`ErrorKind::Usage`] for a user agent, header or cookie that cannot be sent.
pub fn built_in(
    options: &StackOptions,
    clock: Arc<dyn Clock>,
    ledger: Ledger,
) -> Result<Vec<Arc<dyn Middleware>>> {
    let mut credentials = Credentials::new(options.seeds.iter().cloned());
    let (secret, open): (Vec<_>, Vec<_>) =
        options.fields.iter().cloned().partition(|(name, _)| Credentials::is_secret(name));
    for (name, value) in secret {
        credentials = credentials.with_field(name, value);
    }
    if let Some((user, password)) = &options.user {
        credentials = credentials.with_user(user, password);
    }
    if let Some(cookie) = &options.cookie {
        credentials = credentials.with_cookie(cookie)?;
    }
    let mut stack: Vec<Arc<dyn Middleware>> = vec![
        Arc::new(Retry::new(options.retry.clone(), clock.clone(), ledger)),
        Arc::new(Headers::new(options.user_agent.as_deref(), &open)?.with_hosts(options.hosts.clone())),
        Arc::new(credentials),
    ];
    if let Some(pool) = &options.sessions {
        stack.push(Arc::new(Sessions::new(pool.clone(), clock.clone())));
    }
    stack.extend(options.cache.clone().map(|cache| Arc::new(cache) as Arc<dyn Middleware>));
    if let Some(routes) = &options.proxies {
        stack.push(Arc::new(Proxies::new(routes.clone(), clock)));
    }
    Ok(stack)
}

/// Where a further middleware goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// Next to the engine.
    Outermost,
    /// Next to the fetch.
    Innermost,
    /// Around the one of this name.
    Around(&'a str),
    /// Inside the one of this name.
    Inside(&'a str),
}

/// Puts a further middleware into a stack.
///
/// # Errors
/// [`ErrorKind::Usage`] when no middleware has the name.
pub fn insert(
    stack: &mut Vec<Arc<dyn Middleware>>,
    place: Place<'_>,
    middleware: Arc<dyn Middleware>,
) -> Result<()> {
    let find = |wanted: &str| {
        stack.iter().position(|other| other.name() == wanted).ok_or_else(|| {
            let names: Vec<_> = stack.iter().map(|other| other.name()).collect();
            Error::new(ErrorKind::Usage, format!("there is no middleware named {wanted:?}"))
                .with_hint(format!("the stack has, outermost first: {}", names.join(", ")))
        })
    };
    let at = match place {
        Place::Outermost => 0,
        Place::Innermost => stack.len(),
        Place::Around(name) => find(name)?,
        Place::Inside(name) => find(name)? + 1,
    };
    stack.insert(at, middleware);
    Ok(())
}

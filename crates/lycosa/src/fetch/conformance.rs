//! The suite of fetches: one exchange each, asked for before it connects, stopped when it is dropped.
//!
//! A [`Stand`] is a fetch together with something that answers it: a server on loopback, or a script. Timeouts by
//! phase and bounds of bodies are the implementation's own tests: a suite without a clock cannot wait for them.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use http::HeaderMap;

use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    BoxFuture, ConnectPolicy, ConnectTarget, Exchange, Fetch, FetchLimits, Request, Response,
};

/// How a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// 200 with the body `page`.
    Page,
    /// 302 to a page of the same server.
    Redirect,
    /// 500 with a body.
    ServerError,
    /// The request is read and the connection closed without an answer.
    HangUp,
}

/// A fetch and what answers it.
pub trait Stand {
    /// The fetch.
    fn fetch(&self) -> &dyn Fetch;

    /// A URL that is answered like this.
    fn url(&self, behaviour: Behaviour) -> url::Url;

    /// Requests received so far, of every kind.
    fn received(&self) -> usize;

    /// Whether connections are opened, and so policies asked.
    fn connects(&self) -> bool;

    /// What is open now, idle connections apart; empty when nothing is.
    fn open(&self) -> String;
}

/// A policy that counts and lets through, or refuses.
#[derive(Debug)]
struct Policy {
    asked: AtomicUsize,
    allows: bool,
}

impl ConnectPolicy for Policy {
    fn permit<'a>(&'a self, target: ConnectTarget<'a>) -> BoxFuture<'a, Result<Vec<SocketAddr>>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let refused = || Error::new(ErrorKind::AddressRefused, "the suite refuses this address");
        let answer = if self.allows { Ok(target.addresses.to_vec()) } else { Err(refused()) };
        Box::pin(std::future::ready(answer))
    }
}

fn exchange(stand: &dyn Stand, behaviour: Behaviour, policy: &Arc<Policy>) -> Exchange {
    let url = stand.url(behaviour);
    Exchange {
        request: Arc::new(Request::get(url.as_str())),
        url,
        headers: HeaderMap::new(),
        policy: policy.clone(),
        limits: FetchLimits::default(),
        proxy: None,
    }
}

fn policy(allows: bool) -> Arc<Policy> {
    Arc::new(Policy { asked: AtomicUsize::new(0), allows })
}

/// Runs the whole suite. Runs on whatever runtime the implementation needs.
///
/// # Errors
/// The first promise that is broken.
pub async fn check(stand: &dyn Stand) -> Result<(), String> {
    answers_as_they_came(stand).await?;
    never_sent_again(stand).await?;
    policies_are_asked(stand).await?;
    dropped_at_any_moment(stand).await
}

fn demand(kept: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if kept { Ok(()) } else { Err(what()) }
}

async fn text(response: Response) -> Result<Vec<u8>, String> {
    let (bytes, end) = response.body.read().await;
    match end.error {
        None => Ok(bytes.to_vec()),
        Some(error) => Err(format!("a body broke off: {error}")),
    }
}

/// A status is what the server said; a redirect is not followed.
async fn answers_as_they_came(stand: &dyn Stand) -> Result<(), String> {
    let wanted = [(Behaviour::Page, 200), (Behaviour::Redirect, 302), (Behaviour::ServerError, 500)];
    for (behaviour, status) in wanted {
        let before = stand.received();
        let answer = stand.fetch().fetch(exchange(stand, behaviour, &policy(true))).await;
        let response = answer.map_err(|error| format!("{behaviour:?}: {error}"))?;
        demand(response.status == status, || format!("{behaviour:?} gave status {}", response.status))?;
        let body = text(response).await?;
        demand(behaviour != Behaviour::Page || body == b"page", || format!("the body was {body:?}"))?;
        let sent = stand.received() - before;
        demand(sent == 1, || format!("{behaviour:?}: {sent} requests for one exchange"))?;
    }
    Ok(())
}

/// A connection that ended after the request went out is a typed failure, and the request is not repeated.
async fn never_sent_again(stand: &dyn Stand) -> Result<(), String> {
    let before = stand.received();
    match stand.fetch().fetch(exchange(stand, Behaviour::HangUp, &policy(true))).await {
        Ok(response) => return Err(format!("no answer became status {}", response.status)),
        Err(error) => demand(error.phase().is_some(), || format!("a failure without its phase: {error}"))?,
    }
    let sent = stand.received() - before;
    demand(sent == 1, || format!("a request that was received was sent {sent} times"))
}

async fn policies_are_asked(stand: &dyn Stand) -> Result<(), String> {
    if !stand.connects() {
        return Ok(());
    }
    // The second may go over the connection of the first: asked all the same.
    for number in 0..2 {
        let asked = policy(true);
        let answer = stand.fetch().fetch(exchange(stand, Behaviour::Page, &asked)).await;
        text(answer.map_err(|error| error.to_string())?).await?;
        let times = asked.asked.load(Ordering::SeqCst);
        demand(times > 0, || format!("exchange {number} went out without asking its policy"))?;
    }
    let before = stand.received();
    match stand.fetch().fetch(exchange(stand, Behaviour::Page, &policy(false))).await {
        Ok(_) => return Err("an exchange went out against its policy".to_owned()),
        Err(error) => demand(error.kind() == ErrorKind::AddressRefused, || {
            format!("a refused address is {:?}", error.kind())
        })?,
    }
    demand(stand.received() == before, || "a refused request was received".to_owned())
}

/// Dropping the future or the body stops everything.
async fn dropped_at_any_moment(stand: &dyn Stand) -> Result<(), String> {
    for polls in 0..1_000 {
        let policy = policy(true);
        let mut fetch = stand.fetch().fetch(exchange(stand, Behaviour::Page, &policy));
        let mut left = polls;
        let answer = poll_fn(|cx| {
            if left == 0 {
                return Poll::Ready(None);
            }
            left -= 1;
            fetch.as_mut().poll(cx).map(Some)
        })
        .await;
        drop(fetch);
        let ended = answer.is_some();
        // With its body, unread.
        drop(answer);
        let open = stand.open();
        demand(open.is_empty(), || format!("dropped after {polls} polls it leaves {open}"))?;
        if ended {
            return Ok(());
        }
    }
    Err("an exchange took a thousand polls".to_owned())
}

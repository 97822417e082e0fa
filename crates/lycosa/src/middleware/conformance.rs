//! The suite of middlewares: what is not its own passes through, and nothing is left behind, whenever it is dropped.
//!
//! What a middleware changes is its own business. The fetch behind it is scripted: no socket, no runtime.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::{Error, ErrorKind, Phase, Result};
use crate::ledger::Ledger;
use crate::model::{
    Answer, Body, BoxFuture, ConnectPolicy, ConnectTarget, Exchange, Facts, Fetch, FetchLimits, Middleware,
    Next, Request, Response,
};

/// Polls after which a chain that has not ended never will.
const PATIENCE: usize = 10_000;

/// A fetch with one answer: a page of this status, or a failure that no retry mends. Takes several polls.
#[derive(Debug)]
struct Scripted {
    status: Option<u16>,
    sent: Mutex<Vec<Exchange>>,
}

impl Scripted {
    fn answering(status: Option<u16>) -> Self {
        Self { status, sent: Mutex::default() }
    }

    fn sent(&self) -> Vec<Exchange> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Fetch for Scripted {
    fn fetch(&self, exchange: Exchange) -> BoxFuture<'_, Result<Response>> {
        Box::pin(async move {
            step().await;
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
            step().await;
            let failure = || Error::new(ErrorKind::TooLarge, "too much").in_phase(Phase::Idle);
            let status = self.status.ok_or_else(failure)?;
            let headers = HeaderMap::from_iter([other_field()]);
            Ok(Response { status, headers, body: Body::full("body"), facts: Facts::default() })
        })
    }
}

/// A policy that nobody asks, since nothing is connected.
#[derive(Debug)]
struct Unasked;

impl ConnectPolicy for Unasked {
    fn permit<'a>(&'a self, _target: ConnectTarget<'a>) -> BoxFuture<'a, Result<Vec<std::net::SocketAddr>>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}

/// One await that is not ready at first.
async fn step() {
    let mut polled = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut polled, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn other_field() -> (HeaderName, HeaderValue) {
    (HeaderName::from_static("x-not-its-own"), HeaderValue::from_static("1, 2"))
}

fn exchange() -> Result<Exchange> {
    let url = url::Url::parse("http://a.test/x?y=%20")
        .map_err(|cause| Error::new(ErrorKind::Internal, "a URL of the suite is wrong").with_source(cause))?;
    let request = Request { body: bytes::Bytes::from_static(b"sent"), ..Request::get(url.as_str()) };
    let limits = FetchLimits { wire: 7, ..FetchLimits::default() };
    let headers = HeaderMap::from_iter([other_field()]);
    Ok(Exchange { request: Arc::new(request), url, headers, policy: Arc::new(Unasked), limits, proxy: None })
}

/// Runs an exchange for so many polls; `None` when it has not ended by then and was dropped.
fn run(stack: &[Arc<dyn Middleware>], fetch: &Scripted, polls: usize) -> Option<Result<Answer>> {
    let mut chain = match exchange() {
        Ok(exchange) => Next::new(stack, fetch).run(exchange),
        Err(error) => return Some(Err(error)),
    };
    let mut cx = Context::from_waker(Waker::noop());
    (0..polls).find_map(|_| match chain.as_mut().poll(&mut cx) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    })
}

/// Runs the whole suite on the middleware that `make` makes; whatever it holds open it counts in the ledger.
///
/// # Errors
/// The first promise that is broken.
pub fn check(make: &dyn Fn(Ledger) -> Arc<dyn Middleware>) -> Result<(), String> {
    passes_through(make)?;
    failures_pass_through(make)?;
    for status in [Some(200), Some(503), None] {
        leaves_nothing(make, status)?;
    }
    Ok(())
}

fn demand(kept: bool, what: &str) -> Result<(), String> {
    if kept { Ok(()) } else { Err(what.to_owned()) }
}

fn passes_through(make: &dyn Fn(Ledger) -> Arc<dyn Middleware>) -> Result<(), String> {
    let ledger = Ledger::default();
    let middleware = make(ledger);
    demand(!middleware.name().is_empty() && middleware.name() == middleware.name(), "it has no name")?;
    let fetch = Scripted::answering(Some(200));
    let answer = run(&[middleware], &fetch, PATIENCE).ok_or("an exchange never ended")?;
    let before = exchange().map_err(|error| error.to_string())?;
    let sent = fetch.sent();
    let [sent] = sent.as_slice() else { return Err(format!("{} requests for one", sent.len())) };
    let (name, value) = other_field();
    demand(sent.url == before.url, "another URL was sent")?;
    demand(*sent.request == *before.request, "the stored request was changed")?;
    demand(sent.headers.get(&name) == Some(&value), "a header field that is not its own was changed")?;
    demand(sent.limits.wire == before.limits.wire, "the limits were changed")?;
    match answer {
        Ok(Answer::Response(response)) => {
            demand(response.status == 200, "another status came back")?;
            demand(response.headers.get(&name) == Some(&value), "a header field of the answer was changed")
        }
        other => Err(format!("a page became {other:?}")),
    }
}

fn failures_pass_through(make: &dyn Fn(Ledger) -> Arc<dyn Middleware>) -> Result<(), String> {
    let fetch = Scripted::answering(None);
    let answer = run(&[make(Ledger::default())], &fetch, PATIENCE).ok_or("a failing exchange never ended")?;
    demand(fetch.sent().len() == 1, "a request that may have been received was sent again")?;
    match answer {
        Err(error) if error.kind() == ErrorKind::TooLarge && error.phase() == Some(Phase::Idle) => Ok(()),
        other => Err(format!("a failure that no retry mends became {other:?}")),
    }
}

/// Five deep, dropped after every number of polls and at the end.
fn leaves_nothing(make: &dyn Fn(Ledger) -> Arc<dyn Middleware>, status: Option<u16>) -> Result<(), String> {
    let ledger = Ledger::default();
    let stack: Vec<_> = (0..5).map(|_| make(ledger.clone())).collect();
    for polls in 0..PATIENCE {
        let ended = run(&stack, &Scripted::answering(status), polls).is_some();
        let open = ledger.snapshot();
        demand(open.is_empty(), &format!("dropped after {polls} polls it leaves {open:?}"))?;
        if ended {
            return Ok(());
        }
    }
    Err("a deep chain never ended".to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::ledger::Resource;
    use crate::middleware::{StackOptions, built_in};
    use crate::model::{ManualClock, Origin};

    #[test]
    fn the_built_in_ones_keep_every_promise() {
        let seed = Origin::of(&"http://a.test/".parse().unwrap()).unwrap();
        let options = StackOptions {
            user: Some(("name".into(), "password".into())),
            cookie: Some("a=1".into()),
            seeds: HashSet::from([seed]),
            sessions: Some(Arc::default()),
            ..StackOptions::default()
        };
        for place in 0..crate::middleware::ORDER.len() {
            let make = |ledger: Ledger| {
                built_in(&options, Arc::new(ManualClock::default()), ledger).unwrap().swap_remove(place)
            };
            check(&make).unwrap_or_else(|what| panic!("{}: {what}", crate::middleware::ORDER[place]));
        }
    }

    /// How a middleware may be wrong.
    #[derive(Clone, Copy, Debug)]
    enum Wrong {
        LeaksAtTheEnd,
        LeaksWhenDropped,
        SendsTwice,
        DropsFields,
    }

    #[derive(Debug)]
    struct Defective(Wrong, Ledger);

    impl Middleware for Defective {
        fn name(&self) -> &'static str {
            "defective"
        }

        fn handle<'a>(&'a self, mut exchange: Exchange, next: Next<'a>) -> BoxFuture<'a, Result<Answer>> {
            Box::pin(async move {
                let open = self.1.open(Resource::Middlewares);
                match self.0 {
                    Wrong::LeaksWhenDropped => {
                        let open = std::mem::ManuallyDrop::new(open);
                        let answer = next.run(exchange).await;
                        drop(std::mem::ManuallyDrop::into_inner(open));
                        return answer;
                    }
                    Wrong::SendsTwice => drop(next.run(exchange.clone()).await),
                    Wrong::DropsFields => exchange.headers.clear(),
                    Wrong::LeaksAtTheEnd => std::mem::forget(open),
                }
                next.run(exchange).await
            })
        }
    }

    #[test]
    fn every_wrong_one_is_caught() {
        for wrong in [Wrong::LeaksAtTheEnd, Wrong::LeaksWhenDropped, Wrong::SendsTwice, Wrong::DropsFields] {
            let caught = check(&|ledger| Arc::new(Defective(wrong, ledger)));
            assert!(caught.is_err(), "{wrong:?}");
        }
    }
}

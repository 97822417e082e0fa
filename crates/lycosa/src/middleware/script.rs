//! A fetch that answers by script, for the dialogue tests of middlewares.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::Result;
use crate::model::{
    Answer, Body, BoxFuture, ConnectPolicy, ConnectTarget, Exchange, Facts, Fetch, FetchLimits, Middleware,
    Next, Request, Response,
};

/// Answers with these statuses or errors, in turn, and remembers what it was sent.
#[derive(Debug)]
pub(super) struct Script {
    answers: Mutex<VecDeque<Result<u16>>>,
    headers: HeaderMap,
    sent: Mutex<Vec<Exchange>>,
}

impl Script {
    pub(super) fn answering(answers: impl IntoIterator<Item = Result<u16>>) -> Self {
        let answers = Mutex::new(answers.into_iter().collect());
        Self { answers, headers: HeaderMap::new(), sent: Mutex::default() }
    }

    pub(super) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        self
    }

    pub(super) fn then(&self, answer: Result<u16>) {
        self.answers.lock().unwrap().push_back(answer);
    }

    pub(super) fn sent(&self) -> Vec<Exchange> {
        self.sent.lock().unwrap().clone()
    }
}

impl Fetch for Script {
    fn fetch(&self, exchange: Exchange) -> BoxFuture<'_, Result<Response>> {
        Box::pin(async move {
            self.sent.lock().unwrap().push(exchange);
            step().await;
            let status = self.answers.lock().unwrap().pop_front().expect("the script is over")?;
            let facts = Facts::default();
            Ok(Response { status, headers: self.headers.clone(), body: Body::full("page"), facts })
        })
    }
}

/// A policy that no script asks.
#[derive(Debug)]
struct Unasked;

impl ConnectPolicy for Unasked {
    fn permit<'a>(&'a self, _target: ConnectTarget<'a>) -> BoxFuture<'a, Result<Vec<std::net::SocketAddr>>> {
        unreachable!("a script opens no connection")
    }
}

/// A plain GET of this URL.
pub(super) fn exchange(url: &str) -> Exchange {
    Exchange {
        request: Arc::new(Request::get(url)),
        url: url.parse().unwrap(),
        headers: HeaderMap::new(),
        policy: Arc::new(Unasked),
        limits: FetchLimits::default(),
        proxy: None,
    }
}

/// Runs an exchange through a stack.
pub(super) async fn run(stack: &[Arc<dyn Middleware>], fetch: &Script, exchange: Exchange) -> Result<Answer> {
    Next::new(stack, fetch).run(exchange).await
}

/// One await that is not ready at first.
pub(super) async fn step() {
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

//! What a single fetch said and heard, hop by hop: the middleware next to the fetch that writes it down.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, Method};
use url::Url;

use crate::error::Result;
use crate::model::{Answer, BoxFuture, Exchange, Facts, Middleware, Next};

/// One request and the head of its answer.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// The method.
    pub method: Method,
    /// The URL.
    pub url: Url,
    /// The header fields sent, in order; `Host`, which comes before them, is left out.
    pub sent: HeaderMap,
    /// The status.
    pub status: u16,
    /// The header fields received.
    pub received: HeaderMap,
    /// The connection's facts.
    pub facts: Facts,
}

/// Writes conversations down.
#[derive(Clone, Debug, Default)]
pub(super) struct Witness(Arc<Mutex<Vec<Conversation>>>);

impl Witness {
    /// What was said so far.
    pub(super) fn told(&self) -> Vec<Conversation> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Conversation>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Middleware for Witness {
    fn name(&self) -> &'static str {
        "witness"
    }

    fn handle<'a>(&'a self, exchange: Exchange, next: Next<'a>) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            let (method, url) = (exchange.request.method.clone(), exchange.url.clone());
            let sent = exchange.headers.clone();
            let answer = next.run(exchange).await?;
            if let Answer::Response(response) = &answer {
                let (status, received) = (response.status, response.headers.clone());
                let facts = response.facts.clone();
                self.lock().push(Conversation { method, url, sent, status, received, facts });
            }
            Ok(answer)
        })
    }
}

//! The journey of an answer that keeps the crawler out: told apart from content, recorded, and followed by a rest; and of
//! one that only says that the site is down.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use super::journey::{Ending, Journey};
use crate::error::{Error, Result};
use crate::model::{
    Answer, Block, BlockKind, BlockLayer, Body, Breaker, CacheUse, HostUpdate, RequestKind, Response, Retry,
    Timestamp, field_text,
};
use crate::politeness::block::{EXAMINED, Seen, is_suspicious, judge};
use crate::politeness::{MAX_RETRY_AFTER, retry_after, sign_of_failure};

/// The rest of a site that does not say for how long.
const FIRST_REST: Duration = Duration::from_secs(5);

impl Journey {
    /// Works on a final answer that is no page by its status.
    pub(super) async fn not_a_page(&mut self, response: Response) -> Ending {
        let status = response.status;
        if !(self.shared.parts.settings.detect_blocks && is_suspicious(status)) {
            self.note_answer(status, 0, response.body.wire_bytes());
            return self.answered(status);
        }
        let (body, wire_bytes) = beginning(response.body).await;
        self.note_answer(status, body.len() as u64, wire_bytes);
        match self.block_of(status, &response.headers, &body) {
            Some(block) => self.blocked(block, &response.headers),
            None => self.answered(status),
        }
    }

    fn answered(&mut self, status: u16) -> Ending {
        Ending::Commit(Box::new(self.fetched_commit(status)), None)
    }

    /// The block that an answer is, when blocks are looked for.
    pub(super) fn block_of(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> Option<Block> {
        if !self.shared.parts.settings.detect_blocks {
            return None;
        }
        judge(&Seen { status, headers, body, url: &self.url, first_url: self.request.first_url() })
    }

    /// Ends the lease as blocked. The site rests when the block says that asking on makes it worse.
    pub(super) fn blocked(&mut self, block: Block, headers: &HeaderMap) -> Ending {
        self.shared.telemetry.blocked(block.kind);
        self.tell_of_block(block.status);
        let until = self.rest_after(&block, headers);
        let hint = advice(block.kind);
        let mut commit = self.failed_commit(Error::blocked(block).with_hint(hint));
        commit.host_update = until.map(|until| HostUpdate {
            origin: self.lease.origin.clone(),
            site: self.lease.site.clone(),
            robots: None,
            crawl_delay: None,
            block_until: Some(until),
        });
        Ending::Commit(Box::new(commit), None)
    }

    /// A session that met a block may be done for.
    fn tell_of_block(&self, status: u16) {
        let Some(session) = self.session else { return };
        let parts = &self.shared.parts;
        if parts.middlewares.iter().any(|middleware| middleware.blocked(session, status)) {
            parts.fetch.forget(session);
        }
    }

    /// Until when the site rests, which the frontier makes longer each time in a row. A plain 503 may be anybody's:
    /// then only as long as the site asks for.
    fn rest_after(&self, block: &Block, headers: &HeaderMap) -> Option<Timestamp> {
        if !block.kind.asks_for_rest() {
            return None;
        }
        let now = self.now();
        let asked = self.asked(headers);
        self.tell_of_long_rest(asked.unwrap_or_default());
        let is_later = matches!(block.kind, BlockKind::RateLimited | BlockKind::Unavailable);
        let is_overload = block.status == 503 && is_later && block.layer != BlockLayer::Edge;
        if is_overload {
            return asked.map(|asked| now.after(asked));
        }
        Some(now.after(asked.unwrap_or(FIRST_REST)))
    }
}

/// What can be done about a block.
fn advice(kind: BlockKind) -> &'static str {
    match kind {
        BlockKind::RateLimited => {
            "the site bounds how often it is asked: crawl more slowly (`--delay`), ask its owner, or leave it out"
        }
        BlockKind::Unavailable => {
            "it is down, has too much to do or is asked too often: try again later, by `lycosa frontier requeue --kind \
             blocked`, or crawl more slowly"
        }
        _ => "the site decides who may read it: crawl more slowly, ask its owner, or leave it out",
    }
}

/// The journey of an answer or failure in vain at a site that is down: no URL ends by it.
impl Journey {
    /// Whether an answer or failure is in vain, and may be had another time. Then no URL ends by it while its site is
    /// known to be down: the frontier counts it against the site alone, which it gives up in the end.
    pub(super) fn is_in_vain(&self, answer: &Result<Answer>) -> bool {
        let (retry, request) = (&self.shared.parts.retry, &self.lease.request);
        let is_repeated = match answer {
            Ok(Answer::Response(response)) => {
                let status = response.status;
                let is_local = response.facts.cache.is_some_and(CacheUse::is_local);
                (status == 429 || status >= 500) && !is_local && retry.is_repeated(request, status)
            }
            Ok(Answer::Retry { .. }) => false,
            // What says nothing of the site, as a failure of a proxy, would never be counted.
            Err(error) => {
                retry.is_repeated_error(request, error) && sign_of_failure(error.kind().as_str()).is_bad()
            }
        };
        is_repeated && request.kind != RequestKind::Robots
    }

    /// Gives the lease back without using up one of the URL's tries.
    pub(super) fn put_back(&mut self, answer: Result<Answer>) -> Ending {
        let mut until = None;
        match answer {
            Ok(Answer::Response(response)) => {
                self.hear_of_connection(&response);
                self.note_answer(response.status, 0, response.body.wire_bytes());
                until = self.asked(&response.headers).map(|asked| self.now().after(asked));
            }
            Ok(Answer::Retry { .. }) => {}
            Err(error) => self.note_failure(&error),
        }
        let not_before = until.unwrap_or_else(|| self.now());
        self.nack(Retry {
            not_before,
            block_site_until: until.filter(|_| self.asks.is_some()),
            counts: false,
        })
    }

    /// Whether the breaker of the lease's site is not closed.
    pub(super) async fn is_site_down(&self) -> bool {
        let found = self.shared.parts.frontier.host(vec![self.lease.site.clone()]).await;
        let record = found.ok().and_then(|mut found| found.pop().flatten());
        record.is_some_and(|record| record.health.breaker != Breaker::Closed)
    }

    /// Takes in whom an answer came from, how long it took, and whether it says when to come again.
    pub(super) fn hear_of_connection(&mut self, response: &Response) {
        (self.peer, self.timings) = (response.facts.peer, response.facts.timings);
        let turns_away = matches!(response.status, 429 | 503);
        self.asks = if turns_away { self.asked(&response.headers) } else { None };
    }

    /// How long an answer asks to wait.
    fn asked(&self, headers: &HeaderMap) -> Option<Duration> {
        let value = headers.get(http::header::RETRY_AFTER)?;
        retry_after(&field_text(value), self.now())
    }

    /// Whoever asks for more than is given is named.
    pub(super) fn tell_of_long_rest(&self, asked: Duration) {
        if asked >= MAX_RETRY_AFTER {
            let origin = &self.lease.origin;
            self.shared.telemetry.problem(format!(
                "{origin} asks to be left alone for a day or more (Retry-After); it is asked again after a day"
            ));
        }
    }
}

/// The beginning of a body, and the bytes it took on the wire; what breaks off later is not missed.
async fn beginning(mut body: Body) -> (Bytes, u64) {
    let mut read = Vec::new();
    while read.len() < EXAMINED
        && let Ok(Some(piece)) = body.chunk().await
    {
        read.extend_from_slice(&piece);
    }
    read.truncate(EXAMINED);
    (read.into(), body.wire_bytes())
}

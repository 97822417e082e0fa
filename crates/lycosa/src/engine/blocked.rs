//! The journey of an answer that keeps the crawler out: told apart from content, recorded, and followed by a rest.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use super::journey::{Ending, Journey};
use crate::error::Error;
use crate::model::{Block, BlockKind, BlockLayer, Body, HostUpdate, Response, Timestamp};
use crate::politeness::block::{EXAMINED, Seen, is_suspicious, judge};
use crate::politeness::retry_after;

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
        let mut commit = self.failed_commit(Error::blocked(block).with_hint(
            "the site decides who may read it: crawl more slowly, ask its owner, or leave it out",
        ));
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
        let value = headers.get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let asked = value.and_then(|value| retry_after(value, now));
        let asked = asked.map(|asked| asked.min(self.shared.parts.retry.longest_pause()));
        let is_overload =
            block.status == 503 && block.kind == BlockKind::RateLimited && block.layer != BlockLayer::Edge;
        if is_overload {
            return asked.map(|asked| now.after(asked));
        }
        Some(now.after(asked.unwrap_or(FIRST_REST)))
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

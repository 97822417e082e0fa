//! The journey of an answer that keeps the crawler out: told apart from content, recorded, and followed by a rest.

use bytes::Bytes;
use http::HeaderMap;

use super::journey::{Ending, Journey};
use super::rests;
use crate::error::Error;
use crate::model::{Block, Body, HostUpdate, Response};
use crate::politeness::block::{EXAMINED, Seen, is_suspicious, judge};
use crate::politeness::retry_after;

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
        self.shared.rests.answered(&self.lease.site, self.started());
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
        let rests = block.kind.asks_for_rest();
        let mut commit = self.failed_commit(Error::blocked(block).with_hint(
            "the site decides who may read it: crawl more slowly, ask its owner, or leave it out",
        ));
        if rests {
            let now = self.now();
            let value = headers.get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok());
            let asked = value.and_then(|value| retry_after(value, now)).unwrap_or(rests::FIRST);
            let until = self.shared.rests.blocked(&self.lease.site, self.started(), now, asked);
            commit.host_update = Some(HostUpdate {
                origin: self.lease.origin.clone(),
                site: self.lease.site.clone(),
                robots: None,
                crawl_delay: None,
                block_until: Some(until),
            });
        }
        Ending::Commit(Box::new(commit), None)
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

//! The crawl's byte budget as one request sees it: credits reserved in the frontier, 64 KiB at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::toll::Toll;
use crate::model::{BoxFuture, ByteCredit, Extension, Frontier, Token};

/// Bytes reserved with a lease and by every extension.
pub(super) const CREDIT: u64 = 64 << 10;

/// Wire bytes that the holder of a lease may still receive.
#[derive(Debug)]
pub(super) struct LeaseCredit {
    frontier: Arc<dyn Frontier>,
    token: Token,
    lease_time: Duration,
    toll: Arc<Toll>,
    left: AtomicU64,
}

impl LeaseCredit {
    pub(super) fn new(
        frontier: Arc<dyn Frontier>,
        token: Token,
        lease_time: Duration,
        reserved: u64,
        toll: Arc<Toll>,
    ) -> Self {
        toll.reserved(reserved);
        Self { frontier, token, lease_time, toll, left: AtomicU64::new(reserved) }
    }

    fn take(&self, bytes: u64) -> bool {
        self.left.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(bytes)).is_ok()
    }
}

impl ByteCredit for LeaseCredit {
    fn draw(&self, bytes: u64) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            while !self.take(bytes) {
                let missing = bytes.saturating_sub(self.left.load(Ordering::Acquire)).max(CREDIT);
                let wish = Extension { token: self.token, for_time: self.lease_time, bytes: missing };
                let granted = match self.frontier.extend(vec![wish]).await.pop() {
                    Some(Ok(granted)) => granted.bytes,
                    _ => 0,
                };
                if granted == 0 {
                    return false;
                }
                self.toll.reserved(granted);
                self.left.fetch_add(granted, Ordering::AcqRel);
            }
            true
        })
    }

    fn refund(&self, bytes: u64) {
        self.left.fetch_add(bytes, Ordering::AcqRel);
    }
}

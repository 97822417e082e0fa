//! What stands between DNS and connect: the address guard, then the frontier's second gate.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, ErrorKind, Result};
use crate::model::{BoxFuture, ConnectPolicy, ConnectTarget, Frontier, Gate, Timestamp, Token};

/// The policy of one lease.
#[derive(Debug)]
pub(super) struct LeasePolicy {
    guard: Arc<dyn ConnectPolicy>,
    frontier: Arc<dyn Frontier>,
    token: Token,
    deferred: Mutex<Option<Timestamp>>,
}

impl LeasePolicy {
    pub(super) fn new(guard: Arc<dyn ConnectPolicy>, frontier: Arc<dyn Frontier>, token: Token) -> Self {
        Self { guard, frontier, token, deferred: Mutex::new(None) }
    }

    /// Until when the gate deferred this lease, if it did.
    pub(super) fn deferred_until(&self) -> Option<Timestamp> {
        *self.deferred.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn pass_gate(&self, addresses: &[SocketAddr]) -> Result<()> {
        let Some(first) = addresses.first() else { return Ok(()) };
        match self.frontier.gate(self.token, first.ip()).await {
            Ok(Gate::Go) => Ok(()),
            Ok(Gate::Defer(until)) => {
                *self.deferred.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
                Err(Error::new(ErrorKind::Deferred, format!("{} is busy with another site", first.ip())))
            }
            Err(error) => Err(Error::new(ErrorKind::Cancelled, error.to_string())),
        }
    }
}

impl ConnectPolicy for LeasePolicy {
    fn permit<'a>(&'a self, target: ConnectTarget<'a>) -> BoxFuture<'a, Result<Vec<SocketAddr>>> {
        Box::pin(async move {
            let proxied = target.proxied;
            let addresses = self.guard.permit(target).await?;
            if !proxied {
                self.pass_gate(&addresses).await?;
            }
            Ok(addresses)
        })
    }
}

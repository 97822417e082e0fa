//! A gate that answers wait behind until a test opens it, so that "while three requests are open" is a fact and not
//! a guess about time.

use std::sync::Arc;
use tokio::sync::watch;

/// Closed when made; once opened it stays open. Clones are the same gate. Stopping the server frees whoever waits.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    open: Arc<watch::Sender<bool>>,
}

impl Gate {
    /// A closed gate.
    pub fn closed() -> Self {
        Self::default()
    }

    /// Lets everyone through, now and later.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    pub(crate) async fn opened(&self) {
        // The sender lives as long as `self`, so the only end of this wait is the opening.
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }
}

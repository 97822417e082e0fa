//! Ctrl-C and SIGTERM: the first asks the crawl to stop and lets open requests end, the second ends at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::exit::Exit;
use crate::output;

/// Both signals, listened to from one moment on: a second one that follows at once is not missed.
pub(crate) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// Listens from now on; `None` where the system does not let it.
    pub(crate) fn listen() -> Option<Self> {
        let interrupt = signal(SignalKind::interrupt()).ok()?;
        let terminate = signal(SignalKind::terminate()).ok()?;
        Some(Self { interrupt, terminate })
    }

    /// Waits for the signals. Runs until aborted.
    pub(crate) async fn stop(mut self, stop: CancellationToken) {
        if !self.come().await {
            return;
        }
        stop.cancel();
        output::say("stopping: open requests may end; once more to stop at once");
        if self.come().await {
            // Nothing committed is lost: this is the same as a kill, which the state survives.
            std::process::exit(Exit::Interrupted as i32);
        }
    }

    /// `false` when no signal can come any more.
    async fn come(&mut self) -> bool {
        tokio::select! {
            received = self.interrupt.recv() => received.is_some(),
            received = self.terminate.recv() => received.is_some(),
        }
    }
}

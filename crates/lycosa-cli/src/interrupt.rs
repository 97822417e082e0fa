//! Ctrl-C and SIGTERM: the first asks the crawl to stop and lets open requests end, the same signal once more ends at once.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::exit::Exit;
use crate::output;

/// Signals that come so soon after the first are the same wish: `timeout` sends one to the command and one to its group,
/// and both arrive.
const ONE_WISH: Duration = Duration::from_secs(1);

/// Both signals, listened to from one moment on: a second one that follows at once is not missed.
pub(crate) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Interrupt,
    Terminate,
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
        let Some(first) = self.come().await else { return };
        let (mut heard, began) = (vec![first], Instant::now());
        stop.cancel();
        output::say("stopping: open requests may end; once more to stop at once");
        while let Some(kind) = self.come().await {
            if is_once_more(&mut heard, kind, began.elapsed()) {
                // Nothing committed is lost: this is the same as a kill, which the state survives.
                std::process::exit(Exit::Interrupted as i32);
            }
        }
    }

    /// `None` when no signal can come any more.
    async fn come(&mut self) -> Option<Kind> {
        tokio::select! {
            received = self.interrupt.recv() => received.map(|()| Kind::Interrupt),
            received = self.terminate.recv() => received.map(|()| Kind::Terminate),
        }
    }
}

/// Whether a signal that comes so long after the first says that somebody does not want to wait. Another than those that
/// were heard says it for the first time: a person and a supervisor may both want the crawl to stop.
fn is_once_more(heard: &mut Vec<Kind>, kind: Kind, after: Duration) -> bool {
    if !heard.contains(&kind) {
        heard.push(kind);
        return false;
    }
    after >= ONE_WISH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_that_come_together_are_one_wish_and_another_signal_is_no_impatience() {
        let mut heard = vec![Kind::Terminate];
        let mut comes =
            |kind, milliseconds| is_once_more(&mut heard, kind, Duration::from_millis(milliseconds));
        assert!(!comes(Kind::Terminate, 0) && !comes(Kind::Terminate, 999), "as `timeout` sends them");
        assert!(!comes(Kind::Interrupt, 5_000), "a person who does not know of the first");
        assert!(comes(Kind::Interrupt, 5_001) && comes(Kind::Terminate, 1_000));
    }
}

//! Ctrl-C and SIGTERM: the first asks the crawl to stop and lets open requests end, the second ends at once.

use tokio_util::sync::CancellationToken;

use crate::exit::Exit;
use crate::output;

/// Waits for the signals. Runs until aborted.
pub(crate) async fn stop_on_interrupt(stop: CancellationToken) {
    if !interrupted().await {
        return;
    }
    output::say("stopping: open requests may end; once more to stop at once");
    stop.cancel();
    if interrupted().await {
        // Nothing committed is lost: this is the same as a kill, which the state survives.
        #[expect(clippy::exit, reason = "the user asked twice")]
        std::process::exit(Exit::Interrupted as i32);
    }
}

/// `false` when no signal can be waited for.
async fn interrupted() -> bool {
    let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
        return tokio::signal::ctrl_c().await.is_ok();
    };
    tokio::select! {
        result = tokio::signal::ctrl_c() => result.is_ok(),
        received = terminate.recv() => received.is_some(),
    }
}

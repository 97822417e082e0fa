//! Work beside the prompt, and Ctrl-C, which leaves it behind and never ends the shell.

use lycosa::{Error, ErrorKind, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

/// Ctrl-C, heard from the beginning of a session to its end.
#[derive(Debug)]
pub(super) struct Interrupts(Signal);

impl Interrupts {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system does not let it.
    pub(super) fn listen() -> Result<Self> {
        signal(SignalKind::interrupt())
            .map(Self)
            .map_err(|cause| Error::new(ErrorKind::Internal, "Ctrl-C cannot be heard").with_source(cause))
    }

    /// Waits for something and forgets what is pressed meanwhile: it was meant for something that is over. What is pressed
    /// at the moment it ends is for what follows.
    pub(super) async fn despite<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                Some(()) = self.0.recv() => {}
            }
        }
    }

    /// Waits for something, or for Ctrl-C.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] after Ctrl-C.
    pub(super) async fn unless<T>(&mut self, work: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            biased;
            _ = self.0.recv() => Err(Error::new(ErrorKind::Cancelled, "interrupted")),
            done = work => Ok(done),
        }
    }

    /// Does what takes time on a thread of its own. After Ctrl-C it is asked to stop and not waited for: what does not ask
    /// back in time ends at its own limits.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] after Ctrl-C.
    pub(super) async fn aside<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&CancellationToken) -> T + Send + 'static,
    ) -> Result<T> {
        let stop = CancellationToken::new();
        let _stopped_when_left = stop.clone().drop_guard();
        let task = tokio::task::spawn_blocking(move || work(&stop));
        self.unless(task).await?.map_err(|cause| broken_off(&cause))
    }
}

/// A task that panicked or was stopped by the runtime.
pub(super) fn broken_off(cause: &JoinError) -> Error {
    Error::new(ErrorKind::Internal, format!("a command broke off: {cause}"))
}

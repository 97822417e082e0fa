//! Asking a running crawl: one order, one reply.

use std::io::{BufRead as _, BufReader, ErrorKind as IoKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::place::{FILE, Way};
use super::protocol::{Order, Reply};
use crate::error::{Error, ErrorKind, Result};

/// How long the crawl may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often, and how long after one another, it is tried when the crawl has its hands full of others.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(100);
/// Bytes of a reply.
const LONGEST: u64 = 16 << 20;

/// Sends an order to the crawl whose state is in this folder, and waits for the reply. Blocks.
///
/// # Errors
/// When no crawl runs there or it does not answer.
pub fn ask(folder: &Path, order: &Order) -> Result<Reply> {
    for _ in 0..TRIES {
        if let Some(reply) = try_once(folder, order)? {
            return Ok(reply);
        }
        std::thread::sleep(PAUSE);
    }
    let message = format!("the crawl in {} is busy with other clients", folder.display());
    Err(Error::new(ErrorKind::State, message).with_hint("try again in a moment"))
}

/// `None` when the crawl hung up without a word.
fn try_once(folder: &Path, order: &Order) -> Result<Option<Reply>> {
    let failed = |cause| Error::io(format!("asking the crawl in {}", folder.display()), cause);
    let way = Way::to(folder, FILE).map_err(|_| nobody(folder))?;
    let mut stream = match UnixStream::connect(&way.path) {
        Ok(stream) => stream,
        Err(cause) if matches!(cause.kind(), IoKind::NotFound | IoKind::ConnectionRefused) => {
            return Err(nobody(folder));
        }
        Err(cause) => return Err(failed(cause)),
    };
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(failed)?;
    let mut line = serde_json::to_vec(order)
        .map_err(|cause| Error::new(ErrorKind::Internal, "the order cannot be written").with_source(cause))?;
    line.push(b'\n');
    let hung_up = |kind: IoKind| matches!(kind, IoKind::BrokenPipe | IoKind::ConnectionReset);
    if let Err(cause) = stream.write_all(&line) {
        return if hung_up(cause.kind()) { Ok(None) } else { Err(failed(cause)) };
    }
    let mut answer = Vec::new();
    match BufReader::new(stream.take(LONGEST)).read_until(b'\n', &mut answer) {
        Ok(0) => return Ok(None),
        Err(cause) if hung_up(cause.kind()) => return Ok(None),
        Err(cause) => return Err(failed(cause)),
        Ok(_) => {}
    }
    serde_json::from_slice(&answer).map(Some).map_err(|cause| {
        Error::new(ErrorKind::Corrupt, "the crawl's answer cannot be read").with_source(cause)
    })
}

fn nobody(folder: &Path) -> Error {
    Error::new(ErrorKind::State, format!("no crawl is running in {}", folder.display())).with_hint(
        "name the folder of a running crawl with --state; `lycosa frontier` looks into one that stands still",
    )
}

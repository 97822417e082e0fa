//! Serving the socket: who may ask, how much, how long; and what the crawl does.
//!
//! A client gets one line in and one line out at a time. Lines are bounded, waiting is bounded, the number of clients is
//! bounded, every task is tracked; so a client that is slow, loud or many takes a task and some kilobytes for some
//! seconds, and the crawl goes on. Only the user whose crawl it is may connect.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::adjust::adjustment;
use super::place::{FILE, Way};
use super::protocol::{Order, Reply};
use super::reload::Reload;
use crate::crawler::Controls;
use crate::crawler::stopped::FOR_EVER;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Clock as _, RestReason, Timestamp};

/// Clients that are served at once.
const CLIENTS: usize = 8;
/// Bytes of a line.
const LONGEST: u64 = 64 << 10;
/// How long a client may take for its next line, and for reading an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Lines of one client.
const MOST_LINES: usize = 100;
/// Hosts that are shown.
const MOST_HOSTS: usize = 1000;
/// How long to wait when no connection can be accepted.
const BREATH: Duration = Duration::from_millis(100);

/// The socket of a running crawl. Ends when dropped; [`end`](Self::end) waits for it.
#[derive(Debug)]
pub struct ControlServer {
    serving: tokio::task::JoinHandle<()>,
    stop: CancellationToken,
    socket: Option<PathBuf>,
}

impl ControlServer {
    /// Begins to serve the crawl at the socket in its state folder. A socket that a killed crawl left is replaced: the
    /// state's lock says that no other crawl is there.
    ///
    /// # Errors
    /// When the socket cannot be made, or the crawl has no state folder.
    pub fn start(controls: Controls, reload: Option<Reload>) -> Result<Self> {
        let Some(folder) = controls.folder().map(Path::to_owned) else {
            return Err(Error::new(ErrorKind::Usage, "a crawl without a state folder has no control socket"));
        };
        let failed = |cause| Error::io(format!("making the control socket in {}", folder.display()), cause);
        let listener = bind(&folder).map_err(failed)?;
        let socket = folder.join(FILE);
        let owner = std::fs::symlink_metadata(&socket).map_err(failed)?.uid();
        let stop = CancellationToken::new();
        let serving = serve(listener, Arc::new(Served { controls, reload, owner }), stop.clone());
        Ok(Self { serving: tokio::spawn(serving), stop, socket: Some(socket) })
    }

    /// Ends it: no client is served any more, the socket is gone.
    pub async fn end(mut self) {
        self.stop.cancel();
        // Whether it ended or panicked: it is over.
        drop((&mut self.serving).await);
        self.remove();
    }

    fn remove(&mut self) {
        if let Some(socket) = self.socket.take() {
            // One that stays is replaced by the next crawl.
            drop(std::fs::remove_file(socket));
        }
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        self.stop.cancel();
        self.remove();
    }
}

/// Made under another name and closed to others before it takes its place, which it takes in one step.
fn bind(folder: &Path) -> std::io::Result<UnixListener> {
    let name = format!(".{FILE}-{}", std::process::id());
    let way = Way::to(folder, &name)?;
    drop(std::fs::remove_file(folder.join(&name)));
    let listener = UnixListener::bind(&way.path)?;
    let placed = std::fs::set_permissions(folder.join(&name), std::fs::Permissions::from_mode(0o600))
        .and_then(|()| std::fs::rename(folder.join(&name), folder.join(FILE)));
    if let Err(cause) = placed {
        drop(std::fs::remove_file(folder.join(&name)));
        return Err(cause);
    }
    Ok(listener)
}

struct Served {
    controls: Controls,
    reload: Option<Reload>,
    owner: u32,
}

async fn serve(listener: UnixListener, served: Arc<Served>, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(CLIENTS));
    let mut clients = JoinSet::new();
    let mut watching = JoinSet::new();
    if let Some(reload) = &served.reload {
        let (reload, controls) = (reload.clone(), served.controls.clone());
        watching.spawn(async move { reload.watch(&controls).await });
    }
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
            _ended = clients.join_next(), if !clients.is_empty() => continue,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(BREATH).await;
            continue;
        };
        let is_owner = stream.peer_cred().is_ok_and(|peer| peer.uid() == 0 || peer.uid() == served.owner);
        // Dropped without an answer: whoever may not ask, and one too many, which the client tries again.
        let Some(place) = places.clone().try_acquire_owned().ok().filter(|_| is_owner) else { continue };
        let served = served.clone();
        clients.spawn(async move {
            // No task of the crawl: one that asks at its very end is none that the crawl left open.
            converse(&served, stream).await;
            drop(place);
        });
    }
    clients.shutdown().await;
    watching.shutdown().await;
}

/// Answers lines until the client has had enough, or is too slow, or goes.
async fn converse(served: &Served, stream: UnixStream) {
    let (reading, mut writing) = stream.into_split();
    let mut reading = BufReader::new(reading);
    for _ in 0..MOST_LINES {
        let mut line = Vec::new();
        let mut bounded = (&mut reading).take(LONGEST);
        let Ok(Ok(length @ 1..)) = timeout(PATIENCE, bounded.read_until(b'\n', &mut line)).await else {
            return;
        };
        let whole = line.last() == Some(&b'\n');
        if !whole && length as u64 == LONGEST {
            let error = Error::new(ErrorKind::Usage, format!("an order is longer than {LONGEST} bytes"));
            drop(timeout(PATIENCE, say(&mut writing, &Reply::refused(&error))).await);
            return;
        }
        let reply = match serde_json::from_slice::<Order>(&line) {
            Ok(order) => {
                served.carry_out(order).await.map_or_else(|error| Reply::refused(&error), Reply::done)
            }
            Err(cause) => Reply::refused(&Error::new(ErrorKind::Usage, format!("this is no order: {cause}"))),
        };
        let said = timeout(PATIENCE, say(&mut writing, &reply)).await;
        if !matches!(said, Ok(Ok(()))) || !whole {
            return;
        }
    }
}

async fn say(writing: &mut tokio::net::unix::OwnedWriteHalf, reply: &Reply) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(reply).unwrap_or_default();
    line.push(b'\n');
    writing.write_all(&line).await
}

impl Served {
    async fn carry_out(&self, order: Order) -> Result<Value> {
        let controls = &self.controls;
        match order {
            Order::Status {} => Ok(self.status().await),
            Order::Pause {} => controls.pause().await.map(|()| json!({ "paused": true })),
            Order::Resume {} => controls.resume().await.map(|()| json!({ "paused": false })),
            Order::Stop {} => {
                controls.stop();
                Ok(json!({ "stopping": true }))
            }
            Order::Set { values } => {
                controls.adjust(adjustment(&values)?).await?;
                Ok(self.status().await)
            }
            Order::Reload {} => match &self.reload {
                Some(reload) => reload.now(controls).await.map(|state| json!(state)),
                None => Err(Error::new(ErrorKind::Usage, "the crawl was begun without a configuration file")
                    .with_hint("`lycosa ctl set` changes single values")),
            },
            Order::Hosts { limit } => {
                let (hosts, now) = (controls.hosts(limit.min(MOST_HOSTS)), controls.watch().time());
                Ok(hosts.iter().map(|record| host(record, now)).collect())
            }
            Order::Block { host, milliseconds } => {
                let now = crate::clock::SystemClock::new().now();
                let until = milliseconds.map_or(FOR_EVER, |span| now.after(Duration::from_millis(span)));
                let (site, known) = controls.bar(&host, until).await?;
                let until = (until < FOR_EVER).then_some(until);
                Ok(json!({ "site": site.0, "known": known, "until": until }))
            }
            Order::Unblock { host } => {
                let (site, known) = controls.bar(&host, Timestamp(0)).await?;
                Ok(json!({ "site": site.0, "known": known, "until": null }))
            }
        }
    }

    async fn status(&self) -> Value {
        let (now, stats) = (self.controls.watch().now(), self.controls.stats());
        let rules = self.controls.rules().await;
        let config = match &self.reload {
            Some(reload) => json!(reload.state()),
            None => Value::Null,
        };
        json!({
            "pid": std::process::id(),
            "started": self.controls.started(),
            "paused": rules.paused,
            "pages": now.pages,
            "pages_per_second": now.pages_per_second,
            "queued": now.queued,
            "at_work": now.at_work,
            "hosts": now.hosts,
            "errors": now.errors,
            "waits": self.controls.watch().waits(),
            "robots_awaited": now.robots_awaited,
            "wire_bytes": now.wire_bytes,
            "crawl": stats,
            "limits": {
                "max_pages": rules.limits.max_pages,
                "max_pages_per_host": rules.limits.max_pages_per_host,
                "max_requests": rules.limits.max_requests,
                "max_bytes": rules.limits.max_bytes,
                "depth": rules.limits.max_depth,
                "deadline": rules.limits.deadline,
            },
            "pace": {
                "delay_ms": millis(rules.pace.delay),
                "adaptive": rules.pace.response_factor > 0.0,
                "per_host": rules.pace.per_origin,
                "concurrency": rules.concurrency,
                "robots": rules.pace.robots,
                "recrawl": rules.pace.revisits,
            },
            "scope": {
                "scope": rules.scope.mode.to_string(),
                "allowed_domains": rules.scope.allowed_domains,
                "include": rules.scope.include,
                "exclude": rules.scope.exclude,
            },
            "config": config,
        })
    }
}

fn host(record: &crate::model::HostRecord, now: Timestamp) -> Value {
    let health = record.health;
    let until = record.blocked_until.max(health.rests_until);
    let why = health.reason.filter(|_| until > now).map(RestReason::as_str);
    json!({
        "site": record.site.0,
        "pending": record.pending,
        "pending_by_class": record.pending_by_class,
        "pending_for_robots": record.pending_for_robots,
        "robots_retry": record.origins.iter().filter_map(|origin| origin.robots_retry).min(),
        "leased": record.leased,
        "done": record.done,
        "failed": record.failed,
        "pages": record.pages,
        "has_spent": record.has_spent,
        "delay_ms": millis(record.delay),
        "response_ms": millis(record.response_time),
        "next": record.next_allowed,
        "blocked_until": until,
        "why": why,
        "breaker": health.breaker,
        "failures_in_a_row": health.failures,
        "rests": health.rests,
        "lastmod": record.dates.map(crate::crawler::stopped::LastmodLine::from),
    })
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

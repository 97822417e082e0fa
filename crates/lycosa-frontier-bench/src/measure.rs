//! The measurements, one after the other over one crawl: new URLs in, known URLs checked, leases out, pages committed.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lycosa::frontier::Embedded;
use lycosa::frontier::embedded::{CrawlIdentity, Disk, Durability, FORMAT_VERSION, Opening};
use lycosa::model::{
    Attempt, Clock, Commit, Frontier as _, Lease, Leased, Limits, Lsn, ManualClock, Outbox as _, Outcome,
    Pace, Payload, Record, RecordId, RecordKind, Timestamp, Versions, Want,
};
use lycosa::scope::Fingerprint;
use lycosa::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::figures;
use crate::world::{World, mix};

/// Links of a page when URLs are put in or checked.
const PAGE: u64 = 50;
/// Leases asked for at once, and commits handed in at once.
const BATCH: usize = 64;
/// Batches of commits that are under way at a time, so that one is prepared while the disk syncs another.
const UNDER_WAY: usize = 16;

fn opening(folder: &Path, clock: &Arc<ManualClock>, seen_memory: usize) -> Opening {
    Opening {
        folder: folder.to_owned(),
        limits: Limits::default(),
        pace: Pace { robots: false, ..Pace::default() },
        clock: clock.clone(),
        files: Arc::new(Disk),
        durability: Durability::Power,
        history: true,
        seen_memory,
    }
}

fn versions() -> Versions {
    Versions { format: FORMAT_VERSION, fingerprint: 1, canonicalisation: 1, suffix_list: 1, site_key: 1 }
}

/// Things a second.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn rate(things: u64, taken: Duration) -> f64 {
    things as f64 / taken.as_secs_f64().max(1e-9)
}

/// Makes a crawl of so many URLs and measures it.
pub(crate) async fn fill(urls: u64, folder: &Path, seen_memory: usize) -> lycosa::Result<Value> {
    let clock = Arc::new(ManualClock::new(Timestamp(1_700_000_000_000)));
    let before = figures::resident();
    let identity = CrawlIdentity::random(versions(), String::new())?;
    let world = World::new(urls, Fingerprint::new(identity.fingerprint_key));
    let frontier = Embedded::create(opening(folder, &clock, seen_memory), identity)?;
    let (inserts, longest) = insert(&frontier, world, urls).await?;
    let filled = figures::resident() - before;
    let checks = check(&frontier, world, urls).await?;
    let leases = lease(&frontier, &clock, urls).await?;
    let commits = commit(&frontier, &clock, world, urls).await?;
    let stats = frontier.stats();
    let closing = Instant::now();
    drop(frontier);
    let closed = closing.elapsed();
    Ok(json!({
        "urls": urls,
        "hosts": world.hosts(),
        "known": stats.known,
        "pending": stats.pending,
        "inserts_per_second": inserts,
        "longest_insert_seconds": longest.as_secs_f64(),
        "checks_per_second": checks,
        "leases_per_second": leases,
        "commits_per_second": commits,
        "resident_bytes": filled,
        "peak_bytes": figures::peak() - before,
        "close_seconds": closed.as_secs_f64(),
        "disk_bytes": figures::files(folder, ""),
        "log_bytes": figures::files(folder, "log-"),
    }))
}

/// Opens it again and measures that.
pub(crate) async fn reopen(urls: u64, folder: &Path, seen_memory: usize) -> lycosa::Result<Value> {
    let clock = Arc::new(ManualClock::new(Timestamp(1_700_100_000_000)));
    let before = figures::resident();
    let started = Instant::now();
    let frontier = Embedded::open(opening(folder, &clock, seen_memory), versions())?;
    let opened = started.elapsed();
    let stats = frontier.stats();
    let resident = figures::resident() - before;
    let leases = lease(&frontier, &clock, urls).await?;
    Ok(json!({
        "known": stats.known,
        "replayed": frontier.recovery().replayed,
        "reopen_seconds": opened.as_secs_f64(),
        "resident_bytes": resident,
        "peak_bytes": figures::peak() - before,
        "leases_per_second": leases,
    }))
}

/// Puts new URLs in, a page's links at a time, each batch durable before it counts; how many a second, and how long the
/// slowest batch took.
async fn insert(frontier: &Embedded, world: World, urls: u64) -> lycosa::Result<(f64, Duration)> {
    let (mut taken, mut longest) = (Duration::ZERO, Duration::ZERO);
    let mut next = 1;
    while next <= urls {
        // As many pages as come in while the disk syncs once.
        let end = (next + PAGE * 200).min(urls + 1);
        let batch = world.batch(next..end);
        let started = Instant::now();
        frontier.add(batch).await?;
        longest = longest.max(started.elapsed());
        taken += started.elapsed();
        next = end;
    }
    Ok((rate(urls, taken), longest))
}

/// Puts URLs in that are known, a page's links at a time.
async fn check(frontier: &Embedded, world: World, urls: u64) -> lycosa::Result<f64> {
    let (mut taken, mut checked, mut seed) = (Duration::ZERO, 0, 1);
    while checked < urls.clamp(100_000, 2_000_000) {
        let numbers: Vec<u64> = (0..PAGE).map(|link| mix(seed + link) % urls + 1).collect();
        seed += PAGE;
        let batch = world.batch(numbers.into_iter());
        let started = Instant::now();
        let statuses = frontier.add(batch).await?;
        taken += started.elapsed();
        checked += statuses.len() as u64;
    }
    Ok(rate(checked, taken))
}

/// The next leases, however late.
async fn next_leases(
    frontier: &Embedded,
    clock: &ManualClock,
    taken: &mut Duration,
) -> lycosa::Result<Vec<Lease>> {
    loop {
        let started = Instant::now();
        let leased = frontier.lease(Want { max: BATCH, bytes: 0 }).await?;
        *taken += started.elapsed();
        match leased {
            Leased::Some(leases) => return Ok(leases),
            Leased::NotBefore(at) => clock.advance(at.since(clock.now())),
            Leased::Idle | Leased::Finished(_) => {
                return Err(Error::new(ErrorKind::Internal, "the crawl ran dry before it was measured"));
            }
        }
    }
}

/// Takes leases out and gives them back, which is not counted.
async fn lease(frontier: &Embedded, clock: &ManualClock, urls: u64) -> lycosa::Result<f64> {
    let (mut taken, mut count) = (Duration::ZERO, 0);
    // Several of each host: the first of a host can be in memory when the others are not.
    let wanted = (urls / 20).min(3_000_000);
    while count < wanted {
        let leases = next_leases(frontier, clock, &mut taken).await?;
        count += leases.len() as u64;
        let nacks = leases.iter().map(|lease| lycosa::model::Nack {
            token: lease.token,
            attempt: None,
            retry: lycosa::model::Retry::default(),
        });
        frontier.nack(nacks.collect()).await;
    }
    Ok(rate(count, taken))
}

/// Commits pages: each 12 known and 2 new links and a record of 1 KB.
async fn commit(frontier: &Embedded, clock: &ManualClock, world: World, urls: u64) -> lycosa::Result<f64> {
    let wanted = (urls / 20).min(200_000);
    let (mut committed, mut numbers) = (0, urls);
    let (mut taken, mut waited) = (Duration::ZERO, Duration::ZERO);
    while committed < wanted {
        let mut batches = Vec::new();
        for _ in 0..UNDER_WAY {
            let leases = next_leases(frontier, clock, &mut waited).await?;
            let batch: Vec<Commit> =
                leases.iter().map(|lease| page(lease, world, &mut numbers, urls)).collect();
            committed += batch.len() as u64;
            batches.push(batch);
        }
        let started = Instant::now();
        let answers = futures(frontier, batches).await;
        taken += started.elapsed();
        if let Some(error) = answers.into_iter().flatten().find_map(Result::err) {
            return Err(Error::new(ErrorKind::Internal, error.to_string()));
        }
        let started = Instant::now();
        export(frontier).await?;
        taken += started.elapsed();
    }
    Ok(rate(committed, taken))
}

type Answers = Vec<Result<Lsn, lycosa::model::CommitError>>;

async fn futures(frontier: &Embedded, batches: Vec<Vec<Commit>>) -> Vec<Answers> {
    let mut open: Vec<_> = batches.into_iter().map(|batch| frontier.commit(batch)).collect();
    let mut answers = Vec::new();
    // All are polled before the first is waited for, so that they share the disk's syncs.
    let mut done = vec![false; open.len()];
    std::future::poll_fn(|context| {
        for (future, done) in open.iter_mut().zip(&mut done).filter(|(_, done)| !**done) {
            if let std::task::Poll::Ready(answer) = future.as_mut().poll(context) {
                *done = true;
                answers.push(answer);
            }
        }
        if done.iter().all(|done| *done) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    answers
}

/// Reads what was committed, as an exporter does, and lets go of it.
async fn export(frontier: &Embedded) -> lycosa::Result<()> {
    let mut from = Lsn(0);
    loop {
        let commits = frontier.read(from, 1000).await?;
        let Some(last) = commits.last() else { break };
        from = last.lsn;
    }
    frontier.trim(from).await
}

fn page(lease: &Lease, world: World, numbers: &mut u64, urls: u64) -> Commit {
    let seed = lease.token.0.wrapping_mul(64);
    let known = (0..12).map(|link| mix(seed + link) % urls + 1);
    let new = (1..=2).map(|link| *numbers + link);
    let outlinks = world.batch(known.chain(new));
    *numbers += 2;
    let json = format!("{{\"url\":{:?},\"text\":\"{}\"}}", lease.request.url, "x".repeat(900));
    let id = RecordId(u128::from(seed));
    Commit {
        attempts: vec![Attempt { status: Some(200), wire_bytes: 20_000, ..Attempt::default() }],
        payload: Payload::Inline(vec![Record { id, kind: RecordKind::Page, json: json.into() }]),
        outlinks,
        is_page: true,
        ..Commit::ending(lease.token, Outcome::Fetched { status: 200 })
    }
}

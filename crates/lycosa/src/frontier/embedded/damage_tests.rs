//! Everything that is read at opening, damaged in any way: the state is what was acknowledged, up to a torn end,
//! or the error names the file and the place. The targets are plain functions over bytes.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;

use super::recovery::Recovered;
use super::*;
use crate::frontier::conformance::wait;
use crate::frontier::tests::VERSIONS;
use crate::model::{
    Attempt, Committed, Cursor, Frontier, HostUpdate, ManualClock, Origin, Outbox, Outcome, Payload, Record,
    RecordId, RecordKind, Request, Retry, Robots, SiteKey, UrlKey,
};
use crate::scope::Fingerprint;

pub(super) const FOLDER: &str = "state";

/// Files in memory, in one folder.
#[derive(Debug, Default)]
pub(super) struct Shelf(Mutex<BTreeMap<PathBuf, Vec<u8>>>);

impl Shelf {
    pub(super) fn holding<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let files = files.into_iter().map(|(name, bytes)| (Path::new(FOLDER).join(name), bytes.to_vec()));
        Self(Mutex::new(files.collect()))
    }
}

impl FileLayer for Shelf {
    fn append(&self, _path: &Path) -> io::Result<Box<dyn LogFile>> {
        unreachable!("nothing is written while reading")
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.lock().unwrap().get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn replace(&self, _path: &Path, _bytes: &[u8]) -> io::Result<()> {
        unreachable!("nothing is written while reading")
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        self.0.lock().unwrap().get_mut(path).unwrap().truncate(usize::try_from(length).unwrap());
        Ok(())
    }

    fn remove(&self, _path: &Path) -> io::Result<()> {
        unreachable!("nothing is removed while reading")
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let files = self.0.lock().unwrap();
        let names = files.keys().filter_map(|path| path.strip_prefix(folder).ok()?.to_str());
        Ok(names.map(str::to_owned).collect())
    }

    fn sync_folder(&self, _folder: &Path) -> io::Result<()> {
        Ok(())
    }
}

/// What a crawl left, file by file, and what it had acknowledged.
struct Left {
    identity: Vec<u8>,
    crawl: CrawlIdentity,
    /// The frames of the log, each with its first and last event.
    frames: Vec<(u64, u64, Vec<u8>)>,
    snapshot_name: String,
    snapshot: Vec<u8>,
    commits: Vec<Committed>,
}

fn found(number: u64) -> Discovered {
    let host = format!("{}.test", number % 3);
    let origin = Origin { scheme: crate::model::Scheme::Http, host: host.as_str().into(), port: 80 };
    let mut request = Request::get(format!("http://{host}/{number}"));
    request.label = number.is_multiple_of(4).then(|| "label".into());
    Discovered { key: UrlKey(number), site: SiteKey(host.into()), origin, request }
}

/// A crawl that does everything there is an event for.
fn live(frontier: &Embedded, clock: &ManualClock) {
    wait(frontier.add((0..9).map(found).collect())).unwrap();
    for round in 0..24_u64 {
        clock.advance(Duration::from_millis(700));
        let Leased::Some(leases) = wait(frontier.lease(Want { max: 3, bytes: 64 })).unwrap() else {
            continue;
        };
        for (number, lease) in (round..).zip(leases) {
            let attempt = Attempt { status: Some(200), wire_bytes: 9, ..Attempt::default() };
            let json = format!("{{\"n\":{number}}}").into();
            let record = Record { id: RecordId(number.into()), kind: RecordKind::Page, json };
            let until = clock.now().after(Duration::from_secs(3));
            let update = HostUpdate {
                origin: lease.origin.clone(),
                site: lease.site.clone(),
                robots: Some(Robots::AllowAll { until }),
                crawl_delay: Some(Duration::from_millis(10)),
                block_until: None,
            };
            let to = Box::new(found(60 + number % 5));
            let outcome = match number % 5 {
                0 => Outcome::Redirect { status: 301, to, if_known: vec![record.clone()] },
                1 => Outcome::Failed { error: Error::new(ErrorKind::Connect, "no") },
                _ => Outcome::Fetched { status: 200 },
            };
            if number % 7 == 3 {
                let retry = Retry { not_before: until, block_site_until: None, counts: true };
                wait(frontier.nack(vec![Nack { token: lease.token, attempt: Some(attempt), retry }]));
                continue;
            }
            let wish = Extension { token: lease.token, for_time: Duration::from_secs(5), bytes: 8 };
            wait(frontier.extend(vec![wish]));
            if number % 7 == 5 {
                // Left to run out.
                continue;
            }
            let commit = Commit {
                token: lease.token,
                outcome,
                attempts: vec![attempt],
                payload: Payload::Inline(vec![record]),
                outlinks: vec![found(10 + number), found(11 + number)],
                host_update: (number % 3 == 0 || lease.request.kind != crate::model::RequestKind::Page)
                    .then_some(update),
                is_page: number % 2 == 0,
                notes: crate::model::CommitNotes::default(),
                revisit: None,
                dates: None,
            };
            wait(frontier.commit(vec![commit]));
        }
        let cursor = Cursor { lsn: Lsn(1), position: format!("{round}") };
        wait(frontier.set_cursor("sink", cursor)).unwrap();
    }
}

fn read_files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|e| (e.file_name().into_string().unwrap(), std::fs::read(e.path()).unwrap())).collect()
}

fn split(log: &[u8]) -> Vec<(u64, u64, Vec<u8>)> {
    let (mut at, mut frames) = (0, Vec::new());
    while let Some(frame) = log.get(at..).and_then(frame::read) {
        let (mut reader, mut events) = (crate::model::wire::Reader::new(frame.payload), 0);
        while !reader.is_empty() {
            event::read(&mut reader).unwrap();
            events += 1;
        }
        frames.push((frame.first_lsn, frame.first_lsn + events - 1, log[at..at + frame.length].to_vec()));
        at += frame.length;
    }
    assert_eq!(at, log.len());
    frames
}

const LIMITS: Limits = Limits {
    max_pages: None,
    max_pages_per_host: None,
    max_requests: None,
    max_bytes: Some(1 << 20),
    max_depth: None,
    deadline: None,
    templates: None,
};

fn pace() -> Pace {
    Pace { lease: Duration::from_secs(4), ..Pace::default() }
}

static LEFT: LazyLock<Left> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(Timestamp(1_000_000)));
    let opening = Opening {
        folder: folder.path().to_owned(),
        limits: LIMITS,
        pace: pace(),
        clock: clock.clone(),
        files: Arc::new(Disk),
        durability: Durability::Process,
        history: true,
        seen_memory: usize::MAX,
    };
    let crawl = CrawlIdentity::random(VERSIONS, "seeds".to_owned()).unwrap();
    let frontier = Embedded::create(opening, crawl.clone()).unwrap();
    live(&frontier, &clock);
    wait(frontier.flush()).unwrap();
    let commits = wait(frontier.read(Lsn(0), usize::MAX)).unwrap();
    assert!(commits.len() > 20, "{}", commits.len());
    let log = read_files(folder.path()).remove(&log::segment_name(1)).unwrap();
    frontier.snapshot().unwrap();
    let mut files = read_files(folder.path());
    let snapshot_name = files.keys().find(|name| name.starts_with("snapshot-")).unwrap().clone();
    Left {
        identity: files.remove(identity::FILE).unwrap(),
        crawl,
        frames: split(&log),
        snapshot: files.remove(&snapshot_name).unwrap(),
        snapshot_name,
        commits,
    }
});

/// The parts of a snapshot with their numbers.
pub(super) fn split_parts(mut snapshot: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut parts = Vec::new();
    while let Some(part) = frame::read_from(&mut snapshot).unwrap() {
        parts.push(part);
    }
    parts
}

fn whole_log() -> Vec<u8> {
    LEFT.frames.iter().flat_map(|(_, _, bytes)| bytes.clone()).collect()
}

/// Reads a state of these files, as opening does.
fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Recovered> {
    let shelf: Arc<dyn FileLayer> = Arc::new(Shelf::holding(files));
    let how = recovery::How { history: true, as_stored: false, only_look: false, seen_memory: usize::MAX };
    let mut recovered =
        recovery::recover(Path::new(FOLDER), &shelf, (LIMITS, pace()), how, Fingerprint::default())?;
    recovered.tables.reopened(Timestamp(2_000_000), recovered.last_time);
    Ok(recovered)
}

fn read_log(bytes: &[u8]) -> Result<Recovered> {
    read([(&*log::segment_name(1), bytes)])
}

fn read_snapshot(bytes: &[u8]) -> Result<Recovered> {
    let last = &LEFT.frames.last().unwrap();
    read([(&*LEFT.snapshot_name, bytes), (&*log::segment_name(last.0), &*last.2)])
}

fn read_identity(bytes: &[u8]) -> Result<CrawlIdentity> {
    CrawlIdentity::load(Path::new(FOLDER), &Shelf::holding([(identity::FILE, bytes)]), VERSIONS)
}

/// Exactly the events up to here are there, and those of the outbox among them.
fn is_prefix(recovered: &Recovered, last: u64) {
    assert_eq!(recovered.last, last);
    let shown: Vec<String> = recovered.tail.commits.iter().map(|commit| format!("{commit:?}")).collect();
    let until = LEFT.commits.iter().filter(|commit| commit.lsn.0 <= last);
    assert_eq!(shown, until.map(|commit| format!("{commit:?}")).collect::<Vec<_>>());
    let stats = recovered.tables.counts();
    assert_eq!(stats.known, stats.pending + stats.leased + stats.done + stats.parked, "{stats:?}");
}

/// The error names the file and the place, and gives advice.
fn names(error: &Error, file: &str, offset: Option<usize>) {
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    let text = error.to_string();
    assert!(text.contains(file), "{text} names {file}");
    assert!(error.hint().is_some());
    if let Some(offset) = offset {
        assert!(text.contains(&format!("at byte {offset}:")), "{text} says byte {offset}");
    }
}

/// The number of the frame at this byte of the log, where it begins, and the last event before it.
fn frame_at(byte: usize) -> (usize, usize, u64) {
    let (mut begin, mut last) = (0, 0);
    for (number, frame) in LEFT.frames.iter().enumerate() {
        if byte < begin + frame.2.len() {
            return (number, begin, last);
        }
        begin += frame.2.len();
        last = frame.1;
    }
    (LEFT.frames.len(), begin, last)
}

fn flipped(bytes: &[u8], at: &Index, bit: u8) -> (Vec<u8>, usize) {
    let (mut damaged, at) = (bytes.to_vec(), at.index(bytes.len()));
    damaged[at] ^= 1 << bit;
    (damaged, at)
}

#[test]
fn what_was_left_is_read_whole() {
    let last = LEFT.frames.last().unwrap().1;
    is_prefix(&read_log(&whole_log()).unwrap(), last);
    is_prefix(&read_snapshot(&LEFT.snapshot).unwrap(), last);
    assert_eq!(read_identity(&LEFT.identity).unwrap(), LEFT.crawl);
}

#[test]
fn a_log_that_ends_anywhere_is_read_up_to_its_last_whole_frame() {
    let log = whole_log();
    // Every length around the frames' ends, and some of all others.
    let mut end = 0;
    let mut lengths: Vec<usize> = (0..log.len()).step_by(37).collect();
    for (_, _, frame) in &LEFT.frames {
        lengths.extend([end, end + 1, end + frame::HEAD - 1, end + frame::HEAD]);
        end += frame.len();
        lengths.extend([end - 1, end]);
    }
    for length in lengths {
        let (_, begin, last) = frame_at(length);
        let recovered = read_log(&log[..length]).unwrap();
        is_prefix(&recovered, last);
        assert_eq!(recovered.recovery.cut, (length - begin) as u64);
    }
}

#[test]
fn a_lost_frame_is_noticed_wherever_another_follows() {
    for lost in 0..LEFT.frames.len() - 1 {
        let rest = LEFT.frames.iter().enumerate().filter(|(number, _)| *number != lost);
        let log: Vec<u8> = rest.flat_map(|(_, frame)| frame.2.clone()).collect();
        names(&read_log(&log).err().unwrap(), &log::segment_name(1), Some(frame_at_number(lost)));
    }
}

fn frame_at_number(number: usize) -> usize {
    LEFT.frames[..number].iter().map(|frame| frame.2.len()).sum()
}

/// Puts a frame's head before a payload that may be anything: damage that no checksum shows.
pub(super) fn sealed(first: u64, payload: &[u8]) -> Vec<u8> {
    [&frame::head(first, payload)[..], payload].concat()
}

/// Changes of a text of bytes: some overwritten, some inserted, some left out.
fn changed(mut bytes: Vec<u8>, changes: &[(Index, u8, u8)]) -> Vec<u8> {
    for (at, what, value) in changes {
        if bytes.is_empty() {
            break;
        }
        let at = at.index(bytes.len());
        match what % 4 {
            0 => bytes.insert(at, *value),
            1 => drop(bytes.remove(at)),
            2 => bytes[at] = 0xff,
            _ => bytes[at] = *value,
        }
    }
    bytes
}

fn changes() -> impl Strategy<Value = Vec<(Index, u8, u8)>> {
    prop::collection::vec((any::<Index>(), any::<u8>(), any::<u8>()), 1..6)
}

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_flipped_bit_of_the_log_is_an_error_or_a_torn_end(at: Index, bit in 0_u8..8) {
        let (damaged, at) = flipped(&whole_log(), &at, bit);
        let (number, begin, last) = frame_at(at);
        match read_log(&damaged) {
            Err(error) => names(&error, &log::segment_name(1), Some(begin)),
            Ok(recovered) => {
                prop_assert_eq!(number, LEFT.frames.len() - 1, "silence about the middle");
                is_prefix(&recovered, last);
            }
        }
    }

    #[test]
    fn damage_before_the_last_segment_is_always_an_error(cut: Index, at: Index, bit in 0_u8..8, truncate: bool) {
        let cut = 1 + cut.index(LEFT.frames.len() - 1);
        let joined = |frames: &[(u64, u64, Vec<u8>)]| -> Vec<u8> {
            frames.iter().flat_map(|frame| frame.2.clone()).collect()
        };
        let (first, second) = (joined(&LEFT.frames[..cut]), joined(&LEFT.frames[cut..]));
        let names_of = (log::segment_name(1), log::segment_name(LEFT.frames[cut].0));
        let both = |first: &[u8]| read([(&*names_of.0, first), (&*names_of.1, &*second)]);
        is_prefix(&both(&first).unwrap(), LEFT.frames.last().unwrap().1);
        let damaged = if truncate { first[..at.index(first.len())].to_vec() } else { flipped(&first, &at, bit).0 };
        names(&both(&damaged).err().unwrap(), "log-", None);
    }

    #[test]
    fn a_damaged_snapshot_is_an_error(at: Index, bit in 0_u8..8, truncate: bool) {
        let snapshot = &LEFT.snapshot;
        let damaged =
            if truncate { snapshot[..at.index(snapshot.len())].to_vec() } else { flipped(snapshot, &at, bit).0 };
        names(&read_snapshot(&damaged).err().unwrap(), &LEFT.snapshot_name, None);
    }

    #[test]
    fn a_damaged_identity_is_an_error_or_the_same_identity(at: Index, bit in 0_u8..8, truncate: bool) {
        let damaged = if truncate {
            LEFT.identity[..at.index(LEFT.identity.len())].to_vec()
        } else {
            flipped(&LEFT.identity, &at, bit).0
        };
        match read_identity(&damaged) {
            Ok(identity) => prop_assert_eq!(&identity, &LEFT.crawl),
            Err(error) => names(&error, identity::FILE, None),
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        // Nothing whole in it: an unfinished write.
        let recovered = read_log(&bytes).unwrap();
        prop_assert_eq!((recovered.last, recovered.recovery.cut), (0, bytes.len() as u64));
        names(&read_snapshot(&bytes).err().unwrap(), &LEFT.snapshot_name, Some(0));
        names(&read_identity(&bytes).err().unwrap(), identity::FILE, None);
    }

    #[test]
    fn events_that_no_checksum_denies_are_read_or_refused(number: Index, changes in changes()) {
        let number = number.index(LEFT.frames.len());
        let before: Vec<u8> = LEFT.frames[..number].iter().flat_map(|frame| frame.2.clone()).collect();
        let payload = LEFT.frames[number].2[frame::HEAD..].to_vec();
        let log = [before.clone(), sealed(LEFT.frames[number].0, &changed(payload, &changes))].concat();
        if let Err(error) = read_log(&log) {
            // An event that cannot be, or a cursor beyond the end.
            let place = if error.to_string().contains("outputs") { log.len() } else { before.len() };
            names(&error, &log::segment_name(1), Some(place));
        }
    }

    #[test]
    fn a_snapshot_that_no_checksum_denies_is_read_or_refused(number: Index, changes in changes()) {
        let mut parts = split_parts(&LEFT.snapshot);
        let part = number.index(parts.len());
        parts[part].1 = changed(parts[part].1.clone(), &changes);
        let sealed: Vec<u8> = parts.iter().flat_map(|(number, payload)| sealed(*number, payload)).collect();
        if let Err(error) = read_snapshot(&sealed) {
            prop_assert_eq!(error.kind(), ErrorKind::Corrupt);
        }
    }
}

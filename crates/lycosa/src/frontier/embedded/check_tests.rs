//! Checking a state: whatever byte of whatever file is changed or missing is told, by the file's name and kind, and what is
//! sound is called sound, also after a kill.

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::frontier::conformance::wait;
use crate::frontier::tests::{self as shared, VERSIONS, clock, fetched};
use crate::model::{Frontier, Origin, Request, SiteKey, UrlKey};

/// A state as it lies in its folder.
type Files = Vec<(String, Vec<u8>)>;

fn found(number: u64) -> Discovered {
    let url = format!("http://{}.test/{number}", number % 3);
    let origin = Origin::of(&url::Url::parse(&url).unwrap()).unwrap();
    let site = SiteKey(format!("{}.test", number % 3).into());
    let key = UrlKey(xxhash_rust::xxh3::xxh3_64(&number.to_le_bytes()));
    Discovered { key, site, origin, request: Request::get(url) }
}

fn files_of(folder: &Path) -> Files {
    let names = Disk.list(folder).unwrap().into_iter().filter(|name| folder::is_ours(name));
    names.map(|name| (name.clone(), std::fs::read(folder.join(name)).unwrap())).collect()
}

/// A crawl most of whose URLs wait in files and are known in files: what lies there when it has ended, and when it has gone
/// on and was killed.
static LEFT: LazyLock<(Files, Files)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let clock = clock();
    let opening = Opening { seen_memory: 2_000, ..shared::opening(folder.path(), &clock, shared::cramped()) };
    let identity = CrawlIdentity::random(VERSIONS, String::new()).unwrap();
    let work = |frontier: &Embedded, numbers: std::ops::Range<u64>| {
        for first in numbers.step_by(50) {
            wait(frontier.add((first..first + 50).map(found).collect())).unwrap();
            clock.advance(std::time::Duration::from_secs(1));
            if let Leased::Some(leases) = wait(frontier.lease(Want { max: 8, bytes: 0 })).unwrap() {
                wait(frontier.commit(leases.iter().map(fetched).collect()));
            }
        }
    };
    // Once all that was written beside the crawl is named: nobody would miss it otherwise.
    let go_on_from_a_snapshot = |frontier: &Embedded| {
        frontier.at_rest(|| ());
        frontier.snapshot().unwrap();
        clock.advance(std::time::Duration::from_secs(1));
        let Leased::Some(leases) = wait(frontier.lease(Want { max: 8, bytes: 0 })).unwrap() else { panic!() };
        wait(frontier.commit(leases.iter().map(fetched).collect()));
    };
    let frontier = Embedded::create(opening.clone(), identity).unwrap();
    work(&frontier, 0..1_000);
    go_on_from_a_snapshot(&frontier);
    drop(frontier);
    let ended = files_of(folder.path());
    let frontier = Embedded::open(opening, VERSIONS).unwrap();
    work(&frontier, 1_000..1_100);
    go_on_from_a_snapshot(&frontier);
    let killed = frontier.at_rest(|| files_of(folder.path()));
    drop(frontier);
    (ended, killed)
});

fn checked(files: &[(String, Vec<u8>)]) -> Check {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let answer = check(folder.path(), VERSIONS, Limits::default(), Pace::default()).unwrap();
    assert_eq!(files_of(folder.path()).len(), files.len(), "looking changes nothing");
    answer
}

/// The kind of a file, by its name.
fn kind_of(name: &str) -> FileKind {
    match name.split(['-', '.']).next().unwrap() {
        "crawl" => FileKind::Identity,
        "log" => FileKind::Log,
        "snapshot" => FileKind::Snapshot,
        "backlog" => FileKind::Waiting,
        "seen" => FileKind::Known,
        "history" => FileKind::History,
        other => panic!("{other}"),
    }
}

/// Whether a file is in use in a state, as a check of it counts.
fn is_told(check: &Check, name: &str) -> bool {
    let kind = check.kinds.iter().find(|checked| checked.kind == kind_of(name)).unwrap();
    kind.damaged > 0 && kind.errors.iter().any(|error| error.to_string().contains(name))
}

#[test]
fn a_state_is_sound_whether_its_process_ended_or_was_killed() {
    let (ended, killed) = &*LEFT;
    for files in [ended, killed] {
        let check = checked(files);
        assert!(check.is_sound() && check.unfinished == 0, "{check:?}");
    }
    for kind in checked(killed).kinds {
        assert!(kind.files > 0 && kind.parts > 0 && kind.bytes > 0 && !kind.is_skipped, "{kind:?}");
    }
    assert!(checked(ended).kinds.iter().all(|kind| kind.left_over == 0));
}

#[test]
fn a_file_that_is_missing_is_told() {
    let (_, killed) = &*LEFT;
    let (mut told, mut untold) = (0, Vec::new());
    for (name, _) in killed.iter().filter(|(name, _)| kind_of(name) != FileKind::Identity) {
        let others: Files = killed.iter().filter(|(other, _)| other != name).cloned().collect();
        match checked(&others).is_sound() {
            true => untold.push(kind_of(name)),
            false => told += 1,
        }
    }
    // What history said last, nothing else says that it was there; and what was left over nobody misses.
    untold.retain(|kind| *kind != FileKind::Waiting);
    assert_eq!(untold, [FileKind::History]);
    assert!(told > 5, "{told}");
    let without_snapshot = killed.iter().filter(|(name, _)| kind_of(name) != FileKind::Snapshot);
    let check = checked(&without_snapshot.cloned().collect::<Files>());
    assert!(check.together.is_some_and(|error| error.kind() == ErrorKind::Corrupt));
}

#[test]
fn an_unfinished_write_is_no_damage() {
    let mut files = LEFT.1.clone();
    let log = files.iter_mut().filter(|(name, _)| kind_of(name) == FileKind::Log).max().unwrap();
    log.1.extend_from_slice(b"LYF1 a frame that never");
    let check = checked(&files);
    assert!(check.is_sound(), "{check:?}");
    assert_eq!(check.unfinished, 23);
}

#[test]
fn all_damage_is_told_and_not_the_first_alone() {
    let mut files = LEFT.1.clone();
    let mut hurt = Vec::new();
    for (name, bytes) in &mut files {
        // What a snapshot names cannot be told without it, nor can the end of the log be told from an unfinished write.
        if !matches!(kind_of(name), FileKind::Snapshot | FileKind::Log) {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 4;
            hurt.push(name.clone());
        }
    }
    let check = checked(&files);
    let told: Vec<_> = hurt.iter().filter(|name| is_told(&check, name)).collect();
    let kinds: Vec<_> = check.kinds.iter().filter(|kind| kind.damaged > 0).map(|kind| kind.kind).collect();
    assert_eq!(kinds, [FileKind::Identity, FileKind::Waiting, FileKind::Known, FileKind::History]);
    assert!(told.len() >= 4, "{told:?} of {hurt:?}");
    assert!(check.kinds.iter().flat_map(|kind| &kind.errors).all(|error| error.hint().is_some()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn whatever_byte_of_whatever_file_is_changed_is_told(file in any::<Index>(), at in any::<Index>(), bit in 0..8_u8) {
        let mut files = LEFT.1.clone();
        let file = file.index(files.len());
        let (name, bytes) = &mut files[file];
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let (name, length) = (name.clone(), bytes.len());
        let check = checked(&files);
        match kind_of(&name) {
            // The last write may as well be unfinished; and blocks that are not needed any more may lie between others.
            FileKind::Log if check.unfinished > 0 => {}
            FileKind::Waiting if check.is_sound() => {}
            _ => prop_assert!(is_told(&check, &name), "{name}, byte {at} of {length}: {check:?}"),
        }
    }

    #[test]
    fn whatever_end_of_whatever_file_is_cut_off_is_told(file in any::<Index>(), at in any::<Index>()) {
        let mut files = LEFT.1.clone();
        let file = file.index(files.len());
        let (name, bytes) = &mut files[file];
        bytes.truncate(at.index(bytes.len()));
        let name = name.clone();
        let check = checked(&files);
        let is_log = kind_of(&name) == FileKind::Log;
        prop_assert!(is_log || is_told(&check, &name), "{name}: {check:?}");
    }
}

#[test]
fn events_that_the_snapshot_covers_need_not_be_in_the_log() {
    let mut files = LEFT.1.clone();
    let snapshot =
        files.iter().map(|(name, _)| name).find(|name| kind_of(name) == FileKind::Snapshot).unwrap();
    let covers: u64 = snapshot.strip_prefix("snapshot-").unwrap().parse().unwrap();
    // What came before was not written when the process was killed, and the next one went on after the snapshot.
    let frames_of = |bytes: &[u8]| {
        let (mut at, mut frames) = (0, Vec::new());
        while let Some(frame) = frame::read(&bytes[at..]) {
            frames.push((frame.first_lsn, bytes[at..at + frame.length].to_vec()));
            at += frame.length;
        }
        frames
    };
    let (_, log) = files.iter_mut().filter(|(name, _)| kind_of(name) == FileKind::Log).max().unwrap();
    let frames = frames_of(log);
    let last_covered = frames.iter().rposition(|(first, _)| *first <= covers).unwrap();
    assert!(last_covered > 0 && frames.get(last_covered + 1).is_some_and(|(first, _)| *first == covers + 1));
    let written = |frames: &[(u64, Vec<u8>)]| frames.iter().flat_map(|(_, frame)| frame.clone()).collect();
    let mut without: Vec<u8> = written(&frames[..last_covered]);
    without.extend::<Vec<u8>>(written(&frames[last_covered + 1..]));
    *log = without.clone();
    assert!(checked(&files).is_sound(), "{:?}", checked(&files));
    // One more, after events that the snapshot does not cover.
    let payload = frame::read(&frames[last_covered + 1].1).unwrap().payload;
    without.extend_from_slice(&frame::head(covers + 100, payload));
    without.extend_from_slice(payload);
    let (_, log) = files.iter_mut().filter(|(name, _)| kind_of(name) == FileKind::Log).max().unwrap();
    *log = without;
    assert!(!checked(&files).is_sound());
}

//! A snapshot that somebody forged, with checksums that are right: whatever number stands anywhere in any of its parts,
//! it is read or refused, and no room is made for what is not there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::damage_tests::{FOLDER, Shelf, sealed, split_parts};
use super::recovery::How;
use super::*;
use crate::frontier::conformance::wait;
use crate::frontier::tables::Part;
use crate::frontier::tests::{self as shared, VERSIONS, cramped};
use crate::model::{
    Control, Dates, Frontier, ManualClock, Order, Origin, Request, Retry, Revisit, SiteKey, TemplateBudget,
    UrlKey, Visit,
};
use crate::scope::Fingerprint;

/// Numbers that nothing has so many of.
const HOSTILE: [u64; 7] =
    [u64::MAX, u64::MAX >> 1, 1 << 45, 1 << 33, u32::MAX as u64, (u32::MAX >> 1) as u64, 1 << 24];
/// The bit of a part's code that says it is compressed.
const PACKED: u8 = 1 << 7;

fn limits() -> Limits {
    Limits {
        templates: Some(TemplateBudget { urls: 5_000, trap_signs: true }),
        max_pages_per_host: Some(900),
        ..Limits::default()
    }
}

fn pace() -> Pace {
    Pace {
        robots: false,
        per_origin: 64,
        revisits: true,
        order: Order::Best,
        delay: Duration::ZERO,
        response_factor: 0.0,
        ..Pace::default()
    }
}

fn found(number: u64) -> Discovered {
    let url = format!("http://{}.test/of/{number}", number % 3);
    let origin = Origin::of(&url::Url::parse(&url).unwrap()).unwrap();
    let key = UrlKey(xxhash_rust::xxh3::xxh3_64(&number.to_le_bytes()));
    let request = Request { class: 3, ..Request::get(url) };
    Discovered { key, site: SiteKey(format!("{}.test", number % 3).into()), origin, request }
}

fn commit_of(lease: &crate::model::Lease, round: u64, now: Timestamp) -> Commit {
    let due = now.after(Duration::from_secs(3_600 * (1 + round)));
    let pages = (0..40).map(|number| (found(number).key, now)).collect();
    Commit {
        outlinks: (0..9).map(|link| found(round * 5 + link)).collect(),
        revisit: Some(Revisit::new(due, Visit { at: now, ..Visit::default() })),
        dates: Some(Dates::Read { before: None, pages }),
        ..shared::fetched(lease)
    }
}

/// A state of which there is something in every part, by file.
static LEFT: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(Timestamp(1_700_000_000_000)));
    let opening = Opening {
        folder: folder.path().to_owned(),
        limits: limits(),
        pace: pace(),
        clock: clock.clone(),
        files: cramped(),
        durability: Durability::Process,
        history: false,
        seen_memory: 9_000,
    };
    let crawl = CrawlIdentity::random(VERSIONS, String::new()).unwrap();
    let frontier = Embedded::create(opening, crawl).unwrap();
    wait(frontier.add((0..60).map(found).collect())).unwrap();
    wait(frontier.control(Control::Bar(SiteKey("0.test".into()), clock.now().after(Duration::from_secs(9)))))
        .unwrap();
    let (mut round, mut tells) = (0, false);
    let lacks = |stats: crate::model::Stats| stats.arriving == 0 || stats.leased == 0;
    // Until something is under way, links wait to be looked for, and dates for the next search.
    while round < 400 || round < 2_000 && (!tells || lacks(frontier.stats())) {
        clock.advance(Duration::from_millis(100));
        (round, tells) = (round + 1, false);
        let Leased::Some(leases) = wait(frontier.lease(Want { max: 4, bytes: 0 })).unwrap() else { continue };
        for (lease, number) in leases.iter().zip(0..) {
            let retry = Retry { not_before: clock.now().after(Duration::from_secs(99)), ..Retry::default() };
            match (round + number) % 5 {
                // Left open.
                0 if round > 390 => {}
                1 => drop(wait(frontier.nack(vec![Nack { token: lease.token, attempt: None, retry }]))),
                _ => {
                    wait(frontier.commit(vec![commit_of(lease, round, clock.now())]));
                    tells = true;
                }
            }
        }
    }
    assert!(tells, "{round} rounds, {:?}", frontier.stats());
    frontier.snapshot().unwrap();
    frontier.at_rest(|| {
        let names = Disk.list(folder.path()).unwrap();
        names
            .into_iter()
            .map(|name| (name.clone(), std::fs::read(folder.path().join(name)).unwrap()))
            .collect()
    })
});

/// The parts of the snapshot, none of them compressed, with their numbers.
fn parts() -> Vec<(u64, Vec<u8>)> {
    let snapshot = LEFT.iter().find(|(name, _)| name.starts_with("snapshot-")).unwrap().1;
    let plain = |payload: Vec<u8>| match payload[0] & PACKED {
        0 => payload,
        _ => [vec![payload[0] & !PACKED], packing::unpack(&payload[1..], &[]).unwrap()].concat(),
    };
    split_parts(snapshot).into_iter().map(|(number, payload)| (number, plain(payload))).collect()
}

/// Reads the state with a snapshot of these parts.
fn read(parts: &[(u64, Vec<u8>)]) -> Result<()> {
    let forged: Vec<u8> = parts.iter().flat_map(|(number, payload)| sealed(*number, payload)).collect();
    let of = |(name, bytes): (&'static String, &'static Vec<u8>)| (name.as_str(), bytes.as_slice());
    let others = LEFT.iter().filter(|(name, _)| !name.starts_with("snapshot-")).map(of);
    let name = LEFT.keys().find(|name| name.starts_with("snapshot-")).unwrap();
    let shelf: Arc<dyn FileLayer> = Arc::new(Shelf::holding(others.chain([(name.as_str(), &*forged)])));
    let how = How { history: false, as_stored: true, only_look: true, seen_memory: usize::MAX };
    recovery::recover(Path::new(FOLDER), &shelf, (limits(), pace()), how, Fingerprint::default()).map(drop)
}

/// With this number in the place of the one that stands there.
fn forged(payload: &[u8], at: usize, number: u64) -> Vec<u8> {
    let end = at + payload[at..].iter().take_while(|byte| **byte >= 0x80).count();
    let mut changed = payload[..at].to_vec();
    crate::model::wire::put_number(&mut changed, number);
    changed.extend_from_slice(payload.get(end + 1..).unwrap_or_default());
    changed
}

/// Parts by what they hold: few are of another kind than the known URLs.
fn by_kind() -> Vec<Vec<usize>> {
    let mut kinds: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
    for (place, (_, payload)) in parts().iter().enumerate() {
        kinds.entry(payload[0]).or_default().push(place);
    }
    kinds.into_values().collect()
}

#[test]
fn there_is_something_of_everything_and_all_of_it_is_read() {
    let parts = parts();
    let codes: BTreeSet<u8> = parts.iter().map(|(_, payload)| payload[0]).collect();
    for part in Part::ALL {
        let code = snapshot::code_of(part);
        assert!(codes.contains(&code), "{part:?}");
        // No site need be unwell.
        let least = if part == Part::Breakers { 1 } else { 3 };
        let length =
            parts.iter().filter(|(_, payload)| payload[0] == code).map(|(_, payload)| payload.len()).max();
        assert!(length >= Some(least), "{part:?} is {length:?} bytes long");
    }
    read(&parts).unwrap();
}

#[test]
fn the_dates_of_sitemaps_are_as_many_as_there_are() {
    for count in HOSTILE {
        let mut parts = parts();
        let told = parts.iter_mut().find(|(_, payload)| payload[0] == snapshot::code_of(Part::Told)).unwrap();
        told.1 = forged(&told.1, 1, count);
        let error = read(&parts).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains("snapshot-"), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn any_number_anywhere_is_read_or_refused(
        kind: Index,
        part: Index,
        at: Index,
        early in 0_u8..2,
        number in select(&HOSTILE[..]),
    ) {
        let (kinds, mut parts) = (by_kind(), parts());
        let place = *part.get(kind.get(&kinds[..]).as_slice());
        let payload = &parts[place].1;
        if payload.len() > 1 {
            // Counts stand at the beginning, most of them.
            let last = if early == 0 { payload.len().min(24) } else { payload.len() };
            parts[place].1 = forged(payload, 1 + at.index(last - 1), number);
        }
        if let Err(error) = read(&parts) {
            prop_assert_eq!(error.kind(), ErrorKind::Corrupt, "{}", error);
            prop_assert!(error.hint().is_some());
        }
    }
}

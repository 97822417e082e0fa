//! Tests of visits to come: each once, in order, in little memory, and in bounded steps.

use std::time::Duration;

use super::super::Rules;
use super::super::overflow::tests::List;
use super::*;
use crate::model::{
    AddStatus, Commit, Discovered, Finish, Lease, Leased, Limits, Origin, Pace, SiteKey, Visit, Want,
};

const MINUTE: u64 = 60_000;
const DAY: u64 = 1_440 * MINUTE;

/// A multiplicative walk through all times up to 90 days.
fn due(number: u64) -> Timestamp {
    Timestamp(DAY + number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % (90 * DAY))
}

fn filled(count: u64, overflow: &mut Overflow) -> Revisits {
    let mut revisits = Revisits::default();
    (0..count).for_each(|number| {
        let entry = [&number.to_le_bytes()[..], &[0; 72]].concat();
        revisits.push(due(number), &entry, Timestamp(DAY), overflow);
    });
    revisits
}

#[test]
fn everything_comes_once_when_it_is_due_and_in_order_over_stores_and_loads() {
    let mut overflow = Overflow::default();
    overflow.begin(Box::new(List::default()));
    let count = 20_000;
    let mut revisits = filled(count, &mut overflow);
    let (mut now, mut last, mut found) = (DAY, Timestamp(0), 0);
    while revisits.len() > 0 {
        let next = revisits.next_due().unwrap();
        now = now.max(next.0) + if found % 3 == 0 { 17 * MINUTE } else { 0 };
        while let Some((at, entry)) = revisits.pop(Timestamp(now), &mut usize::MAX.clone(), &mut overflow) {
            let due = due(u64::from_le_bytes(entry[..8].try_into().unwrap()));
            assert_eq!(at, due);
            assert!(due.0 <= now && due >= last, "{due:?} at {now}");
            (last, found) = (due, found + 1);
        }
        if found % 7 == 0 {
            let mut out = Vec::new();
            revisits.store(&mut out);
            revisits = Revisits::default();
            revisits.load(&mut Reader::new(&out), &mut overflow).unwrap();
        }
    }
    assert_eq!(found, count);
}

#[test]
fn a_visit_that_waits_elsewhere_takes_less_than_two_bytes_of_memory() {
    let mut overflow = Overflow::default();
    overflow.begin(Box::new(List::default()));
    let count = 1_000_000;
    let revisits = filled(count, &mut overflow);
    let size = |bucket: &Bucket| bucket.tail.capacity() + bucket.places.capacity() * size_of::<Place>() + 64;
    let buckets: usize = revisits.buckets.values().map(size).sum();
    let soon: usize = revisits.soon.values().map(|entry| entry.len() + 64).sum();
    assert!((buckets + soon) as u64 <= 2 * count + (4 << 20), "{buckets} and {soon} bytes");
    // What does not grow with their number, taken off.
    let places: usize = revisits.buckets.values().map(|bucket| bucket.places.len()).sum();
    assert!((places * size_of::<Place>()) as u64 * 2 <= count, "{places} blocks");
}

fn found(number: u64) -> Discovered {
    let url = format!("http://a.test/{number}");
    let origin = Origin::of(&url::Url::parse(&url).unwrap()).unwrap();
    Discovered { key: UrlKey(number), site: SiteKey("a.test".into()), origin, request: Request::get(url) }
}

fn fetched(lease: &Lease, due: Option<Timestamp>) -> Commit {
    let revisit = due.map(|due| Revisit::new(due, Visit::default()));
    Commit { revisit, ..crate::frontier::tests::fetched(lease) }
}

#[test]
fn however_many_are_overdue_a_call_does_a_bounded_part_and_every_one_comes_once() {
    let pace = Pace { robots: false, delay: Duration::ZERO, revisits: true, ..Pace::default() };
    let pace = Pace { per_origin: 10_000, ..pace };
    let mut tables = Tables::new(Limits::default(), pace);
    let count = 8_000;
    for number in 0..count {
        assert_eq!(tables.add(found(number), Timestamp(DAY)), AddStatus::New);
    }
    let Leased::Some(leases) = tables.lease(Want { max: 10_000, bytes: 0 }, Timestamp(DAY)) else {
        panic!("all of them")
    };
    for (number, lease) in (0..).zip(&leases) {
        // Through ten days.
        let due = Timestamp(DAY + number * 108_000);
        tables.commit(fetched(lease, Some(due)), Timestamp(DAY), Rules::Present).unwrap();
    }
    let (mut now, mut came) = (Timestamp(40 * DAY), 0);
    loop {
        let (before, waiting) = (tables.stats.pending, tables.revisits.len());
        let leased = tables.lease(Want { max: 100, bytes: 0 }, now);
        let woken = waiting - tables.revisits.len();
        assert!(woken <= EFFORT as u64, "{woken} at once, {before} were pending");
        // A bucket's worth, and not all that is overdue.
        assert!(tables.revisits.soon.len() < 1_000, "{} in memory", tables.revisits.soon.len());
        match leased {
            Leased::Some(leases) => {
                for lease in &leases {
                    tables.commit(fetched(lease, None), now, Rules::Present).unwrap();
                }
                came += leases.len() as u64;
            }
            Leased::NotBefore(at) => {
                assert!(at > now);
                now = at;
            }
            other => {
                assert!(matches!(other, Leased::Finished(Finish::Complete)), "{other:?}");
                break;
            }
        }
    }
    assert_eq!((came, tables.stats.revisited, tables.stats.done), (count, count, count));
}

#[test]
fn what_others_took_the_place_of_is_dropped_wherever_it_lies() {
    let mut overflow = Overflow::default();
    overflow.begin(Box::new(List::default()));
    let mut revisits = Revisits::default();
    for number in 0..10_000_u64 {
        let mut entry = vec![0, 0];
        entry.extend(number.to_le_bytes());
        entry.push(u8::from(number % 3 == 0));
        entry.extend([0; 60]);
        revisits.push(due(number), &entry, Timestamp(DAY), &mut overflow);
    }
    // Every fifth went back as visit 1, and another is to come after it.
    for key in (0..10_000).step_by(5).map(UrlKey) {
        revisits.returns.begin(key, 1);
        revisits.returns.end(key, 1, true);
    }
    let there = revisits.drop_replaced(&mut overflow).unwrap();
    assert!(there.is_empty(), "of those nothing is left: {} are", there.len());
    assert_eq!(revisits.len(), 8_000);
    let mut found = 0;
    while let Some((_, entry)) = revisits.pop(Timestamp(200 * DAY), &mut usize::MAX.clone(), &mut overflow) {
        assert_ne!(u64::from_le_bytes(entry[2..10].try_into().unwrap()) % 5, 0);
        found += 1;
    }
    assert_eq!((found, revisits.len()), (8_000, 0));
}

#[test]
fn cut_bytes_are_noticed() {
    let mut overflow = Overflow::default();
    let revisits = filled(20, &mut overflow);
    let mut out = Vec::new();
    revisits.store(&mut out);
    // Without its last list, that of URLs that went back, it is whole: there were none once.
    for length in 0..out.len() - 1 {
        let loaded = Revisits::default().load(&mut Reader::new(&out[..length]), &mut overflow);
        assert!(loaded.is_err(), "{length}");
    }
}

/// A visit of a page to come, as it is kept.
fn visit(key: u64, due: Timestamp) -> Vec<u8> {
    let visit = Visit { at: Timestamp(DAY), ..Visit::default() };
    let mut bytes = vec![0, 0];
    bytes.extend_from_slice(&key.to_le_bytes());
    wire::put_number(&mut bytes, 1);
    wire::put_revisit(&mut bytes, &Revisit::new(due, visit));
    bytes.extend_from_slice(&[7; 72]);
    bytes
}

/// Visits of one bucket: so many that it has a block, and some behind it.
fn of_one_bucket(overflow: &mut Overflow) -> Revisits {
    let (mut revisits, due) = (Revisits::default(), Timestamp(40 * DAY));
    (0..136).for_each(|key| revisits.push(due, &visit(key, due), Timestamp(DAY), overflow));
    let bucket = revisits.buckets.values().next().unwrap();
    assert_eq!((revisits.buckets.len(), bucket.places.len()), (1, 1));
    assert!(bucket.tail.len() * 10 > BLOCK * 9 && bucket.tail.len() < BLOCK, "{}", bucket.tail.len());
    revisits
}

/// The pages whose visit was brought forward.
fn brought(revisits: &Revisits) -> Vec<u64> {
    revisits.soon.values().map(|entry| name(entry).unwrap().0.0).collect()
}

#[test]
fn a_date_is_found_in_the_tail_of_a_bucket_although_a_block_before_it_is_written_anew() {
    let mut overflow = Overflow::default();
    overflow.begin(Box::new(List::default()));
    let mut revisits = of_one_bucket(&mut overflow);
    let now = Timestamp(2 * DAY);
    // One in the block, which goes to the tail without it and fills it; one in the tail.
    revisits.told.gather(0, vec![(UrlKey(3), now), (UrlKey(135), now)], false, |_| true);
    revisits.bring_all_forward(now, &mut overflow);
    let mut found = brought(&revisits);
    found.sort_unstable();
    assert_eq!((found, revisits.len()), (vec![3, 135], 136));
}

#[test]
fn a_visit_is_taken_out_by_its_name_wherever_it_is_and_the_others_stay() {
    let mut overflow = Overflow::default();
    overflow.begin(Box::new(List::default()));
    let mut revisits = of_one_bucket(&mut overflow);
    revisits.told.gather(0, vec![(UrlKey(3), Timestamp(2 * DAY))], false, |_| true);
    revisits.bring_all_forward(Timestamp(2 * DAY), &mut overflow);
    for key in [3, 50, 135] {
        let found = revisits.take_named(UrlKey(key), &mut overflow);
        assert_eq!(found.iter().map(|entry| name(entry).unwrap().0).collect::<Vec<_>>(), [UrlKey(key)]);
        assert!(revisits.take_named(UrlKey(key), &mut overflow).is_empty());
    }
    assert_eq!(revisits.len(), 133);
    let mut left = 0;
    let mut effort = usize::MAX;
    while revisits.pop(Timestamp(100 * DAY), &mut effort, &mut overflow).is_some() {
        left += 1;
    }
    assert_eq!(left, 133);
}

#[test]
fn a_sitemap_that_goes_back_by_hand_is_no_second_one() {
    let pace = Pace { robots: false, revisits: true, delay: Duration::ZERO, ..Pace::default() };
    let mut tables = Tables::new(Limits::default(), pace);
    let (start, map) = (Timestamp(DAY), found(1));
    tables.add(map.clone(), start);
    tables.add(found(2), start);
    for round in 0..4 {
        let now = start.after(Duration::from_secs(60 * (round + 1)));
        let Leased::Some(leases) = tables.lease(Want { max: 9, bytes: 0 }, now) else { panic!() };
        let map_lease = leases.iter().find(|lease| lease.key == map.key).unwrap();
        let dates = Some(crate::model::Dates::Read { before: None, pages: Vec::new() });
        let commit = Commit { dates, ..fetched(map_lease, (round == 2).then_some(Timestamp(9 * DAY))) };
        tables.commit(commit, now, Rules::Present).unwrap();
        assert_eq!(tables.host(&map.site).unwrap().dates.unwrap().files, 1, "round {round}");
        let mut back = vec![map.clone()];
        // So many outcomes it has had.
        back[0].request.generation = u32::try_from(round).unwrap() + 1;
        tables.again(&mut back, now);
        assert_eq!(back.len(), 1);
    }
}

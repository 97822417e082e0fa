//! The whole policy on pages whose changes are known: one server, one visit at a time, against the optimum.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::{Bounds, Hint, Seen, Threshold, again, first, next_due};
use crate::model::{Timestamp, Visit};

const HOUR: f64 = 3_600.0;
const START: u64 = 1_700_000_000_000;
const DAY: u64 = 86_400_000;

/// When a page changes, in milliseconds since the start; sorted, the first before the start in effect.
struct Page {
    period: f64,
    changes: Vec<u64>,
}

impl Page {
    /// The last change at or before a moment, and the next.
    fn around(&self, now: u64) -> (u64, u64) {
        let next = self.changes.partition_point(|change| *change <= now);
        (self.changes[next - 1], self.changes.get(next).copied().unwrap_or(u64::MAX))
    }
}

/// From 0 to 1, exclusive.
fn draw(state: &mut u64) -> f64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    #[expect(clippy::cast_precision_loss, reason = "53 bits")]
    let unit = ((*state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    unit
}

fn pages(count: usize, regular: bool, end: u64) -> Vec<Page> {
    let mut state = 7;
    let page = |_| {
        let period = HOUR * 2_400_f64.powf(draw(&mut state));
        let mut next = |first: bool| {
            let unit = draw(&mut state);
            let step = if regular { if first { unit } else { 1.0 } } else { -unit.ln() };
            ms(step * period)
        };
        let back = 200 * DAY;
        let mut changes = vec![0, next(true)];
        while changes.last().is_some_and(|last| *last < back + end) {
            changes.push(changes[changes.len() - 1] + next(false).max(1));
        }
        let changes = changes.into_iter().map(|at| START - back + at).collect();
        Page { period, changes }
    };
    (0..count).map(page).collect()
}

fn ms(seconds: f64) -> u64 {
    u64::try_from(Duration::from_secs_f64(seconds).as_millis()).unwrap()
}

/// The part of time, after `warm`, in which the copies were up to date.
fn simulate(pages: &[Page], turn: u64, end: u64, warm: u64, dated: bool) -> f64 {
    let bounds = Bounds { min: Duration::from_secs(60), max: Duration::from_secs(90 * 86_400) };
    let (end, warm) = (START + end, START + warm);
    let mut visits: Vec<Option<Visit>> = vec![None; pages.len()];
    let mut until = vec![0_u64; pages.len()];
    let mut due: BinaryHeap<Reverse<(u64, usize)>> = (0..pages.len()).map(|n| Reverse((START, n))).collect();
    let (mut now, mut fresh, mut threshold) = (START, 0, Threshold::default());
    while let Some(Reverse((at, number))) = due.pop() {
        now = now.max(at);
        if now >= end {
            break;
        }
        let (changed, next) = pages[number].around(now);
        // In whole seconds, as HTTP has it.
        let date = dated.then(|| Timestamp(changed / 1_000 * 1_000));
        let seen = Seen { at: Timestamp(now), content: Some(changed), changed_at: date, ..Seen::default() };
        let visit = match &visits[number] {
            None => first(&seen),
            Some(visit)
                if !threshold.admits(visit, Hint::default(), Timestamp(at), Timestamp(now), bounds) =>
            {
                due.push(Reverse((next_due(visit, Timestamp(now), threshold.worth(), bounds).0, number)));
                continue;
            }
            Some(visit) => again(visit, &seen).0,
        };
        let from = until[number].max(now).max(warm);
        until[number] = until[number].max(next.min(end));
        fresh += until[number].saturating_sub(from);
        due.push(Reverse((next_due(&visit, Timestamp(now), threshold.worth(), bounds).0, number)));
        visits[number] = Some(visit);
        now += turn;
    }
    part(fresh, (end - warm) * pages.len() as u64)
}

#[expect(clippy::cast_precision_loss, reason = "a share")]
fn part(of: u64, whole: u64) -> f64 {
    of as f64 / whole as f64
}

/// What can be had of regular pages by who knows every change: one visit for each change, slow pages first.
fn regular_optimum(pages: &[Page], rate: f64) -> f64 {
    let mut periods: Vec<f64> = pages.iter().map(|page| page.period).collect();
    periods.sort_by(|one, other| other.total_cmp(one));
    let (mut left, mut fresh) = (rate, 0.0);
    for period in periods {
        let part = (left * period).min(1.0);
        (left, fresh) = (left - part / period, fresh + part);
    }
    fresh / part(pages.len() as u64, 1)
}

/// What can be had of Poisson processes by who knows their rates (Cho and Garcia-Molina 2003).
fn poisson_optimum(pages: &[Page], rate: f64) -> f64 {
    let at = |threshold: f64| {
        pages.iter().filter(|page| page.period > threshold).fold((0.0, 0.0), |(used, fresh), page| {
            let (mut low, mut high) = (1e-9_f64, 1e3_f64);
            for _ in 0..60 {
                let x = (low * high).sqrt();
                let worth = page.period * (1.0 - (1.0 + x) * (-x).exp());
                if worth < threshold { low = x } else { high = x }
            }
            (used + 1.0 / (high * page.period), fresh + (1.0 - (-high).exp()) / high)
        })
    };
    let (mut low, mut high) = (1e-3_f64, 1e9_f64);
    for _ in 0..60 {
        let middle = (low * high).sqrt();
        if at(middle).0 > rate { low = middle } else { high = middle }
    }
    at(high).1 / part(pages.len() as u64, 1)
}

#[test]
fn it_comes_near_the_optimum_of_regular_and_irregular_pages_at_every_bandwidth() {
    let (count, end, warm) = (200, 24 * DAY, 10 * DAY);
    for regular in [true, false] {
        let pages = pages(count, regular, end);
        let needed: f64 = pages.iter().map(|page| 1.0 / page.period).sum();
        for scarcity in [0.5, 1.0, 2.0, 4.0] {
            let rate = needed / scarcity;
            let optimum = if regular { regular_optimum(&pages, rate) } else { poisson_optimum(&pages, rate) };
            let ours = simulate(&pages, ms(1.0 / rate), end, warm, true);
            println!("regular {regular}, 1/{scarcity} of what is needed: {ours:.3} of {optimum:.3}");
            assert!(ours >= 0.9 * optimum, "regular {regular}, {scarcity}: {ours} of {optimum}");
        }
    }
}

#[test]
fn without_dates_it_comes_near_the_optimum_of_irregular_pages() {
    let (count, end, warm) = (200, 24 * DAY, 10 * DAY);
    let pages = pages(count, false, end);
    let needed: f64 = pages.iter().map(|page| 1.0 / page.period).sum();
    for scarcity in [1.0, 3.0] {
        let rate = needed / scarcity;
        let (ours, optimum) =
            (simulate(&pages, ms(1.0 / rate), end, warm, false), poisson_optimum(&pages, rate));
        println!("without dates, 1/{scarcity}: {ours:.3} of {optimum:.3}");
        assert!(ours >= 0.9 * optimum, "{scarcity}: {ours} of {optimum}");
    }
}

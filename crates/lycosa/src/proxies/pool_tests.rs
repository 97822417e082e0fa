//! Proxies that take turns, rest and come back: each rule by itself, then all of them against random histories.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp(1_000);
const FREE: SessionId = SessionId(0);

fn pool(proxies: usize, policy: ProxyPolicy) -> ProxyPool {
    let urls = (0..proxies).map(|at| format!("http://u:hunter2@p{at}"));
    ProxyPool::new(urls, ProxyOptions { policy, ..ProxyOptions::default() })
}

fn seconds(seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(seconds))
}

/// Uses the pool once; gives the place of the proxy.
fn once(pool: &ProxyPool, host: &str, outcome: ProxyOutcome, now: Timestamp) -> usize {
    let chosen = pool.choose(FREE, host, now).unwrap();
    pool.report(&chosen, outcome, now);
    chosen.place
}

fn used(pool: &ProxyPool) -> Vec<u64> {
    pool.stats().iter().map(|proxy| proxy.used).collect()
}

#[test]
fn round_robin_uses_each_equally_often() {
    let pool = pool(3, ProxyPolicy::RoundRobin);
    let places: Vec<_> = (0..7).map(|_| once(&pool, "a.example", ProxyOutcome::Worked, NOW)).collect();
    assert_eq!(places, [0, 1, 2, 0, 1, 2, 0]);
    assert_eq!(used(&pool), [3, 2, 2]);
    assert!(ProxyPool::new([""; 0], ProxyOptions::default()).choose(FREE, "a", NOW).is_none());
}

#[test]
fn round_robin_is_exact_over_threads() {
    let pool = Arc::new(pool(3, ProxyPolicy::RoundRobin));
    let threads: Vec<_> = (0..6)
        .map(|_| {
            let pool = pool.clone();
            std::thread::spawn(move || {
                for _ in 0..500 {
                    once(&pool, "a.example", ProxyOutcome::Worked, NOW);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(used(&pool), [1000, 1000, 1000]);
}

#[test]
fn a_session_or_a_site_sticks_to_its_proxy_while_that_is_healthy() {
    let pool = pool(4, ProxyPolicy::Sticky);
    let place = |session: u32, host: &str, now| {
        let chosen = pool.choose(SessionId(session), host, now).unwrap();
        pool.report(&chosen, ProxyOutcome::Worked, now);
        chosen.place
    };
    let sites: Vec<String> = (0..60).map(|at| format!("s{at}.example")).collect();
    let before: Vec<_> = sites.iter().map(|site| place(0, site, NOW)).collect();
    for (site, known) in sites.iter().zip(&before) {
        assert_eq!(place(0, &format!("www.{site}"), NOW), *known, "the site, not the host");
    }
    for at in 0..4 {
        assert!(before.iter().filter(|place| **place == at).count() >= 5, "spread over all: {before:?}");
    }
    let of_sessions: Vec<_> = (1..40).map(|session| place(session, "s1.example", NOW)).collect();
    assert!((0..4).all(|at| of_sessions.contains(&at)), "{of_sessions:?}");
    for session in 1..40 {
        let known = of_sessions[session as usize - 1];
        assert_eq!(place(session, "other.example", NOW), known, "the session, not the site");
    }
    // One is ejected: its sites move, the others stay, and when it is back they are, too.
    let lost = before[0];
    assert_eq!(once(&pool, &sites[0], ProxyOutcome::Failed, NOW), lost);
    for (site, known) in sites.iter().zip(&before) {
        let now = place(0, site, NOW);
        assert!(now != lost && (*known == lost || now == *known), "{site}: {known} → {now}");
    }
    let after: Vec<_> = sites.iter().map(|site| place(0, site, seconds(30))).collect();
    assert_eq!(after, before);
}

#[test]
fn the_one_with_the_fewest_failures_is_used_and_an_ejected_one_is_probed_all_the_same() {
    let pool = pool(3, ProxyPolicy::LeastFailures);
    assert_eq!(once(&pool, "a", ProxyOutcome::Failed, NOW), 0);
    assert_eq!(once(&pool, "b", ProxyOutcome::Refused, NOW), 1);
    assert_eq!((0..3).map(|_| once(&pool, "c", ProxyOutcome::Worked, NOW)).collect::<Vec<_>>(), [2, 2, 2]);
    assert_eq!(once(&pool, "c", ProxyOutcome::Worked, seconds(30)), 0, "the probe");
    assert_eq!(once(&pool, "c", ProxyOutcome::Worked, seconds(30)), 2);
    assert_eq!(once(&pool, "c", ProxyOutcome::Failed, seconds(30)), 2);
    assert_eq!(once(&pool, "c", ProxyOutcome::Worked, seconds(30)), 1, "one failure each, used least");
}

#[test]
fn rests_double_up_to_the_longest_and_begin_anew_after_a_success() {
    let pool = pool(1, ProxyPolicy::RoundRobin);
    let mut now = NOW;
    for rest in [30, 60, 120, 240, 480, 600, 600] {
        once(&pool, "a", ProxyOutcome::Failed, now);
        let until = now.after(Duration::from_secs(rest));
        assert_eq!(pool.stats()[0].resting_until, Some(until));
        now = until;
    }
    once(&pool, "a", ProxyOutcome::Worked, now);
    assert_eq!(pool.stats()[0].resting_until, None);
    once(&pool, "a", ProxyOutcome::Failed, now);
    assert_eq!(pool.stats()[0].resting_until, Some(now.after(Duration::from_secs(30))));
    assert_eq!((pool.stats()[0].failed, pool.stats()[0].ejected), (8, 8));
}

#[test]
fn one_probe_at_a_time_lets_it_back_in() {
    let pool = pool(2, ProxyPolicy::RoundRobin);
    once(&pool, "a", ProxyOutcome::Failed, NOW);
    let early: Vec<_> = (0..2).map(|_| once(&pool, "a", ProxyOutcome::Worked, seconds(29))).collect();
    assert_eq!(early, [1, 1]);
    let probe = pool.choose(FREE, "a", seconds(30)).unwrap();
    assert!(probe.is_probe() && probe.place == 0);
    let others: Vec<_> = (0..3).map(|_| once(&pool, "a", ProxyOutcome::Worked, seconds(30))).collect();
    assert_eq!(others, [1, 1, 1]);
    pool.report(&probe, ProxyOutcome::Unknown, seconds(31));
    let probe = pool.choose(FREE, "a", seconds(31)).unwrap();
    assert!(probe.is_probe() && probe.place == 0, "what told nothing is followed by another probe");
    pool.report(&probe, ProxyOutcome::Worked, seconds(31));
    let turns: Vec<_> = (0..4).map(|_| once(&pool, "a", ProxyOutcome::Worked, seconds(31))).collect();
    assert_eq!(turns, [1, 0, 1, 0]);
}

#[test]
fn while_all_rest_the_one_ejected_longest_ago_is_tried() {
    let pool = pool(3, ProxyPolicy::RoundRobin);
    for expected in [0, 1, 2, 0, 1, 2, 0] {
        assert_eq!(once(&pool, "a", ProxyOutcome::Failed, NOW), expected);
    }
    assert_eq!(once(&pool, "a", ProxyOutcome::Worked, NOW), 1, "and its success lets it in");
    assert_eq!(once(&pool, "a", ProxyOutcome::Worked, NOW), 1);
}

#[test]
fn what_failed_together_ejects_once() {
    let pool = pool(1, ProxyPolicy::RoundRobin);
    let together: Vec<_> = (0..5).map(|_| pool.choose(FREE, "a", NOW).unwrap()).collect();
    together.iter().for_each(|chosen| pool.report(chosen, ProxyOutcome::Failed, NOW));
    let stats = &pool.stats()[0];
    assert_eq!((stats.failed, stats.ejected, stats.resting_until), (5, 1, Some(seconds(30))));
    // A success that was under way before says nothing about the present.
    let (late, failing) =
        (pool.choose(FREE, "a", seconds(30)).unwrap(), pool.choose(FREE, "a", seconds(30)).unwrap());
    pool.report(&failing, ProxyOutcome::Failed, seconds(30));
    pool.report(&late, ProxyOutcome::Worked, seconds(30));
    assert_eq!(pool.stats()[0].resting_until, Some(seconds(90)));
}

#[test]
fn hosts_that_it_would_not_connect_to_go_elsewhere_and_many_of_them_eject_it() {
    let pool = pool(2, ProxyPolicy::RoundRobin);
    assert_eq!(once(&pool, "dead", ProxyOutcome::Refused, NOW), 0);
    assert_eq!(once(&pool, "dead", ProxyOutcome::Refused, NOW), 1);
    assert_eq!(once(&pool, "alive", ProxyOutcome::Worked, NOW), 0, "one dead host ejects nobody");
    assert_eq!(once(&pool, "alive", ProxyOutcome::Worked, NOW), 1);
    let other = ProxyPool::new(["http://p"], ProxyOptions::default());
    for (dead, ejected) in [("a", 0), ("b", 0), ("c", 0), ("d", 0), ("e", 1)] {
        once(&other, dead, ProxyOutcome::Refused, NOW);
        assert_eq!(other.stats()[0].ejected, ejected, "{dead}");
    }
    for host in 0..200 {
        once(&other, &host.to_string(), ProxyOutcome::Refused, NOW);
    }
    assert!(other.lock().members[0].refused_hosts.len() <= MOST_REFUSED);
}

#[test]
fn a_use_that_was_none_is_given_back_and_no_password_is_shown() {
    let pool = pool(2, ProxyPolicy::RoundRobin);
    once(&pool, "a", ProxyOutcome::Unsent, NOW);
    assert_eq!((used(&pool), pool.stats()[0].proxy.as_str()), (vec![0, 0], "http://p0:80"));
    for (url, shown) in [
        ("http://me:hunter2@h:1/x", "http://h:1"),
        ("me:hunter2@h", "http://h:80"),
        ("socks5h://me:p%40@[::1]", "socks5h://[::1]:1080"),
        ("http://me:hunter2@h:port", "(not a URL)"),
    ] {
        assert_eq!(ProxyUrl::new(url).shown(), shown);
    }
    let chosen = pool.choose(FREE, "a", NOW);
    assert!(!format!("{pool:?} {chosen:?}").contains("hunter2"));
}

#[derive(Clone, Debug)]
enum Step {
    Choose { session: u32, host: u8 },
    Report { which: prop::sample::Index, outcome: ProxyOutcome },
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        3 => Just(ProxyOutcome::Worked),
        3 => Just(ProxyOutcome::Failed),
        2 => Just(ProxyOutcome::Refused),
        1 => Just(ProxyOutcome::Unknown),
        1 => Just(ProxyOutcome::Unsent),
    ];
    prop_oneof![
        4 => (0..3_u32, 0..5_u8).prop_map(|(session, host)| Step::Choose { session, host }),
        4 => (any::<prop::sample::Index>(), outcome).prop_map(|(which, outcome)| Step::Report { which, outcome }),
        1 => (0..90_u64).prop_map(Step::Wait),
    ]
}

fn policy() -> impl Strategy<Value = ProxyPolicy> {
    prop_oneof![Just(ProxyPolicy::RoundRobin), Just(ProxyPolicy::Sticky), Just(ProxyPolicy::LeastFailures)]
}

proptest! {
    #[test]
    fn whatever_happens_the_counts_are_exact_and_no_ejected_proxy_is_used_beside_a_healthy_one(
        proxies in 1..5_usize, policy in policy(), steps in prop::collection::vec(step(), 1..200),
    ) {
        let (pool, twin) = (pool(proxies, policy), pool(proxies, policy));
        let mut now = NOW;
        let mut open: Vec<(Chosen, Chosen)> = Vec::new();
        let mut expected = vec![(0_u64, 0_u64, 0_u64); proxies];
        for step in steps {
            match step {
                Step::Choose { session, host } => {
                    let host = format!("h{host}.example");
                    let before = pool.stats();
                    let rests = |at: usize| before[at].resting_until.is_some_and(|until| until > now);
                    let chosen = pool.choose(SessionId(session), &host, now).unwrap();
                    let same = twin.choose(SessionId(session), &host, now).unwrap();
                    prop_assert_eq!((chosen.place, chosen.probe), (same.place, same.probe), "deterministic");
                    let healthy = before.iter().any(|proxy| proxy.resting_until.is_none());
                    prop_assert!(!(rests(chosen.place) && healthy), "{:?} of {:?}", chosen, before);
                    let tried = before[chosen.place].resting_until.is_some();
                    let probed = open.iter().any(|(other, _)| {
                        other.place == chosen.place && other.epoch == chosen.epoch && other.probe
                    });
                    prop_assert_eq!(chosen.probe, tried && !probed, "one probe at a time");
                    prop_assert!(!(tried && probed && healthy), "a probed proxy takes nothing else");
                    expected[chosen.place].0 += 1;
                    open.push((chosen, same));
                }
                Step::Report { which, outcome } if !open.is_empty() => {
                    let (chosen, same) = open.swap_remove(which.index(open.len()));
                    pool.report(&chosen, outcome, now);
                    twin.report(&same, outcome, now);
                    let count = &mut expected[chosen.place];
                    match outcome {
                        ProxyOutcome::Failed => count.1 += 1,
                        ProxyOutcome::Refused => count.2 += 1,
                        ProxyOutcome::Unsent => count.0 -= 1,
                        ProxyOutcome::Worked | ProxyOutcome::Unknown => {}
                    }
                }
                Step::Report { .. } => {}
                Step::Wait(seconds) => now = now.after(Duration::from_secs(seconds)),
            }
            let counts: Vec<_> = pool.stats().iter().map(|p| (p.used, p.failed, p.refused)).collect();
            prop_assert_eq!(&counts, &expected);
        }
        // Whatever is still open told nothing; then each comes back when its rest is over and it works.
        for (chosen, _) in open {
            pool.report(&chosen, ProxyOutcome::Unknown, now);
        }
        now = now.after(Duration::from_secs(600));
        for at in 0..200 {
            let chosen = pool.choose(SessionId(at), &format!("s{at}.example"), now).unwrap();
            pool.report(&chosen, ProxyOutcome::Worked, now);
        }
        prop_assert!(pool.stats().iter().all(|proxy| proxy.resting_until.is_none()), "{:?}", pool);
    }
}

#[test]
fn counts_are_exact_over_threads_that_fail_and_probe() {
    let options =
        ProxyOptions { first_rest: Duration::ZERO, longest_rest: Duration::ZERO, ..ProxyOptions::default() };
    let pool = Arc::new(ProxyPool::new(["http://a", "http://b", "http://c"], options));
    let failures = Arc::new(AtomicU64::new(0));
    let threads: Vec<_> = (0..6_u64)
        .map(|thread| {
            let (pool, failures) = (pool.clone(), failures.clone());
            std::thread::spawn(move || {
                for turn in 0..500 {
                    let fails = (turn * 7 + thread) % 5 == 0;
                    failures.fetch_add(u64::from(fails), Ordering::Relaxed);
                    let outcome = if fails { ProxyOutcome::Failed } else { ProxyOutcome::Worked };
                    once(&pool, "a.example", outcome, NOW);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let stats = pool.stats();
    assert_eq!(stats.iter().map(|proxy| proxy.used).sum::<u64>(), 3000);
    assert_eq!(stats.iter().map(|proxy| proxy.failed).sum::<u64>(), failures.load(Ordering::Relaxed));
    assert!(stats.iter().all(|proxy| proxy.ejected <= proxy.failed));
}

//! Stories of the pool: who gets which session, how often, and when one has to go.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

const FREE: SessionId = SessionId(0);
const FIRST: u32 = SessionId::ROTATED;

fn rotating(rotation: Rotation, slots: u32) -> SessionOptions {
    SessionOptions { rotation, slots, ..SessionOptions::default() }
}

fn ids(pool: &SessionPool, sites: &[&str]) -> Vec<u32> {
    sites.iter().map(|site| pool.acquire(FREE, site).unwrap().id().0).collect()
}

#[test]
fn without_a_rotation_every_name_is_a_session_of_its_own() {
    let pool = SessionPool::default();
    let one = pool.acquire(SessionId(1), "a.example").unwrap();
    let again = pool.acquire(SessionId(1), "b.example").unwrap();
    let default = pool.acquire(FREE, "a.example").unwrap();
    assert!(Arc::ptr_eq(&one, &again) && !Arc::ptr_eq(&one, &default));
    assert_eq!(default.id(), FREE);
    let left_over = pool.acquire(SessionId(FIRST + 7), "a.example").unwrap();
    assert!(Arc::ptr_eq(&left_over, &default), "an id of a rotation that is no more");
    assert_eq!((pool.stats().opened, pool.stats().live, pool.stats().uses), (2, 2, 4));
}

#[test]
fn round_robin_takes_turns_and_a_redirect_goes_on_with_its_session() {
    let pool = SessionPool::new(rotating(Rotation::RoundRobin, 3));
    assert_eq!(ids(&pool, &["a"; 4]), [FIRST, FIRST + 1, FIRST + 2, FIRST]);
    for _ in 0..5 {
        assert_eq!(pool.acquire(SessionId(FIRST + 1), "b").unwrap().id().0, FIRST + 1);
    }
    assert_eq!(ids(&pool, &["a"]), [FIRST + 1], "hops take no turn");
    assert_eq!(pool.acquire(SessionId(9), "a").unwrap().id(), SessionId(9), "named ones neither");
    assert_eq!(ids(&pool, &["a"]), [FIRST + 2]);
}

#[test]
fn sticky_sessions_stay_with_their_site() {
    let sites: Vec<String> = (0..50).map(|number| format!("site{number}.example")).collect();
    let sites: Vec<&str> = sites.iter().map(String::as_str).collect();
    let pool = SessionPool::new(rotating(Rotation::StickyBySite, 4));
    let (first, second) = (ids(&pool, &sites), ids(&pool, &sites));
    assert_eq!(first, second);
    assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), 4, "all slots have sites");
}

#[test]
fn slots_have_their_profiles_and_pass_them_on() {
    let profiles = ["http://one:1", "http://two:2"]
        .map(|url| Profile { proxy: Some(ProxyUrl::new(url)), ..Profile::default() });
    let options = SessionOptions {
        profiles: profiles.to_vec(),
        max_uses: Some(1),
        ..rotating(Rotation::RoundRobin, 3)
    };
    let pool = SessionPool::new(options);
    let proxies: Vec<_> = (0..6)
        .map(|_| pool.acquire(FREE, "a").unwrap().profile().proxy.as_ref().unwrap().as_str().to_owned())
        .collect();
    assert_eq!(proxies, ["http://one:1", "http://two:2", "http://one:1"].repeat(2));
}

#[test]
fn a_session_is_used_exactly_as_often_as_allowed_however_many_ask_at_once() {
    for (rotation, slots) in
        [(Rotation::RoundRobin, 3), (Rotation::StickyBySite, 3), (Rotation::RoundRobin, 1)]
    {
        let pool = SessionPool::new(SessionOptions { max_uses: Some(7), ..rotating(rotation, slots) });
        let uses = Mutex::new(BTreeMap::<u32, u64>::new());
        std::thread::scope(|scope| {
            for worker in 0..8 {
                let (pool, uses) = (&pool, &uses);
                scope.spawn(move || {
                    for turn in 0..250 {
                        let session = pool.acquire(FREE, &format!("{}", (worker + turn) % 11)).unwrap();
                        *uses.lock().unwrap().entry(session.id().0).or_default() += 1;
                        pool.report(&session, Ended::Answered);
                    }
                });
            }
        });
        let uses = uses.into_inner().unwrap();
        assert_eq!(uses.values().sum::<u64>(), 2000);
        let live = uses.keys().filter(|id| pool.get(SessionId(**id)).is_some()).count();
        for (id, count) in &uses {
            let on_duty = pool.get(SessionId(*id)).is_some();
            assert!(*count == 7 || (on_duty && *count < 7), "session {id}: {count}");
        }
        let stats = pool.stats();
        assert_eq!((stats.uses, stats.opened), (2000, u64::try_from(uses.len()).unwrap()));
        assert_eq!((stats.live, stats.used_up), (u64::try_from(live).unwrap(), stats.opened - stats.live));
    }
}

#[test]
fn a_use_that_was_never_sent_is_given_back() {
    let pool = SessionPool::new(SessionOptions { max_uses: Some(2), ..rotating(Rotation::RoundRobin, 1) });
    for _ in 0..10 {
        let session = pool.acquire(FREE, "a").unwrap();
        assert_eq!(session.id().0, FIRST);
        pool.report(&session, Ended::Unsent);
    }
    assert_eq!(ids(&pool, &["a"; 3]), [FIRST, FIRST, FIRST + 1]);
    assert_eq!(pool.stats().uses, 3);
}

#[test]
fn a_session_that_is_used_up_is_retired_when_the_last_of_its_exchanges_has_ended() {
    let pool = SessionPool::new(SessionOptions { max_uses: Some(2), ..rotating(Rotation::RoundRobin, 1) });
    let (first, last) = (pool.acquire(FREE, "a").unwrap(), pool.acquire(FREE, "a").unwrap());
    assert!(!pool.report(&first, Ended::Answered));
    assert!(pool.report(&last, Ended::Answered));
    assert_eq!((pool.stats().used_up, pool.stats().live), (1, 0));
    assert_eq!(ids(&pool, &["a"]), [FIRST + 1]);
}

#[test]
fn a_blocked_session_is_replaced_by_a_fresh_one() {
    let pool = SessionPool::new(rotating(Rotation::RoundRobin, 2));
    let blocked = pool.acquire(FREE, "a").unwrap();
    let under_way = pool.acquire(blocked.id(), "a").unwrap();
    let site = "http://a.example/".parse().unwrap();
    blocked.jar().store(b"sid=1", &site, crate::model::Timestamp(0)).unwrap();
    assert!(pool.report(&blocked, Ended::Blocked), "retired by this");
    assert!(pool.report(&under_way, Ended::Blocked), "retired since");
    assert!(pool.get(blocked.id()).is_none());
    assert_eq!(ids(&pool, &["a"; 2]), [FIRST + 1, FIRST + 2]);
    assert!(pool.get(SessionId(FIRST + 2)).unwrap().jar().is_empty());
    assert_ne!(pool.acquire(blocked.id(), "a").unwrap().id(), blocked.id(), "a hop of it gets another");
    let stats = pool.stats();
    assert_eq!((stats.opened, stats.live, stats.blocked), (3, 2, 1), "retired once");
}

#[test]
fn only_failures_in_a_row_retire_a_session() {
    let options = SessionOptions { max_failures: 2, max_blocks: 2, ..rotating(Rotation::RoundRobin, 1) };
    let pool = SessionPool::new(options);
    let turn = |ended| {
        let session = pool.acquire(FREE, "a").unwrap();
        pool.report(&session, ended);
        session.id().0 - FIRST
    };
    use Ended::{Answered, Blocked, Failed, Unsent};
    let story = [Failed, Answered, Failed, Unsent, Failed, Blocked, Answered, Blocked, Answered];
    assert_eq!(story.map(turn), [0, 0, 0, 0, 0, 1, 1, 1, 2]);
    assert_eq!((pool.stats().failing, pool.stats().blocked), (1, 1));
}

#[test]
fn named_sessions_are_put_in_and_stay_whatever_happens() {
    let pool = SessionPool::default();
    let site = "http://a.example/".parse().unwrap();
    let mut jar = Jar::default();
    jar.store(b"sid=1", &site, crate::model::Timestamp(0)).unwrap();
    pool.put(Session::new(SessionId(5), Profile::default(), jar)).unwrap();
    let session = pool.acquire(SessionId(5), "a").unwrap();
    (0..9).for_each(|_| assert!(!pool.report(&session, Ended::Blocked)));
    assert_eq!(pool.get(SessionId(5)).unwrap().jar().len(), 1);
    let refused = pool.put(Session::new(SessionId(FIRST), Profile::default(), Jar::default()));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn debug_output_tells_no_secret() {
    let mut profile = Profile { proxy: Some(ProxyUrl::new("http://u:hunter2@p:1")), ..Profile::default() };
    profile.headers.insert("x-key", http::HeaderValue::from_static("hunter2"));
    let pool = SessionPool::default();
    pool.put(Session::new(SessionId(5), profile, Jar::default())).unwrap();
    assert!(!format!("{pool:?}").contains("hunter2"));
}

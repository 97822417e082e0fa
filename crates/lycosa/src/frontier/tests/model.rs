//! The frontier against a model: any sequence of calls, and after each the answer must be one that the model allows.
//!
//! The model is a map of URLs with their states and knows nothing of queues, heaps or logs. It does not say which
//! URL is next, only which may be and when one must be; the order is the suite's business. Where an implementation
//! may be more careful than it need be (a site's rest after a request that was not sent, or after a restart), the
//! model keeps both bounds.

mod reference;
mod run;

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestCaseError};

use self::run::Run;
use super::{EmbeddedStand, End, MemoryStand, Room, cramped};
use crate::frontier::conformance::Stand;
use crate::frontier::embedded::Disk;
use crate::model::{Discovered, Limits, Order, Origin, Pace, Request, Scheme, SiteKey, UrlKey};

type Check = Result<(), TestCaseError>;

/// URLs there are.
const URLS: u8 = 24;

#[derive(Clone, Debug)]
enum Op {
    Add(Vec<(u8, u32)>),
    Lease {
        max: usize,
        bytes: u64,
    },
    /// `which` is any lease ever given, ended ones too.
    Commit {
        which: usize,
        end: Ending,
        links: Vec<(u8, u32)>,
        wire: u64,
        again: Option<u64>,
    },
    Nack {
        which: usize,
        after: u64,
        block: Option<u64>,
        counts: bool,
        sent: bool,
    },
    Extend {
        which: usize,
        after: u64,
        bytes: u64,
    },
    Advance(u64),
    Pause(bool),
    Limits {
        pages: Option<u64>,
        of_host: Option<u64>,
        requests: Option<u64>,
        bytes: Option<u64>,
        depth: Option<u32>,
        time: Option<u64>,
    },
    Pace {
        delay: u64,
        per_origin: u32,
        lease: u64,
        order: Order,
    },
    /// URLs go back by hand.
    Requeue(Vec<u8>),
    Reopen,
    Snapshot,
}

#[derive(Clone, Copy, Debug)]
enum Ending {
    Fetched,
    Failed,
    NotSent,
    Redirect(u8),
}

/// A link; to some URLs there are many, which makes them the best.
fn link() -> impl Strategy<Value = (u8, u32)> {
    (prop_oneof![0..URLS, 0_u8..8], 0_u32..4)
}

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![1 => Just(Order::Breadth), 1 => Just(Order::Depth), 3 => Just(Order::Best)]
}

fn limits() -> impl Strategy<Value = Op> {
    let some = |range: std::ops::Range<u64>| prop::option::weighted(0.4, range);
    (some(0..9), some(0..5), some(0..20), some(0..400), depth(), some(0..9_000)).prop_map(
        |(pages, of_host, requests, bytes, depth, time)| Op::Limits {
            pages,
            of_host,
            requests,
            bytes,
            depth,
            time,
        },
    )
}

/// Limits that hold a part of a crawl back, while others end it: little is left to be seen then.
fn gentle_limits() -> impl Strategy<Value = Op> {
    (prop::option::weighted(0.7, 0_u64..4), depth()).prop_map(|(of_host, depth)| Op::Limits {
        pages: None,
        of_host,
        requests: None,
        bytes: None,
        depth,
        time: None,
    })
}

fn depth() -> impl Strategy<Value = Option<u32>> {
    prop::option::of(0_u32..4)
}

/// Where a run begins: whether the best come first, the delay in milliseconds, and limits.
type Beginning = (bool, u64, Option<Op>);

fn beginning() -> impl Strategy<Value = Beginning> {
    (any::<bool>(), prop_oneof![Just(0), Just(500)], prop::option::of(gentle_limits()))
}

fn operation() -> impl Strategy<Value = Op> {
    let which = || 0_usize..64;
    let ending = prop_oneof![
        4 => Just(Ending::Fetched),
        1 => Just(Ending::Failed),
        1 => Just(Ending::NotSent),
        3 => (0..URLS).prop_map(Ending::Redirect),
    ];
    let again = prop_oneof![3 => Just(None), 2 => (0_u64..20_000).prop_map(Some), 2 => (60_000_u64..5_000_000).prop_map(Some)];
    let links = prop_oneof![prop::collection::vec(link(), 0..4), prop::collection::vec(link(), 8..24)];
    let after = prop_oneof![4 => 0_u64..2_000, 1 => 60_000_u64..900_000];
    let some = |range: std::ops::Range<u64>| prop::option::weighted(0.4, range);
    prop_oneof![
        4 => prop::collection::vec(link(), 0..8).prop_map(Op::Add),
        12 => (1_usize..5, 0_u64..40).prop_map(|(max, bytes)| Op::Lease { max, bytes }),
        12 => (which(), ending, links, 0_u64..40, again)
            .prop_map(|(which, end, links, wire, again)| Op::Commit { which, end, links, wire, again }),
        4 => (which(), after, some(0..2_000), any::<bool>(), any::<bool>())
            .prop_map(|(which, after, block, counts, sent)| Op::Nack { which, after, block, counts, sent }),
        2 => (which(), 0_u64..9_000, 0_u64..60)
            .prop_map(|(which, after, bytes)| Op::Extend { which, after, bytes }),
        6 => prop_oneof![8 => 0_u64..700, 2 => 0_u64..12_000, 1 => 0_u64..3_000_000].prop_map(Op::Advance),
        1 => prop::bool::weighted(0.3).prop_map(Op::Pause),
        3 => prop_oneof![1 => limits(), 2 => gentle_limits()],
        1 => (prop_oneof![Just(0), 0_u64..900], 1_u32..4, 1_000_u64..9_000, order())
            .prop_map(|(delay, per_origin, lease, order)| Op::Pace { delay, per_origin, lease, order }),
        6 => prop_oneof![
            4 => prop::collection::vec(0..URLS, 1..12).prop_map(Op::Requeue),
            2 => Just(Op::Reopen),
            1 => Just(Op::Snapshot),
        ],
    ]
}

fn found(number: u8, depth: u32) -> Discovered {
    let (origin, site) = (number % 2, number % 3);
    let host = format!("{origin}.{site}.test");
    let url = format!("http://{host}/{number}");
    let origin = Origin { scheme: Scheme::Http, host: host.into(), port: 80 };
    let request = Request { depth, class: number % 4, ..Request::get(url) };
    Discovered { key: UrlKey(number.into()), site: SiteKey(format!("{site}.test").into()), origin, request }
}

/// Lives through the operations. A URL that is moved because it is the best has two entries, of which either may be served;
/// so that they are of one depth, every link to a URL says the same one where that order may be (`best`).
fn check(
    make: impl FnOnce(Limits, Pace) -> Box<dyn Stand>,
    operations: &[Op],
    (best, delay, first): Beginning,
) -> Check {
    let pace = Pace {
        delay: Duration::from_millis(delay),
        robots: false,
        response_factor: 0.0,
        lease: Duration::from_secs(5),
        revisits: true,
        order: if best { Order::Best } else { Order::Breadth },
        ..Pace::default()
    };
    let mut run = Run::new(make(Limits::default(), pace), pace, best);
    for (number, op) in first.iter().chain(operations).enumerate() {
        run.step(op).map_err(|error| TestCaseError::fail(format!("step {number}, {op:?}: {error}")))?;
    }
    run.outbox()
}

/// The same cases in every run; `PROPTEST_CASES` asks for more of them.
fn config() -> ProptestConfig {
    ProptestConfig { rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..ProptestConfig::default() }
}

fn ending() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Kind), Just(End::Killed), Just(End::KilledAfterSnapshot)]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn memory_does_what_the_model_allows(
        operations in prop::collection::vec(operation(), 1..120),
        beginning in beginning(),
    ) {
        check(MemoryStand::stand, &operations, beginning)?;
    }

    #[test]
    fn embedded_does_what_the_model_allows(
        operations in prop::collection::vec(operation(), 1..60),
        end in ending(),
        room in 0..4,
        beginning in beginning(),
    ) {
        let room: Room = match room {
            0 => (Arc::new(Disk), usize::MAX),
            1 => (cramped(), usize::MAX),
            2 => (cramped(), 1),
            _ => (Arc::new(Disk), 1),
        };
        check(|limits, pace| EmbeddedStand::stand(limits, pace, end, &room), &operations, beginning)?;
    }
}

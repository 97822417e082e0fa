//! The proof that sessions cannot bleed: random plans of requests, redirects, retries, blocks and broken
//! connections, by named and rotating sessions at once, through the real client to a real server on loopback. The
//! server hands each session cookies that bear its name and notes which connection carried whom.
//!
//! Two broken builds, one jar for all and one pool part for all, show that the same property can fail.

use std::collections::BTreeMap;
use std::sync::Mutex;

use lycosa_testkit as testkit;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseResult, TestError, TestRunner};

use super::*;
use crate::clock::SystemClock;
use crate::fetch::{AddressGuard, Client, ClientOptions, SystemResolver};
use crate::ledger::Ledger;
use crate::middleware::Retry;
use crate::model::{FetchLimits, SessionId};
use crate::politeness::{RetryOptions, RetryPolicy};
use crate::session::{Rotation, SessionOptions};
use crate::telemetry::Telemetry;

/// What is broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
    None,
    /// Every session has the same jar.
    OneJar,
    /// The client is not told of sessions.
    OnePoolPart,
}

/// What one job asks for; the number is the job's own, so that its first visits are its own.
#[derive(Clone, Copy, Debug)]
enum Step {
    Plain,
    Redirects(u8),
    Flaky,
    Broken,
    Blocked,
    /// The exchange is dropped after so many turns given to others.
    Cancelled(u8),
}

/// One job: a URL, by a named session or by the rotation (0), its body read or dropped.
#[derive(Clone, Copy, Debug)]
struct Job {
    session: u32,
    step: Step,
    read: bool,
    /// Turns given to others before each request.
    pause: u8,
}

#[derive(Clone, Debug)]
struct Plan {
    rotation: Rotation,
    slots: u32,
    max_uses: Option<u64>,
    workers: usize,
    jobs: Vec<Job>,
}

fn plans() -> impl Strategy<Value = Plan> {
    let step = prop_oneof![
        4 => Just(Step::Plain),
        3 => (1..4_u8).prop_map(Step::Redirects),
        2 => Just(Step::Flaky),
        1 => Just(Step::Broken),
        1 => Just(Step::Blocked),
        1 => (0..12_u8).prop_map(Step::Cancelled),
    ];
    let job = (0..4_u32, step, any::<bool>(), 0..4_u8).prop_map(|(session, step, read, pause)| Job {
        session,
        step,
        read,
        pause,
    });
    let rotation = prop_oneof![Just(Rotation::Off), Just(Rotation::RoundRobin), Just(Rotation::StickyBySite)];
    let uses = prop_oneof![Just(None), (1..6_u64).prop_map(Some)];
    (rotation, 1..4_u32, uses, 1..7_usize, proptest::collection::vec(job, 12..48)).prop_map(
        |(rotation, slots, max_uses, workers, jobs)| Plan { rotation, slots, max_uses, workers, jobs },
    )
}

/// Stands between the sessions and the client: tells the server in plain words whose request this is.
#[derive(Debug)]
struct Witness(Defect);

impl Middleware for Witness {
    fn name(&self) -> &'static str {
        "witness"
    }

    fn handle<'a>(&'a self, mut exchange: Exchange, next: Next<'a>) -> BoxFuture<'a, Result<Answer>> {
        let session = exchange.request.session;
        exchange.headers.insert("x-session", HeaderValue::from(session.0));
        if self.0 == Defect::OnePoolPart {
            let request = Request { session: SessionId(0), ..(*exchange.request).clone() };
            exchange.request = Arc::new(request);
        }
        next.run(exchange)
    }
}

/// `/plain/7`, `/redirects/2/7`, `/flaky/7`, … for job 7. Every answer sets a cookie that bears the session's name.
fn site(request: &testkit::Request) -> testkit::Response {
    let session = request.header("x-session").unwrap();
    let parts: Vec<&str> = request.path().split('/').skip(1).collect();
    let answer = match parts[..] {
        ["redirects", left, job] if left != "0" => {
            let left: u8 = left.parse().unwrap();
            testkit::Response::redirect(302, &format!("/redirects/{}/{job}", left - 1))
        }
        ["flaky", _] if request.visit == 1 => testkit::Response::new(503),
        ["broken", _] if request.visit == 1 => testkit::Response::text("lost").reset_before_answer(),
        ["blocked", _] => testkit::Response::new(403),
        _ => testkit::Response::text("a body that may be read or dropped"),
    };
    answer
        .header("Set-Cookie", format!("sid={session}; Path=/"))
        .header("Set-Cookie", format!("{}={session}; Path=/", parts[0]))
}

/// What the runs of a property met in all, so that none of it was idle.
#[derive(Debug, Default)]
struct Met {
    requests: usize,
    with_cookies: usize,
    reused: usize,
    hops_with_cookies: usize,
    retries: usize,
    retired: u64,
}

/// Goes through a plan; complains about every request and connection that knew of two sessions.
fn check(plan: &Plan, defect: Defect, met: &Mutex<Met>) -> TestCaseResult {
    let server = testkit::Server::start(site);
    let options = SessionOptions {
        rotation: plan.rotation,
        slots: plan.slots,
        max_uses: plan.max_uses,
        ..SessionOptions::default()
    };
    let pool = SessionPool::new(options);
    let pool = Arc::new(if defect == Defect::OneJar { pool.sharing_one_jar() } else { pool });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let retries = runtime.block_on(work(plan, defect, &pool, server.url("")));
    let (mut carried, mut uses) = (BTreeMap::<u64, String>::new(), BTreeMap::<u32, u64>::new());
    let mut met = met.lock().unwrap();
    met.retries += retries;
    met.retired += pool.stats().opened - pool.stats().live;
    for hit in server.log() {
        let field =
            |name: &str| hit.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let session = field("x-session").unwrap();
        *uses.entry(session.parse().unwrap()).or_default() += 1;
        met.requests += 1;
        for cookie in field("cookie").into_iter().flat_map(|field| field.split("; ")) {
            let (name, of) = cookie.split_once('=').unwrap();
            met.with_cookies += usize::from(name == "sid");
            met.hops_with_cookies += usize::from(name == "redirects" && hit.path.starts_with("/redirects/"));
            prop_assert_eq!(of, session, "{} got the cookie {}", &hit.target, cookie);
        }
        if let Some(other) = carried.insert(hit.connection, session.to_owned()) {
            met.reused += 1;
            prop_assert_eq!(other, session, "connection {} carried two sessions", hit.connection);
        }
    }
    let rotated = uses.iter().filter(|(id, _)| SessionId(**id).is_rotated());
    for (id, uses) in rotated {
        prop_assert!(
            plan.max_uses.is_none_or(|most| *uses <= most),
            "session {} was used {} times",
            id,
            uses
        );
    }
    Ok(())
}

/// The server breaks off on purpose: every request that it answers in the end must be tried again.
fn unbudgeted() -> Arc<RetryPolicy> {
    let options = RetryOptions { budget_floor: 1_000_000, ..RetryOptions::default() };
    Arc::new(RetryPolicy::new(options, Telemetry::default()))
}

/// The workers take the jobs in turn, at once; gives how many requests were tried again.
async fn work(plan: &Plan, defect: Defect, pool: &Arc<SessionPool>, base: String) -> usize {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let client = Client::new(ClientOptions::new(Arc::new(SystemResolver::new(clock.clone())))).unwrap();
    let stack: Arc<[Arc<dyn Middleware>]> = Arc::new([
        Arc::new(Retry::new(unbudgeted(), clock.clone(), Ledger::default())),
        Arc::new(Sessions::new(pool.clone(), clock)),
        Arc::new(Witness(defect)),
    ]);
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..plan.workers {
        let jobs = plan.jobs.iter().copied().enumerate().skip(worker).step_by(plan.workers);
        let jobs: Vec<_> = jobs.collect();
        let (client, stack, base) = (client.clone(), stack.clone(), base.clone());
        workers.spawn(async move {
            let mut retries = 0;
            for (number, job) in jobs {
                retries += journey(number, job, &base, &stack, &client).await;
            }
            retries
        });
    }
    let retries = workers.join_all().await.into_iter().sum();
    client.close().await;
    retries
}

/// One job as the engine does it: hops go on with the session of the answer, retries with that of the request.
async fn journey(
    number: usize,
    job: Job,
    base: &str,
    stack: &[Arc<dyn Middleware>],
    client: &Client,
) -> usize {
    let path = match job.step {
        Step::Plain | Step::Cancelled(_) => format!("plain/{number}"),
        Step::Redirects(hops) => format!("redirects/{hops}/{number}"),
        Step::Flaky => format!("flaky/{number}"),
        Step::Broken => format!("broken/{number}"),
        Step::Blocked => format!("blocked/{number}"),
    };
    let mut request = Request { session: SessionId(job.session), ..Request::get(format!("{base}{path}")) };
    let mut retries = 0;
    loop {
        give_way(job.pause).await;
        let exchange = exchange_of(&request);
        let url = exchange.url.clone();
        let running = Next::new(stack, client).run(exchange);
        let answer = match job.step {
            Step::Cancelled(turns) => tokio::select! {
                biased;
                answer = running => answer,
                () = give_way(turns) => return retries,
            },
            _ => running.await,
        };
        match answer.unwrap() {
            Answer::Retry { .. } => {
                retries += 1;
                request.attempt += 1;
            }
            Answer::Response(response) => {
                let target = response.header("location").map(|location| url.join(&location).unwrap());
                let session = response.facts.session.unwrap();
                if job.read {
                    response.body.read().await;
                }
                let Some(target) = target else { return retries };
                request = Request { url: target.as_str().into(), session, ..request };
            }
        }
    }
}

/// An exchange that may go to loopback.
fn exchange_of(request: &Request) -> Exchange {
    let mut guard = AddressGuard::new();
    guard.allow_cidr("127.0.0.0/8").unwrap();
    Exchange {
        request: Arc::new(request.clone()),
        url: request.url.parse().unwrap(),
        headers: HeaderMap::new(),
        policy: Arc::new(guard),
        limits: FetchLimits::default(),
        proxy: None,
    }
}

async fn give_way(turns: u8) {
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
}

fn runner(cases: u32, max_shrink_iters: u32) -> TestRunner {
    TestRunner::new(ProptestConfig {
        cases,
        max_shrink_iters,
        failure_persistence: None,
        ..ProptestConfig::default()
    })
}

#[test]
fn no_session_sees_cookies_or_connections_of_another() {
    let met = Mutex::default();
    runner(256, 200).run(&plans(), |plan| check(&plan, Defect::None, &met)).unwrap();
    let met = met.into_inner().unwrap();
    println!("{met:?}");
    let Met { requests, with_cookies, reused, hops_with_cookies, retries, retired } = met;
    assert!(requests > 2000 && with_cookies > 1000 && reused > 1000, "the plans were idle");
    assert!(hops_with_cookies > 200 && retries > 100 && retired > 50, "the plans were idle");
}

#[tokio::test]
async fn a_retired_session_leaves_no_connection_behind() {
    let server = testkit::Server::start(site);
    for (max_uses, path) in [(Some(1), "plain/1"), (None, "blocked/1")] {
        let options = SessionOptions {
            rotation: Rotation::RoundRobin,
            slots: 2,
            max_uses,
            ..SessionOptions::default()
        };
        let pool = Arc::new(SessionPool::new(options));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let ledger = Ledger::default();
        let resolver = Arc::new(SystemResolver::new(clock.clone()));
        let client = ClientOptions { ledger: ledger.clone(), ..ClientOptions::new(resolver) };
        let client = Client::new(client).unwrap();
        let stack: [Arc<dyn Middleware>; 2] =
            [Arc::new(Sessions::new(pool.clone(), clock)), Arc::new(Witness(Defect::None))];
        for _ in 0..20 {
            let exchange = exchange_of(&Request::get(server.url(path)));
            let Answer::Response(response) = Next::new(&stack, &client).run(exchange).await.unwrap() else {
                panic!("no retry stands in this stack");
            };
            response.body.read().await;
        }
        assert_eq!((pool.stats().opened, pool.stats().live), (20, 0));
        assert_eq!(ledger.connections(), 0, "{path}");
    }
}

#[test]
fn the_same_property_fails_when_sessions_share_a_jar_or_connections() {
    for (defect, complaint) in
        [(Defect::OneJar, "got the cookie"), (Defect::OnePoolPart, "carried two sessions")]
    {
        let met = Mutex::default();
        let run = runner(64, 0).run(&plans(), |plan| check(&plan, defect, &met));
        match run {
            Err(TestError::Fail(why, _)) => assert!(why.message().contains(complaint), "{defect:?}: {why}"),
            other => panic!("{defect:?} was not noticed: {other:?}"),
        }
    }
}

//! Stories of the whole stack: its order, secrets on the command line, cancellation, leaks.

use std::collections::HashSet;
use std::sync::Arc;
use std::task::{Context, Waker};

use super::script::{Script, exchange, run, step};
use super::*;
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::fetch::conformance::{Behaviour, Stand, check};
use crate::ledger::{Ledger, Resource};
use crate::model::{Answer, BoxFuture, Exchange, Fetch, ManualClock, Middleware, Next, Origin};
use crate::proxies::{NoProxy, ProxyOptions, ProxyPool, ProxyRoutes};
use crate::telemetry::Telemetry;

fn stack(options: &StackOptions, ledger: &Ledger) -> Vec<Arc<dyn Middleware>> {
    let pool = ProxyPool::new(["http://proxy.example"], ProxyOptions::default());
    let proxies = Some(ProxyRoutes::new(Arc::new(pool), NoProxy::default()));
    let options = StackOptions { sessions: Some(Arc::default()), proxies, ..options.clone() };
    built_in(&options, Arc::new(ManualClock::default()), ledger.clone()).unwrap()
}

/// Holds something over several awaits and counts it.
#[derive(Debug)]
struct Probe {
    name: &'static str,
    ledger: Ledger,
    leaks: bool,
}

impl Middleware for Probe {
    fn name(&self) -> &'static str {
        self.name
    }

    fn handle<'a>(&'a self, exchange: Exchange, next: Next<'a>) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            let open = self.ledger.open(Resource::Middlewares);
            step().await;
            let answer = next.run(exchange).await;
            step().await;
            if self.leaks {
                std::mem::forget(open);
            }
            answer
        })
    }
}

fn five_deep(ledger: &Ledger, leaks: bool) -> Vec<Arc<dyn Middleware>> {
    let mut stack = stack(&StackOptions::default(), ledger);
    for (place, name, leaks) in
        [(Place::Outermost, "outer", false), (Place::Around("headers"), "inner", leaks)]
    {
        insert(&mut stack, place, Arc::new(Probe { name, ledger: ledger.clone(), leaks })).unwrap();
    }
    stack
}

#[test]
fn the_built_in_stack_stands_in_the_documented_order() {
    let names = |options| {
        stack(&options, &Ledger::default()).iter().map(|middleware| middleware.name()).collect::<Vec<_>>()
    };
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::default());
    let cache = Cache::open(folder.path(), 1 << 20, false, clock, Telemetry::default()).unwrap();
    let whole =
        StackOptions { cache: Some(cache), sessions: Some(Arc::default()), ..StackOptions::default() };
    assert_eq!(names(whole), ORDER);
    assert_eq!(names(StackOptions::default()), ["retry", "headers", "credentials", "session", "proxy"]);
}

#[test]
fn others_are_placed_by_name() {
    let ledger = Ledger::default();
    let names = |stack: &[Arc<dyn Middleware>]| stack.iter().map(|one| one.name()).collect::<Vec<_>>();
    let mut stack = five_deep(&ledger, false);
    assert_eq!(names(&stack), ["outer", "retry", "inner", "headers", "credentials", "session", "proxy"]);
    let probe = |name| Arc::new(Probe { name, ledger: ledger.clone(), leaks: false });
    insert(&mut stack, Place::Inside("headers"), probe("a")).unwrap();
    insert(&mut stack, Place::Innermost, probe("b")).unwrap();
    assert_eq!(
        names(&stack),
        ["outer", "retry", "inner", "headers", "a", "credentials", "session", "proxy", "b"]
    );
    let error = insert(&mut stack, Place::Around("heders"), probe("c")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.hint().unwrap().contains("headers"));
}

#[tokio::test]
async fn a_secret_among_the_users_headers_stays_with_the_seeds() {
    let fields =
        ["Authorization: Bearer t", "Cookie: a=1", "X-Open: yes"].map(|text| parse_field(text).unwrap());
    let seed = Origin::of(&"https://a.example/".parse().unwrap()).unwrap();
    let options =
        StackOptions { fields: fields.to_vec(), seeds: HashSet::from([seed]), ..StackOptions::default() };
    let stack = stack(&options, &Ledger::default());
    let script = Script::answering([Ok(200), Ok(200)]);
    run(&stack, &script, exchange("https://a.example/x")).await.unwrap();
    run(&stack, &script, exchange("https://b.example/x")).await.unwrap();
    let sent = script.sent();
    assert_eq!(sent[0].headers["authorization"], "Bearer t");
    assert_eq!(sent[0].headers["cookie"], "a=1");
    assert!(!sent[1].headers.contains_key("authorization") && !sent[1].headers.contains_key("cookie"));
    assert!(sent.iter().all(|exchange| exchange.headers["x-open"] == "yes"));
}

#[test]
fn cancelling_at_every_await_of_a_deep_chain_cleans_up_every_middleware() {
    let ledger = Ledger::default();
    let stack = five_deep(&ledger, false);
    let failure = Error::new(ErrorKind::Connect, "no way").in_phase(Phase::Connect);
    for script in [|| vec![Ok(200)], || vec![Ok(503)]] {
        // One more poll each time, until the chain comes to its end.
        let (mut polls, mut held) = (0, HashSet::new());
        loop {
            let script = Script::answering(script());
            let mut chain = Box::pin(run(&stack, &script, exchange("http://a.example/")));
            let mut cx = Context::from_waker(Waker::noop());
            let ended = (0..polls).any(|_| chain.as_mut().poll(&mut cx).is_ready());
            held.insert(ledger.count(Resource::Middlewares));
            drop(chain);
            assert_eq!(ledger.snapshot(), [], "dropped after {polls} polls");
            if ended {
                break;
            }
            polls += 1;
        }
        assert!(polls >= 5, "the chain has five awaits: {polls}");
        assert!(held.contains(&3), "both probes and the retry were seen at work: {held:?}");
    }
    let script = Script::answering([Err(failure)]);
    let mut chain = Box::pin(run(&stack, &script, exchange("http://a.example/")));
    let mut cx = Context::from_waker(Waker::noop());
    while chain.as_mut().poll(&mut cx).is_pending() {}
    drop(chain);
    assert_eq!(ledger.snapshot(), []);
}

#[tokio::test]
async fn a_middleware_that_leaks_is_caught_by_the_ledger() {
    let ledger = Ledger::default();
    let stack = five_deep(&ledger, true);
    let script = Script::answering([Ok(200)]);
    let mut chain = Box::pin(run(&stack, &script, exchange("http://a.example/")));
    let mut cx = Context::from_waker(Waker::noop());
    while chain.as_mut().poll(&mut cx).is_pending() {}
    drop(chain);
    assert_eq!(ledger.snapshot(), [(Resource::Middlewares, 1)]);
}

/// The script answers what the suite asks for next.
struct ScriptStand(Script);

impl Stand for ScriptStand {
    fn fetch(&self) -> &dyn Fetch {
        &self.0
    }

    fn url(&self, behaviour: Behaviour) -> url::Url {
        self.0.then(match behaviour {
            Behaviour::Page => Ok(200),
            Behaviour::Redirect => Ok(302),
            Behaviour::ServerError => Ok(500),
            Behaviour::HangUp => Err(Error::new(ErrorKind::Protocol, "no answer").in_phase(Phase::FirstByte)),
        });
        "http://a.example/".parse().unwrap()
    }

    fn received(&self) -> usize {
        self.0.sent().len()
    }

    fn connects(&self) -> bool {
        false
    }

    fn open(&self) -> String {
        String::new()
    }
}

#[tokio::test]
async fn the_script_is_a_fetch_like_any_other() {
    check(&ScriptStand(Script::answering([]))).await.unwrap();
}

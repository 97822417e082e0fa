//! Proxies around the fetch: each exchange goes through one, and how that went decides about the proxy's health.
//!
//! Leaves an exchange alone that brings its proxy along (a session's, or another middleware's), and one whose URL
//! goes without. Tries once: a proxy that failed is the failure of the exchange, and the next attempt, a new
//! exchange, goes through another one.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Phase, Result};
use crate::model::{Answer, BoxFuture, Clock, Exchange, Middleware, Next};
use crate::proxies::{Chosen, ProxyOutcome, ProxyPool, ProxyRoutes};

/// Gives every exchange its proxy.
#[derive(Debug)]
pub struct Proxies {
    routes: ProxyRoutes,
    clock: Arc<dyn Clock>,
}

impl Proxies {
    /// The name of this middleware.
    pub const NAME: &'static str = "proxy";

    /// With these proxies; ejected ones rest by this clock.
    #[must_use]
    pub fn new(routes: ProxyRoutes, clock: Arc<dyn Clock>) -> Self {
        Self { routes, clock }
    }

    fn turn(&self, exchange: &Exchange) -> Option<Turn<'_>> {
        if exchange.proxy.is_some() {
            return None;
        }
        let pool = self.routes.pool(&exchange.url)?;
        let host = exchange.url.host_str().unwrap_or_default();
        let chosen = pool.choose(exchange.request.session, host, self.clock.now())?;
        Some(Turn { pool, chosen, clock: &*self.clock, outcome: ProxyOutcome::Unknown })
    }
}

/// One use of a proxy; dropping it reports the outcome, so that a cancelled probe is released.
struct Turn<'a> {
    pool: &'a ProxyPool,
    chosen: Chosen,
    clock: &'a dyn Clock,
    outcome: ProxyOutcome,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.pool.report(&self.chosen, self.outcome, self.clock.now());
    }
}

fn outcome(answer: &Result<Answer>) -> ProxyOutcome {
    match answer {
        Ok(Answer::Response(_)) => ProxyOutcome::Worked,
        Ok(Answer::Retry { .. }) => ProxyOutcome::Unknown,
        Err(error) => of_failure(error),
    }
}

fn of_failure(error: &Error) -> ProxyOutcome {
    match (error.kind(), error.phase()) {
        (ErrorKind::Proxy, _) => ProxyOutcome::Failed,
        // A proxy that stays silent when asked for a tunnel mostly waits for the host.
        (ErrorKind::Tunnel, _) | (ErrorKind::Timeout, Some(Phase::Proxy)) => ProxyOutcome::Refused,
        // A proxy's own name that does not resolve is a failure of the proxy, so this is the host's.
        (ErrorKind::Deferred | ErrorKind::AddressRefused | ErrorKind::Cancelled | ErrorKind::Resolve, _) => {
            ProxyOutcome::Unsent
        }
        _ => ProxyOutcome::Unknown,
    }
}

impl Middleware for Proxies {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn handle<'a>(&'a self, mut exchange: Exchange, next: Next<'a>) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            let Some(mut turn) = self.turn(&exchange) else { return next.run(exchange).await };
            exchange.proxy = Some(turn.chosen.proxy().clone());
            let answer = next.run(exchange).await;
            turn.outcome = outcome(&answer);
            answer
        })
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};
    use std::time::Duration;

    use super::*;
    use crate::middleware::script::{Script, exchange, run};
    use crate::middleware::{Retry, Sessions};
    use crate::model::{ManualClock, ProxyUrl, SessionId, Timestamp};
    use crate::politeness::{RetryOptions, RetryPolicy};
    use crate::proxies::{NoProxy, ProxyOptions, ProxyPolicy};
    use crate::session::{Jar, Profile, Session, SessionPool};
    use crate::telemetry::Telemetry;

    struct Setting {
        pool: Arc<ProxyPool>,
        clock: Arc<ManualClock>,
        stack: Vec<Arc<dyn Middleware>>,
    }

    fn setting(policy: ProxyPolicy) -> Setting {
        let options = ProxyOptions { policy, ..ProxyOptions::default() };
        let pool = Arc::new(ProxyPool::new(["http://me:hunter2@a", "http://b"], options));
        let clock = Arc::new(ManualClock::new(Timestamp(1_000)));
        let routes = ProxyRoutes::new(pool.clone(), NoProxy::new(["past.example"]).unwrap());
        let retry = Retry::new(
            Arc::new(RetryPolicy::new(
                RetryOptions { budget_floor: 1_000_000, ..RetryOptions::default() },
                Telemetry::default(),
            )),
            clock.clone(),
            crate::ledger::Ledger::default(),
        );
        let stack: Vec<Arc<dyn Middleware>> =
            vec![Arc::new(retry), Arc::new(Proxies::new(routes, clock.clone()))];
        Setting { pool, clock, stack }
    }

    impl Setting {
        /// Asks and is answered so; gives the proxy that was used.
        async fn ask(&self, url: &str, answer: Result<u16>) -> Option<String> {
            let script = Script::answering([answer]);
            let _ = run(&self.stack, &script, exchange(url)).await;
            script.sent().pop().unwrap().proxy.map(|proxy| proxy.shown())
        }

        /// How often each was used, failed, refused and was ejected.
        fn counts(&self) -> Vec<(u64, u64, u64, u64)> {
            let stats = self.pool.stats();
            stats.iter().map(|proxy| (proxy.used, proxy.failed, proxy.refused, proxy.ejected)).collect()
        }
    }

    fn failure(kind: ErrorKind, phase: Phase) -> Result<u16> {
        Err(Error::new(kind, "it failed").in_phase(phase))
    }

    #[tokio::test]
    async fn exchanges_take_turns_and_some_go_without() {
        let setting = setting(ProxyPolicy::RoundRobin);
        let url = "http://site.example/";
        for expected in ["http://a:80", "http://b:80", "http://a:80"] {
            assert_eq!(setting.ask(url, Ok(200)).await.as_deref(), Some(expected));
        }
        assert_eq!(setting.ask("http://www.past.example/", Ok(200)).await, None);
        assert_eq!(setting.counts(), [(2, 0, 0, 0), (1, 0, 0, 0)]);
    }

    #[tokio::test]
    async fn the_attempt_after_a_failed_proxy_goes_through_another() {
        for (policy, kind, phase) in [
            (ProxyPolicy::RoundRobin, ErrorKind::Proxy, Phase::Connect),
            (ProxyPolicy::Sticky, ErrorKind::Proxy, Phase::Proxy),
            (ProxyPolicy::Sticky, ErrorKind::Tunnel, Phase::Proxy),
            (ProxyPolicy::Sticky, ErrorKind::Timeout, Phase::Proxy),
            (ProxyPolicy::LeastFailures, ErrorKind::Tunnel, Phase::Proxy),
        ] {
            let setting = setting(policy);
            let first = setting.ask("http://site.example/", failure(kind, phase)).await;
            let second = setting.ask("http://site.example/", Ok(200)).await;
            assert!(first.is_some() && second.is_some() && first != second, "{policy:?} {kind}");
        }
    }

    #[tokio::test]
    async fn only_failures_of_the_proxy_count_against_it() {
        for (answer, counts) in [
            (Ok(200), (1, 0, 0, 0)),
            (Ok(404), (1, 0, 0, 0)),
            (Ok(502), (1, 0, 0, 0)),
            (failure(ErrorKind::Proxy, Phase::Dns), (1, 1, 0, 1)),
            (failure(ErrorKind::Proxy, Phase::Connect), (1, 1, 0, 1)),
            (failure(ErrorKind::Proxy, Phase::Proxy), (1, 1, 0, 1)),
            (failure(ErrorKind::Tunnel, Phase::Proxy), (1, 0, 1, 0)),
            (failure(ErrorKind::Timeout, Phase::Proxy), (1, 0, 1, 0)),
            (failure(ErrorKind::Timeout, Phase::FirstByte), (1, 0, 0, 0)),
            (failure(ErrorKind::Timeout, Phase::Connect), (1, 0, 0, 0)),
            (failure(ErrorKind::Tls, Phase::Tls), (1, 0, 0, 0)),
            (failure(ErrorKind::Disconnected, Phase::FirstByte), (1, 0, 0, 0)),
            (failure(ErrorKind::Resolve, Phase::Dns), (0, 0, 0, 0)),
            (failure(ErrorKind::AddressRefused, Phase::Connect), (0, 0, 0, 0)),
            (failure(ErrorKind::Deferred, Phase::Connect), (0, 0, 0, 0)),
        ] {
            let setting = setting(ProxyPolicy::RoundRobin);
            let said = format!("{answer:?}");
            setting.ask("http://site.example/", answer).await;
            assert_eq!(setting.counts()[0], counts, "{said}");
        }
    }

    #[tokio::test]
    async fn a_proxy_that_an_exchange_or_its_session_brings_is_left_alone() {
        let mut setting = setting(ProxyPolicy::RoundRobin);
        let script = Script::answering([Ok(200), Ok(200)]);
        let own = Exchange { proxy: Some(ProxyUrl::new("http://own")), ..exchange("http://site.example/") };
        run(&setting.stack, &script, own).await.unwrap();
        let sessions = Arc::new(SessionPool::default());
        let profile = Profile { proxy: Some(ProxyUrl::new("http://session")), ..Profile::default() };
        sessions.put(Session::new(SessionId::default(), profile, Jar::default())).unwrap();
        setting.stack.insert(1, Arc::new(Sessions::new(sessions, setting.clock.clone())));
        run(&setting.stack, &script, exchange("http://site.example/")).await.unwrap();
        let used: Vec<_> = script.sent().into_iter().map(|sent| sent.proxy.unwrap().shown()).collect();
        assert_eq!(used, ["http://own:80", "http://session:80"]);
        assert_eq!(setting.counts(), [(0, 0, 0, 0), (0, 0, 0, 0)]);
    }

    #[tokio::test]
    async fn a_cancelled_probe_makes_room_for_the_next() {
        let setting = setting(ProxyPolicy::RoundRobin);
        let url = "http://site.example/";
        setting.ask(url, failure(ErrorKind::Proxy, Phase::Connect)).await;
        setting.clock.advance(Duration::from_secs(30));
        setting.ask(url, Ok(200)).await;
        let script = Script::answering([Ok(200)]);
        let mut probe = Box::pin(run(&setting.stack, &script, exchange(url)));
        assert!(probe.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(script.sent()[0].proxy.as_ref().unwrap().shown(), "http://a:80", "the probe");
        assert_eq!(setting.ask(url, Ok(200)).await.as_deref(), Some("http://b:80"), "it is being probed");
        assert_eq!(setting.ask(url, Ok(200)).await.as_deref(), Some("http://b:80"), "still");
        drop(probe);
        assert_eq!(setting.ask(url, Ok(200)).await.as_deref(), Some("http://a:80"), "another probe");
        assert_eq!(setting.pool.stats()[0].resting_until, None);
        assert!(!format!("{:?} {:?}", setting.stack, setting.pool).contains("hunter2"));
    }
}

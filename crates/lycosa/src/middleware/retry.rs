//! Trying again later, as the [`RetryPolicy`] says.
//!
//! Nobody sleeps here: the answer is [`Answer::Retry`], the lease goes back to the frontier with the attempt
//! counted up. When the retries or the host's budget are used up, the last answer or error goes through as it is.

use std::sync::Arc;

use http::header::RETRY_AFTER;

use crate::error::Result;
use crate::ledger::{Ledger, Resource};
use crate::model::{Answer, BoxFuture, CacheUse, Clock, Exchange, Middleware, Next, Origin, Request};
use crate::politeness::{RetryPolicy, retry_after};

/// Turns transient failures into [`Answer::Retry`], as the [`RetryPolicy`] says.
#[derive(Debug)]
pub struct Retry {
    policy: Arc<RetryPolicy>,
    clock: Arc<dyn Clock>,
    ledger: Ledger,
}

impl Retry {
    /// The name of this middleware.
    pub const NAME: &'static str = "retry";

    /// Applies a policy; `Retry-After` dates are read against this clock, calls are counted in this ledger.
    #[must_use]
    pub fn new(policy: Arc<RetryPolicy>, clock: Arc<dyn Clock>, ledger: Ledger) -> Self {
        Self { policy, clock, ledger }
    }

    fn judge(&self, request: &Request, origin: &Origin, answer: Result<Answer>) -> Result<Answer> {
        match answer {
            Ok(Answer::Response(response)) => {
                let invited = response
                    .header(RETRY_AFTER.as_str())
                    .and_then(|value| retry_after(&value, self.clock.now()));
                let Some(pause) = self.policy.after_status(request, origin, response.status, invited) else {
                    return Ok(Answer::Response(response));
                };
                Ok(Answer::Retry {
                    after: pause.after,
                    block_site: pause.block_site,
                    reason: format!("status {}", response.status),
                    status: Some(response.status),
                    wire_bytes: response.body.wire_bytes(),
                    asked: invited,
                    facts: Box::new(response.facts),
                })
            }
            Err(error) => match self.policy.after_error(request, origin, &error) {
                Some(pause) => Ok(Answer::Retry {
                    after: pause.after,
                    block_site: false,
                    reason: match error.phase() {
                        Some(phase) => format!("{}/{phase}", error.kind()),
                        None => error.kind().to_string(),
                    },
                    status: None,
                    wire_bytes: 0,
                    asked: None,
                    facts: Box::default(),
                }),
                None => Err(error),
            },
            other => other,
        }
    }
}

/// Whether a cache answered, so that the host bore nothing.
fn is_local(answer: &Result<Answer>) -> bool {
    matches!(answer, Ok(Answer::Response(response)) if response.facts.cache.is_some_and(CacheUse::is_local))
}

impl Middleware for Retry {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn handle<'a>(&'a self, exchange: Exchange, next: Next<'a>) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            let _open = self.ledger.open(Resource::Middlewares);
            let request = exchange.request.clone();
            let Some(origin) = Origin::of(&exchange.url) else { return next.run(exchange).await };
            let answer = next.run(exchange).await;
            // What a cache has it will have the next time, and its host was not asked.
            if is_local(&answer) {
                return answer;
            }
            self.policy.sent(&request, &origin);
            self.judge(&request, &origin, answer)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::Method;

    use super::*;
    use crate::error::{Error, ErrorKind, Phase};
    use crate::middleware::script::{Script, exchange, run};
    use crate::model::{ManualClock, Timestamp};
    use crate::politeness::MAX_RETRY_AFTER;

    /// 2026-01-01T00:00:00Z.
    const NOW: Timestamp = Timestamp(1_767_225_600_000);

    fn asked(method: Method, attempt: u32) -> Exchange {
        let mut asked = exchange("http://a.example/p");
        let mut request = (*asked.request).clone();
        (request.method, request.attempt) = (method, attempt);
        asked.request = Arc::new(request);
        asked
    }

    async fn answer(script: Script, asked: Exchange) -> Result<Answer> {
        let clock = Arc::new(ManualClock::new(NOW));
        let policy = Arc::new(RetryPolicy::default());
        run(&[Arc::new(Retry::new(policy, clock, Ledger::default()))], &script, asked).await
    }

    async fn pause_after(retry_after: &str) -> (Duration, bool) {
        let script = Script::answering([Ok(429)]).with_header("retry-after", retry_after);
        match answer(script, asked(Method::GET, 0)).await.unwrap() {
            Answer::Retry { after, block_site, .. } => (after, block_site),
            Answer::Response(response) => panic!("{response:?}"),
        }
    }

    #[tokio::test]
    async fn a_busy_server_is_left_alone_as_long_as_it_asks() {
        assert_eq!(pause_after("120").await, (Duration::from_secs(120), true));
        assert_eq!(pause_after("Thu, 01 Jan 2026 00:05:00 GMT").await, (Duration::from_secs(300), true));
        assert_eq!(pause_after("Thursday, 01-Jan-26 00:05:00 GMT").await.0, Duration::from_secs(300));
        assert_eq!(pause_after("99999999999999999999999").await.0, MAX_RETRY_AFTER, "capped");
        assert_eq!(pause_after("7200").await.0, Duration::from_secs(7_200));
        for own in ["0", "", "soon", "-5", "Thu, 01 Jan 2015 00:00:00 GMT"] {
            let (after, _) = pause_after(own).await;
            let second = Duration::from_millis(500)..=Duration::from_secs(1);
            assert!(second.contains(&after), "{own:?}: {after:?}");
        }
    }

    #[tokio::test]
    async fn what_is_tried_again_depends_on_status_and_method() {
        for (status, get, post) in [
            (200, false, false),
            (301, false, false),
            (404, false, false),
            (408, true, false),
            (429, true, true),
            (500, true, false),
            (501, false, false),
            (502, true, false),
            (503, true, true),
            (504, true, false),
        ] {
            for (method, again) in [(Method::GET, get), (Method::POST, post)] {
                let answer = answer(Script::answering([Ok(status)]), asked(method.clone(), 0)).await.unwrap();
                match answer {
                    Answer::Retry { status: asked, block_site, .. } => {
                        assert!(again, "{method} {status}");
                        assert_eq!((asked, block_site), (Some(status), matches!(status, 429 | 503)));
                    }
                    Answer::Response(_) => assert!(!again, "{method} {status}"),
                }
            }
        }
    }

    #[tokio::test]
    async fn what_is_tried_again_depends_on_the_failure() {
        let error = |kind, phase| Error::new(kind, "it failed").in_phase(phase);
        for (failure, get, post) in [
            (error(ErrorKind::Resolve, Phase::Dns), true, true),
            (error(ErrorKind::Connect, Phase::Connect), true, true),
            (error(ErrorKind::Timeout, Phase::Tls), true, true),
            (error(ErrorKind::Timeout, Phase::FirstByte), true, false),
            (error(ErrorKind::Disconnected, Phase::FirstByte), true, false),
            (error(ErrorKind::Tls, Phase::Tls), false, false),
            (error(ErrorKind::AddressRefused, Phase::Connect), false, false),
            (error(ErrorKind::Deferred, Phase::Connect), false, false),
            (error(ErrorKind::Protocol, Phase::FirstByte), false, false),
        ] {
            for (method, again) in [(Method::GET, get), (Method::POST, post)] {
                let script = Script::answering([Err(failure.clone())]);
                match answer(script, asked(method.clone(), 0)).await {
                    Ok(Answer::Retry { reason, block_site, status, .. }) => {
                        assert!(again && !block_site && status.is_none(), "{method} {failure}");
                        assert!(reason.starts_with(failure.kind().as_str()), "{reason}");
                    }
                    Ok(Answer::Response(response)) => panic!("{response:?}"),
                    Err(_) => assert!(!again, "{method} {failure}"),
                }
            }
        }
    }

    #[tokio::test]
    async fn after_the_last_retry_the_answer_goes_through() {
        let last = answer(Script::answering([Ok(503)]), asked(Method::GET, 2)).await.unwrap();
        assert!(matches!(last, Answer::Response(response) if response.status == 503));
        let failure = Error::new(ErrorKind::Connect, "no way").in_phase(Phase::Connect);
        let last = answer(Script::answering([Err(failure)]), asked(Method::GET, 2)).await;
        assert_eq!(last.unwrap_err().kind(), ErrorKind::Connect);
    }
}

//! Trying again later: which failures, after how long, how often.
//!
//! Nobody sleeps here: the answer is [`Answer::Retry`], the lease goes back to the frontier with the attempt
//! counted up. When the retries are used up, the last answer or error goes through as it is.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use http::header::RETRY_AFTER;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::error::{Error, ErrorKind, Phase, Result};
use crate::ledger::{Ledger, Resource};
use crate::model::{Answer, BoxFuture, Clock, Exchange, Middleware, Next, Request, Response};

/// How often and how late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryOptions {
    /// Further attempts after the first. Default 2.
    pub retries: u32,
    /// The pause before the first of them; each further one is twice as long. Default 1 s.
    pub first: Duration,
    /// No pause is longer, whatever the server asks for. Default 1 h.
    pub most: Duration,
    /// Spreads the pauses of different URLs; the same seed gives the same pauses. Default 0.
    pub seed: u64,
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self { retries: 2, first: Duration::from_secs(1), most: Duration::from_secs(3600), seed: 0 }
    }
}

/// Turns transient failures into [`Answer::Retry`].
///
/// Statuses: 408, 429, 500, 502, 503, 504; 429 and 503 rest the whole site and, as the server did not do the
/// work, hold for every method. The others, and errors after the request may have been received, only for
/// idempotent methods (RFC 9110 §9.2.2). [`ErrorKind::Deferred`] is not a failure and goes through.
#[derive(Debug)]
pub struct Retry {
    options: RetryOptions,
    clock: Arc<dyn Clock>,
    ledger: Ledger,
}

impl Retry {
    /// The name of this middleware.
    pub const NAME: &'static str = "retry";

    /// A retry policy; `Retry-After` dates are read against this clock, calls are counted in this ledger.
    #[must_use]
    pub fn new(options: RetryOptions, clock: Arc<dyn Clock>, ledger: Ledger) -> Self {
        Self { options, clock, ledger }
    }

    fn judge(&self, request: &Request, answer: Result<Answer>) -> Result<Answer> {
        if request.attempt >= self.options.retries {
            return answer;
        }
        match answer {
            Ok(Answer::Response(response)) if status_asks_again(response.status, &request.method) => {
                let asked = self.retry_after(&response).unwrap_or_default();
                Ok(Answer::Retry {
                    after: self.pause(request).max(asked).min(self.options.most),
                    block_site: matches!(response.status, 429 | 503),
                    reason: format!("status {}", response.status),
                    status: Some(response.status),
                    wire_bytes: response.body.wire_bytes(),
                })
            }
            Err(error) if error_asks_again(&error, &request.method) => Ok(Answer::Retry {
                after: self.pause(request),
                block_site: false,
                reason: match error.phase() {
                    Some(phase) => format!("{}/{phase}", error.kind()),
                    None => error.kind().to_string(),
                },
                status: None,
                wire_bytes: 0,
            }),
            other => other,
        }
    }

    /// Exponential back-off with jitter: between half and the whole of `first · 2^attempt`.
    fn pause(&self, request: &Request) -> Duration {
        let factor = 1_u32.checked_shl(request.attempt).unwrap_or(u32::MAX);
        let whole = self.options.first.saturating_mul(factor).min(self.options.most);
        let seed = self.options.seed.wrapping_add(u64::from(request.attempt));
        // The top 16 bits of the hash, as a part of 65,536.
        let part = u32::try_from(xxh3_64_with_seed(request.url.as_bytes(), seed) >> 48).unwrap_or(0);
        let half = whole / 2;
        half + half.mul_f64(f64::from(part) / 65_536.0)
    }

    /// `Retry-After` as seconds or as a date (RFC 9110 §10.2.3); nothing when it is neither.
    fn retry_after(&self, response: &Response) -> Option<Duration> {
        let text = response.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
        }
        let at = httpdate::parse_http_date(text).ok()?;
        Some(at.duration_since(self.clock.now().to_system_time()).unwrap_or_default())
    }
}

fn status_asks_again(status: u16, method: &Method) -> bool {
    match status {
        429 | 503 => true,
        408 | 500 | 502 | 504 => method.is_idempotent(),
        _ => false,
    }
}

fn error_asks_again(error: &Error, method: &Method) -> bool {
    let unsent = matches!(error.phase(), Some(Phase::Dns | Phase::Connect | Phase::Proxy | Phase::Tls));
    error.is_transient() && error.kind() != ErrorKind::Deferred && (unsent || method.is_idempotent())
}

impl Middleware for Retry {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn handle<'a>(&'a self, exchange: Exchange, next: Next<'a>) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            let _open = self.ledger.open(Resource::Middlewares);
            let request = exchange.request.clone();
            let answer = next.run(exchange).await;
            self.judge(&request, answer)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::middleware::script::{Script, exchange, run};
    use crate::model::{ManualClock, Timestamp};

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
        run(&[Arc::new(Retry::new(RetryOptions::default(), clock, Ledger::default()))], &script, asked).await
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
        assert_eq!(pause_after("99999999999999999999999").await.0, Duration::from_secs(3600), "capped");
        for own in ["0", "", "soon", "-5", "Thu, 01 Jan 2015 00:00:00 GMT"] {
            let (after, _) = pause_after(own).await;
            let second = Duration::from_millis(500)..=Duration::from_secs(1);
            assert!(second.contains(&after), "{own:?}: {after:?}");
        }
    }

    #[tokio::test]
    async fn each_pause_is_about_twice_the_one_before_and_the_same_every_time() {
        let options = RetryOptions { retries: 40, ..RetryOptions::default() };
        let retry = Retry::new(options, Arc::new(ManualClock::new(NOW)), Ledger::default());
        for attempt in 0..40 {
            let request = asked(Method::GET, attempt).request;
            let whole = Duration::from_secs(1 << attempt.min(20)).min(options.most);
            let pause = retry.pause(&request);
            assert!(whole / 2 <= pause && pause <= whole, "{attempt}: {pause:?}");
            assert_eq!(pause, retry.pause(&request));
        }
        let mut spread: Vec<_> =
            (0..50).map(|n| retry.pause(&Request::get(format!("http://a.example/{n}")))).collect();
        spread.sort();
        spread.dedup();
        assert!(spread.len() > 40, "different URLs wait differently: {}", spread.len());
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

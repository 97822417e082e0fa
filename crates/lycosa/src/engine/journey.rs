//! The journey of one lease: from the frontier's hand to a commit or a nack.
//!
//! Everything here ends in an [`Ending`], so that no lease is forgotten on any path; only a cancelled or panicked
//! journey ends without one, and the dispatcher accounts for those.

use std::sync::Arc;
use std::time::Duration;

use http::header::SET_COOKIE;
use url::Url;

use super::credit::LeaseCredit;
use super::discover::Target;
use super::pages::CommittedPage;
use super::policy::LeasePolicy;
use super::shared::Shared;
use super::toll::Toll;
use crate::error::{Error, ErrorKind};
use crate::model::{
    Answer, Attempt, Commit, CommitNotes, Discovered, Exchange, Exclusion, Lease, Nack, Next, Outcome,
    Payload, Record, Repeated, Request, RequestKind, Response, Retry, SessionId, Timestamp, Timings,
};
use crate::politeness::asked_for;
use crate::scope::canonical;

/// One lease on its way.
#[derive(Debug)]
pub(super) struct Journey {
    pub(super) shared: Arc<Shared>,
    pub(super) lease: Arc<Lease>,
    /// What is asked for, when that is not what the URL waited as.
    asked_as: Option<RequestKind>,
    /// The request as sent: the lease's, after the hooks.
    pub(super) request: Arc<Request>,
    pub(super) url: Url,
    started: Timestamp,
    toll: Arc<Toll>,
    pub(super) attempts: Vec<Attempt>,
    pub(super) peer: Option<std::net::SocketAddr>,
    pub(super) timings: Timings,
    /// The session the answer came by, as far as it was said.
    pub(super) session: Option<SessionId>,
    /// The declared type of the answer, once there is one.
    pub(super) answered: Option<Option<Box<str>>>,
    /// Whether the answer came without a request: then none is charged to the site.
    pub(super) is_local: bool,
    /// For how long it turned the request away, when it said so.
    pub(super) asks: Option<Duration>,
    /// What its page repeats, when it gives no record for that.
    pub(super) repeats: Option<Repeated>,
}

/// How a journey ends.
#[derive(Debug)]
pub(super) enum Ending {
    /// With an outcome, and the page for the stream's reader when there is one.
    Commit(Box<Commit>, Option<Box<CommittedPage>>),
    /// To be tried again.
    Nack(Nack),
    /// With the whole crawl, which cannot go on; the URL is left to a resumed one.
    Stop(Nack, Error),
}

/// An answer whose head has arrived.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) status: u16,
    pub(super) response: Box<Response>,
}

impl Arrival {
    /// `None` when this is no redirect; `Some(None)` when it is one without a usable target.
    #[expect(clippy::option_option, reason = "no redirect, a broken one and a good one are three answers")]
    pub(super) fn redirect_target(&self, base: &Url) -> Option<Option<Url>> {
        if !matches!(self.status, 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let location = self.response.headers.get(http::header::LOCATION)?;
        // Servers send raw UTF-8 here; the URL parser percent-encodes it (WHATWG Fetch, "location URL").
        let text = String::from_utf8_lossy(location.as_bytes());
        Some(base.join(text.trim()).ok())
    }
}

impl Journey {
    /// Takes a lease up. A URL in the state that no longer parses is damage, and ends as a failure.
    pub(super) async fn start(
        shared: Arc<Shared>,
        lease: Arc<Lease>,
        toll: Arc<Toll>,
    ) -> Result<Self, Box<Commit>> {
        let started = shared.parts.clock.now();
        let waited_as = lease.request.kind;
        let lease = shared.as_named(lease);
        let asked_as = Some(lease.request.kind).filter(|kind| *kind != waited_as);
        let request = Arc::new(lease.request.clone());
        match Url::parse(&request.url) {
            Ok(url) => Ok(Self {
                shared,
                lease,
                asked_as,
                request,
                url,
                started,
                toll,
                attempts: Vec::new(),
                peer: None,
                timings: Timings::default(),
                session: None,
                answered: None,
                is_local: false,
                asks: None,
                repeats: None,
            }),
            Err(cause) => {
                let error = Error::new(ErrorKind::Url, "the URL cannot be parsed").at_url(&request.url);
                let outcome = Outcome::Failed { error: error.with_source(cause) };
                let host_update = super::robots::update_without_answer(&shared, &lease).await;
                Err(Box::new(Commit { host_update, ..Commit::ending(lease.token, outcome) }))
            }
        }
    }

    /// Goes the whole way.
    pub(super) async fn go(&mut self) -> Ending {
        if let Some(ending) = self.put_off() {
            return ending;
        }
        let mut ending = self.travel().await;
        if let Ending::Commit(commit, _) = &mut ending {
            self.prove_dates(commit);
            self.keep_visiting(commit);
            commit.notes.asked_as = self.asked_as;
            commit.notes.repeats = self.repeats.take();
        }
        ending
    }

    async fn travel(&mut self) -> Ending {
        if let Some(failures) = self.lease.given_up {
            return self.host_down(failures).await;
        }
        if let Some(error) = self.robots_withheld() {
            return self.failed(error);
        }
        if let Some(reason) = self.robots_refusal(&self.url.clone()) {
            return self.excluded(reason);
        }
        let mut request = (*self.request).clone();
        request.headers.extend(self.conditions());
        let wanted = self.shared.parts.hooks.on_request(&mut request);
        // Without its robots.txt nothing on a host could be asked for, wanted or not.
        if !wanted && request.kind != RequestKind::Robots {
            return self.excluded(Exclusion::Hook);
        }
        self.request = Arc::new(request);
        // A hook that gave the request a name of its own gave it other rules as well.
        if super::robots::own_name(&self.request) != super::robots::own_name(&self.lease.request)
            && let Some(reason) = self.robots_refusal(&self.url.clone())
        {
            return self.excluded(reason);
        }
        let parts = &self.shared.parts;
        let policy =
            Arc::new(LeasePolicy::new(parts.guard.clone(), parts.frontier.clone(), self.lease.token));
        let exchange = self.exchange(&policy);
        self.toll.sent(self.now());
        let shared = self.shared.clone();
        let next = Next::new(&shared.parts.middlewares, &*shared.parts.fetch);
        let answer = next.run(exchange).await;
        // A robots.txt is no URL of the crawl.
        let is_url = self.lease.request.kind != RequestKind::Robots;
        if is_url && self.lease.request.attempt > 0 && was_sent(&answer) {
            shared.telemetry.retried();
        }
        if self.is_in_vain(&answer) && self.is_site_down().await {
            return self.put_back(answer);
        }
        match answer {
            Ok(Answer::Response(response)) => self.arrived(response).await,
            Ok(Answer::Retry { after, block_site, reason, status, wire_bytes, asked, facts }) => {
                self.asks = asked.filter(|_| block_site);
                (self.peer, self.timings) = (facts.peer, facts.timings);
                self.tell_of_long_rest(after);
                match status {
                    Some(status) => self.note_answer(status, 0, wire_bytes),
                    None => self.note(None, Some(reason), wire_bytes),
                }
                let until = self.now().after(after);
                self.nack(Retry {
                    not_before: until,
                    block_site_until: block_site.then_some(until),
                    counts: true,
                })
            }
            Err(error) => self.not_arrived(error, &policy).await,
        }
    }

    fn exchange(&self, policy: &Arc<LeasePolicy>) -> Exchange {
        let parts = &self.shared.parts;
        let mut limits = parts.settings.limits.clone();
        if self.lease.request.kind == RequestKind::Robots {
            limits = super::robots::bounds(limits);
        }
        // Without a budget of bytes a lease has no bound; with one it has, even if the budget came later.
        if self.lease.bytes != u64::MAX {
            let time = self.lease.deadline.since(self.started);
            let (frontier, token, toll) = (parts.frontier.clone(), self.lease.token, self.toll.clone());
            let credit = LeaseCredit::new(frontier, token, time, self.lease.bytes, toll);
            limits.credit = Some(Arc::new(credit));
        }
        Exchange {
            request: self.request.clone(),
            url: self.url.clone(),
            headers: http::HeaderMap::new(),
            policy: policy.clone(),
            limits,
            proxy: None,
        }
    }

    async fn arrived(&mut self, response: Box<Response>) -> Ending {
        self.hear_of_connection(&response);
        self.session = response.facts.session;
        self.answered = Some(response.header("content-type").map(|kind| kind.as_ref().into()));
        if let Some(how) = response.facts.cache {
            self.shared.telemetry.cached(how);
            self.is_local = how.is_local();
        }
        if let Some(downgrade) = response.facts.downgrade {
            let (origin, how) = (&self.lease.origin, downgrade.as_str());
            self.shared.telemetry.problem(format!("{origin}: HTTP/2 was offered and {how}"));
        }
        let arrival = Arrival { status: response.status, response };
        self.shared.parts.hooks.on_response(&self.request, arrival.status, &arrival.response.headers);
        if self.lease.request.kind == RequestKind::Robots {
            return self.robots_arrived(arrival).await;
        }
        if self.is_unmodified(arrival.status) {
            return self.unmodified(&arrival);
        }
        if let Some(target) = arrival.redirect_target(&self.url) {
            self.note_answer(arrival.status, 0, arrival.response.body.wire_bytes());
            let cookie = self.session.is_some() && arrival.response.headers.contains_key(SET_COOKIE);
            return self.follow(arrival.status, target, cookie);
        }
        match self.lease.request.kind {
            RequestKind::Sitemap => self.sitemap_arrived(arrival).await,
            _ => self.page_arrived(arrival).await,
        }
    }

    /// One hop: ends the lease and queues the continuation in the same commit. With a new cookie a URL of the chain
    /// may answer otherwise, and is asked once more.
    fn follow(&mut self, status: u16, target: Option<Url>, cookie: bool) -> Ending {
        let Some(target) = target else {
            return self.failed(Error::new(ErrorKind::Redirect, "a redirect without a usable target"));
        };
        let most = self.shared.parts.settings.max_redirects;
        if self.lease.request.chain.len() >= most {
            return self.failed(Error::new(ErrorKind::Redirect, format!("more than {most} redirects")));
        }
        let identity = &self.shared.parts.identity;
        let Some(identified) = identity.identify(&target) else {
            return self.failed(Error::new(ErrorKind::Redirect, format!("a redirect to {target}")));
        };
        let met =
            |url: &str| Url::parse(url).ok().and_then(|url| identity.identify(&url).map(|found| found.key));
        let in_chain = self.lease.request.chain.iter().any(|hop| met(&hop.url) == Some(identified.key));
        let again = identified.key == self.lease.key || in_chain;
        if again && !cookie && !self.is_respelled(&target) {
            return self.failed(Error::new(ErrorKind::Redirect, format!("a redirect loop at {target}")));
        }
        match self.shared.discover_hop(&self.lease.request, status, &target) {
            Target::Discovered(mut to) => {
                if again {
                    to.key = identity.again(to.key, self.lease.request.chain.len());
                }
                let alias = Outcome::Alias { status, of: to.request.url.clone() };
                let if_known = self.outcome_records(&alias);
                self.redirected(status, *to, if_known)
            }
            Target::Refused(reason, _) => {
                self.tell_of_way_out(&target);
                self.excluded(reason)
            }
        }
    }

    /// Whether a URL of the chain's keys is none of its URLs: parameters that the crawl leaves out were taken off it.
    fn is_respelled(&self, target: &Url) -> bool {
        let request = &self.lease.request;
        let met = |url: &str| Url::parse(url).is_ok_and(|url| canonical(&url) == canonical(target));
        self.shared.parts.identity.merges_queries()
            && !request.chain.iter().map(|hop| &*hop.url).chain([&*request.url]).any(met)
    }

    pub(super) fn redirected(&mut self, status: u16, mut to: Discovered, if_known: Vec<Record>) -> Ending {
        // What a hook or a rotation chose for this hop holds for the next.
        to.request.session = self.session.unwrap_or(self.request.session);
        let outcome = Outcome::Redirect { status, to: Box::new(to), if_known };
        Ending::Commit(Box::new(self.commit(outcome)), None)
    }

    async fn not_arrived(&mut self, error: Error, policy: &LeasePolicy) -> Ending {
        match error.kind() {
            ErrorKind::Deferred => {
                let until = policy.deferred_until().unwrap_or_else(|| self.now());
                self.nack(Retry { not_before: until, block_site_until: None, counts: false })
            }
            ErrorKind::Cancelled | ErrorKind::Budget => {
                self.note(None, Some(error.kind().to_string()), 0);
                self.nack(Retry { not_before: self.now(), block_site_until: None, counts: false })
            }
            // Nothing was sent: by rules of ours.
            ErrorKind::AddressRefused | ErrorKind::Offline => {
                if self.lease.request.kind == RequestKind::Robots {
                    return self.robots_refused(error).await;
                }
                self.failed(error)
            }
            _ => {
                self.note_failure(&error);
                if self.lease.request.kind == RequestKind::Robots {
                    return self.robots_failed(&error).await;
                }
                self.failed(error)
            }
        }
    }

    /// Nothing is sent to a site that failed for so long.
    async fn host_down(&mut self, failures: u32) -> Ending {
        let site = &self.lease.site;
        let message = format!("{site} failed {failures} times in a row, rest after rest, and was given up");
        self.shared.telemetry.problem(format!(
            "{message}; what waited there goes back by `lycosa frontier requeue --kind host_down`"
        ));
        let error = Error::new(ErrorKind::HostDown, message);
        if self.lease.request.kind == RequestKind::Robots {
            return self.robots_failed(&error).await;
        }
        self.failed(error)
    }

    /// A failure in the middle of a body: to be tried again while tries are left and it makes sense.
    pub(super) fn retry_body(&mut self, error: &Error) -> Option<Ending> {
        if matches!(error.kind(), ErrorKind::Budget | ErrorKind::Cancelled) {
            return Some(self.nack(Retry { not_before: self.now(), block_site_until: None, counts: false }));
        }
        let pause =
            self.shared.parts.retry.after_error(&self.lease.request, &self.lease.origin, error)?.after;
        Some(self.nack(Retry { not_before: self.now().after(pause), block_site_until: None, counts: true }))
    }

    pub(super) fn failed(&mut self, error: Error) -> Ending {
        Ending::Commit(Box::new(self.failed_commit(error)), None)
    }

    pub(super) fn failed_commit(&mut self, error: Error) -> Commit {
        let error = if error.url().is_some() { error } else { error.at_url(self.url.as_str()) };
        self.shared.telemetry.failed(&error, self.lease.request.kind);
        self.shared.parts.hooks.on_error(&self.request, &error);
        self.commit(Outcome::Failed { error })
    }

    pub(super) fn fetched_commit(&mut self, status: u16) -> Commit {
        self.commit(Outcome::Fetched { status })
    }

    pub(super) fn excluded(&mut self, reason: Exclusion) -> Ending {
        self.shared.telemetry.skipped(reason, 1);
        Ending::Commit(Box::new(self.commit(Outcome::Excluded { reason })), None)
    }

    /// The commit of an outcome that gives no page.
    pub(super) fn commit(&mut self, outcome: Outcome) -> Commit {
        self.tell_of_lost_seed(&outcome);
        let records = self.outcome_records(&outcome);
        let attempts = std::mem::take(&mut self.attempts);
        Commit { attempts, payload: Payload::Inline(records), ..Commit::ending(self.lease.token, outcome) }
    }

    /// The commit of a page.
    pub(super) fn page_commit(
        &mut self,
        status: u16,
        records: Vec<Record>,
        outlinks: Vec<Discovered>,
        notes: CommitNotes,
    ) -> Commit {
        let attempts = std::mem::take(&mut self.attempts);
        let payload = Payload::Inline(records);
        Commit {
            attempts,
            payload,
            outlinks,
            notes,
            is_page: true,
            ..Commit::ending(self.lease.token, Outcome::Fetched { status })
        }
    }

    pub(super) fn stop(&mut self, error: Error) -> Ending {
        let retry = Retry { not_before: self.now(), block_site_until: None, counts: false };
        Ending::Stop(Nack { token: self.lease.token, attempt: self.attempts.pop(), retry }, error)
    }

    pub(super) fn nack(&mut self, retry: Retry) -> Ending {
        Ending::Nack(Nack { token: self.lease.token, attempt: self.attempts.pop(), retry })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.shared.parts.clock.now()
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.now().since(self.started)
    }

    /// When the journey began.
    pub(super) fn started(&self) -> Timestamp {
        self.started
    }

    /// Notes an answer, for the state and for the counters.
    pub(super) fn note_answer(&mut self, status: u16, decoded: u64, wire: u64) {
        self.shared.telemetry.answered(status, wire, decoded);
        self.note(Some(status), self.asks.map(|rest| asked_for(rest).to_owned()), wire);
    }

    pub(super) fn note_failure(&mut self, error: &Error) {
        let what = error
            .phase()
            .map_or_else(|| error.kind().to_string(), |phase| format!("{}/{phase}", error.kind()));
        self.note(None, Some(what), 0);
    }

    fn note(&mut self, status: Option<u16>, failure: Option<String>, wire_bytes: u64) {
        if self.is_local {
            return;
        }
        self.attempts.push(Attempt {
            at: self.started,
            duration: self.elapsed(),
            status,
            failure: failure.map(Into::into),
            peer: self.peer,
            wire_bytes,
            content: None,
            timings: self.timings,
        });
    }
}

/// Whether an exchange was made or tried, and not put off or forbidden by what is ours.
fn was_sent(answer: &Result<Answer, Error>) -> bool {
    use ErrorKind::{AddressRefused, Budget, Cancelled, Deferred, Offline};
    let ours =
        |error: &Error| matches!(error.kind(), AddressRefused | Budget | Cancelled | Deferred | Offline);
    !answer.as_ref().is_err_and(ours)
}

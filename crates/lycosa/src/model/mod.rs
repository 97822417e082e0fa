//! The words: what travels between the stages of a crawl, and the traits those stages implement.
//!
//! Nothing here does anything by itself. Each trait's documentation is a contract; the implementations live in
//! the module of their stage and run that stage's conformance suite. Layer 0: imports no other module of this
//! library but `error`, and no runtime.

mod block;
mod budget;
mod clock;
mod extract;
mod fetch;
mod frontier;
mod host;
mod key;
mod lastmod;
mod middleware;
mod order;
mod outcome;
mod record;
mod request;
mod rest;
mod scope;
mod sink;
mod usage;
mod visit;
pub mod wire;

pub use block::{Block, BlockKind, BlockLayer};
pub use budget::{ParkedShape, Parking, TemplateBudget};
pub use clock::{Clock, ManualClock, Timestamp};
pub(crate) use extract::resolve;
pub use extract::{Extract, Findings, Outlink, Page};
pub use fetch::{
    Body, BodyEnd, BodyStream, ByteCredit, CacheUse, ConnectPolicy, ConnectTarget, Downgrade, Exchange,
    Facts, Fetch, Limits as FetchLimits, ProxyUrl, Resolve, Response, TcpFacts, Timings, field_text,
};
pub use frontier::{
    AddStatus, Commit, CommitError, Control, Cursor, Discovered, Extension, Finish, Frontier, Gate, Granted,
    Lease, Leased, Limits, Lsn, Nack, Outbox, Pace, Retry, Stats, Token, Want,
};
pub use host::{HostRecord, HostUpdate, OriginRecord, Robots};
pub use key::{AddressKey, CrawlId, Origin, RecordId, Scheme, SiteKey, UrlKey, Versions};
pub use lastmod::{DateProof, Dates, LastmodTrust, SiteDates, date_ends};
pub use lycosa_rules::{FieldCounts, FieldFailure, InnerCounts, Item, ItemCounts, Reject};
pub use middleware::{Answer, Middleware, Next};
pub use order::Order;
pub use outcome::{Attempt, CommitNotes, Content, Exclusion, Outcome, RefusedLink, Repeated};
pub use record::{Committed, Payload, Record, RecordKind};
pub use request::{Hop, Request, RequestKind, SessionId, USER_AGENT};
pub use rest::{Breaker, DelayCause, Health, Patience, RestReason, SiteRests, Waits};
pub use scope::{Candidate, Scope, Verdict};
pub use sink::{Position, Sink};
pub use usage::{SignalPlace, UseSignal};
pub use visit::{Revisit, Visit};

/// A boxed future: what object-safe traits return.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

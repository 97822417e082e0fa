//! Which session a request goes with: by its name, or by rotation; and when a session has to go.
//!
//! A request with a session other than the default goes with that one, always: it is *named*. One of the default
//! session is free for the rotation, if there is one: a fixed number of *slots*, each with one live session. A
//! session that was used up or blocked is retired, and its slot gets a fresh one, with a new id (from
//! [`SessionId::ROTATED`] on), an empty jar and so no connections. Named sessions are never retired.
//!
//! Deterministic: the same calls in the same order give the same sessions. Nothing is read from a clock.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use xxhash_rust::xxh3::xxh3_64;

use super::{Jar, JarLimits, Profile, Session};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{ProxyUrl, SessionId};

/// Named sessions that one pool keeps.
const MOST_NAMED: usize = 65_536;

/// How the sessions of a rotation take turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    /// No rotation: requests of the default session stay with it.
    #[default]
    Off,
    /// One after the other.
    RoundRobin,
    /// Always the same slot for one site.
    StickyBySite,
}

/// How a pool of sessions works.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// Default [`Rotation::Off`].
    pub rotation: Rotation,
    /// Live sessions of the rotation. Default 4; 0 counts as 1.
    pub slots: u32,
    /// Exchanges after which a session of the rotation is retired, hops of redirects included; 0 counts as 1.
    /// Default: no limit.
    pub max_uses: Option<u64>,
    /// Statuses that mean "blocked". Default 403 and 429.
    pub block_statuses: Vec<u16>,
    /// Blocks after which a session of the rotation is retired. Default 1; 0 counts as 1.
    pub max_blocks: u32,
    /// Failures in a row after which a session of the rotation is retired. Default 5; 0 counts as 1.
    pub max_failures: u32,
    /// What the slots' sessions are made with, in turn: slot *n* has profile *n* mod their number. Default none.
    pub profiles: Vec<Profile>,
    /// What the default session has.
    pub default_profile: Profile,
    /// Bounds of every jar.
    pub jar: JarLimits,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            rotation: Rotation::Off,
            slots: 4,
            max_uses: None,
            block_statuses: vec![403, 429],
            max_blocks: 1,
            max_failures: 5,
            profiles: Vec::new(),
            default_profile: Profile::default(),
            jar: JarLimits::default(),
        }
    }
}

/// How an exchange ended, as far as its session is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was answered.
    Answered,
    /// It was answered with one of the block statuses.
    Blocked,
    /// It got no answer.
    Failed,
    /// It was never sent: the use is given back.
    Unsent,
}

/// Why a session was retired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retirement {
    /// It was used as often as allowed.
    UsedUp,
    /// It was blocked.
    Blocked,
    /// It failed too often in a row.
    Failing,
}

/// Counts of a pool since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionStats {
    /// Sessions made, named ones included.
    pub opened: u64,
    /// Sessions alive, named ones included.
    pub live: u64,
    /// Uses, without those given back.
    pub uses: u64,
    /// Sessions retired because they were used up.
    pub used_up: u64,
    /// Sessions retired because they were blocked.
    pub blocked: u64,
    /// Sessions retired because they kept failing.
    pub failing: u64,
}

/// The sessions of a crawl. Their ids are names within one client: two pools over one client would share its
/// connections.
#[derive(Debug)]
pub struct SessionPool {
    options: SessionOptions,
    state: Mutex<State>,
    /// The one jar of all sessions, for the test that must notice.
    #[cfg(test)]
    shared: Option<Arc<Mutex<Jar>>>,
}

#[derive(Debug, Default)]
struct State {
    named: HashMap<SessionId, Arc<Session>>,
    slots: Vec<Option<Slot>>,
    turn: usize,
    rotated: u32,
    stats: SessionStats,
}

/// A session on duty and what is counted of it.
#[derive(Debug)]
struct Slot {
    session: Arc<Session>,
    uses: u64,
    /// Uses that were not reported yet.
    open: u64,
    blocks: u32,
    failures: u32,
}

impl Default for SessionPool {
    fn default() -> Self {
        Self::new(SessionOptions::default())
    }
}

impl SessionPool {
    /// A pool without sessions; they are made when they are first asked for.
    #[must_use]
    pub fn new(options: SessionOptions) -> Self {
        let slots = match options.rotation {
            Rotation::Off => 0,
            _ => usize::try_from(options.slots).unwrap_or(1).max(1),
        };
        let state = State { slots: (0..slots).map(|_| None).collect(), ..State::default() };
        Self {
            options,
            state: Mutex::new(state),
            #[cfg(test)]
            shared: None,
        }
    }

    /// The broken build: every session has the same jar.
    #[cfg(test)]
    pub(crate) fn sharing_one_jar(mut self) -> Self {
        self.shared = Some(Arc::default());
        self
    }

    /// Puts a named session in, in the place of one of that name.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] for an id that belongs to rotations.
    pub fn put(&self, session: Session) -> Result<()> {
        if session.id.is_rotated() {
            return Err(Error::new(ErrorKind::Usage, "the session's id belongs to rotations")
                .with_hint(format!("take one below {}", SessionId::ROTATED)));
        }
        let mut state = self.lock();
        state.stats.opened += 1;
        if state.named.insert(session.id, Arc::new(session)).is_none() {
            state.stats.live += 1;
        }
        Ok(())
    }

    /// A session that is alive.
    #[must_use]
    pub fn get(&self, id: SessionId) -> Option<Arc<Session>> {
        let state = self.lock();
        let on_duty = || state.slots.iter().flatten().find(|slot| slot.session.id == id);
        state.named.get(&id).cloned().or_else(|| on_duty().map(|slot| slot.session.clone()))
    }

    /// The session for one exchange, its use counted. Every call is to be followed by one [`SessionPool::report`];
    /// a caller that is cancelled in between has used the session.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] when there are too many named sessions.
    pub fn acquire(&self, wanted: SessionId, site: &str) -> Result<Arc<Session>> {
        let mut state = self.lock();
        let free = wanted == SessionId::default() || wanted.is_rotated();
        let session = if free && !state.slots.is_empty() {
            let place = self.place(&mut state, wanted, site);
            self.on_duty(&mut state, place)?
        } else {
            // An id of a rotation that is no more: only the default session is left for it.
            self.named(&mut state, if free { SessionId::default() } else { wanted })?
        };
        state.stats.uses += 1;
        Ok(session)
    }

    /// Tells how the exchange ended; gives whether the session is retired, by this or since. Of one that was retired
    /// before, nothing is noted.
    pub fn report(&self, session: &Session, ended: Ended) -> bool {
        let mut state = self.lock();
        if ended == Ended::Unsent {
            state.stats.uses = state.stats.uses.saturating_sub(1);
        }
        if !session.id.is_rotated() {
            return false;
        }
        let State { slots, stats, .. } = &mut *state;
        let on_duty =
            |slot: &&mut Option<Slot>| slot.as_ref().is_some_and(|slot| slot.session.id == session.id);
        let Some(place) = slots.iter_mut().find(on_duty) else { return true };
        let Some(slot) = place else { return true };
        slot.open = slot.open.saturating_sub(1);
        match ended {
            Ended::Answered => slot.failures = 0,
            Ended::Blocked => (slot.blocks, slot.failures) = (slot.blocks + 1, 0),
            Ended::Failed => slot.failures += 1,
            Ended::Unsent => slot.uses = slot.uses.saturating_sub(1),
        }
        let why = if slot.blocks >= self.options.max_blocks.max(1) {
            Retirement::Blocked
        } else if slot.failures >= self.options.max_failures.max(1) {
            Retirement::Failing
        } else if slot.open == 0 && self.is_used_up(slot) {
            Retirement::UsedUp
        } else {
            return false;
        };
        *place = None;
        stats.retire(why);
        true
    }

    /// Tells that an answer which was reported already kept the crawler out after all; gives whether that retired its
    /// session.
    pub fn blocked(&self, id: SessionId) -> bool {
        let mut state = self.lock();
        let State { slots, stats, .. } = &mut *state;
        let on_duty = |slot: &&mut Option<Slot>| slot.as_ref().is_some_and(|slot| slot.session.id == id);
        let Some(place) = slots.iter_mut().find(on_duty) else { return false };
        let Some(slot) = place else { return false };
        slot.blocks += 1;
        if slot.blocks < self.options.max_blocks.max(1) {
            return false;
        }
        *place = None;
        stats.retire(Retirement::Blocked);
        true
    }

    /// Whether a status means that the session is blocked.
    #[must_use]
    pub fn is_block(&self, status: u16) -> bool {
        self.options.block_statuses.contains(&status)
    }

    /// The proxies that sessions are made with.
    pub fn proxies(&self) -> impl Iterator<Item = &ProxyUrl> {
        let profiles = self.options.profiles.iter().chain([&self.options.default_profile]);
        profiles.filter_map(|profile| profile.proxy.as_ref())
    }

    /// The `User-Agent`s that sessions have of their own, and `None` when one has none. Named sessions that were not
    /// put in yet do not count.
    #[must_use]
    pub fn user_agents(&self) -> Vec<Option<String>> {
        let state = self.lock();
        let named = state.named.values().map(|session| session.profile());
        let profiles: Vec<&Profile> = match self.options.rotation {
            Rotation::Off if state.named.contains_key(&SessionId::default()) => named.collect(),
            Rotation::Off => named.chain([&self.options.default_profile]).collect(),
            _ => named.chain(&self.options.profiles).collect(),
        };
        let mut agents: Vec<_> = profiles.into_iter().map(Profile::user_agent).collect();
        if self.options.rotation != Rotation::Off && self.options.profiles.is_empty() {
            agents.push(None);
        }
        agents.sort();
        agents.dedup();
        agents
    }

    /// The counts so far.
    #[must_use]
    pub fn stats(&self) -> SessionStats {
        self.lock().stats
    }

    /// The slot whose turn it is; that of `wanted` while it is on duty and may be used again.
    fn place(&self, state: &mut State, wanted: SessionId, site: &str) -> usize {
        let same = |slot: &Slot| slot.session.id == wanted && !self.is_used_up(slot);
        if let Some(at) = state.slots.iter().position(|slot| slot.as_ref().is_some_and(same)) {
            return at;
        }
        let slots = state.slots.len();
        if self.options.rotation == Rotation::StickyBySite {
            let slots = u64::try_from(slots).unwrap_or(1);
            return usize::try_from(xxh3_64(site.as_bytes()) % slots).unwrap_or(0);
        }
        let at = state.turn;
        state.turn = (at + 1) % slots;
        at
    }

    /// The session of a slot, a fresh one in the place of one that is used up; its use is counted.
    fn on_duty(&self, state: &mut State, at: usize) -> Result<Arc<Session>> {
        let exhausted = || Error::new(ErrorKind::Internal, "a rotation has run out of session ids");
        let State { slots, stats, rotated, .. } = state;
        let place = slots.get_mut(at).ok_or_else(exhausted)?;
        if place.as_ref().is_some_and(|slot| self.is_used_up(slot)) {
            *place = None;
            stats.retire(Retirement::UsedUp);
        }
        if let Some(slot) = place {
            slot.uses += 1;
            slot.open += 1;
            return Ok(slot.session.clone());
        }
        let id = SessionId::ROTATED.checked_add(*rotated).ok_or_else(exhausted)?;
        *rotated += 1;
        let profiles = &self.options.profiles;
        let profile = profiles.get(at % profiles.len().max(1)).cloned().unwrap_or_default();
        let session = Arc::new(self.fresh(SessionId(id), profile));
        stats.open();
        *place = Some(Slot { session: session.clone(), uses: 1, open: 1, blocks: 0, failures: 0 });
        Ok(session)
    }

    fn named(&self, state: &mut State, id: SessionId) -> Result<Arc<Session>> {
        if let Some(session) = state.named.get(&id) {
            return Ok(session.clone());
        }
        if state.named.len() >= MOST_NAMED {
            return Err(Error::new(ErrorKind::Usage, format!("more than {MOST_NAMED} named sessions"))
                .with_hint("use a rotation for identities that come and go"));
        }
        let default = id == SessionId::default();
        let profile = if default { self.options.default_profile.clone() } else { Profile::default() };
        let session = Arc::new(self.fresh(id, profile));
        state.named.insert(id, session.clone());
        state.stats.open();
        Ok(session)
    }

    #[cfg_attr(not(test), expect(unused_mut, reason = "only the broken build of the tests changes it"))]
    fn fresh(&self, id: SessionId, profile: Profile) -> Session {
        let mut session = Session::new(id, profile, Jar::new(self.options.jar));
        #[cfg(test)]
        session.shared.clone_from(&self.shared);
        session
    }

    fn is_used_up(&self, slot: &Slot) -> bool {
        self.options.max_uses.is_some_and(|most| slot.uses >= most.max(1))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Display for SessionStats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { opened, live, uses, used_up, blocked, failing } = self;
        write!(f, "sessions: {opened} opened, {live} live, {uses} uses; ")?;
        write!(f, "retired: {used_up} used up, {blocked} blocked, {failing} failing")
    }
}

impl SessionStats {
    fn open(&mut self) {
        self.opened += 1;
        self.live += 1;
    }

    fn retire(&mut self, why: Retirement) {
        self.live -= 1;
        match why {
            Retirement::UsedUp => self.used_up += 1,
            Retirement::Blocked => self.blocked += 1,
            Retirement::Failing => self.failing += 1,
        }
    }
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;

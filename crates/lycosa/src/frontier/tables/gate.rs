//! The second gate: sites that share an address network take turns.
//!
//! Who has to wait gets a turn of its own, a delay after the one before, and its site is left alone until then, so that
//! a network with many sites costs about one question a request and not one for each site at each moment. A turn can be
//! missed: it lasts half a delay, then the next may come. Who was let through while others wait gets its next turn at
//! once, behind them. Where nobody came for a whole delay more than needed, whoever asks is let through: many workers
//! that are all late must not keep a network idle. All of it is of this run; a resumed crawl begins without turns.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use super::Tables;
use crate::model::{AddressKey, Gate, Timestamp, Token};

/// Networks remembered at least; beyond, those that anybody may be let through to at once are forgotten, now and then.
const CAPACITY: usize = 100_000;

/// Turns given at once, over all networks; beyond, who must wait is told to come back and gets none.
const MOST_TURNS: usize = 1 << 20;

/// A turn lies so much of a delay behind the earliest moment, so that one who is a little late delays nobody.
const SLACK: u32 = 8;

/// Who was let through to which network, and who comes next.
#[derive(Debug, Default)]
pub(crate) struct Gates {
    networks: HashMap<AddressKey, Network>,
    /// Networks at which those are forgotten that may be: twice as many as were left the last time, so that looking
    /// through all of them costs little for each.
    most_networks: usize,
    /// When the turn of a site at a network begins: of every turn there is.
    turns: HashMap<(u32, AddressKey), Timestamp>,
    /// Until when a site is left alone.
    held: HashMap<u32, Timestamp>,
    /// The same for them.
    most_held: usize,
}

#[derive(Debug)]
struct Network {
    /// The site that was let through last, and when.
    last: (u32, Timestamp),
    /// The longest delay of the sites that asked.
    delay: Duration,
    /// Turns by time, no two at one moment unless there is no delay.
    turns: VecDeque<(u32, Timestamp)>,
}

impl Network {
    /// Whether whoever asks is let through at once, as if nobody had been.
    fn is_over(&self, now: Timestamp) -> bool {
        let latest = self.turns.back().map_or(self.last.1, |(_, at)| self.last.1.max(*at));
        latest.after(self.delay) <= now
    }
}

impl Tables {
    /// May the holder of this lease connect to this address now? `None` when the lease has ended.
    pub(crate) fn gate(&mut self, token: Token, address: IpAddr, now: Timestamp) -> Option<Gate> {
        let index = self.lease_site(token).filter(|_| self.is_open(token, now))?;
        let (sites, pace) = (&self.sites, &self.pace);
        let delay = |index: u32| sites.look(index, |site| site.delay(pace)).unwrap_or_default();
        let has_more = sites.look(index, |site| site.queued > 0).unwrap_or_default();
        Some(self.gates.ask(index, AddressKey::of(address), now, has_more, delay))
    }
}

impl Gates {
    /// Until when a site is left alone, because its turn is not earlier.
    pub(super) fn held_until(&self, site: u32) -> Timestamp {
        self.held.get(&site).copied().unwrap_or_default()
    }

    fn ask(
        &mut self,
        site: u32,
        key: AddressKey,
        now: Timestamp,
        has_more: bool,
        delay: impl Fn(u32) -> Duration,
    ) -> Gate {
        let Some(network) = self.networks.get_mut(&key) else {
            self.admit_first(key, Network { last: (site, now), delay: delay(site), turns: VecDeque::new() });
            return Gate::Go;
        };
        network.delay = network.delay.max(delay(site));
        // The earliest moment for one site after another was let through.
        let after = |(other, at): (u32, Timestamp), site: u32| at.after(delay(site).max(delay(other)));
        let own = self.turns.get(&(site, key)).copied();
        let is_over = |(other, at): (u32, Timestamp)| match own {
            // Its own time has come: those before it did not use theirs.
            Some(own) if own <= now => at <= own,
            _ => other != site && at.after(delay(other) / 2) <= now,
        };
        while let Some(turn) = network.turns.front().copied().filter(|turn| is_over(*turn)) {
            network.turns.pop_front();
            self.turns.remove(&(turn.0, key));
        }
        let free = if network.last.0 == site { now } else { after(network.last, site) };
        let wait = match (own, network.turns.front()) {
            (Some(own), _) if own > now => Some(own),
            (Some(_), _) => (free > now).then(|| {
                // The one before was late: it stays first.
                network.turns.push_front((site, free));
                self.turns.insert((site, key), free);
                free
            }),
            (None, None) if free <= now => None,
            (None, Some(next)) if free <= now && after((site, now), next.0) <= next.1 => None,
            (None, Some(_)) if after(network.last, site).after(delay(site)) <= now => None,
            (None, last) => {
                let behind = network.turns.back().map(|turn| after(*turn, site).after(delay(site) / SLACK));
                let at = behind.unwrap_or(free).max(free).max(now);
                if self.turns.len() < MOST_TURNS || last.is_none() {
                    network.turns.push_back((site, at));
                    self.turns.insert((site, key), at);
                }
                Some(at)
            }
        };
        if let Some(at) = wait.filter(|at| *at > now) {
            self.hold(site, at, now);
            return Gate::Defer(at);
        }
        network.last = (site, now);
        self.held.remove(&site);
        if let Some(turn) = network.turns.back().copied().filter(|_| has_more)
            && self.turns.len() < MOST_TURNS
            && !self.turns.contains_key(&(site, key))
        {
            let at = after(turn, site).after(delay(site) / SLACK).max(now.after(delay(site)));
            network.turns.push_back((site, at));
            self.turns.insert((site, key), at);
            self.hold(site, at, now);
        }
        Gate::Go
    }

    fn hold(&mut self, site: u32, at: Timestamp, now: Timestamp) {
        if self.held.len() >= self.most_held.max(MOST_TURNS) {
            self.held.retain(|_, at| *at > now);
            self.most_held = self.held.len() * 2;
        }
        self.held.insert(site, at);
    }

    /// A site is not left alone any more; when its turn at a network is later, the gate says so when it is asked.
    pub(super) fn let_go(&mut self, site: u32) {
        self.held.remove(&site);
    }

    fn admit_first(&mut self, key: AddressKey, network: Network) {
        if self.networks.len() >= self.most_networks.max(CAPACITY) {
            let (now, turns) = (network.last.1, &mut self.turns);
            self.networks.retain(|key, network| {
                let is_over = network.is_over(now);
                for (site, _) in network.turns.iter().filter(|_| is_over) {
                    turns.remove(&(*site, *key));
                }
                !is_over
            });
            self.most_networks = self.networks.len() * 2;
        }
        self.networks.insert(key, network);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: Duration = Duration::from_millis(500);

    fn key() -> AddressKey {
        AddressKey::of([192, 0, 2, 1].into())
    }

    /// Sites of one network, each with much to fetch, each late by up to so many milliseconds; how often they asked,
    /// and the moments at which they were let through.
    fn crowd(sites: u32, late: u64, until: u64) -> (u64, Vec<(u32, u64)>) {
        let (mut gates, mut asked, mut gone) = (Gates::default(), 0, Vec::new());
        let mut next: Vec<u64> = vec![0; sites as usize];
        for now in 0..until {
            for site in 0..sites {
                if next[site as usize] > now {
                    continue;
                }
                asked += 1;
                let late = |at: u64| at + (at * 7 + u64::from(site) * 13) % (late + 1);
                next[site as usize] = match gates.ask(site, key(), Timestamp(now), true, |_| DELAY) {
                    Gate::Defer(at) => late(at.0),
                    Gate::Go => {
                        gone.push((site, now));
                        late((now + 500).max(gates.held_until(site).0))
                    }
                };
            }
        }
        (asked, gone)
    }

    #[test]
    fn a_crowd_asks_about_once_for_each_request() {
        for late in [0, 50, 120] {
            let (asked, gone) = crowd(200, late, 300_000);
            let deferred = asked - gone.len() as u64;
            assert!(gone.windows(2).all(|pair| pair[1].1 - pair[0].1 >= 500), "a delay between any two");
            assert!(gone.len() > 400, "late by {late}: {} in 300 s", gone.len());
            assert!(deferred < 200 + gone.len() as u64 / 2, "late by {late}: {deferred} for {}", gone.len());
            let times = |site| gone.iter().filter(|(who, _)| *who == site).count();
            assert!((0..200).all(|site| times(site) >= 1), "late by {late}: everybody had a turn");
        }
    }

    #[test]
    fn workers_that_are_all_late_do_not_keep_a_network_idle() {
        let (_, gone) = crowd(20, 3_000, 300_000);
        assert!(gone.len() > 60, "{} in 300 s", gone.len());
        assert!(gone.windows(2).all(|pair| pair[1].1 - pair[0].1 >= 500));
    }

    #[test]
    fn who_does_not_come_loses_its_own_turn_alone() {
        let mut gates = Gates::default();
        let mut ask = |site, now| gates.ask(site, key(), Timestamp(now), false, |_| DELAY);
        assert_eq!(ask(0, 0), Gate::Go);
        assert_eq!(ask(1, 0), Gate::Defer(Timestamp(500)));
        assert_eq!(ask(2, 0), Gate::Defer(Timestamp(1_062)));
        assert_eq!(ask(3, 0), Gate::Defer(Timestamp(1_624)));
        assert_eq!(ask(2, 1_062), Gate::Go, "the first did not come");
        assert_eq!(ask(1, 1_100), Gate::Defer(Timestamp(2_186)), "and stands behind the others now");
        assert_eq!(ask(3, 1_624), Gate::Go);
        assert_eq!(ask(1, 2_186), Gate::Go);
    }

    fn network(number: u32) -> AddressKey {
        AddressKey::of(std::net::Ipv4Addr::from(number << 8).into())
    }

    #[test]
    fn turns_and_networks_are_bounded() {
        let mut gates = Gates::default();
        for site in 0..1_000_u32 {
            gates.ask(site, network(site), Timestamp(0), false, |_| DELAY);
            gates.ask(site + 1, network(site), Timestamp(0), false, |_| DELAY);
        }
        assert_eq!(gates.turns.len(), 1_000);
        for number in 0..3 * CAPACITY as u32 {
            // A thousand in a second.
            let now = Timestamp(2_000 + u64::from(number));
            gates.ask(number, network(number + 5_000), now, false, |_| DELAY);
        }
        assert_eq!(gates.turns.len(), 0);
        assert!(gates.networks.len() <= CAPACITY, "{}", gates.networks.len());
    }

    #[test]
    fn a_network_is_not_forgotten_while_it_rests_however_many_there_are() {
        let mut gates = Gates::default();
        let mut ask = |site, number, now| gates.ask(site, network(number), Timestamp(now), false, |_| DELAY);
        // Met first, and asked again a moment ago; and one that somebody waits for.
        assert_eq!(ask(1, 1, 0), Gate::Go);
        assert_eq!(ask(1, 1, 10_000), Gate::Go);
        assert_eq!(ask(2, 2, 9_000), Gate::Go);
        assert_eq!(ask(3, 2, 9_400), Gate::Defer(Timestamp(9_500)));
        for number in 0..2 * CAPACITY as u32 {
            assert_eq!(ask(number, number + 10, 10_000), Gate::Go);
        }
        assert_eq!(ask(7, 1, 10_100), Gate::Defer(Timestamp(10_500)));
        // Those that are over go, and the others stay.
        for number in 0..2 * CAPACITY as u32 {
            assert_eq!(ask(number, number + 1_000_000, 10_499), Gate::Go);
        }
        assert_eq!(ask(7, 2, 10_499), Gate::Go);
        assert_eq!(ask(8, 1, 10_499), Gate::Defer(Timestamp(11_062)));
    }

    #[test]
    fn sites_that_are_left_alone_are_looked_through_seldom() {
        let mut gates = Gates::default();
        let later = Timestamp(10);
        (0..MOST_TURNS as u32).for_each(|site| gates.hold(site, later, Timestamp(0)));
        gates.hold(u32::MAX, later, Timestamp(0));
        assert_eq!(gates.most_held, 2 * MOST_TURNS, "and not at each that comes");
        (0..MOST_TURNS as u32).for_each(|site| gates.hold(site + (1 << 30), Timestamp(20), Timestamp(10)));
        assert!(gates.held.len() <= MOST_TURNS + 1);
        assert_eq!(gates.held_until(1 << 30), Timestamp(20));
    }
}

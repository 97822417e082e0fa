//! The second gate: sites that share an address network take turns.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use super::Tables;
use crate::model::{AddressKey, Gate, Timestamp, Token};

/// Networks remembered; beyond, the one that was met first is forgotten.
const CAPACITY: usize = 100_000;

/// Who was let through to which network.
#[derive(Debug, Default)]
pub(crate) struct Gates {
    networks: HashMap<AddressKey, Network>,
    order: VecDeque<AddressKey>,
}

#[derive(Debug)]
struct Network {
    /// The site that was let through last, and when.
    last: (u32, Timestamp),
    /// The first that was told to wait since, and until when. Its turn lasts one delay: who does not come loses it.
    next: Option<(u32, Timestamp)>,
}

impl Tables {
    /// May the holder of this lease connect to this address now? `None` when the lease has ended.
    pub(crate) fn gate(&mut self, token: Token, address: IpAddr, now: Timestamp) -> Option<Gate> {
        let index = self.lease_site(token).filter(|_| self.is_open(token, now))?;
        let network = AddressKey::of(address);
        let delay = |index: u32| self.sites.look(index, |site| site.delay(&self.pace)).unwrap_or_default();
        let after = |(other, at): (u32, Timestamp)| at.after(delay(index).max(delay(other)));
        if let Some(seen) = self.gates.networks.get_mut(&network) {
            let others_turn = seen.next.filter(|next| next.0 != index && now < after(*next));
            let free = match others_turn {
                Some(next) => after(next),
                None if seen.last.0 == index => now,
                None => after(seen.last),
            };
            if free > now {
                seen.next = others_turn.or(Some((index, free)));
                return Some(Gate::Defer(free));
            }
        }
        self.gates.admit(network, index, now);
        Some(Gate::Go)
    }
}

impl Gates {
    fn admit(&mut self, network: AddressKey, site: u32, now: Timestamp) {
        let admitted = Network { last: (site, now), next: None };
        if self.networks.insert(network, admitted).is_some() {
            return;
        }
        self.order.push_back(network);
        if self.order.len() > CAPACITY
            && let Some(oldest) = self.order.pop_front()
        {
            self.networks.remove(&oldest);
        }
    }
}

//! The second gate: sites that share an address network take turns.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use super::Tables;
use crate::model::{AddressKey, Gate, Timestamp, Token};

/// Networks remembered; beyond, the one that was met first is forgotten.
const CAPACITY: usize = 100_000;

/// Who was let through to which network last, and when.
#[derive(Debug, Default)]
pub(crate) struct Gates {
    last: HashMap<AddressKey, (u32, Timestamp)>,
    order: VecDeque<AddressKey>,
}

impl Tables {
    /// May the holder of this lease connect to this address now? `None` when the lease has ended.
    pub(crate) fn gate(&mut self, token: Token, address: IpAddr, now: Timestamp) -> Option<Gate> {
        let index = self.lease_site(token)?;
        let network = AddressKey::of(address);
        let delay = |index: u32| {
            self.sites.get(index as usize).map(|site| site.delay(&self.pace)).unwrap_or_default()
        };
        if let Some(&(other, at)) = self.gates.last.get(&network)
            && other != index
        {
            let free = at.after(delay(index).max(delay(other)));
            if free > now {
                return Some(Gate::Defer(free));
            }
        }
        self.gates.admit(network, index, now);
        Some(Gate::Go)
    }
}

impl Gates {
    fn admit(&mut self, network: AddressKey, site: u32, now: Timestamp) {
        if self.last.insert(network, (site, now)).is_some() {
            return;
        }
        self.order.push_back(network);
        if self.order.len() > CAPACITY
            && let Some(oldest) = self.order.pop_front()
        {
            self.last.remove(&oldest);
        }
    }
}

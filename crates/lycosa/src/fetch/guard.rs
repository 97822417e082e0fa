//! The address guard: no request reaches an internal address unless the user allowed it.
//!
//! It judges the addresses after DNS, all of a host together: an answer that mixes public and internal ones is
//! refused whole, because it is how a name is turned against the one who asks. `ranges` says what each address
//! is. The second gate (other hosts at the same address) is the frontier's and is composed with this one by the
//! engine.

mod ranges;
#[cfg(test)]
mod spellings;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Phase, Result};
use crate::model::{BoxFuture, ConnectPolicy, ConnectTarget};
use ranges::Class;

/// What the user allowed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allowance {
    /// A seed typed by the user: exactly this host and port.
    Origin {
        /// As in [`Origin::host`](crate::model::Origin::host): lower case, IPv6 in brackets.
        host: Arc<str>,
        /// The port.
        port: u16,
    },
    /// Every address of a network.
    Cidr {
        /// The network's address.
        network: IpAddr,
        /// Bits of the address that count.
        prefix: u8,
    },
}

/// Refuses addresses that are not public, except what was allowed.
///
/// An allowed host *name* may lead to loopback, private, shared and unique-local addresses; link-local ones,
/// where clouds keep their credentials, and everything else that is not public must be named by a literal seed or
/// a network. A name that leads to public and internal addresses at once is allowed by a network alone.
#[derive(Clone, Debug, Default)]
pub struct AddressGuard {
    allowances: Vec<Allowance>,
    strict: bool,
}

impl AddressGuard {
    /// A guard that allows public addresses only.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuse, too, what a proxy resolves out of our sight. Default false.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Allows exactly this host (as in a URL) and port.
    pub fn allow_seed(&mut self, host: &str, port: u16) {
        self.allow(Allowance::Origin { host: bare(host).to_ascii_lowercase().into(), port });
    }

    /// Allows a network such as `10.0.0.0/8`, `fd00::/8` or a single address.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] when it is neither, or has bits set outside its prefix.
    pub fn allow_cidr(&mut self, text: &str) -> Result<()> {
        self.allow(parse_cidr(text)?);
        Ok(())
    }

    /// Allows what was stored.
    pub fn allow(&mut self, allowance: Allowance) {
        if !self.allowances.contains(&allowance) {
            self.allowances.push(allowance);
        }
    }

    /// Everything allowed, for the state.
    #[must_use]
    pub fn allowances(&self) -> &[Allowance] {
        &self.allowances
    }

    /// The addresses that may be connected to: all of them, in their order, or an error. A proxied target without
    /// addresses gives none back (`guard=delegated`).
    ///
    /// # Errors
    /// [`ErrorKind::AddressRefused`], naming the first address that is not allowed and what it is.
    pub fn check(&self, target: &ConnectTarget<'_>) -> Result<Vec<SocketAddr>> {
        let origin = target.origin;
        if target.addresses.is_empty() {
            return if target.proxied && !self.strict {
                Ok(Vec::new())
            } else {
                Err(refused(format!("the addresses of {} cannot be seen behind the proxy", origin.host))
                    .with_hint("use a proxy that is given addresses, or leave the strict guard off"))
            };
        }
        let public = |address: &SocketAddr| ranges::class(address.ip()) == Class::Public;
        let mixed = target.addresses.iter().any(public);
        for address in target.addresses {
            let (ip, class) = (address.ip(), ranges::class(address.ip()));
            if !self.allows(class, ip, target, mixed) {
                let (host, port, what) = (&origin.host, origin.port, class.as_str());
                return Err(if mixed {
                    refused(format!("{host} leads to public addresses and to {ip}, which is {what}"))
                        .with_hint("to crawl it, allow its network with --allow-address")
                } else {
                    refused(format!("{host} leads to {ip}, which is {what}")).with_hint(format!(
                        "to crawl it, type {host}:{port} as a seed on the command line, or allow its network with \
                         --allow-address {ip}; a crawl that is resumed so tries again what was refused"
                    ))
                });
            }
        }
        Ok(target.addresses.to_vec())
    }

    /// `mixed`: the host leads to public addresses as well.
    fn allows(&self, class: Class, ip: IpAddr, target: &ConnectTarget<'_>, mixed: bool) -> bool {
        if class == Class::Public {
            return true;
        }
        self.allowances.iter().any(|allowance| match allowance {
            Allowance::Cidr { network, prefix } => contains(*network, *prefix, ip),
            Allowance::Origin { host, port } => {
                *port == target.origin.port
                    && **host == *bare(&target.origin.host)
                    && (is_literal(host) || class.is_ordinary() && !mixed)
            }
        })
    }
}

impl ConnectPolicy for AddressGuard {
    fn permit<'a>(&'a self, target: ConnectTarget<'a>) -> BoxFuture<'a, Result<Vec<SocketAddr>>> {
        Box::pin(std::future::ready(self.check(&target)))
    }
}

fn refused(message: String) -> Error {
    Error::new(ErrorKind::AddressRefused, message).in_phase(Phase::Connect)
}

/// Whether everybody may be sent to this address.
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    ranges::class(ip) == Class::Public
}

/// A name with and without its final dot is the same host.
fn bare(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

fn is_literal(host: &str) -> bool {
    host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok()
}

fn contains(network: IpAddr, prefix: u8, ip: IpAddr) -> bool {
    match (network, ip) {
        (IpAddr::V4(network), IpAddr::V4(ip)) => {
            u32::from(network) == u32::from(ip) & mask(prefix, 32) as u32
        }
        (IpAddr::V6(network), IpAddr::V6(ip)) => u128::from(network) == u128::from(ip) & mask(prefix, 128),
        // An IPv4 network covers the mapped spelling of its addresses.
        (IpAddr::V4(_), IpAddr::V6(v6)) => {
            v6.to_ipv4_mapped().is_some_and(|v4| contains(network, prefix, v4.into()))
        }
        (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

/// The first `prefix` of `bits` bits set, at the low end of the number.
fn mask(prefix: u8, bits: u32) -> u128 {
    let ones = if bits == 128 { u128::MAX } else { (1 << bits) - 1 };
    ones & ones.checked_shl(bits - u32::from(prefix).min(bits)).unwrap_or(0)
}

fn parse_cidr(text: &str) -> Result<Allowance> {
    let bad = |why: &str| {
        Error::new(ErrorKind::Usage, format!("{text:?} is not a network: {why}"))
            .with_hint("write it like 10.0.0.0/8, fd00::/8 or 192.0.2.7")
    };
    let (address, prefix) = match text.trim().split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text.trim(), None),
    };
    let address = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
    let network: IpAddr = address.parse().map_err(|_| bad("its address cannot be read"))?;
    let bits: u8 = if network.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        None => bits,
        Some(digits) => digits
            .parse::<u8>()
            .ok()
            .filter(|prefix| *prefix <= bits && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .ok_or_else(|| bad(&format!("the part after the slash must be a number from 0 to {bits}")))?,
    };
    if !contains(network, prefix, network) {
        return Err(bad("bits are set after its prefix"));
    }
    Ok(Allowance::Cidr { network, prefix })
}

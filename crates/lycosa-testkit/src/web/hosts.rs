//! Hosts: their names, domains and addresses, and the way back from a name.
//!
//! A name carries its host's number in base 36, so that it is found again without a table: `mossfern-2s.co.uk`,
//! `www.nightsilk-a.org`, `blog-7.mossfern-2s.co.uk`. The suffixes are of the public-suffix list, one of its private
//! section; whoever serves such a web brings the resolver along, and no name is asked of the real one.

use super::prf::{Question, below};
use super::{PageId, Web};
use std::net::Ipv4Addr;

const FIRST: [&str; 16] = [
    "moss", "night", "amber", "river", "silk", "stone", "dusk", "fern", "hollow", "ember", "wolf", "rain",
    "pine", "salt", "cloud", "birch",
];
const SECOND: [&str; 16] = [
    "garden", "works", "fern", "press", "house", "labs", "trail", "market", "field", "note", "craft", "bay",
    "post", "mill", "path", "store",
];
const SUFFIXES: [&str; 10] = ["com", "com", "com", "org", "net", "de", "fr", "co.uk", "com.br", "github.io"];
const LABELS: [&str; 6] = ["blog", "shop", "docs", "news", "m", "forum"];

impl Web {
    /// The number of hosts.
    pub fn hosts(&self) -> u32 {
        self.settings.hosts
    }

    /// The pages of a host, 1 or more, whatever they answer.
    pub fn size(&self, host: u32) -> u32 {
        self.sizes.of(host)
    }

    /// The host whose domain this one is below, or itself.
    pub fn site(&self, mut host: u32) -> u32 {
        while self.is_subdomain(host) {
            host = below(self.prf.draw(Question::Parent, host.into(), 0), host.into()) as u32;
        }
        host
    }

    /// The registrable domain of a host by the public-suffix list.
    pub fn domain(&self, host: u32) -> String {
        let site = self.site(host);
        let hash = self.prf.draw(Question::Domain, site.into(), 0);
        let (first, second) = (FIRST[hash as usize % 16], SECOND[(hash >> 8) as usize % 16]);
        let suffix = SUFFIXES[self.prf.draw(Question::Suffix, site.into(), 0) as usize % SUFFIXES.len()];
        format!("{first}{second}-{}.{suffix}", base36(site))
    }

    /// The name of a host.
    pub fn name(&self, host: u32) -> String {
        let domain = self.domain(host);
        if self.is_subdomain(host) {
            let label = LABELS[self.prf.draw(Question::Domain, host.into(), 1) as usize % LABELS.len()];
            return format!("{label}-{}.{domain}", base36(host));
        }
        let www = self.prf.part(100, Question::Www, host.into(), 0) < 30;
        if www { format!("www.{domain}") } else { domain }
    }

    /// The host of this name, in any case of letters.
    pub fn host_named(&self, name: &str) -> Option<u32> {
        let bare = match name.get(..4) {
            Some(www) if www.eq_ignore_ascii_case("www.") => &name[4..],
            _ => name,
        };
        let (_, number) = bare.split('.').next()?.rsplit_once('-')?;
        let host = u32::from_str_radix(number, 36).ok().filter(|host| *host < self.settings.hosts)?;
        self.name(host).eq_ignore_ascii_case(name).then_some(host)
    }

    /// The name with the port, unless that is 80: the `Host` header's value.
    pub fn authority(&self, host: u32) -> String {
        match self.settings.port {
            80 => self.name(host),
            port => format!("{}:{port}", self.name(host)),
        }
    }

    /// The host of a `Host` header's value; the port must be the web's own.
    pub fn host_of_authority(&self, authority: &str) -> Option<u32> {
        let (name, port) = match authority.rsplit_once(':') {
            Some((name, port)) => (name, port.parse().ok()?),
            None => (authority, 80),
        };
        (port == self.settings.port).then(|| self.host_named(name)).flatten()
    }

    /// The number of the address a host lives on; hosts with equal numbers share it.
    pub fn address_number(&self, host: u32) -> u32 {
        let shared = self.shared_addresses();
        if self.prf.part(100, Question::SharesAddress, host.into(), 0) < self.settings.shared_address_percent
        {
            return below(self.prf.draw(Question::Address, host.into(), 0), shared.into()) as u32;
        }
        shared + host
    }

    /// Address numbers are below this.
    pub fn addresses(&self) -> u32 {
        self.shared_addresses() + self.settings.hosts
    }

    /// The address a host lives on. Every number is a network (/24) of its own, for the first 64,516.
    pub fn address(&self, host: u32) -> Ipv4Addr {
        let number = self.address_number(host);
        let octet = |divisor: u32| (number / divisor % 254 + 1) as u8;
        Ipv4Addr::new(127, octet(254), octet(1), octet(254 * 254))
    }

    /// The home page of a host, which always answers 200.
    pub fn home(&self, host: u32) -> PageId {
        PageId { host, index: 0 }
    }

    fn shared_addresses(&self) -> u32 {
        self.settings.hosts / 20 + 1
    }

    fn is_subdomain(&self, host: u32) -> bool {
        host > 0
            && self.prf.part(100, Question::IsSubdomain, host.into(), 0) < self.settings.subdomain_percent
    }
}

fn base36(mut number: u32) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(char::from_digit(number % 36, 36).unwrap_or('0'));
        number /= 36;
        if number == 0 {
            return digits.iter().rev().collect();
        }
    }
}

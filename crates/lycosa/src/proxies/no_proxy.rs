//! `NO_PROXY`: the hosts that are reached without a proxy, read as curl reads it.

use std::net::IpAddr;

use url::{Host, Url};

use crate::error::{Error, ErrorKind, Result};

/// Hosts that are reached without a proxy.
///
/// Each entry is a host name, which stands for all names below it too, with or without a leading `.` or `*.`; an
/// address; a network such as `10.0.0.0/8` or `fd00::/8`; or `*` for everything. Names, addresses and networks may
/// have a port after them (`[::1]:8080`), and then stand for it alone. Names match names and networks match
/// addresses as URLs write them: nothing is resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoProxy(Vec<Rule>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    All,
    /// A name and those below it.
    Below(String),
    Network {
        address: IpAddr,
        prefix: u8,
    },
}

impl NoProxy {
    /// From entries that a person wrote.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] for one that is neither host nor network.
    pub fn new<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let read = |entry: &str| {
            rule(entry).ok_or_else(|| {
                Error::new(ErrorKind::Usage, format!("`{entry}` is no host, address or network"))
                    .with_hint("write example.org, example.org:8080, 192.0.2.7, 10.0.0.0/8 or *")
            })
        };
        entries.into_iter().map(read).collect::<Result<_>>().map(Self)
    }

    /// From the value of the variable: entries separated by commas or spaces. What cannot be read stands for nothing.
    #[must_use]
    pub fn from_variable(value: &str) -> Self {
        let entries = value.split(|c: char| c == ',' || c.is_ascii_whitespace());
        Self(entries.filter_map(rule).collect())
    }

    /// Whether a URL is fetched without a proxy.
    #[must_use]
    pub fn covers(&self, url: &Url) -> bool {
        let Some(host) = url.host() else { return false };
        let port = url.port_or_known_default();
        self.0.iter().any(|rule| rule.hosts.hold(&host) && (rule.port.is_none() || rule.port == port))
    }
}

impl Hosts {
    fn hold(&self, host: &Host<&str>) -> bool {
        match (self, host) {
            (Self::All, _) => true,
            (Self::Below(name), Host::Domain(host)) => {
                let host = host.strip_suffix('.').unwrap_or(host);
                host.strip_suffix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
            (Self::Network { address, prefix }, Host::Ipv4(v4)) => contains(*address, *prefix, (*v4).into()),
            (Self::Network { address, prefix }, Host::Ipv6(v6)) => {
                contains(*address, *prefix, IpAddr::from(*v6).to_canonical())
            }
            _ => false,
        }
    }
}

fn rule(entry: &str) -> Option<Rule> {
    let entry = entry.trim();
    if entry == "*" {
        return Some(Rule { hosts: Hosts::All, port: None });
    }
    if let Some((address, prefix)) = entry.split_once('/') {
        let (prefix, port) = prefix.split_once(':').map_or((prefix, None), |(bits, port)| (bits, Some(port)));
        let address: IpAddr = bare(address).parse().ok()?;
        let prefix = prefix.parse().ok().filter(|bits| *bits <= bits_of(address))?;
        return Some(Rule { hosts: Hosts::Network { address, prefix }, port: number(port)? });
    }
    let (host, port) = match entry.rsplit_once(':') {
        // Without brackets, several colons are an address.
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (entry, None),
    };
    Some(Rule { hosts: hosts(host)?, port: number(port)? })
}

fn hosts(text: &str) -> Option<Hosts> {
    let network = |address: IpAddr| Hosts::Network { address, prefix: bits_of(address) };
    if let Ok(address) = bare(text).parse::<IpAddr>() {
        return Some(network(address.to_canonical()));
    }
    let name = text.strip_prefix('*').unwrap_or(text).trim_start_matches('.').trim_end_matches('.');
    match Host::parse(name).ok()? {
        Host::Domain(name) if !name.is_empty() && !name.contains('*') => Some(Hosts::Below(name)),
        Host::Domain(_) => None,
        Host::Ipv4(v4) => Some(network(v4.into())),
        Host::Ipv6(v6) => Some(network(v6.into())),
    }
}

/// `None` for a port that is none, `Some(None)` for no port.
#[expect(clippy::option_option, reason = "whether it can be read, and whether it is there")]
fn number(port: Option<&str>) -> Option<Option<u16>> {
    port.map(|port| port.parse().ok()).map_or(Some(None), |port| port.map(Some))
}

fn bare(address: &str) -> &str {
    address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address)
}

fn bits_of(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn contains(network: IpAddr, prefix: u8, address: IpAddr) -> bool {
    let (same, bits) = match (network, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(u32::from(a) ^ u32::from(b)), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (u128::from(a) ^ u128::from(b), 128),
        _ => return false,
    };
    same.checked_shr(bits - u32::from(prefix)).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries, a URL's host and port, whether it goes without a proxy.
    const TABLE: &[(&str, &str, bool)] = &[
        ("", "a.example", false),
        ("*", "a.example", true),
        ("*", "192.0.2.7:81", true),
        ("b.example,*", "a.example", true),
        ("a.example", "a.example", true),
        ("a.example", "www.a.example", true),
        ("a.example", "nota.example", false),
        ("a.example", "a.example.org", false),
        ("www.a.example", "a.example", false),
        (".a.example", "a.example", true),
        (".a.example", "deep.www.a.example", true),
        ("*.a.example", "www.a.example", true),
        ("w*.a.example", "www.a.example", false),
        ("A.EXAMPLE", "a.example", true),
        ("a.example.", "www.a.example", true),
        ("a.example", "a.example.", true),
        ("example", "a.example", true),
        ("bücher.example", "xn--bcher-kva.example", true),
        ("b.example, a.example", "a.example", true),
        ("b.example a.example", "a.example", true),
        (" ,, a.example ,", "a.example", true),
        (".", "a.example", false),
        ("a.example:81", "a.example:81", true),
        ("a.example:81", "a.example", false),
        ("a.example:80", "a.example", true),
        (".a.example:81", "www.a.example:81", true),
        ("a.example:x", "a.example", false),
        ("a.example:99999", "a.example", false),
        ("192.0.2.7", "192.0.2.7", true),
        ("192.0.2.7", "192.0.2.70", false),
        ("2.7", "192.0.2.7", false),
        ("192.0.2.7:81", "192.0.2.7:81", true),
        ("192.0.2.7:81", "192.0.2.7:82", false),
        ("10.0.0.0/8", "10.255.0.1", true),
        ("10.0.0.0/8", "11.0.0.1", false),
        ("10.1.2.3/8", "10.9.9.9", true),
        ("10.0.0.0/8:81", "10.0.0.1:81", true),
        ("10.0.0.0/8:81", "10.0.0.1", false),
        ("0.0.0.0/0", "192.0.2.7", true),
        ("0.0.0.0/0", "[2001:db8::1]", false),
        ("10.0.0.0/33", "10.0.0.1", false),
        ("10.0.0.0/", "10.0.0.1", false),
        ("10.0.0.0/8", "ten.example", false),
        ("2001:db8::1", "[2001:db8::1]", true),
        ("[2001:db8::1]", "[2001:db8:0::1]", true),
        ("[2001:db8::1]:81", "[2001:db8::1]:81", true),
        ("[2001:db8::1]:81", "[2001:db8::1]", false),
        ("2001:db8::/32", "[2001:db8:5::1]", true),
        ("2001:db8::/32", "[2001:db9::1]", false),
        ("::/0", "[2001:db9::1]", true),
        ("192.0.2.0/24", "[::ffff:192.0.2.7]", true),
        ("http://a.example", "a.example", false),
    ];

    #[test]
    fn entries_are_read_as_curl_reads_them() {
        for (entries, host, without) in TABLE {
            let url = format!("http://{host}/a.example").parse().unwrap();
            assert_eq!(NoProxy::from_variable(entries).covers(&url), *without, "{entries:?} {host}");
        }
    }

    #[test]
    fn the_port_of_https_is_443() {
        let rules = NoProxy::from_variable("a.example:443");
        assert!(rules.covers(&"https://a.example/".parse().unwrap()));
        assert!(!rules.covers(&"http://a.example/".parse().unwrap()));
    }

    #[test]
    fn what_a_person_wrote_and_makes_no_sense_is_named() {
        for entry in ["http://a.example/", "10.0.0.0/33", "a.example:x", "", "a b"] {
            let error = NoProxy::new(["ok.example", entry]).unwrap_err();
            assert!(error.message().starts_with(&format!("`{entry}` is no host")), "{error}");
            assert!(error.kind() == ErrorKind::Usage && error.hint().is_some());
        }
        assert_eq!(NoProxy::new(["a.example", "*"]).unwrap(), NoProxy::from_variable("a.example,*"));
    }
}

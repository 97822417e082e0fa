//! Identities: of a URL, a site, an origin, an address, a record, a crawl.
//!
//! These are words only. Which URLs count as the same, which host belongs to which site and how a fingerprint is
//! computed is decided by `scope`, whose rules carry the version numbers in [`Versions`].

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// Fingerprint of (method, canonical URL, body hash), keyed per crawl: what makes two requests the same one.
///
/// 64 bits; at 10⁸ URLs about 3·10⁻⁴ collisions are expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UrlKey(pub u64);

/// The unit of politeness and sharding: a registrable domain, or the literal IP address, or what an override says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SiteKey(pub Arc<str>);

impl fmt::Display for SiteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `http` or `https`: the only schemes a crawl fetches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// Plain HTTP, default port 80.
    Http,
    /// HTTP over TLS, default port 443.
    Https,
}

impl Scheme {
    /// `http` or `https`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// 80 or 443.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Scheme, host and port: the unit of robots.txt, connection pools and `--per-host`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// `http` or `https`.
    pub scheme: Scheme,
    /// Lower-case ASCII host name, or an IP literal (IPv6 in brackets).
    pub host: Arc<str>,
    /// The port, the scheme's default filled in.
    pub port: u16,
}

impl Origin {
    /// The origin of an absolute `http` or `https` URL; `None` for anything else.
    #[must_use]
    pub fn of(url: &url::Url) -> Option<Self> {
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return None,
        };
        let host = url.host_str().filter(|host| !host.is_empty())?;
        Some(Self { scheme, host: host.into(), port: url.port_or_known_default()? })
    }

    /// The URL of a path here.
    pub(crate) fn url_of(&self, path: &str) -> String {
        let scheme = self.scheme.as_str();
        let mut url =
            String::with_capacity(scheme.len() + "://".len() + self.host.len() + ":65535".len() + path.len());
        url.push_str(scheme);
        url.push_str("://");
        url.push_str(&self.host);
        if self.port != self.scheme.default_port() {
            url.push_str(&format!(":{}", self.port));
        }
        url.push_str(path);
        url
    }

    /// `host` or `host:port` when the port is not the scheme's own: the value of a `Host` header.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url_of(""))
    }
}

/// The network an address belongs to, for the second gate: /24 of IPv4, /48 of IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressKey(u64);

impl AddressKey {
    /// The key of this address; IPv4-mapped IPv6 counts as IPv4.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(u64::from(u32::from(v4) >> 8)),
            IpAddr::V6(v6) => Self((1 << 63) | u64::try_from(u128::from(v6) >> 80).unwrap_or(u64::MAX)),
        }
    }
}

/// Identity of one crawl, random at its creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CrawlId(pub u128);

/// Stable identity of a record: the same whenever the same visit is committed again, so any sink can be idempotent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId(pub u128);

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Versions of everything that decides what a URL is; a state made with others cannot be continued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Versions {
    /// Layout of the files in the state folder.
    pub format: u32,
    /// Fingerprint function of [`UrlKey`].
    pub fingerprint: u32,
    /// Canonicalisation rules.
    pub canonicalisation: u32,
    /// Snapshot of the public-suffix list: changes when a site key could change.
    pub suffix_list: u32,
    /// Rule from host to [`SiteKey`].
    pub site_key: u32,
}

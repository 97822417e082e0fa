//! What an address is: public, or which kind of not public.
//!
//! From IANA's special-purpose registries (RFC 6890 and its updates) and the cloud providers' metadata addresses.
//! An IPv6 address that carries an IPv4 one is at most as public as that one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The kind of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Public,
    Loopback,
    Private,
    /// Carrier-grade NAT (RFC 6598).
    Shared,
    UniqueLocal,
    LinkLocal,
    SiteLocal,
    Metadata,
    Multicast,
    Broadcast,
    Unspecified,
    Documentation,
    Benchmarking,
    Reserved,
}

impl Class {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::Shared => "an address of a provider's inner network",
            Self::UniqueLocal => "a unique local address",
            Self::LinkLocal => "a link-local address",
            Self::SiteLocal => "a site-local address",
            Self::Metadata => "a cloud metadata address",
            Self::Multicast => "a multicast address",
            Self::Broadcast => "a broadcast address",
            Self::Unspecified => "the unspecified address",
            Self::Documentation => "an address for documentation",
            Self::Benchmarking => "an address for benchmarks",
            Self::Reserved => "a reserved address",
        }
    }

    /// Where people run servers of their own: a name that the user typed may lead there.
    pub(super) fn is_ordinary(self) -> bool {
        matches!(self, Self::Loopback | Self::Private | Self::Shared | Self::UniqueLocal | Self::SiteLocal)
    }
}

/// Classifies an address.
pub(super) fn class(ip: IpAddr) -> Class {
    match ip {
        IpAddr::V4(v4) => class4(v4),
        IpAddr::V6(v6) => class6(v6),
    }
}

fn class4(ip: Ipv4Addr) -> Class {
    match ip.octets() {
        // Azure's and Alibaba's metadata services; everyone else's is link-local.
        [168, 63, 129, 16] | [100, 100, 100, 200] | [169, 254, 169, 254] | [192, 0, 0, 192] => {
            Class::Metadata
        }
        [0, 0, 0, 0] => Class::Unspecified,
        [127, ..] => Class::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Class::Private,
        [100, 64..=127, ..] => Class::Shared,
        [169, 254, ..] => Class::LinkLocal,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Class::Documentation,
        [198, 18 | 19, ..] => Class::Benchmarking,
        // Protocol assignments, the 6to4 relay anycast, "this network".
        [192, 0, 0, _] | [192, 88, 99, _] | [0, ..] => Class::Reserved,
        [255, 255, 255, 255] => Class::Broadcast,
        [224..=239, ..] => Class::Multicast,
        [240..=255, ..] => Class::Reserved,
        _ => Class::Public,
    }
}

fn class6(ip: Ipv6Addr) -> Class {
    if ip.is_unspecified() {
        return Class::Unspecified;
    }
    if ip.is_loopback() {
        return Class::Loopback;
    }
    let parts = ip.segments();
    let embedded = |high: u16, low: u16| class4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match parts {
        // IPv4-mapped, IPv4-compatible, SIIT (RFC 2765), NAT64 (RFC 6052).
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0, 0, 0, 0, 0, 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        // 6to4 (RFC 3056).
        [0x2002, high, low, ..] => embedded(high, low),
        // Teredo (RFC 4380): the server, and the client with its bits turned over.
        [0x2001, 0, server_high, server_low, _, _, high, low] => {
            let server = embedded(server_high, server_low);
            if server == Class::Public { embedded(!high, !low) } else { server }
        }
        // ISATAP (RFC 5214) in an otherwise public prefix.
        [0x2000..=0x3fff, _, _, _, 0 | 0x0200, 0x5efe, high, low] => embedded(high, low),
        // The metadata services of AWS, Google, Oracle and Scaleway, and the credentials of AWS's containers.
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254 | 0x0023]
        | [0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254]
        | [0xfd00, 0x00c1, 0, 0, 0, 0, 0xa9fe, 0xa9fe]
        | [0xfd00, 0x0042, 0, 0, 0, 0, 0, 0x0042] => Class::Metadata,
        [0xfc00..=0xfdff, ..] => Class::UniqueLocal,
        [0xfe80..=0xfebf, ..] => Class::LinkLocal,
        [0xfec0..=0xfeff, ..] => Class::SiteLocal,
        [0xff00..=0xffff, ..] => Class::Multicast,
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => Class::Documentation,
        [0x2001, 0x2, 0, ..] => Class::Benchmarking,
        // Protocol assignments 2001::/23: ORCHID and the like.
        [0x2001, 0..=0x01ff, ..] => Class::Reserved,
        [0x2000..=0x3fff, ..] => Class::Public,
        // Everything outside 2000::/3 is not global unicast: discard-only, local NAT64, segment routing.
        _ => Class::Reserved,
    }
}

//! Names by DNS, asked from here: a lookup that is dropped stops, and answers are kept as long as they say.
//!
//! `getaddrinfo` can do neither (see [`SystemResolver`](super::SystemResolver), which remains for systems whose
//! configuration cannot be read). The hosts file is looked at first; a name without a dot also tries the system's
//! search domains, any other is taken as it stands. Other sources of names (mDNS, LDAP) are left out.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    LookupIpStrategy, NameServerConfig, ResolverConfig, ResolverOpts, ServerOrderingStrategy,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;

use crate::error::{Error, ErrorKind, Phase, Result};
use crate::model::{BoxFuture, Resolve};

/// Answers kept at most.
const MOST_ANSWERS: u64 = 10_000;
/// One question to one server; the next server or attempt has to fit into the limit of the whole phase too.
const ATTEMPT: Duration = Duration::from_secs(2);
/// A shorter time to live counts as this: a page and its links need the name again at once.
const SHORTEST_KEPT: Duration = Duration::from_secs(5);
/// A longer time to live counts as this.
const LONGEST_KEPT: Duration = Duration::from_secs(3600);
/// That a name does not exist is believed this long.
const LONGEST_DENIED: Duration = Duration::from_secs(30);

/// Asks DNS servers. Answers are kept for their time to live, bounded to 5 s at least and 1 h at most; failures
/// for 30 s at most; 10,000 of them.
pub struct DnsResolver(TokioResolver);

impl std::fmt::Debug for DnsResolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("DnsResolver").finish_non_exhaustive()
    }
}

impl DnsResolver {
    /// A resolver of the system's DNS servers, hosts file and search domains, as they are now.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the system's configuration cannot be read.
    pub fn of_system() -> Result<Self> {
        let builder = TokioResolver::builder_tokio().map_err(|cause| {
            Error::new(ErrorKind::Config, "the system's DNS configuration cannot be read").with_source(cause)
        })?;
        Self::build(builder)
    }

    /// A resolver of these DNS servers alone (UDP, then TCP for long answers), and the hosts file.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when there is none.
    pub fn of_servers(servers: &[SocketAddr]) -> Result<Self> {
        if servers.is_empty() {
            return Err(Error::new(ErrorKind::Config, "there is no DNS server to ask"));
        }
        let servers = servers.iter().map(|server| {
            let mut config = NameServerConfig::udp_and_tcp(server.ip());
            config.connections.iter_mut().for_each(|connection| connection.port = server.port());
            config
        });
        let config = ResolverConfig::from_name_servers(servers.collect());
        Self::build(TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()))
    }

    fn build(mut builder: hickory_resolver::ResolverBuilder<TokioRuntimeProvider>) -> Result<Self> {
        choose(builder.options_mut());
        let resolver = builder.build().map_err(|cause| {
            Error::new(ErrorKind::Config, "the DNS resolver cannot be made").with_source(cause)
        })?;
        Ok(Self(resolver))
    }
}

fn choose(options: &mut ResolverOpts) {
    options.cache_size = MOST_ANSWERS;
    options.timeout = ATTEMPT;
    options.attempts = 2;
    options.ip_strategy = LookupIpStrategy::Ipv6AndIpv4;
    options.server_ordering_strategy = ServerOrderingStrategy::QueryStatistics;
    options.positive_min_ttl = Some(SHORTEST_KEPT);
    options.positive_max_ttl = Some(LONGEST_KEPT);
    options.negative_max_ttl = Some(LONGEST_DENIED);
}

impl Resolve for DnsResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<SocketAddr>>> {
        Box::pin(async move {
            let whole = host.contains('.') && !host.ends_with('.');
            let name = if whole { format!("{host}.") } else { host.to_owned() };
            let found = self.0.lookup_ip(name).await.map_err(|cause| unresolved(host, cause))?;
            Ok(found.iter().map(|address| SocketAddr::new(address, 0)).collect())
        })
    }
}

fn unresolved(host: &str, cause: NetError) -> Error {
    let told = if cause.is_nx_domain() {
        ": there is no such name"
    } else if cause.is_no_records_found() {
        ": it has no address"
    } else {
        ""
    };
    let error = Error::new(ErrorKind::Resolve, format!("the host name {host} does not resolve{told}"));
    let error = error.in_phase(Phase::Dns);
    // What DNS answered is said above; only a failure to ask has more to tell.
    if told.is_empty() { error.with_source(cause) } else { error }
}

/// A DNS server as options name it: an address, with `:PORT` when it is not 53.
///
/// # Errors
/// [`ErrorKind::Config`] for anything else: a resolver cannot look its own server up.
pub fn parse_server(text: &str) -> Result<SocketAddr> {
    let bare = text.parse::<IpAddr>().map(|address| SocketAddr::new(address, 53));
    bare.or_else(|_| text.parse::<SocketAddr>()).map_err(|cause| {
        Error::new(ErrorKind::Config, format!("the DNS server {text} is not an address"))
            .with_source(cause)
            .with_hint("give an IP address, such as 9.9.9.9, 127.0.0.1:5353 or [2620:fe::fe]:53")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_addresses_with_or_without_a_port() {
        for (text, expected) in [
            ("9.9.9.9", "9.9.9.9:53"),
            ("127.0.0.1:5353", "127.0.0.1:5353"),
            ("2620:fe::fe", "[2620:fe::fe]:53"),
            ("[2620:fe::fe]:54", "[2620:fe::fe]:54"),
        ] {
            assert_eq!(parse_server(text).unwrap().to_string(), expected);
        }
        for text in ["dns.example", "9.9.9", "", "9.9.9.9:x"] {
            assert_eq!(parse_server(text).unwrap_err().kind(), ErrorKind::Config, "{text}");
        }
    }

    #[tokio::test]
    async fn the_hosts_file_is_looked_at_first() {
        // Nobody answers at this server: only the file can know the name.
        let resolver = DnsResolver::of_servers(&["127.0.0.1:9".parse().unwrap()]).unwrap();
        let found = resolver.resolve("localhost").await.unwrap();
        assert!(!found.is_empty() && found.iter().all(|address| address.ip().is_loopback()), "{found:?}");
    }

    #[tokio::test]
    async fn a_reserved_name_that_never_exists_is_a_typed_failure() {
        let resolver = DnsResolver::of_servers(&["127.0.0.1:9".parse().unwrap()]).unwrap();
        let error = resolver.resolve("no-such-host.invalid").await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Resolve, Some(Phase::Dns)));
        assert!(error.message().contains("no-such-host.invalid"), "{error:?}");
    }
}

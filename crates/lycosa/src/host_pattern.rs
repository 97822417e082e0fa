//! Hosts as a person names them: one host, all below a domain, or every host. Pure text: nothing is resolved.

use url::Host;

use crate::error::{Error, ErrorKind, Result};
use crate::model::Origin;

/// Hosts that a choice is for.
///
/// `example.com` is that host alone, `*.example.com` every name below it (not itself), `*` every host; addresses are
/// written as in URLs (`192.0.2.7`, `[2001:db8::1]`). Each may have a port after it, and then stands for it alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    Every,
    /// As URLs write it.
    One(String),
    /// With its leading dot.
    Below(String),
}

impl HostPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] for a text that names no host.
    pub fn parse(text: &str) -> Result<Self> {
        read(text.trim()).ok_or_else(|| {
            Error::new(ErrorKind::Usage, format!("`{text}` is no host"))
                .with_hint("write example.com, *.example.com, example.com:8080, 192.0.2.7 or *")
        })
    }

    /// Whether an origin is one of these hosts.
    #[must_use]
    pub fn fits(&self, origin: &Origin) -> bool {
        if self.port.is_some_and(|port| port != origin.port) {
            return false;
        }
        // A name with its final dot is the same host.
        let host = origin.host.strip_suffix('.').unwrap_or(&origin.host);
        match &self.hosts {
            Hosts::Every => true,
            Hosts::One(name) => host == name,
            Hosts::Below(dotted) => host.len() > dotted.len() && host.ends_with(dotted.as_str()),
        }
    }
}

fn read(text: &str) -> Option<HostPattern> {
    let (name, port) = match text.rsplit_once(':') {
        // Several colons without brackets are an address that lacks them.
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, Some(port.parse().ok()?)),
        _ => (text, None),
    };
    let hosts = match name.strip_prefix("*.") {
        _ if name == "*" => Hosts::Every,
        Some(below) => match Host::parse(below.trim_end_matches('.')).ok()? {
            Host::Domain(domain) if is_plain(&domain) => Hosts::Below(format!(".{domain}")),
            _ => return None,
        },
        None => match Host::parse(name.trim_end_matches('.')).ok()? {
            Host::Domain(domain) if !is_plain(&domain) => return None,
            host => Hosts::One(host.to_string()),
        },
    };
    Some(HostPattern { hosts, port })
}

fn is_plain(domain: &str) -> bool {
    !domain.is_empty() && !domain.contains('*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, url: &str) -> bool {
        let origin = Origin::of(&url.parse().unwrap()).unwrap();
        HostPattern::parse(pattern).unwrap().fits(&origin)
    }

    #[test]
    fn a_pattern_stands_for_the_hosts_it_says_and_no_others() {
        for (pattern, url, expected) in [
            ("example.com", "http://example.com/", true),
            ("Example.COM", "https://example.com:8443/", true),
            ("example.com", "http://example.com./", true),
            ("example.com.", "http://example.com/", true),
            ("example.com", "http://www.example.com/", false),
            ("example.com", "http://badexample.com/", false),
            ("*.example.com", "http://www.example.com/", true),
            ("*.example.com", "http://a.b.example.com./", true),
            ("*.example.com", "http://example.com/", false),
            ("*.example.com", "http://badexample.com/", false),
            ("*", "http://192.0.2.7/", true),
            ("*:8080", "http://a.test:8080/", true),
            ("*:8080", "http://a.test/", false),
            ("example.com:443", "https://example.com/", true),
            ("example.com:443", "http://example.com/", false),
            ("127.0.0.1", "http://127.1:99/", true),
            ("127.0.0.1:99", "http://127.0.0.1/", false),
            ("[::1]", "http://[0::1]/", true),
            ("[::1]:8080", "http://[::1]:8080/", true),
            ("bücher.example", "http://xn--bcher-kva.example/", true),
        ] {
            assert_eq!(fits(pattern, url), expected, "{pattern} {url}");
        }
    }

    #[test]
    fn what_names_no_host_is_refused() {
        for text in [
            "",
            " ",
            "*.",
            "*.*",
            "a.*",
            "*a.test",
            "http://a.test",
            "a.test/",
            "a.test:port",
            "::1",
            "*.10.0.0.1",
        ] {
            let error = HostPattern::parse(text).unwrap_err();
            assert!(error.kind() == ErrorKind::Usage && error.hint().is_some(), "{text}");
        }
    }
}

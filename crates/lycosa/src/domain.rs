//! Host names as URLs write them: literal addresses, registrable domains, public suffixes, same-site.
//!
//! Layer 0, private to the library, over the list that the `psl` crate compiles in. What a site is for a crawl
//! (overrides included) stays with `scope`; whether a cookie may be set for a domain stays with `session`.

use url::Url;

/// The registrable domain of a canonical host name; the host itself when it has none or is an address.
pub(crate) fn registrable(host: &str) -> &str {
    // Empty labels can stand in URLs, but in no name that resolves: the list has nothing to say about them.
    if is_address(host) || host.split('.').any(str::is_empty) {
        return host;
    }
    psl::domain_str(host).unwrap_or(host)
}

/// Whether a canonical host is a literal address: a host of URLs whose last label is a number can be nothing else.
pub(crate) fn is_address(host: &str) -> bool {
    host.starts_with('[')
        || host.rsplit('.').next().is_some_and(|label| label.starts_with(|c: char| c.is_ascii_digit()))
            && host.parse::<std::net::Ipv4Addr>().is_ok()
}

/// Whether names below this one belong to different owners: the list's suffixes, the private section included,
/// every name of one label, and a name right above the suffixes of a rule with a star (`*.kawasaki.jp`). A final
/// dot changes nothing.
pub(crate) fn is_public_suffix(domain: &str) -> bool {
    let name = domain.strip_suffix('.').unwrap_or(domain);
    let is_suffix = |name: &str| psl::domain_str(name).is_none();
    // No rule has the label `-`, so only a star makes a suffix of the second.
    !is_address(name) && (is_suffix(name) || is_suffix(&format!("-.{name}")))
}

/// Whether two URLs are same-site with their schemes compared ("schemefully", RFC 6265bis §5.2).
pub(crate) fn same_site(one: &Url, other: &Url) -> bool {
    let site = |url: &Url| url.host_str().map(|host| registrable(host).to_owned());
    one.scheme() == other.scheme() && site(one).is_some() && site(one) == site(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_come_from_both_sections_of_the_list_and_from_its_default_rule() {
        for suffix in
            ["com", "co.uk", "github.io", "localhost", "corp", "com.", "kawasaki.jp", "x.kawasaki.jp"]
        {
            assert!(is_public_suffix(suffix), "{suffix}");
        }
        for name in ["example.com", "city.kawasaki.jp", "a.github.io", "127.0.0.1", "[::1]", "intranet.corp"]
        {
            assert!(!is_public_suffix(name), "{name}");
        }
    }

    #[test]
    fn same_site_compares_registrable_domains_and_schemes() {
        let same = |one: &str, other: &str| same_site(&one.parse().unwrap(), &other.parse().unwrap());
        assert!(same("https://a.example.co.uk/x", "https://b.example.co.uk:8443/"));
        assert!(!same("https://a.example.co.uk/", "http://a.example.co.uk/"));
        assert!(!same("https://a.github.io/", "https://b.github.io/"));
        assert!(same("http://127.0.0.1/", "http://127.0.0.1:81/"));
        assert!(!same("http://127.0.0.1/", "http://127.0.0.2/"));
    }
}

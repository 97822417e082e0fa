//! Stories of the guard: spellings of internal addresses, allowances, mixed answers, proxies.

use super::spellings::{INSIDE, OUTSIDE};
use super::*;
use crate::model::Origin;

/// What the guard says of a URL whose host is a literal, or stands for these addresses.
fn judge(guard: &AddressGuard, url: &str, answers: &[&str]) -> Result<Vec<SocketAddr>> {
    let url = url::Url::parse(url).unwrap();
    let origin = Origin::of(&url).unwrap();
    let literal = match url.host().unwrap() {
        url::Host::Ipv4(v4) => Some(IpAddr::from(v4)),
        url::Host::Ipv6(v6) => Some(IpAddr::from(v6)),
        url::Host::Domain(_) => None,
    };
    let answers = answers.iter().map(|ip| ip.parse::<IpAddr>().unwrap());
    let addresses: Vec<_> =
        literal.into_iter().chain(answers).map(|ip| SocketAddr::new(ip, origin.port)).collect();
    assert!(!addresses.is_empty(), "{url} is a name: say what it resolves to");
    guard.check(&ConnectTarget { origin: &origin, addresses: &addresses, proxied: false })
}

#[test]
fn no_spelling_of_an_internal_address_gets_through() {
    assert!(INSIDE.len() >= 160, "{}", INSIDE.len());
    let guard = AddressGuard::new();
    let through: Vec<_> = INSIDE.iter().filter(|url| judge(&guard, url, &[]).is_ok()).collect();
    assert!(through.is_empty(), "{through:#?}");
    for url in INSIDE {
        assert_eq!(judge(&guard, url, &[]).unwrap_err().kind(), ErrorKind::AddressRefused, "{url}");
    }
}

#[test]
fn public_addresses_get_through() {
    for url in OUTSIDE {
        assert!(judge(&AddressGuard::new(), url, &[]).is_ok(), "{url}");
    }
}

#[test]
fn spellings_that_are_no_address_do_not_even_parse() {
    for url in [
        "http://0x7f000001ff/",
        "http://256.0.0.1/",
        "http://127.0.0.0.1.2/",
        "http://[::1%25eth0]/",
        "http://[127.0.0.1]/",
        "http://127.0.0.1%00.example.com/",
        "http://127.0.0.1%20/",
        "http://127.0.0.1 .example.com/",
        "http://127.0.0.1:80:80/",
        "http://127.0.0.1^example.com/",
        "http://127.0.0.0x100/",
        "http://08.0.0.1/",
        "http://4294967296/",
        "http://[::1/",
        "http://[::127.0.0.256]/",
        "http://user@/",
        "http://xn--/",
    ] {
        assert!(url::Url::parse(url).is_err(), "{url}");
    }
}

#[test]
fn a_name_that_leads_inside_is_refused_and_the_error_says_where() {
    let error = judge(&AddressGuard::new(), "http://intern.example/", &["10.1.2.3"]).unwrap_err();
    assert_eq!(error.message(), "intern.example leads to 10.1.2.3, which is a private address");
    assert!(error.hint().unwrap().contains("--allow-address"));
}

#[test]
fn an_answer_that_mixes_public_and_internal_is_refused_whole() {
    for answers in [["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["2606:4700::1", "fd00::1"]] {
        assert!(judge(&AddressGuard::new(), "http://rebind.example/", &answers).is_err(), "{answers:?}");
    }
    let mut guard = AddressGuard::new();
    guard.allow_seed("rebind.example", 80);
    let mixed = ["10.0.0.1", "8.8.8.8"];
    let error = judge(&guard, "http://rebind.example/", &mixed).unwrap_err();
    assert!(error.message().contains("public addresses and to 10.0.0.1"), "{error}");
    assert!(judge(&guard, "http://rebind.example/", &mixed[..1]).is_ok(), "a seed of its own network");
    guard.allow_cidr("10.0.0.0/8").unwrap();
    assert!(judge(&guard, "http://rebind.example/", &mixed).is_ok(), "the network was named");
    let all = judge(&AddressGuard::new(), "http://two.example:81/", &["8.8.8.8", "2606:4700::1"]).unwrap();
    assert_eq!(all, ["8.8.8.8:81".parse().unwrap(), "[2606:4700::1]:81".parse().unwrap()]);
}

#[test]
fn a_seed_allows_exactly_its_host_and_port() {
    let mut guard = AddressGuard::new();
    guard.allow_seed("127.0.0.1", 8080);
    guard.allow_seed("[::1]", 8080);
    guard.allow_seed("Localhost.", 3000);
    for (url, answers, good) in [
        ("http://127.0.0.1:8080/", &[][..], true),
        ("http://0x7f.1:8080/", &[], true),
        ("http://[::1]:8080/", &[], true),
        ("http://127.0.0.1/", &[], false),
        ("http://127.0.0.2:8080/", &[], false),
        ("https://127.0.0.1/", &[], false),
        ("http://[::ffff:127.0.0.1]:8080/", &[], false),
        ("http://other.example:8080/", &["127.0.0.1"], false),
        ("http://localhost:3000/", &["127.0.0.1", "::1"], true),
        ("http://localhost.:3000/", &["127.0.0.1"], true),
        ("http://localhost:3001/", &["127.0.0.1"], false),
        ("http://x.localhost:3000/", &["127.0.0.1"], false),
    ] {
        assert_eq!(judge(&guard, url, answers).is_ok(), good, "{url}");
    }
}

#[test]
fn a_name_as_seed_cannot_open_the_metadata_service() {
    let mut guard = AddressGuard::new();
    guard.allow_seed("evil.example", 80);
    guard.allow_seed("169.254.169.254", 80);
    assert!(judge(&guard, "http://evil.example/", &["10.0.0.1"]).is_ok(), "an intranet server");
    for answer in [
        "169.254.169.254",
        "fe80::1",
        "0.0.0.0",
        "224.0.0.1",
        "100.100.100.200",
        "fd00:ec2::254",
        "fd20:ce::254",
    ] {
        assert!(judge(&guard, "http://evil.example/", &[answer]).is_err(), "{answer}");
    }
    assert!(judge(&guard, "http://169.254.169.254/", &[]).is_ok(), "but who types it gets it");
}

#[test]
fn an_allowed_network_covers_its_addresses_and_no_others() {
    let mut guard = AddressGuard::new();
    for network in ["10.0.0.0/8", " 192.168.7.0/24", "fd00::/8", "[::1]", "127.0.0.1"] {
        guard.allow_cidr(network).unwrap();
    }
    for (ip, good) in [
        ("10.255.0.1", true),
        ("::ffff:10.0.0.1", true),
        ("192.168.7.255", true),
        ("192.168.8.1", false),
        ("fdff::1", true),
        ("fc00::1", false),
        ("::1", true),
        ("127.0.0.1", true),
        ("127.0.0.2", false),
    ] {
        assert_eq!(judge(&guard, "http://x.example/", &[ip]).is_ok(), good, "{ip}");
    }
    let mut everything = AddressGuard::new();
    everything.allow_cidr("0.0.0.0/0").unwrap();
    everything.allow_cidr("::/0").unwrap();
    assert!(INSIDE.iter().all(|url| judge(&everything, url, &[]).is_ok()));
}

#[test]
fn a_network_that_makes_no_sense_is_refused_with_a_reason() {
    for (text, part) in [
        ("", "cannot be read"),
        ("10.0.0.0/33", "from 0 to 32"),
        ("fd00::/129", "from 0 to 128"),
        ("10.0.0.0/", "from 0 to 32"),
        ("10.0.0.0/+8", "from 0 to 32"),
        ("10.0.0.1/8", "bits are set"),
        ("example.com/8", "cannot be read"),
        ("10.0/16", "cannot be read"),
    ] {
        let error = AddressGuard::new().allow_cidr(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.message().contains(part), "{text:?}: {error}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn behind_a_proxy_only_literals_can_be_judged() {
    let origin = Origin::of(&"http://a.example/".parse().unwrap()).unwrap();
    let unseen = ConnectTarget { origin: &origin, addresses: &[], proxied: true };
    assert_eq!(AddressGuard::new().check(&unseen).unwrap(), []);
    assert!(AddressGuard::new().strict(true).check(&unseen).is_err());
    let literal = Origin::of(&"http://127.0.0.1/".parse().unwrap()).unwrap();
    let seen =
        ConnectTarget { origin: &literal, addresses: &["127.0.0.1:80".parse().unwrap()], proxied: true };
    assert!(AddressGuard::new().check(&seen).is_err());
}

#[test]
fn allowances_survive_being_stored() {
    let mut guard = AddressGuard::new();
    guard.allow_seed("127.0.0.1", 8080);
    guard.allow_cidr("fd00::/8").unwrap();
    guard.allow_cidr("fd00::/8").unwrap();
    let stored = serde_json::to_string(guard.allowances()).unwrap();
    let read: Vec<Allowance> = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, guard.allowances());
    assert_eq!(read.len(), 2, "{stored}");
}

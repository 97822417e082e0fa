//! The synthetic site judged from outside: a walk over real sockets with a link scan of its own must see what the
//! oracle says.

use super::*;
use crate::{Request, Server};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{Read, Write};

/// Resolves the spellings of a link by hand, without a URL library.
fn resolved(href: &str, host: &str) -> String {
    let href = href.trim().split('#').next().unwrap().replace("&amp;", "&");
    let port = host.rsplit_once(':').unwrap().1;
    let spelled = format!("HTTP://127.0.0.1:0{port}");
    let starts = [format!("http://{host}"), spelled, format!("//{host}")];
    let path = starts.iter().find_map(|start| href.strip_prefix(start.as_str())).unwrap_or(&href).to_owned();
    let path = path.strip_prefix("/./x/y/../..").unwrap_or(&path).to_owned();
    path.replace("%c3%a9", "%C3%A9").replace('é', "%C3%A9")
}

fn fetch(server: &Server, path: &str) -> (u16, String) {
    let mut stream = std::net::TcpStream::connect(server.addr()).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.addr()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (answer[9..12].parse().unwrap(), answer)
}

fn hrefs(html: &str) -> impl Iterator<Item = &str> {
    html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap())
}

#[test]
fn a_walk_over_the_wire_finds_what_the_oracle_says() {
    let site = SyntheticSite { pages: 200, delay_ms: (0, 0), ..SyntheticSite::with_seed(7) };
    let server = site.serve();
    let host = server.addr().to_string();
    let mut depths = BTreeMap::from([("/".to_owned(), 0)]);
    let mut queue = VecDeque::from([("/".to_owned(), 0)]);
    let mut titles = BTreeMap::new();
    while let Some((path, depth)) = queue.pop_front() {
        if path.starts_with("/private/") || depths[&path] != depth {
            continue;
        }
        let (status, answer) = fetch(&server, &path);
        let (targets, deeper) = match status {
            200 => (hrefs(&answer).map(|href| resolved(href, &host)).collect(), depth + 1),
            301..=308 => {
                let location = answer.split("Location: ").nth(1).unwrap().split("\r\n").next().unwrap();
                (vec![location.to_owned()], depth)
            }
            _ => (Vec::new(), depth),
        };
        if status == 200 {
            let title = answer.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
            titles.insert(path, title.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"));
        }
        for to in targets {
            if depths.get(&to).is_none_or(|known| *known > deeper) {
                depths.insert(to.clone(), deeper);
                let entry = (to, deeper);
                if deeper == depth { queue.push_front(entry) } else { queue.push_back(entry) }
            }
        }
    }
    assert_eq!(depths, site.reachable());
    assert_eq!(titles, site.oracle(None).titles());
}

#[test]
fn the_default_site_is_of_use_to_a_torture_test() {
    for seed in 0..20 {
        let site = SyntheticSite::with_seed(seed);
        let oracle = site.oracle(None);
        assert!(oracle.pages().len() > 350, "seed {seed}: {} pages", oracle.pages().len());
        assert!(oracle.visits.len() <= 500);
        assert!(oracle.redirects().len() > 5 && oracle.missing().len() > 3 && oracle.denied().len() > 3);
        let deepest = oracle.visits.values().map(|visit| visit.depth).max().unwrap();
        assert!((4..20).contains(&deepest), "seed {seed}: depth {deepest}");
        assert!(oracle.items().len() > 300);
    }
}

#[test]
fn every_path_leads_back_to_its_page_and_no_two_pages_share_one() {
    let site = SyntheticSite::with_seed(3);
    let paths: BTreeSet<_> = (0..site.pages).map(|page| site.path(page)).collect();
    assert_eq!(paths.len(), 500);
    for page in 0..site.pages {
        let path = site.path(page);
        assert_eq!(site.page_at(&path), Some(page), "{path}");
        assert_eq!(site.page_at(&Spelling::LowerEscapes.write(&path, "h:1")), Some(page), "{path}");
    }
    for foreign in ["/p3.html", "/a/p9999.html", "/view?id=x", "/a/p-1.html", "//", ""] {
        assert_eq!(site.page_at(foreign), None, "{foreign}");
    }
}

#[test]
fn every_spelling_occurs_and_resolves_to_the_canonical_path() {
    let site = SyntheticSite::with_seed(5);
    for spelling in Spelling::ALL {
        for page in 1..50 {
            let path = site.path(page);
            assert_eq!(resolved(&spelling.write(&path, "127.0.0.1:8080"), "127.0.0.1:8080"), path);
        }
    }
    let html: String = (0..50).map(|page| site.html(page, "127.0.0.1:8080")).collect();
    for mark in [
        "#part-2",
        "\"http://127",
        "\"HTTP://127.0.0.1:08080/",
        "\"//127",
        "/../",
        "%c3%a9",
        "/café/",
        "\" /",
    ] {
        assert!(html.contains(mark), "{mark}");
    }
}

#[test]
fn redirects_end_at_a_page_after_one_hop_and_delays_stay_in_range() {
    let site = SyntheticSite { redirect_percent: 40, ..SyntheticSite::with_seed(11) };
    for page in 0..site.pages {
        if let Kind::Redirect(status, to) = site.kind(page) {
            assert!((301..=308).contains(&status));
            assert_eq!(site.kind(to), Kind::Page, "{page} to {to}");
        }
        assert!((5..=20).contains(&site.delay(page).as_millis()));
    }
}

#[test]
fn a_flaky_page_answers_503_once() {
    let site = SyntheticSite { flaky_percent: 50, ..SyntheticSite::with_seed(2) };
    let page = (0..site.pages).find(|page| site.kind(*page) == Kind::Flaky).unwrap();
    let mut request = Request::get(&site.path(page));
    assert_eq!(site.answer(&request).status, 503);
    request.visit = 2;
    assert_eq!(site.answer(&request).status, 200);
    assert!(
        site.oracle(None).pages().contains_key(&site.path(page)) || site.oracle(None).pages().len() < 500
    );
}

#[test]
fn a_depth_limit_cuts_the_oracle_level_by_level() {
    let site = SyntheticSite::default();
    let whole = site.oracle(None);
    for limit in 0..4 {
        let cut = site.oracle(Some(limit));
        let expected: BTreeMap<_, _> =
            whole.visits.clone().into_iter().filter(|(_, visit)| visit.depth <= limit).collect();
        assert_eq!(cut.visits, expected, "depth {limit}");
    }
    assert_eq!(site.oracle(Some(0)).pages(), BTreeMap::from([("/".to_owned(), 0)]));
}

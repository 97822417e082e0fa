//! The web judged from outside: URLs lead back to their places, links lead to what exists, a walk over the served
//! markup with a link scan of its own fetches what the oracle says, and every measure tells good from bad.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

fn web(seed: u64) -> Web {
    Web::new(Settings { seed, hosts: 60, pages: 3_000, ..Settings::default() })
}

fn pages(web: &Web) -> Vec<PageId> {
    let of_host = |host| (0..web.size(host)).map(move |index| PageId { host, index });
    (0..web.hosts()).flat_map(of_host).collect()
}

fn ask(web: &Web, url: &str, first: bool) -> Option<Answer> {
    let rest = url.strip_prefix("http://")?;
    let (authority, target) = rest.split_at(rest.find('/')?);
    let host = web.host_of_authority(authority)?;
    let (if_none_match, if_modified_since, now_ms) = (None, None, 1_700_000_000_000);
    Some(web.answer(&Ask { host, target, now_ms, first, if_none_match, if_modified_since }))
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
}

/// Resolves the spellings of a link by hand, without a URL library.
fn resolved(href: &str, page: &str) -> String {
    let href = href.trim().split('#').next().unwrap().replace("&amp;", "&");
    let origin_end = page[7..].find('/').map_or(page.len(), |at| at + 7);
    let origin = &page[..origin_end];
    let absolute = match href.split_once("//") {
        Some((scheme, rest)) if scheme.is_empty() || scheme.eq_ignore_ascii_case("http:") => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap());
            let authority = authority.strip_suffix(":80").unwrap_or(authority).to_ascii_lowercase();
            format!("http://{authority}{path}")
        }
        _ if href.starts_with('/') => format!("{origin}{href}"),
        _ => format!("{page}{href}"),
    };
    absolute.replace("/./x/y/../..", "").replace("%c3%a9", "%C3%A9").replace('é', "%C3%A9")
}

fn hrefs(html: &str) -> impl Iterator<Item = &str> {
    html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap())
}

#[test]
fn every_name_and_every_url_leads_back_to_where_it_came_from() {
    for seed in 0..3 {
        let web = web(seed);
        let names: BTreeSet<_> = (0..web.hosts()).map(|host| web.name(host)).collect();
        assert_eq!(names.len(), 60);
        for host in 0..web.hosts() {
            let name = web.name(host);
            assert_eq!(web.host_named(&name.to_uppercase()), Some(host), "{name}");
            assert!(name.ends_with(&web.domain(host)), "{name}");
            assert_eq!(web.domain(host), web.domain(web.site(host)));
        }
        let mut urls = BTreeSet::new();
        for page in pages(&web) {
            let url = web.url(Place::Page(page));
            assert_eq!(web.place_of_url(&url), Some(Place::Page(page)), "{url}");
            assert_eq!(web.place_of_url(&url.replace("%C3", "%c3")), Some(Place::Page(page)), "{url}");
            assert!(urls.insert(url));
        }
    }
    let web = web(0);
    for foreign in ["http://x.com/", "http://a-zzz.com/", "https://a/", "http://", "", "http://-.com/"] {
        assert_eq!(web.place_of_url(foreign), None, "{foreign}");
    }
    for path in ["/a/p999999.html", "/p1.html", "/view?id=1", "/a/p-1.html", "/calendar/2024/13", "//"] {
        assert_eq!(web.place(0, path), None, "{path}");
    }
}

#[test]
fn host_sizes_follow_the_law_and_add_up() {
    for (hosts, pages) in [(1, 1), (10, 10), (1_000, 100_000), (5_000, 200_000)] {
        let web = Web::new(Settings { hosts, pages, ..Settings::default() });
        let numbering = Numbering::new(&web);
        let off = numbering.pages().abs_diff(pages);
        assert!(off * 100 <= pages, "{} pages for {pages}", numbering.pages());
        assert!((1..hosts).all(|host| web.size(host) <= web.size(host - 1)));
        for number in (0..numbering.pages()).step_by(97) {
            assert_eq!(numbering.number(numbering.page(number)), number);
        }
    }
    let web = Web::new(Settings { hosts: 1_000, pages: 1_000_000, ..Settings::default() });
    let ratio = f64::from(web.size(0)) / f64::from(web.size(99));
    assert!((140.0..175.0).contains(&ratio), "100^1.1 is 158, not {ratio}");
}

#[test]
fn links_lead_to_what_exists_and_keep_the_measure_of_the_settings() {
    let web = Web::new(Settings { hosts: 500, pages: 50_000, trap_percent: 20, ..Settings::default() });
    let (mut near, mut far, mut low) = (0_u32, 0_u32, 0_u32);
    for page in pages(&web).into_iter().step_by(7) {
        web.links(page, |link| {
            assert_eq!(web.place_of_url(&web.url(link.to)), Some(link.to));
            if let Place::Page(to) = link.to {
                assert!(to.index < web.size(to.host));
                if to.host == page.host {
                    near += 1
                } else {
                    far += 1
                }
                low += u32::from(to.index < web.size(to.host).div_ceil(4));
            }
        });
    }
    let share = f64::from(near) / f64::from(near + far);
    // A link to elsewhere may happen to lead home.
    assert!((0.80..0.86).contains(&share), "{share}");
    assert!(low * 100 > (near + far) * 45, "half of the links lead to the first quarter");
}

#[test]
fn sitemaps_date_pages_rightly_or_wrongly_as_their_host_does() {
    let lastmod = LastmodShares { exact: 30, now: 20, never: 20 };
    let settings = Settings { hosts: 60, pages: 1_200, sitemap_percent: 100, lastmod, ..Settings::default() };
    let settings = Settings { sitemap_rules_percent: 0, ..settings };
    let web = Web::new(settings);
    let mut met = HashMap::new();
    // Two readings, three days apart.
    let (first, second) = (1_700_000_000_000, 1_700_000_000_000 + 3 * 86_400_000);
    for host in 0..web.hosts() {
        let read = |now_ms| {
            let (if_none_match, if_modified_since, target) = (None, None, "/sitemap.xml");
            let ask = Ask { host, target, now_ms, first: false, if_none_match, if_modified_since };
            let body = web.answer(&ask).body;
            let dates =
                body.split("<lastmod>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned());
            dates.collect::<Vec<String>>()
        };
        let (before, after) = (read(first), read(second));
        let pages = (0..web.size(host)).map(|index| PageId { host, index });
        let pages: Vec<PageId> = pages.filter(|page| web.is_listed(*page)).collect();
        assert_eq!((before.len(), after.len()), (pages.len(), pages.len()));
        *met.entry(web.lastmod(host)).or_insert(0_u32) += 1;
        for (place, page) in pages.into_iter().enumerate() {
            let changed = web.changed_ms(page, second) > first;
            match web.lastmod(host) {
                Lastmod::Exact => assert_eq!(after[place] > before[place], changed),
                Lastmod::Day => {
                    assert!(after[place] >= before[place] && (changed || after[place] == before[place]))
                }
                Lastmod::Now => assert_eq!((&*before[place], &*after[place]), ("2023-11-14", "2023-11-17")),
                Lastmod::Never => assert_eq!(after[place], before[place]),
            }
        }
    }
    assert_eq!(met.len(), 4, "{met:?}");
}

#[test]
fn every_link_redirect_and_sitemap_entry_on_the_wire_is_what_the_web_says() {
    let web = Web::new(Settings { hosts: 40, pages: 1_500, trap_percent: 30, ..Settings::default() });
    let mut seen = HashMap::new();
    for page in pages(&web) {
        let url = web.url(Place::Page(page));
        let answer = ask(&web, &url, false).unwrap();
        *seen.entry(answer.status).or_insert(0_u32) += 1;
        match web.kind(page) {
            Kind::Dead(status) => assert_eq!(answer.status, status),
            Kind::Redirect(status, to) => {
                let location = header(&answer, "Location").unwrap();
                assert_eq!(answer.status, status);
                assert_eq!(resolved(location, &url), web.url(Place::Page(to)));
                assert_ne!(to, page);
            }
            _ => {
                let mut expected = Vec::new();
                web.links(page, |link| expected.push(web.url(link.to)));
                let found: Vec<_> = hrefs(&answer.body).map(|href| resolved(href, &url)).collect();
                assert_eq!(found, expected, "{url}");
                let marked = answer.body.matches("rel=\"ugc nofollow\"").count();
                let mut nofollow = 0;
                web.links(page, |link| nofollow += usize::from(link.nofollow));
                assert_eq!(marked, nofollow);
                let meta = "<meta name=robots content=nofollow>";
                assert_eq!(answer.body.contains(meta), web.says_nofollow(page));
            }
        }
    }
    assert!([200, 301, 302, 303, 307, 308, 404, 410].iter().all(|status| seen[status] > 1), "{seen:?}");
    for host in (0..web.hosts()).filter(|host| web.has_sitemap(*host)) {
        let mut url = web.url(Place::Sitemap(host));
        if web.sitemap_rule(host).is_moved() {
            url = resolved(header(&ask(&web, &url, true).unwrap(), "Location").unwrap(), &url);
            assert_eq!(url, web.url(Place::MovedSitemap(host)));
        }
        let xml = ask(&web, &url, true).unwrap().body;
        let listed: BTreeSet<_> =
            xml.split("<loc>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
        let pages =
            (0..web.size(host)).map(|index| PageId { host, index }).filter(|page| web.is_listed(*page));
        let expected: BTreeSet<_> =
            pages.map(|page| web.url(Place::Page(page)).replace('&', "&amp;")).collect();
        assert_eq!(listed, expected.iter().map(String::as_str).collect());
    }
}

#[test]
fn copies_are_copies_to_the_byte_and_near_copies_are_near() {
    let web = web(4);
    let (mut exact, mut named, mut near) = (0, 0, 0);
    for page in pages(&web) {
        let body = |page| ask(&web, &web.url(Place::Page(page)), false).unwrap().body;
        match web.kind(page) {
            Kind::Copy { of, says_so } => {
                let (copy, original) = (body(page), body(PageId { index: of, ..page }));
                let link = format!(
                    "<link rel=canonical href=\"{}\">",
                    web.url(Place::Page(PageId { index: of, ..page }))
                );
                assert_eq!(copy.replace(&link.replace("&lang", "&amp;lang"), ""), original);
                assert_eq!(copy == original, !says_so);
                (exact, named) = (exact + u32::from(!says_so), named + u32::from(says_so));
            }
            Kind::NearCopy { of } => {
                let (copy, original) = (body(page), body(PageId { index: of, ..page }));
                assert_ne!(copy, original);
                let sentence = format!(" Printed as No. {}.", page.index);
                let bare = copy.replacen(&sentence, "", 1);
                assert!(copy.contains(&sentence) && bare.len().abs_diff(original.len()) <= sentence.len());
                near += 1;
            }
            _ => {}
        }
    }
    assert!(exact > 10 && named > 10 && near > 10, "{exact} {named} {near}");
}

#[test]
fn traps_go_on_and_every_one_of_their_urls_is_found_again() {
    let web = Web::new(Settings { hosts: 400, pages: 400, trap_percent: 50, ..Settings::default() });
    let mut families = BTreeSet::new();
    for host in 0..web.hosts() {
        let Some(family) = web.trap_family(host) else { continue };
        families.insert(family);
        let mut walk = vec![web.trap_root(host, family)];
        for step in 0..7 {
            let trap = walk[step];
            let url = web.url(Place::Trap(trap));
            assert_eq!(web.place_of_url(&url), Some(Place::Trap(trap)), "{url}");
            let mut expected = Vec::new();
            web.trap_links(trap, |link| expected.push(web.url(link.to)));
            let body = ask(&web, &url, true).unwrap().body;
            assert_eq!(hrefs(&body).map(|href| resolved(href, &url)).collect::<Vec<_>>(), expected);
            let mut next = None;
            web.trap_links(trap, |link| next = next.or(matches!(link.to, Place::Trap(_)).then_some(link.to)));
            let Some(Place::Trap(next)) = next else { panic!("{family:?} ends at {url}") };
            assert!(!walk.contains(&next));
            walk.push(next);
        }
    }
    assert_eq!(families.len(), 4);
}

/// A crawl by hand: a queue, a link scan, and what robots.txt says by the web's own word.
fn walk(web: &Web, seeds: &[u32]) -> Coverage {
    let mut fetched = Coverage::new(*web, Numbering::new(web));
    let mut queue: VecDeque<_> = seeds.iter().map(|host| web.url(Place::Page(web.home(*host)))).collect();
    while let Some(url) = queue.pop_front() {
        let place = web.place_of_url(&url).unwrap_or_else(|| panic!("nothing is at {url}"));
        if matches!(place, Place::Trap(_)) || !web.allows(place) || !fetched.insert(place) {
            continue;
        }
        let answer = ask(web, &url, false).unwrap();
        queue.extend(header(&answer, "Location").map(|location| resolved(location, &url)));
        queue.extend(hrefs(&answer.body).map(|href| resolved(href, &url)));
    }
    fetched
}

#[test]
fn a_walk_over_the_markup_fetches_what_the_oracle_says() {
    for seed in 0..4 {
        let web = web(seed);
        let expected = web.coverage(Rules::default(), &[0, 1]);
        expected.compare(&walk(&web, &[0, 1])).unwrap();
        let (digest, all) = (expected.digest(), Numbering::new(&web).pages());
        assert!(digest.count * 10 > all * 6 && digest.count < all, "{} of {all}", digest.count);
    }
}

#[test]
fn a_difference_is_found_and_described() {
    let web = web(9);
    let expected = web.coverage(Rules::default(), &[0]);
    let host = (5..60).find(|host| expected.pages(*host..host + 1).count() > 2).unwrap();
    let lost = expected.pages(host..host + 1).nth(1).unwrap();
    let mut found = Coverage::new(web, Numbering::new(&web));
    for page in expected.pages(0..60).filter(|page| *page != lost) {
        found.insert(Place::Page(page));
    }
    let mismatch = expected.compare(&found).unwrap_err();
    assert_eq!(mismatch.host, web.name(host));
    assert_eq!((mismatch.missing.len(), mismatch.extra.len()), (1, 0));
    assert!(mismatch.missing[0].starts_with(&web.url(Place::Page(lost))), "{mismatch}");
    found.insert(Place::Page(lost));
    expected.compare(&found).unwrap();
    let denied = pages(&web).into_iter().find(|page| !web.allows(Place::Page(*page))).unwrap();
    found.insert(Place::Page(denied));
    let mismatch = expected.compare(&found).unwrap_err();
    assert!(
        mismatch.to_string().contains("too many") && mismatch.to_string().contains("denied"),
        "{mismatch}"
    );
}

#[test]
fn every_rule_changes_what_must_be_fetched() {
    let web = Web::new(Settings { hosts: 80, pages: 4_000, nofollow: 200, ..Settings::default() });
    let count = |rules| web.coverage(rules, &[0]).digest().count;
    let all = count(Rules::default());
    assert!(count(Rules { robots: false, ..Rules::default() }) > all);
    assert!(count(Rules { respect_nofollow: true, ..Rules::default() }) < all);
    assert!(count(Rules { respect_meta: true, ..Rules::default() }) < all);
    assert!(count(Rules { sitemaps: true, ..Rules::default() }) > all);
    let levels: Vec<_> =
        (0..6).map(|depth| count(Rules { max_depth: Some(depth), ..Rules::default() })).collect();
    assert!(levels[0] == 1 && levels.is_sorted() && levels[5] > levels[1], "{levels:?}");
    let trapped = Web::new(Settings { hosts: 80, pages: 4_000, trap_percent: 30, ..Settings::default() });
    let deep = Rules { max_depth: Some(6), traps: true, ..Rules::default() };
    let coverage = trapped.coverage(deep, &[0]);
    assert!(coverage.traps().count() > 100, "{}", coverage.traps().count());
}

#[test]
fn the_log_sees_bad_manners() {
    let web = Web::new(Settings { crawl_delay_percent: 50, ..Settings::default() });
    let log = AccessLog::new(web, Numbering::new(&web), Manners::default());
    let slow = (1..100).find(|host| web.crawl_delay(*host) > Duration::from_secs(2)).unwrap();
    log.arrive(0, "/robots.txt", 1_000);
    log.leave(0);
    assert!(log.arrive(0, "/", 1_500).first);
    assert!(!log.arrive(0, "/", 2_000).first);
    assert_eq!(log.counts().violations, Vec::<String>::new());
    log.arrive(0, "/", 2_400);
    let counts = log.counts();
    assert_eq!((counts.too_soon, counts.too_many, counts.most_open, counts.repeated), (1, 1, 3, 2));
    log.arrive(slow, "/robots.txt", 10_000);
    log.arrive(slow, "/", 12_000);
    assert_eq!(log.counts().too_soon, 2, "{:?}", log.counts());
    log.arrive(0, "/nowhere", 20_000);
    assert_eq!(log.counts().unknown, 1);
    let denied = pages(&web).into_iter().find(|page| !web.allows(Place::Page(*page))).unwrap();
    log.arrive(denied.host, &web.path(Place::Page(denied)), 60_000);
    assert_eq!(log.counts().denied, 1);
    let crowd = (0..100).flat_map(|a| (0..a).map(move |b| (a, b)));
    let mut crowd = crowd.filter(|(a, b)| web.address(*a) == web.address(*b) && web.site(*a) != web.site(*b));
    let (a, b) = crowd.next().unwrap();
    let before = log.counts().too_soon;
    log.arrive(a, "/robots.txt", 90_000);
    log.arrive(b, "/robots.txt", 90_100);
    assert_eq!(log.counts().too_soon, before + 1);
}

#[test]
fn pages_change_in_their_time_and_say_so() {
    let web = web(6);
    let page = PageId { host: 0, index: 0 };
    let period = web.period_ms(page);
    let changed = web.changed_ms(page, 1_700_000_000_000);
    let at = |now_ms, if_none_match, if_modified_since| {
        web.answer(&Ask { host: 0, target: "/", now_ms, first: false, if_none_match, if_modified_since })
    };
    let before = at(changed, None, None);
    let (tag, date) = (header(&before, "ETag").unwrap(), header(&before, "Last-Modified").unwrap());
    assert_eq!(at(changed + period - 1, Some(tag), None).status, 304);
    assert_eq!(at(changed + period - 1, None, Some(date)).status, 304);
    assert_eq!(at(changed + period, Some(tag), Some(date)).status, 200);
    assert_eq!(at(changed + period, None, Some(date)).status, 200);
    assert_ne!(at(changed + period, None, None).body, before.body);
    assert_eq!(at(changed + 1, None, None).body, before.body);
}

#[test]
fn lengths_and_latencies_have_their_means_and_bounds() {
    let settings =
        Settings { hosts: 20, pages: 4_000, page_bytes: 20_000, shares: Shares::NONE, ..Settings::default() };
    let web = Web::new(settings);
    let lengths: Vec<_> = pages(&web)
        .into_iter()
        .map(|page| ask(&web, &web.url(Place::Page(page)), false).unwrap().body.len())
        .collect();
    let mean = lengths.iter().sum::<usize>() / lengths.len();
    assert!((18_000..23_000).contains(&mean), "{mean}");
    let (least, most) = (lengths.iter().min().unwrap(), lengths.iter().max().unwrap());
    assert!(*least < 5_000 && *most > 150_000 && *most < 1_100_000, "{least} {most}");
    let latency = |page| web.latency(Place::Page(page)).as_millis();
    assert!(pages(&web).into_iter().all(|page| (20..=2_000).contains(&latency(page))));
}

#[test]
fn measures_tell_good_from_bad() {
    let web = Web::new(Settings { shares: Shares::NONE, ..Settings::default() });
    let numbering = Numbering::new(&web);
    let fetched = web.coverage(Rules::default(), &[0]);
    let degrees = in_degrees(&web, &numbering, &fetched);
    let by_number: Vec<_> = fetched.pages(0..100).collect();
    let mut best = by_number.clone();
    best.sort_by_key(|page| std::cmp::Reverse(degrees[numbering.number(*page) as usize]));
    let mass = |order: &[PageId]| mass_of_first(0.1, order, &numbering, &degrees);
    let mut random = by_number.clone();
    random.sort_by_key(|page| web.hash(super::prf::Question::Filler, *page));
    assert!(mass(&best) > 2.0 * mass(&random), "{} {}", mass(&best), mass(&random));
    assert!((0.05..0.15).contains(&mass(&random)), "{}", mass(&random));

    let optimum = |rate| Freshness::optimum(&web, pages(&web), rate).0;
    let needed: f64 = pages(&web).into_iter().map(|page| 1_000.0 / web.period_ms(page) as f64).sum();
    assert!((optimum(needed * 1.01) - 1.0).abs() < 1e-9);
    assert!(optimum(needed / 4.0) > 0.5 && optimum(needed / 4.0) < 1.0, "{}", optimum(needed / 4.0));
    assert_eq!(optimum(0.0), 0.0);
    let now = 1_700_000_000_000;
    let held = |age| Freshness::of(&web, pages(&web).into_iter().map(|page| (page, now - age)), now).0;
    assert_eq!(held(0), 1.0);
    assert!(held(86_400_000) < held(3_600_000) && held(200 * 86_400_000) < 0.01);
}

fn any_settings() -> impl Strategy<Value = Settings> {
    let sizes = (any::<u64>(), 1_u32..200, 1_u64..5_000, 0.5_f64..2.0);
    let shares = (0_u32..200, 0_u32..50, 0_u32..200, 0_u32..200, 0_u32..200);
    let percents = (0_u32..=100, 0_u32..=100, 0_u32..=100, 0_u32..=200, 1_u16..);
    (sizes, shares, percents).prop_map(|((seed, hosts, pages, exponent), shares, percents)| {
        let (redirects, loops, missing, copies, near_copies) = shares;
        let (subdomain_percent, robots_percent, trap_percent, denied, port) = percents;
        let shares = Shares { redirects, loops, missing, copies, near_copies, ..Shares::default() };
        let settings = Settings { seed, hosts, pages, exponent, shares, denied, port, ..Settings::default() };
        Settings { subdomain_percent, robots_percent, trap_percent, ..settings }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_web_leads_only_to_what_it_has(settings in any_settings(), pick in any::<u64>()) {
        let web = Web::new(settings);
        let numbering = Numbering::new(&web);
        let page = numbering.page(pick % numbering.pages());
        let mut targets = Vec::new();
        web.links(page, |link| targets.push(link.to));
        if let Kind::Redirect(_, to) = web.kind(page) {
            targets.push(Place::Page(to));
        }
        if let Kind::Copy { of, .. } | Kind::NearCopy { of } = web.kind(page) {
            let original = PageId { index: of, ..page };
            prop_assert!(of < page.index && web.kind(original) == Kind::Ordinary);
        }
        targets.extend([Place::Page(page), Place::Robots(page.host), Place::Sitemap(page.host)]);
        for place in targets {
            let url = web.url(place);
            prop_assert_eq!(web.place_of_url(&url), Some(place), "{}", url);
            if let Place::Page(to) = place {
                prop_assert!(to.host < web.hosts() && to.index < web.size(to.host));
            }
        }
    }

    #[test]
    fn no_request_whatever_makes_the_web_panic(target in "\\PC{0,40}", path in "/[a-z/0-9?&=.%-]{0,40}") {
        let web = Web::new(Settings { trap_percent: 100, ..Settings::default() });
        for host in 0..5 {
            for target in [&target, &path] {
                let ask = Ask { host, target, now_ms: 0, first: true, if_none_match: None, if_modified_since: None };
                web.answer(&ask);
            }
        }
    }
}

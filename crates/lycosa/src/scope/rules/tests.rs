//! Stories about what belongs to a crawl.

use proptest::prelude::*;

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

fn options(mode: ScopeMode, seeds: &[&str]) -> ScopeOptions {
    ScopeOptions { mode, seeds: seeds.iter().map(|seed| url(seed)).collect(), ..ScopeOptions::default() }
}

fn verdict(rules: &ScopeRules, text: &str, depth: u32) -> Option<Exclusion> {
    let url = url(text);
    match rules.judge(Candidate { url: &canonical(&url), kind: RequestKind::Page, depth }) {
        Verdict::Accept => None,
        Verdict::Refuse(reason) => Some(reason),
    }
}

#[test]
fn every_mode_draws_its_own_border_around_the_seed() {
    let seed = "https://www.docs.example.co.uk/start";
    let table = [
        // url, host, domain, subdomains, any
        ("https://www.docs.example.co.uk/x", [true, true, true, true]),
        ("http://docs.example.co.uk/x", [true, true, true, true]),
        ("https://docs.example.co.uk:8443/x", [false, true, true, true]),
        ("https://v2.docs.example.co.uk/x", [false, true, true, true]),
        ("https://example.co.uk/x", [false, true, false, true]),
        ("https://shop.example.co.uk/x", [false, true, false, true]),
        ("https://notexample.co.uk/x", [false, false, false, true]),
        ("https://docs.example.co.uk.evil.net/x", [false, false, false, true]),
    ];
    let modes = [ScopeMode::Host, ScopeMode::Domain, ScopeMode::Subdomains, ScopeMode::Any];
    for (column, mode) in modes.into_iter().enumerate() {
        let rules = ScopeRules::new(options(mode, &[seed])).expect("rules");
        for (text, expected) in table {
            let expected = if expected[column] { None } else { Some(Exclusion::Host) };
            assert_eq!(verdict(&rules, text, 1), expected, "{mode}: {text}");
        }
    }
}

#[test]
fn an_address_and_a_name_without_dots_admit_only_themselves() {
    for mode in [ScopeMode::Host, ScopeMode::Domain, ScopeMode::Subdomains] {
        let rules =
            ScopeRules::new(options(mode, &["http://127.0.0.1:8080/", "http://localhost/"])).expect("rules");
        assert_eq!(verdict(&rules, "http://127.0.0.1:8080/x", 1), None, "{mode}");
        assert_eq!(verdict(&rules, "http://localhost/x", 1), None, "{mode}");
        assert_eq!(verdict(&rules, "http://127.0.0.2:8080/x", 1), Some(Exclusion::Host), "{mode}");
        assert_eq!(verdict(&rules, "http://0.0.1/x", 1), Some(Exclusion::Host), "{mode}");
    }
    let rules = ScopeRules::new(options(ScopeMode::Host, &["http://127.0.0.1:8080/"])).expect("rules");
    assert_eq!(verdict(&rules, "http://127.0.0.1:8081/x", 1), Some(Exclusion::Host));
}

#[test]
fn the_registrable_domain_respects_private_suffixes() {
    let rules = ScopeRules::new(options(ScopeMode::Domain, &["https://github.io/", "https://example.com/"]))
        .expect("rules");
    assert_eq!(verdict(&rules, "https://github.io/x", 1), None);
    assert_eq!(verdict(&rules, "https://a.github.io/x", 1), Some(Exclusion::Host), "a site of somebody else");
    assert_eq!(verdict(&rules, "https://a.b.example.com/x", 1), None);
    assert_eq!(verdict(&rules, "https://com/x", 1), Some(Exclusion::Host));
}

#[test]
fn allowed_domains_widen_every_mode_but_any_which_they_narrow() {
    let allowed = vec!["*.Example.org".to_owned(), "bücher.de".to_owned()];
    for mode in [ScopeMode::Host, ScopeMode::Any] {
        let mut options = options(mode, &["https://seed.net/"]);
        options.allowed_domains.clone_from(&allowed);
        let rules = ScopeRules::new(options).expect("rules");
        assert_eq!(verdict(&rules, "https://seed.net/x", 1), None, "{mode}");
        assert_eq!(verdict(&rules, "https://example.org/x", 1), None, "{mode}");
        assert_eq!(verdict(&rules, "https://a.b.example.org:81/x", 1), None, "{mode}");
        assert_eq!(verdict(&rules, "https://xn--bcher-kva.de/x", 1), None, "{mode}");
        assert_eq!(verdict(&rules, "https://other.net/x", 1), Some(Exclusion::Host), "{mode}");
    }
}

#[test]
fn patterns_and_depth_judge_what_is_found_but_not_the_seeds() {
    let mut options = options(ScopeMode::Host, &["https://example.com/"]);
    options.include = vec!["/products/".to_owned(), r"\.html$".to_owned()];
    options.exclude = vec!["[?&]sort=".to_owned()];
    options.max_depth = Some(2);
    let rules = ScopeRules::new(options).expect("rules");
    assert_eq!(verdict(&rules, "https://example.com/", 0), None);
    assert_eq!(verdict(&rules, "https://example.com/", 2), None);
    assert_eq!(verdict(&rules, "https://example.com/products/1", 2), None);
    assert_eq!(verdict(&rules, "https://example.com/found-in-a-sitemap", 0), Some(Exclusion::NotIncluded));
    let of_redirect = |text: &str, depth| {
        let url = url(text);
        rules.judge(Candidate { url: &url, kind: RequestKind::Redirect, depth })
    };
    assert_eq!(of_redirect("https://www.example.com/en/", 0), Verdict::Accept);
    assert_eq!(of_redirect("https://www.example.com/en/?sort=up", 0), Verdict::Refuse(Exclusion::Excluded));
    assert_eq!(of_redirect("https://www.example.com/en/", 1), Verdict::Refuse(Exclusion::NotIncluded));
    assert_eq!(verdict(&rules, "https://example.com/products/1?sort=up", 2), Some(Exclusion::Excluded));
    assert_eq!(verdict(&rules, "https://example.com/about", 2), Some(Exclusion::NotIncluded));
    assert_eq!(verdict(&rules, "https://example.com/about", 3), Some(Exclusion::Depth));
    let excluded = url("https://example.com/a.html?sort=up");
    assert_eq!(rules.deciding_pattern(&excluded), Some("[?&]sort="));
    for kind in [RequestKind::Sitemap, RequestKind::Robots] {
        let file = url("https://example.com/robots-or-sitemap");
        assert_eq!(rules.judge(Candidate { url: &file, kind, depth: 9 }), Verdict::Accept);
    }
}

#[test]
fn length_is_judged_before_the_host_and_the_scheme_before_all() {
    let rules = ScopeRules::new(options(ScopeMode::Host, &["https://example.com/"])).expect("rules");
    let long = format!("https://elsewhere.net/{}", "a".repeat(MAX_URL_LENGTH));
    assert_eq!(verdict(&rules, &long, 0), Some(Exclusion::TooLong));
    assert_eq!(verdict(&rules, "ftp://example.com/", 0), Some(Exclusion::Invalid));
    assert_eq!(verdict(&rules, "mailto:a@example.com", 0), Some(Exclusion::Invalid));
}

#[test]
fn a_wrong_pattern_is_named_with_its_place() {
    let error_of = |pattern: &str| {
        let mut options = options(ScopeMode::Host, &[]);
        options.exclude = vec!["fine".to_owned(), pattern.to_owned()];
        ScopeRules::new(options).expect_err("a wrong pattern")
    };
    let error = error_of("/a(b");
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(
        error.message(),
        "exclude pattern `/a(b` is not a regular expression: unclosed group at character 3"
    );
    assert!(error.hint().is_some());
    assert!(
        error_of("(a+)\\1").message().contains("backreferences are not supported"),
        "{}",
        error_of("\\1")
    );
    assert!(error_of("((a{1000}){1000}){1000}").message().contains("grows larger"));
}

#[test]
fn an_allowed_domain_with_more_than_a_domain_in_it_is_refused() {
    for text in ["https://example.com", "example.com/path", "example.com:80", "", "a b", "user@example.com"] {
        let mut options = options(ScopeMode::Host, &[]);
        options.allowed_domains = vec![text.to_owned()];
        let error = ScopeRules::new(options).expect_err(text);
        assert!(error.message().contains("is not a host name"), "{error}");
    }
}

proptest! {
    #[test]
    fn no_url_and_no_pattern_makes_the_rules_panic(
        text in "\\PC{0,80}", pattern in "\\PC{0,20}", domain in "\\PC{0,20}", depth in 0..5_u32,
    ) {
        let mut options = options(ScopeMode::Subdomains, &["https://www.example.com/"]);
        options.include = vec![pattern];
        options.allowed_domains = vec![domain];
        if let (Ok(rules), Ok(url)) = (ScopeRules::new(options), Url::parse(&text)) {
            let _ = rules.judge(Candidate { url: &url, kind: RequestKind::Page, depth });
        }
    }
}

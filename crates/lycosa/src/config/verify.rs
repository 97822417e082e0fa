//! Trying out what options say: values that have the right type and still make no sense.

use std::net::IpAddr;
use std::path::Path;

use http::HeaderValue;
use lycosa_dom::{Pattern, PatternLimits, PatternSet};
use lycosa_rules::describe_pattern_error;

use super::crawl::{is_path, sitemap_url};
use super::inspect::Mistake;
use super::names::nearest;
use super::place::Step;
use super::profiles::{Dress, named, of_host};
use super::{CrawlOptions, HeaderLine};
use crate::extract::rules::{FollowRules, RuleError, RuleName, Rules};
use crate::fetch::Proxy;
use crate::fetch::dns::parse_server;
use crate::profiles::{HostPattern, agent_value, header_fields};
use crate::proxies::NoProxy;
use crate::scope::{QueryRules, ScopeOptions, ScopeRules};
use crate::seed;
use crate::sink::{Format, Target};

/// Bytes that a request reserves of the crawl's budget before it starts.
const LEAST_BYTES: u64 = 64 << 10;

/// Sessions that take turns at most.
const MOST_SESSIONS: u32 = 10_000;

const PROXY_HINT: &str = "give http://HOST:PORT, socks5://HOST:PORT or socks5h://HOST:PORT";

/// Every mistake in these options.
pub(super) fn verify(options: &CrawlOptions) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    addresses(options, &mut mistakes);
    patterns(options, &mut mistakes);
    numbers(options, &mut mistakes);
    identity(options, &mut mistakes);
    profiles(options, &mut mistakes);
    sessions(options, &mut mistakes);
    options.recrawl.verify(&mut mistakes);
    outputs(options, &mut mistakes);
    files(options, &mut mistakes);
    if let Err(errors) = Rules::compile_within(&options.items, &options.pattern_limits()) {
        mistakes.extend(errors.into_iter().map(rule_mistake));
    }
    if let Err(error) = FollowRules::compile(&options.follow, false, &options.pattern_limits()) {
        mistakes.extend(error.into_iter().map(rule_mistake));
    }
    labels(options, &mut mistakes);
    mistakes
}

/// Labels asked for that no rule gives.
fn labels(options: &CrawlOptions, mistakes: &mut Vec<Mistake>) {
    let given = || options.follow.iter().filter_map(|rule| rule.label.as_deref());
    let of_items = options
        .items
        .iter()
        .map(|(name, rule)| (vec!["items".into(), Step::Key(name.to_owned())], &rule.when_label));
    let of_follow = options
        .follow
        .iter()
        .enumerate()
        .map(|(place, rule)| (vec!["follow".into(), Step::Index(place)], &rule.when_label));
    for (path, labels) in of_items.chain(of_follow) {
        for (place, label) in labels.iter().flat_map(|labels| &labels.0).enumerate() {
            if label.is_empty() || given().any(|known| known == label) {
                continue;
            }
            let near = nearest(label, given()).map(|name| format!("did you mean `{name}`?"));
            let hint = near.unwrap_or_else(|| "labels are given by `[[follow]]` rules".to_owned());
            let steps = path.iter().cloned().chain(["when_label".into(), Step::Index(place)]);
            mistakes.push(mistake(steps, format!("no rule gives the label `{label}`"), &hint));
        }
    }
}

pub(super) fn mistake(
    path: impl IntoIterator<Item = Step>,
    message: impl Into<String>,
    hint: &str,
) -> Mistake {
    Mistake {
        at: None,
        path: path.into_iter().collect(),
        column: None,
        message: message.into(),
        hint: (!hint.is_empty()).then(|| hint.to_owned()),
    }
}

fn addresses(options: &CrawlOptions, mistakes: &mut Vec<Mistake>) {
    for (index, text) in options.seeds.iter().enumerate() {
        if let Err(error) = seed::parse(text) {
            let path = ["seeds".into(), Step::Index(index)];
            mistakes.push(mistake(path, error.message(), error.hint().unwrap_or_default()));
        }
    }
    for (index, text) in options.sitemap_urls.iter().enumerate() {
        // The seed that a path belongs to may be typed.
        if let Err(error) = sitemap_url(text, &[]).map(drop).or_else(|error| match is_path(text.trim()) {
            true => Ok(()),
            false => Err(error),
        }) {
            let path = ["sitemap_urls".into(), Step::Index(index)];
            mistakes.push(mistake(path, error.message(), error.hint().unwrap_or_default()));
        }
    }
    if let Err(error) = QueryRules::new(&options.canonical.strip_query) {
        let path = ["canonical".into(), "strip_query".into(), Step::Index(error.place)];
        mistakes.push(mistake(path, error.message, error.hint));
    }
    for (index, domain) in options.allowed_domains.iter().enumerate() {
        let scope = ScopeOptions { allowed_domains: vec![domain.clone()], ..ScopeOptions::default() };
        if let Err(error) = ScopeRules::new(scope) {
            let path = ["allowed_domains".into(), Step::Index(index)];
            mistakes.push(mistake(path, error.message(), error.hint().unwrap_or_default()));
        }
    }
    for (index, network) in options.allow_address.iter().enumerate() {
        if !is_network(network) {
            let path = ["allow_address".into(), Step::Index(index)];
            let message = format!("`{network}` is no address or network");
            mistakes.push(mistake(path, message, "write 127.0.0.1, 10.0.0.0/8 or fd00::/8"));
        }
    }
    for (index, server) in options.dns_servers.iter().enumerate() {
        if let Err(error) = parse_server(server) {
            let path = ["dns_servers".into(), Step::Index(index)];
            mistakes.push(mistake(path, error.message(), error.hint().unwrap_or_default()));
        }
    }
    proxies(options, mistakes);
}

fn proxies(options: &CrawlOptions, mistakes: &mut Vec<Mistake>) {
    let is_one = options.proxy.len() == 1;
    for (index, proxy) in options.proxy.iter().enumerate() {
        if Proxy::parse(&proxy.0).is_err() {
            let place = (!is_one).then_some(Step::Index(index));
            let path = std::iter::once("proxy".into()).chain(place);
            // The address may hold a password, so it is not repeated.
            mistakes.push(mistake(path, "`proxy` is not the address of a proxy", PROXY_HINT));
        }
    }
    for (index, entry) in options.no_proxy.iter().enumerate() {
        if let Err(error) = NoProxy::new([entry.as_str()]) {
            let path = ["no_proxy".into(), Step::Index(index)];
            mistakes.push(mistake(path, error.message(), error.hint().unwrap_or_default()));
        }
    }
}

fn is_network(text: &str) -> bool {
    let (address, prefix) =
        text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let longest = if address.is_ipv4() { 32 } else { 128 };
    prefix.is_none_or(|prefix| prefix.parse::<u8>().is_ok_and(|bits| bits <= longest))
}

fn patterns(options: &CrawlOptions, mistakes: &mut Vec<Mistake>) {
    let limits: PatternLimits = options.pattern_limits();
    options.order.verify(&limits, mistakes);
    for (key, patterns) in [("include", &options.include), ("exclude", &options.exclude)] {
        for (index, pattern) in patterns.iter().enumerate() {
            if pattern.is_empty() {
                let message = format!("`{key}` holds an empty expression, which is found in every URL");
                mistakes.push(mistake([key.into(), Step::Index(index)], message, "leave it out"));
            }
            if let Err(error) = Pattern::compile(pattern, &limits) {
                let message = format!("`{key}`: {}", describe_pattern_error(pattern, &error));
                let path = [key.into(), Step::Index(index)];
                let mistake = mistake(path, message, error.hint().unwrap_or_default());
                mistakes.push(Mistake { column: error.column, ..mistake });
            }
        }
        if let Err((None, error)) = PatternSet::compile(patterns, &limits) {
            let message = format!("`{key}`: of all expressions together, {}", error.message);
            mistakes.push(mistake([key.into()], message, "use fewer or simpler ones, or raise `regex_size`"));
        }
    }
}

fn numbers(options: &CrawlOptions, mistakes: &mut Vec<Mistake>) {
    let counts = [
        ("concurrency", u64::from(options.concurrency)),
        ("per_host", u64::from(options.per_host)),
        ("part_size", options.part_size),
        ("max_body", options.max_body.0),
        ("regex_size", options.regex_size.0),
    ];
    for (key, count) in counts {
        if count == 0 {
            mistakes.push(mistake([key.into()], format!("`{key}` must be 1 or more"), ""));
        }
    }
    if let Some(memory) = options.seen_memory.filter(|memory| memory.0 < LEAST_BYTES) {
        let message = format!("`seen_memory` of {memory} is too little for the tables");
        mistakes.push(mistake(["seen_memory".into()], message, "give 64KiB or more"));
    }
    if let Some(budget) = options.max_bytes.filter(|budget| budget.0 < 2 * LEAST_BYTES) {
        // One request reserves the half of it, and its robots.txt comes before.
        let message = format!("`max_bytes` of {budget} is too little for a single page");
        mistakes.push(mistake(["max_bytes".into()], message, "give 128KiB or more"));
    }
    let limits = &options.timeouts;
    let phases = [
        ("dns", limits.dns),
        ("connect", limits.connect),
        ("tls", limits.tls),
        ("first_byte", limits.first_byte),
        ("idle", limits.idle),
        ("total", limits.total),
    ];
    for (key, span) in phases {
        if span.0.is_zero() {
            let message = format!("`timeouts.{key}` must be longer than 0");
            mistakes.push(mistake(["timeouts".into(), key.into()], message, "leave it out for the default"));
        }
    }
}

fn identity(options: &CrawlOptions, mistakes: &mut Vec<Mistake>) {
    if let Err(error) = agent_value(&options.user_agent) {
        let message = format!("`user_agent`: {}", error.message());
        mistakes.push(mistake(["user_agent".into()], message, error.hint().unwrap_or_default()));
    }
    if options.cookie.as_ref().is_some_and(|cookie| HeaderValue::from_str(&cookie.0).is_err()) {
        let message = "`cookie` holds a character that a header cannot have";
        mistakes.push(mistake(["cookie".into()], message, "write it as a=1; b=2"));
    }
    if options.user.as_ref().is_some_and(|user| !user.0.contains(':')) {
        mistakes.push(mistake(["user".into()], "`user` has no password", "write USER:PASSWORD"));
    }
    for (index, media_type) in options.accept_types.iter().enumerate() {
        let is_type =
            media_type.split_once('/').is_some_and(|(kind, name)| !kind.is_empty() && !name.is_empty());
        if !is_type || media_type.contains([' ', ';', ',']) {
            let path = ["accept_types".into(), Step::Index(index)];
            let message = format!("`{media_type}` is no media type");
            mistakes.push(mistake(path, message, "write text/html or text/*"));
        }
    }
}

/// Profiles that cannot be worn, hosts that are none, names that nothing has.
fn profiles(options: &CrawlOptions, mistakes: &mut Vec<Mistake>) {
    let of = |list: &str, index: usize, key: &str| [list.into(), Step::Index(index), key.into()];
    for (index, profile) in options.profiles.iter().enumerate() {
        let is_again = options.profiles.iter().take(index).any(|other| other.name == profile.name);
        if is_again || profile.name.trim().is_empty() {
            let message = format!("`profiles`: the name `{}` is empty or taken", profile.name);
            mistakes.push(mistake(of("profiles", index, "name"), message, "give each profile its own"));
        }
        let dress = (profile.user_agent.clone(), profile.headers.iter().map(HeaderLine::pair).collect());
        worn(dress, "profiles", index, mistakes);
    }
    for (index, host) in options.hosts.iter().enumerate() {
        if let Err(error) = HostPattern::parse(&host.host) {
            let message = format!("`hosts`: {}", error.message());
            mistakes.push(mistake(of("hosts", index, "host"), message, error.hint().unwrap_or_default()));
        }
        if let Err(error) = of_host(host, &options.profiles) {
            let message = format!("`hosts`: {}", error.message());
            mistakes.push(mistake(of("hosts", index, "profile"), message, error.hint().unwrap_or_default()));
        }
        let dress = (host.user_agent.clone(), host.headers.iter().map(HeaderLine::pair).collect());
        worn(dress, "hosts", index, mistakes);
    }
}

/// Sessions that would not be had as they are written.
fn sessions(options: &CrawlOptions, mistakes: &mut Vec<Mistake>) {
    let sessions = &options.sessions;
    let mut wrong = |key: &str, message: String, hint: &str| {
        mistakes.push(mistake(["sessions".into(), key.into()], format!("`sessions.{key}`{message}"), hint));
    };
    if let (None, Some(key)) = (sessions.count, sessions.first_without_count()) {
        wrong(
            key,
            " says nothing without `sessions.count`".to_owned(),
            "write how many there are: count = 4",
        );
    }
    let counts = [("count", sessions.count.map(u64::from)), ("max_uses", sessions.max_uses)];
    for (key, count) in counts {
        if count == Some(0) {
            wrong(key, " must be 1 or more".to_owned(), "leave it out for the default");
        }
    }
    if sessions.count.is_some_and(|count| count > MOST_SESSIONS) {
        wrong("count", format!(" must be {MOST_SESSIONS} or less"), "each has connections of its own");
    }
    if sessions.max_failures == 0 {
        wrong("max_failures", " must be 1 or more".to_owned(), "leave it out for the default");
    }
    if sessions.count.is_some() && !options.keep_cookies {
        wrong("count", ": sessions keep cookies, and `keep_cookies` is false".to_owned(), "choose one");
    }
    for (index, proxy) in sessions.proxies.iter().enumerate() {
        if Proxy::parse(&proxy.0).is_err() {
            let path = ["sessions".into(), "proxies".into(), Step::Index(index)];
            let message = "`sessions.proxies` holds what is not the address of a proxy";
            mistakes.push(mistake(path, message, PROXY_HINT));
        }
    }
    for (index, name) in sessions.profiles.iter().enumerate() {
        if let Err(error) = named(&options.profiles, name) {
            let path = ["sessions".into(), "profiles".into(), Step::Index(index)];
            let message = format!("`sessions.profiles`: {}", error.message());
            mistakes.push(mistake(path, message, error.hint().unwrap_or_default()));
        }
    }
}

fn worn((agent, headers): Dress, list: &str, index: usize, mistakes: &mut Vec<Mistake>) {
    let agents = header_fields(agent.as_deref(), &[]).err().map(|error| (vec!["user_agent".into()], error));
    let lines = headers.iter().enumerate().filter_map(|(line, field)| {
        let error = header_fields(None, std::slice::from_ref(field)).err()?;
        Some((vec!["headers".into(), Step::Index(line)], error))
    });
    for (key, error) in agents.into_iter().chain(lines) {
        let path = [list.into(), Step::Index(index)].into_iter().chain(key);
        let message = format!("`{list}`: {}", error.message());
        mistakes.push(mistake(path, message, error.hint().unwrap_or_default()));
    }
}

fn outputs(options: &CrawlOptions, mistakes: &mut Vec<Mistake>) {
    if options.overwrite && options.append {
        let message = "`append` and `overwrite` exclude each other";
        mistakes.push(mistake(["append".into()], message, "choose one"));
    }
    if let (Some(pages), true) = (&options.pages, options.items.is_empty()) {
        let message = format!("`pages` ({pages}) is for pages beside items, but there are no item rules");
        mistakes.push(mistake(["pages".into()], message, "without item rules `output` holds the pages"));
    }
    if options.pages.is_some() && options.pages == options.output {
        let message = "`pages` and `output` are the same file";
        mistakes.push(mistake(["pages".into()], message, "give them different names"));
    }
    for (key, name) in [("output", &options.output), ("pages", &options.pages)] {
        let Some(name) = name else { continue };
        let is_device = std::fs::metadata(name).is_ok_and(|found| !found.is_file() && !found.is_dir());
        match Target::of(Path::new(name)) {
            Target::Unknown if !is_device => {
                let message = format!("`{key}`: the name `{name}` does not tell a format");
                mistakes.push(mistake(
                    [key.into()],
                    message,
                    "end it in .jsonl, .csv or .sqlite, or in / for a folder",
                ));
            }
            Target::File { format: Format::Csv, .. } => table(options, key, name, mistakes),
            _ => {}
        }
    }
}

/// Names that are empty, files to be read that are not there, a cache that is asked alone and is not named.
fn files(options: &CrawlOptions, mistakes: &mut Vec<Mistake>) {
    let named = [
        ("cache", &options.cache),
        ("state", &options.state),
        ("save_bodies", &options.save_bodies),
        ("cacert", &options.cacert),
    ];
    for (key, _) in named.iter().filter(|(_, name)| name.as_ref().is_some_and(|name| name.trim().is_empty()))
    {
        let message = format!("`{key}` is empty");
        mistakes.push(mistake([(*key).into()], message, "name a file or folder, or leave it out"));
    }
    if let Some(name) = options.cacert.as_ref().filter(|name| !name.trim().is_empty()) {
        read(["cacert".into()], name, "give a PEM file of certificates", mistakes);
    }
    for (index, name) in options.seed_files.iter().enumerate().filter(|(_, name)| *name != "-") {
        let path = ["seed_files".into(), Step::Index(index)];
        read(path, name, "name a text file with one URL a line, or - for standard input", mistakes);
    }
    if options.offline && options.cache.is_none() {
        let message = "`offline` without `cache`: nothing can be had without both";
        mistakes.push(mistake(["offline".into()], message, "name the folder of a cache with `cache`"));
    }
}

/// Whether a file can be read, as far as opening it tells.
fn read(path: impl IntoIterator<Item = Step>, name: &str, hint: &str, mistakes: &mut Vec<Mistake>) {
    let found = std::fs::File::open(name).and_then(|file| file.metadata());
    let why = match found {
        Ok(found) if found.is_dir() => "it is a folder".to_owned(),
        Ok(_) => return,
        Err(cause) => cause.to_string(),
    };
    mistakes.push(mistake(path, format!("`{name}` cannot be read: {why}"), hint));
}

/// A table holds records of one kind.
fn table(options: &CrawlOptions, key: &str, name: &str, mistakes: &mut Vec<Mistake>) {
    let holds_items = key == "output" && !options.items.is_empty();
    if holds_items && options.items.iter().count() > 1 {
        let message = format!("`{key}`: the table `{name}` cannot hold several types of item");
        mistakes.push(mistake([key.into()], message, "use .jsonl, or one type of item"));
    }
    let outcomes_here = options.all_outcomes && (key == "pages" || options.pages.is_none());
    if outcomes_here {
        let message = format!("`{key}`: the table `{name}` cannot hold the outcomes of `all_outcomes` too");
        mistakes.push(mistake([key.into()], message, "use .jsonl"));
    }
}

fn rule_mistake(error: RuleError) -> Mistake {
    let message = error.to_string();
    let mut path = match error.rule {
        RuleName::Item(name) => vec!["items".into(), Step::Key(name)],
        RuleName::Follow(place) => vec!["follow".into(), Step::Index(place)],
    };
    path.extend(error.fields.into_iter().flat_map(|field| ["fields".into(), Step::Key(field)]));
    path.extend(error.key.map(Step::from));
    path.extend(error.index.map(Step::Index));
    Mistake { at: None, path, column: error.column, message, hint: error.hint }
}

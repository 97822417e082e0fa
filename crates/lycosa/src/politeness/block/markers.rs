//! Which markers a body has: all of them looked for at once, in one pass, whatever their case. Beside the markers
//! of the signatures these are the lists that answer the questions of [`Markers`]' methods.

use std::sync::LazyLock;

use aho_corasick::automaton::Automaton as _;
use aho_corasick::dfa::DFA;
use aho_corasick::{Anchored, MatchKind, StartKind};

use super::signatures::SIGNATURES;

/// What shows the puzzle of a maker.
const CAPTCHAS: [(&str, &str); 9] = [
    ("google.com/recaptcha/", "reCAPTCHA"),
    ("recaptcha/api.js", "reCAPTCHA"),
    ("g-recaptcha", "reCAPTCHA"),
    ("hcaptcha.com/1/api.js", "hCaptcha"),
    ("class=\"h-captcha", "hCaptcha"),
    ("challenges.cloudflare.com/turnstile", "Turnstile"),
    ("class=\"cf-turnstile", "Turnstile"),
    ("arkoselabs.com", "Arkose"),
    ("geetest.com", "GeeTest"),
];
const PASSWORDS: [&str; 3] = ["type=\"password\"", "type='password'", "type=password"];
const RATE_LIMITS: [&str; 7] = [
    "rate limit exceeded",
    "rate limit reached",
    "rate-limit",
    "too many requests",
    "exceeded the rate",
    "request limit exceeded",
    "throttl",
];
const FAILURES: [&str; 13] = [
    "maintenance",
    "wartung",
    "backend fetch failed",
    "guru meditation",
    "no server is available",
    "upstream connect error",
    "no healthy upstream",
    "error establishing a database connection",
    "dns failure",
    "capacity problems",
    "http error 503. the service is unavailable",
    "application error",
    "fastly error: unknown domain",
];
const EDGE_PAGES: [&str; 3] = ["<center>cloudflare", "fastly error:", "edgesuite.net"];
const SERVER_PAGES: [&str; 8] = [
    "<center>nginx",
    "<center>openresty",
    "<address>apache",
    "you don't have permission to access this resource",
    "internet information services",
    "<h2>401 - unauthorized",
    "<h2>403 - forbidden",
    "<center>tengine",
];
const HUMANS: [&str; 9] = [
    "you are human",
    "you're human",
    "you are not a robot",
    "you're not a robot",
    "are you a robot",
    "not a bot",
    "unusual traffic",
    "unusual activity",
    "security check",
];
const INPUTS: [&str; 6] = [
    "<textarea",
    "type=\"email\"",
    "type=\"search\"",
    "type=\"password\"",
    "name=\"message\"",
    "name=\"email\"",
];
const COOKIE_SET: [&str; 2] = ["document.cookie=", "document.cookie ="];
const RELOAD: &str = "location.reload(";

struct Table {
    machine: Option<DFA>,
    markers: Vec<&'static str>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut markers: Vec<&'static str> = SIGNATURES.iter().flat_map(|one| one.body).copied().collect();
    markers.extend(CAPTCHAS.iter().map(|(marker, _)| *marker));
    let lists: [&[&'static str]; 9] = [
        &PASSWORDS,
        &RATE_LIMITS,
        &FAILURES,
        &EDGE_PAGES,
        &SERVER_PAGES,
        &HUMANS,
        &INPUTS,
        &COOKIE_SET,
        &[RELOAD],
    ];
    lists.into_iter().for_each(|list| markers.extend_from_slice(list));
    markers.sort_unstable();
    markers.dedup();
    // It fails only for a table too large to build, which no input can change: then nothing is found, and the tests
    // of the table fail.
    // A DFA takes a sixth of an NFA's time a byte, and every short page is searched; its table is built once.
    let machine = DFA::builder()
        .start_kind(StartKind::Unanchored)
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .build(&markers)
        .ok();
    Table { machine, markers }
});

/// Notes every marker that a body has. The machine is driven by hand: its own search for matches that overlap takes more
/// than twice as long a byte, and every short page is searched.
fn note(machine: &DFA, body: &[u8], found: &mut [bool]) {
    let Ok(mut state) = machine.start_state(Anchored::No) else { return };
    for &byte in body {
        state = machine.next_state(Anchored::No, state, byte);
        if machine.is_special(state) && machine.is_match(state) {
            let patterns = (0..machine.match_len(state)).map(|index| machine.match_pattern(state, index));
            for pattern in patterns {
                found.get_mut(pattern.as_usize()).into_iter().for_each(|found| *found = true);
            }
        }
    }
}

/// The markers found in a body.
#[derive(Debug)]
pub(super) struct Markers(Vec<bool>);

impl Markers {
    /// One pass over the body.
    pub(super) fn find(body: &[u8]) -> Self {
        let mut found = vec![false; TABLE.markers.len()];
        if let Some(machine) = &TABLE.machine {
            note(machine, body, &mut found);
        }
        Self(found)
    }

    pub(super) fn has(&self, marker: &str) -> bool {
        TABLE.markers.binary_search(&marker).ok().and_then(|at| self.0.get(at)).copied().unwrap_or(false)
    }

    fn has_any(&self, markers: &[&str]) -> bool {
        markers.iter().any(|marker| self.has(marker))
    }

    /// The maker of a puzzle that is in the page.
    pub(super) fn captcha(&self) -> Option<&'static str> {
        CAPTCHAS.iter().find(|(marker, _)| self.has(marker)).map(|(_, maker)| *maker)
    }

    pub(super) fn asks_for_a_human(&self) -> bool {
        self.has_any(&HUMANS)
    }

    /// Whether the page has inputs that a puzzle alone has not.
    pub(super) fn other_inputs(&self) -> bool {
        self.has_any(&INPUTS)
    }

    pub(super) fn password(&self) -> bool {
        self.has_any(&PASSWORDS)
    }

    pub(super) fn rate_limit(&self) -> bool {
        self.has_any(&RATE_LIMITS)
    }

    /// Whether the page tells of a failure that has nothing to do with the visitor.
    pub(super) fn failure(&self) -> bool {
        self.has_any(&FAILURES)
    }

    pub(super) fn edge_page(&self) -> bool {
        self.has_any(&EDGE_PAGES)
    }

    pub(super) fn server_page(&self) -> bool {
        self.has_any(&SERVER_PAGES)
    }

    pub(super) fn sets_cookie_and_reloads(&self) -> bool {
        self.has_any(&COOKIE_SET) && self.has(RELOAD)
    }
}

//! Reading the lines of a robots.txt.
//!
//! A group is a run of `User-agent` lines and the rules after them; only a rule closes the run, any other line may
//! stand between (RFC 9309 §2.2.1, §2.2.4). A `Crawl-delay` goes to the agents named so far in the run, so that
//! `User-agent: a / Crawl-delay: 9 / User-agent: *` does not slow everybody down.

use std::collections::HashSet;
use std::ops::Range;
use std::time::Duration;

use super::{Agent, MAX_CRAWL_DELAY, MAX_ROBOTS_BYTES, MAX_SITEMAPS, ParsedRule, ParsedSignal, RobotsTxt};
use crate::octets::{push_normal, unmarked};

/// Lines about use that are kept of one file, and bytes of each: they are looked at for every page.
const MAX_SIGNALS: usize = 200;
const MAX_SIGNAL: usize = 1_000;

/// Lines about the training of models (Internet-Draft draft-canel-robots-ai-control), each with a pattern.
pub(super) const DISALLOW_TRAINING: &str = "disallowaitraining";
pub(super) const ALLOW_TRAINING: &str = "allowaitraining";

/// A piece of a shared text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(super) fn append(text: &mut String, piece: &str) -> Self {
        Self::written(text, |text| text.push_str(piece))
    }

    fn written(text: &mut String, write: impl FnOnce(&mut String)) -> Self {
        let start = offset(text);
        write(text);
        Self { start, end: offset(text) }
    }

    pub(super) fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    pub(super) fn len(self) -> u32 {
        self.end - self.start
    }
}

/// Escaping makes at most three bytes of each of the 500 KiB that are read, far below 4 GiB.
fn offset(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

/// What a line is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    UserAgent,
    Allow,
    Disallow,
    CrawlDelay,
    Sitemap,
    Signal,
    License,
    Other,
}

impl Key {
    /// What a line of this name is about. As for Google's published matcher (`ParsedRobotsKey`), the beginning of the name
    /// decides, so that `Disallows` is heard, and the misspellings are those that it and crawler-commons have met often
    /// enough to accept. Lines about use go first: `DisallowAITraining` is no `Disallow`. Others must be spelled as they are.
    fn of(name: &str) -> Self {
        const EXACT: [(Key, &[&str]); 3] = [
            (Key::Signal, &["content-signal", "content-usage", DISALLOW_TRAINING, ALLOW_TRAINING]),
            (Key::License, &["license"]),
            (Key::CrawlDelay, &["crawl-delay", "crawldelay", "crawl delay"]),
        ];
        const BEGINNINGS: [(Key, &[&str]); 4] = [
            (Key::UserAgent, &["user-agent", "useragent", "user agent", "useg-agent"]),
            (Key::Allow, &["allow"]),
            (
                Key::Disallow,
                &["disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw", "desallow"],
            ),
            (Key::Sitemap, &["sitemap", "site-map"]),
        ];
        let begins = |known: &&str| {
            name.as_bytes()
                .get(..known.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(known.as_bytes()))
        };
        let exact =
            EXACT.iter().find(|(_, names)| names.iter().any(|known| known.eq_ignore_ascii_case(name)));
        let found = exact.map(|(key, _)| *key);
        let beginning = || BEGINNINGS.iter().find(|(_, names)| names.iter().any(&begins));
        found.or_else(|| beginning().map(|(key, _)| *key)).unwrap_or(Self::Other)
    }
}

impl RobotsTxt {
    /// Reads a robots.txt, at most [`MAX_ROBOTS_BYTES`] of it. UTF-8 with or without a mark, UTF-16 with one; any
    /// line ends; a missing colon and common misspellings are forgiven; everything else is passed over.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let bytes = unmarked(whole_lines(bytes));
        let mut reader = Reader::default();
        let mut number = 0_u32;
        let mut lines = bytes.split(|byte| *byte == b'\n' || *byte == b'\r');
        let mut position = 0_usize;
        while let Some(line) = lines.next() {
            position += line.len();
            number += 1;
            reader.line(line, number);
            // `\r\n` splits into two; the empty line in between is none.
            if bytes.get(position..position + 2) == Some(b"\r\n") {
                lines.next();
                position += 1;
            }
            position += 1;
        }
        reader.finish()
    }
}

/// The part that is read: all of a file of at most [`MAX_ROBOTS_BYTES`], of a longer one the lines that end within. Half
/// a rule is another rule.
pub(super) fn whole_lines(bytes: &[u8]) -> &[u8] {
    if bytes.len() <= MAX_ROBOTS_BYTES {
        return bytes;
    }
    // One byte more: what the limit cuts off may be nothing but the end of a line.
    let ends = bytes[..=MAX_ROBOTS_BYTES].iter().rposition(|byte| *byte == b'\n' || *byte == b'\r');
    &bytes[..ends.unwrap_or(0)]
}

#[derive(Default)]
struct Reader {
    robots: RobotsTxt,
    /// Index of the first agent of the present run.
    run: usize,
    group: u32,
    /// Whether the present run has rules: then the next agent begins a new one.
    closed: bool,
    /// The sitemaps so far.
    sitemaps: HashSet<Box<str>>,
}

impl Reader {
    fn line(&mut self, line: &[u8], number: u32) {
        let content = line.split(|byte| *byte == b'#').next().unwrap_or_default().trim_ascii();
        let Some((name, value)) = split(content) else { return };
        let Ok(name) = std::str::from_utf8(name) else { return };
        match Key::of(name) {
            Key::UserAgent => self.agent(value),
            Key::Allow => self.rule(value, number, true),
            Key::Disallow => self.rule(value, number, false),
            Key::CrawlDelay => self.crawl_delay(value),
            Key::Sitemap => self.sitemap(value),
            Key::Signal => self.signal(name, value, self.spoken_to()),
            // Global, wherever it stands (RSL, "Adding RSL to robots.txt").
            Key::License => self.signal(name, value, 0..usize::MAX),
            Key::Other => {}
        }
    }

    fn agent(&mut self, value: &[u8]) {
        if self.closed {
            self.closed = false;
            self.settle_delays();
            self.run = self.robots.agents.len();
            self.group += 1;
        }
        let value = String::from_utf8_lossy(value);
        let everybody = value
            .strip_prefix('*')
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
        let name = if everybody { "*" } else { agent_name(&value) };
        let name = Span::append(&mut self.robots.text, name);
        self.robots.agents.push(Agent { name, group: self.group, crawl_delay: None });
    }

    fn rule(&mut self, value: &[u8], line: u32, allow: bool) {
        if self.robots.agents.is_empty() {
            return;
        }
        self.closed = true;
        // An empty rule says nothing; one that begins otherwise can match no path.
        if !matches!(value.first(), Some(b'/' | b'*')) {
            return;
        }
        let pattern = Span::written(&mut self.robots.text, |text| push_pattern(text, value));
        self.robots.rules.push(ParsedRule { pattern, group: self.group, line, allow });
        if let Some(folder) = folder_of_index(value).filter(|_| allow) {
            let pattern = Span::written(&mut self.robots.text, |text| {
                push_pattern(text, folder);
                text.push('$');
            });
            self.robots.rules.push(ParsedRule { pattern, group: self.group, line, allow });
        }
    }

    /// Goes to the agents named so far; kept with the last of them until the run ends.
    fn crawl_delay(&mut self, value: &[u8]) {
        let Some(delay) = delay_of(value) else { return };
        let run = self.robots.agents.get_mut(self.run..).unwrap_or_default();
        if let Some(last) = run.last_mut() {
            last.crawl_delay = last.crawl_delay.max(Some(delay));
        }
    }

    /// Gives every agent of the run the greatest delay that came after it. Done once per run: giving each delay to
    /// each agent would take the square of a file of nothing but these.
    fn settle_delays(&mut self) {
        let run = self.robots.agents.get_mut(self.run..).unwrap_or_default();
        let mut greatest = None;
        for agent in run.iter_mut().rev() {
            greatest = agent.crawl_delay.max(greatest);
            agent.crawl_delay = greatest;
        }
    }

    fn sitemap(&mut self, value: &[u8]) {
        let Ok(value) = std::str::from_utf8(value) else { return };
        if value.is_empty() || self.robots.sitemaps.len() >= MAX_SITEMAPS {
            return;
        }
        if self.sitemaps.insert(value.into()) {
            let span = Span::append(&mut self.robots.text, value);
            self.robots.sitemaps.push(span);
        }
    }

    /// Whom a line about use is said to: before the first group everybody, else the agents named so far. An unknown
    /// line ends no run of agents for those who do not know it, so it must not for us (RFC 9309 §2.2.4).
    fn spoken_to(&self) -> Range<usize> {
        match self.robots.agents.len() {
            0 => 0..usize::MAX,
            named => self.run..named,
        }
    }

    fn signal(&mut self, name: &str, value: &[u8], agents: Range<usize>) {
        if value.len() > MAX_SIGNAL || self.robots.signals.len() >= MAX_SIGNALS {
            return;
        }
        let name = Span::append(&mut self.robots.text, &name.to_ascii_lowercase());
        let value = Span::append(&mut self.robots.text, &String::from_utf8_lossy(value));
        self.robots.signals.push(ParsedSignal { name, value, agents });
    }

    fn finish(mut self) -> RobotsTxt {
        self.settle_delays();
        self.robots.text.shrink_to_fit();
        self.robots
    }
}

/// A pattern in the one spelling that it is compared in: only a `$` at its end stands for the end of the path.
pub(super) fn push_pattern(text: &mut String, value: &[u8]) {
    let (body, to_end) = match value {
        [body @ .., b'$'] => (body, "$"),
        _ => (value, ""),
    };
    push_normal(text, body, |byte| byte == b'$');
    text.push_str(to_end);
}

/// The folder of a rule for its index page, `/a/` of `/a/index.html`: who allows the one means the other, which Google
/// takes as said (`HandleAllow` of its published matcher, `/index.htm` and whatever follows).
fn folder_of_index(value: &[u8]) -> Option<&[u8]> {
    let slash = value.iter().rposition(|byte| *byte == b'/')?;
    value[slash + 1..].starts_with(b"index.htm").then(|| &value[..=slash])
}

/// Key and value, trimmed. Without a colon, white space parts them if there are exactly two words.
fn split(content: &[u8]) -> Option<(&[u8], &[u8])> {
    if let Some(colon) = content.iter().position(|byte| *byte == b':') {
        return Some((content[..colon].trim_ascii(), content[colon + 1..].trim_ascii()));
    }
    let mut words = content.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    match (words.next(), words.next(), words.next()) {
        (Some(name), Some(value), None) => Some((name, value)),
        _ => None,
    }
}

/// The name at the beginning of a text: letters, digits, `-`, `_` and `.`, without what follows.
pub(super) fn agent_name(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')));
    &text[..end.unwrap_or(text.len())]
}

/// A decimal number of seconds at the beginning of a value; what follows it is ignored. A comma is the decimal point of
/// half of Europe when one group of digits follows it.
fn delay_of(value: &[u8]) -> Option<Duration> {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let end = value.iter().position(|byte| !(byte.is_ascii_digit() || *byte == b'.')).unwrap_or(value.len());
    let mut number = std::str::from_utf8(&value[..end]).ok()?.to_owned();
    if let Some((b',', rest)) = value[end..].split_first()
        && let Some(group) = rest.get(..digits(rest)).filter(|group| !group.is_empty())
        && !matches!(rest.get(group.len()), Some(b',' | b'.'))
        && !number.contains('.')
    {
        number.push('.');
        number.extend(group.iter().map(|digit| char::from(*digit)));
    }
    let seconds: f64 = number.parse().ok()?;
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(MAX_CRAWL_DELAY).min(MAX_CRAWL_DELAY))
}

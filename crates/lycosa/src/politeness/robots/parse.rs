//! Reading the lines of a robots.txt.
//!
//! A group is a run of `User-agent` lines and the rules after them; only a rule closes the run, any other line may
//! stand between (RFC 9309 §2.2.1, §2.2.4). A `Crawl-delay` goes to the agents named so far in the run, so that
//! `User-agent: a / Crawl-delay: 9 / User-agent: *` does not slow everybody down.

use std::collections::HashSet;
use std::time::Duration;

use super::{Agent, MAX_CRAWL_DELAY, MAX_ROBOTS_BYTES, MAX_SITEMAPS, ParsedRule, ParsedSignal, RobotsTxt};
use crate::octets::{push_normal, unmarked};

/// Lines about use that are kept of one file, and bytes of each: they are looked at for every page.
const MAX_SIGNALS: usize = 200;
const MAX_SIGNAL: usize = 1_000;

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
    Other,
}

impl Key {
    /// The misspellings are those that Google and crawler-commons have met often enough to accept.
    fn of(name: &str) -> Self {
        const KEYS: [(Key, &[&str]); 6] = [
            (Key::UserAgent, &["user-agent", "useragent", "user agent", "useg-agent"]),
            (
                Key::Disallow,
                &["disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw", "desallow"],
            ),
            (Key::Allow, &["allow"]),
            (Key::CrawlDelay, &["crawl-delay", "crawldelay", "crawl delay"]),
            (Key::Sitemap, &["sitemap", "site-map"]),
            (Key::Signal, &["content-signal", "content-usage"]),
        ];
        let known = KEYS.iter().find(|(_, names)| names.iter().any(|known| known.eq_ignore_ascii_case(name)));
        known.map_or(Self::Other, |(key, _)| *key)
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

/// The part that is read. A file that was cut ends in half a line, and half a rule is another rule.
fn whole_lines(bytes: &[u8]) -> &[u8] {
    if bytes.len() < MAX_ROBOTS_BYTES {
        return bytes;
    }
    let bytes = &bytes[..MAX_ROBOTS_BYTES];
    let end = bytes.iter().rposition(|byte| *byte == b'\n' || *byte == b'\r');
    end.map_or(bytes, |end| &bytes[..end])
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
            Key::Signal => self.signal(name, value),
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

    fn signal(&mut self, name: &str, value: &[u8]) {
        // Before the first group it is meant for everybody, else for the agents named so far: an unknown line ends no
        // run of agents for those who do not know it, so it must not for us (RFC 9309 §2.2.4).
        let agents = match self.robots.agents.len() {
            0 => 0..usize::MAX,
            named => self.run..named,
        };
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

/// A decimal number of seconds at the beginning of a value; what follows it is ignored.
fn delay_of(value: &[u8]) -> Option<Duration> {
    let end = value.iter().position(|byte| !(byte.is_ascii_digit() || *byte == b'.')).unwrap_or(value.len());
    let seconds: f64 = std::str::from_utf8(&value[..end]).ok()?.parse().ok()?;
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(MAX_CRAWL_DELAY).min(MAX_CRAWL_DELAY))
}

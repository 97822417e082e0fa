//! robots.txt (RFC 9309): reading it, asking it, and what it means when it cannot be had.
//!
//! Question of this folder: *may an agent of this name fetch this path?* `parse` reads lines into [`RobotsTxt`],
//! which is looked at once; [`RobotsTxt::agent`] takes out what concerns one agent as [`AgentRules`], small and
//! sorted, which is kept and asked about every link; `pattern` matches one rule; `policy` gives a meaning to
//! statuses and failures.
//!
//! Where the standard is silent this follows what Google documents and its published matcher does, for it is what
//! webmasters test with.

pub(crate) mod agents;
mod parse;
mod pattern;
mod policy;
mod signals;

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

pub use agents::RobotsAgents;
pub use policy::{
    MAX_ROBOTS_REDIRECTS, ROBOTS_KEPT, ROBOTS_PATIENCE, ROBOTS_VALIDITY, RobotsAnswer, UNREACHABLE_VALIDITY,
    awaited_pause, awaited_so_far, is_known, robots_meaning,
};

use self::parse::Span;
use self::pattern::Head;
use crate::octets::{is_normal, push_normal};

/// Bytes of a robots.txt that are read; the rest is ignored (RFC 9309 §2.5).
pub const MAX_ROBOTS_BYTES: usize = 500 << 10;

/// The longest crawl-delay that is honoured; a longer one is cut to this.
pub const MAX_CRAWL_DELAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Sitemap lines that are kept of one file.
pub const MAX_SITEMAPS: usize = 1_000;

/// Bytes that one question may look at, many times what the largest honest files take; a file that needs more allows
/// nothing there.
const MAX_STEPS: u64 = 16 << 20;

/// A robots.txt as read. Reading never fails: what is not understood is passed over (RFC 9309 §2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RobotsTxt {
    /// Names, patterns, sitemaps and signals one after another; spans point into it.
    text: String,
    agents: Vec<Agent>,
    rules: Vec<ParsedRule>,
    signals: Vec<ParsedSignal>,
    sitemaps: Vec<Span>,
}

/// A `User-agent` line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Agent {
    name: Span,
    group: u32,
    crawl_delay: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct ParsedRule {
    pattern: Span,
    group: u32,
    line: u32,
    allow: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct ParsedSignal {
    name: Span,
    value: Span,
    /// The agents it is said to, by their place.
    agents: Range<usize>,
}

/// A line about the use of the content, such as `Content-Signal: ai-train=no`: kept as data, not acted upon. What it
/// says in typed words: [`AgentRules::use_signals`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// The line's key in lower case, such as `content-signal`.
    pub name: Box<str>,
    /// Its value as written.
    pub value: Box<str>,
}

/// The answer about one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RobotsVerdict<'a> {
    /// Whether it may be fetched.
    pub allowed: bool,
    /// The line of the rule that decided, from 1; none when no rule matched.
    pub line: Option<u32>,
    /// Its pattern, escapes in their one spelling.
    pub rule: Option<&'a str>,
}

/// What a robots.txt says to one agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentRules {
    text: Box<str>,
    /// The longest pattern first, of equals the allowing one: the first that matches decides.
    rules: Box<[Rule]>,
    crawl_delay: Option<Duration>,
    signals: Box<[Signal]>,
    named: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    head: Head,
    pattern: Span,
    line: u32,
    allow: bool,
}

impl RobotsTxt {
    /// What the file says to the agent with this product token (compared without case): the rules of all groups
    /// that name it, or else of all groups for `*`, or else none.
    #[must_use]
    pub fn agent(&self, token: &str) -> AgentRules {
        let named = self.agents.iter().any(|agent| names(self.slice(agent.name), token));
        let concerns = |agent: &Agent| {
            let name = self.slice(agent.name);
            if named { names(name, token) } else { name == "*" }
        };
        let mine: Vec<(usize, &Agent)> =
            self.agents.iter().enumerate().filter(|(_, agent)| concerns(agent)).collect();
        // Groups are numbered in the order of the file.
        let mut groups: Vec<u32> = mine.iter().map(|(_, agent)| agent.group).collect();
        groups.dedup();
        let in_groups = |group: &u32| groups.binary_search(group).is_ok();
        let says_it_to_me = |agents: &Range<usize>| {
            let first = mine.partition_point(|(place, _)| *place < agents.start);
            agents.end == usize::MAX || mine.get(first).is_some_and(|(place, _)| *place < agents.end)
        };

        let mut text = String::new();
        let mut rules = Vec::new();
        for rule in self.rules.iter().filter(|rule| in_groups(&rule.group)) {
            let pattern = Span::append(&mut text, self.slice(rule.pattern));
            let head = Head::of(self.slice(rule.pattern));
            rules.push(Rule { head, pattern, line: rule.line, allow: rule.allow });
        }
        rules.sort_by_key(|rule| (std::cmp::Reverse(rule.pattern.len()), !rule.allow, rule.line));
        let signals = self.signals.iter().filter(|signal| says_it_to_me(&signal.agents));
        AgentRules {
            text: text.into_boxed_str(),
            rules: rules.into_boxed_slice(),
            crawl_delay: mine.iter().filter_map(|(_, agent)| agent.crawl_delay).max(),
            signals: signals
                .map(|signal| Signal {
                    name: self.slice(signal.name).into(),
                    value: self.slice(signal.value).into(),
                })
                .collect(),
            named,
        }
    }

    /// Whether this agent may fetch this path. For one question only: to ask many, keep [`Self::agent`].
    #[must_use]
    pub fn allowed(&self, token: &str, path_and_query: &str) -> bool {
        self.agent(token).judge(path_and_query).allowed
    }

    /// The crawl-delay for this agent, as [`AgentRules::crawl_delay`].
    #[must_use]
    pub fn crawl_delay(&self, token: &str) -> Option<Duration> {
        self.agent(token).crawl_delay()
    }

    /// The values of the `Sitemap` lines, each once, in order: meant to be absolute URLs, but written by hand.
    pub fn sitemaps(&self) -> impl Iterator<Item = &str> {
        self.sitemaps.iter().map(|span| self.slice(*span))
    }

    fn slice(&self, span: Span) -> &str {
        span.of(&self.text)
    }
}

impl AgentRules {
    /// The verdict on the path and query of a URL (`/a?b`). `/robots.txt` itself is always allowed.
    #[must_use]
    pub fn judge(&self, path_and_query: &str) -> RobotsVerdict<'_> {
        let nothing = RobotsVerdict { allowed: true, line: None, rule: None };
        if self.rules.is_empty() {
            return nothing;
        }
        let path = normal_path(path_and_query);
        if path == "/robots.txt" {
            return nothing;
        }
        self.first_match(&path, &mut 0).unwrap_or(nothing)
    }

    /// The verdict of the first rule that matches a path in its one spelling; the bytes looked at in `steps`.
    fn first_match(&self, path: &str, steps: &mut u64) -> Option<RobotsVerdict<'_>> {
        let start = pattern::first_bytes(path);
        for rule in self.rules.iter().filter(|rule| rule.head.fits(start)) {
            let pattern = rule.pattern.of(&self.text);
            if pattern::matches(pattern, path, steps) {
                return Some(RobotsVerdict {
                    allowed: rule.allow,
                    line: Some(rule.line),
                    rule: Some(pattern),
                });
            }
            // Tens of thousands of rules of stars against a long path: nobody honest writes that.
            if *steps > MAX_STEPS {
                return Some(RobotsVerdict { allowed: false, line: None, rule: None });
            }
        }
        None
    }

    /// The greatest `Crawl-delay` given to the agent, at most [`MAX_CRAWL_DELAY`].
    #[must_use]
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.crawl_delay
    }

    /// Lines about the use of the content, in the order of the file.
    #[must_use]
    pub fn signals(&self) -> &[Signal] {
        &self.signals
    }

    /// Whether the file names this agent; otherwise these are the rules for everybody.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.named
    }

    /// How many rules there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether everything is allowed for want of rules.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

/// A path as patterns are compared with it.
fn normal_path(path_and_query: &str) -> Cow<'_, str> {
    // In a path `*` and `$` are ordinary characters, which rules write as `%2A` and `%24` (§2.2.3).
    let special = |byte: u8| byte == b'*' || byte == b'$';
    let bytes = path_and_query.as_bytes();
    if path_and_query.starts_with('/') && is_normal(bytes) && !bytes.iter().copied().any(special) {
        return Cow::Borrowed(path_and_query);
    }
    let mut path = String::with_capacity(path_and_query.len() + 8);
    if !path_and_query.starts_with('/') {
        path.push('/');
    }
    push_normal(&mut path, bytes, special);
    Cow::Owned(path)
}

/// Whether a `User-agent` line names the agent. The standard's token has letters, `-` and `_` only, and what
/// follows it in a line is ignored; names with digits (`MJ12bot`) are known by the whole name too.
fn names(line: &str, token: &str) -> bool {
    !token.is_empty()
        && (line.eq_ignore_ascii_case(token) || standard_token(line).eq_ignore_ascii_case(token))
}

fn standard_token(name: &str) -> &str {
    let end = name.find(|c: char| !(c.is_ascii_alphabetic() || matches!(c, '-' | '_')));
    &name[..end.unwrap_or(name.len())]
}

/// The product token in a `User-Agent` header: the name before the version, and of a header that begins
/// `Mozilla/5.0 (compatible; NAME/…` that name, as crawlers write it.
#[must_use]
pub fn product_token(user_agent: &str) -> &str {
    let user_agent = user_agent.trim();
    let name = match user_agent.split_once("(compatible;") {
        Some((_, rest)) => rest.trim_start(),
        None => user_agent,
    };
    parse::agent_name(name)
}

#[cfg(test)]
mod cases;
#[cfg(test)]
mod tests;

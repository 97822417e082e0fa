//! One side of `cargo xtask bench xpath`: evaluates what it is told and says how long it took.
//!
//! A line asks, a line answers; `bench/xpath-libxml2.c` is the other side and speaks the same way.
//! `first EXPRESSION` evaluates once over a document that was parsed for it alone, parsing not timed.
//! `warm EXPRESSION` evaluates over one document as often as fills a while, after an evaluation that does not count;
//! what takes half a second at once is measured that once. The answer is `NANOSECONDS TIMES COUNT HASH KIND`, per
//! evaluation, or `error WORDS`. The time includes walking the result and hashing it.

#![expect(clippy::disallowed_methods, reason = "it measures time that passes")]

use std::io::{BufRead as _, Write as _};
use std::time::{Duration, Instant};

use lycosa_dom::{Document, NodeKind, NodeRef, ParseOptions};
use xpath_eval::Value;

use crate::answer::Numbered;
use crate::ours;
use crate::peer::{self, PeerNode};

/// How long a warm measurement goes on.
const WHILE: Duration = Duration::from_millis(10);
/// An evaluation that takes as long as this is not repeated.
const LONG: Duration = Duration::from_millis(500);

/// What an evaluation found: how much, of which kind, and a hash that does not depend on the order of nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Found {
    pub(crate) count: u64,
    pub(crate) hash: u64,
    pub(crate) kind: &'static str,
}

/// The last step of SplitMix64; the C program has the same.
#[inline]
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

impl Found {
    pub(crate) fn nodes() -> Self {
        Self { kind: "nodes", ..Self::default() }
    }

    #[inline]
    pub(crate) fn node(&mut self, numbered: &Numbered, node: NodeRef<'_>) {
        self.count += 1;
        self.hash = self.hash.wrapping_add(mix(u64::from(numbered.number(node))));
    }

    /// By its element and the lengths of its name and value.
    #[inline]
    pub(crate) fn attribute(&mut self, numbered: &Numbered, attribute: lycosa_dom::Attribute<'_>) {
        self.count += 1;
        let lengths = (attribute.name().len() as u64) << 20 | attribute.value().len() as u64;
        let owner = u64::from(numbered.number(attribute.owner()));
        self.hash = self.hash.wrapping_add(mix(owner << 32 | 1 << 31 | lengths));
    }

    pub(crate) fn number(number: f64) -> Self {
        let bits = if number.is_nan() { f64::NAN.to_bits() } else { number.to_bits() };
        Self { count: 1, hash: mix(bits), kind: "number" }
    }

    /// FNV-1a.
    pub(crate) fn text(text: &str) -> Self {
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self { count: 1, hash: text.bytes().fold(0xcbf2_9ce4_8422_2325, step), kind: "string" }
    }

    pub(crate) fn truth(truth: bool) -> Self {
        Self { count: 1, hash: u64::from(truth), kind: "boolean" }
    }
}

/// Repeats as the module says. The first call is the one that may be cold.
fn repeated(mut evaluate: impl FnMut() -> Result<Found, String>) -> Result<String, String> {
    let started = Instant::now();
    let found = evaluate()?;
    let first = started.elapsed();
    if first >= LONG {
        return Ok(line(first, 1, found));
    }
    let mut times = 1_u32;
    loop {
        let started = Instant::now();
        for _ in 0..times {
            std::hint::black_box(evaluate()?);
        }
        let taken = started.elapsed();
        if taken >= WHILE {
            return Ok(line(taken, times, found));
        }
        times = times.saturating_mul(2);
    }
}

fn once(evaluate: impl FnOnce() -> Result<Found, String>) -> Result<String, String> {
    let started = Instant::now();
    let found = evaluate()?;
    Ok(line(started.elapsed(), 1, found))
}

fn line(taken: Duration, times: u32, found: Found) -> String {
    let nanoseconds = taken.as_secs_f64() * 1e9 / f64::from(times);
    format!("{nanoseconds:.1} {times} {} {} {}", found.count, found.hash, found.kind)
}

fn parse(html: &str) -> Numbered {
    Numbered::new(Document::parse_html(html, ParseOptions::default()))
}

/// The tree as a whole: how many nodes and a hash over the texts, which must be the same on every side.
fn tree(numbered: &Numbered) -> String {
    let (mut count, mut hash) = (0_u64, 0_u64);
    for node in numbered.document.nodes().filter(|node| node.kind() != NodeKind::Doctype) {
        let length = match node.kind() {
            NodeKind::Text => node.text().len(),
            NodeKind::Comment => 1,
            _ => node.attrs().len(),
        };
        count += 1;
        hash = hash.wrapping_add(mix(u64::from(numbered.number(node)) << 32 | length as u64));
    }
    format!("{count} {hash}")
}

/// Answers standard input until it ends. `side` is `ours` or `xpath-eval`.
///
/// # Errors
/// When the side is neither, or standard input or output fail.
pub(crate) fn serve(side: &str, html: &str) -> Result<(), String> {
    let numbered = parse(html);
    let cache = peer::PeerCache::new();
    let mut out = std::io::stdout().lock();
    for question in std::io::stdin().lock().lines() {
        let question = question.map_err(|error| error.to_string())?;
        let (verb, expression) = question.split_once(' ').unwrap_or((&question, ""));
        let answer = match (side, verb) {
            (_, "tree") => Ok(tree(&numbered)),
            ("ours", "first") => ours::Ready::new(expression).and_then(|ready| {
                let fresh = parse(html);
                once(|| ready.found(&fresh))
            }),
            ("ours", "warm") => {
                ours::Ready::new(expression).and_then(|ready| repeated(|| ready.found(&numbered)))
            }
            ("xpath-eval", "first") => peer::read(expression).and_then(|read| {
                let fresh = parse(html);
                let cache = peer::PeerCache::new();
                once(|| peer_found(&read, &fresh, &cache))
            }),
            ("xpath-eval", "warm") => {
                peer::read(expression).and_then(|read| repeated(|| peer_found(&read, &numbered, &cache)))
            }
            _ => return Err(format!("`{side} {verb}` is not understood")),
        };
        let answer = answer.unwrap_or_else(|words| format!("error {words}"));
        writeln!(out, "{answer}").and_then(|()| out.flush()).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn peer_found<'d>(
    expression: &xpath_eval::Expr,
    numbered: &'d Numbered,
    cache: &peer::PeerCache<'d>,
) -> Result<Found, String> {
    Ok(match peer::evaluate_at(expression, numbered.document.root(), cache)? {
        Value::NodeSet(nodes) => {
            let mut found = Found::nodes();
            for node in nodes {
                match node {
                    PeerNode::Tree(node) | PeerNode::Xml(node) => found.node(numbered, node),
                    PeerNode::Attribute(attribute) => found.attribute(numbered, attribute),
                }
            }
            found
        }
        Value::Number(number) => Found::number(number),
        Value::String(text) => Found::text(&text),
        Value::Boolean(truth) => Found::truth(truth),
    })
}

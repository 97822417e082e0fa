//! The hosts of a running crawl as a table for people.

use std::time::Duration;

use lycosa::model::Timestamp;
use serde_json::Value;

use crate::cmd::frontier::{moment, span};
use crate::output;

/// A line for each host, below a head.
pub(super) fn table<'v>(hosts: impl Iterator<Item = &'v Value>, now: Timestamp) -> String {
    let head = format!(
        "{:<32} {:>8} {:>7} {:>7} {:>7} {:>6}  {:>9} {:>8}  {}\n",
        "host", "pending", "at work", "done", "pages", "failed", "delay", "answers", "next, rest"
    );
    let rows = hosts.map(|host| format!("{}\n", output::printable(&row(host, now))));
    std::iter::once(head).chain(rows).collect()
}

fn row(host: &Value, now: Timestamp) -> String {
    let number = |name: &str| host[name].as_u64().unwrap_or(0);
    let time = |name: &str| span(Duration::from_millis(number(name)));
    let (next, rest) = (Timestamp(number("next")), Timestamp(number("blocked_until")));
    let state = if host["breaker"] == "given_up" {
        format!("given up after {} rests", number("rests"))
    } else if rest > now {
        let why = host["why"].as_str().map(|why| format!(" ({why})")).unwrap_or_default();
        format!("rests until {}{why}", moment(rest, now))
    } else if let Some(at) = host["robots_retry"].as_u64().map(Timestamp) {
        format!("waits for its robots.txt, which failed and is asked for again {}", moment(at, now))
    } else if host["has_spent"] == true {
        "its page budget is used up".to_owned()
    } else if next > now {
        format!("in {}", span(next.since(now)))
    } else {
        "now".to_owned()
    };
    format!(
        "{:<32} {:>8} {:>7} {:>7} {:>7} {:>6}  {:>9} {:>8}  {state}",
        host["site"].as_str().unwrap_or_default(),
        number("pending"),
        number("leased"),
        number("done"),
        number("pages"),
        number("failed"),
        time("delay_ms"),
        time("response_ms"),
    )
}

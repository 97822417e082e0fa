//! `lycosa fetch -v` and `--timing`: a fetch as curl shows it, and its phases as a table.

use std::fmt::Write as _;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use lycosa::crawler::single::{Conversation, Fetched};
use lycosa::model::Facts;
use lycosa::url::Position;

use crate::output;

/// Every request and answer: `*` what happened, `>` what was sent, `<` what came back.
pub(super) fn verbose(fetched: &Fetched) -> String {
    let mut text = String::new();
    for conversation in &fetched.conversations {
        connection(&mut text, &conversation.facts);
        request(&mut text, conversation);
        answer(&mut text, conversation);
    }
    if let Some(how) = fetched.facts.cache {
        let unasked = if how.is_local() { ", nobody was asked" } else { "" };
        let _ = writeln!(text, "* cache: {}{unasked}", how.as_str());
    }
    for note in &fetched.notes {
        let _ = writeln!(text, "* note: {}", output::printable(note));
    }
    let _ = writeln!(
        text,
        "* body: {} B on the wire, {} B decoded, in {}",
        fetched.wire_bytes,
        fetched.body.len(),
        milliseconds(fetched.body_time)
    );
    text
}

fn connection(text: &mut String, facts: &Facts) {
    let timings = &facts.timings;
    if facts.request_on_connection > 1 {
        let (number, turn) = (facts.connection, facts.request_on_connection);
        let _ = writeln!(text, "* using connection #{number} again, request {turn} on it");
    } else {
        if let Some(took) = timings.dns {
            let _ = writeln!(text, "* name resolved in {}", milliseconds(took));
        }
        let peer = facts.peer.map_or_else(|| "an unknown peer".to_owned(), |peer| peer.to_string());
        let took = timings.connect.map(|took| format!(" in {}", milliseconds(took))).unwrap_or_default();
        let proxy = facts.proxy.as_ref().map(|proxy| format!(", the proxy {proxy}")).unwrap_or_default();
        let _ = writeln!(text, "* connected to {peer}{proxy}{took}, connection #{}", facts.connection);
    }
    if facts.guard_delegated {
        text.push_str("* the proxy resolves the name: the address guard could not see the destination\n");
    }
    tls(text, facts);
}

fn tls(text: &mut String, facts: &Facts) {
    let Some(version) = facts.tls else { return };
    let took = facts.timings.tls.map(|took| format!(" in {}", milliseconds(took))).unwrap_or_default();
    let handshake = if facts.tls_resumed == Some(true) { "resumed session" } else { "full handshake" };
    let _ = writeln!(text, "* {version}, {handshake}{took}");
    let _ = writeln!(
        text,
        "* ALPN: offered {}; the server chose {}",
        facts.alpn_offered.unwrap_or("nothing"),
        facts.alpn.unwrap_or("nothing")
    );
    if let Some(downgrade) = facts.downgrade {
        let _ = writeln!(text, "* warning: HTTP/2 was offered and {}", downgrade.as_str());
    }
}

fn request(text: &mut String, said: &Conversation) {
    let target = &said.url[Position::BeforePath..Position::AfterQuery];
    let _ = writeln!(text, "> {} {target} {}", said.method, said.facts.version);
    let host = &said.url[Position::BeforeHost..Position::AfterPort];
    let _ = writeln!(text, "> host: {host}");
    fields(text, '>', &said.sent);
}

fn answer(text: &mut String, said: &Conversation) {
    let _ = writeln!(text, "< {} {}", said.facts.version, said.status);
    fields(text, '<', &said.received);
    if let Some(tcp) = said.facts.tcp {
        let (rtt, again) = (milliseconds(tcp.rtt), tcp.retransmits);
        let _ = writeln!(text, "* round trip {rtt}, {again} segments sent again");
    }
}

fn fields(text: &mut String, direction: char, fields: &HeaderMap) {
    for (name, value) in fields {
        let _ = writeln!(text, "{direction} {name}: {}", shown(value));
    }
    let _ = writeln!(text, "{direction}");
}

/// Secrets are sent, not shown.
fn shown(value: &HeaderValue) -> String {
    if value.is_sensitive() {
        return "(secret)".to_owned();
    }
    output::printable(&String::from_utf8_lossy(value.as_bytes())).into_owned()
}

/// The phases of the last hop, and all hops together.
pub(super) fn timing(fetched: &Fetched) -> String {
    let timings = &fetched.facts.timings;
    let rows = [
        ("dns", timings.dns),
        ("connect", timings.connect),
        ("tls", timings.tls),
        ("first byte", timings.first_byte),
        ("body", Some(fetched.body_time)),
        ("total", Some(fetched.elapsed)),
    ];
    let mut text = format!("{:<10}  {:>12}\n", "phase", "time");
    for (name, time) in rows {
        let time = time.map_or_else(|| "-".to_owned(), milliseconds);
        let _ = writeln!(text, "{name:<10}  {time:>12}");
    }
    text
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

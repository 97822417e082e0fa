//! `lycosa frontier stats`.

use std::path::Path;
use std::time::Duration;

use lycosa::crawler::stopped::{FOR_EVER, Stopped};
use lycosa::model::Timestamp;
use lycosa::{Error, Result};
use serde_json::{Value, json};

use crate::cmd::states;
use crate::exit::Exit;
use crate::output;
use crate::summary::bytes;

/// Prints the counts of a state.
pub(super) fn run(folder: &Path, as_json: bool) -> Result<Exit> {
    let mut crawl = states::open(folder)?;
    let facts = gather(&mut crawl)?;
    if let Some(damage) = crawl.view().history_damage() {
        say_history_is_damaged(damage);
    }
    let text = if as_json { format!("{facts}\n") } else { shown(&facts, crawl.now()) };
    output::data(text.as_bytes())?;
    Ok(Exit::Done)
}

/// Tells whoever looks that not everything can be told, and what can be done about it.
pub(in crate::cmd) fn say_history_is_damaged(damage: &Error) {
    output::say(&format!(
        "note: part of the history cannot be read, so not everything can be told: {damage}"
    ));
    output::say("  hint: put a copy of the file in its place; a crawl goes on without it");
}

fn gather(crawl: &mut Stopped) -> Result<Value> {
    let (spent, waiting) = crawl.spent();
    let (view, now) = (crawl.view(), crawl.now());
    let files = view.files()?;
    let size = |prefix: &str| -> u64 {
        files.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(_, size)| size).sum()
    };
    let refused: serde_json::Map<String, Value> =
        view.refused().iter().map(|(reason, count)| (reason.as_str().to_owned(), json!(count))).collect();
    let outputs: serde_json::Map<String, Value> = view
        .cursors()
        .iter()
        .map(|(name, cursor)| (name.clone(), json!({ "exported_to": cursor.lsn })))
        .collect();
    let recovery = view.recovery();
    Ok(json!({
        "folder": crawl.folder().display().to_string(),
        "crawl": format!("{:032x}", view.identity().crawl.0),
        "complete": view.is_complete(),
        "seeds": crawl.seeds().iter().take(20).collect::<Vec<_>>(),
        "stats": view.stats(now),
        "refused": refused,
        "hosts_spent": { "hosts": spent, "pending": waiting },
        "rules": crawl.rules(),
        "sizes": {
            "log": size("log-"),
            "snapshot": size("snapshot-"),
            "backlog": size("backlog-"),
            "seen": size("seen-"),
            "history": size("history-"),
            "all": files.iter().map(|(_, size)| size).sum::<u64>(),
            "files": files.len(),
        },
        "outputs": outputs,
        "versions": view.identity().versions,
        "since_snapshot": { "events": recovery.replayed, "unfinished_bytes": recovery.cut },
    }))
}

/// A moment as people read it, and how long ago it is.
pub(crate) fn moment(at: Timestamp, now: Timestamp) -> String {
    if at >= FOR_EVER {
        return "it is unblocked".to_owned();
    }
    let stamp = humantime::format_rfc3339_seconds(at.to_system_time());
    match (now.since(at), at.since(now)) {
        (ago, _) if !ago.is_zero() => format!("{stamp}, {} ago", span(ago)),
        (_, ahead) => format!("{stamp}, in {}", span(ahead)),
    }
}

/// A span in its two greatest units.
pub(in crate::cmd) fn span(span: Duration) -> String {
    let whole = if span >= Duration::from_secs(1) { Duration::from_secs(span.as_secs()) } else { span };
    let text = humantime::format_duration(Duration::from_millis(
        u64::try_from(whole.as_millis()).unwrap_or(u64::MAX),
    ))
    .to_string();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

fn shown(facts: &Value, now: Timestamp) -> String {
    let stats = &facts["stats"];
    let text = |value: &Value| match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let counted = |names: &[&str]| -> String {
        names.iter().map(|name| format!("{} {name}", text(&stats[*name]))).collect::<Vec<_>>().join(", ")
    };
    let count = |name: &str| stats[name].as_u64().unwrap_or(0);
    let complete = match (facts["complete"] == true, count("pending") + count("leased"), count("parked")) {
        (true, ..) => "complete".to_owned(),
        (_, 0, parked @ 1..) => format!("complete but for {parked} parked"),
        _ => "not finished".to_owned(),
    };
    let mut rows = vec![
        ("state", format!("{} ({complete})", text(&facts["folder"]))),
        ("crawl", text(&facts["crawl"])),
        ("seeds", joined(&facts["seeds"])),
        ("urls", counted(&["known", "pending", "leased", "done", "parked"])),
        ("outcomes", counted(&["fetched", "redirected", "excluded", "failed"])),
        ("refused", refused(&facts["refused"])),
        ("given", counted(&["pages", "records"])),
        ("spent", format!("{}, {}", counted(&["requests"]), bytes(stats["bytes"].as_u64().unwrap_or(0)))),
        ("hosts", text(&stats["sites"])),
    ];
    rows.extend(spent_row(&facts["hosts_spent"]));
    let rules = &facts["rules"];
    if stats["revisits_waiting"] != 0 {
        // They are planned for whoever wants them later.
        let none = format!("none without --recrawl, {} planned", stats["revisits_waiting"]);
        rows.push(("revisits", if rules["recrawl"] == true { revisits(stats, now) } else { none }));
    }
    if rules.is_object() {
        let started = Timestamp(rules["started"].as_u64().unwrap_or(0));
        rows.push(("last run", format!("began {}", moment(started, now))));
        let budget = |name: &str| format!("{name} {}", text(&rules[name]));
        rows.push((
            "budgets",
            ["max_pages", "max_pages_per_host", "max_requests", "max_bytes", "max_depth"]
                .map(budget)
                .join(", "),
        ));
        let adaptive = if rules["adaptive"] == true { " and adaptive" } else { "" };
        rows.push((
            "pace",
            format!(
                "delay {}ms{adaptive}, per_host {}, concurrency {}",
                rules["delay_ms"], rules["per_host"], rules["concurrency"]
            ),
        ));
    }
    rows.push(("disk", disk(&facts["sizes"])));
    rows.push((
        "log",
        format!("{} events, {} since the snapshot", stats["last_lsn"], facts["since_snapshot"]["events"]),
    ));
    rows.push(("versions", pairs(&facts["versions"])));
    rows.iter().map(|(name, value)| format!("{name:<10} {}\n", output::printable(value))).collect()
}

/// What hosts that have used up their budget hold back, if there are any.
fn spent_row(spent: &Value) -> Option<(&'static str, String)> {
    let (hosts, urls) = (&spent["hosts"], &spent["pending"]);
    let wait = if *urls == 1 { "1 URL waits there".to_owned() } else { format!("{urls} URLs wait there") };
    (*hosts != 0).then(|| ("", format!("hosts with their page budget used up: {hosts}; {wait}")))
}

/// How many visits wait, and when the first is due.
pub(in crate::cmd) fn revisits(stats: &Value, now: Timestamp) -> String {
    let next = stats["next_revisit"].as_u64().map(Timestamp);
    let next = next.map_or(String::new(), |at| {
        if at > now {
            format!(", the first due {}", moment(at, now))
        } else {
            ", the first due now".to_owned()
        }
    });
    format!("{} wait{next}", stats["revisits_waiting"])
}

/// A page that is visited again tells its links again.
fn refused(counts: &Value) -> String {
    let counts = pairs(counts);
    if counts == "none" { counts } else { format!("{counts} (links, counted at each visit of their page)") }
}

fn disk(sizes: &Value) -> String {
    let size = |name: &str| bytes(sizes[name].as_u64().unwrap_or(0));
    format!(
        "{} in {} files: log {}, snapshot {}, waiting {}, known {}, history {}",
        size("all"),
        sizes["files"],
        size("log"),
        size("snapshot"),
        size("backlog"),
        size("seen"),
        size("history")
    )
}

fn joined(list: &Value) -> String {
    let texts: Vec<&str> = list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    texts.join(", ")
}

fn pairs(table: &Value) -> String {
    let pairs: Vec<String> =
        table.as_object().into_iter().flatten().map(|(name, value)| format!("{name} {value}")).collect();
    if pairs.is_empty() { "none".to_owned() } else { pairs.join(", ") }
}

//! `lycosa ctl`: ask a running crawl, or tell it what to do.

mod hosts;

use std::collections::BTreeMap;

use lycosa::control::{self, Order, adjustable};
use lycosa::model::{Clock as _, Timestamp, Waits};
use lycosa::{Error, ErrorKind, Result};
use serde_json::Value;

use super::frontier::BlockArgs;
use super::states::StateArg;
use crate::exit::Exit;
use crate::output;
use crate::waits::reasons;

/// Ask a running crawl, or tell it what to do.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    state: StateArg,
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "The crawl listens at control.sock in its state folder, which only its user may open; the \
protocol is one JSON object a line, such as {\"do\":\"status\"}.";

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// How the crawl is, and the limits in force
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Start no request until `resume`; open ones end
    Pause,
    /// Go on after a pause
    Resume,
    /// Stop as Ctrl-C does: open requests may end, nothing is lost
    Stop,
    /// Change limits while the crawl runs: max_pages, max_pages_per_host, max_requests, max_bytes, max_time, depth, delay,
    /// per_host, concurrency, scope, allowed_domains, include, exclude; `none` lifts a limit, and empties one of the three
    /// lists
    Set {
        /// Names and values as in the configuration file, such as max_pages=1000 delay=2s; commas separate them too. Several
        /// expressions are a list: 'include=["/a/","/b/"]'; domains may be parted by commas alone
        #[arg(value_name = "NAME=VALUE", required = true)]
        pairs: Vec<String>,
    },
    /// Read the configuration file again now
    Reload,
    /// Hosts that rest, why and until when, then the slowest
    Hosts {
        /// At most so many
        #[arg(long, value_name = "COUNT", default_value_t = 20)]
        limit: usize,
        /// Print JSON, one host a line
        #[arg(long)]
        json: bool,
    },
    /// Let the site of a host rest, over restarts too
    Block(BlockArgs),
    /// End every rest of the site of a host
    Unblock {
        /// The host
        host: String,
    },
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit> {
    let folder = args.state.folder()?;
    let order = order(&args.command)?;
    let says = control::ask(&folder, &order)?.into_result()?;
    match &args.command {
        Command::Status { json: true } => drop(output::data(format!("{says}\n").as_bytes())?),
        Command::Status { .. } | Command::Set { .. } => {
            output::data(status(&says).as_bytes())?;
        }
        Command::Hosts { json, .. } => {
            let hosts = says.as_array().into_iter().flatten();
            let text: String = match json {
                true => hosts.map(|host| format!("{host}\n")).collect(),
                false => hosts::table(hosts, lycosa::clock::SystemClock::new().now()),
            };
            output::data(text.as_bytes())?;
        }
        Command::Pause => output::say("paused: open requests end, none starts until `lycosa ctl resume`"),
        Command::Resume => output::say("going on"),
        Command::Stop => output::say("stopping: open requests may end"),
        Command::Reload => output::say(&reloaded(&says)),
        Command::Block(_) => output::say(&format!("{} rests", text(&says["site"]))),
        Command::Unblock { .. } => output::say(&format!("{} rests no longer", text(&says["site"]))),
    }
    if says["known"] == false {
        output::say(&super::frontier::unmet(&text(&says["site"])));
    }
    Ok(Exit::Done)
}

fn order(command: &Command) -> Result<Order> {
    Ok(match command {
        Command::Status { .. } => Order::Status {},
        Command::Pause => Order::Pause {},
        Command::Resume => Order::Resume {},
        Command::Stop => Order::Stop {},
        Command::Set { pairs } => Order::Set { values: values(pairs)? },
        Command::Reload => Order::Reload {},
        Command::Hosts { limit, .. } => Order::Hosts { limit: *limit },
        Command::Block(args) => args.order()?,
        Command::Unblock { host } => Order::Unblock { host: host.clone() },
    })
}

/// `NAME=VALUE`s; a comma separates two where a name and `=` follow it, so that values may have commas.
fn values(pairs: &[String]) -> Result<BTreeMap<String, String>> {
    let begins_one = |part: &str| part.split_once('=').is_some_and(|(name, _)| adjustable(name).is_ok());
    let mut parts: Vec<String> = Vec::new();
    for pair in pairs {
        for (place, part) in pair.split(',').enumerate() {
            match parts.last_mut() {
                Some(last) if place > 0 && !begins_one(part) => {
                    last.push(',');
                    last.push_str(part);
                }
                _ => parts.push(part.to_owned()),
            }
        }
    }
    let mut values = BTreeMap::new();
    for pair in parts {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(Error::new(ErrorKind::Usage, format!("`{pair}` is not NAME=VALUE"))
                .with_hint("write max_pages=1000 or delay=2s"));
        };
        let name = adjustable(name)?;
        if values.contains_key(&name) {
            return Err(control::twice(&name));
        }
        values.insert(name, value.trim().to_owned());
    }
    Ok(values)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A count and what is counted.
fn counted(count: &Value, one: &str) -> String {
    format!("{count} {one}{}", if *count == 1 { "" } else { "s" })
}

fn status(says: &Value) -> String {
    let now = lycosa::clock::SystemClock::new().now();
    let pace = |name: &str| text(&says["pace"][name]);
    let paused = if says["paused"] == true { " (paused)" } else { "" };
    let wire = crate::summary::bytes(says["wire_bytes"].as_u64().unwrap_or(0));
    let mut rows = vec![
        ("crawl", format!("process {}{paused}", says["pid"])),
        (
            "now",
            format!(
                "{}, {:.1} pages/s, {} queued, {} at work, {}, {}, {wire}",
                counted(&says["pages"], "page"),
                says["pages_per_second"].as_f64().unwrap_or(0.0),
                says["queued"],
                says["at_work"],
                counted(&says["hosts"], "host"),
                counted(&says["errors"], "error"),
            ),
        ),
        ("limits", limits(&says["limits"], now)),
        (
            "pace",
            format!(
                "delay {}ms{}, per_host {}, concurrency {}",
                pace("delay_ms"),
                if says["pace"]["adaptive"] == true { " and adaptive" } else { "" },
                pace("per_host"),
                pace("concurrency")
            ),
        ),
        ("scope", scope(&says["scope"])),
    ];
    rows.extend(waits(says, now));
    let waiting = &says["crawl"]["revisits_waiting"];
    if says["pace"]["recrawl"] == true && waiting.as_u64().is_some_and(|waiting| waiting > 0) {
        rows.push(("visits", super::frontier::revisits(&says["crawl"], now)));
    }
    rows.extend(config(&says["config"]));
    rows.iter().map(|(name, value)| row(name, value)).collect()
}

/// A row, and each further line of its value below it.
fn row(name: &str, value: &str) -> String {
    let names = std::iter::once(name).chain(std::iter::repeat(""));
    names.zip(value.lines()).map(|(name, line)| format!("{name:<7} {}\n", output::printable(line))).collect()
}

/// The budgets, and the end of the time where it has one.
fn limits(limits: &Value, now: Timestamp) -> String {
    let names = ["max_pages", "max_pages_per_host", "max_requests", "max_bytes", "depth"];
    let mut shown: Vec<String> = names.iter().map(|name| format!("{name} {}", text(&limits[name]))).collect();
    if let Ok(end) = serde_json::from_value::<Timestamp>(limits["deadline"].clone()) {
        shown.push(format!("max_time until {}", super::frontier::moment(end, now)));
    }
    shown.join(", ")
}

/// What belongs: the mode, and the lists that are not empty.
fn scope(scope: &Value) -> String {
    let lists = ["allowed_domains", "include", "exclude"].into_iter();
    let filled = lists.filter(|name| scope[name].as_array().is_some_and(|list| !list.is_empty()));
    let shown =
        std::iter::once(text(&scope["scope"])).chain(filled.map(|name| format!("{name} {}", scope[name])));
    shown.collect::<Vec<_>>().join(", ")
}

/// Which hosts rest, why and until when, a row for each reason.
fn waits(says: &Value, now: Timestamp) -> Vec<(&'static str, String)> {
    let waits: Waits = serde_json::from_value(says["waits"].clone()).unwrap_or_default();
    // That it is paused stands in the first row.
    let waits = Waits { paused: false, ..waits };
    let reasons = reasons(&waits, says["robots_awaited"].as_u64().unwrap_or(0), now);
    reasons
        .into_iter()
        .zip(std::iter::once("waits").chain(std::iter::repeat("")))
        .map(|(why, name)| (name, why))
        .collect()
}

/// The configuration file, where there is one, and whether it is in force.
fn config(config: &Value) -> Vec<(&'static str, String)> {
    if !config.is_object() {
        return Vec::new();
    }
    let file = text(&config["file"]);
    let state = match config["error"].as_str() {
        Some(error) => format!("{file}: what it said before stays in force: {error}"),
        None => format!("{file}: in force, read again {}", counted(&config["reloaded"], "time")),
    };
    let waits = names(&config["needs_restart"]);
    let waits = (!waits.is_empty()).then(|| ("", format!("changes when the crawl begins again: {waits}")));
    std::iter::once(("config", state)).chain(waits).collect()
}

fn names(list: &Value) -> String {
    let names: Vec<&str> = list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    names.join(", ")
}

fn reloaded(says: &Value) -> String {
    let (changed, waits) = (names(&says["changed"]), names(&says["needs_restart"]));
    let changed =
        if changed.is_empty() { "nothing has changed".to_owned() } else { format!("in force: {changed}") };
    let waits = if waits.is_empty() {
        String::new()
    } else {
        format!("; cannot change while the crawl runs: {waits}")
    };
    format!("{}: {changed}{waits}", text(&says["file"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_given_twice_is_refused() {
        for pairs in
            [&["include=/a/", "include=/b/"][..], &["max-pages=1,max_pages=2"], &["depth=1", "max_depth=1"]]
        {
            let pairs: Vec<String> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
            let error = values(&pairs).unwrap_err();
            assert!(error.to_string().contains("given twice"), "{pairs:?}: {error}");
        }
    }

    #[test]
    fn values_may_have_commas_and_be_separated_by_them() {
        let pairs = ["max_pages=5,delay=1s".to_owned(), "include=/a{1,2}/,/b/".to_owned()];
        let values = values(&pairs).unwrap();
        let found: Vec<(&str, &str)> = values.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(found, [("delay", "1s"), ("include", "/a{1,2}/,/b/"), ("max_pages", "5")]);
        assert!(super::values(&["max_pages".to_owned()]).is_err());
        let list = super::values(&[r#"include=["/a/","/b/"],max-pages=1"#.to_owned()]).unwrap();
        assert_eq!(list["include"], r#"["/a/","/b/"]"#);
    }
}

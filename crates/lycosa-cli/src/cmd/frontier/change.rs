//! `lycosa frontier import`, `requeue`, `block` and `unblock`.

use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use lycosa::config::Span;
use lycosa::control::{self, Order};
use lycosa::crawler::stopped::{Changes, FOR_EVER, Imported, Requeue, Requeued, Statuses};
use lycosa::model::{Clock as _, Timestamp};
use lycosa::{Error, ErrorKind, Result};

use super::BlockArgs;
use super::kinds::Kind;
use crate::cmd::states;
use crate::exit::Exit;
use crate::output;

/// Which URLs are fetched again.
#[derive(Debug, clap::Args)]
pub(super) struct RequeueArgs {
    /// Exactly these URLs, whatever became of them
    #[arg(value_name = "URL", conflicts_with_all = ["kind", "status", "host"])]
    urls: Vec<String>,
    /// Failures of this kind alone, such as timeout, connect or blocked, or one way of being blocked, such as forbidden or
    /// rate_limited, or what was left out for this reason, such as robots_unreachable; repeatable
    #[arg(long, visible_alias = "reason", value_name = "KIND", value_delimiter = ',')]
    kind: Vec<String>,
    /// What ended with this status, failure or not, such as 500, or 5xx for all of that class; repeatable
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    status: Vec<Statuses>,
    /// At these hosts alone: example.com, *.example.com, or * for all
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
}

/// Takes in URLs.
pub(super) async fn import(folder: &Path, file: &Path) -> Result<Exit> {
    let imported = if file.as_os_str() == "-" {
        Changes::import(folder, &mut BufReader::new(std::io::stdin())).await?
    } else {
        let open = std::fs::File::open(file)
            .map_err(|cause| Error::io(format!("reading {}", file.display()), cause))?;
        Changes::import(folder, &mut BufReader::new(open)).await?
    };
    output::say(&format!(
        "{}: {} wait, {}{} came with their outcome, {} were known",
        folder.display(),
        imported.waiting,
        if imported.parked > 0 { format!("{} are parked, ", imported.parked) } else { String::new() },
        imported.ended,
        imported.known
    ));
    if let Some(line) = imported.first_wrong {
        output::say(&match imported.wrong {
            1 => format!("warning: line {line} is no URL of a crawl"),
            wrong => format!("warning: {wrong} lines are no URL of a crawl, the first is line {line}"),
        });
    }
    if imported.waiting > 0 {
        let allow: String = imported.private.iter().map(|ip| format!(" --allow-address {ip}")).collect();
        output::say(&format!("  next: lycosa crawl --state {} --resume{allow}", folder.display()));
    }
    whole(&imported).map(|()| Exit::Done)
}

/// That all is there that the exports had.
fn whole(imported: &Imported) -> Result<()> {
    let what = match imported {
        Imported { is_cut: true, .. } => {
            "the export was cut short: its last line is missing, and URLs with it".to_owned()
        }
        Imported { missing: 0, .. } => return Ok(()),
        Imported { missing: 1, .. } => {
            "the export is not whole: 1 URL that it had is missing or cannot be read".to_owned()
        }
        Imported { missing, .. } => {
            format!("the export is not whole: {missing} URLs that it had are missing or cannot be read")
        }
    };
    Err(Error::new(ErrorKind::Corrupt, what)
        .with_hint("import all of it into the same state: what is known stays as it is"))
}

/// Lets URLs be fetched again.
pub(super) async fn requeue(folder: &Path, args: RequeueArgs) -> Result<Exit> {
    let RequeueArgs { urls, kind: kinds, status: statuses, host } = args;
    if urls.is_empty() && kinds.is_empty() && statuses.is_empty() && host.is_none() {
        let hint = "name URLs, or --kind timeout, or --status 5xx, or --host example.com; all that failed: --host '*'";
        return Err(
            Error::new(ErrorKind::Usage, "it is not said which URLs shall be fetched again").with_hint(hint)
        );
    }
    let mut which = Requeue {
        statuses,
        host,
        urls: urls.iter().map(|text| lycosa::seed::parse(text)).collect::<Result<_>>()?,
        ..Requeue::default()
    };
    for name in &kinds {
        match name.parse()? {
            Kind::Failure(kind) => which.kinds.push(kind),
            Kind::Block(kind) => which.blocks.push(kind),
            Kind::Reason(reason) => which.reasons.push(reason),
        }
    }
    let changes = states::open_to_change(folder)?;
    for url in changes.unknown(&which.urls)? {
        output::say(&format!("note: {url} is not known to this crawl; `lycosa explain URL` says why"));
    }
    let Requeued { count, untold } = changes.requeue(&which).await?;
    if untold > 0 {
        output::say(&not_told(untold));
    }
    output::say(&format!("{count} URL{} will be fetched again", if count == 1 { "" } else { "s" }));
    if count == 0 {
        return Ok(Exit::Failed);
    }
    let named = if changes.has_named_outputs(folder) { ", with the -o of before" } else { "" };
    output::say(&format!("  next: lycosa crawl --state {} --resume{named}", folder.display()));
    Ok(Exit::Done)
}

/// What is said when the history does not tell what became of so many URLs.
pub(super) fn not_told(count: u64) -> String {
    let (s, they) = if count == 1 { ("", "it was") } else { ("s", "they were") };
    format!(
        "note: what {count} URL{s} ended with is not known: {they} crawled without a history (--no-history)"
    )
}

/// Lets a site rest.
pub(super) async fn block(folder: &Path, args: &BlockArgs) -> Result<Exit> {
    let (span, order) = (args.span()?, args.order()?);
    let until = match span {
        Some(span) => lycosa::clock::SystemClock::new().now().after(span),
        None => FOR_EVER,
    };
    let (site, known) = bar(folder, &args.host, until, &order).await?;
    let rest = span.map_or("until it is unblocked".to_owned(), |span| format!("for {}", Span(span)));
    output::say(&format!("{site} rests {rest}"));
    if !known {
        output::say(&unmet(&site));
    }
    Ok(Exit::Done)
}

/// What is said when a site is named that the crawl has not met: it may be misspelt.
pub(in crate::cmd) fn unmet(site: &str) -> String {
    format!("note: this crawl has not met {site} so far; check its spelling")
}

/// Ends a rest.
pub(super) async fn unblock(folder: &Path, host: &str) -> Result<Exit> {
    let order = Order::Unblock { host: host.to_owned() };
    let (site, known) = bar(folder, host, Timestamp(0), &order).await?;
    output::say(&format!("{site} rests no longer"));
    if !known {
        output::say(&unmet(&site));
    }
    Ok(Exit::Done)
}

/// In the state, or by the crawl that runs there.
async fn bar(folder: &Path, host: &str, until: Timestamp, order: &Order) -> Result<(String, bool)> {
    match states::open_to_change(folder) {
        Ok(changes) => changes.bar(host, until).await.map(|(site, known)| (site.to_string(), known)),
        Err(error) if error.kind() == ErrorKind::State && control::socket_path(folder).exists() => {
            let says =
                control::ask(folder, order).and_then(control::Reply::into_result).map_err(|_| error)?;
            Ok((says["site"].as_str().unwrap_or(host).to_owned(), says["known"] != false))
        }
        Err(error) => Err(error),
    }
}

/// A span of time as options are written.
pub(super) fn time(text: &str) -> Result<Duration> {
    text.parse::<Span>().map(|span| span.0).map_err(|why| Error::new(ErrorKind::Usage, why))
}

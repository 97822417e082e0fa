//! `lycosa demo`: a small web site that comes with the command, crawled through the same path as any other.

use std::path::PathBuf;
use std::time::Duration;

use lycosa::config::{Layers, Occasion};
use lycosa::crawler::{Continue, Crawler};
use lycosa::{Error, Result};

use crate::exit::Exit;
use crate::{demo_site, output, summary};

/// Crawl a small web site that comes with the command, on this machine, and look at what comes out.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Write items, pages and the state below this folder
    #[arg(long, value_name = "DIR", default_value = "lycosa-demo")]
    folder: PathBuf,
    /// Say nothing but errors
    #[arg(short, long)]
    quiet: bool,
}

const AFTER_HELP: &str = "The site has what real ones have: robots.txt with a crawl-delay and a disallowed branch, \
sitemaps, pagination, a store, five encodings, redirects, a slow page, errors that pass, and a trap of endless \
calendar links.";

/// What the demo takes out of the store: the same text could stand in a lycosa.toml.
const RULES: &str = include_str!("demo.toml");

/// What is said after a demo that was interrupted: its site is gone with it.
const CUT_SHORT: &str = "\nThe demo was stopped before its end; `lycosa demo` begins it anew.";

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<Exit> {
    let site = demo_site::start().await.map_err(|cause| Error::io("starting the demo site", cause))?;
    let folder = &args.folder;
    std::fs::create_dir_all(folder).map_err(|cause| {
        Error::io(format!("making the folder {}", folder.display()), cause)
            .with_hint("name another with --folder")
    })?;
    let rules = folder.join("lycosa.toml");
    std::fs::write(&rules, RULES)
        .map_err(|cause| Error::io(format!("writing {}", rules.display()), cause))?;
    let items = folder.join("items.jsonl");
    let pages = folder.join("pages.jsonl");
    let mut layers = Layers::new();
    layers.file(&rules).map_err(super::crawl::config_error)?;
    layers.flag("--output", "output", [items.display().to_string()]);
    layers.flag("--pages", "pages", [pages.display().to_string()]);
    layers.flag("--state", "state", [folder.join("state").display().to_string()]);
    let file = layers.build().map_err(super::crawl::config_error)?;
    let occasion = Occasion {
        typed: vec![site.base_url().to_owned()],
        continuation: Continue::Fresh,
        ..Occasion::default()
    };
    let options = file.into_crawl(occasion)?;
    if !args.quiet {
        output::say(&format!(
            "a small web site is served at {} for as long as the demo runs",
            site.base_url()
        ));
    }
    let report = super::crawl::crawl(Crawler::with_options(options), args.quiet, None).await?;
    site.shutdown().await;
    let exit = super::crawl::ending::exit_of(&report);
    if !args.quiet {
        let outputs = [items.display().to_string(), pages.display().to_string()];
        output::say(summary::render(&report, &outputs, None, summary::ENTRIES).trim_end());
        let is_whole = exit == Exit::Done;
        let next = if is_whole { next(folder, report.elapsed) } else { CUT_SHORT.to_owned() };
        output::say(&next);
    }
    Ok(exit)
}

fn next(folder: &std::path::Path, elapsed: Duration) -> String {
    let folder = folder.display();
    format!(
        "\nThat took {}. What to run next:\n  head -n 3 {folder}/items.jsonl          the items, one a line\n  \
         cat {folder}/lycosa.toml                the rules that found them\n  \
         lycosa crawl https://example.com/ --max-pages 50 -o pages.jsonl\n  lycosa fetch https://example.com/ --text\n  \
         lycosa --help",
        summary::span(elapsed)
    )
}

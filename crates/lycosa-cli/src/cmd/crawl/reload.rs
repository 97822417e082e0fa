//! The configuration file of a running crawl, watched: what it says anew comes into force where it can.

use lycosa::config::CrawlOptions;
use lycosa::control::Reload;

use super::{Args, file_options, mistakes};
use crate::output;

/// A watch over the file the crawl was begun with, if there is one. Flags and `--set` come before it, as at the start.
pub(super) fn of(args: Args, options: &CrawlOptions) -> Option<Reload> {
    let file = args.config.clone()?;
    let load = Box::new(move || {
        // The crawl runs: what it was begun with stays in force.
        let hint = "what it said before stays in force; `lycosa config schema` says what each option may be";
        file_options(&args).map_err(|error| mistakes(error, hint))
    });
    Some(Reload::new(&file, options.clone(), load, Box::new(output::say)))
}

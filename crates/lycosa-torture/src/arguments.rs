//! The command line.

use clap::builder::PossibleValuesParser;

use crate::sabotage::Sabotage;

/// What `--sabotage` takes for every defect one after the other.
pub(crate) const ALL: &str = "all";

/// Kills crawls at random moments and compares what is left with an oracle.
#[derive(Debug, clap::Parser)]
#[command(after_help = after_help())]
pub(crate) struct Arguments {
    /// Interruptions that count: kills with a new commit and an open lease, disk failures, stops
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub(crate) cycles: u64,
    /// No crawl begins after so many minutes
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub(crate) minutes: u64,
    /// Where all choices come from; a violation names the one to repeat it
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Puts a defect in: the run must fail. `all`: a clean run, then every defect, each of which must be caught
    #[arg(long, value_name = "NAME", hide_possible_values = true, value_parser = names())]
    pub(crate) sabotage: Option<String>,
    /// Processes that are stopped for longer than a lease, now and then, and go on
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) frozen: u64,
    /// Crawls on file systems that run full, as root
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) mounts: u64,
    /// Crawls on an ext4 that becomes read-only over and over, as root
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) ext4: u64,
    /// Every lease lasts so many seconds of the crawl's time, fifty of which are one
    #[arg(long, value_name = "N", hide = true)]
    pub(crate) lease: Option<u64>,
    /// No table of the fail points, and none must be hit
    #[arg(long, hide = true)]
    pub(crate) plain: bool,
    /// Begins with the crawl of this number, as a violation names it
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) crawl: u64,
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(Sabotage::ALL.iter().map(|(name, ..)| *name).chain([ALL]))
}

fn after_help() -> String {
    let lines = Sabotage::ALL.iter().map(|(name, _, what)| format!("  {name:24}{what}"));
    let exits =
        "Exit status: 0 no violation (with `all`: and every defect caught), 1 otherwise, 2 wrong usage.";
    format!("Defects:\n{}\n\n{exits}", lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn an_unknown_defect_is_answered_with_the_nearest_and_all_names() {
        let error = Arguments::try_parse_from(["lycosa-torture", "--sabotage", "skip-snyc"]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let text = error.to_string();
        assert!(text.contains("'skip-sync'"), "{text}");
        assert!(Sabotage::ALL.iter().all(|(name, ..)| text.contains(name)), "{text}");
    }

    #[test]
    fn every_defect_is_found_by_its_name_and_explained_in_the_help() {
        let help = <Arguments as clap::CommandFactory>::command().render_help().to_string();
        for (name, sabotage, what) in Sabotage::ALL {
            assert_eq!(Sabotage::named(name), Some(sabotage));
            assert!(help.contains(name) && help.contains(what), "{name}");
        }
    }
}

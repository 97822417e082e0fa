//! The report of a crawl, for people.

use std::fmt;

use crate::engine::{End, Report};
use crate::model::Finish;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parked = self.crawl.parked;
        if self.end == End::Finished(Finish::Complete) && parked > 0 {
            write!(f, "complete but for {parked} parked")?;
        }
        let end = match self.end {
            End::Finished(Finish::Complete) if parked > 0 => "",
            End::Finished(Finish::Complete) => "complete",
            End::Finished(Finish::Pages) => "stopped at the page budget",
            End::Finished(Finish::HostPages) => "stopped at the page budget of each host",
            End::Finished(Finish::Requests) => "stopped at the request budget",
            End::Finished(Finish::Bytes) => "stopped at the byte budget",
            End::Finished(Finish::Time) => "stopped at the time budget",
            End::Interrupted => "interrupted",
            End::OutputClosed => "the reader of the output went away",
        };
        write!(
            f,
            "{end}: {} pages, {} items, {} URLs known, {} left, {:.1} s",
            self.run.pages,
            self.run.items,
            self.crawl.known,
            self.crawl.pending,
            self.elapsed.as_secs_f64()
        )
    }
}

//! Progress while a crawl runs: one line on a terminal, and everywhere a word when it does nothing for a while.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lycosa::crawler::{Moment, Watch};

use crate::waits::{self, plural};

/// How often the line is drawn anew.
const REDRAW: Duration = Duration::from_millis(200);
/// After so long without a request it is said that the crawl waits; the next time after twice as long.
const IDLE: Duration = Duration::from_secs(5);

/// Draws the line until the crawl is over. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    task: tokio::task::JoinHandle<()>,
}

impl Progress {
    /// Starts drawing; hidden when standard error is no terminal. Nothing is said either when `quiet` is set.
    pub(crate) fn start(watch: Watch, quiet: bool) -> Self {
        let is_drawn = !quiet && std::io::stderr().is_terminal();
        let target = if is_drawn { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = match watch.max_pages() {
            Some(pages) => ProgressBar::with_draw_target(Some(pages), target),
            None => ProgressBar::with_draw_target(None, target),
        };
        bar.set_style(style(watch.max_pages().is_some()));
        bar.enable_steady_tick(REDRAW);
        let line = bar.clone();
        let task = tokio::spawn(async move {
            let mut tick = tokio::time::interval(REDRAW);
            let mut idleness =
                Idleness { since: tokio::time::Instant::now(), done: [0; 2], told_after: IDLE };
            loop {
                tick.tick().await;
                let now = watch.now();
                if let Some(word) = idleness.look(&now, &watch).filter(|_| !quiet) {
                    line.suspend(|| crate::output::say(&word));
                }
                line.set_position(now.pages);
                let awaited = match now.robots_awaited {
                    0 => String::new(),
                    count => format!(" (waits for robots.txt of {count} host{})", plural(count)),
                };
                line.set_message(format!(
                    "{:.0} pages/s · {} queued{awaited} · {} at work · {} host{} · {} error{} · {}",
                    now.pages_per_second,
                    now.queued,
                    now.at_work,
                    now.hosts,
                    plural(now.hosts),
                    now.errors,
                    plural(now.errors),
                    crate::summary::bytes(now.wire_bytes),
                ));
            }
        });
        Self { bar, task }
    }

    /// Takes the line away and waits until nothing watches the crawl any more: whoever lets go of its state last
    /// writes the snapshot, and must do so before the process ends.
    pub(crate) async fn end(mut self) {
        self.task.abort();
        // Aborted, or at its end already: either way it is over.
        drop((&mut self.task).await);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.task.abort();
        self.bar.finish_and_clear();
    }
}

/// How long nothing has been at work.
struct Idleness {
    since: tokio::time::Instant,
    /// Pages had and URLs waiting when it was looked last: a request may begin and end between two looks.
    done: [u64; 2],
    told_after: Duration,
}

impl Idleness {
    /// Whether nothing has been done for long, though URLs wait.
    fn is_long(&mut self, now: &Moment) -> bool {
        let done = [now.pages, now.queued];
        if now.at_work > 0 || now.queued == 0 || done != self.done {
            self.done = done;
            self.since = tokio::time::Instant::now();
            return false;
        }
        self.since.elapsed() >= self.told_after
    }

    /// What is to be said of that.
    fn look(&mut self, now: &Moment, watch: &Watch) -> Option<String> {
        if !self.is_long(now) {
            return None;
        }
        self.told_after *= 2;
        let (count, waits, time) = (now.queued, watch.waits(), watch.time());
        let why = waits::reasons(&waits, now.robots_awaited, time).join("; ");
        let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
        Some(format!(
            "waiting: {count} URL{} cannot be asked for{}{why}; `lycosa ctl hosts` shows each host",
            plural(count),
            waits::until(&waits, time)
        ))
    }
}

// The message is cut to the width of the terminal: a line that wraps would be drawn again and again.
fn style(bounded: bool) -> ProgressStyle {
    let template = if bounded {
        "{spinner} {pos}/{len} pages {bar:12} {elapsed} (ETA {eta}) · {wide_msg}"
    } else {
        "{spinner} {pos} pages · {elapsed} · {wide_msg}"
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(pages: u64, queued: u64, at_work: u64) -> Moment {
        Moment {
            pages,
            queued,
            at_work,
            pages_per_second: 0.0,
            hosts: 1,
            errors: 0,
            robots_awaited: 0,
            wire_bytes: 0,
        }
    }

    #[test]
    fn a_crawl_whose_requests_are_over_before_anybody_looks_does_not_wait() {
        let mut idleness =
            Idleness { since: tokio::time::Instant::now(), done: [0; 2], told_after: Duration::ZERO };
        for (pages, queued) in [(1, 9), (2, 9), (2, 8), (3, 8)] {
            assert!(!idleness.is_long(&moment(pages, queued, 0)), "{pages} pages, {queued} queued");
        }
        assert!(idleness.is_long(&moment(3, 8, 0)), "nothing was done since");
        assert!(!idleness.is_long(&moment(3, 8, 1)) && !idleness.is_long(&moment(3, 0, 0)));
    }
}

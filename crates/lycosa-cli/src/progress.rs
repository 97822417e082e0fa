//! Progress while a crawl runs: one line on a terminal, nothing anywhere else.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lycosa::crawler::Watch;

/// How often the line is drawn anew.
const REDRAW: Duration = Duration::from_millis(200);

/// Draws the line until the crawl is over. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    task: tokio::task::JoinHandle<()>,
}

impl Progress {
    /// Starts drawing; hidden when standard error is no terminal or `quiet` is set.
    pub(crate) fn start(watch: Watch, quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = match watch.max_pages() {
            Some(pages) => ProgressBar::with_draw_target(Some(pages), target),
            None => ProgressBar::with_draw_target(None, target),
        };
        bar.set_style(style(watch.max_pages().is_some()));
        bar.enable_steady_tick(REDRAW);
        let line = bar.clone();
        let task = tokio::spawn(async move {
            let mut tick = tokio::time::interval(REDRAW);
            loop {
                tick.tick().await;
                let now = watch.now();
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

fn plural<T: PartialEq + From<u8>>(count: T) -> &'static str {
    if count == T::from(1) { "" } else { "s" }
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

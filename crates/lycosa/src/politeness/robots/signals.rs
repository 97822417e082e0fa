//! What the lines about use say of one path: `Content-Usage`, which may name a part of the site, and `Content-Signal`,
//! which speaks of all of it; the lines about training, which are rules of their own, and licences.

use super::parse::{ALLOW_TRAINING, DISALLOW_TRAINING, push_pattern};
use super::{AgentRules, normal_path, pattern};
use crate::model::{SignalPlace, UseSignal};

impl AgentRules {
    /// The wishes about the use of what is at this path and query, at most [`UseSignal::MOST`].
    ///
    /// A `Content-Usage` line may begin with a pattern (draft-ietf-aipref-attach, "robots.txt"); of those that match
    /// the path the longest counts, as with rules, and one without a pattern is the shortest.
    #[must_use]
    pub fn use_signals(&self, path_and_query: &str) -> Vec<UseSignal> {
        if self.signals.is_empty() {
            return Vec::new();
        }
        let path = normal_path(path_and_query);
        let usages = self.signals.iter().filter(|line| &*line.name == "content-usage");
        let fitting: Vec<(usize, &str)> =
            usages.filter_map(|line| fitting(&line.value, &path)).take(UseSignal::MOST).collect();
        let longest = fitting.iter().map(|(length, _)| *length).max().unwrap_or_default();
        let usages = fitting.into_iter().filter(|(length, _)| *length == longest);
        let usages = usages.map(|(_, wishes)| ("content-usage", wishes));
        let others = self.signals.iter().filter(|line| &*line.name == "content-signal");
        usages
            .chain(others.map(|line| (&*line.name, &*line.value)))
            .flat_map(|(name, wishes)| UseSignal::list(SignalPlace::RobotsTxt, name, wishes))
            .chain(self.training(&path))
            .chain(self.licenses())
            .take(UseSignal::MOST)
            .collect()
    }

    /// What the line about training with the longest pattern that fits says; of equals the allowing one.
    fn training(&self, path: &str) -> Option<UseSignal> {
        let lines = self.signals.iter().filter_map(|line| {
            let allowed = match &*line.name {
                ALLOW_TRAINING => true,
                DISALLOW_TRAINING => false,
                _ => return None,
            };
            let mut pattern = String::with_capacity(line.value.len());
            push_pattern(&mut pattern, line.value.as_bytes());
            let fits = pattern.starts_with(['/', '*']) && pattern::matches(&pattern, path, &mut 0);
            fits.then_some((pattern.len(), allowed, line))
        });
        let (_, allowed, line) = lines.max_by_key(|(length, allowed, _)| (*length, *allowed))?;
        Some(UseSignal::new(SignalPlace::RobotsTxt, &line.name, "ai-training", Some(allowed), &line.value))
    }

    /// The licences that the site names (Really Simple Licensing): what they say of which use, their files tell.
    fn licenses(&self) -> impl Iterator<Item = UseSignal> {
        let lines = self.signals.iter().filter(|line| &*line.name == "license" && !line.value.is_empty());
        lines.map(|line| UseSignal::new(SignalPlace::RobotsTxt, &line.name, "license", None, &line.value))
    }
}

/// The length of the pattern at the beginning of a line that fits this path, 0 without one, and the wishes after it.
fn fitting<'a>(line: &'a str, path: &str) -> Option<(usize, &'a str)> {
    if !line.starts_with(['/', '*']) {
        return Some((0, line));
    }
    let (written, wishes) = line.split_once(char::is_whitespace)?;
    let mut pattern = String::with_capacity(written.len());
    push_pattern(&mut pattern, written.as_bytes());
    pattern::matches(&pattern, path, &mut 0).then_some((pattern.len(), wishes))
}

//! Three old reports that no page links: only the compressed sitemap knows them.

use super::super::answer::Answer;

/// The year of each report and what it says.
pub(in super::super) const REPORTS: [(&str, &str); 3] = [
    ("1974", "The first lamp, the first count: nineteen sparks and a great deal of walking into walls."),
    ("1983", "A dry year. The tarantulas dug deeper than the ruler was long."),
    ("1991", "The road was closed until May, and the spiders did not notice."),
];

pub(in super::super) fn answer(path: &str) -> Option<Answer> {
    let (year, text) = REPORTS.iter().find(|(year, _)| *year == path)?;
    let title = format!("Report for {year}");
    Some(Answer::page(&title, &format!("<h1>{title}</h1><p>{text}</p><p><a href=\"/\">Home</a></p>")))
}

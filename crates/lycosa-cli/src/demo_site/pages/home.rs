//! The few pages at the top, and the staff notes that robots.txt asks visitors to leave alone.

use super::super::answer::Answer;

pub(in super::super) fn answer(path: &str) -> Option<Answer> {
    let (title, body) = match path {
        "" => ("The Wolf Spider Field Station", include_str!("../templates/home.html")),
        "about" => ("About the station", include_str!("../templates/about.html")),
        "visit" => ("Visit the station", include_str!("../templates/visit.html")),
        _ => return None,
    };
    let summary = "<meta name=\"description\" content=\"A hillside, a lamp and a notebook: wolf spiders as they are.\">\n";
    Some(Answer::page_with_head(title, if path.is_empty() { summary } else { "" }, body))
}

/// Linked from every page and denied by robots.txt.
pub(in super::super) fn private(path: &str) -> Option<Answer> {
    let (title, body) = match path {
        "" => ("Staff notes", "<h1>Staff notes</h1><p><a href=\"/private/keys\">Where the keys are</a>.</p>"),
        "keys" => {
            ("Where the keys are", "<h1>Where the keys are</h1><p>Under the third stone, with Trochosa.</p>")
        }
        _ => return None,
    };
    Some(Answer::page(title, body))
}

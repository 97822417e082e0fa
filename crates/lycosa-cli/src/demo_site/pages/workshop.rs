//! The workshop: one page for each awkwardness a crawler meets every day. The gates redirect three times, the
//! kettle is slow, the drawer is missing, the counter and the porter refuse the first visitor, the shelf is long, the
//! flowers are compressed, one room counts its links from another base, one has a twin.

use super::super::answer::Answer;
use super::super::layout::fill;
use super::super::routes::Site;
use std::fmt::Write;
use std::time::Duration;

const SLOW: Duration = Duration::from_millis(1_500);
/// Jars on the long shelf; enough for more than 100 KB of markup.
const JARS: usize = 1_600;

pub(in super::super) fn answer(site: &Site, path: &str, query: &str) -> Option<Answer> {
    let answer = match path {
        "" => Answer::page(
            "The workshop",
            &fill(include_str!("../templates/workshop.html"), &[("base", &site.base_url)]),
        ),
        "old-gate" => Answer::redirect(301, "/workshop/side-gate"),
        "side-gate" => Answer::redirect(302, "back-gate"),
        "back-gate" => Answer::redirect(308, &format!("{}workshop/greenhouse", site.base_url)),
        "greenhouse" => room("The greenhouse", "Three gates, and it was open from the other side all along."),
        "slow" => room("The slow kettle", "There. Good tea cannot be hurried.").after(SLOW),
        "busy" if site.is_busy() => wait("One moment, please", 429),
        "busy" => room("The busy counter", "Thank you for waiting. What may we do for you?"),
        "nap" if site.is_asleep() => wait("The porter sleeps", 503),
        "nap" => room("The porter's nap", "He is awake now and denies everything."),
        "long-shelf" => long_shelf(),
        "pressed" => {
            room("Pressed flowers", &"Thyme, quaking grass, small scabious. ".repeat(120)).compressed()
        }
        "base" => other_floor(),
        "twin" => twin(query)?,
        "guestbook" => room("Guest book", "Anybody may write here, so we vouch for nothing."),
        _ if path.eq_ignore_ascii_case("caf%C3%A9") => {
            room("The café", "Two tables and a view of the goats.")
        }
        _ => return None,
    };
    Some(answer)
}

fn room(title: &str, text: &str) -> Answer {
    Answer::page(
        title,
        &format!("<h1>{title}</h1><p>{text}</p><p><a href=\"/workshop/\">Back to the workshop</a></p>"),
    )
}

fn wait(title: &str, status: u16) -> Answer {
    room(title, "Please come back in a second.").status(status).header("retry-after", "1")
}

fn long_shelf() -> Answer {
    let mut text = String::from("From left to right:</p><ol>");
    for jar in 1..=JARS {
        let _ = write!(
            text,
            "<li id=\"jar-{jar}\">Jar {jar}: sand, a label, and one moult, leg span {} mm</li>",
            jar % 37 + 4
        );
    }
    text.push_str("</ol><p>That is all of them.");
    room("The long shelf", &text)
}

/// Relative links here are counted from `/guide/`.
fn other_floor() -> Answer {
    let body = "<h1>The room with another floor</h1><p>From here, <a href=\"pirata-piraticus\">the pirate</a> is next \
                door and <a href=\"../store/honey\">the honey</a> one flight up.</p>";
    Answer::page_with_head("The room with another floor", "<base href=\"/guide/\">\n", body)
}

fn twin(query: &str) -> Option<Answer> {
    if !matches!(query, "" | "from=workshop") {
        return None;
    }
    let head = "<link rel=\"canonical\" href=\"/workshop/twin\">\n";
    let body = "<h1>The twin</h1><p>However you were sent, you have met the same one.</p>";
    Some(Answer::page_with_head("The twin", head, body))
}

//! Answers that look like success and are none: login walls, and notices of products that are in no table.

use url::Url;

use super::markers::Markers;
use super::page::Sketch;
use super::{Seen, Verdict};
use crate::model::{BlockKind, BlockLayer};

/// Parts of a path that belong to a login.
const LOGIN_PATHS: [&str; 10] =
    ["login", "log-in", "log_in", "signin", "sign-in", "sign_in", "logon", "authwall", "wp-login.php", "sso"];

/// How the title of a login page begins.
const LOGIN_TITLES: [&str; 12] = [
    "log in",
    "login",
    "log on",
    "sign in",
    "sign-in",
    "signin",
    "sign up | linkedin",
    "anmelden",
    "einloggen",
    "connexion",
    "iniciar sesi",
    "authentication required",
];

/// Titles of notices that say all there is to say.
const NOTICES: [(&str, BlockKind); 14] = [
    ("too many requests", BlockKind::RateLimited),
    ("429 too many requests", BlockKind::RateLimited),
    ("error 429", BlockKind::RateLimited),
    ("rate limit exceeded", BlockKind::RateLimited),
    ("rate limited", BlockKind::RateLimited),
    ("slow down", BlockKind::RateLimited),
    ("access denied", BlockKind::Forbidden),
    ("403 forbidden", BlockKind::Forbidden),
    ("forbidden", BlockKind::Forbidden),
    ("request blocked", BlockKind::Forbidden),
    ("you have been blocked", BlockKind::Forbidden),
    ("are you a robot?", BlockKind::Captcha),
    ("verify you are human", BlockKind::Captcha),
    ("human verification", BlockKind::Captcha),
];

/// Bytes of visible text that such a notice may have.
const NOTICE: usize = 400;

/// A journey that began elsewhere and ended at a form that asks for a password.
pub(super) fn redirected_to_login(seen: &Seen<'_>, body: &[u8]) -> Option<Verdict> {
    if seen.first_url == seen.url.as_str() {
        return None;
    }
    let began = Url::parse(seen.first_url).ok()?;
    let moved = began != *seen.url && is_login(seen.url) && !is_login(&began);
    if !moved {
        return None;
    }
    let asks = Markers::find(body).password() || begins_like_login(&Sketch::of(body, usize::MAX).title);
    let evidence = || format!("redirected to {}, which asks to log in", seen.url.path());
    asks.then(|| (BlockKind::Login, BlockLayer::Application, evidence()))
}

/// A short page of status 2xx that is no content.
pub(super) fn notice(seen: &Seen<'_>, sketch: &Sketch, markers: &Markers) -> Option<Verdict> {
    if markers.password() || markers.captcha().is_some() {
        // In the text they may be quotations.
        let verdict = by_tags(seen, sketch, markers, &Markers::find(&sketch.tags));
        if verdict.is_some() {
            return verdict;
        }
    }
    if markers.sets_cookie_and_reloads() && sketch.title.is_empty() && sketch.visible < NOTICE / 2 {
        let evidence = "a script that sets a cookie and loads the page again, and no text".to_owned();
        return Some((BlockKind::Challenge, BlockLayer::Unknown, evidence));
    }
    let said = NOTICES.into_iter().find(|(title, _)| sketch.title == *title)?;
    let evidence = || format!("a short page titled {:?} with status {}", sketch.title, seen.status);
    (sketch.visible <= NOTICE).then(|| (said.1, BlockLayer::Unknown, evidence()))
}

fn by_tags(seen: &Seen<'_>, sketch: &Sketch, markers: &Markers, in_tags: &Markers) -> Option<Verdict> {
    if in_tags.password() && begins_like_login(&sketch.title) && !is_login(seen.url) {
        let evidence = format!("a login form titled {:?} in the place of the page", sketch.title);
        return Some((BlockKind::Login, BlockLayer::Application, evidence));
    }
    let maker = in_tags.captcha()?;
    let alone = markers.asks_for_a_human() && !in_tags.other_inputs() && sketch.visible <= NOTICE;
    let evidence = || format!("{maker} and nothing else but the wish to see a human");
    alone.then(|| (BlockKind::Captcha, BlockLayer::Unknown, evidence()))
}

fn is_login(url: &Url) -> bool {
    let path = url.path().to_ascii_lowercase();
    path.split('/')
        .any(|part| LOGIN_PATHS.iter().any(|name| part == *name || part.starts_with(&format!("{name}."))))
}

fn begins_like_login(title: &str) -> bool {
    LOGIN_TITLES.iter().any(|begin| title.starts_with(begin))
}

//! Where the state of a crawl lies, and what to say to those who name a file where a URL belongs.

use std::path::{Path, PathBuf};

use lycosa::crawler::Options;
use lycosa::url::Url;
use lycosa::{Error, ErrorKind};

/// Bytes that the name of a state folder has at most; systems allow 255.
const LONGEST_NAME: usize = 200;

/// The folder below which states lie by default.
pub(in crate::cmd) const HOME: &str = ".lycosa";

/// `.lycosa/<host of the first seed, or of the first sitemap where there is no seed>` unless the options say otherwise.
pub(super) fn state_folder(options: &Options) -> PathBuf {
    options.state.clone().unwrap_or_else(|| Path::new(HOME).join(name_of(options.homes().first())))
}

/// The name of the folder for this first seed: never empty, hidden, a way upwards or longer than a name may be,
/// whatever the host.
fn name_of(seed: Option<&Url>) -> String {
    let host = seed.and_then(Url::host_str).unwrap_or("crawl").trim_matches(['[', ']']);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let host: String = host.chars().map(|c| if is_plain(c) { c } else { '_' }).take(LONGEST_NAME).collect();
    let first = if host.is_empty() || host.starts_with('.') { "_" } else { "" };
    let port = seed.and_then(Url::port).map(|port| format!("_{port}")).unwrap_or_default();
    format!("{first}{host}{port}")
}

/// The advice for whoever named a file that is there instead of a URL.
pub(super) fn file_hint(typed: &[String]) -> Option<String> {
    let file = typed.iter().find(|text| !text.contains("://") && Path::new(text).is_file())?;
    Some(format!(
        "{file} is a file: `lycosa extract` reads a page from a file, `--seeds FILE` reads seeds, one URL a line"
    ))
}

/// A bad seed's error, with that advice in place of its own where it fits.
pub(super) fn hint_at_file(error: Error, typed: &[String]) -> Error {
    match file_hint(typed) {
        Some(hint) if error.kind() == ErrorKind::Url => error.with_hint(hint),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_state_is_a_plain_name_whatever_the_host() {
        let long = format!("http://{}test/", "a.".repeat(400));
        for (seed, name) in [
            ("http://a.test/x", "a.test"),
            ("http://127.0.0.1:8080/", "127.0.0.1_8080"),
            ("http://[::1]:8080/", "__1_8080"),
            ("http://../x", "_.."),
            ("http://./x", "_."),
            ("http://.../", "_..."),
            ("http://.hidden.test/", "_.hidden.test"),
            ("http://a'b.test/", "a_b.test"),
            (&long, &long[7..207]),
        ] {
            assert_eq!(name_of(Url::parse(seed).ok().as_ref()), name, "{seed}");
        }
        assert_eq!(name_of(None), "crawl");
    }
}

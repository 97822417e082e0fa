//! Saving bodies as files, in the tree of their URLs. Runs as a hook: after a crash a body may be written again.

use std::path::{Path, PathBuf};

use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use crate::error::{Error, ErrorKind, Result};
use crate::model::Page;

/// Bytes of one file name; longer ones are cut and given a hash (file systems allow 255).
const MAX_NAME: usize = 180;

/// Writes the body of a page below `folder`.
pub(super) fn save(folder: &Path, page: &Page<'_>) -> Result<()> {
    let path = folder.join(place(page.url));
    let write = || {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(&path, page.body)
    };
    write().map_err(|cause| {
        Error::new(ErrorKind::Output, format!("the body cannot be saved as {}", path.display()))
            .with_source(cause)
    })
}

/// `host/path/name.html`, always below the folder: no segment is empty, `.` or `..`.
fn place(url: &Url) -> PathBuf {
    let host = url.host_str().unwrap_or("unknown");
    let mut place = PathBuf::from(match url.port() {
        Some(port) => format!("{}_{port}", host.trim_matches(['[', ']']).replace(':', "_")),
        None => host.trim_matches(['[', ']']).replace(':', "_"),
    });
    let mut segments: Vec<&str> = url.path_segments().map(Iterator::collect).unwrap_or_default();
    let last = segments.pop().unwrap_or_default();
    place.extend(segments.iter().map(|segment| file_name(segment)));
    let mut name = if last.is_empty() { "index".to_owned() } else { last.to_owned() };
    if let Some(query) = url.query() {
        name.push('?');
        name.push_str(query);
    }
    let named = Path::new(last).extension().is_some() && url.query().is_none();
    if !named {
        name.push_str(".html");
    }
    place.push(file_name(&name));
    place
}

fn file_name(segment: &str) -> String {
    let safe: String =
        segment.chars().map(|c| if matches!(c, '/' | '\\' | '\0'..='\x1f') { '_' } else { c }).collect();
    match safe.as_str() {
        "" | "." | ".." => "_".to_owned(),
        _ if safe.len() <= MAX_NAME => safe,
        _ => {
            let mut cut = MAX_NAME - 17;
            while !safe.is_char_boundary(cut) {
                cut -= 1;
            }
            format!("{}~{:016x}", &safe[..cut], xxh3_64(safe.as_bytes()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> String {
        place(&Url::parse(url).unwrap()).to_string_lossy().into_owned()
    }

    #[test]
    fn files_stand_where_their_urls_say() {
        assert_eq!(at("http://a.test/"), "a.test/index.html");
        assert_eq!(at("http://a.test:8080/guide/one"), "a.test_8080/guide/one.html");
        assert_eq!(at("http://a.test/logo.png"), "a.test/logo.png");
        assert_eq!(at("http://[::1]/x?a=/b"), "__1/x?a=_b.html");
    }

    #[test]
    fn no_url_leads_out_of_the_folder() {
        for url in
            ["http://a.test/%2e%2e/%2e%2e/etc/passwd", "http://a.test/..%2f..%2fetc", "http://a.test//x//"]
        {
            let path = place(&Url::parse(url).unwrap());
            assert!(path.components().all(|c| matches!(c, std::path::Component::Normal(_))), "{path:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_and_stays_its_own() {
        let (one, two) = ("x".repeat(400) + "1", "x".repeat(400) + "2");
        assert_ne!(file_name(&one), file_name(&two));
        assert!(file_name(&one).len() <= MAX_NAME);
    }
}

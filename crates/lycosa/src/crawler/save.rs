//! Saving bodies as files, in the tree of their URLs. Runs as a hook: after a crash a body may be written again.
//!
//! Every file is named `NAME~HASH.EXTENSION` after its URL, so that no two URLs share one; no folder has a `~` in its
//! name, so that no file stands where another URL needs a folder.

use std::fs;
use std::path::{Path, PathBuf};

use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::page::PageContext;
use crate::error::{Error, ErrorKind, Result};

/// Bytes of one segment of a path that are kept; file systems allow names of 255.
const MAX_NAME: usize = 180;

/// Bytes of an extension; a longer one is none.
const MAX_EXTENSION: usize = 16;

/// Refuses a folder that cannot be written.
pub(super) fn check(folder: &Path) -> Result<()> {
    let probe = folder.join(".writable");
    let write = || {
        fs::create_dir_all(folder)?;
        fs::write(&probe, "?")?;
        fs::remove_file(&probe)
    };
    write().map_err(|cause| {
        Error::new(ErrorKind::Output, format!("bodies cannot be saved below {}", folder.display()))
            .with_source(cause)
            .with_hint("name a folder that can be written with --save-bodies")
    })
}

/// Writes the body of a page below `folder`, and its place there into the page's record.
pub(super) fn save(folder: &Path, context: &mut PageContext<'_>) -> Result<()> {
    let page = context.page();
    let place = place(page.url);
    let path = folder.join(&place);
    let write = || {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, page.body)
    };
    write().map_err(|cause| {
        Error::new(ErrorKind::Output, format!("the body cannot be saved as {}", path.display()))
            .with_source(cause)
            .with_hint("make room for it, then go on with --resume")
    })?;
    context.saved_as(place.to_string_lossy().into());
    Ok(())
}

/// `host/path/name~hash.html`, always below the folder: no segment is empty, `.` or `..`.
fn place(url: &Url) -> PathBuf {
    let host = url.host_str().unwrap_or("unknown").trim_matches(['[', ']']);
    let port = url.port().map(|port| format!("_{port}")).unwrap_or_default();
    let mut place = PathBuf::from(cut(&format!("{host}{port}"), MAX_NAME));
    let mut segments: Vec<&str> = url.path_segments().map(Iterator::collect).unwrap_or_default();
    let last = segments.pop().filter(|last| !last.is_empty()).unwrap_or("index");
    place.extend(segments.iter().map(|segment| cut(segment, MAX_NAME)));
    let (stem, extension) = match last.rsplit_once('.') {
        Some((stem, extension)) if !extension.is_empty() && extension.len() <= MAX_EXTENSION => {
            (stem, extension)
        }
        _ => (last, "html"),
    };
    let hash = xxh3_64(url.as_str().as_bytes());
    place.push(format!("{}~{hash:016x}.{}", cut(stem, MAX_NAME), cut(extension, MAX_EXTENSION)));
    place
}

/// A segment as a name, at most so many bytes of it.
fn cut(segment: &str, most: usize) -> String {
    let safe = |c| if matches!(c, '/' | '\\' | ':' | '~' | '\0'..='\x1f') { '_' } else { c };
    let mut name: String = segment.chars().map(safe).collect();
    name.truncate(name.floor_char_boundary(most));
    if matches!(name.as_str(), "" | "." | "..") { "_".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::path::Component;

    use super::*;

    fn at(url: &str) -> PathBuf {
        place(&Url::parse(url).unwrap())
    }

    #[test]
    fn files_stand_where_their_urls_say() {
        let plain = |url: &str| {
            let text = at(url).to_string_lossy().into_owned();
            let (before, after) = text.split_once('~').unwrap();
            format!("{before}{}", &after[16..])
        };
        assert_eq!(plain("http://a.test/"), "a.test/index.html");
        assert_eq!(plain("http://a.test:8080/guide/one"), "a.test_8080/guide/one.html");
        assert_eq!(plain("http://a.test/logo.png"), "a.test/logo.png");
        assert_eq!(plain("http://[::1]/x?a=/b"), "__1/x.html");
        assert_eq!(plain("http://a.test/~me/x~1"), "a.test/_me/x_1.html");
    }

    #[test]
    fn no_url_takes_the_place_of_another() {
        let long = "x".repeat(400);
        let paths =
            ["", "a", "a.html", "a/", "a/index", "a/index.html", "a?", "a?b", "A", "x.html", "x.html/y"];
        let mut urls: Vec<_> = paths.iter().map(|path| format!("http://a.test/{path}")).collect();
        urls.extend([format!("http://a.test/{long}1"), format!("http://a.test/{long}2")]);
        // A URL that spells another's file.
        urls.push(format!("http://{}/y", at("http://a.test/x.html").to_string_lossy()));
        let files: HashSet<_> = urls.iter().map(|url| at(url)).collect();
        assert_eq!(files.len(), urls.len(), "{files:?}");
        let folders: HashSet<_> = files.iter().flat_map(|file| file.ancestors().skip(1)).collect();
        assert!(files.iter().all(|file| !folders.contains(file.as_path())), "{files:?}");
        assert!(files.iter().all(|file| file.file_name().unwrap().len() <= 255));
    }

    #[test]
    fn no_url_leads_out_of_the_folder() {
        for url in
            ["http://a.test/%2e%2e/%2e%2e/etc/passwd", "http://a.test/..%2f..%2fetc", "http://a.test//x//"]
        {
            let path = at(url);
            assert!(path.components().all(|c| matches!(c, Component::Normal(_))), "{path:?}");
        }
    }
}

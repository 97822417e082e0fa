//! Jars in files: read as whatever they are, written as their name says.

use std::io::Write as _;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::model::Timestamp;
use crate::session::{Jar, JarLimits};

/// Reads a `cookies.txt`, or JSON when it begins with a brace.
pub(super) fn read(path: &Path, now: Timestamp) -> Result<Jar> {
    let text = std::fs::read(path).map_err(|cause| {
        Error::new(ErrorKind::Usage, format!("the cookies in {} cannot be read", path.display()))
            .with_hint("name a file that is there; --cookie-jar writes one")
            .with_source(cause)
    })?;
    let limits = JarLimits::default();
    let jar = match text.trim_ascii_start().first() {
        Some(b'{') => Jar::from_json(&text, limits, now),
        _ => Jar::from_cookies_txt(&text, limits, now),
    };
    jar.map_err(|cause| {
        Error::new(ErrorKind::Config, format!("the cookies in {} cannot be used", path.display()))
            .with_hint("give a Netscape cookies.txt or the JSON of --cookie-jar")
            .with_source(cause)
    })
}

/// Writes JSON to a name that ends in `.json`, a `cookies.txt` to any other. The file is the owner's alone and
/// replaced as a whole.
pub(super) fn write(path: &Path, jar: &Jar, now: Timestamp) -> Result<()> {
    let json = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
    let text = if json { jar.to_json(now).into_bytes() } else { jar.to_cookies_txt(now).text };
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let mut open = std::fs::OpenOptions::new();
    open.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    let written = open.open(&part).and_then(|mut file| file.write_all(&text));
    written
        .and_then(|()| std::fs::rename(&part, path))
        .map_err(|cause| Error::io(format!("writing the cookies to {}", path.display()), cause))
}

//! The history on disk: one line each, readable by its owner alone, bounded, and without secrets.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Lines that are kept.
pub(super) const LINES: usize = 1_000;
/// The longest line that is kept, in bytes.
const LONGEST: usize = 4 << 10;
/// Bytes of the file that are read; it is cut to [`LINES`] whenever it is read.
const MOST: u64 = 8 << 20;
const OWNER_ONLY: u32 = 0o600;

/// A file of lines.
#[derive(Debug)]
pub(super) struct History {
    file: PathBuf,
}

impl History {
    /// Where it is by the XDG Base Directory Specification: `$XDG_STATE_HOME/lycosa/history`, else
    /// `~/.local/state/lycosa/history`. Relative folders count as not given, as the specification says. Nowhere when
    /// there is no home.
    pub(super) fn standard() -> Option<Self> {
        let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let state =
            folder("XDG_STATE_HOME").or_else(|| folder("HOME").map(|home| home.join(".local/state")))?;
        Some(Self { file: state.join("lycosa").join("history") })
    }

    pub(super) fn path(&self) -> &Path {
        &self.file
    }

    /// The lines, oldest first; none when there is no file.
    ///
    /// # Errors
    /// When it cannot be read or is no file.
    pub(super) fn read(&self) -> io::Result<Vec<String>> {
        match fs::metadata(&self.file) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(cause) => return Err(cause),
            Ok(found) if !found.is_file() => return Err(io::Error::other("it is no file")),
            Ok(_) => {}
        }
        fs::set_permissions(&self.file, Permissions::from_mode(OWNER_ONLY))?;
        let mut file = fs::File::open(&self.file)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(MOST)))?;
        let mut bytes = Vec::new();
        file.take(MOST).read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        let all: Vec<&str> = text.lines().collect();
        let kept: Vec<String> = all.iter().rev().filter_map(|line| keepable(line)).take(LINES).collect();
        let kept: Vec<String> = kept.into_iter().rev().collect();
        if kept.len() < all.len() {
            self.replace(&kept)?;
        }
        Ok(kept)
    }

    /// Adds a line that is [`keepable`].
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn add(&self, line: &str) -> io::Result<()> {
        self.make_folder()?;
        let mut file = OpenOptions::new().create(true).append(true).mode(OWNER_ONLY).open(&self.file)?;
        // In one piece: other shells may add lines at the same time.
        file.write_all(format!("{line}\n").as_bytes())
    }

    fn replace(&self, lines: &[String]) -> io::Result<()> {
        let beside = self.file.with_extension(format!("{}.new", std::process::id()));
        let mut text = lines.join("\n");
        text.push('\n');
        let written = OpenOptions::new().create_new(true).write(true).mode(OWNER_ONLY).open(&beside);
        let renamed = written.and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            fs::rename(&beside, &self.file)
        });
        renamed.inspect_err(|_| drop(fs::remove_file(&beside)))
    }

    fn make_folder(&self) -> io::Result<()> {
        let Some(folder) = self.file.parent() else { return Ok(()) };
        DirBuilder::new().recursive(true).mode(0o700).create(folder)
    }
}

/// The line as it may be kept: not when it holds what could be a password, control characters, or is very long.
pub(super) fn keepable(line: &str) -> Option<String> {
    let line = line.trim();
    let is_plain = !line.is_empty() && line.len() <= LONGEST && !line.contains(char::is_control);
    (is_plain && !has_secret(line)).then(|| line.to_owned())
}

/// Whether a line has a URL with a user and a password, or a flag that brings one. In doubt it has: a line that is not
/// kept is typed again, a password that is kept is not taken back.
fn has_secret(line: &str) -> bool {
    let is_flag = |word: &str| {
        let name = word.split('=').next().unwrap_or_default();
        let is_short = ["-u", "-H", "-b"].iter().any(|flag| word.starts_with(flag));
        is_short || ["--user", "--header", "--cookie", "--proxy"].contains(&name)
    };
    let goes_somewhere = line.starts_with("fetch");
    let is_login = |word: &str| {
        let authority = match word.split_once("://") {
            Some((_, rest)) => rest,
            None if goes_somewhere => word,
            None => return false,
        };
        authority.split_once('@').is_some_and(|(before, _)| before.contains(':'))
    };
    let is_query = ["css", "xpath", "re", "json", "links"]
        .iter()
        .any(|name| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
    line.split_whitespace().any(|word| !is_query && is_flag(word) || is_login(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_kept() {
        for secret in [
            "fetch http://me:secret@site.test/",
            "http://me:secret@site.test/",
            "fetch https://me:se/cret@site.test/a",
            "fetch //me:secret@site.test/",
            "fetch me:secret@site.test",
            "fetch -u me:secret http://site.test/",
            "fetch -ume:secret http://site.test/",
            "fetch http://site.test/ --user=me:secret",
            "fetch http://site.test/ -H 'Authorization: x'",
            "fetch --cookie a=1 http://site.test/",
            "css a[href='http://me:secret@site.test/']",
            "fetch a\u{1b}[2J",
        ] {
            assert_eq!(keepable(secret), None, "{secret}");
        }
        for open in [
            "fetch http://site.test/@me",
            "fetch http://site.test/?mail=me@site.test",
            "xpath //x:a[@href]",
            "css a:not(.b)",
            "re -u \\d+@",
            "links http://",
        ] {
            assert_eq!(keepable(open).as_deref(), Some(open));
        }
        assert_eq!(keepable(&"x".repeat(LONGEST + 1)), None);
    }

    #[test]
    fn the_file_is_its_owners_and_bounded() {
        let folder = tempfile::tempdir().expect("a folder");
        let history = History { file: folder.path().join("deep/er/history") };
        assert_eq!(history.read().expect("no file"), Vec::<String>::new());
        history.add("css a").expect("written");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(history.path()), 0o600);
        assert_eq!(mode(&folder.path().join("deep/er")), 0o700);
        let many: String = (0..3_000).map(|n| format!("css .c{n}\n")).collect();
        fs::write(history.path(), format!("{many}fetch http://a:b@c/\ncss \u{1b}x\n")).expect("written");
        fs::set_permissions(history.path(), Permissions::from_mode(0o644)).expect("set");
        let kept = history.read().expect("read");
        assert_eq!((kept.len(), kept[LINES - 1].as_str()), (LINES, "css .c2999"));
        assert_eq!(mode(history.path()), 0o600);
        assert_eq!(fs::read_to_string(history.path()).expect("read").lines().count(), LINES);
        history.add("last").expect("written");
        assert_eq!(history.read().expect("read").len(), LINES);
    }
}

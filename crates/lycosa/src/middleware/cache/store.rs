//! Entries in files: `ab/cd/<hash>` below the folder, written beside and renamed into place, so that a reader or a
//! kill at any moment meets an old entry, a new one or none. What is damaged is removed when it is met.
//!
//! A file's time of change is when it was last used; when the folder grows beyond its bound, the oldest go first.
//! Several processes may share a folder. The names are keyed by a secret of the folder, so that nobody outside can
//! make two URLs meet, and no secret of a request is written down.

use std::fs::{self, File};
use std::hash::Hasher as _;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE, VARY};
use siphasher::sip::SipHasher13;
use siphasher::sip128::{Hasher128 as _, SipHasher13 as SipHasher128};

use super::entry::{Entry, Head, decode, encode};
use crate::model::{Exchange, Timestamp};

/// Bytes that the head of an entry may have beside its body.
const HEAD: u64 = 1 << 20;

/// Leftovers of a write that was killed are removed after this time.
const LEFTOVER: Duration = Duration::from_secs(3600);

/// What an entry is found by.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) url: String,
    pub(super) session: u32,
    /// Fingerprint of the credentials.
    pub(super) identity: u64,
    /// The name of its file.
    name: String,
}

/// The folder.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    secret: [u8; 16],
    max_bytes: u64,
    /// About how many bytes the entries have; counted anew when some are removed.
    total: AtomicU64,
    /// Tells the files that this store writes from those of others on the same folder.
    mark: u64,
    written: AtomicU64,
    evicting: Mutex<()>,
}

impl Store {
    /// Opens the folder and makes it when there is none.
    pub(super) fn open(folder: &Path, max_bytes: u64, now: Timestamp) -> io::Result<Self> {
        make_private(&folder.join("new"))?;
        let mark = u64::from_le_bytes(random()?);
        let secret = secret(folder, mark)?;
        let store = Self {
            folder: folder.to_owned(),
            secret,
            mark,
            max_bytes,
            total: AtomicU64::new(0),
            written: AtomicU64::new(0),
            evicting: Mutex::new(()),
        };
        store.remove_leftovers(now)?;
        let total = store.entries()?.iter().map(|found| found.bytes).sum();
        store.total.store(total, Ordering::Relaxed);
        Ok(store)
    }

    /// Bytes that the body of one entry may have: an eighth of the whole.
    pub(super) fn largest(&self) -> u64 {
        self.max_bytes / 8
    }

    /// What the answer to a request is found by.
    pub(super) fn key(&self, exchange: &Exchange) -> Key {
        let mut url = exchange.url.clone();
        url.set_fragment(None);
        let session = exchange.request.session.0;
        let mut hasher = SipHasher13::new_with_key(&self.secret);
        for name in [AUTHORIZATION, COOKIE] {
            hasher.write_u64(self.fingerprint(&exchange.headers, name.as_str()));
        }
        let identity = hasher.finish();
        let mut hasher = SipHasher128::new_with_key(&self.secret);
        hasher.write_u32(session);
        hasher.write_u64(identity);
        hasher.write(url.as_str().as_bytes());
        Key { url: url.into(), session, identity, name: format!("{:032x}", u128::from(hasher.finish128())) }
    }

    /// The request's fields that an answer depends on; `None` when nothing can be said beforehand (`*`).
    pub(super) fn vary(&self, answer: &HeaderMap, request: &HeaderMap) -> Option<Vec<(String, u64)>> {
        let mut names: Vec<String> = Vec::new();
        for value in answer.get_all(VARY) {
            let list = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
            names.extend(list.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()));
        }
        let known = !names.iter().any(|name| name == "*");
        known
            .then(|| names.into_iter().map(|name| (name.clone(), self.fingerprint(request, &name))).collect())
    }

    /// Whether an entry answers a request with these fields (RFC 9111 §4.1).
    pub(super) fn fits(&self, head: &Head, request: &HeaderMap) -> bool {
        head.vary.iter().all(|(name, wanted)| self.fingerprint(request, name) == *wanted)
    }

    /// A field's values, white space around them apart; an absent field is not an empty one.
    fn fingerprint(&self, headers: &HeaderMap, name: &str) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.secret);
        for value in headers.get_all(name) {
            for part in value.as_bytes().split(|&byte| byte == b',') {
                hasher.write(part.trim_ascii());
                hasher.write_u8(b',');
            }
        }
        hasher.finish()
    }

    /// The entry of a key, unless its body is longer than `limit`. It counts as used now.
    pub(super) fn read(&self, key: &Key, limit: u64, now: Timestamp) -> io::Result<Option<Entry>> {
        let path = self.path(key);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let length = file.metadata()?.len();
        if length > limit.saturating_add(HEAD) {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        (&mut file).take(length).read_to_end(&mut bytes)?;
        let Some(entry) = decode(key, bytes) else {
            self.remove(key)?;
            return Ok(None);
        };
        if entry.body.len() as u64 > limit {
            return Ok(None);
        }
        // A folder that may only be read still answers; it forgets what was used, nothing else.
        drop(file.set_modified(now.to_system_time()));
        Ok(Some(entry))
    }

    /// Puts an entry in the place of any before it.
    pub(super) fn write(&self, key: &Key, head: &Head, pieces: &[Bytes], now: Timestamp) -> io::Result<()> {
        let parts = encode(key, head, pieces)?;
        let length: u64 = parts.iter().map(|part| part.len() as u64).sum();
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let beside = self.folder.join("new").join(format!("{:016x}-{number}", self.mark));
        let placed = self.place(&beside, key, &parts, now);
        if placed.is_err() {
            drop(fs::remove_file(&beside));
        }
        let replaced = placed?;
        let before = self.total.fetch_add(length, Ordering::Relaxed);
        let replaced = replaced.min(before);
        self.total.fetch_sub(replaced, Ordering::Relaxed);
        if self.total.load(Ordering::Relaxed) > self.max_bytes {
            self.evict()?;
        }
        Ok(())
    }

    /// Writes the file and renames it; the length of the one that was there.
    fn place(&self, beside: &Path, key: &Key, parts: &[Bytes], now: Timestamp) -> io::Result<u64> {
        let mut file = File::create_new(beside)?;
        parts.iter().try_for_each(|part| file.write_all(part))?;
        file.set_modified(now.to_system_time())?;
        drop(file);
        let path = self.path(key);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let replaced = fs::metadata(&path).map_or(0, |found| found.len());
        fs::rename(beside, &path)?;
        Ok(replaced)
    }

    /// Removes the entry of a key, if there is one.
    pub(super) fn remove(&self, key: &Key) -> io::Result<()> {
        self.remove_file(&self.path(key))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let length = fs::metadata(path).map_or(0, |found| found.len());
        match fs::remove_file(path) {
            Ok(()) => {
                let subtract = |total: u64| Some(total.saturating_sub(length));
                let _ = self.total.fetch_update(Ordering::Relaxed, Ordering::Relaxed, subtract);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes what was not used for longest, until a tenth of the bound is free.
    fn evict(&self) -> io::Result<()> {
        let Ok(_only) = self.evicting.try_lock() else { return Ok(()) };
        let mut entries = self.entries()?;
        entries.sort_by_key(|found| found.used);
        let mut total: u64 = entries.iter().map(|found| found.bytes).sum();
        self.total.store(total, Ordering::Relaxed);
        for found in entries {
            if total <= self.max_bytes / 10 * 9 {
                break;
            }
            self.remove_file(&found.path)?;
            total -= found.bytes;
        }
        Ok(())
    }

    fn entries(&self) -> io::Result<Vec<Found>> {
        let mut entries = Vec::new();
        for outer in folders(&self.folder)? {
            for inner in folders(&outer)? {
                files(&inner, &mut entries)?;
            }
        }
        Ok(entries)
    }

    fn remove_leftovers(&self, now: Timestamp) -> io::Result<()> {
        let mut found = Vec::new();
        files(&self.folder.join("new"), &mut found)?;
        let old = now.to_system_time().checked_sub(LEFTOVER).unwrap_or(SystemTime::UNIX_EPOCH);
        found.iter().filter(|file| file.used < old).for_each(|file| drop(fs::remove_file(&file.path)));
        Ok(())
    }

    fn path(&self, key: &Key) -> PathBuf {
        let (outer, rest) = key.name.split_at(2);
        let (inner, _) = rest.split_at(2);
        self.folder.join(outer).join(inner).join(&key.name)
    }
}

struct Found {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

/// The folders in a folder whose names are two hexadecimal digits.
fn folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_ours =
            name.len() == 2 && name.to_str().is_some_and(|name| name.bytes().all(|b| b.is_ascii_hexdigit()));
        if is_ours && entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// The files in a folder; those that go away meanwhile are left out.
fn files(folder: &Path, found: &mut Vec<Found>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let Ok(metadata) = entry.metadata()
            && metadata.is_file()
        {
            let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            found.push(Found { path: entry.path(), bytes: metadata.len(), used });
        }
    }
    Ok(())
}

/// The secret of a folder, made when it is new. Of two processes that make it at once, one wins.
fn secret(folder: &Path, mark: u64) -> io::Result<[u8; 16]> {
    let path = folder.join("key");
    if !path.exists() {
        let beside = folder.join("new").join(format!("{mark:016x}-key"));
        fs::write(&beside, random::<16>()?)?;
        let linked = fs::hard_link(&beside, &path);
        fs::remove_file(&beside)?;
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    fs::read(&path)?.try_into().map_err(|_| io::Error::other(format!("{} is no key", path.display())))
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut octets = [0; N];
    getrandom::fill(&mut octets).map_err(io::Error::other)?;
    Ok(octets)
}

/// Makes a folder that only its owner can enter: it holds what others may not read.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

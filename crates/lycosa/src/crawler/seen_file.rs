//! Which pages a crawl saw, kept beside its state, so that a resumed run finds the duplicates of those before it.
//!
//! Two files of the state folder, `contents` and `contents-before`: a page is appended to the first when it is seen, and
//! once that has as many as are remembered it takes the place of the second. Both are a copy of what is in memory, on
//! which nothing depends: what is missing or damaged is told and left out. Nothing is synced; a killed process loses
//! none of it, a machine without power the end.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use xxhash_rust::xxh3::xxh3_64;

use super::options::{Continue, Options};
use crate::engine::{ContentLog, ContentMemory, Duplicates};
use crate::extract::{CAPACITY, SeenContent, SeenPage};
use crate::telemetry::Telemetry;

/// The first bytes of a file.
const MAGIC: &[u8; 8] = b"LYSEEN1\n";

/// The files, the newer first.
const NAMES: [&str; 2] = ["contents", "contents-before"];

/// Bytes of a page before its address: two hashes, and whether there is the second.
const HASHES: usize = 16 + 1 + 8;

/// Bytes of the longest address that is kept; pages of longer ones are forgotten with the run.
const LONGEST_URL: usize = 1 << 16;

/// Bytes of a file from which on it is full, however few pages it has.
const FULL: u64 = 64 << 20;

/// What earlier runs saw, when the options resume one, and where this one's pages are kept.
pub(super) fn open(options: &Options, telemetry: &Telemetry) -> ContentMemory {
    let Some(folder) = options.state.as_deref().filter(|_| options.duplicates != Duplicates::Off) else {
        return ContentMemory::default();
    };
    let mut seen = SeenContent::default();
    let [newer, older] = NAMES.map(|name| folder.join(name));
    let mut kept = Kept { pages: 0, bytes: 0 };
    if options.continuation == Continue::Resume {
        load(&older, &mut seen, telemetry);
        kept = load(&newer, &mut seen, telemetry);
    } else {
        // Of another crawl; there is none, as a rule.
        drop(std::fs::remove_file(&older));
    }
    let writer = Writer::open(folder, kept).map_err(|cause| tell(telemetry, "kept", &newer, &cause)).ok();
    let file = SeenFile { writer: Mutex::new(writer), telemetry: telemetry.clone() };
    ContentMemory { seen, log: Some(Arc::new(file)) }
}

/// How much of a file is whole.
#[derive(Clone, Copy, Debug)]
struct Kept {
    pages: usize,
    bytes: u64,
}

fn tell(telemetry: &Telemetry, what: &str, path: &Path, cause: &std::io::Error) {
    telemetry.problem(format!(
        "the pages that were seen cannot be {what} ({}: {cause}): duplicates of some are not found over a resume",
        path.display()
    ));
}

/// Takes in the pages of a file, up to the first that is damaged. A file that is not there has none.
fn load(path: &Path, seen: &mut SeenContent, telemetry: &Telemetry) -> Kept {
    let mut kept = Kept { pages: 0, bytes: 0 };
    let result = File::open(path).and_then(|file| {
        let length = file.metadata()?.len();
        // A full file has one page more, at most.
        let mut input = BufReader::new(file.take(FULL + (1 << 20)));
        let mut magic = [0; MAGIC.len()];
        input.read_exact(&mut magic)?;
        if magic == *MAGIC {
            kept.bytes = MAGIC.len() as u64;
            while let Some((page, size)) = read(&mut input) {
                seen.restore(page);
                kept = Kept { pages: kept.pages + 1, bytes: kept.bytes + size };
            }
        }
        if kept.bytes < length {
            return Err(std::io::Error::other(format!("damaged after {} pages", kept.pages)));
        }
        Ok(())
    });
    match result {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => tell(telemetry, "read", path, &cause),
        _ => {}
    }
    kept
}

/// The next page and its size; `None` at the end, and where something is damaged.
fn read(input: &mut impl Read) -> Option<(SeenPage, u64)> {
    let mut length = [0; 4];
    input.read_exact(&mut length).ok()?;
    let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
    if !(HASHES..=HASHES + LONGEST_URL).contains(&length) {
        return None;
    }
    let mut page = vec![0; length];
    input.read_exact(&mut page).ok()?;
    let mut sum = [0; 8];
    input.read_exact(&mut sum).ok()?;
    if u64::from_le_bytes(sum) != xxh3_64(&page) {
        return None;
    }
    let (exact, rest) = page.split_first_chunk::<16>()?;
    let (&has_near, rest) = rest.split_first()?;
    let (near, url) = rest.split_first_chunk::<8>()?;
    let near = (has_near == 1).then(|| u64::from_le_bytes(*near));
    let page =
        SeenPage { url: std::str::from_utf8(url).ok()?.into(), exact: u128::from_le_bytes(*exact), near };
    Some((page, 4 + u64::try_from(length).ok()? + 8))
}

fn write(page: &SeenPage) -> Option<Vec<u8>> {
    let url = page.url.as_bytes();
    let length = u32::try_from(HASHES + url.len()).ok().filter(|_| url.len() <= LONGEST_URL)?;
    let mut out = length.to_le_bytes().to_vec();
    out.extend_from_slice(&page.exact.to_le_bytes());
    out.push(u8::from(page.near.is_some()));
    out.extend_from_slice(&page.near.unwrap_or_default().to_le_bytes());
    out.extend_from_slice(url);
    let sum = xxh3_64(&out[4..]);
    out.extend_from_slice(&sum.to_le_bytes());
    Some(out)
}

/// The file that pages are appended to.
#[derive(Debug)]
struct Writer {
    folder: PathBuf,
    file: File,
    kept: Kept,
}

impl Writer {
    /// Goes on after what is whole of the newer file.
    fn open(folder: &Path, kept: Kept) -> std::io::Result<Self> {
        let path = folder.join(NAMES[0]);
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        file.set_len(kept.bytes)?;
        let mut bytes = kept.bytes;
        if bytes == 0 {
            file.write_all(MAGIC)?;
            bytes = MAGIC.len() as u64;
        }
        Ok(Self { folder: folder.to_owned(), file, kept: Kept { bytes, ..kept } })
    }

    fn append(&mut self, page: &SeenPage) -> std::io::Result<()> {
        let Some(bytes) = write(page) else { return Ok(()) };
        if self.kept.pages >= CAPACITY || self.kept.bytes >= FULL {
            let [newer, older] = NAMES.map(|name| self.folder.join(name));
            std::fs::rename(newer, older)?;
            *self = Self::open(&self.folder, Kept { pages: 0, bytes: 0 })?;
        }
        self.file.write_all(&bytes)?;
        self.kept = Kept { pages: self.kept.pages + 1, bytes: self.kept.bytes + bytes.len() as u64 };
        Ok(())
    }
}

/// The file, until it cannot be written.
#[derive(Debug)]
struct SeenFile {
    writer: Mutex<Option<Writer>>,
    telemetry: Telemetry,
}

impl ContentLog for SeenFile {
    fn keep(&self, page: &SeenPage) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(result) = writer.as_mut().map(|writer| writer.append(page)) else { return };
        if let Err(cause) = result {
            let path = writer.take().map(|writer| writer.folder.join(NAMES[0])).unwrap_or_default();
            tell(&self.telemetry, "kept", &path, &cause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::Likeness;

    fn options(folder: &Path, continuation: Continue) -> Options {
        Options { state: Some(folder.to_owned()), continuation, ..Options::default() }
    }

    fn page(number: u64) -> SeenPage {
        let near = number.is_multiple_of(2).then_some(number << 48 | 0xABCD);
        SeenPage { url: format!("http://a.test/{number}").into(), exact: u128::from(number) << 70, near }
    }

    fn begun(folder: &Path, numbers: std::ops::Range<u64>) {
        let memory = open(&options(folder, Continue::Refuse), &Telemetry::default());
        numbers.for_each(|number| memory.log.as_ref().unwrap().keep(&page(number)));
    }

    /// What a resumed run knows of these pages, and what it complains of.
    fn known(folder: &Path, numbers: std::ops::Range<u64>) -> (Vec<u64>, String) {
        let telemetry = Telemetry::default();
        let memory = open(&options(folder, Continue::Resume), &telemetry);
        let known = numbers.filter(|number| memory.seen.knows(page(*number).exact)).collect();
        (known, format!("{:?}", telemetry.snapshot().problems))
    }

    #[test]
    fn a_resumed_run_knows_the_pages_of_those_before_it_and_a_new_one_none() {
        let folder = tempfile::tempdir().unwrap();
        begun(folder.path(), 0..5);
        let mut memory = open(&options(folder.path(), Continue::Resume), &Telemetry::default());
        memory.log.as_ref().unwrap().keep(&page(5));
        let other = "http://a.test/other";
        assert_eq!(memory.seen.see(other, page(3).exact, None), Likeness::Same(page(3).url));
        assert_eq!(memory.seen.see(other, 1, page(2).near), Likeness::Near(page(2).url));
        let (numbers, problems) = known(folder.path(), 0..9);
        assert_eq!((numbers, problems.contains("seen")), (vec![0, 1, 2, 3, 4, 5], false), "{problems}");
        begun(folder.path(), 7..8);
        assert_eq!(known(folder.path(), 0..9).0, [7]);
    }

    #[test]
    fn the_files_are_bounded_and_the_latest_pages_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let most = CAPACITY as u64;
        begun(folder.path(), 0..2 * most + 10);
        let (numbers, _) = known(folder.path(), 0..2 * most + 10);
        assert_eq!(numbers, (most + 10..2 * most + 10).collect::<Vec<_>>());
        let size: u64 = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .sum();
        assert!(size < 2 * most * 80, "{size}");
    }

    #[test]
    fn what_is_damaged_is_told_and_the_rest_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        begun(folder.path(), 0..4);
        let path = folder.path().join("contents");
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let (numbers, _) = known(folder.path(), 0..4);
            assert!(
                numbers.len() < 4 && numbers == (0..numbers.len() as u64).collect::<Vec<_>>(),
                "{length}"
            );
            assert_eq!(known(folder.path(), 0..4).0, numbers, "what was cut off stays so");
        }
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x55;
            std::fs::write(&path, &bytes).unwrap();
            let (numbers, problems) = known(folder.path(), 0..4);
            assert!(numbers.len() < 4, "{at}");
            assert!(problems.contains("the pages that were seen cannot be read"), "{at}: {problems}");
        }
        std::fs::write(&path, u32::MAX.to_le_bytes().repeat(1 << 16)).unwrap();
        assert!(known(folder.path(), 0..4).0.is_empty());
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told_and_the_crawl_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("contents")).unwrap();
        let telemetry = Telemetry::default();
        let memory = open(&options(folder.path(), Continue::Refuse), &telemetry);
        memory.log.as_ref().unwrap().keep(&page(1));
        let problems = format!("{:?}", telemetry.snapshot().problems);
        assert!(problems.contains("the pages that were seen cannot be kept"), "{problems}");
    }
}

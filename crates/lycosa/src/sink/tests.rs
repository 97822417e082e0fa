//! Stories of outputs: what is refused, what is kept, what every crash leaves. The suite runs on every sink.

mod notice;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::conformance::{Stand, check, commits};
use super::position::FilePosition;
use super::*;
use crate::error::ErrorKind;
use crate::model::{Position, Sink};

/// A file in a folder of its own.
struct FileStand {
    folder: tempfile::TempDir,
    name: &'static str,
    options: SinkOptions,
}

impl FileStand {
    fn stand(name: &'static str, options: SinkOptions) -> Box<dyn Stand> {
        Box::new(Self { folder: tempfile::tempdir().unwrap(), name, options })
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(self.name)
    }

    fn compression(&self) -> Compression {
        match Target::of(Path::new(self.name)) {
            Target::File { compression, .. } => compression,
            _ => Compression::None,
        }
    }
}

/// Leaves of the tail what a dying machine may: all, nothing, a part, a part of zeros, a part and junk.
fn damage_tail(path: &Path, kept: u64, choice: u64) {
    let Ok(mut bytes) = std::fs::read(path) else { return };
    let kept = usize::try_from(kept).unwrap();
    let tail = bytes.len() - kept;
    let part = kept + usize::try_from(choice / 5).unwrap_or(0) % (tail + 1);
    match choice % 5 {
        0 => {}
        1 => bytes.truncate(kept),
        2 => bytes.truncate(part),
        3 => bytes[part..].fill(0),
        _ => {
            bytes.truncate(part);
            bytes.extend_from_slice(b"\"junk\n");
        }
    }
    std::fs::write(path, bytes).unwrap();
}

fn stored_length(position: &Position) -> u64 {
    FilePosition::parse(position, Path::new("test")).unwrap().length
}

impl Stand for FileStand {
    fn sink(&self) -> Box<dyn Sink> {
        open_path(&self.path(), self.options.clone()).unwrap()
    }

    fn shown(&self) -> Vec<u8> {
        let mut shown = Vec::new();
        let file = std::fs::File::open(self.path()).unwrap();
        self.compression().reader(file).unwrap().read_to_end(&mut shown).unwrap();
        shown
    }

    fn crash(&self, stored: &Position, choice: u64) {
        damage_tail(&self.path(), stored_length(stored), choice);
    }

    fn tamper(&self, stored: &Position) -> bool {
        let length = usize::try_from(stored_length(stored)).unwrap();
        let mut bytes = self.raw();
        match length.checked_sub(1) {
            None => return false,
            Some(last) => bytes[last / 2] ^= 1,
        }
        std::fs::write(self.path(), bytes).unwrap();
        true
    }

    fn raw(&self) -> Vec<u8> {
        std::fs::read(self.path()).unwrap()
    }
}

/// A folder of small parts.
struct PartsStand(tempfile::TempDir);

impl PartsStand {
    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> = std::fs::read_dir(self.0.path().join("out"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files
    }

    fn open_part(&self, stored: &Position) -> Option<PathBuf> {
        let start = super::position::number(stored, "start", 10).unwrap();
        let of_start = format!("part-{start:012}");
        self.files().into_iter().find(|path| path.to_string_lossy().contains(&of_start))
    }
}

impl Stand for PartsStand {
    fn sink(&self) -> Box<dyn Sink> {
        let path = PathBuf::from(format!("{}/out/", self.0.path().display()));
        let options = SinkOptions { part_size: 10, select: everything(), ..SinkOptions::default() };
        open_path(&path, options).unwrap()
    }

    fn shown(&self) -> Vec<u8> {
        let complete = |path: &&PathBuf| !path.file_name().unwrap().to_string_lossy().starts_with('.');
        self.files().iter().filter(complete).flat_map(|path| std::fs::read(path).unwrap()).collect()
    }

    fn crash(&self, stored: &Position, choice: u64) {
        // Complete parts were synced before they got their names; only a hidden one has a tail to lose.
        if let Some(path) = self.open_part(stored)
            && path.file_name().unwrap().to_string_lossy().starts_with('.')
        {
            damage_tail(&path, stored_length(stored), choice);
        }
    }

    fn tamper(&self, stored: &Position) -> bool {
        let Some(path) = self.open_part(stored).filter(|_| stored_length(stored) > 0) else { return false };
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[usize::try_from(stored_length(stored) / 2).unwrap()] ^= 1;
        std::fs::write(path, bytes).unwrap();
        true
    }

    fn raw(&self) -> Vec<u8> {
        self.files()
            .iter()
            .flat_map(|path| [path.to_string_lossy().as_bytes(), &std::fs::read(path).unwrap()].concat())
            .collect()
    }
}

fn everything() -> Select {
    Select { pages: true, items: Items::All, outcomes: true, ..Select::default() }
}

fn items_of_one_type() -> SinkOptions {
    SinkOptions {
        select: Select { items: Items::Only(Arc::from("product")), ..Select::default() },
        columns: vec!["url".to_owned(), "title".to_owned(), "n".to_owned()],
        ..SinkOptions::default()
    }
}

#[test]
fn json_lines_show_every_record_once_after_any_crash() {
    let options = SinkOptions { select: everything(), ..SinkOptions::default() };
    check(|| FileStand::stand("out.jsonl", options.clone()), 0..25).unwrap();
}

#[test]
fn tables_show_every_record_once_after_any_crash() {
    check(|| FileStand::stand("out.csv", items_of_one_type()), 0..25).unwrap();
}

#[test]
fn compressed_files_show_every_record_once_after_any_crash() {
    check(|| FileStand::stand("out.csv.gz", items_of_one_type()), 0..10).unwrap();
    check(|| FileStand::stand("out.jsonl.zst", SinkOptions::default()), 0..10).unwrap();
}

#[test]
fn folders_of_parts_show_every_record_once_after_any_crash() {
    check(|| Box::new(PartsStand(tempfile::tempdir().unwrap())), 0..50).unwrap();
}

#[test]
fn a_sink_that_forgets_to_cut_fails_the_suite() {
    /// Takes up at the end of the file, whatever the stored position says.
    #[derive(Debug)]
    struct Forgetful(PathBuf, Option<Box<dyn Sink>>);
    impl Sink for Forgetful {
        fn name(&self) -> String {
            "forgetful".to_owned()
        }
        fn open(&mut self, _: Option<&Position>) -> crate::Result<()> {
            let options =
                SinkOptions { existing: Existing::Append, select: everything(), ..SinkOptions::default() };
            let mut inner = open_path(&self.0, options)?;
            inner.open(None)?;
            self.1 = Some(inner);
            Ok(())
        }
        fn write(&mut self, commit: &crate::model::Committed) -> crate::Result<()> {
            self.1.as_mut().unwrap().write(commit)
        }
        fn sync(&mut self) -> crate::Result<Position> {
            self.1.as_mut().unwrap().sync()
        }
        fn close(&mut self) -> crate::Result<Position> {
            self.1.as_mut().unwrap().close()
        }
    }
    struct ForgetfulStand(FileStand);
    impl Stand for ForgetfulStand {
        fn sink(&self) -> Box<dyn Sink> {
            Box::new(Forgetful(self.0.path(), None))
        }
        fn shown(&self) -> Vec<u8> {
            self.0.shown()
        }
        fn crash(&self, _: &Position, _: u64) {}
        fn tamper(&self, _: &Position) -> bool {
            false
        }
        fn raw(&self) -> Vec<u8> {
            self.0.raw()
        }
    }
    let stand = || {
        let folder = tempfile::tempdir().unwrap();
        let options = SinkOptions::default();
        Box::new(ForgetfulStand(FileStand { folder, name: "out.jsonl", options })) as Box<dyn Stand>
    };
    assert!(check(stand, 0..20).is_err());
}

fn write_all(path: &Path, options: SinkOptions) -> crate::Result<Position> {
    let mut sink = open_path(path, options)?;
    sink.open(None)?;
    for commit in commits() {
        sink.write(&commit)?;
    }
    sink.close()
}

#[test]
fn a_file_that_is_there_is_refused_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.jsonl");
    std::fs::write(&path, "mine\n").unwrap();
    let error = write_all(&path, SinkOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Output);
    assert!(error.to_string().ends_with("out.jsonl exists already"), "{error}");
    assert!(error.hint().unwrap().contains("--overwrite"));
    assert_eq!(std::fs::read(&path).unwrap(), b"mine\n");
}

#[test]
fn overwriting_replaces_and_appending_keeps() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.jsonl");
    let with = |existing| SinkOptions { existing, ..SinkOptions::default() };
    std::fs::write(&path, "mine\n").unwrap();
    write_all(&path, with(Existing::Append)).unwrap();
    let appended = std::fs::read_to_string(&path).unwrap();
    write_all(&path, with(Existing::Overwrite)).unwrap();
    let replaced = std::fs::read_to_string(&path).unwrap();
    assert_eq!(appended, format!("mine\n{replaced}"));
}

#[test]
fn a_table_is_only_appended_to_one_with_the_same_columns() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.csv");
    write_all(&path, items_of_one_type()).unwrap();
    let once = std::fs::read_to_string(&path).unwrap();
    let append = SinkOptions { existing: Existing::Append, ..items_of_one_type() };
    write_all(&path, append.clone()).unwrap();
    let twice = std::fs::read_to_string(&path).unwrap();
    let (header, rows) = once.split_once('\n').unwrap();
    assert_eq!(twice, format!("{header}\n{rows}{rows}"));
    let error = write_all(&path, SinkOptions { columns: vec!["other".to_owned()], ..append }).unwrap_err();
    assert!(error.to_string().contains("has other columns"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), twice);
}

#[test]
fn a_last_line_without_its_end_is_ended_before_appending() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.jsonl");
    std::fs::write(&path, "{}").unwrap();
    write_all(&path, SinkOptions { existing: Existing::Append, ..SinkOptions::default() }).unwrap();
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("{}\n{\"id\""));
}

#[test]
fn an_archive_is_only_appended_to_an_archive() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["out.jsonl.gz", "out.jsonl.zst", "out.csv.gz"] {
        let path = folder.path().join(name);
        let append = SinkOptions { existing: Existing::Append, ..SinkOptions::default() };
        write_all(&path, append.clone()).unwrap();
        write_all(&path, append.clone()).unwrap();
        std::fs::write(&path, "plain text, and enough of it").unwrap();
        let error = write_all(&path, append).unwrap_err();
        assert!(error.to_string().contains("does not hold what its name says"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"plain text, and enough of it");
    }
}

#[test]
fn outputs_that_cannot_be_written_are_named_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    std::fs::create_dir(folder.path().join("dir.jsonl")).unwrap();
    for (name, part, hint) in [
        ("file/out.jsonl", "file/out.jsonl failed", "is a file"),
        ("dir.jsonl", "is a folder", "trailing /"),
        ("file/", "is not a folder", "trailing /"),
        ("out.txt", "does not tell a format", ".jsonl"),
        ("out", "does not tell a format", ".jsonl"),
    ] {
        let path = PathBuf::from(format!("{}/{name}", folder.path().display()));
        let error = write_all(&path, SinkOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Output);
        assert!(error.to_string().contains(part), "{name}: {error}");
        assert!(error.to_string().contains(name.trim_end_matches('/')), "{name}: {error}");
        assert!(error.hint().unwrap().contains(hint), "{name}: {:?}", error.hint());
    }
}

#[test]
fn a_table_refuses_records_of_several_kinds() {
    for select in [Select::pages().with_outcomes(), Select::items(), Select::rejects(), everything()] {
        let options = SinkOptions { select, ..SinkOptions::default() };
        let error = open_path(Path::new("out.csv"), options).unwrap_err();
        assert!(error.hint().unwrap().contains(".jsonl"));
    }
}

#[test]
fn records_that_fail_their_rules_go_where_they_are_asked_for_and_nowhere_else() {
    let reject = crate::model::RecordKind::Reject(Arc::from("product"));
    assert!(Select::rejects().takes(&reject));
    assert!(!Select::rejects().takes(&crate::model::RecordKind::Item(Arc::from("product"))));
    assert!(!everything().takes(&reject));
}

#[test]
fn missing_folders_are_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/out.jsonl");
    write_all(&path, SinkOptions::default()).unwrap();
    assert!(path.exists());
}

#[test]
fn an_empty_output_is_still_a_valid_file() {
    let folder = tempfile::tempdir().unwrap();
    for (name, expected) in [("a.csv.gz", "id,seq,url,title,n\n"), ("b.jsonl.gz", ""), ("c.jsonl.zst", "")] {
        let path = folder.path().join(name);
        let mut sink = open_path(&path, items_of_one_type()).unwrap();
        sink.open(None).unwrap();
        sink.close().unwrap();
        let Target::File { compression, .. } = Target::of(&path) else { panic!("{name}") };
        assert!(std::fs::metadata(&path).unwrap().len() > 0, "{name} is no valid archive");
        let mut shown = String::new();
        let file = std::fs::File::open(&path).unwrap();
        compression.reader(file).unwrap().read_to_string(&mut shown).unwrap();
        assert_eq!(shown, expected);
    }
}

#[test]
fn two_sinks_cannot_hold_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.jsonl");
    let mut first = open_path(&path, SinkOptions::default()).unwrap();
    first.open(None).unwrap();
    let error = open_path(&path, SinkOptions::default()).unwrap().open(None).unwrap_err();
    assert!(error.to_string().contains("another process"), "{error}");
}

#[test]
fn a_full_disk_is_an_error_with_advice() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let error = write_all(full, SinkOptions::default()).unwrap_err();
    assert!(error.hint().unwrap().contains("--resume"), "{error}");
}

#[test]
fn a_reader_that_leaves_is_an_end_and_not_a_failure() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut sink = StreamSink::on("pipe", writer, Select::pages());
    sink.open(None).unwrap();
    sink.write(&commits()[1]).unwrap();
    let error = sink.sync().unwrap_err();
    assert!(is_closed_pipe(&error), "{error}");
    let other = open_path(Path::new("x.txt"), SinkOptions::default()).unwrap_err();
    assert!(!is_closed_pipe(&other));
}

#[test]
fn a_stream_carries_every_record_it_takes() {
    #[derive(Clone, Default)]
    struct Shared(Arc<std::sync::Mutex<Vec<u8>>>);
    impl std::io::Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let shared = Shared::default();
    let mut sink = StreamSink::on("shared", shared.clone(), Select::pages());
    sink.open(None).unwrap();
    commits().iter().for_each(|commit| sink.write(commit).unwrap());
    sink.close().unwrap();
    let text = String::from_utf8(shared.0.lock().unwrap().clone()).unwrap();
    let pages = commits().iter().filter(|commit| !commit.records.is_empty()).count();
    assert_eq!(text.lines().count(), pages);
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["id"].as_str().unwrap().len(), 32);
    }
}

#[test]
fn parts_are_named_by_the_sequence_numbers_they_cover() {
    let stand = PartsStand(tempfile::tempdir().unwrap());
    let mut sink = stand.sink();
    sink.open(None).unwrap();
    commits().iter().for_each(|commit| sink.write(commit).unwrap());
    sink.close().unwrap();
    let files = stand.files();
    let names: Vec<_> = files.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names.first().unwrap(), &"part-000000000000-000000000009.jsonl");
    assert_eq!(names.last().unwrap(), &"part-000000000070-000000000079.jsonl");
    for path in &files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let (first, last) = (name[5..17].parse::<u64>().unwrap(), name[18..30].parse::<u64>().unwrap());
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            let seq = value["seq"].as_u64().unwrap();
            assert!((first..=last).contains(&seq), "{seq} in {name}");
        }
    }
}

#[test]
fn a_folder_that_holds_parts_is_refused() {
    let stand = PartsStand(tempfile::tempdir().unwrap());
    let mut sink = stand.sink();
    sink.open(None).unwrap();
    commits().iter().for_each(|commit| sink.write(commit).unwrap());
    sink.close().unwrap();
    let before = stand.raw();
    let error = stand.sink().open(None).unwrap_err();
    assert!(error.to_string().contains("holds parts already"), "{error}");
    assert_eq!(stand.raw(), before);
}

#[test]
fn names_tell_formats() {
    let file = |format, compression| Target::File { format, compression };
    for (name, target) in [
        ("-", Target::Stdout),
        ("out/", Target::Folder),
        ("a.jsonl", file(Format::Jsonl, Compression::None)),
        ("a.ndjson.gz", file(Format::Jsonl, Compression::Gzip)),
        ("A.CSV.ZST", file(Format::Csv, Compression::Zstd)),
        ("a.gz", Target::Unknown),
        (".jsonl", Target::Unknown),
        ("a.json", Target::Unknown),
    ] {
        assert_eq!(Target::of(Path::new(name)), target, "{name}");
    }
}

proptest::proptest! {
    #[test]
    fn any_stored_position_is_taken_or_refused_and_nothing_is_cut(text: String, length: u64, checksum: u64) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        std::fs::write(&path, "mine\n").unwrap();
        for position in [text, format!("v1 length={length} xxh3={checksum:016x}")] {
            let mut sink = open_path(&path, SinkOptions::default()).unwrap();
            let _ = sink.open(Some(&Position(position))).unwrap_err();
            assert_eq!(std::fs::read(&path).unwrap(), b"mine\n");
        }
    }
}

//! Stories of databases: what is refused, what is kept, what a full disk leaves, and what rows look like.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::types::Value as Cell;

use crate::error::ErrorKind;
use crate::model::{
    Committed, Lsn, Outcome, Position, Record, RecordId, RecordKind, Sink, Timestamp, UrlKey,
};
use crate::sink::conformance::{Stand, check, commits};
use crate::sink::{Existing, Items, Select, SinkOptions, SqliteSink, Target, open_path};

fn everything() -> SinkOptions {
    let select = Select { pages: true, items: Items::All, outcomes: true, rejects: true };
    SinkOptions { select, ..SinkOptions::default() }
}

fn with(existing: Existing) -> SinkOptions {
    SinkOptions { existing, ..everything() }
}

/// A folder and a database's name in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("crawl.sqlite")
    }

    fn read(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    fn write(&self, options: SinkOptions, story: &[Committed]) -> crate::Result<Position> {
        let mut sink = open_path(&self.path(), options)?;
        sink.open(None)?;
        story.iter().try_for_each(|commit| sink.write(commit))?;
        sink.close()
    }

    fn count(&self, table: &str) -> i64 {
        let count = format!("SELECT count(*) FROM {table}");
        self.read().query_row(&count, [], |row| row.get(0)).unwrap()
    }

    fn rows(&self, query: &str) -> Vec<Vec<Cell>> {
        rows(&self.read(), query)
    }

    fn everything(&self) -> Vec<String> {
        let mut all = Vec::new();
        for table in self.rows("SELECT name FROM sqlite_schema WHERE type = 'table'") {
            let Cell::Text(name) = &table[0] else { panic!("a name") };
            if name != "lycosa_cursor" && !name.starts_with("sqlite_") {
                let rows = self.rows(&format!("SELECT seq, id, * FROM \"{name}\" ORDER BY seq"));
                all.extend(rows.into_iter().map(|row| format!("{name} {row:?}")));
            }
        }
        all.sort();
        all
    }
}

fn rows(database: &Connection, query: &str) -> Vec<Vec<Cell>> {
    let mut statement = database.prepare(query).unwrap();
    let width = statement.column_count();
    let cells = |row: &rusqlite::Row<'_>| (0..width).map(|place| row.get(place)).collect();
    statement.query_map([], cells).unwrap().collect::<Result<_, _>>().unwrap()
}

fn stored_lsn(stored: &Position) -> u64 {
    crate::sink::position::number(stored, "lsn", 10).unwrap()
}

impl Stand for Place {
    fn sink(&self) -> Box<dyn Sink> {
        open_path(&self.path(), everything()).unwrap()
    }

    fn shown(&self) -> Vec<u8> {
        self.everything().join("\n").into_bytes()
    }

    fn crash(&self, _stored: &Position, _choice: u64) {}

    fn tamper(&self, stored: &Position) -> bool {
        let Some(before) = stored_lsn(stored).checked_sub(1) else { return false };
        self.read().execute("UPDATE lycosa_cursor SET lsn = ?1", [i64::try_from(before).unwrap()]).unwrap();
        true
    }

    fn raw(&self) -> Vec<u8> {
        std::fs::read(self.path()).unwrap()
    }
}

#[test]
fn databases_show_every_record_once_after_any_crash() {
    check(|| Box::new(Place::new()), 0..8).unwrap();
}

#[test]
fn names_tell_databases() {
    for name in ["a.sqlite", "A.SQLITE3", "folder/a.db"] {
        assert_eq!(Target::of(Path::new(name)), Target::Database, "{name}");
    }
    assert_eq!(Target::of(Path::new("a.sqlite.gz")), Target::Unknown);
}

#[test]
fn what_is_no_database_is_never_harmed_whatever_was_asked_for() {
    for text in ["my diary", "SQLite format 2\0 and more", "S"] {
        for existing in [Existing::Refuse, Existing::Overwrite, Existing::Append, Existing::SetAside] {
            let place = Place::new();
            std::fs::write(place.path(), text).unwrap();
            let sink = SqliteSink::new(&place.path(), with(existing));
            assert!(sink.check_new().is_err());
            let error = place.write(with(existing), &commits()).unwrap_err();
            assert!(error.to_string().ends_with("crawl.sqlite is no SQLite database"), "{error}");
            assert!(error.hint().unwrap().contains("not touched"));
            let position = Position("v1 lsn=3 run=0a".to_owned());
            assert!(place.sink().open(Some(&position)).is_err());
            assert_eq!(std::fs::read(place.path()).unwrap(), text.as_bytes());
            assert_eq!(std::fs::read_dir(place.0.path()).unwrap().count(), 1, "nothing beside it");
        }
    }
    // A header alone makes no database either.
    let place = Place::new();
    let text = b"SQLite format 3\0 and then something else altogether".repeat(100);
    std::fs::write(place.path(), &text).unwrap();
    for existing in [Existing::Refuse, Existing::Overwrite, Existing::Append] {
        assert_eq!(place.write(with(existing), &commits()).unwrap_err().kind(), ErrorKind::Output);
        assert_eq!(std::fs::read(place.path()).unwrap(), text);
    }
}

#[test]
fn somebody_elses_database_is_refused_kept_or_replaced_as_asked() {
    let place = Place::new();
    let theirs = "CREATE TABLE mine(a); INSERT INTO mine VALUES(1); CREATE VIEW v AS SELECT a FROM mine";
    place.read().execute_batch(theirs).unwrap();
    let before = std::fs::read(place.path()).unwrap();
    let error = place.write(with(Existing::Refuse), &commits()).unwrap_err();
    assert!(error.to_string().ends_with("crawl.sqlite exists already"), "{error}");
    assert_eq!(std::fs::read(place.path()).unwrap(), before);
    place.write(with(Existing::Append), &commits()).unwrap();
    assert_eq!((place.count("mine"), place.count("v"), place.count("pages")), (1, 1, 32));
    let refused = place.write(with(Existing::Refuse), &commits()).unwrap_err();
    assert!(refused.hint().unwrap().contains("--append"));
    place.write(with(Existing::Overwrite), &commits()).unwrap();
    assert_eq!(place.count("pages"), 32);
    assert_eq!(place.rows("SELECT 1 FROM sqlite_schema WHERE name IN ('mine', 'v')").len(), 0);
}

#[test]
fn a_table_with_other_columns_is_not_appended_to_and_nothing_is_changed() {
    let place = Place::new();
    place.read().execute_batch("CREATE TABLE pages(id TEXT PRIMARY KEY, seq, url, n)").unwrap();
    let before = place.rows("SELECT sql FROM sqlite_schema");
    let error = place.write(with(Existing::Append), &commits()).unwrap_err();
    assert!(error.to_string().contains("the table pages of") && error.to_string().contains("has no column"));
    assert!(error.hint().unwrap().contains("--overwrite"));
    assert_eq!(place.rows("SELECT sql FROM sqlite_schema"), before);
}

#[test]
fn a_crawl_that_was_killed_before_its_first_record_leaves_nothing_that_is_refused() {
    let place = Place::new();
    place.sink().open(None).unwrap();
    assert!(place.sink().check_new().is_ok());
    place.write(everything(), &commits()).unwrap();
    assert!(place.sink().check_new().is_err());
}

/// A sink that is open, with half of the story written and synced, and its position.
fn half_way(place: &Place) -> (SqliteSink, Position, Vec<Committed>) {
    let story = commits();
    let mut sink = SqliteSink::new(&place.path(), everything());
    sink.open(None).unwrap();
    story[..20].iter().for_each(|commit| sink.write(commit).unwrap());
    let position = sink.sync().unwrap();
    (sink, position, story)
}

#[test]
fn a_full_disk_is_an_error_with_advice_and_what_was_written_stays_and_goes_on() {
    let place = Place::new();
    let (mut sink, position, story) = half_way(&place);
    let before = place.everything();
    {
        let database = &sink.open.as_ref().unwrap().database;
        let pages: i64 = database.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        database.query_row(&format!("PRAGMA max_page_count = {}", pages + 1), [], |_| Ok(())).unwrap();
    }
    story[20..].iter().for_each(|commit| sink.write(commit).unwrap());
    sink.write(&large(41)).unwrap();
    let error = sink.sync().unwrap_err();
    assert!(error.to_string().starts_with("writing ") && error.kind() == ErrorKind::Output, "{error}");
    assert!(error.hint().unwrap().contains("make room, then continue with --resume"));
    assert!(sink.sync().unwrap_err().to_string().contains("takes nothing more"));
    drop(sink);
    assert_eq!(place.everything(), before);
    assert_eq!(place.rows("PRAGMA integrity_check"), [[Cell::Text("ok".to_owned())]]);
    let mut sink = place.sink();
    sink.open(Some(&position)).unwrap();
    story[20..].iter().for_each(|commit| sink.write(commit).unwrap());
    sink.close().unwrap();
    let undisturbed = Place::new();
    undisturbed.write(everything(), &story).unwrap();
    assert_eq!(place.everything(), undisturbed.everything());
}

#[test]
fn a_database_that_cannot_be_written_is_an_error_with_advice() {
    let place = Place::new();
    let (mut sink, ..) = half_way(&place);
    let before = place.everything();
    sink.open.as_ref().unwrap().database.pragma_update(None, "query_only", true).unwrap();
    sink.write(&large(41)).unwrap();
    let error = sink.sync().unwrap_err();
    assert!(error.hint().unwrap().contains("that you may write to"), "{error}");
    drop(sink);
    assert_eq!(place.everything(), before);
}

fn large(number: u64) -> Committed {
    let json = serde_json::json!({ "url": "http://site/", "title": "x".repeat(300_000) });
    commit(number, vec![(RecordKind::Page, json)])
}

fn commit(number: u64, records: Vec<(RecordKind, serde_json::Value)>) -> Committed {
    let record = |(at, (kind, json)): (usize, (RecordKind, serde_json::Value))| Record {
        id: RecordId((u128::from(number) << 64) | at as u128),
        kind,
        json: json.to_string().into(),
    };
    Committed {
        lsn: Lsn(number),
        first_seq: number * 100,
        at: Timestamp(0),
        key: UrlKey(number),
        outcome: Outcome::Fetched { status: 200 },
        records: records.into_iter().enumerate().map(record).collect(),
    }
}

#[test]
fn whoever_reads_the_database_does_not_stop_the_crawl_and_sees_whole_moments() {
    let place = Place::new();
    let (mut sink, _, story) = half_way(&place);
    let reader = place.read();
    reader.execute_batch("BEGIN").unwrap();
    let pages = |database: &Connection| rows(database, "SELECT count(*) FROM pages");
    let before = pages(&reader);
    story[20..].iter().for_each(|commit| sink.write(commit).unwrap());
    sink.sync().unwrap();
    assert_eq!(pages(&reader), before, "a moment does not change while it is looked at");
    assert_ne!(pages(&place.read()), before);
    // Not even the end: the files of the journal stay for the reader.
    sink.close().unwrap();
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(pages(&reader), [[Cell::Integer(32)]]);
}

#[test]
fn a_finished_database_is_one_file() {
    let place = Place::new();
    place.write(everything(), &commits()).unwrap();
    assert_eq!(std::fs::read_dir(place.0.path()).unwrap().count(), 1);
    assert_eq!(place.rows("PRAGMA journal_mode"), [[Cell::Text("delete".to_owned())]]);
}

#[test]
fn two_crawls_can_write_to_one_database_and_neither_loses_the_other() {
    let place = Place::new();
    let (mut first, _, story) = half_way(&place);
    let mut second = SqliteSink::new(&place.path(), with(Existing::Append));
    second.open(None).unwrap();
    let others: Vec<Committed> = (1..30).map(|number| large(1_000 + number)).collect();
    for (one, other) in story[20..].iter().zip(&others) {
        first.write(one).unwrap();
        second.write(other).unwrap();
        first.sync().unwrap();
        second.sync().unwrap();
    }
    first.close().unwrap();
    second.close().unwrap();
    assert_eq!(place.count("pages"), 32 + 20);
}

#[test]
fn a_cursor_that_others_moved_is_noticed_before_anything_is_written() {
    let place = Place::new();
    let (mut sink, position, story) = half_way(&place);
    let before = place.everything();
    place.read().execute("UPDATE lycosa_cursor SET lsn = 7", []).unwrap();
    sink.write(&story[25]).unwrap();
    let error = sink.sync().unwrap_err();
    assert!(error.to_string().contains("was changed since this crawl wrote it"), "{error}");
    drop(sink);
    assert_eq!(place.everything(), before);
    let error = place.sink().open(Some(&position)).unwrap_err();
    assert!(error.to_string().contains("it ends at commit 7, 20 were written"), "{error}");
    place.read().execute("DELETE FROM lycosa_cursor", []).unwrap();
    let error = place.sink().open(Some(&position)).unwrap_err();
    assert!(error.to_string().contains("knows nothing of this crawl"), "{error}");
    std::fs::remove_file(place.path()).unwrap();
    let error = place.sink().open(Some(&position)).unwrap_err();
    assert!(error.to_string().contains("it is gone"), "{error}");
    assert!(!place.path().exists());
}

#[test]
fn values_keep_their_kind_and_what_has_no_column_is_kept_as_json() {
    let place = Place::new();
    let item = serde_json::json!({
        "type": "p", "page": "http://site/", "text": "1.0", "whole": -3, "real": 0.5, "large": u64::MAX,
        "yes": true, "none": null, "list": ["a", {"b": 1}], "unasked": "kept",
    });
    let columns = ["page", "text", "whole", "real", "large", "yes", "none", "list", "absent"];
    let columns = columns.map(str::to_owned).to_vec();
    let options = SinkOptions { item_columns: [(Arc::from("p"), columns)].into(), ..everything() };
    place.write(options, &[commit(1, vec![(RecordKind::Item("p".into()), item)])]).unwrap();
    let row =
        place.rows("SELECT text, whole, real, large, yes, none, list, absent, rest_of_record FROM items_p");
    let text = |text: &str| Cell::Text(text.to_owned());
    assert_eq!(
        row[0],
        [
            text("1.0"),
            Cell::Integer(-3),
            Cell::Real(0.5),
            text("18446744073709551615"),
            Cell::Integer(1),
            Cell::Null,
            text(r#"["a",{"b":1}]"#),
            Cell::Null,
            text(r#"{"unasked":"kept"}"#),
        ]
    );
}

#[test]
fn tables_that_are_known_are_there_without_a_record() {
    let place = Place::new();
    let options =
        SinkOptions { item_columns: [(Arc::from("p"), vec!["page".to_owned()])].into(), ..everything() };
    place.write(options, &[]).unwrap();
    for table in ["pages", "outcomes", "rejects", "items_p"] {
        assert_eq!(place.count(table), 0);
    }
}

#[test]
fn names_from_pages_can_do_no_harm() {
    let place = Place::new();
    let hostile =
        ["a\"b", "x'); DROP TABLE pages; --", "ID", "Seq", "rest_of_record", "A", "a", "nul\0", "", "ü"];
    let mut item = serde_json::Map::new();
    hostile.iter().for_each(|name| drop(item.insert((*name).to_owned(), (*name).into())));
    (0..3_000).for_each(|number| drop(item.insert(format!("f{number}"), number.into())));
    let kinds = ["q\"; DROP TABLE pages", "nul\0", "P", "p", ""];
    let records =
        kinds.iter().map(|kind| (RecordKind::Item((*kind).into()), serde_json::Value::from(item.clone())));
    place.write(everything(), &[commit(1, records.collect())]).unwrap();
    assert_eq!(place.count("pages"), 0);
    assert_eq!(place.count("\"items_P\""), 2, "types that differ in case alone share a table");
    let cells =
        place.rows("SELECT \"a\"\"b\", a, ü, f7, json_extract(rest_of_record, '$.f2999') FROM items_p");
    let text = |text: &str| Cell::Text(text.to_owned());
    assert_eq!(cells[0], [text("a\"b"), text("A"), text("ü"), Cell::Integer(7), Cell::Integer(2999)]);
    // What has no column of its own is in the rest, whatever its name.
    let rest = place.rows("SELECT rest_of_record FROM items_p");
    for name in ["ID", "Seq", "rest_of_record", "a"] {
        let Cell::Text(rest) = &rest[0][0] else { panic!("a rest") };
        let rest: serde_json::Value = serde_json::from_str(rest).unwrap();
        assert_eq!(rest[name], name);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 16, ..Default::default() })]
    #[test]
    fn any_stored_position_is_taken_or_refused_and_nothing_is_written(text: String, lsn: u64, run: u64) {
        let place = Place::new();
        place.write(everything(), &commits()[..3]).unwrap();
        let before = place.raw();
        for position in [text, format!("v1 lsn={lsn} run={run:x}"), "v1 lsn=0 run='".to_owned()] {
            let _ = place.sink().open(Some(&Position(position))).unwrap_err();
            proptest::prop_assert_eq!(place.raw(), before.clone());
        }
    }
}

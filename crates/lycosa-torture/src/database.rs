//! SQLite as the torture sees it: the files of a database as they lie on the disk at a moment, and what is in it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use serde_json::{Map, Value};

use crate::dice::Dice;

/// The bytes of a database's files; those of the write-ahead log behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Image {
    main: Option<Vec<u8>>,
    log: Option<Vec<u8>>,
    rollback: Option<Vec<u8>>,
}

impl Image {
    /// The files of the database at this path.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self {
            main: read(path)?,
            log: read(&beside(path, "-wal"))?,
            rollback: read(&beside(path, "-journal"))?,
        })
    }

    /// Puts them back, and the shared memory of whoever used them away: it is gone with its process.
    pub(crate) fn restore(&self, path: &Path) -> io::Result<()> {
        put(&beside(path, "-shm"), None)?;
        put(&beside(path, "-wal"), self.log.as_deref())?;
        put(&beside(path, "-journal"), self.rollback.as_deref())?;
        put(path, self.main.as_deref())
    }

    /// What a transaction that breaks off on the way to another state leaves: a part of what it wrote to its log,
    /// whose frames it writes one after the other.
    pub(crate) fn half_way_to(self, after: Self, dice: &mut Dice) -> Self {
        if self.main != after.main {
            // The log was folded in, after it had been synced: the transaction is through.
            return after;
        }
        let (old, new) = (self.log.clone().unwrap_or_default(), after.log.unwrap_or_default());
        let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        let written = dice.place(same.min(new.len()), new.len());
        let log = [&new[..written], old.get(written..).unwrap_or_default()].concat();
        Self { log: Some(log), ..self }
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause),
    }
}

fn put(path: &Path, bytes: Option<&[u8]>) -> io::Result<()> {
    match bytes {
        Some(bytes) => fs::write(path, bytes),
        None => match fs::remove_file(path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(cause),
            _ => Ok(()),
        },
    }
}

/// Every record of a database as the line it would be in JSON Lines, in order.
pub(crate) fn shown(path: &Path) -> rusqlite::Result<String> {
    if !path.exists() {
        return Ok(String::new());
    }
    let database = Connection::open(path)?;
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'lycosa_cursor'";
    let tables: Vec<String> =
        database.prepare(tables)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut lines = BTreeMap::new();
    for table in tables {
        let mut statement = database.prepare(&format!("SELECT * FROM \"{table}\""))?;
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let mut record = Map::new();
            if let Some(kind) = table.strip_prefix("items_") {
                record.insert("type".to_owned(), kind.into());
            }
            for (place, name) in names.iter().enumerate() {
                add(&mut record, name, row.get(place)?);
            }
            let seq = record.get("seq").and_then(Value::as_u64).unwrap_or(u64::MAX);
            let line = Value::Object(record).to_string();
            lines.entry((seq, line)).and_modify(|times| *times += 1).or_insert(1);
        }
    }
    let lines = lines.into_iter().flat_map(|((_, line), times)| vec![line + "\n"; times]);
    Ok(lines.collect())
}

/// Puts every cursor forward to this commit.
pub(crate) fn move_cursor(path: &Path, to: i64) -> rusqlite::Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let database = Connection::open(path)?;
    database.execute("UPDATE lycosa_cursor SET lsn = max(lsn, ?1)", [to]).map(drop)
}

fn add(record: &mut Map<String, Value>, name: &str, cell: Cell) {
    let value: Value = match cell {
        Cell::Null => return,
        Cell::Integer(number) => number.into(),
        Cell::Real(number) => number.into(),
        Cell::Text(text) if name == "rest_of_record" => {
            if let Ok(Value::Object(rest)) = serde_json::from_str(&text) {
                record.extend(rest);
            }
            return;
        }
        Cell::Text(text) => text.into(),
        Cell::Blob(_) => "a blob, which was never written".into(),
    };
    record.insert(name.to_owned(), value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_that_broke_off_is_as_if_it_had_not_been_or_as_if_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let database = Connection::open(&path).unwrap();
        database.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
        database
            .execute_batch("CREATE TABLE pages(id, seq, url); INSERT INTO pages VALUES('a', 0, 'x')")
            .unwrap();
        let before = Image::of(&path).unwrap();
        database
            .execute_batch(
                "BEGIN; INSERT INTO pages VALUES('b', 1, 'y'); INSERT INTO pages VALUES('c', 2, 'z'); COMMIT",
            )
            .unwrap();
        let after = Image::of(&path).unwrap();
        drop(database);
        let mut lengths = std::collections::BTreeMap::new();
        for seed in 0..200 {
            before.clone().half_way_to(after.clone(), &mut Dice::new(seed, 0)).restore(&path).unwrap();
            *lengths.entry(shown(&path).unwrap().lines().count()).or_insert(0) += 1;
        }
        assert!(
            lengths.keys().all(|lines| [1, 3].contains(lines)),
            "half a transaction is none: {lengths:?}"
        );
        assert!(lengths[&1] > 100);
        after.restore(&path).unwrap();
        assert_eq!(shown(&path).unwrap().lines().count(), 3);
    }
}

//! A database: `-o crawl.sqlite`. Pages, outcomes, rejects and every type of item have a table each.
//!
//! Records gather in memory and are written in one transaction, together with the number of the last commit they
//! belong to: the database says itself how far it has come, and what it has already is not written again. So no
//! moment exists at which rows are there and the cursor is not, or the other way round. Rows are upserts by record
//! id on top of that.
//!
//! The journal is a write-ahead log, synced at every transaction: who reads the database while a crawl runs never
//! stops it, as a reader would with a rollback journal. The log is folded in and its files go when the crawl ends.
//! Where a file system cannot have one, SQLite's rollback journal is used.
//!
//! `existing` says what may be written to, `table` how records become rows. Left out: encryption, several writers
//! of one run, and following a schema that other hands change.

mod existing;
mod failure;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, TransactionBehavior, params};

use self::existing::{CURSORS, connect};
use self::failure::{broken, changed};
use self::table::Tables;
use super::file::{GONE, create_parent, sync_folder};
use super::file_sink::{full_name, not_open};
use super::position::{number, unreadable};
use super::{Existing, Select, SinkOptions};
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::model::{Committed, Lsn, Position, Record, Sink};

/// Records that are written without waiting for the next sync.
const MOST_PENDING: usize = 4_096;
/// Bytes of records that are.
const MOST_BYTES: usize = 4 << 20;

/// Records in a SQLite database, each once, whatever interrupts the crawl. Built by
/// [`open_path`](super::open_path).
#[derive(Debug)]
pub struct SqliteSink {
    path: PathBuf,
    select: Select,
    existing: Existing,
    columns: BTreeMap<Arc<str>, Vec<String>>,
    open: Option<Open>,
}

/// An open database.
#[derive(Debug)]
struct Open {
    database: Connection,
    tables: Tables,
    /// Whose cursor is whose: several crawls may have written to one database.
    run: String,
    /// The last commit that is in the database.
    durable: Lsn,
    /// The last commit that was given.
    given: Lsn,
    pending: Vec<(Record, u64)>,
    bytes: usize,
    failed: bool,
}

/// What is stored of it in the crawl's state.
struct Stored {
    run: String,
    lsn: Lsn,
}

impl Stored {
    fn parse(position: &Position, path: &Path) -> Result<Self> {
        let run = position.0.split(' ').find_map(|word| word.strip_prefix("run="));
        match (position.0.starts_with("v1 "), number(position, "lsn", 10), run) {
            (true, Some(lsn), Some(run)) if !run.is_empty() => {
                Ok(Self { run: run.to_owned(), lsn: Lsn(lsn) })
            }
            _ => Err(unreadable(position, path)),
        }
    }
}

impl SqliteSink {
    pub(super) fn new(path: &Path, options: SinkOptions) -> Self {
        let SinkOptions { select, existing, item_columns: columns, .. } = options;
        Self { path: path.to_owned(), select, existing, columns, open: None }
    }

    fn begin(&self, run: String) -> Result<Open> {
        create_parent(&self.path)?;
        self.judge()?;
        let mut database = connect(&self.path)?;
        let mut tables = Tables::new(&self.path, &self.columns);
        self.prepare(&mut database, &mut tables, &run)?;
        sync_folder(&self.path)?;
        Ok(Open::new(database, tables, run, Lsn(0)))
    }

    /// The tables and the cursor of a new run, in one transaction.
    fn prepare(&self, database: &mut Connection, tables: &mut Tables, run: &str) -> Result<()> {
        let failed = |cause| broken("writing", &self.path, cause);
        let change = database.transaction_with_behavior(TransactionBehavior::Immediate);
        let change = change.map_err(failed)?;
        if self.existing == Existing::Overwrite {
            existing::empty(&change).map_err(failed)?;
        }
        change.execute_batch(CURSORS).map_err(failed)?;
        let insert = "INSERT INTO lycosa_cursor(run, lsn) VALUES(?1, 0)";
        change.execute(insert, params![run]).map_err(failed)?;
        tables.declare(&change, &self.select)?;
        change.commit().map_err(failed)
    }

    fn judge(&self) -> Result<()> {
        existing::judge(&self.path, self.existing)
    }

    /// The size of its file, 0 when there is none.
    fn length(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |found| found.len())
    }

    fn resume(&self, stored: Stored) -> Result<Open> {
        let length = self.length();
        if length == 0 && stored.lsn == Lsn(0) {
            // Of a database that held nothing yet, the name may have vanished with the power.
            return self.begin(stored.run);
        }
        if length == 0 {
            return Err(changed(&self.path, "it is gone").with_hint(GONE));
        }
        let durable = existing::cursor(&self.path, &stored.run)?
            .ok_or_else(|| changed(&self.path, "it knows nothing of this crawl"))?;
        if durable < stored.lsn {
            let what = format!("it ends at commit {}, {} were written", durable.0, stored.lsn.0);
            return Err(changed(&self.path, &what));
        }
        // Only now is anything changed, and be it the way of writing.
        let database = connect(&self.path)?;
        Ok(Open::new(database, Tables::new(&self.path, &self.columns), stored.run, durable))
    }

    fn open_mut(&mut self) -> Result<&mut Open> {
        self.open.as_mut().ok_or_else(|| not_open(&self.path))
    }

    fn flush(&mut self) -> Result<Position> {
        let path = self.path.clone();
        let open = self.open_mut()?;
        if open.failed {
            let message = format!("{} failed before and takes nothing more", path.display());
            return Err(Error::new(ErrorKind::Output, message).in_phase(Phase::Export));
        }
        if open.given > open.durable {
            // Set until it went well: what a failed transaction left is not known.
            open.failed = true;
            open.write(&path)?;
            open.failed = false;
        }
        Ok(Position(format!("v1 lsn={} run={}", open.durable.0, open.run)))
    }
}

impl Open {
    fn new(database: Connection, tables: Tables, run: String, durable: Lsn) -> Self {
        let (pending, bytes, failed) = (Vec::new(), 0, false);
        Self { database, tables, run, durable, given: durable, pending, bytes, failed }
    }

    /// Everything pending and the cursor, in one transaction.
    fn write(&mut self, path: &Path) -> Result<()> {
        let failed = |cause| broken("writing", path, cause);
        let change = self.database.transaction_with_behavior(TransactionBehavior::Immediate);
        let change = change.map_err(failed)?;
        {
            let mut statements = BTreeMap::new();
            for (record, seq) in &self.pending {
                let fields = table::fields(record)?;
                let table = self.tables.of(&change, &record.kind, &fields)?;
                let statement = match statements.entry(table.name.clone()) {
                    std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                    std::collections::btree_map::Entry::Vacant(entry) => {
                        entry.insert(change.prepare(&table.upsert()).map_err(failed)?)
                    }
                };
                let row = table.row(record, *seq, fields);
                statement.execute(rusqlite::params_from_iter(row)).map_err(failed)?;
            }
        }
        let moved = change
            .execute(
                "UPDATE lycosa_cursor SET lsn = ?1 WHERE run = ?2 AND lsn = ?3",
                params![as_integer(self.given), self.run, as_integer(self.durable)],
            )
            .map_err(failed)?;
        if moved != 1 {
            return Err(changed(path, "its cursor is not where this crawl left it"));
        }
        change.commit().map_err(failed)?;
        self.durable = self.given;
        self.pending.clear();
        self.bytes = 0;
        Ok(())
    }
}

fn as_integer(lsn: Lsn) -> i64 {
    i64::try_from(lsn.0).unwrap_or(i64::MAX)
}

fn new_run() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|cause| Error::new(ErrorKind::Internal, format!("no random numbers: {cause}")))?;
    Ok(format!("{:032x}", u128::from_le_bytes(bytes)))
}

impl Sink for SqliteSink {
    fn name(&self) -> String {
        full_name(&self.path)
    }

    fn check_new(&self) -> Result<()> {
        self.judge()
    }

    fn open(&mut self, position: Option<&Position>) -> Result<()> {
        self.open = None;
        self.open = Some(match position {
            Some(position) => self.resume(Stored::parse(position, &self.path)?)?,
            None => self.begin(new_run()?)?,
        });
        Ok(())
    }

    fn holds(&self, position: &Position) -> Result<Option<Lsn>> {
        let stored = Stored::parse(position, &self.path)?;
        if self.length() == 0 { Ok(None) } else { existing::cursor(&self.path, &stored.run) }
    }

    fn write(&mut self, commit: &Committed) -> Result<()> {
        let select = self.select.clone();
        let open = self.open_mut()?;
        if commit.lsn <= open.durable {
            return Ok(());
        }
        open.given = open.given.max(commit.lsn);
        for (record, seq) in commit.records.iter().zip(commit.first_seq..) {
            if select.takes(&record.kind) {
                open.bytes += record.json.len();
                open.pending.push((record.clone(), seq));
            }
        }
        if open.pending.len() >= MOST_PENDING || open.bytes >= MOST_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<Position> {
        self.flush()
    }

    fn close(&mut self) -> Result<Position> {
        let position = self.flush()?;
        if let Some(Open { database, .. }) = self.open.take() {
            // A single file for whoever copies it. Somebody who reads it just now may forbid this, and loses
            // nothing: everything is durable, and the next one who opens the database may do it.
            drop(database.busy_timeout(std::time::Duration::ZERO));
            drop(database.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())));
        }
        Ok(position)
    }
}

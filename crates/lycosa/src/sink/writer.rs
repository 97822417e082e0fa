//! Records into one durable file: format, compression and file joined. `file_sink` has one of these, `parts` one
//! after the other.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::compression::{Compression, Encoder};
use super::encoding::Encoding;
use super::file::{DurableFile, failed};
use super::position::FilePosition;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Record;

/// Ready bytes above this go to the file without waiting for the next sync.
const FLUSH_AT: usize = 256 << 10;

/// See the module.
#[derive(Debug)]
pub(super) struct RecordWriter {
    path: PathBuf,
    encoding: Encoding,
    encoder: Encoder,
    file: DurableFile,
    header_due: bool,
    row: Vec<u8>,
}

impl RecordWriter {
    /// Writes on at the end of `file`, with a header first when it is empty.
    pub(super) fn new(path: &Path, file: DurableFile, encoding: Encoding, compression: Compression) -> Self {
        let header_due = file.length() == 0;
        let encoder = Encoder::new(compression);
        Self { path: path.to_owned(), encoding, encoder, file, header_due, row: Vec::new() }
    }

    pub(super) fn write(&mut self, record: &Record, seq: u64) -> Result<()> {
        self.write_header()?;
        self.row.clear();
        self.encoding.record(record, seq, &mut self.row)?;
        self.encoder.write(&self.row).map_err(|cause| failed("compressing", &self.path, cause))?;
        if self.encoder.ready().len() >= FLUSH_AT { self.flush() } else { Ok(()) }
    }

    /// Ends the frame, makes everything durable, tells where the file stands.
    pub(super) fn sync(&mut self) -> Result<FilePosition> {
        self.encoder.end().map_err(|cause| failed("compressing", &self.path, cause))?;
        self.flush()?;
        self.file.sync()
    }

    /// Like [`sync`](Self::sync), and leaves a valid file even when no record came: a header, an empty frame.
    pub(super) fn finish(&mut self) -> Result<FilePosition> {
        self.write_header()?;
        if self.file.length() == 0 {
            self.encoder.begin().map_err(|cause| failed("compressing", &self.path, cause))?;
        }
        self.sync()
    }

    fn write_header(&mut self) -> Result<()> {
        if !std::mem::take(&mut self.header_due) {
            return Ok(());
        }
        let header = self.encoding.header()?;
        if header.is_empty() {
            return Ok(());
        }
        self.encoder.write(&header).map_err(|cause| failed("compressing", &self.path, cause))
    }

    fn flush(&mut self) -> Result<()> {
        let ready = self.encoder.ready();
        if !ready.is_empty() {
            self.file.append(ready)?;
            ready.clear();
        }
        Ok(())
    }
}

/// Checks that records can be appended to what a file holds: it must be compressed the same way, and a table must
/// have the same header.
pub(super) fn check_append(path: &Path, encoding: &Encoding, compression: Compression) -> Result<()> {
    let wanted = encoding.header()?;
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(failed("opening", path, cause)),
    };
    let length = file.metadata().map_err(|cause| failed("reading", path, cause))?.len();
    if length == 0 || (wanted.is_empty() && compression == Compression::None) {
        return Ok(());
    }
    let choose = "use --overwrite to replace it, or choose another name";
    let begin = |limit: u64| -> std::io::Result<Vec<u8>> {
        let mut found = Vec::new();
        let mut limited = compression.reader(file)?.take(limit);
        limited.read_to_end(&mut found)?;
        Ok(found)
    };
    let found = begin(wanted.len().max(1) as u64).map_err(|cause| {
        let message = format!("{} does not hold what its name says", path.display());
        Error::new(ErrorKind::Output, message).with_source(cause).with_hint(choose)
    })?;
    if found.starts_with(&wanted) || found.is_empty() {
        return Ok(());
    }
    let message = format!("{} has other columns than this crawl writes", path.display());
    Err(Error::new(ErrorKind::Output, message).with_hint(choose))
}

//! Compressing an output in whole frames, so that a file cut between two of them is valid.
//!
//! Every sync ends a gzip member (RFC 1952 §2.2: members may follow one another) or a zstd frame (RFC 8878 §3);
//! readers take the concatenation for one stream. The shorter the time between two syncs, the worse the ratio.

use std::io::{self, Write};

use flate2::write::GzEncoder;

/// How an output is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip, level 6 (`.gz`).
    Gzip,
    /// zstd, level 3 (`.zst`).
    Zstd,
}

impl Compression {
    /// The file name extension with its dot; empty for none.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
        }
    }

    /// A reader of what an output of this kind holds.
    pub(super) fn reader<'r>(self, file: impl io::Read + 'r) -> io::Result<Box<dyn io::Read + 'r>> {
        Ok(match self {
            Self::None => Box::new(file),
            Self::Gzip => Box::new(flate2::read::MultiGzDecoder::new(file)),
            Self::Zstd => Box::new(zstd::stream::read::Decoder::new(file)?),
        })
    }
}

/// The frame being written, if any, and the bytes that are ready for the file.
pub(super) struct Encoder {
    compression: Compression,
    frame: Frame,
}

enum Frame {
    None(Vec<u8>),
    Gzip(GzEncoder<Vec<u8>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("compression", &self.compression).finish_non_exhaustive()
    }
}

impl Encoder {
    pub(super) fn new(compression: Compression) -> Self {
        Self { compression, frame: Frame::None(Vec::new()) }
    }

    /// Takes more of the content, beginning a frame if none is open.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.begin()?;
        match &mut self.frame {
            Frame::None(ready) => ready.extend_from_slice(bytes),
            Frame::Gzip(encoder) => encoder.write_all(bytes)?,
            Frame::Zstd(encoder) => encoder.write_all(bytes)?,
        }
        Ok(())
    }

    /// Begins a frame unless one is open; nothing to do without compression.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        let Frame::None(ready) = &mut self.frame else { return Ok(()) };
        let ready = std::mem::take(ready);
        self.frame = match self.compression {
            Compression::None => Frame::None(ready),
            Compression::Gzip => Frame::Gzip(GzEncoder::new(ready, flate2::Compression::new(6))),
            Compression::Zstd => Frame::Zstd(zstd::stream::write::Encoder::new(ready, 3)?),
        };
        Ok(())
    }

    /// Ends the open frame, if any: everything taken so far is then among the ready bytes.
    pub(super) fn end(&mut self) -> io::Result<()> {
        let frame = std::mem::replace(&mut self.frame, Frame::None(Vec::new()));
        self.frame = Frame::None(match frame {
            Frame::None(ready) => ready,
            Frame::Gzip(encoder) => encoder.finish()?,
            Frame::Zstd(encoder) => encoder.finish()?,
        });
        Ok(())
    }

    /// The bytes ready for the file; the caller clears what it has written.
    pub(super) fn ready(&mut self) -> &mut Vec<u8> {
        match &mut self.frame {
            Frame::None(ready) => ready,
            Frame::Gzip(encoder) => encoder.get_mut(),
            Frame::Zstd(encoder) => encoder.get_mut(),
        }
    }
}

//! The stored form of errors and of the blocks they carry. A cause is not stored.

use super::{Damaged, Reader, code_of, put_number, put_option, put_text, read_status};
use crate::error::{Error, ErrorKind, Phase};
use crate::model::{Block, BlockKind, BlockLayer};

/// An error, without its source.
pub(super) fn put_error(out: &mut Vec<u8>, error: &Error) {
    out.push(code_of(&ErrorKind::ALL, &error.kind()));
    put_option(out, error.phase(), |out, phase| out.push(code_of(&Phase::ALL, &phase)));
    put_text(out, error.message());
    put_option(out, error.url(), put_text);
    put_option(out, error.own_hint(), put_text);
    // Only errors of this kind have it, so that those stored before the kind existed read as they did.
    if error.kind() == ErrorKind::Blocked {
        put_option(out, error.block(), put_block);
    }
}

fn put_block(out: &mut Vec<u8>, block: &Block) {
    out.push(code_of(&BlockKind::ALL, &block.kind));
    out.push(code_of(&BlockLayer::ALL, &block.layer));
    put_number(out, u64::from(block.status));
    put_text(out, &block.evidence);
}

fn read_block(reader: &mut Reader<'_>) -> Result<Block, Damaged> {
    Ok(Block {
        kind: reader.one_of(&BlockKind::ALL)?,
        layer: reader.one_of(&BlockLayer::ALL)?,
        status: read_status(reader)?,
        evidence: reader.text()?.into(),
    })
}

pub(super) fn read_error(reader: &mut Reader<'_>) -> Result<Error, Damaged> {
    let kind = reader.one_of(&ErrorKind::ALL)?;
    let phase = reader.option(|reader| reader.one_of(&Phase::ALL))?;
    let message = reader.text()?;
    let url = reader.option(Reader::text)?;
    let hint = reader.option(Reader::text)?;
    let block = if kind == ErrorKind::Blocked { reader.option(read_block)? } else { None };
    let mut error = block.map_or_else(|| Error::new(kind, message), Error::blocked);
    if let Some(phase) = phase {
        error = error.in_phase(phase);
    }
    if let Some(url) = url {
        error = error.at_url(url);
    }
    if let Some(hint) = hint {
        error = error.with_hint(hint);
    }
    Ok(error)
}

//! Undoing content codings while the body comes in: gzip, deflate (zlib or raw), br, zstd, at most two of them.
//!
//! Every decoder is stepped by hand into a buffer of fixed size and the limits are checked between two steps, so
//! a bomb of 34 bytes is stopped after one step too many and not after its last byte. What was decoded before a
//! damage or a limit is kept. Bytes after the end of a coding are ignored, as browsers do; gzip and zstd may go
//! on with a further member or frame.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use bytes::Bytes;
use flate2::{Decompress, FlushDecompress, Status};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use zstd::stream::raw::{DParameter, Operation as _};

use crate::error::{Error, ErrorKind, Phase, Result};

/// What one step may put out.
const STEP: usize = 16 << 10;
/// Codings that may be stacked.
const MOST_CODINGS: usize = 2;
/// The ratio is looked at once this much was decoded.
const RATIO_FROM: u64 = 64 << 10;
/// Window of zstd: 8 MiB, what RFC 9659 lets a sender ask for.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Limits at the moment of a piece.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Bytes a coding may put out.
    pub(super) decoded: u64,
    /// Times the wire bytes it may put out.
    pub(super) ratio: u32,
    /// Wire bytes received so far.
    pub(super) wire: u64,
}

/// The decoders of one body, in the order in which they are undone.
pub(super) struct Decoder(Vec<Stage>);

struct Stage {
    coding: Coding,
    /// Bytes it has put out.
    out: u64,
    /// It is over; what follows is ignored.
    over: bool,
    /// Where it puts out when another stage follows.
    scratch: Vec<u8>,
}

enum Coding {
    /// `deflate` before its first two bytes, which tell zlib from raw.
    Unsniffed(Vec<u8>),
    Inflate {
        machine: Box<Decompress>,
        gzip: bool,
        at: Member,
    },
    Brotli(Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>),
    Zstd(zstd::stream::raw::Decoder<'static>, Member),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    Inside,
    /// One member or frame ended; another may begin.
    Between,
}

/// What one step did.
struct Step {
    read: usize,
    written: usize,
    /// The coding is finished or broken.
    end: Option<Result<(), String>>,
}

impl Decoder {
    /// The decoder for these headers; `None` when the body is not coded.
    ///
    /// Fails on an unknown coding and on more than two.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Self>> {
        let mut stages = Vec::new();
        for value in headers.get_all(CONTENT_ENCODING) {
            for name in String::from_utf8_lossy(value.as_bytes()).split(',') {
                if let Some(coding) = coding(name.trim())? {
                    stages.push(Stage { coding, out: 0, over: false, scratch: Vec::new() });
                }
            }
        }
        if stages.len() > MOST_CODINGS {
            let count = stages.len();
            return Err(failed(format!("{count} content codings are stacked, the limit is {MOST_CODINGS}")));
        }
        // The header lists them in the order in which they were applied.
        stages.reverse();
        Ok(if stages.is_empty() { None } else { Some(Self(stages)) })
    }

    /// Decodes a piece. What came out is good even when there is an error.
    pub(super) fn feed(&mut self, input: &[u8], bounds: &Bounds) -> (Bytes, Option<Error>) {
        let mut out = Vec::new();
        let error = run(&mut self.0, input, &mut out, bounds).err();
        (Bytes::from(out), error)
    }

    /// Says at the end of the wire whether the codings ended as well.
    pub(super) fn finish(&mut self) -> Result<()> {
        let whole = self.0.iter().all(|stage| {
            stage.over
                || matches!(&stage.coding, Coding::Inflate { at: Member::Between, .. })
                || matches!(&stage.coding, Coding::Zstd(_, Member::Between))
        });
        if whole { Ok(()) } else { Err(failed("the compressed body ends in the middle")) }
    }
}

fn coding(name: &str) -> Result<Option<Coding>> {
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    Ok(Some(if is("gzip") || is("x-gzip") {
        Coding::inflate(Decompress::new_gzip(15), true)
    } else if is("deflate") || is("x-deflate") {
        Coding::Unsniffed(Vec::new())
    } else if is("br") {
        let (a, b, c) = (StandardAlloc::default(), StandardAlloc::default(), StandardAlloc::default());
        // The strict state refuses the windows of up to 1 GiB that are no part of RFC 7932.
        Coding::Brotli(Box::new(BrotliState::new_strict(a, b, c)))
    } else if is("zstd") {
        let broken = |cause| failed("no zstd decoder could be made").with_source(cause);
        let mut machine = zstd::stream::raw::Decoder::new().map_err(broken)?;
        machine.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG)).map_err(broken)?;
        Coding::Zstd(machine, Member::Inside)
    } else if name.is_empty() || is("identity") || is("none") || is("utf-8") || is("utf8") || is("binary") {
        // Not codings, but what servers write for "none".
        return Ok(None);
    } else {
        let shown: String = name.chars().take(40).collect();
        return Err(failed(format!("the content coding {shown:?} is unknown")));
    }))
}

/// Runs input through the first stage and what comes out through the rest; at most two deep.
fn run(stages: &mut [Stage], mut input: &[u8], out: &mut Vec<u8>, bounds: &Bounds) -> Result<()> {
    let Some((stage, rest)) = stages.split_first_mut() else { return Ok(()) };
    let last = rest.is_empty();
    while !stage.over {
        let mut scratch = if last { std::mem::take(out) } else { std::mem::take(&mut stage.scratch) };
        let from = if last { scratch.len() } else { 0 };
        scratch.resize(from + STEP, 0);
        let step = stage.coding.step(input, &mut scratch[from..]);
        input = &input[step.read..];
        let excess = stage.count(step.written, bounds);
        let good = step.written.saturating_sub(usize::try_from(excess).unwrap_or(usize::MAX));
        scratch.truncate(from + good);
        let passed_on = if last {
            *out = scratch;
            Ok(())
        } else {
            let passed_on = run(rest, &scratch, out, bounds);
            stage.scratch = scratch;
            passed_on
        };
        passed_on?;
        if excess > 0 {
            return Err(too_large(format!(
                "the decoded body is larger than the limit of {} bytes",
                bounds.decoded
            )));
        }
        if stage.out > RATIO_FROM && stage.out > bounds.wire.saturating_mul(u64::from(bounds.ratio)) {
            let ratio = bounds.ratio;
            return Err(too_large(format!(
                "the body grows to more than {ratio} times its size when decoded"
            )));
        }
        match step.end {
            Some(Ok(())) => stage.over = true,
            Some(Err(damage)) => return Err(failed(format!("the compressed body is damaged: {damage}"))),
            // A step that did not fill its buffer has nothing more to say about this input.
            None if input.is_empty() && step.written < STEP => return Ok(()),
            None if step.read == 0 && step.written == 0 => {
                return Err(failed("the compressed body makes no sense"));
            }
            None => {}
        }
    }
    Ok(())
}

impl Stage {
    /// Counts what came out and says by how much that is too much.
    fn count(&mut self, written: usize, bounds: &Bounds) -> u64 {
        self.out += written as u64;
        self.out.saturating_sub(bounds.decoded)
    }
}

impl Coding {
    fn inflate(machine: Decompress, gzip: bool) -> Self {
        Self::Inflate { machine: Box::new(machine), gzip, at: Member::Inside }
    }

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        match self {
            Self::Unsniffed(seen) => {
                let (Some(first), Some(second)) = (
                    seen.first().or(input.first()).copied(),
                    if seen.is_empty() { input.get(1) } else { input.first() }.copied(),
                ) else {
                    seen.extend_from_slice(input);
                    return Step { read: input.len(), written: 0, end: None };
                };
                // RFC 1950 §2.2: method 8, window at most 7, and the pair divisible by 31.
                let zlib = first & 0x0f == 8
                    && first >> 4 <= 7
                    && (u16::from(first) << 8 | u16::from(second)).is_multiple_of(31);
                let held = std::mem::take(seen);
                *self = Self::inflate(Decompress::new(zlib), false);
                // A byte that came alone goes in first; it cannot put anything out.
                let _ = self.step(&held, output);
                self.step(input, output)
            }
            Self::Inflate { machine, gzip, at } => inflate(machine, *gzip, at, input, output),
            Self::Brotli(state) => brotli(state, input, output),
            Self::Zstd(machine, at) => zstd(machine, at, input, output),
        }
    }
}

fn inflate(machine: &mut Decompress, gzip: bool, at: &mut Member, input: &[u8], output: &mut [u8]) -> Step {
    if *at == Member::Between {
        match input.first() {
            None => return Step { read: 0, written: 0, end: None },
            Some(0x1f) if gzip => {
                *machine = Decompress::new_gzip(15);
                *at = Member::Inside;
            }
            Some(_) => return Step { read: input.len(), written: 0, end: Some(Ok(())) },
        }
    }
    let (read, written) = (machine.total_in(), machine.total_out());
    let result = machine.decompress(input, output, FlushDecompress::None);
    let moved = |now: u64, then: u64| usize::try_from(now - then).unwrap_or(0);
    let (read, written) = (moved(machine.total_in(), read), moved(machine.total_out(), written));
    let end = match result {
        Ok(Status::StreamEnd) => {
            *at = Member::Between;
            None
        }
        Ok(_) => None,
        Err(error) => Some(Err(error.message().unwrap_or("bad deflate data").to_owned())),
    };
    Step { read, written, end }
}

fn brotli(
    state: &mut BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    input: &[u8],
    output: &mut [u8],
) -> Step {
    let (mut left, mut read) = (input.len(), 0);
    let (mut room, mut written, mut total) = (output.len(), 0, 0);
    let result = BrotliDecompressStream(
        &mut left,
        &mut read,
        input,
        &mut room,
        &mut written,
        output,
        &mut total,
        state,
    );
    let end = match result {
        BrotliResult::ResultSuccess => Some(Ok(())),
        BrotliResult::ResultFailure => Some(Err(format!("{:?}", state.error_code))),
        BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => None,
    };
    Step { read, written, end }
}

fn zstd(
    machine: &mut zstd::stream::raw::Decoder<'static>,
    at: &mut Member,
    input: &[u8],
    output: &mut [u8],
) -> Step {
    if *at == Member::Between {
        match input.first() {
            None => return Step { read: 0, written: 0, end: None },
            // A frame (RFC 8878 §3.1.1) or a skippable frame (§3.1.2), both little-endian.
            Some(0x28 | 0x50..=0x5f) => *at = Member::Inside,
            Some(_) => return Step { read: input.len(), written: 0, end: Some(Ok(())) },
        }
    }
    match machine.run_on_buffers(input, output) {
        Ok(status) => {
            if status.remaining == 0 {
                *at = Member::Between;
            }
            Step { read: status.bytes_read, written: status.bytes_written, end: None }
        }
        Err(error) => Step { read: 0, written: 0, end: Some(Err(error.to_string())) },
    }
}

fn failed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Decompression, message).in_phase(Phase::Decode)
}

fn too_large(message: String) -> Error {
    Error::new(ErrorKind::TooLarge, message).in_phase(Phase::Decode)
}

#[cfg(test)]
mod tests;

//! The suite of sinks that promise "once": whatever the moment of a crash, a sink taken up at its stored position
//! shows every record once, in order, byte for byte as an undisturbed run would.
//!
//! A stand is one output with the means to look at it and to damage it. A crash is a sink dropped in the middle
//! after which the bytes beyond the stored position are what a dying machine may leave: all, some, none, or
//! others. Choices come from a seed, so a violation can be repeated.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::model::{
    Committed, Lsn, Outcome, Position, Record, RecordId, RecordKind, Sink, Timestamp, UrlKey,
};

/// One output under test.
pub trait Stand {
    /// An unopened sink on this output; called again after each crash.
    fn sink(&self) -> Box<dyn Sink>;

    /// Everything the output shows to a reader, decompressed, in order.
    fn shown(&self) -> Vec<u8>;

    /// Damages what lies after `stored` as a crash may; `choice` is any number to choose by. A database has
    /// nothing to do here.
    fn crash(&self, stored: &Position, choice: u64);

    /// Changes something that lies before `stored`; `false` when nothing does.
    fn tamper(&self, stored: &Position) -> bool;

    /// All bytes of the output as they are stored, to see that a refusal changed none.
    fn raw(&self) -> Vec<u8>;
}

/// Runs the whole suite: `make` gives a fresh, empty stand each time it is called.
///
/// # Errors
/// The first violation, with the seed that leads to it.
pub fn check(mut make: impl FnMut() -> Box<dyn Stand>, seeds: std::ops::Range<u64>) -> Result<(), String> {
    let story = commits();
    let expected = undisturbed(make().as_ref(), &story).map_err(|error| in_full(&error))?;
    for seed in seeds {
        let with_seed = |what: String| format!("seed {seed}: {what}");
        crashes_show_every_record_once(make().as_ref(), &story, seed, &expected).map_err(with_seed)?;
        a_changed_prefix_is_refused(make().as_ref(), &story, seed).map_err(with_seed)?;
    }
    a_closed_output_is_taken_up_again(make().as_ref(), &story, &expected)
}

/// The commits of every run: pages, items of two types and outcomes, some commits empty, one record large.
#[must_use]
pub fn commits() -> Vec<Committed> {
    let mut seq = 0;
    (0..40_u64).map(|number| commit(number, &mut seq)).collect()
}

fn commit(number: u64, seq: &mut u64) -> Committed {
    let records: Vec<Record> = (0..number % 5).map(|index| record(number, index)).collect();
    let first_seq = *seq;
    *seq += records.len() as u64;
    Committed {
        lsn: Lsn(number + 1),
        first_seq,
        at: Timestamp(1_700_000_000_000 + number),
        key: UrlKey(number),
        outcome: Outcome::Fetched { status: 200 },
        records,
    }
}

fn record(number: u64, index: u64) -> Record {
    let kind = match index {
        0 => RecordKind::Page,
        1 => RecordKind::Item(Arc::from("product")),
        2 => RecordKind::Item(Arc::from("review")),
        _ => RecordKind::Outcome,
    };
    let filler = if number == 13 { "é\u{2028}\\\"".repeat(40_000) } else { "a, \"b\"".to_owned() };
    let json =
        serde_json::json!({ "url": format!("http://site/{number}/{index}"), "title": filler, "n": number });
    let id = RecordId((u128::from(number) << 64) | u128::from(index));
    Record { id, kind, json: json.to_string().into() }
}

fn undisturbed(stand: &dyn Stand, story: &[Committed]) -> Result<Vec<u8>> {
    let mut sink = stand.sink();
    sink.open(None)?;
    for commit in story {
        sink.write(commit)?;
    }
    sink.close()?;
    Ok(stand.shown())
}

/// splitmix64: a small generator, so that the suite needs no other crate.
struct Dice {
    state: u64,
    /// One commit in this many is followed by a sync, on average.
    sync_every: u64,
}

impl Dice {
    fn new(seed: u64) -> Self {
        let mut dice = Self { state: seed, sync_every: 1 };
        dice.sync_every = 2 + dice.roll(12);
        dice
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

/// What the exporter would have stored: the sink's position and how many commits lie before it.
struct Stored {
    position: Position,
    done: usize,
}

/// Opens a sink as the exporter does: a first position is stored before anything is written.
fn open(sink: &mut dyn Sink, stored: &mut Option<Stored>) -> Result<()> {
    sink.open(stored.as_ref().map(|stored| &stored.position))?;
    if stored.is_none() {
        *stored = Some(Stored { position: sink.sync()?, done: 0 });
    }
    Ok(())
}

/// How a process ended.
#[derive(Clone, Copy, PartialEq)]
enum Life {
    /// In the middle.
    Killed,
    /// After it closed the sink and before the last position was stored.
    KilledAtEnd,
    /// In peace.
    Ended,
}

/// Writes commits until they end or the dice say that the process dies.
fn run(
    sink: &mut dyn Sink,
    story: &[Committed],
    stored: &mut Option<Stored>,
    dice: &mut Dice,
    mortal: bool,
) -> Result<Life> {
    let mut at = stored.as_ref().map_or(0, |stored| stored.done);
    for commit in story.iter().skip(at) {
        if mortal && dice.roll(12) == 0 {
            return Ok(Life::Killed);
        }
        sink.write(commit)?;
        at += 1;
        if dice.roll(dice.sync_every) == 0 {
            let position = sink.sync()?;
            // The process may die between the sync and the storing of its position.
            if mortal && dice.roll(6) == 0 {
                return Ok(Life::Killed);
            }
            *stored = Some(Stored { position, done: at });
        }
    }
    let position = sink.close()?;
    if mortal && dice.roll(2) == 0 {
        return Ok(Life::KilledAtEnd);
    }
    *stored = Some(Stored { position, done: at });
    Ok(Life::Ended)
}

fn crashes_show_every_record_once(
    stand: &dyn Stand,
    story: &[Committed],
    seed: u64,
    expected: &[u8],
) -> Result<(), String> {
    let mut dice = Dice::new(seed);
    let mut stored = None;
    // The crawl ends once in the middle, by a budget, and goes on under a greater one.
    let pause = usize::try_from(dice.roll(story.len() as u64)).unwrap_or(0);
    let mut paused = false;
    for life in 0..40 {
        let mut sink = stand.sink();
        let mortal = life < 30;
        let part = if paused || !mortal { story } else { &story[..pause] };
        let end = open(sink.as_mut(), &mut stored)
            .and_then(|()| run(sink.as_mut(), part, &mut stored, &mut dice, mortal))
            .map_err(|error| format!("life {life}: {}", in_full(&error)))?;
        drop(sink);
        if end == Life::Ended && part.len() == story.len() {
            break;
        }
        // What was committed up to the pause stays committed, even if the sink's position was not stored.
        paused |= end != Life::Killed;
        if let Some(stored) = stored.as_ref().filter(|_| end != Life::Ended) {
            stand.crash(&stored.position, dice.roll(u64::MAX));
        }
    }
    compare(&stand.shown(), expected)
}

fn a_changed_prefix_is_refused(stand: &dyn Stand, story: &[Committed], seed: u64) -> Result<(), String> {
    let mut dice = Dice::new(seed);
    let mut stored = None;
    let mut sink = stand.sink();
    open(sink.as_mut(), &mut stored)
        .and_then(|()| run(sink.as_mut(), story, &mut stored, &mut dice, true).map(drop))
        .map_err(|error| in_full(&error))?;
    drop(sink);
    let Some(stored) = stored else { return Err("no position was stored".to_owned()) };
    if !stand.tamper(&stored.position) {
        return Ok(());
    }
    let before = stand.raw();
    if stand.sink().open(Some(&stored.position)).is_ok() {
        return Err("a changed output was taken up".to_owned());
    }
    if stand.raw() == before { Ok(()) } else { Err("a refused output was changed".to_owned()) }
}

/// A finished output is opened at its last position, nothing comes, and it still shows the same.
fn a_closed_output_is_taken_up_again(
    stand: &dyn Stand,
    story: &[Committed],
    expected: &[u8],
) -> Result<(), String> {
    let mut stored = None;
    for _ in 0..3 {
        let mut sink = stand.sink();
        open(sink.as_mut(), &mut stored)
            .and_then(|()| run(sink.as_mut(), story, &mut stored, &mut Dice::new(7), false))
            .map_err(|error| in_full(&error))?;
        compare(&stand.shown(), expected)?;
    }
    Ok(())
}

fn in_full(error: &Error) -> String {
    format!("{error} (hint: {})", error.hint().unwrap_or("none"))
}

fn compare(shown: &[u8], expected: &[u8]) -> Result<(), String> {
    if shown == expected {
        return Ok(());
    }
    let at = shown.iter().zip(expected).take_while(|(a, b)| a == b).count();
    Err(format!(
        "{} bytes shown, {} expected, the first difference at byte {at}",
        shown.len(),
        expected.len()
    ))
}

//! What all rules share while they look at one page: the page, what was found in it, and how much work is still allowed.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use lycosa_dom::{Document, NodeRef, collapse_whitespace};
use serde_json::{Map, Value};

use super::memo::Memo;
use super::spot::Spot;
use super::{FieldFailure, FieldReport, Subject, json_text};

/// Steps on one page: nodes that selectors and expressions may have looked at, texts by 16 bytes. A second or two.
const MOST_STEPS: u64 = 300_000_000;
/// Bytes of values taken from one page.
const MOST_BYTES: u64 = 256 << 20;
/// Records taken from one page, those inside others included.
const MOST_RECORDS: u64 = 100_000;
/// Bytes of JSON in elements of one page that are read.
const MOST_JSON: usize = 32 << 20;

/// A record that lacks something required: why, and what was found.
pub(super) type Rejected = (Vec<FieldFailure>, Map<String, Value>);

/// One page under the rules.
pub(super) struct Visit<'v> {
    pub(super) page: &'v dyn Subject,
    pub(super) document: Option<&'v Document>,
    pub(super) memo: Memo<'v>,
    steps: Cell<u64>,
    bytes: Cell<u64>,
    records: Cell<u64>,
    /// The JSON in elements, by their numbers.
    json: RefCell<HashMap<u32, Option<Rc<Value>>>>,
    /// Bytes of JSON that may still be read.
    json_left: Cell<usize>,
    /// The body, if it is JSON.
    body: OnceCell<Option<Rc<Value>>>,
    /// The text of the element that was last asked for, with its whitespace collapsed.
    text: RefCell<Option<(u32, Rc<str>)>>,
    /// Filled when somebody asked for the reasons.
    reports: Option<RefCell<Vec<FieldReport>>>,
    /// Records that lack something required.
    pub(super) rejects: RefCell<Vec<Rejected>>,
    /// Sentences about what could not be done.
    pub(super) notes: RefCell<Vec<String>>,
}

impl<'v> Visit<'v> {
    pub(super) fn new(page: &'v dyn Subject, with_reports: bool) -> Self {
        Self {
            page,
            document: page.document(),
            memo: Memo::default(),
            json_left: Cell::new(MOST_JSON),
            body: OnceCell::new(),
            text: RefCell::default(),
            steps: Cell::new(MOST_STEPS),
            bytes: Cell::new(MOST_BYTES),
            records: Cell::new(MOST_RECORDS),
            json: RefCell::default(),
            reports: with_reports.then(RefCell::default),
            rejects: RefCell::default(),
            notes: RefCell::default(),
        }
    }

    /// The page as a whole.
    pub(super) fn root(&self) -> Spot<'v, 'v> {
        Spot::of(self.document.map(Document::root))
    }

    /// Whether an element is the root of the page's document.
    pub(super) fn is_root(&self, element: NodeRef<'_>) -> bool {
        self.document.is_some_and(|document| document.root().id() == element.id())
    }

    /// Whether work is still allowed; if not, it is noted once why.
    pub(super) fn goes_on(&self) -> bool {
        let limits = [
            (&self.steps, "its rules look at more than 300 million nodes or pieces of text"),
            (&self.bytes, "its values take more than 256 MiB"),
            (&self.records, "it gives more than 100,000 records"),
        ];
        let reached = limits.into_iter().find(|(left, _)| left.get() == 0);
        if let Some((_, why)) = reached {
            self.note(format!("a page was given up: {why}; the rest is left out"));
        }
        reached.is_none()
    }

    /// Steps that were paid.
    pub(super) fn spent(&self) -> u64 {
        MOST_STEPS - self.steps.get()
    }

    /// Pays for looking at all of an element.
    pub(super) fn pay_search(&self, element: NodeRef<'_>) {
        let range = element.range();
        self.pay(u64::from(range.end - range.start));
    }

    /// Pays for searching all of a text.
    pub(super) fn pay_search_in(&self, text: &str) {
        self.pay(text.len() as u64 / 16 + 1);
    }

    pub(super) fn pay(&self, steps: u64) {
        self.steps.set(self.steps.get().saturating_sub(steps));
    }

    /// Pays for a value of so many bytes.
    pub(super) fn pay_value(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.pay(bytes / 16 + 1);
        self.bytes.set(self.bytes.get().saturating_sub(bytes));
    }

    pub(super) fn pay_record(&self) {
        self.records.set(self.records.get().saturating_sub(1));
    }

    /// Lets work be paid from the steps that are left.
    pub(super) fn with_steps<T>(&self, work: impl FnOnce(&mut u64) -> T) -> T {
        let mut steps = self.steps.get();
        let result = work(&mut steps);
        self.steps.set(steps);
        result
    }

    pub(super) fn note(&self, sentence: String) {
        let mut notes = self.notes.borrow_mut();
        if !notes.contains(&sentence) {
            notes.push(sentence);
        }
    }

    /// How many reports there are.
    pub(super) fn reported(&self) -> usize {
        self.reports.as_ref().map_or(0, |reports| reports.borrow().len())
    }

    /// Adds a report before those from a place on.
    pub(super) fn report(&self, place: usize, report: impl FnOnce() -> FieldReport) {
        if let Some(reports) = &self.reports {
            let mut reports = reports.borrow_mut();
            let place = place.min(reports.len());
            reports.insert(place, report());
        }
    }

    /// The reports since the last time.
    pub(super) fn take_reports(&self) -> Vec<FieldReport> {
        self.reports.as_ref().map(RefCell::take).unwrap_or_default()
    }

    /// The JSON in an element, read once.
    pub(super) fn json_of(&self, element: NodeRef<'_>) -> Option<Rc<Value>> {
        let number = element.id().number();
        if let Some(known) = self.json.borrow().get(&number) {
            return known.clone();
        }
        let text = element.text();
        self.pay_value(text.len());
        let value = match self.json_left.get().checked_sub(text.len()) {
            Some(left) => {
                self.json_left.set(left);
                json_text::parse(text).map(Rc::new)
            }
            None => None,
        };
        if value.is_none() {
            self.note("the JSON of an element could not be read".to_owned());
        }
        self.json.borrow_mut().insert(number, value.clone());
        value
    }

    /// The body, if the page is no document and the body is JSON.
    pub(super) fn json_of_body(&self) -> Option<&Rc<Value>> {
        let read = || match json_text::body(self.page)? {
            Ok(value) => Some(Rc::new(value)),
            Err(why) => {
                self.note(format!("the body could not be read as JSON: {why}"));
                None
            }
        };
        self.body.get_or_init(read).as_ref()
    }

    /// The text of an element with one space for each run of whitespace, none at its ends.
    pub(super) fn collapsed_text(&self, element: NodeRef<'_>) -> Rc<str> {
        let number = element.id().number();
        if let Some((known, text)) = &*self.text.borrow()
            && *known == number
        {
            return text.clone();
        }
        let text = element.text();
        self.pay_value(text.len());
        let text: Rc<str> = collapse_whitespace(text).trim().into();
        *self.text.borrow_mut() = Some((number, text.clone()));
        text
    }
}

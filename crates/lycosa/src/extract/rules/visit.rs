//! What all rules share while they look at one page: the page, the JSON in it, and how much work is still allowed.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use lycosa_dom::{Document, NodeRef};
use serde_json::{Map, Value};

use super::{Fact, FieldReport, json_text};
use crate::extract::content::{Content, ContentOptions};
use crate::extract::time::rfc3339;
use crate::model::{FieldFailure, Page};

/// Steps on one page: nodes that selectors and expressions may have looked at, texts by 16 bytes. A second or two.
const MOST_STEPS: u64 = 300_000_000;
/// Bytes of values taken from one page.
const MOST_BYTES: u64 = 256 << 20;
/// Records taken from one page, those inside others included.
const MOST_RECORDS: u64 = 100_000;

/// A record that lacks something required: why, and what was found.
pub(super) type Rejected = (Vec<FieldFailure>, Map<String, Value>);

/// One page under the rules.
pub(super) struct Visit<'p> {
    pub(super) page: &'p Page<'p>,
    pub(super) document: &'p Document,
    steps: Cell<u64>,
    bytes: Cell<u64>,
    records: Cell<u64>,
    json: RefCell<HashMap<u32, Option<Rc<Value>>>>,
    markdown: OnceCell<String>,
    main_text: OnceCell<String>,
    /// Filled when somebody asked for the reasons.
    reports: Option<RefCell<Vec<FieldReport>>>,
    /// Records that lack something required.
    pub(super) rejects: RefCell<Vec<Rejected>>,
    /// Sentences about what could not be done.
    pub(super) notes: RefCell<Vec<String>>,
}

impl<'p> Visit<'p> {
    pub(super) fn new(page: &'p Page<'p>, document: &'p Document, with_reports: bool) -> Self {
        Self {
            page,
            document,
            steps: Cell::new(MOST_STEPS),
            bytes: Cell::new(MOST_BYTES),
            records: Cell::new(MOST_RECORDS),
            json: RefCell::default(),
            markdown: OnceCell::new(),
            main_text: OnceCell::new(),
            reports: with_reports.then(RefCell::default),
            rejects: RefCell::default(),
            notes: RefCell::default(),
        }
    }

    /// Whether work is still allowed.
    pub(super) fn goes_on(&self) -> bool {
        self.steps.get() > 0 && self.bytes.get() > 0 && self.records.get() > 0
    }

    /// Pays for looking at all of an element.
    pub(super) fn pay_search(&self, element: NodeRef<'_>) {
        let range = element.range();
        self.pay(u64::from(range.end - range.start));
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
        let value = json_text::parse(text).map(Rc::new);
        self.json.borrow_mut().insert(number, value.clone());
        value
    }

    /// The main content, written; none when there is nothing. It is found once a page.
    fn content(
        &self,
        known: &OnceCell<String>,
        write: impl FnOnce(&Content<'_>) -> String,
    ) -> Option<Cow<'_, str>> {
        let text = known.get_or_init(|| {
            self.pay_value(self.document.memory());
            write(&Content::main(self.document, &ContentOptions::default()))
        });
        self.pay_value(text.len());
        (!text.is_empty()).then(|| text.trim_end().to_owned().into())
    }

    /// A fact of the page, if it is known.
    pub(super) fn fact(&self, fact: Fact) -> Option<Value> {
        let page = self.page;
        let text: Option<Cow<'_, str>> = match fact {
            Fact::Status => return Some(page.status.into()),
            Fact::Depth => return Some(page.request.depth.into()),
            Fact::Url => Some(page.request.first_url().into()),
            Fact::FinalUrl => Some(page.url.as_str().into()),
            Fact::Title => self.document.title().map(|title| title.to_string().into()),
            Fact::FetchedAt => Some(rfc3339(page.fetched_at).into()),
            Fact::Lang => self.document.lang().map(Into::into),
            Fact::Label => page.request.label.as_deref().map(Into::into),
            Fact::Parent => page.request.parent.as_deref().map(Into::into),
            Fact::ContentType => {
                page.headers.get("content-type").and_then(|value| value.to_str().ok()).map(Into::into)
            }
            Fact::Description => self.document.meta("description").map(Into::into),
            Fact::Markdown => self.content(&self.markdown, |content| content.to_markdown(Some(page.url))),
            Fact::MainText => self.content(&self.main_text, |content| content.to_text()),
        };
        text.map(|text| Value::String(text.into_owned()))
    }
}

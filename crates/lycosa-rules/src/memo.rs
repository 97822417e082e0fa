//! What expressions have found in the page that is being looked at, so that nothing is searched for twice.
//!
//! What is found in the whole page stays until the page is done; what is found in the element of one record stays until
//! another element is asked about.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use lycosa_dom::{NodeRef, Output, XPathValue};
use serde_json::Value;

/// A match of a selector, with what to take of it.
pub(super) type Match<'v> = (NodeRef<'v>, &'v Output);

/// The matches of a selector, as far as somebody asked for them.
pub(super) struct Matches<'v> {
    found: RefCell<Vec<Match<'v>>>,
    rest: RefCell<Box<dyn Iterator<Item = Match<'v>> + 'v>>,
}

impl<'v> Matches<'v> {
    pub(super) fn new(matches: impl Iterator<Item = Match<'v>> + 'v) -> Self {
        Self { found: RefCell::default(), rest: RefCell::new(Box::new(matches.fuse())) }
    }

    /// The match at this place, from 0.
    pub(super) fn get(&self, place: usize) -> Option<Match<'v>> {
        let mut found = self.found.borrow_mut();
        while found.len() <= place {
            found.push(self.rest.borrow_mut().next()?);
        }
        found.get(place).copied()
    }
}

/// Values of a path, by the path, where the JSON stands, and whether all of it or the first was wanted.
type PathKey = (u32, u32, bool);

/// What was found, by the number of the expression.
#[derive(Default)]
pub(super) struct Memo<'v> {
    page: RefCell<Found<'v>>,
    /// That of one element.
    element: RefCell<(u32, Found<'v>)>,
    paths: RefCell<HashMap<PathKey, Rc<Vec<Value>>>>,
}

#[derive(Default)]
struct Found<'v> {
    matches: HashMap<u32, Rc<Matches<'v>>>,
    values: HashMap<u32, Rc<Option<XPathValue<'v>>>>,
}

impl<'v> Memo<'v> {
    /// Lets something be looked up in what was found in an element; `None` is the page.
    fn with<T>(&self, element: Option<NodeRef<'_>>, look: impl FnOnce(&mut Found<'v>) -> T) -> T {
        let Some(element) = element else { return look(&mut self.page.borrow_mut()) };
        let mut kept = self.element.borrow_mut();
        if kept.0 != element.id().number() {
            *kept = (element.id().number(), Found::default());
        }
        look(&mut kept.1)
    }

    /// The matches of a selector, searched for if they are not known.
    pub(super) fn matches(
        &self,
        number: u32,
        element: Option<NodeRef<'_>>,
        search: impl FnOnce() -> Matches<'v>,
    ) -> Rc<Matches<'v>> {
        self.with(element, |found| found.matches.entry(number).or_insert_with(|| Rc::new(search())).clone())
    }

    /// The value of an XPath expression, `None` when it could not be had.
    pub(super) fn value(
        &self,
        number: u32,
        element: Option<NodeRef<'_>>,
        evaluate: impl FnOnce() -> Option<XPathValue<'v>>,
    ) -> Rc<Option<XPathValue<'v>>> {
        self.with(element, |found| found.values.entry(number).or_insert_with(|| Rc::new(evaluate())).clone())
    }

    /// The values of a path in the JSON of the page.
    pub(super) fn values(&self, key: PathKey, find: impl FnOnce() -> Vec<Value>) -> Rc<Vec<Value>> {
        if let Some(known) = self.paths.borrow().get(&key) {
            return known.clone();
        }
        let found = Rc::new(find());
        self.paths.borrow_mut().insert(key, found.clone());
        found
    }
}

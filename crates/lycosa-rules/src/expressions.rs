//! The expressions of a rule set, each text compiled once: rules that say the same share what it finds in a page.
//!
//! Left out: what is found (`memo` keeps it while a page is looked at).

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use lycosa_dom::{Pattern, PatternLimits, Selector, XPath, XPathOptions};

use super::error::Mistake;
use super::json_path::JsonPath;

/// Prefixes that selectors and XPath may use beside those that are always bound: what stands in feeds and sitemaps.
pub(super) const PREFIXES: [(&str, &str); 7] = [
    ("atom", "http://www.w3.org/2005/Atom"),
    ("content", "http://purl.org/rss/1.0/modules/content/"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
    ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
    ("media", "http://search.yahoo.com/mrss/"),
    ("rss", "http://purl.org/rss/1.0/"),
    ("sitemap", "http://www.sitemaps.org/schemas/sitemap/0.9"),
];

/// A compiled expression with its number in the rule set.
#[derive(Debug)]
pub(super) struct Shared<T> {
    number: u32,
    uses: Arc<AtomicU32>,
    what: Arc<T>,
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self { number: self.number, uses: self.uses.clone(), what: self.what.clone() }
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.what
    }
}

impl<T> Shared<T> {
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Whether several places of the rules ask for it.
    pub(super) fn is_used_again(&self) -> bool {
        self.uses.load(Ordering::Relaxed) > 1
    }
}

/// What was compiled so far, by its text.
#[derive(Debug)]
pub(super) struct Expressions {
    limits: PatternLimits,
    count: u32,
    selectors: HashMap<String, Shared<Selector>>,
    xpaths: HashMap<String, Shared<XPath>>,
    paths: HashMap<String, Shared<JsonPath>>,
    patterns: HashMap<String, Shared<Pattern>>,
}

/// Expressions that several compilers add to in turn.
pub(super) type Compiled = RefCell<Expressions>;

impl Expressions {
    pub(super) fn within(limits: &PatternLimits) -> Compiled {
        RefCell::new(Self {
            limits: *limits,
            count: 0,
            selectors: HashMap::new(),
            xpaths: HashMap::new(),
            paths: HashMap::new(),
            patterns: HashMap::new(),
        })
    }

    /// A selector; a mistake names it as it was written.
    pub(super) fn selector(&mut self, css: &str, written: &str) -> Result<Shared<Selector>, Mistake> {
        again(&mut self.selectors, &mut self.count, css, |css| {
            Selector::parse_with_namespaces(css, &PREFIXES)
                .map_err(|error| Mistake::of_selector(written, &error))
        })
    }

    pub(super) fn xpath(&mut self, text: &str) -> Result<Shared<XPath>, Mistake> {
        again(&mut self.xpaths, &mut self.count, text, |text| {
            let bind =
                |options: XPathOptions, (prefix, address): (&str, &str)| options.namespace(prefix, address);
            let options = PREFIXES.into_iter().fold(XPathOptions::default(), bind);
            XPath::compile_with(text, &options).map_err(|error| Mistake::of_xpath(text, &error))
        })
    }

    pub(super) fn json(&mut self, text: &str) -> Result<Shared<JsonPath>, Mistake> {
        again(&mut self.paths, &mut self.count, text, |text| {
            JsonPath::parse(text).map_err(|error| Mistake::of_path(text, error))
        })
    }

    pub(super) fn regex(&mut self, text: &str) -> Result<Shared<Pattern>, Mistake> {
        let limits = self.limits;
        again(&mut self.patterns, &mut self.count, text, |text| {
            Pattern::compile(text, &limits).map_err(|error| Mistake::of_pattern(text, &error))
        })
    }
}

/// What this text was compiled to before, or now.
fn again<T>(
    known: &mut HashMap<String, Shared<T>>,
    count: &mut u32,
    text: &str,
    compile: impl FnOnce(&str) -> Result<T, Mistake>,
) -> Result<Shared<T>, Mistake> {
    if let Some(found) = known.get(text) {
        found.uses.fetch_add(1, Ordering::Relaxed);
        return Ok(found.clone());
    }
    let new = Shared { number: *count, uses: Arc::new(AtomicU32::new(1)), what: Arc::new(compile(text)?) };
    *count += 1;
    known.insert(text.to_owned(), new.clone());
    Ok(new)
}

//! Names in `RDFa`: how terms, prefixed names and vocabularies become addresses (`RDFa` Core 1.1, sections 5 and 7.4).

use std::collections::HashMap;
use std::rc::Rc;

use lycosa_dom::NodeRef;

/// Prefixes that need no declaration: those of W3C's initial context for `RDFa` 1.1 that pages use.
const INITIAL: [(&str, &str); 40] = [
    ("as", "https://www.w3.org/ns/activitystreams#"),
    ("cc", "http://creativecommons.org/ns#"),
    ("csvw", "http://www.w3.org/ns/csvw#"),
    ("ctag", "http://commontag.org/ns#"),
    ("dc", "http://purl.org/dc/terms/"),
    ("dc11", "http://purl.org/dc/elements/1.1/"),
    ("dcat", "http://www.w3.org/ns/dcat#"),
    ("dcterms", "http://purl.org/dc/terms/"),
    ("dqv", "http://www.w3.org/ns/dqv#"),
    ("duv", "https://www.w3.org/ns/duv#"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("gr", "http://purl.org/goodrelations/v1#"),
    ("grddl", "http://www.w3.org/2003/g/data-view#"),
    ("ical", "http://www.w3.org/2002/12/cal/icaltzd#"),
    ("ldp", "http://www.w3.org/ns/ldp#"),
    ("ma", "http://www.w3.org/ns/ma-ont#"),
    ("oa", "http://www.w3.org/ns/oa#"),
    ("odrl", "http://www.w3.org/ns/odrl/2/"),
    ("og", "http://ogp.me/ns#"),
    ("org", "http://www.w3.org/ns/org#"),
    ("owl", "http://www.w3.org/2002/07/owl#"),
    ("prov", "http://www.w3.org/ns/prov#"),
    ("qb", "http://purl.org/linked-data/cube#"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("rdfa", "http://www.w3.org/ns/rdfa#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("rev", "http://purl.org/stuff/rev#"),
    ("rif", "http://www.w3.org/2007/rif#"),
    ("rr", "http://www.w3.org/ns/r2rml#"),
    ("schema", "http://schema.org/"),
    ("sd", "http://www.w3.org/ns/sparql-service-description#"),
    ("sioc", "http://rdfs.org/sioc/ns#"),
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("skosxl", "http://www.w3.org/2008/05/skos-xl#"),
    ("v", "http://rdf.data-vocabulary.org/#"),
    ("vcard", "http://www.w3.org/2006/vcard/ns#"),
    ("void", "http://rdfs.org/ns/void#"),
    ("wdr", "http://www.w3.org/2007/05/powder#"),
    ("xhv", "http://www.w3.org/1999/xhtml/vocab#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];

/// The names that hold in an element. Cheap to copy: declarations are shared with the elements around.
#[derive(Clone, Default)]
pub(super) struct Scope {
    vocabulary: Option<Rc<str>>,
    declared: Option<Rc<Declared>>,
    /// How many elements around declare prefixes.
    depth: usize,
}

struct Declared {
    prefixes: HashMap<String, String>,
    around: Option<Rc<Declared>>,
}

impl Scope {
    /// Sets the vocabulary of plain terms; an empty one means none.
    pub(super) fn set_vocabulary(&mut self, vocabulary: &str) {
        self.vocabulary = (!vocabulary.is_empty()).then(|| vocabulary.into());
    }

    /// Takes the prefixes that an element declares.
    pub(super) fn declare(&mut self, node: NodeRef<'_>) {
        let mut prefixes = HashMap::new();
        for attribute in node.attrs() {
            let name = attribute.qualified_name();
            if let Some(prefix) = name.strip_prefix("xmlns:") {
                prefixes.insert(prefix.to_ascii_lowercase(), attribute.value().trim().to_owned());
            }
        }
        let mut words = node.attr("prefix").unwrap_or_default().split_ascii_whitespace();
        while let Some(word) = words.next() {
            let Some(prefix) = word.strip_suffix(':') else { continue };
            let Some(address) = words.next() else { break };
            if prefix != "_" {
                prefixes.insert(prefix.to_ascii_lowercase(), address.to_owned());
            }
        }
        if !prefixes.is_empty() {
            self.declared = Some(Rc::new(Declared { prefixes, around: self.declared.take() }));
            self.depth += 1;
        }
    }

    /// How many steps it takes to look up a name.
    pub(super) fn cost(&self) -> usize {
        1 + self.depth
    }

    fn prefix(&self, prefix: &str) -> Option<&str> {
        let prefix = prefix.to_ascii_lowercase();
        let mut declared = self.declared.as_deref();
        while let Some(here) = declared {
            if let Some(address) = here.prefixes.get(&prefix) {
                return Some(address);
            }
            declared = here.around.as_deref();
        }
        let known = INITIAL.binary_search_by_key(&&*prefix, |(name, _)| name).ok()?;
        Some(INITIAL[known].1)
    }

    /// The address of a term, a prefixed name or an address as `property`, `typeof` and `datatype` hold them; `None`
    /// for a term without a vocabulary.
    pub(super) fn term(&self, term: &str) -> Option<String> {
        match term.split_once(':') {
            Some(("_", _)) => None,
            Some((prefix, rest)) => Some(self.expand(prefix, rest).unwrap_or_else(|| term.to_owned())),
            None if term.is_empty() || term.contains('/') => None,
            None => self.vocabulary.as_deref().map(|vocabulary| format!("{vocabulary}{term}")),
        }
    }

    /// What `about` and `resource` refer to: an address, a prefixed name, or a name of the page's own (`_:x`). A
    /// prefixed name in brackets that nobody declared refers to nothing.
    pub(super) fn reference(&self, text: &str, resolve: impl Fn(&str) -> String) -> Option<String> {
        let text = text.trim();
        if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let (prefix, rest) = inner.split_once(':')?;
            return if prefix == "_" { Some(own(rest)) } else { self.expand(prefix, rest) };
        }
        match text.split_once(':') {
            Some(("_", rest)) => Some(own(rest)),
            Some((prefix, rest)) => Some(self.expand(prefix, rest).unwrap_or_else(|| resolve(text))),
            None => Some(resolve(text)),
        }
    }

    fn expand(&self, prefix: &str, rest: &str) -> Option<String> {
        if rest.starts_with("//") {
            return None;
        }
        self.prefix(prefix).map(|address| format!("{address}{rest}"))
    }
}

/// A name of the page's own; marked, so that it cannot be one of those that are given to things without a name.
fn own(name: &str) -> String {
    format!("_:page-{name}")
}

/// The type of a time as it is written (`HTML+RDFa` 1.1, 3.1, "datetime").
pub(super) fn vocabulary_term(time: &str) -> &'static str {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let is_date = |text: &str| {
        let mut parts = text.splitn(3, '-');
        let year = parts.next().unwrap_or_default();
        (year.len() >= 4 && digits(year, year.len()))
            && parts.next().is_some_and(|month| digits(month, 2))
            && parts.next().is_some_and(|day| digits(day, 2))
    };
    let is_time =
        |text: &str| text.get(2..3) == Some(":") && text.get(..2).is_some_and(|hour| digits(hour, 2));
    if time.starts_with(['P', '+', '-']) && time.trim_start_matches(['+', '-']).starts_with('P') {
        return "http://www.w3.org/2001/XMLSchema#duration";
    }
    if let Some((date, clock)) = time.split_once('T')
        && is_date(date)
        && is_time(clock)
    {
        return "http://www.w3.org/2001/XMLSchema#dateTime";
    }
    if is_date(time) {
        return "http://www.w3.org/2001/XMLSchema#date";
    }
    if is_time(time) {
        return "http://www.w3.org/2001/XMLSchema#time";
    }
    match time.split_once('-') {
        Some((year, month)) if digits(year, 4) && digits(month, 2) => {
            "http://www.w3.org/2001/XMLSchema#gYearMonth"
        }
        None if digits(time, 4) => "http://www.w3.org/2001/XMLSchema#gYear",
        _ => "",
    }
}

//! `RDFa` Lite (W3C Recommendation `RDFa` Lite 1.1): `vocab`, `typeof`, `property`, `resource`, `prefix`, with `href`,
//! `src`, `content`, `about`, `datatype`, `datetime` and `lang` as `RDFa` Core 1.1 (section 7.5) and `HTML+RDFa` 1.1
//! read them. `rel`, `rev` and `inlist` are of the whole language and are not read.
//!
//! What is found is expanded JSON-LD: a list of nodes `{"@id", "@type": [...], property: [values]}`, where a value is
//! `{"@value": ...}` or `{"@id": ...}`, so that nodes may refer to one another.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use lycosa_dom::NodeRef;
use serde_json::{Map, Value};

use super::prefixes::{Scope, vocabulary_term};
use super::reader::Reader;

const USES_VOCABULARY: &str = "http://www.w3.org/ns/rdfa#usesVocabulary";
/// Without any of these a page says nothing.
const STATING: [&str; 3] = ["vocab", "typeof", "property"];
/// Statements kept of one page.
const MAX_STATEMENTS: usize = 20_000;

/// The nodes of a page, in the order in which they are first spoken of.
pub(super) fn read(reader: &mut Reader<'_>) -> Vec<Value> {
    let document = reader.document();
    let says = |node: NodeRef<'_>| node.attrs().any(|attribute| STATING.contains(&attribute.name()));
    if !document.nodes().any(says) {
        return Vec::new();
    }
    let page = reader.base().map(|base| {
        let mut page = base.clone();
        page.set_fragment(None);
        page.to_string()
    });
    let page: Rc<str> = page.unwrap_or_default().into();
    let mut graph = Graph::default();
    let outermost =
        Context { end: u32::MAX, object: page.clone(), scope: Scope::default(), language: "".into() };
    let mut stack = vec![outermost];
    let mut next = 0;
    for node in document.nodes().filter(|node| node.is_element()) {
        let id = node.id().number();
        if id < next {
            continue;
        }
        if node.name() == "template" {
            next = node.subtree_end().number();
            continue;
        }
        while stack.len() > 1 && stack.last().is_some_and(|context| context.end <= id) {
            stack.pop();
        }
        let Some(context) = stack.last() else { break };
        if !is_spoken(node) {
            continue;
        }
        if graph.statements >= MAX_STATEMENTS || !reader.pay(context.scope.cost()) {
            reader.note("rdfa", "not all statements were taken, because there are too many");
            break;
        }
        let within = element(reader, &mut graph, node, context, &page);
        stack.push(within);
    }
    graph.nodes.into_values_in_order()
}

/// Whether an element has an attribute that says or changes anything.
fn is_spoken(node: NodeRef<'_>) -> bool {
    const ATTRIBUTES: [&str; 9] =
        ["vocab", "typeof", "property", "resource", "prefix", "about", "lang", "href", "src"];
    // Old pages declare prefixes as XML namespaces.
    node.attrs().any(|attribute| ATTRIBUTES.contains(&attribute.name()) || attribute.prefix() == "xmlns")
        || node.attrs().any(|attribute| attribute.name().starts_with("xmlns:"))
}

/// What holds inside of an element.
#[derive(Clone)]
struct Context {
    /// Where the element ends.
    end: u32,
    /// What the elements in it are about.
    object: Rc<str>,
    scope: Scope,
    language: Rc<str>,
}

/// Reads one element and says what holds in it (`RDFa` Core, 7.5, without steps for `rel` and `rev`).
fn element<'d>(
    reader: &Reader<'d>,
    graph: &mut Graph,
    node: NodeRef<'d>,
    around: &Context,
    page: &Rc<str>,
) -> Context {
    let mut within = around.clone();
    within.end = node.subtree_end().number();
    if let Some(vocabulary) = node.attr("vocab").map(str::trim) {
        if !vocabulary.is_empty() {
            let address = reader.url(vocabulary);
            graph.add(page, USES_VOCABULARY, reference(&address));
        }
        within.scope.set_vocabulary(vocabulary);
    }
    within.scope.declare(node);
    if let Some(language) = node.attr("lang").or_else(|| node.attr("xml:lang")) {
        within.language = language.trim().into();
    }
    let types = node.attr("typeof");
    let scope = &within.scope;
    let resolve = |name: &str| node.attr(name).and_then(|text| scope.reference(text, |url| reader.url(url)));
    let about: Option<Rc<str>> = resolve("about").map(Rc::from);
    let object = resolve("resource").or_else(|| link(reader, node)).map(Rc::from);
    let is_root = node.parent().is_some_and(|parent| parent.parent().is_none());
    let is_plain = node.attr("content").is_none() && node.attr("datatype").is_none();
    let has_property = node.attr("property").is_some();
    // Only a new thing that has no address needs a name.
    let mut nameless = || types.map(|_| Rc::from(graph.nameless()));
    let (subject, typed) = if has_property && is_plain {
        let typed = match (&about, types) {
            (_, None) => None,
            (Some(about), Some(_)) => Some(about.clone()),
            (None, Some(_)) if is_root => Some(page.clone()),
            (None, Some(_)) => object.clone().or_else(nameless),
        };
        let subject = about.clone().unwrap_or_else(|| around.object.clone());
        (subject, typed)
    } else {
        let named = about.clone().or_else(|| object.clone());
        let named = if is_root { named.or_else(|| Some(page.clone())) } else { named };
        let subject = named.or_else(&mut nameless).unwrap_or_else(|| around.object.clone());
        let typed = types.map(|_| subject.clone());
        (subject, typed)
    };
    if let (Some(typed), Some(types)) = (&typed, types) {
        for term in terms(reader, &within.scope, types) {
            graph.add(typed, "@type", term.into());
        }
    }
    if let Some(properties) = node.attr("property") {
        let told = Told { about: about.is_some(), object, typed: typed.clone() };
        let terms: Vec<_> = terms(reader, &within.scope, properties).collect();
        if !terms.is_empty() {
            let value = value(reader, node, &within, told);
            for term in terms {
                if reader.pay(subject.len() + term.len() + size(&value)) {
                    graph.add(&subject, &term, value.clone());
                }
            }
        }
    }
    within.object = typed.filter(|_| has_property && is_plain).unwrap_or(subject);
    within
}

/// The addresses of the terms in a list.
fn terms<'a>(reader: &'a Reader<'_>, scope: &'a Scope, list: &'a str) -> impl Iterator<Item = String> + 'a {
    let words = list.split_ascii_whitespace().take_while(|_| reader.pay(scope.cost()));
    words.filter_map(|term| scope.term(term))
}

/// What an element says about itself.
struct Told {
    about: bool,
    object: Option<Rc<str>>,
    typed: Option<Rc<str>>,
}

/// The value of the properties of an element (`RDFa` Core, 7.5, step 11; `HTML+RDFa`, 3.1).
fn value<'d>(reader: &Reader<'d>, node: NodeRef<'d>, within: &Context, told: Told) -> Value {
    let datatype = node.attr("datatype").map(|text| within.scope.term(text.trim()).unwrap_or_default());
    let time = || node.attr("datetime").filter(|_| node.attr("content").is_none());
    if let Some(datatype) = datatype.filter(|datatype| !datatype.is_empty()) {
        let written = node.attr("content").or_else(time).map(str::to_owned);
        return literal(written.unwrap_or_else(|| reader.text(node)), "@type", &datatype);
    }
    if node.attr("datatype").is_none() {
        if let Some(time) = time() {
            return literal(time.to_owned(), "@type", vocabulary_term(time));
        }
        if node.attr("content").is_none() {
            if let Some(object) = told.object {
                return reference(&object);
            }
            if let Some(typed) = told.typed.filter(|_| !told.about) {
                return reference(&typed);
            }
        }
    }
    let written = node.attr("content").map(str::to_owned);
    literal(written.unwrap_or_else(|| reader.text(node)), "@language", &within.language)
}

/// The address in `href` or `src`.
fn link(reader: &Reader<'_>, node: NodeRef<'_>) -> Option<String> {
    node.attr("href").or_else(|| node.attr("src")).map(|written| reader.url(written))
}

fn reference(id: &str) -> Value {
    Map::from_iter([("@id".to_owned(), id.into())]).into()
}

fn literal(text: String, more: &str, what: &str) -> Value {
    let mut value = Map::new();
    if !what.is_empty() {
        value.insert(more.to_owned(), what.into());
    }
    value.insert("@value".to_owned(), text.into());
    value.into()
}

fn size(value: &Value) -> usize {
    let parts = value.as_object().into_iter().flat_map(Map::values);
    parts.filter_map(Value::as_str).map(str::len).sum::<usize>() + 1
}

/// What is said of each node.
#[derive(Default)]
struct Graph {
    nodes: Nodes,
    /// Everything said so far: saying it twice says no more.
    known: HashSet<String>,
    names: usize,
    statements: usize,
}

impl Graph {
    /// A name for a thing that has none on the page.
    fn nameless(&mut self) -> String {
        self.names += 1;
        format!("_:b{}", self.names - 1)
    }

    fn add(&mut self, subject: &str, property: &str, value: Value) {
        let is_full = self.statements >= MAX_STATEMENTS;
        if is_full || !self.known.insert(format!("{subject}\n{property}\n{value}")) {
            return;
        }
        let node = self.nodes.get(subject);
        if let Value::Array(values) = node.entry(property).or_insert_with(|| Value::Array(Vec::new())) {
            self.statements += 1;
            values.push(value);
        }
    }
}

#[derive(Default)]
struct Nodes {
    places: HashMap<String, usize>,
    nodes: Vec<Map<String, Value>>,
}

impl Nodes {
    fn get(&mut self, id: &str) -> &mut Map<String, Value> {
        let place = match self.places.get(id) {
            Some(&place) => place,
            None => {
                self.places.insert(id.to_owned(), self.nodes.len());
                self.nodes.push(Map::from_iter([("@id".to_owned(), id.into())]));
                self.nodes.len() - 1
            }
        };
        &mut self.nodes[place]
    }

    fn into_values_in_order(self) -> Vec<Value> {
        self.nodes.into_iter().map(Value::Object).collect()
    }
}

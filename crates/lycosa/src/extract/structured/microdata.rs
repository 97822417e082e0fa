//! Microdata (HTML standard, 5: items, their types, identifiers and properties, `itemref` included).
//!
//! An item is `{"type": [...], "id": "...", "properties": {name: [values]}}`, as the standard's conversion to JSON
//! has it (5.4). It goes beyond the standard where schema.org and other readers do: a `content` attribute is the
//! value of any element that has no better one, text is what a reader sees, with the white space collapsed, and an
//! `<input>` for an action says what it takes.

use std::collections::{HashMap, HashSet};

use lycosa_dom::{NodeId, NodeRef};
use serde_json::{Map, Value};

use super::reader::Reader;

const FORMAT: &str = "microdata";
/// Levels of items in items. Each is three levels of JSON, and most readers of JSON end at 128.
const MAX_DEPTH: usize = 40;
/// What an item costs at least: it is about as long when it is written.
const ITEM: usize = 32;

/// The items that are no properties of others, in document order. Items that claim to be properties though nothing has
/// them are taken too; the standard leaves them out.
pub(super) fn read(reader: &mut Reader<'_>) -> Vec<Value> {
    let scopes = scopes(reader);
    let has_references = scopes.iter().any(|scope| scope.attr("itemref").is_some());
    let ids = if has_references { ids(reader.document().nodes()) } else { HashMap::new() };
    let (path, seen, noted) = (Vec::new(), HashSet::new(), HashSet::new());
    let mut collector = Collector { reader, ids, path, seen, noted };
    let mut items = Vec::new();
    let (parts, whole): (Vec<_>, Vec<_>) =
        scopes.into_iter().partition(|scope| scope.attr("itemprop").is_some());
    for scope in whole.into_iter().chain(parts) {
        if collector.reader.is_spent() {
            break;
        }
        if scope.attr("itemprop").is_some() {
            if collector.seen.contains(&scope) {
                continue;
            }
            collector.note("an item is a property of nothing");
        }
        items.push((scope.id(), collector.item(scope)));
    }
    items.sort_by_key(|(id, _)| *id);
    items.into_iter().map(|(_, item)| item).collect()
}

/// All elements that are items, in document order; contents of templates do not count.
fn scopes<'d>(reader: &Reader<'d>) -> Vec<NodeRef<'d>> {
    let mut next = 0;
    let mut scopes = Vec::new();
    for node in reader.document().nodes().filter(|node| node.is_element()) {
        if node.id().number() < next {
            continue;
        }
        if is_template(node) {
            next = node.subtree_end().number();
        } else if node.attr("itemscope").is_some() {
            scopes.push(node);
        }
    }
    scopes
}

/// The first element of each identifier.
fn ids<'d>(nodes: impl Iterator<Item = NodeRef<'d>>) -> HashMap<&'d str, NodeRef<'d>> {
    let mut ids = HashMap::new();
    for node in nodes.filter(|node| node.is_element()) {
        if let Some(id) = node.attr("id") {
            ids.entry(id).or_insert(node);
        }
    }
    ids
}

fn is_template(node: NodeRef<'_>) -> bool {
    node.is_element() && node.name() == "template"
}

struct Collector<'r, 'd> {
    reader: &'r mut Reader<'d>,
    ids: HashMap<&'d str, NodeRef<'d>>,
    /// The items that the current one lies in.
    path: Vec<NodeRef<'d>>,
    /// Every item that was read.
    seen: HashSet<NodeRef<'d>>,
    noted: HashSet<&'static str>,
}

impl<'d> Collector<'_, 'd> {
    fn note(&mut self, what: &'static str) {
        if self.noted.insert(what) {
            self.reader.note(FORMAT, what);
        }
    }

    fn item(&mut self, node: NodeRef<'d>) -> Value {
        self.seen.insert(node);
        let mut item = Map::new();
        let types = words(node.attr("itemtype"));
        if !types.is_empty() {
            item.insert("type".to_owned(), types.into());
            if let Some(id) = node.attr("itemid") {
                item.insert("id".to_owned(), self.reader.url(id).into());
            }
        }
        let mut properties: Map<String, Value> = Map::new();
        if self.path.len() >= MAX_DEPTH {
            self.note("properties were left out, because items nest too deep");
        } else {
            self.path.push(node);
            for property in self.properties(node) {
                let names = property.attr("itemprop");
                if !self.reader.pay(names.map_or(0, str::len)) {
                    break;
                }
                let value = self.value(property);
                let mut names = words(names);
                let last = names.pop();
                for name in names {
                    if self.reader.pay(weight(&value)) {
                        add(&mut properties, name, value.clone());
                    }
                }
                if let Some(name) = last {
                    add(&mut properties, name, value);
                }
            }
            self.path.pop();
        }
        item.insert("properties".to_owned(), Value::Object(properties));
        Value::Object(item)
    }

    /// The elements that are properties of an item, in document order (HTML standard, 5.2.5).
    fn properties(&mut self, root: NodeRef<'d>) -> Vec<NodeRef<'d>> {
        let mut found = Vec::new();
        self.gather(root, &mut found);
        let references = words(root.attr("itemref"));
        for reference in &references {
            let Some(&element) = self.ids.get(reference.as_str()) else { continue };
            if element == root {
                self.note("an itemref leads to its own item");
                continue;
            }
            if element.attr("itemprop").is_some() {
                found.push(element);
            }
            if element.attr("itemscope").is_none() {
                self.gather(element, &mut found);
            }
        }
        if !references.is_empty() {
            // An element that lies in the item and is referred to as well counts once; the item itself, never.
            found.sort_by_key(|node| node.id());
            found.dedup();
            found.retain(|node| *node != root);
        }
        found
    }

    /// The properties in an element, without those in items and templates in it.
    fn gather(&mut self, root: NodeRef<'d>, found: &mut Vec<NodeRef<'d>>) {
        let std::ops::Range { start, end } = root.range();
        let mut next = start + 1;
        while next < end && self.reader.pay(1) {
            let Some(node) = self.reader.document().node(NodeId::new(next)) else { return };
            next += 1;
            if !node.is_element() {
                continue;
            }
            if is_template(node) {
                next = node.subtree_end().number();
                continue;
            }
            if node.attr("itemprop").is_some() {
                found.push(node);
            }
            if node.attr("itemscope").is_some() {
                next = node.subtree_end().number();
            }
        }
    }

    /// The value of a property (HTML standard, 5.2.4).
    fn value(&mut self, node: NodeRef<'d>) -> Value {
        if node.attr("itemscope").is_some() {
            if self.path.contains(&node) {
                // The standard's own word for an item that is a part of itself.
                self.note("an item is a part of itself");
                return "ERROR".into();
            }
            let length = |name: &str| node.attr(name).map_or(0, str::len);
            let cost = ITEM + length("itemtype") + length("itemref");
            return if self.reader.pay(cost) { self.item(node) } else { Value::Null };
        }
        let written = match node.name() {
            "audio" | "embed" | "iframe" | "img" | "source" | "track" | "video" => Written::Address("src"),
            "a" | "area" | "link" => Written::Address("href"),
            "object" => Written::Address("data"),
            "meta" => Written::Text("content"),
            "data" | "meter" => Written::Text("value"),
            "time" if node.attr("datetime").is_some() => Written::Text("datetime"),
            "input" if node.attr("itemprop").is_some_and(is_action) => return action(node),
            _ if node.attr("content").is_some_and(|content| !content.is_empty()) => Written::Text("content"),
            _ => return self.reader.text(node).into(),
        };
        match written {
            // An image that a script loads late says its address in `content`.
            Written::Address(name) => {
                let reference = node.attr(name).or_else(|| node.attr("content")).unwrap_or_default();
                if reference.is_empty() { String::new() } else { self.reader.url(reference) }
            }
            Written::Text(name) => {
                let text = node.attr(name).unwrap_or_default();
                if self.reader.pay(text.len()) { text.to_owned() } else { String::new() }
            }
        }
        .into()
    }
}

/// Where an element says its value: in an attribute with an address, or in one with text.
enum Written {
    Address(&'static str),
    Text(&'static str),
}

fn add(properties: &mut Map<String, Value>, name: String, value: Value) {
    if let Value::Array(values) = properties.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
        values.push(value);
    }
}

/// The different words of a list.
fn words(list: Option<&str>) -> Vec<String> {
    let mut seen = HashSet::new();
    let words = list.unwrap_or_default().split_ascii_whitespace();
    words.filter(|word| seen.insert(*word)).map(str::to_owned).collect()
}

/// What a copy of a value costs.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => 1 + text.len(),
        Value::Array(values) => 1 + values.iter().map(weight).sum::<usize>(),
        Value::Object(members) => {
            1 + members.iter().map(|(name, value)| name.len() + weight(value)).sum::<usize>()
        }
        _ => 1,
    }
}

/// Whether a property asks for what an action takes or gives (schema.org, "Potential Actions", 4).
fn is_action(names: &str) -> bool {
    names.split_ascii_whitespace().any(|name| name.ends_with("-input") || name.ends_with("-output"))
}

/// What an `<input>` says as a `PropertyValueSpecification` of schema.org.
fn action(input: NodeRef<'_>) -> Value {
    const FLAGS: [(&str, &str); 3] =
        [("required", "valueRequired"), ("readonly", "readonlyValue"), ("multiple", "multipleValues")];
    const VALUES: [(&str, &str); 8] = [
        ("name", "valueName"),
        ("value", "defaultValue"),
        ("min", "minValue"),
        ("max", "maxValue"),
        ("step", "stepValue"),
        ("pattern", "valuePattern"),
        ("minlength", "valueMinLength"),
        ("maxlength", "valueMaxLength"),
    ];
    let flags = FLAGS.into_iter().filter(|(attribute, _)| input.attr(attribute).is_some());
    let flags = flags.map(|(_, name)| (name.to_owned(), Value::Bool(true)));
    let values = VALUES.into_iter().filter_map(|(attribute, name)| {
        input.attr(attribute).map(|value| (name.to_owned(), Value::from(value)))
    });
    flags.chain(values).collect::<Map<_, _>>().into()
}

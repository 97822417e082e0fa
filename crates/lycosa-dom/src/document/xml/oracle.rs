//! The tree of an XML document against libxml2's (by way of lxml), over the corpus. Skipped where lxml is not
//! installed.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::{Document, Namespace, NodeKind, NodeRef, ParseOptions, corpus, decode};

/// What libxml2 makes of each text; `None` without lxml.
fn expected(texts: &[String]) -> Option<Vec<Value>> {
    let probe = Command::new("/usr/bin/python3").args(["-c", "import lxml.etree"]).output();
    if !probe.is_ok_and(|output| output.status.success()) {
        println!("skipped: python3-lxml is not installed");
        return None;
    }
    let mut child = Command::new("/usr/bin/python3")
        .args(["-c", include_str!("oracle.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines: Vec<String> = texts.iter().map(|text| Value::from(text.as_str()).to_string()).collect();
    let writer = std::thread::spawn(move || lines.iter().for_each(|line| writeln!(input, "{line}").unwrap()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "the oracle failed");
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn element(node: NodeRef<'_>) -> Value {
    let is_declaration = |namespace| namespace == Namespace::Xmlns;
    let mut attributes: Vec<_> = node
        .attrs()
        .filter(|attribute| !is_declaration(attribute.namespace()))
        .map(|attribute| json!([attribute.namespace_uri(), attribute.name(), attribute.value()]))
        .collect();
    attributes.sort_by_key(Value::to_string);
    let scope = node.in_scope_namespaces().into_iter().filter(|(prefix, _)| *prefix != "xml");
    let scope: Vec<_> = scope.map(|(prefix, uri)| json!([prefix, uri])).collect();
    json!(["element", node.prefix(), node.namespace_uri(), node.name(), attributes, scope])
}

/// The tree below and with the root element, as the oracle writes it.
fn tree(document: &Document) -> Value {
    let mut out = Vec::new();
    let mut open: Vec<NodeRef<'_>> = Vec::new();
    let root = document.root_element().unwrap();
    for node in std::iter::once(root).chain(root.descendants()) {
        while open.last().is_some_and(|open| !open.contains(node)) {
            open.pop();
            out.push(json!(["end"]));
        }
        match node.kind() {
            NodeKind::Element => {
                out.push(element(node));
                open.push(node);
            }
            NodeKind::Text => out.push(json!(["text", node.text()])),
            NodeKind::Comment => out.push(json!(["comment", node.data()])),
            NodeKind::ProcessingInstruction => out.push(json!(["pi", node.name(), node.data()])),
            kind => panic!("{kind:?} in an element"),
        }
    }
    out.extend(open.iter().map(|_| json!(["end"])));
    Value::Array(out)
}

fn sorted_attributes(mut tree: Value) -> Value {
    for node in tree.as_array_mut().unwrap() {
        if let Some(attributes) = node.get_mut(4).and_then(Value::as_array_mut) {
            attributes.sort_by_key(Value::to_string);
        }
    }
    tree
}

/// Names and texts of the corpus documents.
fn documents() -> Vec<(String, String)> {
    let mut documents = Vec::new();
    for folder in ["feeds-encoding", "sitemaps"] {
        for name in corpus::list(folder, ".xml") {
            let text = decode(&corpus::read(&name).unwrap(), None, None).text.into_owned();
            documents.push((name, text));
        }
    }
    let field = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    for row in corpus::rows("xpath/wpt-domxpath.jsonl.zst").unwrap_or_default() {
        documents.push((row["id"].to_string(), field(&row, "document")));
    }
    for row in corpus::rows("xpath/jaxen-documents.jsonl.zst").unwrap_or_default() {
        documents.push((field(&row, "document"), field(&row, "xml")));
    }
    if let Some(bytes) = corpus::read("css/w3c-content.xhtml") {
        documents.push(("w3c-content.xhtml".to_owned(), String::from_utf8(bytes).unwrap()));
    }
    documents.dedup_by(|one, other| one.1 == other.1);
    documents
}

#[test]
fn corpus_documents_give_the_tree_of_libxml2() {
    let documents = documents();
    let texts: Vec<_> = documents.iter().map(|(_, text)| text.clone()).collect();
    let Some(expected) = expected(&texts) else { return };
    assert_eq!(expected.len(), documents.len());
    let (mut same, mut ill_formed, mut differences) = (0, 0, Vec::new());
    for ((name, text), expected) in documents.iter().zip(expected) {
        let document = Document::parse_xml(text, ParseOptions::default());
        if let Some(error) = expected.as_str() {
            ill_formed += 1;
            if document.is_well_formed_xml() {
                differences.push(format!("{name}: only libxml2 finds it ill-formed: {error}"));
            }
            continue;
        }
        if !document.is_well_formed_xml() {
            differences.push(format!("{name}: {:?}", document.xml_problems()));
        } else if sorted_attributes(expected.clone()) != tree(&document) {
            let (ours, theirs) = (tree(&document), sorted_attributes(expected));
            let (ours, theirs) = (ours.as_array().unwrap(), theirs.as_array().unwrap());
            let first = ours.iter().zip(theirs).find(|(ours, theirs)| ours != theirs);
            differences.push(format!("{name}: {first:?}"));
        } else {
            same += 1;
        }
    }
    println!("{same} trees are the same, {ill_formed} documents are ill-formed to both");
    assert!(
        differences.is_empty(),
        "{} differ:\n{}",
        differences.len(),
        differences[..differences.len().min(12)].join("\n")
    );
}

//! XML documents: what comes out of well-formed ones, and of the others.
use crate::{Document, ParseOptions};

fn parse(text: &str) -> Document {
    Document::parse_xml(text, ParseOptions::default())
}

#[test]
fn smoke() {
    let d = parse(
        "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY e '<b>x</b>'>]><a xmlns:p='urn:p' p:z='1'>1&e;2<p:c/></a>",
    );
    assert_eq!(d.xml_problems(), []);
    assert_eq!(d.root().text(), "1x2");
}

//! Generated expressions on generated documents: the engine must give what the plain evaluator gives, down to the
//! order of the nodes and the bits of the numbers. Everything is drawn from a tape of bytes, of which zeros are the
//! simplest choices, so that failures shrink to small ones.

use proptest::prelude::*;

use super::naive::{At, Naive, Plain};
use crate::{
    Document, ParseOptions, XPath, XPathEnvironment, XPathItem, XPathNodes, XPathValue,
    xpath::{evaluate::nodes::Key, parser::parse},
};

/// Choices from a tape; zeros when it has run out.
pub(super) struct Tape<'t>(std::slice::Iter<'t, u8>);

impl<'t> Tape<'t> {
    pub(super) fn new(bytes: &'t [u8]) -> Self {
        Self(bytes.iter())
    }

    fn below(&mut self, count: usize) -> usize {
        self.0.next().map_or(0, |&byte| byte as usize % count)
    }

    fn pick<'c>(&mut self, choices: &[&'c str]) -> &'c str {
        choices[self.below(choices.len())]
    }

    fn is_over(&self) -> bool {
        self.0.len() == 0
    }
}

/// A page of a few dozen nodes.
pub(super) fn page(tape: &mut Tape<'_>) -> String {
    let mut html = String::from("<!doctype html><body>");
    let mut open: Vec<&str> = Vec::new();
    while !tape.is_over() && html.len() < 1500 {
        match tape.below(8) {
            0..=2 => {
                let name = tape.pick(&["div", "b", "i", "ul", "li", "svg", "section"]);
                html.push('<');
                html.push_str(name);
                for _ in 0..tape.below(3) {
                    let attribute = tape.pick(&["id", "class", "href", "title", "lang"]);
                    let value = tape.pick(&["x", "y", "x y", " y  x ", "12", "-3.5", "", "xy"]);
                    html.push_str(&format!(" {attribute}='{value}'"));
                }
                html.push('>');
                open.push(name);
            }
            3 | 4 => {
                if let Some(name) = open.pop() {
                    html.push_str(&format!("</{name}>"));
                }
            }
            5 | 6 => html.push_str(tape.pick(&["x", " y ", "12", "x\n y", "  ", "7.5", "xyx", "aa"])),
            _ => html.push_str(tape.pick(&["<!--x-->", "<!--12-->", "<br>", "<img title=x>"])),
        }
    }
    html
}

/// An XML document of a few dozen nodes, with namespaces.
fn xml_page(tape: &mut Tape<'_>) -> String {
    let mut xml = String::from("<html:b xmlns:html='http://www.w3.org/1999/xhtml' xmlns:svg='urn:else'>");
    let mut open: Vec<&str> = vec!["html:b"];
    while !tape.is_over() && xml.len() < 1500 {
        match tape.below(8) {
            0..=2 => {
                let name = tape.pick(&["b", "html:b", "li", "svg:i", "i", "DIV"]);
                xml.push('<');
                xml.push_str(name);
                let attributes =
                    ["id='x'", "class='x y'", "xml:lang='en'", "xmlns='urn:d'", "xmlns=''", "svg:id='y'"];
                let from = tape.below(attributes.len());
                for attribute in &attributes[from..(from + tape.below(3)).min(attributes.len())] {
                    if !(*attribute == "xmlns=''" && xml.ends_with("xmlns='urn:d'")) {
                        xml.push(' ');
                        xml.push_str(attribute);
                    }
                }
                xml.push_str(tape.pick(&[">", " xmlns:svg='http://www.w3.org/2000/svg'>"]));
                open.push(name);
            }
            3 | 4 if open.len() > 1 => {
                let name = open.pop().unwrap_or_default();
                xml.push_str(&format!("</{name}>"));
            }
            5 | 6 => xml.push_str(tape.pick(&["x", " y ", "12", "aa"])),
            _ => xml.push_str(tape.pick(&["<!--x-->", "<?x y?>", "<![CDATA[x]]>"])),
        }
    }
    while let Some(name) = open.pop() {
        xml.push_str(&format!("</{name}>"));
    }
    xml
}

/// An expression of any type.
pub(super) fn expression(tape: &mut Tape<'_>, depth: usize) -> String {
    match tape.below(6) {
        0 | 1 => path(tape, depth),
        2 => boolean(tape, depth),
        3 => number(tape, depth),
        4 => text(tape, depth),
        _ => node_set(tape, depth),
    }
}

fn node_set(tape: &mut Tape<'_>, depth: usize) -> String {
    if depth == 0 {
        return path(tape, 0);
    }
    match tape.below(5) {
        0 => format!("{} | {}", path(tape, depth - 1), path(tape, depth - 1)),
        1 => format!("({})[{}]", node_set(tape, depth - 1), predicate(tape, depth - 1)),
        2 => format!("({})/{}", node_set(tape, depth - 1), relative(tape, depth - 1)),
        3 => format!("({})//{}", node_set(tape, depth - 1), relative(tape, depth - 1)),
        _ => path(tape, depth),
    }
}

fn path(tape: &mut Tape<'_>, depth: usize) -> String {
    let start = tape.pick(&["//", "", "/", ".//"]);
    if start == "/" && tape.below(8) == 7 {
        // Bare, it would take an `and` after it for a name.
        return "(/)".to_owned();
    }
    format!("{start}{}", relative(tape, depth))
}

fn relative(tape: &mut Tape<'_>, depth: usize) -> String {
    let mut path = step(tape, depth);
    for _ in 0..tape.below(3) {
        path.push_str(tape.pick(&["/", "//"]));
        path.push_str(&step(tape, depth));
    }
    path
}

fn step(tape: &mut Tape<'_>, depth: usize) -> String {
    let axis = match tape.below(6) {
        0 | 1 => "",
        2 => "@",
        3 => return tape.pick(&[".", ".."]).to_owned(),
        _ => tape.pick(&[
            "child::",
            "descendant::",
            "descendant-or-self::",
            "parent::",
            "ancestor::",
            "ancestor-or-self::",
            "following-sibling::",
            "preceding-sibling::",
            "following::",
            "preceding::",
            "self::",
            "attribute::",
            "namespace::",
        ]),
    };
    let tests: &[&str] = if matches!(axis, "@" | "attribute::" | "namespace::") {
        &["id", "class", "*", "href", "node()", "CLASS", "title", "svg:id", "xml:*", "svg", "text()"]
    } else {
        &[
            "b",
            "*",
            "li",
            "node()",
            "text()",
            "div",
            "DIV",
            "i",
            "ul",
            "comment()",
            "svg",
            "html:b",
            "svg:*",
            "nosuch",
            "processing-instruction()",
            "processing-instruction('x')",
        ]
    };
    let mut step = format!("{axis}{}", tape.pick(tests));
    for _ in 0..[0, 1, 0, 2][tape.below(4)] {
        step.push_str(&format!("[{}]", predicate(tape, depth)));
    }
    step
}

fn predicate(tape: &mut Tape<'_>, depth: usize) -> String {
    if depth == 0 {
        return tape
            .pick(&[
                "1",
                "@class",
                "last()",
                "2",
                "position()=last()",
                "@id='x'",
                "position()<=2",
                "b",
                "text()",
            ])
            .to_owned();
    }
    match tape.below(8) {
        0 => tape
            .pick(&["1", "2", "last()", "last()-1", "0", "1.5", "position()<3", "position() > 1"])
            .to_owned(),
        1 => tape
            .pick(&[
                "position() mod 2 = 0",
                "position()=last()",
                "2>position()",
                "not(position()=1)",
                "last()>2",
            ])
            .to_owned(),
        2 => relative(tape, depth - 1),
        3 => format!("not({})", boolean(tape, depth - 1)),
        4 => tape.pick(ATTRIBUTE_CONDITIONS).to_owned(),
        5 => number(tape, depth - 1),
        _ => boolean(tape, depth - 1),
    }
}

/// The shapes that have a shorter way, and their neighbours that have not.
const ATTRIBUTE_CONDITIONS: &[&str] = &[
    "@class='x'",
    "@id!='x'",
    "'x y'=@class",
    "contains(@class,'x')",
    "contains(@class,'')",
    "starts-with(@class,'x')",
    "starts-with(@nosuch,'')",
    "contains(concat(' ',normalize-space(@class),' '),' x ')",
    "contains(concat(' ',@class,' '),' x ')",
    "contains(concat(' ',@class,' '),' x y ')",
    "has-class('x')",
    "has-class('x','y')",
    "@id='x' or @id='y'",
    "@id='x' and @class",
    "@id and @class='y'",
    "contains(.,'x')",
    "contains(.,'x y')",
    "contains(string(),'aa')",
    "normalize-space()='x y'",
    "normalize-space(@class)='y x'",
    "normalize-space(.)=' x'",
    "normalize-space()",
    "not(normalize-space())",
    "normalize-space(@class)",
    "normalize-space()!='x'",
    "@class='x' or @class='y'",
    "@class and not(@class='x')",
    "contains(@class,'x') and not(contains(@class,'y'))",
    "not(@class='x')",
    "@class=@id",
    "preceding-sibling::b",
    "following-sibling::*[1][self::b]",
    "@CLASS",
    ".=//@title",
    "not(preceding-sibling::li)",
];

fn boolean(tape: &mut Tape<'_>, depth: usize) -> String {
    if depth == 0 {
        return tape
            .pick(&["true()", "false()", "@class", "b='x'", "text()='x'", "//nosuch", "//b"])
            .to_owned();
    }
    match tape.below(7) {
        0 => tape.pick(ATTRIBUTE_CONDITIONS).to_owned(),
        1 => {
            let operator = tape.pick(&["=", "!=", "<", "<=", ">", ">="]);
            format!("{} {operator} {}", operand(tape, depth - 1), operand(tape, depth - 1))
        }
        2 => format!("{} and {}", boolean(tape, depth - 1), boolean(tape, depth - 1)),
        3 => format!("{} or {}", boolean(tape, depth - 1), boolean(tape, depth - 1)),
        4 => format!("not({})", boolean(tape, depth - 1)),
        5 => format!("boolean({})", expression(tape, depth - 1)),
        _ => format!("contains({}, {})", text(tape, depth - 1), text(tape, depth - 1)),
    }
}

fn operand(tape: &mut Tape<'_>, depth: usize) -> String {
    match tape.below(4) {
        0 => path(tape, depth),
        1 => text(tape, depth),
        2 => number(tape, depth),
        _ => format!("({})", boolean(tape, depth)),
    }
}

fn number(tape: &mut Tape<'_>, depth: usize) -> String {
    if depth == 0 {
        return tape
            .pick(&["1", "2", "12", "0", "-3.5", "position()", "last()", "count(*)", "count(//b)"])
            .to_owned();
    }
    match tape.below(6) {
        0 => format!("count({})", path(tape, depth - 1)),
        1 => format!("sum({})", path(tape, depth - 1)),
        2 => {
            let operator = tape.pick(&["+", "-", "*", "div", "mod"]);
            format!("{} {operator} {}", number(tape, depth - 1), number(tape, depth - 1))
        }
        3 => format!("-({})", number(tape, depth - 1)),
        4 => format!("string-length({})", text(tape, depth - 1)),
        _ => format!("{}({})", tape.pick(&["number", "floor", "ceiling"]), operand(tape, depth - 1)),
    }
}

fn text(tape: &mut Tape<'_>, depth: usize) -> String {
    if depth == 0 {
        return tape.pick(&["'x'", "''", "'12'", "'x y'", "name()", "string()", "local-name(*)"]).to_owned();
    }
    match tape.below(7) {
        0 => format!("string({})", operand(tape, depth - 1)),
        1 => format!("concat({}, {})", text(tape, depth - 1), operand(tape, depth - 1)),
        2 => format!("normalize-space({})", text(tape, depth - 1)),
        3 => format!("substring-after({}, {})", text(tape, depth - 1), text(tape, depth - 1)),
        4 => format!("substring-before({}, {})", text(tape, depth - 1), text(tape, depth - 1)),
        5 => format!("name({})", path(tape, depth - 1)),
        _ => path(tape, depth - 1),
    }
}

pub(super) fn keys(nodes: &XPathNodes<'_>) -> Vec<Key> {
    nodes.iter().map(XPathItem::key).collect()
}

fn agree(source: &str, document: &Document, context: XPathItem<'_>) -> Result<(), TestCaseError> {
    let part = parse(source, 100).unwrap_or_else(|fault| panic!("{source}: {fault:?}"));
    let plain = Naive(document).value(&part, At { node: context.key(), position: 1, size: 1 });
    let xpath = XPath::compile(source).unwrap_or_else(|error| panic!("{}", error.rendering()));
    let value = xpath.evaluate_with(context, &XPathEnvironment::default());
    let value = value.unwrap_or_else(|error| panic!("{}", error.rendering()));
    let is_same = match (&value, &plain) {
        (XPathValue::Nodes(nodes), Plain::Nodes(plain)) => {
            nodes.len() == plain.len() && keys(nodes).iter().eq(plain.iter())
        }
        (XPathValue::Number(number), Plain::Number(plain)) => {
            number == plain || (number.is_nan() && plain.is_nan())
        }
        (XPathValue::String(text), Plain::Text(plain)) => text == plain,
        (XPathValue::Boolean(truth), Plain::Boolean(plain)) => truth == plain,
        _ => false,
    };
    let html = document.root().html();
    prop_assert!(is_same, "{source}\nfrom {context:?} in {html}\nplan: {value:?}\nplain: {plain:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_plan_gives_what_the_plain_evaluator_gives(
        page_tape in prop::collection::vec(any::<u8>(), 0..320),
        tapes in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..8),
        context in any::<prop::sample::Index>(),
        is_xml in any::<bool>(),
    ) {
        let document = if is_xml {
            Document::parse_xml(&xml_page(&mut Tape::new(&page_tape)), ParseOptions::default())
        } else {
            Document::parse_html(&page(&mut Tape::new(&page_tape)), ParseOptions::default())
        };
        let everything = XPath::compile("//. | //@* | //namespace::*").unwrap();
        let everything = everything.evaluate(document.root()).unwrap();
        let contexts: Vec<XPathItem<'_>> = everything.nodes().unwrap().iter().collect();
        for tape in &tapes {
            let source = expression(&mut Tape::new(tape), 3);
            agree(&source, &document, contexts[0])?;
            agree(&source, &document, *context.get(&contexts))?;
        }
    }
}

/// `XPATH_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("XPATH_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(256)
}

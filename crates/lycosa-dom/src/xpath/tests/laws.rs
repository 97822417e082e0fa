//! Laws: the five axes partition a document, unions count each node once, node-sets are sorted.

use proptest::prelude::*;

use super::generate::{Tape, expression, keys, page};
use crate::{Document, ParseOptions, XPath, XPathValue};

fn nodes(document: &Document, source: &str) -> Vec<(u32, u32)> {
    let value = XPath::compile(source).unwrap().evaluate(document.root()).unwrap();
    value.nodes().unwrap().iter().map(crate::XPathItem::order).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn axes_partition_the_document(tape in prop::collection::vec(any::<u8>(), 0..200)) {
        let document = Document::parse_html(&page(&mut Tape::new(&tape)), ParseOptions::default());
        let all = nodes(&document, "/descendant-or-self::node()");
        for node in document.nodes().filter(|node| node.kind() != crate::NodeKind::Doctype) {
            let mut found = Vec::new();
            for axis in ["self", "ancestor", "descendant", "preceding", "following"] {
                let value = XPath::compile(&format!("{axis}::node()")).unwrap().evaluate(node).unwrap();
                found.extend(value.nodes().unwrap().iter().map(crate::XPathItem::order));
            }
            found.sort_unstable();
            prop_assert_eq!(&found, &all);
        }
    }

    #[test]
    fn unions_count_each_node_once(
        tape in prop::collection::vec(any::<u8>(), 0..200),
        one in prop::collection::vec(any::<u8>(), 0..40),
        other in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let document = Document::parse_html(&page(&mut Tape::new(&tape)), ParseOptions::default());
        let evaluate = |source: &str| XPath::compile(source).unwrap().evaluate(document.root()).unwrap();
        let (one, other) = (expression(&mut Tape::new(&one), 2), expression(&mut Tape::new(&other), 2));
        let (XPathValue::Nodes(left), XPathValue::Nodes(right)) = (evaluate(&one), evaluate(&other)) else {
            return Ok(());
        };
        let both = evaluate(&format!("({one}) | ({other})"));
        let both = keys(both.nodes().unwrap());
        prop_assert!(both.windows(2).all(|pair| pair[0] < pair[1]));
        let common = evaluate(&format!("count(set:intersection({one}, {other}))")).to_number();
        let alone = evaluate(&format!("count(set:difference({one}, {other}))")).to_number();
        prop_assert_eq!(both.len() as f64, left.len() as f64 + right.len() as f64 - common);
        prop_assert_eq!(alone, left.len() as f64 - common);
        let turned = evaluate(&format!("({other}) | ({one})"));
        prop_assert_eq!(keys(turned.nodes().unwrap()), both);
    }
}

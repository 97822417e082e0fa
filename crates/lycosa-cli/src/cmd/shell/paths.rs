//! Paths of nodes as a person would write them: `/html/body/p[2]/@class`. Brothers are counted once for each parent, so
//! that a million of them cost a million steps.

use std::collections::HashMap;

use lycosa_dom::{NodeKind, NodeRef, XPathItem};

/// Characters of a path that are shown; of longer ones the end.
const WIDTH: usize = 120;

/// The places of nodes among their like, as far as they were asked for.
#[derive(Default)]
pub(super) struct Paths {
    /// By the node's number: which of its like it is, from 1; 0 when it has no like.
    places: HashMap<u32, usize>,
}

impl Paths {
    pub(super) fn of(&mut self, item: XPathItem<'_>) -> String {
        if let Some(attribute) = item.attribute() {
            return format!("{}/@{}", self.of_node(attribute.owner()), attribute.qualified_name());
        }
        match item.node() {
            Some(node) => self.of_node(node),
            None => match item.parent() {
                Some(owner) => format!("{}/namespace::{}", self.of_node(owner), item.name()),
                None => item.name().into_owned(),
            },
        }
    }

    fn of_node(&mut self, node: NodeRef<'_>) -> String {
        let (mut parts, mut length) = (Vec::new(), 0);
        let mut next = Some(node);
        while let Some(node) = next {
            let Some(parent) = node.parent() else { break };
            let part = self.part(node, parent);
            length += part.chars().count() + 1;
            if length > WIDTH && !parts.is_empty() {
                parts.push("…".to_owned());
                parts.reverse();
                return parts.join("/");
            }
            parts.push(part);
            next = Some(parent);
        }
        parts.reverse();
        format!("/{}", parts.join("/"))
    }

    fn part(&mut self, node: NodeRef<'_>, parent: NodeRef<'_>) -> String {
        let number = node.id().number();
        if !self.places.contains_key(&number) {
            self.count(parent);
        }
        match self.places.get(&number) {
            None | Some(0) => name(node),
            Some(place) => format!("{}[{place}]", name(node)),
        }
    }

    fn count(&mut self, parent: NodeRef<'_>) {
        let mut seen: HashMap<String, (usize, u32)> = HashMap::new();
        for child in parent.children() {
            let number = child.id().number();
            let (count, first) = seen.entry(name(child)).or_insert((0, number));
            *count += 1;
            if *count == 2 {
                self.places.insert(*first, 1);
            }
            self.places.insert(number, if *count == 1 { 0 } else { *count });
        }
    }
}

fn name(node: NodeRef<'_>) -> String {
    match node.kind() {
        // XPath has no document types; here it may not be taken for an element of its name.
        NodeKind::Doctype => String::new(),
        NodeKind::Text => "text()".to_owned(),
        NodeKind::Comment => "comment()".to_owned(),
        NodeKind::ProcessingInstruction => "processing-instruction()".to_owned(),
        _ => super::shown::short(&node.qualified_name(), WIDTH).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use lycosa_dom::{Document, ParseOptions, XPath, XPathValue};

    use super::*;

    fn paths(page: &str, expression: &str) -> Vec<String> {
        let document = Document::parse_html(page, ParseOptions::default());
        let value = XPath::compile(expression).and_then(|it| it.evaluate(document.root())).expect("a value");
        let XPathValue::Nodes(nodes) = value else { return Vec::new() };
        let mut paths = Paths::default();
        nodes.iter().map(|item| paths.of(item)).collect()
    }

    #[test]
    fn a_path_leads_to_its_node_alone() {
        let page = "<!doctype html><p>a<b>x</b>c<p id=i><!-- c --><b>y</b><ul><li>1<li>2</ul>";
        let found = paths(page, "//li | //p | //p/text() | //@id | //comment() | /");
        assert_eq!(found[0], "/");
        for path in &found[1..] {
            assert_eq!(paths(page, path), [path.as_str()]);
        }
        assert!(
            found.contains(&"/html/body/ul/li[2]".to_owned())
                && found.contains(&"/html/body/p[2]/@id".to_owned())
        );
    }

    #[test]
    fn wide_and_deep_pages_have_short_paths_soon() {
        assert_eq!(paths(&"<i></i>".repeat(30_000), "//i").len(), 30_000);
        let deep = paths(&"<section>".repeat(500), "//section");
        assert!(deep[499].starts_with("…/section/") && deep[499].chars().count() < 140, "{}", deep[499]);
    }
}

//! Running a plan.
pub(super) mod names;
pub(super) mod nodes;

use super::{XPathEnvironment, XPathErrorKind, XPathItem, XPathNodes, XPathValue, error::Fault, plan::*};

pub(super) fn evaluate<'d>(
    plan: &Plan,
    context: XPathItem<'d>,
    _: &XPathEnvironment<'d>,
) -> Result<XPathValue<'d>, Fault> {
    let document = context.document();
    if let Expr::Path(path) = &plan.root
        && let [Step { axis: Axis::Descendant, test: Test::Name(name), predicates, .. }] = &*path.steps
        && predicates.is_empty()
    {
        let matcher = names::Matcher::find(document, &plan.names[name.0]);
        let found =
            document.all_elements().iter().copied().filter(|&node| matcher.has_element(document.name(node)));
        return Ok(XPathValue::Nodes(XPathNodes::new(document, nodes::NodeSet::Tree(found.collect()))));
    }
    Err(Fault::new(XPathErrorKind::Type, 0, "not yet"))
}

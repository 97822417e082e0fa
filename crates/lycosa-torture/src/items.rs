//! Takes the items out of the synthetic site's pages, as a user's extractor would.

use lycosa::model::{Extract, Findings, Item, Page};
use lycosa::{Error, ErrorKind, Result};
use lycosa_dom::{NodeRef, Selector};

/// See the module.
#[derive(Debug)]
pub(crate) struct Items {
    item: Selector,
    name: Selector,
    price: Selector,
}

impl Items {
    pub(crate) fn new() -> Result<Self> {
        let selector = |source| {
            Selector::parse(source)
                .map_err(|cause| Error::new(ErrorKind::Config, "a selector is wrong").with_source(cause))
        };
        Ok(Self { item: selector("div.item")?, name: selector("b.name")?, price: selector("i.price")? })
    }
}

impl Extract for Items {
    fn extract(&self, page: &Page<'_>, findings: &mut Findings) -> Result<()> {
        let Some(document) = page.document else { return Ok(()) };
        for node in document.select(&self.item) {
            let text = |selector| node.select(selector).next().map_or("", NodeRef::text);
            let fields = [
                ("item".to_owned(), node.attr("data-id").unwrap_or_default().into()),
                ("name".to_owned(), text(&self.name).into()),
                ("price".to_owned(), text(&self.price).into()),
            ];
            findings.items.push(Item { kind: "jar".into(), fields: fields.into_iter().collect() });
        }
        Ok(())
    }
}

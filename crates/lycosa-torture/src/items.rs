//! Takes the items out of the synthetic site's pages, as a user's extractor would.

use lycosa::model::{Extract, Findings, Item, Page};
use lycosa::{Error, ErrorKind, Result};
use lycosa_dom::{Document, NodeRef, Selector};

use crate::output::ITEM;
use crate::wide;

/// See the module.
#[derive(Debug)]
pub(crate) struct Items {
    item: Selector,
    name: Selector,
    price: Selector,
    heading: Selector,
    link: Selector,
    /// Whether they are taken from the web of many hosts.
    wide: bool,
}

impl Items {
    pub(crate) fn new(wide: bool) -> Result<Self> {
        let selector = |source| {
            Selector::parse(source)
                .map_err(|cause| Error::new(ErrorKind::Config, "a selector is wrong").with_source(cause))
        };
        Ok(Self {
            item: selector("div.item")?,
            name: selector("b.name")?,
            price: selector("i.price")?,
            heading: selector("h1")?,
            link: selector("ul > li > a")?,
            wide,
        })
    }

    fn wide(&self, document: &Document) -> Vec<Item> {
        let heading = document.select(&self.heading).next().map(|node| node.text());
        let links: Vec<String> = document.select(&self.link).map(|node| node.text().to_string()).collect();
        let links: Vec<&str> = links.iter().map(String::as_str).collect();
        let items = wide::items(heading, &links).into_iter();
        items.map(|(number, name)| item(&number, &name, "")).collect()
    }
}

impl Extract for Items {
    fn extract(&self, page: &Page<'_>, findings: &mut Findings) -> Result<()> {
        let Some(document) = page.document else { return Ok(()) };
        if self.wide {
            findings.items.extend(self.wide(document));
            return Ok(());
        }
        for node in document.select(&self.item) {
            let text = |selector| node.select(selector).next().map_or("", NodeRef::text);
            let number = node.attr("data-id").unwrap_or_default();
            findings.items.push(item(number, text(&self.name), text(&self.price)));
        }
        Ok(())
    }
}

fn item(number: &str, name: &str, price: &str) -> Item {
    let fields = [("item", number), ("name", name), ("price", price)];
    let fields = fields.map(|(field, value)| (field.to_owned(), value.into()));
    Item { kind: ITEM.into(), fields: fields.into_iter().collect() }
}

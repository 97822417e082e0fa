//! Items as Rust types in a crawl: taken out of its pages, looked at before they are committed, read from its stream.

use std::sync::Arc;

use super::{Crawler, StreamedPage};
use crate::extract::item::{Item, ItemExtractor, Misfit};

impl Crawler {
    /// Takes the items of a type out of every page that its rules are for; they go where items go. Records that do not
    /// fit are rejects. Mistakes in the rules are told by [`Crawler::run`].
    #[must_use]
    pub fn items<T: Item + 'static>(mut self) -> Self {
        match ItemExtractor::<T>::new() {
            Ok(extractor) => self.options(|options| options.extractors.push(Arc::new(extractor))),
            Err(error) => {
                self.broken.get_or_insert(error);
                self
            }
        }
    }

    /// For every item of a type about to be committed; `false` drops it. Items that hooks before this one have changed
    /// so that they do not fit the type any more are passed over.
    #[must_use]
    pub fn on_item_of<T: Item>(self, hook: impl Fn(T) -> bool + Send + Sync + 'static) -> Self {
        self.on_item(move |item| {
            *item.kind != *T::NAME || T::from_record(item.fields.clone()).map_or(true, &hook)
        })
    }
}

impl StreamedPage {
    /// The items of a type among those extracted from it, in document order.
    ///
    /// # Errors
    /// Each that does not fit the type, which those of [`Crawler::items`] do unless a hook changed them.
    pub fn items_of<T: Item>(&self) -> impl Iterator<Item = Result<T, Misfit>> {
        let items = self.items().iter().filter(|item| *item.kind == *T::NAME);
        items.map(|item| T::from_record(item.fields.clone()))
    }
}

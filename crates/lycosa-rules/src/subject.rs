//! What rules look at.

use lycosa_dom::Document;
use serde_json::Value;
use url::Url;

use super::Fact;

/// A page as rules see it: a document, and what is known of it beside its content.
pub trait Subject {
    /// The document; none for content that has none.
    fn document(&self) -> Option<&Document>;
    /// The body as text.
    fn text(&self) -> &str;
    /// The type that the server declared.
    fn media_type(&self) -> Option<&str>;
    /// The URL that answered, which `when` is searched in.
    fn url(&self) -> &str;
    /// The label under which it was followed.
    fn label(&self) -> Option<&str>;
    /// A reference in it as an absolute URL; `None` when it cannot be.
    fn resolve(&self, reference: &str) -> Option<Url>;
    /// A fact of it, if it is known.
    fn fact(&self, fact: Fact) -> Option<Value>;
}

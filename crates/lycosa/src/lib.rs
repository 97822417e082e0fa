//! Lycosa, a web crawler engine: polite, resumable, bounded, with output that is written exactly once.
//!
//! The modules stand in the order in which a URL travels through them.

// Layer 0: words.
pub mod basic_auth;
mod domain;
pub mod error;
pub mod host_pattern;
pub mod ledger;
pub mod model;
mod octets;
pub mod telemetry;

// Layer 1: pure stages.
#[cfg(test)]
mod corpus;
pub mod extract;
pub mod politeness;
pub mod profiles;
pub mod proxies;
pub mod revisit;
pub mod scope;
pub mod session;
pub mod sitemap;

// Layer 2: stages that touch the world.
pub mod clock;
pub mod fetch;
pub mod frontier;
pub mod seed;
pub mod sink;

// Layer 3: what wraps a fetch.
pub mod middleware;

// Layer 4: the loop that joins them.
pub mod engine;

// Layer 5: the faces.
pub mod config;
#[cfg(unix)]
pub mod control;
pub mod crawler;

pub use crawler::Crawler;
pub use error::{Error, ErrorKind, Phase, Result};
pub use extract::item::Item;
/// Makes a struct an [`Item`](trait@Item): its attributes are extraction rules, its types say what the values are.
///
/// Attributes, on the struct and on its fields, have the keys that item types and fields have in `lycosa.toml`
/// ([`ItemRule`](extract::rules::ItemRule), [`FieldRule`](extract::rules::FieldRule)), and `name`. `T` is required,
/// `Option<T>` is not, `Vec<T>` takes all values; a struct that derives `Item` is a record in the record.
///
/// ```
/// use lycosa::Item;
/// use lycosa::extract::rules::LonePage;
/// use lycosa_dom::{Document, ParseOptions};
///
/// #[derive(Item)]
/// #[item(for_each = "article", unique_by = "name")]
/// struct Product {
///     #[item(css = "h2")]
///     name: String,
///     #[item(xpath = ".//p[@class='price']", locale = "en")]
///     price: Option<f64>,
/// }
///
/// let html = "<article><h2>Kettle</h2><p class=price>EUR 1,234.50</p></article><article><h2>Pan</h2></article>";
/// let document = Document::parse_html(html, ParseOptions::default());
/// let url = lycosa::url::Url::parse("https://shop.example/").unwrap();
/// let products = Product::extract(&LonePage::new(&document, &url))?.items;
/// assert_eq!((products[0].name.as_str(), products[0].price), ("Kettle", Some(1234.5)));
/// assert_eq!((products[1].name.as_str(), products[1].price), ("Pan", None));
/// # Ok::<(), lycosa::Error>(())
/// ```
///
/// What cannot work is an error of the compiler, at its place and with all others of the struct:
///
/// ```compile_fail
/// #[derive(lycosa::Item)]
/// struct Product {
///     #[item(css = "h2:frist-child")]
///     name: String,
/// }
/// ```
///
/// So are a type that is no value of a rule, a list of records that is unique by a field which they do not have, and
/// records that nest in circles:
///
/// ```compile_fail
/// #[derive(lycosa::Item)]
/// struct Product {
///     #[item(css = "h2")]
///     names: std::collections::HashMap<String, String>,
/// }
/// ```
/// ```compile_fail
/// #[derive(lycosa::Item)]
/// struct Product {
///     #[item(for_each = ".offer", unique_by = "shopp")]
///     offers: Vec<Offer>,
/// }
/// #[derive(lycosa::Item)]
/// struct Offer {
///     #[item(css = ".shop")]
///     shop: String,
/// }
/// ```
/// ```compile_fail
/// #[derive(lycosa::Item)]
/// struct Question {
///     #[item(for_each = ".answer")]
///     answers: Vec<Answer>,
/// }
/// #[derive(lycosa::Item)]
/// struct Answer {
///     #[item(for_each = ".question")]
///     questions: Vec<Question>,
/// }
/// ```
#[cfg(feature = "derive")]
#[doc(inline)]
pub use lycosa_derive::Item;
/// The URL type of this library's signatures.
pub use url;

/// The guide's programs, compiled with the tests.
#[cfg(all(doctest, feature = "derive"))]
#[doc = include_str!("../../../docs/derive.md")]
struct DeriveGuide;

/// The README's programs, compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

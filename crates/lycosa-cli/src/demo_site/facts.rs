//! What a visitor of the demo site must find, written out by hand so that it can contradict the site: every URL but
//! the endless calendar, with status, title and encoding, and the articles of the store. Only `std`, so that tests
//! elsewhere can include this file by its path.

/// One URL of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fact {
    /// Path and query, canonical.
    pub(crate) path: &'static str,
    /// The lasting status.
    pub(crate) status: u16,
    /// What the first visitor gets instead, with `Retry-After: 1`.
    pub(crate) first_status: Option<u16>,
    /// The title of an HTML page; empty for other files.
    pub(crate) title: &'static str,
    /// How the text is encoded; for other files their type.
    pub(crate) charset: Charset,
    /// What leads there.
    pub(crate) reached: Reached,
}

/// An encoding (by its standard name) and where it is declared, or the content type of what is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    Header(&'static str),
    Meta(&'static str),
    Undeclared(&'static str),
    NoPage(&'static str),
}

/// What leads to a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reached {
    /// A link on a page.
    Link,
    /// Only a link marked `nofollow`.
    NoFollow,
    /// Only the redirect of another URL.
    Redirect,
    /// Only a sitemap.
    Sitemap,
    /// A link, but robots.txt denies it.
    Denied,
    /// What a crawler asks for on its own account.
    Protocol,
}

/// One article of the store, as its page shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProductFact {
    pub(crate) path: &'static str,
    pub(crate) sku: &'static str,
    pub(crate) name: &'static str,
    pub(crate) price: &'static str,
    /// 0 is shown as "Sold out".
    pub(crate) stock: u32,
}

/// Every URL of the site but the calendar's.
pub(crate) fn facts() -> &'static [Fact] {
    &FACTS
}

const fn page(path: &'static str, title: &'static str) -> Fact {
    letter(path, title, Charset::Header("UTF-8"))
}

const fn letter(path: &'static str, title: &'static str, charset: Charset) -> Fact {
    Fact { path, status: 200, first_status: None, title, charset, reached: Reached::Link }
}

const fn file(path: &'static str, content_type: &'static str) -> Fact {
    letter(path, "", Charset::NoPage(content_type))
}

#[rustfmt::skip]
const FACTS: [Fact; 86] = [
    page("/", "The Wolf Spider Field Station"),
    page("/about", "About the station"),
    page("/visit", "Visit the station"),
    page("/guide/", "Field guide"),
    page("/guide/lycosa-tarantula", "Tarantula wolf spider (Lycosa tarantula)"),
    page("/guide/hogna-radiata", "Radiated wolf spider (Hogna radiata)"),
    page("/guide/pardosa-amentata", "Spotted wolf spider (Pardosa amentata)"),
    page("/guide/pardosa-lugubris", "Forest-edge wolf spider (Pardosa lugubris)"),
    page("/guide/trochosa-terricola", "Ground wolf spider (Trochosa terricola)"),
    page("/guide/pirata-piraticus", "Pirate wolf spider (Pirata piraticus)"),
    page("/guide/alopecosa-pulverulenta", "Dusty fox spider (Alopecosa pulverulenta)"),
    page("/guide/arctosa-cinerea", "Shingle bear spider (Arctosa cinerea)"),
    page("/guide/xerolycosa-nemoralis", "Clearing wolf spider (Xerolycosa nemoralis)"),
    page("/guide/aulonia-albimana", "White-handed wolf spider (Aulonia albimana)"),
    page("/store/", "Store"),
    page("/store/?page=2", "Store, page 2"),
    page("/store/?page=3", "Store, page 3"),
    page("/store/hand-lens", "Hand lens, ten times — Store"),
    page("/store/night-lamp", "Night-walk lamp — Store"),
    page("/store/red-filter", "Red filter for the lamp — Store"),
    page("/store/pocket-scope", "Pocket microscope — Store"),
    page("/store/burrow-mirror", "Burrow mirror — Store"),
    page("/store/field-notebook", "Field notebook — Store"),
    page("/store/count-sheets", "Count sheets, pad of fifty — Store"),
    page("/store/meadow-map", "Map of the meadow — Store"),
    page("/store/eye-chart", "Eye chart: who is looking? — Store"),
    page("/store/postcards", "Postcards, set of eight — Store"),
    page("/store/wax-pencil", "Wax pencil — Store"),
    page("/store/catch-cup", "Catch cup with slide — Store"),
    page("/store/soft-brush", "Soft brush — Store"),
    page("/store/soil-thermometer", "Soil thermometer — Store"),
    page("/store/rain-gauge", "Rain gauge — Store"),
    page("/store/folding-stool", "Folding stool — Store"),
    page("/store/pace-counter", "Pace counter — Store"),
    page("/store/twig-rim-kit", "Twig rim kit — Store"),
    page("/store/wool-hat", "Wool hat, moss green — Store"),
    page("/store/night-gloves", "Night gloves — Store"),
    page("/store/station-scarf", "Station scarf — Store"),
    page("/store/enamel-mug", "Enamel mug — Store"),
    page("/store/door-stop", "Slate door stop — Store"),
    page("/store/honey", "Hillside honey & thyme — Store"),
    page("/journal/", "Station journal"),
    page("/journal/page/2", "Station journal, page 2"),
    page("/journal/page/3", "Station journal, page 3"),
    page("/journal/2024/first-frost", "First frost"),
    page("/journal/2024/last-walk", "The last walk of the year"),
    page("/journal/2024/goats", "On goats"),
    page("/journal/2024/four-hundred-and-twelve", "Four hundred and twelve"),
    page("/journal/2024/moving-house", "A spider moves house"),
    page("/journal/2024/young-ones", "Riding on the back"),
    page("/journal/2024/drumming", "Drumming in the leaves"),
    page("/journal/2024/river-high", "The river is high"),
    page("/journal/2024/lamp-oil", "New lamps"),
    page("/world/", "Letters from the world"),
    letter("/world/zh-hans", "草地上的狼蛛", Charset::Header("GBK")),
    letter("/world/zh-hant", "山坡上的狼蛛", Charset::Meta("Big5")),
    letter("/world/ja", "夜の草原とコモリグモ", Charset::Header("Shift_JIS")),
    letter("/world/ru", "Пауки-волки нашего луга", Charset::Meta("windows-1251")),
    letter("/world/ru-letter", "Письмо без обратного адреса", Charset::Undeclared("windows-1251")),
    page("/workshop/", "The workshop"),
    Fact { status: 301, ..page("/workshop/old-gate", "Moved") },
    Fact { status: 302, reached: Reached::Redirect, ..page("/workshop/side-gate", "Moved") },
    Fact { status: 308, reached: Reached::Redirect, ..page("/workshop/back-gate", "Moved") },
    Fact { reached: Reached::Redirect, ..page("/workshop/greenhouse", "The greenhouse") },
    page("/workshop/slow", "The slow kettle"),
    Fact { status: 404, ..page("/workshop/lost", "Nothing here") },
    Fact { first_status: Some(429), ..page("/workshop/busy", "The busy counter") },
    Fact { first_status: Some(503), ..page("/workshop/nap", "The porter's nap") },
    page("/workshop/long-shelf", "The long shelf"),
    page("/workshop/pressed", "Pressed flowers"),
    page("/workshop/base", "The room with another floor"),
    page("/workshop/twin", "The twin"),
    page("/workshop/twin?from=workshop", "The twin"),
    page("/workshop/caf%C3%A9", "The café"),
    Fact { reached: Reached::NoFollow, ..page("/workshop/guestbook", "Guest book") },
    Fact { reached: Reached::Sitemap, ..page("/archive/1974", "Report for 1974") },
    Fact { reached: Reached::Sitemap, ..page("/archive/1983", "Report for 1983") },
    Fact { reached: Reached::Sitemap, ..page("/archive/1991", "Report for 1991") },
    Fact { reached: Reached::Denied, ..page("/private/", "Staff notes") },
    Fact { reached: Reached::Denied, ..page("/private/keys", "Where the keys are") },
    file("/img/wolf-spider.svg", "image/svg+xml"),
    file("/files/checklist.pdf", "application/pdf"),
    Fact { reached: Reached::Protocol, ..file("/robots.txt", "text/plain; charset=utf-8") },
    Fact { reached: Reached::Protocol, ..file("/sitemap.xml", "application/xml; charset=utf-8") },
    Fact { reached: Reached::Protocol, ..file("/sitemap-guide.xml", "application/xml; charset=utf-8") },
    Fact { reached: Reached::Protocol, ..file("/sitemap-archive.xml.gz", "application/gzip") },
];

/// Every article of the store, in the order of its list.
#[rustfmt::skip]
pub(crate) const PRODUCTS: [ProductFact; 24] = [
    ProductFact { path: "/store/hand-lens", sku: "WS-101", name: "Hand lens, ten times", price: "18.50 €", stock: 42 },
    ProductFact { path: "/store/night-lamp", sku: "WS-102", name: "Night-walk lamp", price: "39.90 €", stock: 17 },
    ProductFact { path: "/store/red-filter", sku: "WS-103", name: "Red filter for the lamp", price: "4.50 €", stock: 120 },
    ProductFact { path: "/store/pocket-scope", sku: "WS-104", name: "Pocket microscope", price: "56.00 €", stock: 0 },
    ProductFact { path: "/store/burrow-mirror", sku: "WS-105", name: "Burrow mirror", price: "12.75 €", stock: 8 },
    ProductFact { path: "/store/field-notebook", sku: "WS-201", name: "Field notebook", price: "9.90 €", stock: 230 },
    ProductFact { path: "/store/count-sheets", sku: "WS-202", name: "Count sheets, pad of fifty", price: "6.40 €", stock: 75 },
    ProductFact { path: "/store/meadow-map", sku: "WS-203", name: "Map of the meadow", price: "12.00 €", stock: 31 },
    ProductFact { path: "/store/eye-chart", sku: "WS-204", name: "Eye chart: who is looking?", price: "15.00 €", stock: 12 },
    ProductFact { path: "/store/postcards", sku: "WS-205", name: "Postcards, set of eight", price: "7.20 €", stock: 88 },
    ProductFact { path: "/store/wax-pencil", sku: "WS-206", name: "Wax pencil", price: "1.80 €", stock: 400 },
    ProductFact { path: "/store/catch-cup", sku: "WS-301", name: "Catch cup with slide", price: "8.30 €", stock: 64 },
    ProductFact { path: "/store/soft-brush", sku: "WS-302", name: "Soft brush", price: "3.10 €", stock: 150 },
    ProductFact { path: "/store/soil-thermometer", sku: "WS-303", name: "Soil thermometer", price: "19.40 €", stock: 9 },
    ProductFact { path: "/store/rain-gauge", sku: "WS-304", name: "Rain gauge", price: "14.60 €", stock: 22 },
    ProductFact { path: "/store/folding-stool", sku: "WS-305", name: "Folding stool", price: "34.50 €", stock: 5 },
    ProductFact { path: "/store/pace-counter", sku: "WS-306", name: "Pace counter", price: "11.20 €", stock: 33 },
    ProductFact { path: "/store/twig-rim-kit", sku: "WS-307", name: "Twig rim kit", price: "5.60 €", stock: 41 },
    ProductFact { path: "/store/wool-hat", sku: "WS-401", name: "Wool hat, moss green", price: "29.00 €", stock: 14 },
    ProductFact { path: "/store/night-gloves", sku: "WS-402", name: "Night gloves", price: "23.50 €", stock: 0 },
    ProductFact { path: "/store/station-scarf", sku: "WS-403", name: "Station scarf", price: "31.50 €", stock: 19 },
    ProductFact { path: "/store/enamel-mug", sku: "WS-501", name: "Enamel mug", price: "13.80 €", stock: 56 },
    ProductFact { path: "/store/door-stop", sku: "WS-502", name: "Slate door stop", price: "9.90 €", stock: 27 },
    ProductFact { path: "/store/honey", sku: "WS-503", name: "Hillside honey & thyme", price: "8.75 €", stock: 48 },
];

//! What is not a page: robots.txt, the sitemaps, the drawings, the checklist.

use super::super::answer::{Answer, gzip};
use super::super::data::{PRODUCTS, SPECIES};
use super::super::layout::{escape, fill};
use super::super::routes::Site;
use super::archive::REPORTS;
use std::fmt::Write;

const SITEMAP: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";

pub(in super::super) fn answer(site: &Site, path: &str) -> Option<Answer> {
    let base = &site.base_url;
    Some(match path {
        "robots.txt" => Answer::text(&robots(base)),
        "sitemap.xml" => Answer::xml(index(base)),
        "sitemap-guide.xml" => {
            Answer::xml(urls(base, SPECIES.iter().map(|species| ("guide/", species.slug))))
        }
        "sitemap-archive.xml.gz" => {
            let listed = urls(base, REPORTS.iter().map(|(year, _)| ("archive/", *year)));
            Answer::new("application/gzip", gzip(listed.as_bytes()))
        }
        "files/checklist.pdf" => Answer::new("application/pdf", checklist()),
        _ => drawing(path.strip_prefix("img/")?.strip_suffix(".svg")?)?,
    })
}

fn robots(base: &str) -> String {
    format!(
        "# Please walk, do not run.\nUser-agent: *\nCrawl-delay: 0.1\nDisallow: /private/\n\nSitemap: {base}sitemap.xml\n"
    )
}

fn index(base: &str) -> String {
    let mut xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sitemapindex xmlns=\"{SITEMAP}\">\n");
    for child in ["sitemap-guide.xml", "sitemap-archive.xml.gz"] {
        let _ = writeln!(xml, "<sitemap><loc>{base}{child}</loc></sitemap>");
    }
    xml.push_str("</sitemapindex>\n");
    xml
}

fn urls<'a>(base: &str, paths: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"{SITEMAP}\">\n");
    for (branch, slug) in paths {
        let _ = writeln!(xml, "<url><loc>{base}{branch}{slug}</loc><lastmod>2024-11-03</lastmod></url>");
    }
    xml.push_str("</urlset>\n");
    xml
}

/// The spider, in a colour of its own for each article of the store.
fn drawing(name: &str) -> Option<Answer> {
    const COLOURS: [&str; 6] = ["#5b4636", "#7a4a12", "#3f5a3c", "#4a4e69", "#8a3324", "#6b5b3e"];
    let (title, colour) = match PRODUCTS.iter().position(|product| product.slug == name) {
        Some(position) => (PRODUCTS[position].name, COLOURS[position % COLOURS.len()]),
        None if name == "wolf-spider" => ("A wolf spider, from above", COLOURS[0]),
        None => return None,
    };
    let svg =
        fill(include_str!("../templates/wolf-spider.svg"), &[("title", &escape(title)), ("colour", colour)]);
    Some(Answer::new("image/svg+xml", svg))
}

/// A true PDF of one empty page: large enough to be recognised, too small to be worth reading.
fn checklist() -> String {
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 298 420]>>",
    ];
    let mut pdf = String::from("%PDF-1.4\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (number, object) in objects.iter().enumerate() {
        let _ = writeln!(table, "{:010} 00000 n ", pdf.len());
        let _ = writeln!(pdf, "{} 0 obj{object}endobj", number + 1);
    }
    let start = pdf.len();
    let _ = write!(pdf, "xref\n0 4\n{table}trailer<</Size 4/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n");
    pdf
}

//! The store: three pages of a list (`?page=2`) and a page for each article. The class names are meant for
//! extraction rules: `.product`, `.product-name`, `.price`, `.sku`, `.stock`, `.description`, `.product-image`.

use super::super::answer::Answer;
use super::super::data::{PRODUCTS, Product};
use super::super::layout::{escape, pager};
use std::fmt::Write;

const PER_PAGE: usize = 8;

pub(in super::super) fn answer(path: &str, query: &str) -> Option<Answer> {
    if path.is_empty() {
        let page = match query {
            "" => 1,
            _ => query.strip_prefix("page=")?.parse().ok()?,
        };
        return list(page);
    }
    let position = PRODUCTS.iter().position(|product| product.slug == path)?;
    Some(detail(&PRODUCTS[position], &PRODUCTS[(position + 7) % PRODUCTS.len()]))
}

fn address(page: usize) -> String {
    if page == 1 { "/store/".into() } else { format!("/store/?page={page}") }
}

fn list(page: usize) -> Option<Answer> {
    let products = PRODUCTS.chunks(PER_PAGE).nth(page.checked_sub(1)?)?;
    let mut body = String::from("<h1>Store</h1><ul class=\"products\">");
    for product in products {
        let Product { slug, name, category, .. } = product;
        let (name, price) = (escape(name), price(product.cents));
        let _ = write!(
            body,
            "<li class=\"product-card\"><a class=\"card-name\" href=\"/store/{slug}\">{name}</a> \
             <span class=\"card-price\">{price}</span> <span class=\"category\">{category}</span></li>"
        );
    }
    body.push_str("</ul>");
    let last = PRODUCTS.len().div_ceil(PER_PAGE);
    body.push_str(&pager(page, last, address));
    let title = if page == 1 { "Store".into() } else { format!("Store, page {page}") };
    Some(Answer::page(&title, &body))
}

fn detail(product: &Product, other: &Product) -> Answer {
    let Product { slug, sku, name, cents, stock, category, text } = product;
    let (name, price) = (escape(name), price(*cents));
    let availability = if *stock == 0 { "Sold out".into() } else { format!("{stock} in stock") };
    let body = format!(
        "<article class=\"product\" data-sku=\"{sku}\"><h1 class=\"product-name\">{name}</h1>\
         <img class=\"product-image\" src=\"/img/{slug}.svg\" alt=\"{name}\">\
         <p><span class=\"price\" data-currency=\"EUR\">{price}</span> · <span class=\"stock\">{availability}</span></p>\
         <p>Article <span class=\"sku\">{sku}</span>, <span class=\"category\">{category}</span></p>\
         <p class=\"description\">{text}</p></article>\
         <p>Others took <a class=\"related\" href=\"/store/{}\">{}</a>. <a href=\"/store/\">All articles</a></p>",
        other.slug,
        escape(other.name)
    );
    Answer::page(&format!("{} — Store", product.name), &body)
}

fn price(cents: u32) -> String {
    format!("{}.{:02} €", cents / 100, cents % 100)
}

//! Entry point.
#[allow(dead_code)]
mod demo_site;
fn main() {}

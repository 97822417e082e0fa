//! Entry point.
#[allow(dead_code, unused_imports)]
mod demo_site;
fn main() {}

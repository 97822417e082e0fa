//! Serves a site of the test kit until its standard input ends, for trying a crawler by hand or from another
//! process: `cargo run -p lycosa-testkit --example serve -- traps [PORT]`, or
//! `… serve -- synthetic [PORT] [PAGES] [SEED]`. Prints the address.
#![allow(clippy::expect_used)]

use lycosa_testkit::synthetic::SyntheticSite;
use lycosa_testkit::{Server, traps};
use std::io::{self, Read, Write};
use std::net::Ipv4Addr;

fn main() -> io::Result<()> {
    let mut words = std::env::args().skip(1);
    let what = words.next().unwrap_or_default();
    let mut number = |default: u64| words.next().map_or(default, |word| word.parse().expect("a number"));
    let port = u16::try_from(number(0)).expect("a port");
    let addr = (Ipv4Addr::LOCALHOST, port).into();
    let server = match what.as_str() {
        "traps" => Server::start_on(addr, traps::answer)?,
        "synthetic" => {
            let pages = u32::try_from(number(500)).expect("a number of pages");
            let site = SyntheticSite { pages, ..SyntheticSite::with_seed(number(1)) };
            Server::start_on(addr, move |request| site.answer(request))?
        }
        _ => return Err(io::Error::other("say `traps` or `synthetic`")),
    };
    writeln!(io::stdout(), "{}", server.url("/"))?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

//! The integration tests of the library, in one binary.
//!
//! `cfg(test)` always holds here; written out, it lets the lints see that the helpers are tests too.

#[cfg(test)]
mod fetch_client;
#[cfg(test)]
mod fetch_faults;
#[cfg(test)]
mod fetch_server;
#[cfg(test)]
mod fetch_tunnels;

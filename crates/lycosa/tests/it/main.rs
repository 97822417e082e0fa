//! The integration tests of the library, in one binary.

mod fetch_client;
mod fetch_faults;
mod fetch_server;

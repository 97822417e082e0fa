//! The answers of the site, a module for each branch. Each has one `answer`, which gets the path below its branch
//! and returns `None` for what does not exist.

pub(super) mod archive;
pub(super) mod calendar;
pub(super) mod files;
pub(super) mod guide;
pub(super) mod home;
pub(super) mod journal;
pub(super) mod store;
pub(super) mod workshop;
pub(super) mod world;

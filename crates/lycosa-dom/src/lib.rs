//! Placeholder head; replaced as the crate grows.

/// A parsed document.
#[derive(Debug)]
pub struct Document;

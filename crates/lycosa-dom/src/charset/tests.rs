//! Charset decoding against the standards and real pages.

//! Politeness: what a site asks for.

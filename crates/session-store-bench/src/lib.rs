//! What is measured with.

pub mod sessions;

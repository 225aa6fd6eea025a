//! The core against real servers.

mod faults;
mod replace;
mod store;
mod support;

//! The core against real servers.

mod faults;
mod store;
mod support;

//! The core against real servers.

mod cluster;
mod faults;
mod replace;
mod store;
mod support;

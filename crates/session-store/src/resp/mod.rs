//! Redis's wire format, RESP2.
//!
//! The `redis` crate packs and parses it, too, but allocates for each command and each reply:
//! 340 ns to pack a `SET` of 300 bytes and 230 ns to parse a reply, against a few tens here, on a
//! thread that shares its cores with Redis and the event loop.

mod encode;
mod parse;

pub(crate) use encode::{write_bulk, write_command};
pub(crate) use parse::{Parsed, Reply, error_code, parse};

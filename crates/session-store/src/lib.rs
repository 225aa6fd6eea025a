//! Keeps the text of sessions in Redis, by id.
//!
//! A [`Store`] takes commands (`load`, `save`, `touch`, `delete`) without waiting, each with a
//! ticket, and gives an [`Outcome`] for every ticket later. One thread of its own does everything
//! in between: it connects, sends what has queued up as one pipeline, and sorts the replies.
//!
//! A request's way through the modules: [`store`] → `queue` → `engine` → `command` (a verb as
//! Redis commands, by `resp`) → `connection` → `wire` → `socket`, and back: `resp` → `command` (what the
//! reply means) → `outcome`. `connect` makes connections, from what `config` and `tls` have read.
//! Nothing here knows of Node or Remix.

mod command;
mod config;
mod connect;
mod connection;
mod engine;
mod error;
mod handover;
mod resp;
mod store;

#[cfg(all(feature = "bench", unix))]
pub use engine::bench;

pub use config::{Config, Options};
pub use connect::tls::TlsOptions;
pub use error::{Code, ConfigError, Error};
pub use handover::outcome::{Answer, Outcome, Outcomes};
pub use handover::ticket::{EVERYONE, Ticket};
pub use store::Store;

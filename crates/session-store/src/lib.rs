//! Keeps the text of sessions in Redis, by id.
//!
//! A [`Store`] takes [`Request`]s without waiting, each with a ticket, and returns an [`Outcome`] for
//! every ticket later. One thread of its own does everything in between: it connects, sends what has
//! queued up as one pipeline, and sorts the replies. Nothing here knows of Node or Remix.
//!
//! A request's way through the modules: `store` → `handover` (to the I/O thread) → `engine` →
//! `topology` (which server) → `connection` (as `verbs` and `resp` write it), and back:
//! `resp` → `verbs` (what the reply means) → `engine` → `handover`. `connect` makes connections.

mod buffer;
mod command;
mod config;
mod connect;
mod connection;
mod engine;
mod error;
mod event;
mod handover;
mod record;
mod resp;
mod store;
mod topology;
mod verbs;

pub use command::{Content, Request};
pub use config::{Config, Kind, Options, SentinelOptions};
pub use connect::tls::TlsOptions;
#[cfg(all(feature = "bench", unix))]
pub use engine::bench;
pub use error::{Code, ConfigError, Error};
pub use event::Event;
pub use handover::outcome::{Answer, Outcome, Outcomes};
pub use handover::ticket::{EVERYONE, NOBODY, Ticket};
pub use record::{MAX_SPANS, Scan, scan};
pub use store::Store;
pub use verbs::Verb;

//! One server has all sessions.

use std::time::Instant;

use crate::config::{Config, Server};
use crate::connection::pool::{Place, Pool};
use crate::error::{Code, Error};
use crate::resp::error_code;

pub(crate) struct Single {
    place: Place,
}

impl Single {
    pub(super) fn new(config: &Config, pool: &mut Pool, now: Instant) -> Self {
        Self { place: pool.place_of(Server::clone(config.seeds.first()), config, now) }
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// The server is a node of a Redis Cluster, and only some of the sessions are its own.
    pub(super) fn redirected(words: &[u8], server: &Server) -> Error {
        let reply = String::from_utf8_lossy(error_code(words)).into_owned();
        let message = format!(
            "Redis at {server} answered: {reply}. It is a node of a Redis Cluster, which has the session \
             on another node; set \"cluster\" to true"
        );
        Error { code: Code::Redis, message, reply: Some(reply) }
    }
}

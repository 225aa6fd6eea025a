//! Who has a session: which connection to which server its commands go to.
//!
//! A topology is a file here. The engine asks it and does not know which one it is.

mod single;

use std::sync::Arc;

use crate::command::Command;
use crate::config::{Config, Server};
use crate::error::Error;
use single::Single;

pub(crate) enum Topology {
    Single(Single),
}

impl Topology {
    pub(crate) fn new(config: &Config) -> Self {
        Self::Single(Single::new(config))
    }

    /// The server of each connection.
    pub(crate) fn servers(&self) -> Vec<Arc<Server>> {
        match self {
            Self::Single(single) => single.servers(),
        }
    }

    /// The connection of a session: the same one for all its commands, which keeps them in order.
    pub(crate) fn connection_of(&self, id: &[u8]) -> usize {
        match self {
            Self::Single(single) => single.connection_of(id),
        }
    }

    /// Whether a server may say that another one is to be asked, so that the text of a write has to
    /// be kept until its reply.
    pub(crate) fn may_redirect(&self) -> bool {
        match self {
            Self::Single(_) => false,
        }
    }

    /// Takes note of where a server has sent a command, and returns the connection to try next.
    ///
    /// # Errors
    /// When there is none: what whoever asked is told.
    pub(crate) fn redirect(&mut self, command: &Command, words: &[u8]) -> Result<usize, Error> {
        match self {
            Self::Single(single) => single.redirect(command, words),
        }
    }
}

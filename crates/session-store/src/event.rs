//! What has happened to the connections of a store, for whoever watches over them.

use std::fmt::Display;
use std::time::Duration;

/// Something that has happened to a connection. Addresses are URLs without user and password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// There is a connection.
    Connect {
        /// To which server.
        address: String,
        /// Which attempt it was, from 1 on.
        attempt: u32,
    },
    /// A connection is gone.
    Disconnect {
        /// To which server.
        address: String,
        /// Why.
        cause: String,
    },
    /// An attempt to connect has failed, and there will be another one if it is needed.
    Reconnect {
        /// To which server.
        address: String,
        /// Which attempt has failed, from 1 on.
        attempt: u32,
        /// The pause before the next one.
        delay: Duration,
        /// Why.
        cause: String,
    },
    /// The servers that have sessions are others than before.
    Topology {
        /// All of them.
        addresses: Vec<String>,
    },
}

impl Event {
    pub(crate) fn connect(address: &impl Display, attempt: u32) -> Self {
        Self::Connect { address: address.to_string(), attempt }
    }

    pub(crate) fn disconnect(address: &impl Display, cause: &str) -> Self {
        Self::Disconnect { address: address.to_string(), cause: cause.to_owned() }
    }
}

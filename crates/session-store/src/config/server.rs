//! A server: where it is, what it has to be, and how to be let in.

use std::fmt;
use std::path::PathBuf;

use crate::connect::tls::TlsSettings;

/// A Redis server, and how to be let in.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) endpoint: Endpoint,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) database: i64,
    /// What it has to be, whoever else has its address by now.
    pub(crate) identity: Identity,
}

/// What a server has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    Any,
    /// It is of no use as a replica.
    Primary,
    /// The node that its cluster calls so.
    Node(String),
}

#[derive(Clone, Debug)]
pub(crate) enum Endpoint {
    Tcp { host: String, port: u16, tls: Option<TlsSettings> },
    Unix(PathBuf),
}

impl Server {
    /// Whether connections to one are connections to the other: they have the same address, and what is known of
    /// who they are is the same.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.is_at(other) && self.identity == other.identity
    }

    /// Whether both have the same address.
    pub(crate) fn is_at(&self, other: &Self) -> bool {
        match (&self.endpoint, &other.endpoint) {
            (Endpoint::Tcp { host, port, .. }, Endpoint::Tcp { host: others, port: other, .. }) => {
                host == others && port == other
            }
            (Endpoint::Unix(path), Endpoint::Unix(other)) => path == other,
            _ => false,
        }
    }

    /// The host name or address; empty for a Unix socket.
    pub(crate) fn host(&self) -> &str {
        match &self.endpoint {
            Endpoint::Tcp { host, .. } => host,
            Endpoint::Unix(_) => "",
        }
    }

    /// Returns another server that is reached in the same way. `name` is what its certificate is verified
    /// against, unless the options say so; without it that is what this one's is.
    pub(crate) fn at(&self, host: &str, port: u16, name: Option<&str>) -> Self {
        let mut server = self.clone();
        if let Endpoint::Tcp { host: own, port: own_port, tls } = &mut server.endpoint {
            host.clone_into(own);
            *own_port = port;
            if let (Some(tls), Some(name)) = (tls, name) {
                tls.rename(name);
            }
        }
        server
    }
}

impl fmt::Display for Server {
    /// The address as a URL without user and password, fit for messages.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.endpoint {
            Endpoint::Tcp { host, port, tls } => {
                let scheme = if tls.is_some() { "rediss" } else { "redis" };
                let [open, close] = if host.contains(':') { ["[", "]"] } else { ["", ""] };
                write!(formatter, "{scheme}://{open}{host}{close}:{port}")?;
            }
            Endpoint::Unix(path) => write!(formatter, "unix://{}", path.display())?,
        }
        if self.database != 0 {
            write!(formatter, " (database {})", self.database)?;
        }
        Ok(())
    }
}

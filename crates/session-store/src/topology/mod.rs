//! Who has a session: which server its commands go to.
//!
//! A topology is a file here. The engine asks it and does not know which one it is.

mod cluster;
mod discovery;
mod sentinel;
mod single;
pub(crate) mod slots;

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::cluster::Cluster;
use self::discovery::Discovery;
use self::sentinel::Sentinel;
use self::single::Single;
use self::slots::Share;
use crate::config::{Config, Layout, Server};
use crate::connect::ConnectError;
use crate::connection::pool::{Place, Pool};
use crate::error::Error;

/// Servers to ask, one after the other, who has which sessions.
pub(crate) struct Search {
    pub(crate) attempt: u64,
    pub(crate) servers: Vec<Arc<Server>>,
}

/// What one of them has told.
pub(crate) struct Found {
    pub(crate) by: Arc<Server>,
    pub(crate) told: Told,
}

pub(crate) enum Told {
    /// Which nodes have which slots.
    Shares(Vec<Share>),
    /// Which server has everything.
    Primary(Server),
}

/// Where a command goes that a server has refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// There, like all that come after it.
    Moved(Place),
    /// There, but only this one.
    ForNow(Place),
    /// To the server that has refused it, on another connection: its name means another one by now.
    Itself(Place),
    /// Nobody knows.
    Unknown,
}

pub(crate) enum Topology {
    Single(Single),
    Cluster(Box<Cluster>),
    Sentinel(Box<Sentinel>),
}

impl Topology {
    /// `pool` gets the servers that are known.
    pub(crate) fn new(config: &Arc<Config>, pool: &mut Pool, now: Instant) -> Self {
        match config.layout {
            Layout::Single => Self::Single(Single::new(config, pool, now)),
            Layout::Cluster => Self::Cluster(Box::new(Cluster::new(config, now))),
            Layout::Sentinel(_) => Self::Sentinel(Box::new(Sentinel::new(config, now))),
        }
    }

    /// The place of the server that has a session, if that is known.
    pub(crate) fn place_of(&self, id: &[u8]) -> Option<Place> {
        match self {
            Self::Single(single) => Some(single.place()),
            Self::Cluster(cluster) => cluster.place_of(id),
            Self::Sentinel(sentinel) => sentinel.place(),
        }
    }

    fn discovery(&self) -> Option<&Discovery> {
        match self {
            Self::Single(_) => None,
            Self::Cluster(cluster) => Some(&cluster.discovery),
            Self::Sentinel(sentinel) => Some(&sentinel.discovery),
        }
    }

    fn discovery_mut(&mut self) -> Option<&mut Discovery> {
        match self {
            Self::Single(_) => None,
            Self::Cluster(cluster) => Some(&mut cluster.discovery),
            Self::Sentinel(sentinel) => Some(&mut sentinel.discovery),
        }
    }

    /// Whether a server may say that another one is to be asked, so that the text of a write has to
    /// be kept until its reply.
    pub(crate) fn may_redirect(&self) -> bool {
        !matches!(self, Self::Single(_))
    }

    /// How long a server may be silent before it is looked whether another one has taken its place; `None` if
    /// none can.
    pub(crate) fn patience(&self, config: &Config) -> Option<Duration> {
        self.may_redirect().then(|| config.patience())
    }

    /// Takes note of where a server has sent a command.
    ///
    /// # Errors
    /// When there is nowhere: what whoever asked is told.
    pub(crate) fn redirect(
        &mut self,
        words: &[u8],
        by: &Arc<Server>,
        pool: &mut Pool,
        now: Instant,
    ) -> Result<Destination, Error> {
        match self {
            Self::Single(_) => Err(Single::redirected(words, by)),
            Self::Cluster(cluster) => cluster.redirect(words, by, pool, now),
            Self::Sentinel(sentinel) => Ok(sentinel.redirect()),
        }
    }

    /// Takes note that what is known of the servers may be out of date: one cannot be reached, or has no
    /// session that it should have.
    pub(crate) fn suspect(&mut self) {
        if let Some(discovery) = self.discovery_mut() {
            discovery.want(None);
        }
    }

    /// Takes note that what is known of the servers is used.
    pub(crate) fn used(&mut self, now: Instant) {
        if let Self::Cluster(cluster) = self {
            cluster.discovery.used(now);
        }
    }

    /// When servers have to be asked next, or are given up; `is_needed` while commands wait for that.
    pub(crate) fn next_search(&self, is_needed: bool) -> Option<Instant> {
        self.discovery()?.next(is_needed)
    }

    /// Returns whom to ask, if that is due. It has to end in [`Topology::finish_search`].
    pub(crate) fn start_search(
        &mut self,
        is_needed: bool,
        pool: &Pool,
        now: Instant,
    ) -> Option<Search> {
        match self {
            Self::Single(_) => None,
            Self::Cluster(cluster) => cluster.start_search(is_needed, pool, now),
            Self::Sentinel(sentinel) => sentinel.start_search(is_needed, now),
        }
    }

    /// Who tells of changes by itself, and of whom, if anybody does. So many of them were asked in vain.
    pub(crate) fn herald(&self, passed_over: usize) -> Option<Arc<Server>> {
        match self {
            Self::Single(_) | Self::Cluster(_) => None,
            Self::Sentinel(sentinel) => sentinel.herald(passed_over),
        }
    }

    /// Takes note that it has told of a change.
    pub(crate) fn switched(&mut self, by: Arc<Server>, now: Instant) {
        if let Self::Sentinel(sentinel) = self {
            sentinel.switched(by, now);
        }
    }

    /// Whether to take over what a search has found.
    pub(crate) fn believes(&mut self, attempt: u64) -> bool {
        match self {
            Self::Single(_) | Self::Cluster(_) => true,
            Self::Sentinel(sentinel) => sentinel.believes(attempt),
        }
    }

    /// Takes note of what came of a search. After a failure, returns how many there have been, and the pause before
    /// the next one.
    pub(crate) fn finish_search(
        &mut self,
        attempt: u64,
        failure: Option<&ConnectError>,
        now: Instant,
    ) -> Option<(u32, Duration)> {
        self.discovery_mut()?.finish(attempt, failure, now)
    }

    /// Takes over what a server has told.
    pub(crate) fn learn(&mut self, found: &Found, pool: &mut Pool, now: Instant) {
        match (self, &found.told) {
            (Self::Cluster(cluster), Told::Shares(shares)) => {
                cluster.learn(shares, &found.by, pool, now);
            }
            (Self::Sentinel(sentinel), Told::Primary(server)) => {
                sentinel.learn(server, &found.by, pool, now);
            }
            _ => {}
        }
    }

    /// Why it is not known which server has a session.
    pub(crate) fn last_failure(&self) -> &str {
        match self {
            Self::Single(_) => "",
            Self::Cluster(cluster) => cluster.last_failure(),
            Self::Sentinel(sentinel) => sentinel.discovery.last_failure(),
        }
    }
}

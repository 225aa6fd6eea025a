//! One server has all sessions, and sentinels tell which that is at the moment.

use std::sync::Arc;
use std::time::Instant;

use super::discovery::Discovery;
use super::{Destination, Search};
use crate::config::{Config, Server};
use crate::connection::pool::{Place, Pool};

pub(crate) struct Sentinel {
    config: Arc<Config>,
    primary: Primary,
    pub(super) discovery: Discovery,
    /// The latest search that may have been misled: a sentinel has told of a new primary since it started.
    misled: u64,
}

enum Primary {
    /// No sentinel has named it yet.
    Unknown,
    At(Place),
    /// A sentinel has told that there is a new one, and it is not known yet who that is.
    Replaced,
}

impl Sentinel {
    pub(super) fn new(config: &Arc<Config>, now: Instant) -> Self {
        let discovery = Discovery::new(config, now);
        Self { config: Arc::clone(config), primary: Primary::Unknown, discovery, misled: 0 }
    }

    pub(super) fn place(&self) -> Option<Place> {
        match self.primary {
            Primary::At(place) => Some(place),
            Primary::Unknown | Primary::Replaced => None,
        }
    }

    pub(super) fn start_search(&mut self, is_needed: bool, now: Instant) -> Option<Search> {
        self.discovery.start(is_needed, &self.config.seeds, Vec::new, now)
    }

    /// The server is a replica now. Where it sends us may not be where the sentinels want us yet.
    pub(super) fn redirect(&mut self) -> Destination {
        self.discovery.want(None);
        Destination::Unknown
    }

    /// The sentinel to listen to, if `passed_over` do not answer.
    pub(super) fn herald(&self, passed_over: usize) -> Option<Arc<Server>> {
        if let Primary::Unknown = self.primary {
            return None;
        }
        let count = self.config.seeds.iter().count();
        let number = (self.discovery.seed() + passed_over) % count;
        self.config.seeds.iter().nth(number).cloned()
    }

    /// Takes note that a sentinel has told of a new primary. The old one may not know it yet, and says of itself
    /// that it is one: what it takes would be lost, so commands wait until the new one is known.
    pub(super) fn switched(&mut self, by: Arc<Server>, now: Instant) {
        self.primary = Primary::Replaced;
        self.misled = self.discovery.hurry(by, now);
    }

    pub(super) fn is_misled(&self, attempt: u64) -> bool {
        attempt <= self.misled
    }

    /// Takes over what a sentinel has told, and the server that it named has confirmed.
    pub(super) fn learn(&mut self, primary: &Server, by: &Server, pool: &mut Pool, now: Instant) {
        // The others may not answer, or not know it yet.
        if let Some(seed) = self.config.seeds.iter().position(|seed| seed.is_at(by)) {
            self.discovery.begin_with(seed);
        }
        let place = pool.place_of(primary.clone(), &self.config, now);
        self.primary = Primary::At(place);
        pool.keep(|other| other == place);
    }
}

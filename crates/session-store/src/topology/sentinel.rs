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
    /// The latest search whose outcome was believed.
    believed: u64,
    /// The latest search that may have been misled: a sentinel has told of a new primary since it started.
    misled: u64,
    /// How many outcomes in a row were not believed because of that.
    dropped: u32,
}

/// A sentinel that tells of new primaries time and again must not make all searches vain.
const MOST_DROPPED: u32 = 3;

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
        let (config, primary) = (Arc::clone(config), Primary::Unknown);
        Self { config, primary, discovery, believed: 0, misled: 0, dropped: 0 }
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
        let number = (self.discovery.seed() + passed_over) % self.config.seeds.count();
        self.config.seeds.iter().nth(number).cloned()
    }

    /// Takes note that a sentinel has told of a new primary. The old one may not know it yet, and says of itself
    /// that it is one: what it takes would be lost, so commands wait until the new one is known.
    pub(super) fn switched(&mut self, by: Arc<Server>, now: Instant) {
        self.primary = Primary::Replaced;
        self.misled = self.discovery.hurry(by, now);
    }

    /// Whether to take over what this search has found. What earlier searches find is out of date from then on.
    pub(super) fn believes(&mut self, attempt: u64) -> bool {
        if attempt < self.believed {
            return false;
        }
        if attempt > self.misled {
            self.dropped = 0;
        } else if self.dropped < MOST_DROPPED {
            self.dropped += 1;
            return false;
        }
        self.believed = attempt;
        true
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn sentinel(now: Instant) -> Sentinel {
        Sentinel::new(&Arc::new(Config::of_sentinels(["redis://localhost"])), now)
    }

    fn tell_of_a_switch(sentinel: &mut Sentinel, now: Instant) {
        let by = Arc::clone(sentinel.config.seeds.first());
        sentinel.switched(by, now);
    }

    /// Has a search start though another one is under way.
    fn search(sentinel: &mut Sentinel, now: Instant) -> u64 {
        sentinel.discovery.hurry(Arc::clone(sentinel.config.seeds.first()), now);
        sentinel.start_search(true, now).unwrap().attempt
    }

    #[test]
    fn what_started_before_a_switch_or_before_what_is_known_already_is_not_believed() {
        let mut now = Instant::now();
        let mut sentinel = sentinel(now);
        let mut searches = || {
            now += Duration::from_secs(1);
            search(&mut sentinel, now)
        };
        let (first, second, third) = (searches(), searches(), searches());
        assert!(sentinel.believes(second));
        assert!(!sentinel.believes(first), "it started before the second");
        tell_of_a_switch(&mut sentinel, now);
        assert!(!sentinel.believes(third));
        let after = search(&mut sentinel, now + Duration::from_secs(1));
        assert!(sentinel.believes(after));
    }

    #[test]
    fn a_sentinel_that_tells_of_switches_without_end_does_not_make_all_searches_vain() {
        let mut now = Instant::now();
        let mut sentinel = sentinel(now);
        let mut ends = || {
            now += Duration::from_secs(1);
            let attempt = search(&mut sentinel, now);
            tell_of_a_switch(&mut sentinel, now);
            let is_believed = sentinel.believes(attempt);
            sentinel.discovery.finish(attempt, None, now);
            is_believed
        };
        let believed: Vec<bool> = (0..6).map(|_| ends()).collect();
        assert_eq!(believed, [false, false, false, true, true, true]);
    }
}
